/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's side says of single threads, of limits and of crowds, against /proc, cgroup files
 * and clocks of our own; for who has the rights to load it and to make a cgroup. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf/events.h"
#include "sense/cgroup.h"
#include "sense/probe.h"
#include "sense/procfs.h"

#define UNIT 7

/* A cgroup of a test's own, which the probe counts as UNIT. */
struct pen {
	struct probe *probe;
	struct cgroup_roots roots;
	char path[64]; /* below the root */
	char folder[320];
	uint64_t id;
};

static bool pen_make(struct pen *pen, const char *test)
{
	*pen = (struct pen) { 0 };
	cr_assert(eq(int, probe_new(PROBE_BY_CGROUP, &pen->probe), 0));
	probe_set_pace(pen->probe, UINT32_MAX);
	cr_assert(eq(int, cgroup_roots_read("/proc/self/mountinfo", &pen->roots), 0));
	(void)snprintf(pen->path, sizeof(pen->path), "/selfheal-test-%d", (int)getpid());
	(void)snprintf(pen->folder, sizeof(pen->folder), "%s%s", pen->roots.unified, pen->path);
	if (probe_tier(pen->probe) >= TIER_EVENTS && mkdir(pen->folder, 0755) == 0) {
		cr_assert(eq(int, cgroup_id(&pen->roots, pen->path, &pen->id), 0));
		cr_assert(eq(int, probe_watch(pen->probe, pen->id, UNIT), 0));
		return true;
	}
	(void)fprintf(
		stderr,
		"not run here: unit probe_threads/%s (needs CAP_BPF, CAP_PERFMON, BTF and leave "
		"to make a cgroup)\n",
		test);
	pen->probe = probe_free(pen->probe);
	return false;
}

/* What still runs in it is killed, and may take a moment to go. */
static void pen_remove(struct pen *pen)
{
	probe_free(pen->probe);
	for (int i = 0; pen->id && rmdir(pen->folder) < 0 && i < 1000000; i++)
		(void)sched_yield();
}

static void pen_enter(const struct pen *pen)
{
	char name[352];
	int fd;

	(void)snprintf(name, sizeof(name), "%s/cgroup.procs", pen->folder);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	(void)close(fd);
}

/* Fork a child into the pen, which does as told, and then waits for its end. */
static pid_t pen_fork(const struct pen *pen, void (*live)(void *userdata), void *userdata)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	cr_assert(zero(int, pipe2(ready, O_CLOEXEC)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		pen_enter(pen);
		live(userdata);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	(void)close(ready[1]);
	cr_assert(eq(int, (int)read(ready[0], &byte, 1), 1), "the child did not come up");
	(void)close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
}

static struct usage look(const struct pen *pen)
{
	struct usage usage = { 0 };

	cr_assert(eq(int, probe_snapshot(pen->probe), 0));
	cr_assert(probe_usage(pen->probe, UNIT, pen->id, &usage));
	return usage;
}

static bool has(const struct usage *usage, enum metric metric)
{
	return usage->have & METRIC_BIT(metric);
}

static double clock_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void wait_s(double span_s)
{
	for (double until_s = clock_s() + span_s; clock_s() < until_s;)
		(void)sched_yield();
}

static void *rest(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void begin_thread(void *(*run)(void *), void *userdata)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 64 << 10);
	if (pthread_create(&thread, &attributes, run, userdata) != 0)
		_exit(1);
}

/* ---- the busiest thread ---------------------------------------------------- */

/* Runs for a millisecond, sleeps for a moment, and says which it is. */
static void *run_and_nap(void *userdata)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	volatile int *tid = userdata;

	*tid = (int)syscall(SYS_gettid);
	for (;;) {
		for (double until_s = clock_s() + 0.001; clock_s() < until_s;)
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

	begin_thread(rest, NULL);
	begin_thread(nap, NULL);
	begin_thread(run_and_nap, userdata);
	while (*tid == 0)
		(void)sched_yield();
}

