/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The units of a host without systemd: each cgroup with processes; or, where all
 * share a single one, each child of PID 1 with all that is below it, named by its
 * command. Their state is unknown and nobody can be asked to restart them.
 * Containers and other randomly named cgroups share rows of UNIT_KIND_SHARED:
 * share.h.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "sense/cgroup.h"
#include "sense/usage.h"

#define BARE_UNITS_MAX	 512  /* rows */
#define BARE_MEMBERS_MAX 4096 /* cgroups in them */

struct bare;

typedef uint32_t bare_number(const char *name, void *userdata);

/* Chooses by what it finds: more than one cgroup with processes below the root, or trees. */
int bare_new(const struct cgroup_roots *roots, bare_number *number, void *userdata,
	     struct bare **ret);
struct bare *bare_free(struct bare *bare);
DEFINE_CLEANUP(struct bare *, bare_free)

bool bare_is_trees(const struct bare *bare);

/* Cgroups: look again which there are (cheap enough for each tenth tick). */
int bare_refresh(struct bare *bare);
/* Trees: fold this tick's processes into units and their usage. Unit names are "COMMAND" of the
 * child of PID 1; several of one command are one unit. Kernel threads are no unit. */
int bare_fold(struct bare *bare, const struct process *processes, size_t n);

const struct unit_status *bare_list(const struct bare *bare, size_t *ret_n);
/* How many cgroups with processes were found by the last look and are in no row, since a bound is met
 * or there is no number; or how many trees (those of one command each) have no number, nor the others
 * in whose row they would be. */
size_t bare_unwatched(const struct bare *bare);
/* Cgroups only: those of a row, as units_members() tells them. */
int bare_members(const struct bare *bare, uint32_t unit,
		 int (*visit)(const char *cgroup, uint64_t cgroup_id, void *userdata),
		 void *userdata);
/* Trees only: the folded usage of a unit; false: none now. */
bool bare_usage(const struct bare *bare, uint32_t unit, struct usage *ret);
