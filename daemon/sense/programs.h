/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The programs of bpf/ in the kernel: loaded object by object, so that what is
 * refused takes nothing else down, and chosen by what the kernel's own BTF says
 * it has. Their maps are the probe's to read.
 */
#include <stdbool.h>
#include <stdint.h>

struct tasks_bpf;
struct cgroups_bpf;
struct lifecycle_bpf;
struct network_bpf;
struct block_bpf;
struct streams_bpf;
struct deep;
struct closeup;

struct programs {
	int watched_fd; /* the map that all objects share; -1: BPF does not work here */
	bool counts_oom_kills;
	struct tasks_bpf *tasks; /* NULL: refused, as the next two */
	struct cgroups_bpf *cgroups;
	struct lifecycle_bpf *lifecycle;
	int traffic_fd;		     /* the map that the next two share */
	uint64_t traffic;	     /* METRIC_BIT() of each metric that those two count */
	struct network_bpf *network; /* NULL: refused, as the next */
	struct block_bpf *block;
	struct streams_bpf *streams; /* NULL: refused, or by process */
	struct deep *deep;	     /* NULL: refused, or not by unit */
	struct closeup *closeup;     /* NULL: refused, or by process */
	struct flush *flush;	     /* to be done before each walk of cgroups; NULL with them */
	char limit[256];	     /* why something was refused, and what would help; "" */
};

/* Load and attach all that works; a record of the walk of tasks is a process' or a unit's. Sets all of
 * *programs. */
void programs_load(struct programs *programs, bool by_process);
/* Can the deep ones still be attached, with the rights of this moment? Else they are cleared, and the
 * limit says so. */
void programs_try_deep(struct programs *programs);
void programs_clear(struct programs *programs);
