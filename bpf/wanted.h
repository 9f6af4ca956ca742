/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Walks whose text is about a few cgroups only, and the ids of processes as who reads
 * it knows them: in a namespace of its own they are others than the kernel's.
 */
#include "events.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define WANTED_DEPTH_MAX 16 /* as CGROUP_DEPTH_MAX of watched.h */

/* cgroup id: it and all below it are told of. One map for both objects; user space fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WANTED_MAX);
	__type(key, __u64);
	__type(value, __u32);
} wanted SEC(".maps");

/* The wanted cgroup that it is in; 0: none. */
static __always_inline __u64 wanted_of(struct task_struct *task)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;

	for (int level = 0; level < WANTED_DEPTH_MAX && cgroup; level++) {
		__u64 id = cgroup->kn->id;
		struct cgroup_subsys_state *parent;

		if (bpf_map_lookup_elem(&wanted, &id))
			return id;
		parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	return 0;
}

/* Each process id has a number in every namespace from its own one up; the reader's is that of its level. */
static __always_inline __u32 number_of(struct task_struct *task)
{
	struct task_struct *reader = (void *)bpf_get_current_task();
	__u64 level = BPF_CORE_READ(reader, thread_pid, level);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *upid = (void *)__builtin_preserve_access_index(&pid->numbers);
	__u32 number = 0;

	upid = (void *)upid + level * bpf_core_type_size(struct upid);
	bpf_core_read(&number, sizeof(number), &upid->nr);
	return number;
}
