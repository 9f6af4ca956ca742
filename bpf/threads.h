/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Threads one by one, by comparison with what they were like in the walk before:
 * which is the busiest of a unit, and which is stuck in D. Part of tasks.bpf.c.
 */
#include "events.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

__u64 lost; /* threads that found a map full */

/* Set before each walk. */
__u32 walk;	 /* its number; one that failed has one too */
__u64 before_ns; /* when the walk before began, on the clock of task->start_time; 0: it failed */
__u64 began_ns;	 /* 0: this one will say when */

/* The unit -> the number of the walk that first looks at its threads. User space fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SUSPECTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} suspects SEC(".maps");

/* What a thread was like in the walk before; process ids come again, with another start. */
struct past {
	__u64 start_ns;
	__u64 since_ns;
	__u64 exec_ns;
	__u64 switches;
};

/*
 * By thread id. Two of each, for even and odd walks: one is read, the other
 * written. User space empties the latter before the walk, so no thread that is gone
 * stays in it.
 */
struct past_threads {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, THREADS_MAX);
	__type(key, __u32);
	__type(value, struct past);
} threads_even SEC(".maps"), threads_odd SEC(".maps");

struct past_blocked {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BLOCKED_MAX);
	__type(key, __u32);
	__type(value, struct past);
} blocked_even SEC(".maps"), blocked_odd SEC(".maps");

/* Entries written, by parity of the walk; user space sets to 0 what it has emptied. */
__u32 n_threads[2], n_blocked[2];

/* Units take turns by their number; suspects are looked at in every walk. */
static __always_inline __u32 look_of(__u32 unit)
{
	__u32 *first = bpf_map_lookup_elem(&suspects, &unit);
	__u32 turn = (walk + THREADS_EVERY - unit % THREADS_EVERY) % THREADS_EVERY;

	if ((first && walk > *first) || turn == 1)
		return LOOK_COMPARE;
	return first || turn == 0 ? LOOK_BEGIN : LOOK_NOT;
}

static __always_inline unsigned int state_of(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return ((struct task_struct___before_5_14 *)task)->state;
}

/* In uninterruptible sleep, as proc(5) shows it as D, and not because it is frozen. */
static __always_inline bool is_blocked(struct task_struct *task, unsigned int state)
{
	return state & TASK_UNINTERRUPTIBLE && !(state & TASK_NOLOAD) && !(task->flags & PF_FROZEN);
}

static __always_inline struct past *same_thread(struct past *past, struct task_struct *task)
{
	return past && past->start_ns == task->start_time ? past : NULL;
}

/* It is stuck as long as each walk finds it in D, and it neither ran nor slept anew in between. */
static __always_inline void follow_blocked(struct task_sums *record, struct task_struct *task)
{
	__u32 odd = walk & 1, pid = task->pid;
	struct past *past, now = {
		.start_ns = task->start_time,
		.since_ns = bpf_ktime_get_ns(),
		.exec_ns = task->se.sum_exec_runtime,
		.switches = task->nvcsw + task->nivcsw,
	};
	__u64 stuck_ns = 0;

	past = odd ? bpf_map_lookup_elem(&blocked_even, &pid)
		   : bpf_map_lookup_elem(&blocked_odd, &pid);
	past = same_thread(past, task);
	if (past && past->exec_ns == now.exec_ns && past->switches == now.switches) {
		stuck_ns = now.since_ns - past->since_ns;
		now.since_ns = past->since_ns;
	}
	if (stuck_ns > record->stuck_ns)
		record->stuck_ns = stuck_ns;
	if (odd ? bpf_map_update_elem(&blocked_odd, &pid, &now, 0)
		: bpf_map_update_elem(&blocked_even, &pid, &now, 0))
		lost++;
	n_blocked[odd]++;
}

static __always_inline void compare(struct task_sums *record, const struct past *past,
				    const struct past *now)
{
	__u64 span_us = (now->since_ns - past->since_ns) / 1000;
	__u64 cpu_ppm, switches;

	/* exec(2) in another thread gives that the first one's id and start. */
	if (now->exec_ns < past->exec_ns || now->switches < past->switches || span_us == 0) {
		record->unknown++;
		return;
	}
	cpu_ppm = (now->exec_ns - past->exec_ns) * 1000 / span_us;
	switches = (now->switches - past->switches) * 1000000000 / span_us;
	if (cpu_ppm < record->busiest_cpu_ppm ||
	    (cpu_ppm == record->busiest_cpu_ppm && switches <= record->busiest_switches))
		return;
	record->busiest_cpu_ppm = cpu_ppm;
	record->busiest_switches = switches;
}

static __always_inline void look_at(struct task_sums *record, struct task_struct *task)
{
	__u32 odd = walk & 1, pid = task->pid;
	struct past *past, now = {
		.start_ns = task->start_time,
		.since_ns = bpf_ktime_get_ns(),
		.exec_ns = task->se.sum_exec_runtime,
		.switches = task->nvcsw,
	};
	/* All that one has done which began since the walk before. */
	struct past born = { .since_ns = before_ns };

	if (record->look == LOOK_COMPARE) {
		past = odd ? bpf_map_lookup_elem(&threads_even, &pid)
			   : bpf_map_lookup_elem(&threads_odd, &pid);
		past = same_thread(past, task);
		if (past)
			compare(record, past, &now);
		else if (before_ns && now.start_ns > before_ns)
			compare(record, &born, &now);
		else
			record->unknown++;
	}
	if (odd ? bpf_map_update_elem(&threads_odd, &pid, &now, 0)
		: bpf_map_update_elem(&threads_even, &pid, &now, 0))
		lost++;
	n_threads[odd]++;
}
