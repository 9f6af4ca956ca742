// SPDX-License-Identifier: GPL-2.0-or-later
/* One walk over all threads: sums per unit, or per process. */
#include "kernel.h"
#include "watched.h"

#define FD_WORDS_MAX 64 /* 4096 descriptors are counted one by one */

/* Set before loading. */
const volatile bool by_process; /* a record per process, not per unit */
/* Nobody counts threads as they end: add what the kernel keeps of them per process. (It keeps no run
 * delay, so that total falls when a thread ends.) */
const volatile bool add_ended;

__u64 lost;  /* threads that found a map full */
__u32 lacks; /* a bit for each of enum total that this kernel does not keep; known after a walk */

/* Set before each walk. */
__u32 walk;	 /* its number; one that failed has one too */
__u64 before_ns; /* when the walk before began, on the clock of task->start_time; 0: it failed */
__u64 began_ns;	 /* 0: this one will say when */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX);
	__type(key, __u64); /* unit, or process id */
	__type(value, struct task_sums);
} sums SEC(".maps");

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

/* Entries written, by parity of the walk; user space takes note of what it empties. */
__u32 n_threads[2], n_blocked[2];

/* A record is too large for the stack, so new ones are copied from here. */
static const struct task_sums nothing;

/* Units take turns by their number; suspects are looked at in every walk. */
static __always_inline __u32 look_of(__u32 unit)
{
	__u32 *first = bpf_map_lookup_elem(&suspects, &unit);
	__u32 turn = (walk + THREADS_EVERY - unit % THREADS_EVERY) % THREADS_EVERY;

	if ((first && walk > *first) || turn == 1)
		return LOOK_COMPARE;
	return first || turn == 0 ? LOOK_BEGIN : LOOK_NOT;
}

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

static __always_inline unsigned int state_of(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return ((struct task_struct___before_5_14 *)task)->state;
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

	if (now->exec_ns < past->exec_ns || span_us == 0) { /* exec(2) gave it another's id */
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

static __always_inline void sum_used(struct totals *totals, struct task_struct *task)
{
	struct totals used = totals_of(task);

	for (int i = 0; i < TOTAL_N; i++)
		totals->of[i] += used.of[i];
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
	record->stopped += !!(state & (TASK_STOPPED | TASK_TRACED));
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
