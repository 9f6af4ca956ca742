/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Is this installation as it should be? Each remark is about one thing: how it
 * is, and what to do about it. What cannot be looked into is unknown, which is
 * neither well nor ill. All that is looked at is an argument.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/unit_set.h"
#include "cli/view.h"

enum remark_state { REMARK_OK, REMARK_NOT_OK, REMARK_UNKNOWN, REMARK_STATE_N };
const char *remark_state_word(enum remark_state state);

struct remark {
	const char *name; /* stable, for scripts */
	enum remark_state state;
	char said[512];	  /* how it is; names in it as they came */
	char advice[256]; /* what to do; "": nothing */
};

#define REMARKS_MAX 16

struct checkup {
	size_t n;
	struct remark remark[REMARKS_MAX];
};

struct checkup_ground {
	const struct view *view; /* with a keeper */
	const char *past_path, *live_path;
	const char *proc;	  /* "/proc" */
	const char *cgroup;	  /* "/sys/fs/cgroup" */
	uint32_t daemon_uid;	  /* of the user it should be; UINT32_MAX: there is none */
	uint32_t journal_group;	  /* who may read the journal; UINT32_MAX: there is none */
	uint64_t max_size_bytes;  /* 0: that is not known here */
	char config_problem[512]; /* "": the settings can be read */
	int polkit;		  /* host_polkit() */
	char polkit_problem[256];
	int rights; /* rights_read() */
	bool rights_as_written;
	struct unit_set enrolled;
};

/* Fills ret with what there is to say, in the order of importance. */
void checkup_run(const struct checkup_ground *ground, struct checkup *ret);
bool checkup_is_well(const struct checkup *checkup);
