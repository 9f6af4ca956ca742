/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's side, with whatever rights the tests have: with none it must say so, with rights it
 * must see a child of ours as it is. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sense/cgroup.h"
#include "sense/probe.h"
#include "sense/procfs.h"
#include "tests/unit/assertion.h"

#define CHILD_BYTES	  (64 << 20)
#define CHILD_DESCRIPTORS 90

static struct probe *load(enum probe_view view)
{
	struct probe *probe = NULL;

	cr_assert(eq(int, probe_new(view, &probe), 0));
	probe_set_pace(probe, UINT32_MAX);
	return probe;
}

/* A child with memory and descriptors, which waits to be killed. */
static pid_t fork_child(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		char *memory = mmap(NULL, CHILD_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t i = 0; memory != MAP_FAILED && i < CHILD_BYTES; i += 4096)
			memory[i] = 1;
		for (int i = 0; i < CHILD_DESCRIPTORS; i++)
			(void)open("/dev/null", O_RDONLY);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	cr_assert(eq(int, (int)read(ready[0], &byte, 1), 1));
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

/* A signal that nobody else on the host sends: events carry the host's process ids, which may not be
 * those of our namespace. */
#define CHILD_SIGNAL (SIGRTMAX - 3)

static void kill_child(pid_t pid, int signal)
{
	(void)kill(pid, signal);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
}

static const struct process *find(const struct probe *probe, pid_t pid)
{
	size_t n;
	const struct process *processes = probe_processes(probe, &n);

	for (size_t i = 0; i < n; i++)
		if (processes[i].pid == (uint32_t)pid)
			return &processes[i];
	return NULL;
}

Test(probe, says_why_there_is_no_higher_tier)
{
	CLEANUP(probe_freep) struct probe *probe = load(PROBE_BY_CGROUP);
	const char *limit = probe_limit(probe);
	bool is_highest = probe_tier(probe) == TIER_DEEP;

	cr_assert(eq(int, limit[0] == '\0', is_highest), "%s", limit);
	cr_assert(strchr(limit, '\n') == NULL);
	cr_assert(strstr(limit, "refused by this kernel") == NULL, "a program of ours: %s", limit);
	cr_assert(eq(int, probe_fd(probe) >= 0, is_highest));
}

Test(probe, without_rights_nothing_is_known_and_nothing_fails)
{
	CLEANUP(probe_freep) struct probe *probe = NULL;
	struct usage usage = { 0 };
	size_t n = 1;

	if (geteuid() == 0) /* of this test's own process */
		cr_assert(zero(int, setresuid(65534, 65534, 65534)));
	probe = load(PROBE_BY_CGROUP);
	cr_assert(eq(int, probe_tier(probe), TIER_FILES));
	cr_assert(strstr(probe_limit(probe), ": ") != NULL, "%s", probe_limit(probe));
	cr_assert(eq(int, probe_watch(probe, 1, 7), 0));
	cr_assert(eq(int, probe_snapshot(probe), 0));
	cr_assert(not(probe_usage(probe, 7, 1, &usage)));
	cr_assert(not(probe_usage(probe, 0, 0, &usage)));
	cr_assert(eq(int, probe_drain(probe, NULL, NULL), 0));
	cr_assert(eq(int, probe_fd(probe), -1));
	(void)probe_processes(probe, &n);
	cr_assert(zero(sz, n));
	probe_unwatch(probe, 1);
}

Test(probe, child_is_seen_with_its_memory_and_descriptors)
{
	CLEANUP(probe_freep) struct probe *probe = load(PROBE_BY_PROCESS);
	const struct process *child;
	struct process read;
	pid_t pid;

	if (probe_tier(probe) == TIER_FILES) {
		cr_assert(ne(str, (char *)probe_limit(probe), ""));
		(void)fprintf(stderr,
			      "not run here: unit probe/processes (needs CAP_BPF, CAP_PERFMON "
			      "and BTF)\n");
		return;
	}
	pid = fork_child();
	cr_assert(eq(int, probe_snapshot(probe), 0));
	child = find(probe, pid);
	cr_assert(child != NULL);
	cr_assert(eq(u32, child->parent, (uint32_t)getpid()));
	cr_assert(ge(dbl, child->usage.total[METRIC_RSS], 0.9 * CHILD_BYTES));
	cr_assert(ge(dbl, child->usage.total[METRIC_DESCRIPTORS], CHILD_DESCRIPTORS));
	cr_assert(lt(dbl, child->usage.total[METRIC_DESCRIPTORS], CHILD_DESCRIPTORS + 200));
	cr_assert(eq(int, procfs_process("/proc", (uint32_t)pid, &read), 0));
	cr_assert(eq(dbl, child->usage.total[METRIC_DESCRIPTORS_SHARE],
		     read.usage.total[METRIC_DESCRIPTORS_SHARE]));
	cr_assert(zero(dbl, child->usage.total[METRIC_STUCK]));
	cr_assert(zero(u64, child->usage.have & METRIC_BIT(METRIC_THREAD_CPU)), "no units here");
	cr_assert(ge(dbl, child->usage.total[METRIC_MINOR_FAULTS], CHILD_BYTES / 4096 / 512));
	cr_assert(gt(dbl, child->usage.total[METRIC_CPU], 0));
	cr_assert(eq(dbl, child->usage.total[METRIC_THREADS], 1));
	kill_child(pid, SIGKILL);
	cr_assert(eq(int, probe_snapshot(probe), 0));
	cr_assert(find(probe, pid) == NULL, "reaped, so gone");
}

struct heard {
	uint32_t unit;
	size_t n;
};

static void hear(const struct probe_event *event, void *userdata)
{
	struct heard *heard = userdata;

	if (event->oom_kill || event->code != (uint32_t)CHILD_SIGNAL)
		return;
	heard->unit = event->unit;
	heard->n++;
}

Test(probe, exit_by_signal_is_counted_for_the_unit_and_told_once)
{
	CLEANUP(probe_freep) struct probe *probe = load(PROBE_BY_CGROUP);
	struct usage before = { 0 }, after = { 0 };
	struct heard heard = { 0 };
	struct cgroup_roots roots;
	uint64_t id;
	pid_t pid;

	cr_assert(eq(int, cgroup_roots_read("/proc/self/mountinfo", &roots), 0));
	if (probe_tier(probe) < TIER_EVENTS || cgroup_id(&roots, "/", &id) < 0) {
		(void)fprintf(stderr, "not run here: unit probe/exit_by_signal (needs CAP_BPF, "
				      "CAP_PERFMON, BTF and cgroup2)\n");
		return;
	}
	cr_assert(eq(int, probe_watch(probe, id, 7), 0)); /* the root: every task is in it */
	cr_assert(eq(int, probe_snapshot(probe), 0));
	cr_assert(probe_usage(probe, 7, 0, &before));
	pid = fork_child();
	kill_child(pid, CHILD_SIGNAL);
	cr_assert(eq(int, probe_snapshot(probe), 0));
	cr_assert(probe_usage(probe, 7, 0, &after));
	cr_assert(ge(int, probe_drain(probe, hear, &heard), 1));

	cr_assert(ge(dbl, after.total[METRIC_FORKS], before.total[METRIC_FORKS] + 1));
	cr_assert(ge(dbl, after.total[METRIC_EXITS], before.total[METRIC_EXITS] + 1));
	cr_assert(ge(dbl, after.total[METRIC_EXITS_SIGNAL], before.total[METRIC_EXITS_SIGNAL] + 1));
	cr_assert(ge(dbl, after.total[METRIC_PROCESSES], 1));
	for (size_t i = 0; i < METRIC_N; i++)
		if (metric_table[i].kind != METRIC_KIND_LEVEL)
			cr_assert(ge(dbl, after.total[i], before.total[i]), "%s fell",
				  metric_table[i].name);
	cr_assert(eq(sz, heard.n, 1));
	cr_assert(eq(u32, heard.unit, 7));
}

/* After one more snapshot; it may be less than /proc lists, where a kernel shows its first process to no
 * iterator. */
static double walked_less_than_listed(struct probe *probe)
{
	struct usage listed = { 0 }, walked = { 0 };

	cr_assert(eq(int, probe_snapshot(probe), 0));
	cr_assert(probe_usage(probe, 0, 0, &walked));
	procfs_count("/proc", &listed);
	cr_assert(zero(u64, walked.old & METRIC_BIT(METRIC_PROCESSES)));
	return listed.total[METRIC_PROCESSES] - walked.total[METRIC_PROCESSES];
}

Test(probe, host_has_as_many_processes_as_proc_lists)
{
	CLEANUP(probe_freep) struct probe *probe = load(PROBE_BY_CGROUP);
	struct usage walked = { 0 };
	double less, again;
	pid_t child[8];

	if (probe_tier(probe) < TIER_ITERATORS) {
		cr_assert(eq(int, probe_snapshot(probe), 0));
		(void)probe_usage(probe, 0, 0, &walked);
		cr_assert(zero(u64, walked.have & METRIC_BIT(METRIC_PROCESSES)));
		return;
	}
	less = walked_less_than_listed(probe);
	for (size_t i = 0; i < 8; i++)
		child[i] = fork_child();
	again = walked_less_than_listed(probe);
	for (int i = 0; i < 1000 && (again != less || less < 0 || less > 1); i++) {
		less = again; /* others came or went meanwhile */
		again = walked_less_than_listed(probe);
	}
	cr_assert(eq(dbl, again, less));
	cr_assert(ge(dbl, less, 0));
	cr_assert(le(dbl, less, 1));
	for (size_t i = 0; i < 8; i++)
		kill_child(child[i], SIGKILL);
	probe_set_pace(probe, 1);
	cr_assert(eq(int, probe_snapshot(probe), 0));
	cr_assert(probe_usage(probe, 0, 0, &walked));
	cr_assert(ne(u64, walked.old & METRIC_BIT(METRIC_PROCESSES), 0), "it says that it is old");
}