struct thread {
	double at_s, cpu_s, switches;
};

static struct thread thread_of_proc(pid_t pid, int tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	struct thread thread = { .at_s = clock_s() };
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

	if (!pen_make(&pen, "busiest_thread"))
		return;
	tid = mmap(NULL, sizeof(*tid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = pen_fork(&pen, live_with_three_threads, (void *)tid);
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, true)));
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, true)), "twice is once");
	outer[0] = thread_of_proc(pid, *tid);
	usage = look(&pen);
	inner[0] = thread_of_proc(pid, *tid);
	wait_s(0.2);
	inner[1] = thread_of_proc(pid, *tid);
	usage = look(&pen);
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
	end(pid);
	usage = look(&pen);
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
		usage = look(pen);
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

	if (!pen_make(&pen, "in_turn"))
		return;
	pid = pen_fork(&pen, live, NULL);
	cr_assert(eq(int, looks_until_known(&pen), UNIT + 1), "walks are numbered from 1 on");
	for (int i = 0; i < 2 * THREADS_EVERY; i++) {
		usage = look(&pen);
		cr_assert(has(&usage, METRIC_THREAD_CPU), "look %d", i);
	}
	(void)looks_until_known(&pen);
	while (look(&pen).age_s[METRIC_THREAD_CPU] != 0)
		;
	wait_s(1.1);
	cr_assert(eq(u8, look(&pen).age_s[METRIC_THREAD_CPU], 1), "it was not its turn since");
	end(pid);
}

static bool is_new(const struct pen *pen)
{
	struct usage usage = look(pen);

	cr_assert(has(&usage, METRIC_RSS));
	cr_assert(zero(u64, usage.old & METRIC_BIT(METRIC_CPU)),
		  "that of cgroups waits for nothing");
	return !(usage.old & METRIC_BIT(METRIC_RSS));
}

Test(probe_threads, more_tasks_than_are_walked_in_a_second_wait_unless_there_is_a_reason)
{
	CLEANUP(pen_remove) struct pen pen;

	if (!pen_make(&pen, "pace") || !probe_walks_cgroups(pen.probe))
		return;
	cr_assert(is_new(&pen));
	cr_assert(is_new(&pen), "while there is no bound");
	probe_set_pace(pen.probe, 1);
	cr_assert(eq(u32, probe_walk_every_ms(pen.probe), PROBE_WALK_MOST_MS));
	cr_assert(not(is_new(&pen)));
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, true)));
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, true)));
	cr_assert(is_new(&pen));
	cr_assert(is_new(&pen));
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, false)));
	cr_assert(not(is_new(&pen)));
	cr_assert(zero(int, probe_watch(pen.probe, 1, UNIT + 1)), "the root");
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
	begin_thread(wait_in_vfork, userdata);
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

	if (!pen_make(&pen, "stuck"))
		return;
	child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	pid = pen_fork(&pen, live_in_vfork, (void *)child);
	wait_for_vfork(pid, child, 0);
	before_s = clock_s();
	usage = look(&pen);
	after_s = clock_s();
	cr_assert(eq(dbl, usage.total[METRIC_BLOCKED], 1));
	cr_assert(zero(dbl, usage.total[METRIC_STUCK]), "it was not seen before");
	for (int i = 0; i < 3; i++) {
		wait_s(0.05);
		least_s = clock_s() - after_s;
		usage = look(&pen);
		stuck_s = usage.total[METRIC_STUCK];
		cr_assert(ge(dbl, stuck_s, least_s), "look %d", i);
		cr_assert(le(dbl, stuck_s, clock_s() - before_s), "look %d", i);
	}

	first = *child;
	(void)kill(first, SIGKILL);
	wait_for_vfork(pid, child, first);
	usage = look(&pen);
	cr_assert(eq(dbl, usage.total[METRIC_BLOCKED], 1), "in D again");
	cr_assert(zero(dbl, usage.total[METRIC_STUCK]), "but it went on in between");
	(void)kill(pid, SIGKILL);
	(void)kill(*child, SIGKILL);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
	usage = look(&pen);
	cr_assert(zero(dbl, usage.total[METRIC_STUCK]));
}

