/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What can be read of a unit in trouble, written down part by part. It is for a
 * child process that may be killed at any moment (snapshot.h), so each part leaves
 * as soon as it is whole, as a line of its own: its name, a tab, and members of
 * a JSON object.
 *
 * All that is read is hostile: it is escaped, cut, and bounded in number. What could
 * not be read is never left out in silence: it is an item of the part "unreadable",
 * which comes again and again.
 */
#include <stddef.h>

#define SCENE_PROCESSES	  256 /* are looked for in a unit's cgroup and below */
#define SCENE_THREADS	  64  /* of a unit are told one by one, as its */
#define SCENE_DESCRIPTORS 64
#define SCENE_LINES	  40 /* of the journal, the newest */
#define SCENE_PARTS	  5
#define SCENE_LINE_MOST	  (20u << 10) /* bytes of one part, with its name */

/* The parts in their order, the cheap ones first; without "unreadable". */
extern const char *const scene_part[SCENE_PARTS];

/* Where everything lies; paths are arguments for tests. Borrowed. */
struct scene {
	const char *unit;
	const char *cgroup;  /* its folder; NULL: it has none now */
	const char *proc;    /* "/proc" */
	const char *journal; /* a folder; NULL: the host's */
	/* Text of the kernel's side, about this and other units: what each thread of a cgroup waits for,
	 * and each descriptor it holds (bpf/stacks.bpf.c). -1: there is none, since... */
	int stacks_fd, files_fd;
	const char *no_kernel;
	unsigned long long cgroup_id; /* the unit's, in that text */
	const char *course; /* members of an object, of the last minutes; NULL: not known */
};

/* Read all of it and write it to that descriptor, which may block. */
void scene_tell(const struct scene *scene, int out_fd);
