// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes begun and ended, and how; OOM kills; what ended threads had used. */
#include "kernel.h"
#include "watched.h"
#include <bpf/bpf_tracing.h>

#define SEEN_MAX 2048

/* Set before loading: mark_victim gives a number, not a task, so the victim is counted at its exit. */
const volatile bool victim_is_number;

__u64 dropped; /* records lost to a full ring */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024); /* some 6500 records of 32 + 8 bytes */
} events SEC(".maps");

/* By unit; user space makes the entries. 0 is the whole host. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX + 1);
	__type(key, __u32);
	__type(value, struct unit_counters);
} counters SEC(".maps");

/*
 * Both an exit and an OOM kill can be told more than once for a process: two threads that end at
 * once may both find none left alive, and each thread of a victim that asks for memory while it dies
 * is marked again. So what was counted is remembered, for the moment that this takes.
 */
struct seen {
	__u64 start_ns; /* process ids come again */
	__u32 pid;
	__u32 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SEEN_MAX);
	__type(key, struct seen);
	__type(value, __u8);
} seen SEC(".maps");

/* Threads marked by number, until they exit. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SEEN_MAX);
	__type(key, __u32);
	__type(value, __u8);
} victims SEC(".maps");

static __always_inline struct unit_counters *counters_of(__u32 unit)
{
	return bpf_map_lookup_elem(&counters, &unit);
}

/* Atomic, since threads of a unit end on several CPUs at once. */
static __always_inline void count_ended(struct unit_counters *counters, struct task_struct *task)
{
	struct totals used = totals_of(task);

	for (int i = 0; i < TOTAL_N; i++)
		__sync_fetch_and_add(&counters->ended.of[i], used.of[i]);
}

static __always_inline bool is_first(struct task_struct *task, __u32 kind)
{
	struct seen key = {
		.start_ns = task->group_leader->start_time,
		.pid = task->tgid,
		.kind = kind,
	};
	__u8 one = 1;

	return bpf_map_update_elem(&seen, &key, &one, BPF_NOEXIST) == 0;
}

static __always_inline void emit(struct task_struct *task, __u32 unit, __u32 kind, __u32 code)
{
	struct kernel_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&dropped, 1);
		return;
	}
	event->when_ns = bpf_ktime_get_boot_ns();
	event->cgroup_id = cgroup_id_of(task);
	event->unit = unit;
	event->kind = kind;
	event->pid = task->tgid;
	event->code = code;
	/* Nobody waits for an ordinary exit; an OOM kill brings the next tick forward. */
	bpf_ringbuf_submit(event,
			   kind == KERNEL_EVENT_OOM_KILL ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void count_exit(struct unit_counters *of, __u32 code)
{
	if (!of)
		return;
	__sync_fetch_and_add(&of->exits, 1);
	if (code & 0x7f)
		__sync_fetch_and_add(&of->exits_signal, 1);
	else if (code)
		__sync_fetch_and_add(&of->exits_failed, 1);
}

static __always_inline void oom_kill(struct task_struct *task, __u32 unit)
{
	struct unit_counters *of_unit = unit ? counters_of(unit) : NULL;
	struct unit_counters *of_host = counters_of(0);

	if (!is_first(task, KERNEL_EVENT_OOM_KILL))
		return;
	if (of_unit)
		__sync_fetch_and_add(&of_unit->oom_kills, 1);
	if (of_host)
		__sync_fetch_and_add(&of_host->oom_kills, 1);
	emit(task, unit, KERNEL_EVENT_OOM_KILL, 0);
}

static __always_inline void process_exit(struct task_struct *task, __u32 unit)
{
	struct signal_struct *signal = task->signal;
	__u32 code;

	if (!is_first(task, KERNEL_EVENT_EXIT))
		return;
	/* What wait(2) will say. */
	code = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code
						 : task->group_leader->exit_code;
	if (unit)
		count_exit(counters_of(unit), code);
	count_exit(counters_of(0), code);
	if (code)
		emit(task, unit, KERNEL_EVENT_EXIT, code);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(lifecycle_exit, struct task_struct *task)
{
	struct unit_counters *of_unit;
	__u32 unit, pid = task->pid;

	if (task->flags & PF_KTHREAD)
		return 0;
	unit = unit_of(task);
	of_unit = unit ? counters_of(unit) : NULL;
	if (of_unit)
		count_ended(of_unit, task);
	if (victim_is_number && bpf_map_delete_elem(&victims, &pid) == 0)
		oom_kill(task, unit);
	if (task->signal->live.counter == 0)
		process_exit(task, unit);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(lifecycle_fork, struct task_struct *parent, struct task_struct *child)
{
	struct unit_counters *of_unit, *of_host = counters_of(0);
	__u32 unit;

	if (child->flags & PF_KTHREAD || child->pid != child->tgid)
		return 0;
	unit = unit_of(child);
	of_unit = unit ? counters_of(unit) : NULL;
	if (of_unit)
		__sync_fetch_and_add(&of_unit->forks, 1);
	if (of_host)
		__sync_fetch_and_add(&of_host->forks, 1);
	return 0;
}

/* The argument of mark_victim was a number, then a task; backports do not follow the version. User
 * space loads the one that fits. */
SEC("tp_btf/mark_victim")
int BPF_PROG(lifecycle_victim, struct task_struct *task)
{
	oom_kill(task, unit_of(task));
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(lifecycle_victim_number, int pid)
{
	__u32 key = pid;
	__u8 one = 1;

	bpf_map_update_elem(&victims, &key, &one, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
