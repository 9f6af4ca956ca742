/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the deep probes cost while they are attached: each switch of a CPU, each system call, each one
 * that fails; of a suspect, and of a bystander who is another unit.
 *
 *	deep SUSPECTS_CGROUP BYSTANDERS_CGROUP
 *
 * Two processes hand a byte to and fro on one CPU, so that each two calls make a switch, whose cost
 * has theirs in it; and one makes calls alone. With the probes and without by turns: CPU time, medians.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sense/deep.h"
#include "tests/bench/median.h"

#define ROUNDS	  5
#define SWITCHES  30000
#define CALLS	  100000
#define SUSPECT	  1
#define BYSTANDER 2

struct work {
	const char *name;
	void (*run)(void);
	double n; /* of what it does */
};

static double children_ns(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_CHILDREN, &usage);
	return ((double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec) * 1e9 +
	       ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) * 1e3;
}

static void enter(const char *folder)
{
	char name[512];
	int fd;

	(void)snprintf(name, sizeof(name), "%s/cgroup.procs", folder);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(1, "%s", name);
	(void)close(fd);
}

static void hand_to_and_fro(void)
{
	int there[2], back[2];
	char byte = 0;
	cpu_set_t set;
	pid_t pid;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0 || pipe(there) < 0 || pipe(back) < 0)
		err(1, "cannot prepare");
	pid = fork();
	for (int i = 0; i < SWITCHES / 2; i++) {
		if (pid == 0 && (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1))
			_exit(1);
		if (pid != 0 && (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1))
			_exit(1);
	}
	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
}

static void call(void)
{
	for (int i = 0; i < CALLS; i++)
		(void)syscall(SYS_getppid);
}

static void call_in_vain(void)
{
	for (int i = 0; i < CALLS; i++)
		(void)syscall(SYS_close, -1);
}

/* CPU time of one round, ns for each of n. */
static double round_ns(void (*run)(void), double n, const char *folder)
{
	double before_ns = children_ns();
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		enter(folder);
		run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "a worker has failed");
	return (children_ns() - before_ns) / n;
}

/* What it takes longer with the probes than in the round without just before, and without: medians. */
static void measure(struct deep *deep, uint64_t *when_ms, const struct work *work, const char *who,
		    const char *folder)
{
	double extra[ROUNDS], without[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		without[i] = round_ns(work->run, work->n, folder);
		*when_ms += DEEP_EVERY_MS;
		if (deep_turn(deep, *when_ms) < 0 || !deep_is_attached(deep))
			errx(1, "cannot attach the deep probes");
		extra[i] = round_ns(work->run, work->n, folder) - without[i];
		*when_ms += DEEP_WINDOW_MS;
		(void)deep_turn(deep, *when_ms);
	}
	(void)printf("%s_%s_ns %.1f\n", who, work->name, median(extra, ROUNDS));
	(void)printf("%s_%s_share %.3f\n", who, work->name,
		     median(extra, ROUNDS) / median(without, ROUNDS));
}

static void watch(int watched_fd, const char *folder, uint32_t unit)
{
	struct stat status;
	uint64_t id;

	if (stat(folder, &status) < 0)
		err(1, "%s", folder);
	id = status.st_ino;
	if (bpf_map_update_elem(watched_fd, &id, &unit, BPF_ANY) < 0)
		err(1, "cannot watch %s", folder);
}

int main(int argc, char **argv)
{
	static const struct work works[] = {
		{ "switch", hand_to_and_fro, SWITCHES },
		{ "call", call, CALLS },
		{ "failing_call", call_in_vain, CALLS },
	};
	CLEANUP(deep_freep) struct deep *deep = NULL;
	struct btf *kernel = btf__load_vmlinux_btf();
	uint64_t when_ms = DEEP_EVERY_MS;
	int watched_fd;

	if (argc != 3)
		errx(2, "usage: deep SUSPECTS_CGROUP BYSTANDERS_CGROUP");
	watched_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "watched", sizeof(uint64_t),
				    sizeof(uint32_t), WATCHED_MAX, NULL);
	if (!kernel || watched_fd < 0)
		err(1, "cannot make a map");
	watch(watched_fd, argv[1], SUSPECT);
	watch(watched_fd, argv[2], BYSTANDER);
	if (deep_new(watched_fd, kernel, &deep) < 0 || deep_suspect(deep, SUSPECT, true, 0) < 0)
		errx(1, "cannot load the deep probes");
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		measure(deep, &when_ms, &works[i], "suspect", argv[1]);
		measure(deep, &when_ms, &works[i], "bystander", argv[2]);
	}
	btf__free(kernel);
	return 0;
}
