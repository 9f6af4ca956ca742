/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The cgroups of one unit (one; many for a shared row): each is watched in the
 * probe and has its files kept open, for as long as it is the unit's.
 */
#include <stddef.h>
#include <stdint.h>

#include "sense/cgroup.h"
#include "sense/probe.h"
#include "sense/tally.h"

/* A shared row of more than so many is not measured. */
#define MEMBERS_MAX 1024

/* What all units have in common. */
struct members_ground {
	struct cgroup_roots roots;
	struct probe *probe; /* NULL: nothing is watched */
	struct tally *tally;
	uint64_t tick;	 /* raised by the owner with each take; begins at 1 */
	uint64_t n_keys; /* cgroups met so far: each gets a key of its own in the tally */
};

/* Zero it to begin. */
struct members {
	size_t n, n_max;
	struct member *member;
	uint64_t cut_tick;		   /* the last in which there were too many */
	struct tally_sum files, processes; /* what was read from both */
};

/* In this tick the unit has the cgroup at that path below the roots; id 0: to be found out. -ENOMEM
 * only. */
int members_keep(struct members *members, struct members_ground *ground, uint32_t unit,
		 const char *path, uint64_t id);
/* Part with those that were not kept in this tick. Call it after the unit was read: what a cgroup
 * counted up to its end is still told by the probe until then. Of a unit that is down one stays
 * watched until it runs again, or the probe would forget what it has counted of the unit. */
void members_part(struct members *members, struct members_ground *ground);
/* Part with all, and free what is held. */
void members_clear(struct members *members, struct members_ground *ground);

/* The id of the unit's one cgroup in this tick; 0: none, several, or not known. */
uint64_t members_id(const struct members *members, const struct members_ground *ground);
/* Does the probe count all cgroups of this tick? Else what it says of the unit is a part. */
bool members_are_watched(const struct members *members, const struct members_ground *ground);

/* Tell the id of each cgroup of this tick. False: of some it is not known, or there is none. */
bool members_ids(const struct members *members, const struct members_ground *ground,
		 void (*visit)(uint64_t id, void *userdata), void *userdata);

/* Sum what their files say, unless `have` has all of that already: then they are closed. 1, or 0:
 * nothing. -ENOMEM. */
int members_read_files(struct members *members, struct members_ground *ground, uint64_t have,
		       struct usage *ret);
/* Sum what /proc says of their processes; slow, and it allocates: for where no probe can tell. As
 * above. */
int members_read_processes(struct members *members, struct members_ground *ground,
			   struct usage *ret);
