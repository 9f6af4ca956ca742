/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's side says of single threads and of crowds, against /proc and clocks of our own; for
 * who has the rights to load it and to make a cgroup. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf/events.h"
#include "pen.h"
#include "tests/unit/assertion.h"

static bool has(const struct usage *usage, enum metric metric)
{
	return usage->have & METRIC_BIT(metric);
}

static void *rest(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* ---- the busiest thread ---------------------------------------------------- */

/* Runs for a millisecond, sleeps for a moment, and says which it is. */
static void *run_and_nap(void *userdata)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	volatile int *tid = userdata;

	*tid = (int)syscall(SYS_gettid);
	for (;;) {
		for (double until_s = pen_clock_s() + 0.001; pen_clock_s() < until_s;)
			;
		(void)nanosleep(&moment, NULL);
	}
	return NULL;
}

static void *nap(void *unused)
{
	const struct timespec moment = { .tv_nsec = 200000 };

	(void)unused;
	for (;;)
		(void)nanosleep(&moment, NULL);
	return NULL;
}

static void live_with_three_threads(void *userdata)
{
	volatile int *tid = userdata;

	pen_begin_thread(rest, NULL);
	pen_begin_thread(nap, NULL);
	pen_begin_thread(run_and_nap, userdata);
	while (*tid == 0)
		(void)sched_yield();
}

struct thread {
	double at_s, cpu_s, switches;
};

static struct thread thread_of_proc(pid_t pid, int tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	struct thread thread = { .at_s = pen_clock_s() };
	char name[64], text[8192] = "";
	uint64_t exec_ns = 0;
	FILE *file;

	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/schedstat", (int)pid, tid);
	file = fopen(name, "re");
	cr_assert(file && fscanf(file, "%" SCNu64, &exec_ns) == 1);
	(void)fclose(file);
	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/status", (int)pid, tid);
	file = fopen(name, "re");
	cr_assert(file && fread(text, 1, sizeof(text) - 1, file) > 0 && strstr(text, key));
	(void)fclose(file);
	thread.cpu_s = (double)exec_ns / 1e9;
	thread.switches = strtod(strstr(text, key) + sizeof(key) - 1, NULL);
	return thread;
}

