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

/* The unit of the nearest watched cgroup from this one upwards; 0: none is watched. */
static __always_inline __u32 unit_of_cgroup(struct cgroup *cgroup)
{
	for (int level = 0; level < CGROUP_DEPTH_MAX && cgroup; level++) {
		__u64 id = cgroup->kn->id;
		__u32 *unit = bpf_map_lookup_elem(&watched, &id);
		struct cgroup_subsys_state *parent;

		if (unit)
			return *unit;
		parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	return 0;
}

static __always_inline __u32 unit_of(struct task_struct *task)
{
	return unit_of_cgroup(task->cgroups->dfl_cgrp);
}

/* Add what this one thread has used. Atomic, since threads of a unit end on several CPUs at once. */
static __always_inline void totals_add(struct totals *totals, struct task_struct *task)
{
	__u64 *of = totals->of;

	__sync_fetch_and_add(&of[TOTAL_EXEC_NS], task->se.sum_exec_runtime);
	__sync_fetch_and_add(&of[TOTAL_SWITCHES_VOLUNTARY], task->nvcsw);
	__sync_fetch_and_add(&of[TOTAL_SWITCHES_INVOLUNTARY], task->nivcsw);
	__sync_fetch_and_add(&of[TOTAL_MINOR_FAULTS], task->min_flt);
	__sync_fetch_and_add(&of[TOTAL_MAJOR_FAULTS], task->maj_flt);
	if (bpf_core_field_exists(task->sched_info.run_delay))
		__sync_fetch_and_add(&of[TOTAL_RUN_DELAY_NS], task->sched_info.run_delay);
	if (bpf_core_field_exists(task->ioac.read_bytes)) {
		__sync_fetch_and_add(&of[TOTAL_READ_BYTES], task->ioac.read_bytes);
		__sync_fetch_and_add(&of[TOTAL_WRITE_BYTES], task->ioac.write_bytes);
	}
}