/* ---- descriptors ------------------------------------------------------------- */

struct holding {
	rlim_t limit;
	int n;
};

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

	if (!pen_make(&pen, "stopped"))
		return;
	pid = pen_fork(&pen, do_nothing, NULL);
	cr_assert(zero(dbl, look(&pen).total[METRIC_STOPPED]));
	cr_assert(zero(int, kill(pid, SIGSTOP)));
	cr_assert(eq(int, waitpid(pid, NULL, WUNTRACED), pid));
	cr_assert(eq(dbl, look(&pen).total[METRIC_STOPPED], 1));
	cr_assert(zero(int, kill(pid, SIGCONT)));
	cr_assert(eq(int, waitpid(pid, NULL, WCONTINUED), pid));
	cr_assert(zero(dbl, look(&pen).total[METRIC_STOPPED]));

	cr_assert(freeze(&pen, true), "cgroup.freeze, of Linux 5.2 and later");
	cr_assert(eq(dbl, look(&pen).total[METRIC_STOPPED], 1));
	cr_assert(freeze(&pen, false));
	end(pid);
	pen_remove(&pen);
}

static void hold_descriptors(void *userdata)
{
	const struct holding *holding = userdata;
	struct rlimit limit;

	for (int i = 0; i < holding->n; i++)
		(void)open("/dev/null", O_RDONLY);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(1);
	limit.rlim_cur = holding->limit;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(1);
}

Test(probe_threads, share_of_descriptors_is_that_of_the_process_nearest_to_its_limit)
{
	/* Most of all; nearest; more than it may have. */
	struct holding holding[] = { { 1000, 300 }, { 200, 100 }, { 5, 50 } };
	CLEANUP(pen_remove) struct pen pen;
	struct process process;
	double share[3];
	struct usage usage;
	pid_t pid[3];

	if (!pen_make(&pen, "share_of_descriptors"))
		return;
	for (size_t i = 0; i < 3; i++) {
		pid[i] = pen_fork(&pen, hold_descriptors, &holding[i]);
		cr_assert(zero(int, procfs_process("/proc", (uint32_t)pid[i], &process)));
		cr_assert(has(&process.usage, METRIC_DESCRIPTORS_SHARE));
		share[i] = process.usage.total[METRIC_DESCRIPTORS_SHARE];
	}
	usage = look(&pen);
	cr_assert(gt(dbl, share[1], share[0]));
	cr_assert(gt(dbl, share[0], 0.3));
	cr_assert(zero(dbl, share[2]));
	cr_assert(eq(dbl, usage.total[METRIC_DESCRIPTORS_SHARE], share[1]));
	end(pid[1]);
	usage = look(&pen);
	cr_assert(eq(dbl, usage.total[METRIC_DESCRIPTORS_SHARE], share[0]));
	end(pid[0]);
	usage = look(&pen);
	cr_assert(zero(dbl, usage.total[METRIC_DESCRIPTORS_SHARE]));
	end(pid[2]);
}

/* ---- pressure and limits of the cgroup ---------------------------------------- */

static void *spin(void *unused)
{
	(void)unused;
	for (;;)
		;
	return NULL;
}

static void live_on_the_first_cpu(void *unused)
{
	cpu_set_t cpus;

	(void)unused;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	begin_thread(spin, NULL);
}

