/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As many cgroups as a large host has, against their own files: with the rights of root. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sense/cgroup.h"
#include "sense/probe.h"
#include "tests/unit/assertion.h"

#define CGROUPS	  500
#define FIRST	  7 /* of their units */
#define WORKERS	  5 /* every hundredth has a process that has worked */
#define PATH_SIZE 512

static struct cgroup_roots roots;
static struct probe *probe;
static char base[PATH_SIZE - 32];

static char *path_of(char *buffer, size_t i, const char *file)
{
	(void)snprintf(buffer, PATH_SIZE, "%s/%zu%s", base, i, file);
	return buffer;
}

/* The kernel lets go of a process a moment after it was waited for. */
static void clean(void)
{
	char path[PATH_SIZE];

	probe = probe_free(probe);
	for (size_t i = 0; base[0] && i < CGROUPS; i++)
		for (int n = 0; n < 100 && rmdir(path_of(path, i, "")) < 0 && errno == EBUSY; n++)
			(void)usleep(10000);
	if (base[0])
		(void)rmdir(base);
}

TestSuite(probe_cgroups, .fini = clean);

static bool make_cgroups(void)
{
	char path[PATH_SIZE];
	struct stat status;

	if (probe_new(PROBE_BY_CGROUP, &probe) < 0 || !probe_walks_cgroups(probe) ||
	    cgroup_roots_read("/proc/self/mountinfo", &roots) < 0 || !roots.unified[0])
		return false;
	(void)snprintf(base, sizeof(base), "%s/selfheal-test-%d", roots.unified, (int)getpid());
	if (mkdir(base, 0755) < 0)
		return false;
	for (size_t i = 0; i < CGROUPS; i++) {
		cr_assert(zero(int, mkdir(path_of(path, i, ""), 0755)));
		cr_assert(zero(int, stat(path, &status)));
		cr_assert(zero(int, probe_watch(probe, status.st_ino, (uint32_t)(FIRST + i))));
	}
	return true;
}

/* In that cgroup: some milliseconds of CPU time, and an end. */
static void work_in(size_t i)
{
	char path[PATH_SIZE];
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		FILE *procs = fopen(path_of(path, i, "/cgroup.procs"), "we");
		volatile unsigned int n = 0;

		if (!procs || fputs("0", procs) < 0 || fclose(procs) != 0)
			_exit(1);
		while (n < 10000000)
			n++;
		_exit(0);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(zero(int, status));
}

static double cpu_of(size_t i)
{
	char path[PATH_SIZE], line[64];
	unsigned long long usage_us = 0;
	FILE *file = fopen(path_of(path, i, "/cpu.stat"), "re");

	cr_assert(ne(ptr, file, NULL));
	while (fgets(line, sizeof(line), file) && sscanf(line, "usage_usec %llu", &usage_us) != 1)
		;
	(void)fclose(file);
	return (double)usage_us / 1e6;
}

Test(probe_cgroups, five_hundred_are_all_seen_and_each_has_what_its_files_say)
{
	struct stat status;
	char path[PATH_SIZE];

	if (!make_cgroups()) {
		(void)fprintf(stderr, "not run here: unit probe_cgroups (needs root, BTF, cgroup2 "
				      "and a kernel that walks cgroups)\n");
		return;
	}
	for (size_t i = 0; i < WORKERS; i++)
		work_in(i * (CGROUPS / WORKERS));
	cr_assert(zero(int, probe_snapshot(probe)));
	for (size_t i = 0; i < CGROUPS; i++) {
		struct usage usage = { 0 };

		cr_assert(zero(int, stat(path_of(path, i, ""), &status)));
		cr_assert(probe_usage(probe, (uint32_t)(FIRST + i), status.st_ino, &usage));
		cr_assert(ne(u64, usage.have & METRIC_BIT(METRIC_CPU), 0), "cgroup %zu", i);
		cr_assert(lt(dbl, usage.total[METRIC_CPU] - cpu_of(i), 1e-5), "cgroup %zu", i);
		cr_assert(gt(dbl, usage.total[METRIC_CPU] - cpu_of(i), -1e-5), "cgroup %zu", i);
		if (i % (CGROUPS / WORKERS) == 0)
			cr_assert(gt(dbl, usage.total[METRIC_CPU], 1e-3), "cgroup %zu", i);
	}
	cr_assert(zero(u64, probe_lost(probe)));
}
