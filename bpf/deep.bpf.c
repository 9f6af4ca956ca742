// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deep probes: how long threads wait for a CPU, and which system calls fail.
 *
 * Both hooks are hot: each switch of a CPU, each end of a system call. So they are
 * loaded at the start and attached for seconds only, while a unit is under suspicion; and
 * what is not a suspect's is let go as early as can be.
 */
#include "kernel.h"
#include "watched.h"
#include <bpf/bpf_tracing.h>

/* Set before loading: a bit for each errno that is not counted. */
const volatile __u64 everyday[(ERRNO_CLASSES + 63) / 64];

__u32 window; /* number of the time that they are attached; set before each */

/* unit -> what it did. User space makes the records, of suspects alone, and takes them away. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SUSPECTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* most often there is none */
	__type(key, __u32);
	__type(value, struct deep_counters);
} deep SEC(".maps");

/* What a CPU runs since its last switch. */
struct running {
	__u64 run_delay; /* of that thread, before the wait that has just ended */
	__u32 pid;	 /* 0: nobody's whose wait would be told */
	__u32 window;	 /* of an earlier one: not known */
	__u64 cgroup_id; /* whose unit was asked for last, */
	__u32 unit;	 /* and that */
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct running);
} cpus SEC(".maps");

/* ---- waits ---------------------------------------------------------------- */

/* The place of its highest bit: 1 for 1, 11 for 1024; 0 for 0. */
static __always_inline __u32 bits_in(__u64 value)
{
	__u32 n = 0;

	for (int half = 32; half > 0; half /= 2) {
		if (value >> half) {
			n += half;
			value >>= half;
		}
	}
	return n + !!value;
}

static __always_inline void count_wait(__u32 unit, __u64 ns)
{
	struct deep_counters *found = bpf_map_lookup_elem(&deep, &unit);
	__u32 class = bits_in(ns / 1000);

	if (!found)
		return;
	if (class >= WAIT_CLASSES)
		class = WAIT_CLASSES - 1;
	__sync_fetch_and_add(&found->waits[class], 1);
}

/* Most switches are between a few cgroups, so the last answer is kept for as long as no other is
 * asked for. */
static __always_inline __u32 unit_running(struct running *running, struct task_struct *task)
{
	__u64 id = cgroup_id_of(task);

	if (running->cgroup_id != id || !running->unit) { /* it may be watched by now */
		running->cgroup_id = id;
		running->unit = unit_of(task);
	}
	return running->unit;
}

/*
 * The kernel adds up each thread's waits, and adds the one that ends here only after this hook. So
 * what the total was is kept, and the difference is taken when the thread leaves its
 * CPU: no hook where it began to wait, no map of times, no clock. The part of a wait on a CPU that the
 * thread was moved away from is in the total that is kept, and so is not in the wait.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(deep_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct running *running;
	__u32 zero = 0, unit;

	running = bpf_map_lookup_elem(&cpus, &zero);
	if (!running || !bpf_core_field_exists(prev->sched_info.run_delay))
		return 0;
	if (running->pid && running->pid == (__u32)prev->pid && running->window == window) {
		unit = unit_running(running, prev);
		if (unit)
			count_wait(unit, prev->sched_info.run_delay - running->run_delay);
	}
	if (running->window != window) {
		running->cgroup_id = 0;
		running->window = window;
	}
	running->pid = next->flags & PF_KTHREAD ? 0 : next->pid;
	running->run_delay = next->sched_info.run_delay;
	return 0;
}

/* ---- system calls that fail ---------------------------------------------------- */

static __always_inline bool is_everyday(__u32 error)
{
	return everyday[error / 64] >> error % 64 & 1;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(deep_call, struct pt_regs *registers, long result)
{
	__u64 error = -(__u64)result;
	struct deep_counters *found;
	__u32 unit;

	if (error == 0 || error >= ERRNO_CLASSES || is_everyday(error))
		return 0;
	unit = unit_of(bpf_get_current_task_btf());
	if (!unit)
		return 0;
	found = bpf_map_lookup_elem(&deep, &unit);
	if (found)
		__sync_fetch_and_add(&found->failures[error], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