Test(probe_threads, limits_of_a_cgroup_are_told_as_its_files_tell_them)
{
	static const enum metric metrics[] = { METRIC_PSI_CPU_FULL, METRIC_THROTTLED,
					       METRIC_MEMORY_HIGH, METRIC_MEMORY_MAX };
	CLEANUP(cgroup_files_closep) struct cgroup_files *files = NULL;
	struct usage before, told, after;
	CLEANUP(pen_remove) struct pen pen;
	struct pen other;
	pid_t inside, outside;

	if (!pen_make(&pen, "limits_of_a_cgroup"))
		return;
	if (!probe_walks_cgroups(pen.probe))
		return;
	other = pen;
	(void)snprintf(other.folder, sizeof(other.folder), "%s", pen.roots.unified);
	inside = pen_fork(&pen, live_on_the_first_cpu, NULL);
	outside = pen_fork(&other, live_on_the_first_cpu, NULL);
	cr_assert(eq(int, cgroup_files_open(&pen.roots, pen.path, &files), 0));
	wait_s(0.1); /* each of the two waits for the other */
	/* The kernel brings its totals up to date where a file is read, and what is told is the mean of
	 * two walks: both after one reading, before the next. */
	cr_assert(eq(int, cgroup_files_read(files, &before), 0));
	(void)look(&pen);
	told = look(&pen);
	cr_assert(eq(int, cgroup_files_read(files, &after), 0));
	end(inside);
	end(outside);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		enum metric metric = metrics[i];

		cr_assert(eq(int, has(&told, metric), has(&before, metric)), "%s",
			  metric_table[metric].name);
		if (!has(&told, metric))
			continue;
		cr_assert(ge(dbl, told.total[metric], before.total[metric] - 1e-6), "%s",
			  metric_table[metric].name);
		cr_assert(le(dbl, told.total[metric], after.total[metric] + 1e-6), "%s",
			  metric_table[metric].name);
	}
	if (has(&told, METRIC_PSI_CPU_FULL))
		cr_assert(gt(dbl, told.total[METRIC_PSI_CPU_FULL], 0));
}

/* ---- crowds ------------------------------------------------------------------- */

#define CROWD 5000

static void live_with_thousand_threads(void *unused)
{
	(void)unused;
	for (int i = 1; i < 1000; i++)
		begin_thread(rest, NULL);
}

Test(probe_threads, thousand_threads_of_a_process_are_all_seen)
{
	CLEANUP(pen_remove) struct pen pen;
	struct usage usage;
	pid_t pid;

	if (!pen_make(&pen, "thousand_threads"))
		return;
	pid = pen_fork(&pen, live_with_thousand_threads, NULL);
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, true)));
	usage = look(&pen);
	usage = look(&pen);
	cr_assert(eq(dbl, usage.total[METRIC_THREADS], 1000));
	cr_assert(eq(dbl, usage.total[METRIC_PROCESSES], 1));
	cr_assert(has(&usage, METRIC_THREAD_CPU));
	cr_assert(zero(u64, probe_lost(pen.probe)));
	end(pid);
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

	heard->n += event->unit == UNIT && !event->oom_kill;
}

Test(probe_threads, storm_of_exits_is_counted_and_nothing_is_lost_in_silence)
{
	CLEANUP(pen_remove) struct pen pen;
	struct heard heard = { 0 };
	struct usage before, after;
	pid_t *pids, pid;
	uint64_t n;

	if (!pen_make(&pen, "storm_of_exits"))
		return;
	pids = mmap(NULL, CROWD * sizeof(*pids), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	pid = pen_fork(&pen, live_with_a_crowd, pids);
	cr_assert(zero(int, probe_suspect(pen.probe, UNIT, true)));
	(void)look(&pen);
	before = look(&pen);
	cr_assert(eq(dbl, before.total[METRIC_PROCESSES], CROWD + 1));
	cr_assert(has(&before, METRIC_THREAD_CPU));
	cr_assert(zero(u64, probe_lost(pen.probe)), "all fit into the maps");

	for (int i = 0; i < CROWD; i++)
		(void)kill(pids[i], SIGKILL);
	end(pid);
	do
		after = look(&pen);
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
