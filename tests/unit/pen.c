/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cgroup and a probe for a test, and processes in it. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pen.h"
#include "tests/unit/assertion.h"

bool pen_make(struct pen *pen, const char *test)
{
	*pen = (struct pen) { 0 };
	cr_assert(eq(int, probe_new(PROBE_BY_CGROUP, &pen->probe), 0));
	probe_set_pace(pen->probe, UINT32_MAX);
	cr_assert(eq(int, cgroup_roots_read("/proc/self/mountinfo", &pen->roots), 0));
	(void)snprintf(pen->path, sizeof(pen->path), "/selfheal-test-%d", (int)getpid());
	(void)snprintf(pen->folder, sizeof(pen->folder), "%s%s", pen->roots.unified, pen->path);
	if (probe_tier(pen->probe) >= TIER_EVENTS && mkdir(pen->folder, 0755) == 0) {
		cr_assert(eq(int, cgroup_id(&pen->roots, pen->path, &pen->id), 0));
		cr_assert(eq(int, probe_watch(pen->probe, pen->id, PEN_UNIT), 0));
		return true;
	}
	(void)fprintf(stderr,
		      "not run here: unit %s (needs CAP_BPF, CAP_PERFMON, BTF and leave "
		      "to make a cgroup)\n",
		      test);
	pen->probe = probe_free(pen->probe);
	return false;
}

void pen_remove(struct pen *pen)
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

pid_t pen_fork(const struct pen *pen, void (*live)(void *userdata), void *userdata)
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

void pen_end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
}

struct usage pen_look(const struct pen *pen)
{
	struct usage usage = { 0 };

	cr_assert(eq(int, probe_snapshot(pen->probe), 0));
	cr_assert(probe_usage(pen->probe, PEN_UNIT, pen->id, &usage));
	return usage;
}

double pen_clock_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void pen_wait_s(double span_s)
{
	for (double until_s = pen_clock_s() + span_s; pen_clock_s() < until_s;)
		(void)sched_yield();
}

void pen_begin_thread(void *(*run)(void *), void *userdata)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 64 << 10);
	if (pthread_create(&thread, &attributes, run, userdata) != 0)
		_exit(1);
}
