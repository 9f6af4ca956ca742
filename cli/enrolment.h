/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which services may be healed for real. Two locks have to be open: polkit's
 * (the rules, rights.h) and the policy's (the unit's own Mode=, in a drop-in
 * beside its unit file). Whoever changes both must open polkit's last and shut
 * it first: so, wherever it is interrupted, less is allowed than was meant, never more.
 */
#include <limits.h>
#include <stdbool.h>

#include "cli/unit_set.h"
#include "record/config.h"

struct enrolment {
	const char *rules;	 /* the file; the caller's */
	const char *unit_dir;	 /* where drop-ins go; the caller's */
	struct unit_set allowed; /* by the rules */
	bool as_written;	 /* nobody else has changed the rules */
	int lock_fd;		 /* of unit_dir */
	char file[PATH_MAX];	 /* what the last call that failed is about */
};

/* Read the rules, and keep all others from changing either lock until it is closed. -EBADMSG: the file
 * was not written by us, and nothing will be overwritten. */
int enrolment_open(const char *rules, const char *unit_dir, struct enrolment *enrolment);
void enrolment_close(struct enrolment *enrolment);

enum drop_in {
	DROP_IN_NONE,
	DROP_IN_OURS,
	DROP_IN_FOREIGN, /* a file of that name which somebody else wrote */
};

/* How the two locks of a service are. */
struct enrolled {
	bool is_allowed; /* polkit's is open */
	enum drop_in drop_in;
	bool says_mode; /* the drop-in does, and can be read */
	enum mode mode;
};

int enrolment_look(struct enrolment *enrolment, const char *unit, struct enrolled *ret);
/* Those that the rules name, and those that have a drop-in of ours without being named. */
int enrolment_units(struct enrolment *enrolment, struct unit_set *ret);

/* The policy's lock: write the drop-in, or take it away, and its folder if nothing else is in there.
 * systemd has to be told to read it. -EBADMSG: somebody else's is there, and stays. */
int enrolment_set_mode(struct enrolment *enrolment, const char *unit, enum mode mode);
int enrolment_unset_mode(struct enrolment *enrolment, const char *unit);
/* polkit's lock; it sees by itself that the file has changed. */
int enrolment_allow(struct enrolment *enrolment, const struct unit_set *units);
int enrolment_forbid(struct enrolment *enrolment, const struct unit_set *units);