Test(probe_threads, busiest_thread_of_a_suspect_is_as_proc_has_it)
{
	CLEANUP(pen_remove) struct pen pen;
	struct thread outer[2], inner[2];
	struct usage usage;
	double longest_s, shortest_s;
	volatile int *tid;
	pid_t pid;

	if (!pen_make(&pen, "probe_threads/busiest_thread"))
		return;
	tid = mmap(NULL, sizeof(*tid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = pen_fork(&pen, live_with_three_threads, (void *)tid);
	cr_assert(zero(int, probe_suspect(pen.probe, PEN_UNIT, true)));
	cr_assert(zero(int, probe_suspect(pen.probe, PEN_UNIT, true)), "twice is once");
	outer[0] = thread_of_proc(pid, *tid);
	usage = pen_look(&pen);
	inner[0] = thread_of_proc(pid, *tid);
	pen_wait_s(0.2);
	inner[1] = thread_of_proc(pid, *tid);
	usage = pen_look(&pen);
	outer[1] = thread_of_proc(pid, *tid);

	longest_s = outer[1].at_s - outer[0].at_s;
	shortest_s = inner[1].at_s - inner[0].at_s;
	cr_assert(has(&usage, METRIC_THREAD_CPU));
	cr_assert(eq(dbl, usage.total[METRIC_THREADS], 4));
	cr_assert(ge(dbl, usage.total[METRIC_THREAD_CPU] * 1.001,
		     (inner[1].cpu_s - inner[0].cpu_s) / longest_s));
	cr_assert(le(dbl, usage.total[METRIC_THREAD_CPU] * 0.999,
		     (outer[1].cpu_s - outer[0].cpu_s) / shortest_s));
	cr_assert(gt(dbl, inner[1].switches, inner[0].switches));
	cr_assert(ge(dbl, usage.total[METRIC_THREAD_SWITCHES] * 1.001,
		     (inner[1].switches - inner[0].switches) / longest_s));
	cr_assert(le(dbl, usage.total[METRIC_THREAD_SWITCHES] * 0.999,
		     (outer[1].switches - outer[0].switches) / shortest_s));
	pen_end(pid);
	usage = pen_look(&pen);
	cr_assert(not(has(&usage, METRIC_THREAD_CPU)), "of nobody");
}

static void live(void *unused)
{
	(void)unused;
}

/* Snapshots until it is known of the unit. */
static int looks_until_known(const struct pen *pen)
{
	struct usage usage;

	for (int i = 1; i <= 3 * THREADS_EVERY; i++) {
		usage = pen_look(pen);
		if (has(&usage, METRIC_THREAD_CPU))
			return i;
	}
	return -1;
}

Test(probe_threads, who_is_no_suspect_is_looked_at_in_turn)
{
	CLEANUP(pen_remove) struct pen pen;
	struct usage usage;
	pid_t pid;

	if (!pen_make(&pen, "probe_threads/in_turn"))
		return;
	pid = pen_fork(&pen, live, NULL);
	cr_assert(eq(int, looks_until_known(&pen), PEN_UNIT + 1), "walks are numbered from 1 on");
	for (int i = 0; i < 2 * THREADS_EVERY; i++) {
		usage = pen_look(&pen);
		cr_assert(has(&usage, METRIC_THREAD_CPU), "look %d", i);
	}
	(void)looks_until_known(&pen);
	while (pen_look(&pen).age_s[METRIC_THREAD_CPU] != 0)
		;
	pen_wait_s(1.1);
	cr_assert(eq(u8, pen_look(&pen).age_s[METRIC_THREAD_CPU], 1), "it was not its turn since");
	pen_end(pid);
}

static bool is_new(const struct pen *pen)
{
	struct usage usage = pen_look(pen);

	cr_assert(has(&usage, METRIC_RSS));
	cr_assert(zero(u64, usage.old & METRIC_BIT(METRIC_CPU)),
		  "that of cgroups waits for nothing");
	return !(usage.old & METRIC_BIT(METRIC_RSS));
}

Test(probe_threads, more_tasks_than_are_walked_in_a_second_wait_unless_there_is_a_reason)
{
	CLEANUP(pen_remove) struct pen pen;

	if (!pen_make(&pen, "probe_threads/pace") || !probe_walks_cgroups(pen.probe))
		return;
	cr_assert(is_new(&pen));
	cr_assert(is_new(&pen), "while there is no bound");
	probe_set_pace(pen.probe, 1);
	cr_assert(eq(u32, probe_walk_every_ms(pen.probe), PROBE_WALK_MOST_MS));
	cr_assert(not(is_new(&pen)));
	cr_assert(zero(int, probe_suspect(pen.probe, PEN_UNIT, true)));
	cr_assert(not(is_new(&pen)), "a suspicion alone is no hurry");
	probe_hurry(pen.probe, true);
	cr_assert(is_new(&pen));
	cr_assert(is_new(&pen));
	probe_hurry(pen.probe, false);
	cr_assert(not(is_new(&pen)));
	cr_assert(zero(int, probe_watch(pen.probe, 1, PEN_UNIT + 1)), "the root");
	cr_assert(is_new(&pen));
	cr_assert(not(is_new(&pen)));
}

/* ---- stuck ------------------------------------------------------------------ */

/* A parent in vfork() waits in D until its child ends, whose id it tells before. */
static void *wait_in_vfork(void *userdata)
{
	volatile int *child = userdata;

	for (;;) {
		if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			*child = (int)syscall(SYS_getpid);
			for (;;)
				pause();
		}
		(void)wait(NULL);
	}
	return NULL;
}

static void live_in_vfork(void *userdata)
{
	pen_begin_thread(wait_in_vfork, userdata);
}

/* Of the thread that is not the first one. */
static char state_of_other(pid_t pid, pid_t child)
{
	char name[64], state = '?';
	FILE *file;

	for (int tid = pid + 1; tid < pid + 1000; tid++) {
		(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", (int)pid, tid);
		file = tid == child ? NULL : fopen(name, "re");
		if (!file)
			continue;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		(void)fclose(file);
		return state;
	}
	return state;
}

static void wait_for_vfork(pid_t pid, volatile int *child, int not_this)
{
	while (*child == not_this || state_of_other(pid, *child) != 'D')
		(void)sched_yield();
}

Test(probe_threads, thread_in_D_is_stuck_since_it_was_seen_and_until_it_goes_on, .timeout = 20)
{
	CLEANUP(pen_remove) struct pen pen;
	double before_s, after_s, stuck_s, least_s;
	volatile int *child;
	struct usage usage;
	pid_t pid;
	int first;

	if (!pen_make(&pen, "probe_threads/stuck"))
		return;
	child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	pid = pen_fork(&pen, live_in_vfork, (void *)child);
	wait_for_vfork(pid, child, 0);
	before_s = pen_clock_s();
	usage = pen_look(&pen);
	after_s = pen_clock_s();
	cr_assert(eq(dbl, usage.total[METRIC_BLOCKED], 1));
	cr_assert(zero(dbl, usage.total[METRIC_STUCK]), "it was not seen before");
	for (int i = 0; i < 3; i++) {
		pen_wait_s(0.05);
		least_s = pen_clock_s() - after_s;
		usage = pen_look(&pen);
		stuck_s = usage.total[METRIC_STUCK];
		cr_assert(ge(dbl, stuck_s, least_s), "look %d", i);
		cr_assert(le(dbl, stuck_s, pen_clock_s() - before_s), "look %d", i);
	}

	first = *child;
	(void)kill(first, SIGKILL);
	wait_for_vfork(pid, child, first);
	usage = pen_look(&pen);
	cr_assert(eq(dbl, usage.total[METRIC_BLOCKED], 1), "in D again");
	cr_assert(zero(dbl, usage.total[METRIC_STUCK]), "but it went on in between");
	(void)kill(pid, SIGKILL);
	(void)kill(*child, SIGKILL);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
	usage = pen_look(&pen);
	cr_assert(zero(dbl, usage.total[METRIC_STUCK]));
}

static void do_nothing(void *unused)
{
	(void)unused;
}

static bool freeze(const struct pen *pen, bool is_frozen)
{
	char name[352];
	int fd;
	bool done;

	(void)snprintf(name, sizeof(name), "%s/cgroup.freeze", pen->folder);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, is_frozen ? "1" : "0", 1) == 1;
	if (fd >= 0)
		(void)close(fd);
	return done;
}

Test(probe_threads, stopped_are_those_that_a_signal_stopped_and_those_of_a_frozen_cgroup)
{
	struct pen pen;
	pid_t pid;

	if (!pen_make(&pen, "probe_threads/stopped"))
		return;
	pid = pen_fork(&pen, do_nothing, NULL);
	cr_assert(zero(dbl, pen_look(&pen).total[METRIC_STOPPED]));
	cr_assert(zero(int, kill(pid, SIGSTOP)));
	cr_assert(eq(int, waitpid(pid, NULL, WUNTRACED), pid));
	cr_assert(eq(dbl, pen_look(&pen).total[METRIC_STOPPED], 1));
	cr_assert(zero(int, kill(pid, SIGCONT)));
	cr_assert(eq(int, waitpid(pid, NULL, WCONTINUED), pid));
	cr_assert(zero(dbl, pen_look(&pen).total[METRIC_STOPPED]));

	cr_assert(freeze(&pen, true), "cgroup.freeze, of Linux 5.2 and later");
	cr_assert(eq(dbl, pen_look(&pen).total[METRIC_STOPPED], 1));
	cr_assert(freeze(&pen, false));
	pen_end(pid);
	pen_remove(&pen);
}

/* ---- crowds ------------------------------------------------------------------- */

#define CROWD 5000

static void live_with_thousand_threads(void *unused)
{
	(void)unused;
	for (int i = 1; i < 1000; i++)
		pen_begin_thread(rest, NULL);
}

Test(probe_threads, thousand_threads_of_a_process_are_all_seen)
{
	CLEANUP(pen_remove) struct pen pen;
	struct usage usage;
	pid_t pid;

	if (!pen_make(&pen, "probe_threads/thousand_threads"))
		return;
	pid = pen_fork(&pen, live_with_thousand_threads, NULL);
	cr_assert(zero(int, probe_suspect(pen.probe, PEN_UNIT, true)));
	usage = pen_look(&pen);
	usage = pen_look(&pen);
	cr_assert(eq(dbl, usage.total[METRIC_THREADS], 1000));
	cr_assert(eq(dbl, usage.total[METRIC_PROCESSES], 1));
	cr_assert(has(&usage, METRIC_THREAD_CPU));
	cr_assert(zero(u64, probe_lost(pen.probe)));
	pen_end(pid);
}

/* Processes in one memory cost no more than threads. Each has but its first words of a stack. */
__attribute__((no_sanitize("address"))) static int wait_for_the_end(void *unused)
{
	(void)unused;
	for (;;)
		(void)syscall(SYS_pause);
	return 0;
}

static void live_with_a_crowd(void *userdata)
{
	static char stacks[CROWD][2048] __attribute__((aligned(16)));
	pid_t *pids = userdata;

	/* Bound by the linker here: it would save all the CPU's registers on such a stack, and those of
	 * some CPUs are more than it holds. */
	(void)syscall(SYS_getpid);
	for (int i = 0; i < CROWD; i++) {
		pids[i] = clone(wait_for_the_end, stacks[i + 1], CLONE_VM | CLONE_FILES | SIGCHLD,
				NULL);
		if (pids[i] < 0)
			_exit(1);
	}
}

struct heard {
	uint64_t n;
};

static void hear(const struct probe_event *event, void *userdata)
{
	struct heard *heard = userdata;

	heard->n += event->unit == PEN_UNIT && !event->oom_kill;
}

Test(probe_threads, storm_of_exits_is_counted_and_nothing_is_lost_in_silence)
{
	CLEANUP(pen_remove) struct pen pen;
	struct heard heard = { 0 };
	struct usage before, after;
	pid_t *pids, pid;
	uint64_t n;

	if (!pen_make(&pen, "probe_threads/storm_of_exits"))
		return;
	pids = mmap(NULL, CROWD * sizeof(*pids), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	pid = pen_fork(&pen, live_with_a_crowd, pids);
	cr_assert(zero(int, probe_suspect(pen.probe, PEN_UNIT, true)));
	(void)pen_look(&pen);
	before = pen_look(&pen);
	cr_assert(eq(dbl, before.total[METRIC_PROCESSES], CROWD + 1));
	cr_assert(has(&before, METRIC_THREAD_CPU));
	cr_assert(zero(u64, probe_lost(pen.probe)), "all fit into the maps");

	for (int i = 0; i < CROWD; i++)
		(void)kill(pids[i], SIGKILL);
	pen_end(pid);
	do
		after = pen_look(&pen);
	while (after.total[METRIC_PROCESSES] > 0);
	cr_assert(eq(dbl, after.total[METRIC_EXITS] - before.total[METRIC_EXITS], CROWD + 1));
	cr_assert(eq(dbl, after.total[METRIC_EXITS_SIGNAL] - before.total[METRIC_EXITS_SIGNAL],
		     CROWD + 1));
	cr_assert(ge(int, probe_drain(pen.probe, hear, &heard), 1));
	n = heard.n + probe_lost(pen.probe);
	cr_assert(ge(u64, n, CROWD + 1), "%" PRIu64 " told, %" PRIu64 " lost", heard.n,
		  probe_lost(pen.probe));
	cr_assert(le(u64, heard.n, CROWD + 1));
}
