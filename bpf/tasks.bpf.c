// SPDX-License-Identifier: GPL-2.0-or-later
/* One walk over all threads: sums per unit, or per process. */
#include "kernel.h"
#include "watched.h"
#include "threads.h"

#define FD_WORDS_MAX 64 /* 4096 descriptors are counted one by one */

/* Set before loading. */
const volatile bool by_process; /* a record per process, not per unit */
/* Nobody counts threads as they end: add what the kernel keeps of them per process. (It keeps no run
 * delay, so that total falls when a thread ends.) */
const volatile bool add_ended;

/* Met in this walk, kernel threads too; user space sets them to 0 before. */
__u32 n_tasks, n_processes;
__u32 lacks; /* a bit for each of enum total that this kernel does not keep; known after a walk */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX);
	__type(key, __u64); /* unit, or process id */
	__type(value, struct task_sums);
} sums SEC(".maps");

/* A record is too large for the stack, so new ones are copied from here. */
static const struct task_sums nothing;

static __always_inline struct task_sums *sums_of(__u64 key)
{
	struct task_sums *found = bpf_map_lookup_elem(&sums, &key);

	if (found)
		return found;
	bpf_map_update_elem(&sums, &key, &nothing, BPF_NOEXIST);
	found = bpf_map_lookup_elem(&sums, &key);
	if (found && !by_process)
		found->look = look_of(key);
	return found;
}

/* A per-CPU counter is off by what its CPUs have not handed in, and may even be negative. */
static __always_inline __u64 pages_of(struct mm_struct *mm, int kind)
{
	struct mm_struct___before_6_2 *before = (void *)mm;
	long n = 0;

	/* The direct walk into the old array is refused by verifiers up to 6.1. */
	if (bpf_core_field_exists(before->rss_stat.count))
		bpf_core_read(&n, sizeof(n), &before->rss_stat.count[kind].counter);
	else if (kind == MM_ANONPAGES)
		n = mm->rss_stat[MM_ANONPAGES].count;
	else
		n = mm->rss_stat[MM_SWAPENTS].count;
	return n > 0 ? n : 0;
}

static __always_inline __u64 bits_of(unsigned long *words, __u32 i)
{
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), words + i);
	return __builtin_popcountll(word);
}

/* Beyond the first 4096 only full words count, so the number is then a lower bound. */
static __always_inline __u64 descriptors_of(struct files_struct *files)
{
	struct fdtable *table = files->fdt;
	__u32 n_words = table->max_fds / 64;
	__u64 n = 0;

	for (__u32 i = 0; i < FD_WORDS_MAX && i < n_words; i++)
		n += bits_of(table->open_fds, i);
	for (__u32 i = 1; i < FD_WORDS_MAX && i * 64 < n_words; i++)
		n += 64 * bits_of(table->full_fds_bits, i);
	return n;
}

static __always_inline void sum_used(struct totals *totals, struct task_struct *task)
{
	struct totals used = totals_of(task);

	for (int i = 0; i < TOTAL_N; i++)
		totals->of[i] += used.of[i];
}

/* Threads that a cgroup of v2 froze sleep as others do, so their state does not tell; those of v1 have a
 * state, or until 6.1 a flag. */
static __always_inline bool is_stopped(struct task_struct *task, unsigned int state)
{
	return state & (TASK_STOPPED | TASK_TRACED | TASK_FROZEN) || task->flags & PF_FROZEN ||
	       task->jobctl & JOBCTL_TRAP_FREEZE;
}

static __always_inline void sum_thread(struct task_sums *record, struct task_struct *task)
{
	unsigned int state = state_of(task);

	if (add_ended)
		sum_used(&record->alive, task);
	if (task->exit_state)
		return;
	if (!add_ended && task->flags & PF_EXITING)
		sum_used(&record->leaving, task);
	else if (!add_ended)
		sum_used(&record->alive, task);
	record->threads++;
	record->stopped += is_stopped(task, state);
	if (is_blocked(task, state)) {
		record->blocked++;
		follow_blocked(record, task);
	}
	if (record->look)
		look_at(record, task);
}

static __always_inline void sum_ended(struct totals *totals, struct signal_struct *signal)
{
	totals->of[TOTAL_EXEC_NS] += signal->sum_sched_runtime;
	totals->of[TOTAL_SWITCHES_VOLUNTARY] += signal->nvcsw;
	totals->of[TOTAL_SWITCHES_INVOLUNTARY] += signal->nivcsw;
	totals->of[TOTAL_MINOR_FAULTS] += signal->min_flt;
	totals->of[TOTAL_MAJOR_FAULTS] += signal->maj_flt;
	if (bpf_core_field_exists(signal->ioac.read_bytes)) {
		totals->of[TOTAL_READ_BYTES] += signal->ioac.read_bytes;
		totals->of[TOTAL_WRITE_BYTES] += signal->ioac.write_bytes;
	}
}

/* One that holds more than its limit lets it have cannot have got there by opening: it, or who began
 * it, lowered the limit to forbid it more. Nothing runs out there. */
static __always_inline void sum_descriptors(struct task_sums *record, struct task_struct *task)
{
	__u64 n = descriptors_of(task->files);
	__u64 limit = task->signal->rlim[RLIMIT_NOFILE].rlim_cur;

	record->descriptors += n;
	if (n > limit || limit >> 32) /* the kernel does not let it be unlimited */
		return;
	if (!record->near_limit || n * record->near_limit > limit * record->near_descriptors) {
		record->near_descriptors = n;
		record->near_limit = limit;
	}
}

/* Once per process, at its first thread. */
static __always_inline void sum_process(struct task_sums *record, struct task_struct *task)
{
	if (add_ended)
		sum_ended(&record->alive, task->signal);
	if (task->exit_state && task->signal->live.counter == 0) {
		record->zombies++;
		return;
	}
	record->processes++;
	if (task->mm) {
		record->rss_pages += pages_of(task->mm, MM_ANONPAGES);
		record->swap_pages += pages_of(task->mm, MM_SWAPENTS);
	}
	if (task->files)
		sum_descriptors(record, task);
}

static __always_inline void name_process(struct task_sums *record, struct task_struct *task)
{
	record->parent = task->real_parent->tgid;
	record->cgroup_id = cgroup_id_of(task);
	bpf_probe_read_kernel(record->command, sizeof(record->command), task->comm);
}

static __always_inline __u32 what_lacks(struct task_struct *task)
{
	__u32 bits = 0;

	if (!bpf_core_field_exists(task->sched_info.run_delay))
		bits |= 1 << TOTAL_RUN_DELAY_NS;
	if (!bpf_core_field_exists(task->ioac.read_bytes))
		bits |= 1 << TOTAL_READ_BYTES | 1 << TOTAL_WRITE_BYTES;
	return bits;
}

SEC("iter/task")
int tasks_walk(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct task_sums *record;
	__u64 key;

	if (!task) { /* the end */
		lacks = what_lacks(task);
		return 0;
	}
	if (!began_ns)
		began_ns = bpf_ktime_get_ns();
	n_tasks++;
	n_processes += task->pid == task->tgid;
	if (task->flags & PF_KTHREAD)
		return 0;
	key = by_process ? (__u32)task->tgid : unit_of(task);
	if (!key)
		return 0;
	record = sums_of(key);
	if (!record) {
		lost++;
		return 0;
	}
	sum_thread(record, task);
	if (task->pid == task->tgid) {
		sum_process(record, task);
		if (by_process)
			name_process(record, task);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
