/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Whose is a task, and what has it used: shared by all programs that ask. */
#include "events.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define CGROUP_DEPTH_MAX 16 /* the deepest of container platforms have 8 */

/* cgroup id -> unit. One map for all objects; user space makes and fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX);
	__type(key, __u64);
	__type(value, __u32);
} watched SEC(".maps");

static __always_inline __u64 cgroup_id_of(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

/* The unit of the nearest watched cgroup from this one upwards, and that cgroup; 0: none is watched. */
static __always_inline __u32 watched_above(struct cgroup *cgroup, __u64 *ret_id)
{
	for (int level = 0; level < CGROUP_DEPTH_MAX && cgroup; level++) {
		__u64 id = cgroup->kn->id;
		__u32 *unit = bpf_map_lookup_elem(&watched, &id);
		struct cgroup_subsys_state *parent;

		if (unit) {
			*ret_id = id;
			return *unit;
		}
		parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	return 0;
}

static __always_inline __u32 unit_of_cgroup(struct cgroup *cgroup)
{
	__u64 id;

	return watched_above(cgroup, &id);
}

static __always_inline __u32 unit_of(struct task_struct *task)
{
	return unit_of_cgroup(task->cgroups->dfl_cgrp);
}

/* What this one thread has used. */
static __always_inline struct totals totals_of(struct task_struct *task)
{
	struct totals totals = {};
	__u64 *of = totals.of;

	of[TOTAL_EXEC_NS] = task->se.sum_exec_runtime;
	of[TOTAL_SWITCHES_VOLUNTARY] = task->nvcsw;
	of[TOTAL_SWITCHES_INVOLUNTARY] = task->nivcsw;
	of[TOTAL_MINOR_FAULTS] = task->min_flt;
	of[TOTAL_MAJOR_FAULTS] = task->maj_flt;
	if (bpf_core_field_exists(task->sched_info.run_delay))
		of[TOTAL_RUN_DELAY_NS] = task->sched_info.run_delay;
	if (bpf_core_field_exists(task->ioac.read_bytes)) {
		of[TOTAL_READ_BYTES] = task->ioac.read_bytes;
		of[TOTAL_WRITE_BYTES] = task->ioac.write_bytes;
	}
	return totals;
}
