/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's side says of limits, against /proc and cgroup files; for who has the rights to load
 * it and to make a cgroup. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pen.h"
#include "sense/procfs.h"
#include "tests/unit/assertion.h"

static bool has(const struct usage *usage, enum metric metric)
{
	return usage->have & METRIC_BIT(metric);
}

/* ---- descriptors ------------------------------------------------------------- */

struct holding {
	rlim_t limit;
	int n;
};

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

Test(probe_limits, share_of_descriptors_is_that_of_the_process_nearest_to_its_limit)
{
	/* Most of all; nearest; more than it may have. */
	struct holding holding[] = { { 1000, 300 }, { 200, 100 }, { 5, 50 } };
	CLEANUP(pen_remove) struct pen pen;
	struct process process;
	double share[3];
	struct usage usage;
	pid_t pid[3];

	if (!pen_make(&pen, "probe_limits/share_of_descriptors"))
		return;
	for (size_t i = 0; i < 3; i++) {
		pid[i] = pen_fork(&pen, hold_descriptors, &holding[i]);
		cr_assert(zero(int, procfs_process("/proc", (uint32_t)pid[i], &process)));
		cr_assert(has(&process.usage, METRIC_DESCRIPTORS_SHARE));
		share[i] = process.usage.total[METRIC_DESCRIPTORS_SHARE];
	}
	usage = pen_look(&pen);
	cr_assert(gt(dbl, share[1], share[0]));
	cr_assert(gt(dbl, share[0], 0.3));
	cr_assert(zero(dbl, share[2]));
	cr_assert(eq(dbl, usage.total[METRIC_DESCRIPTORS_SHARE], share[1]));
	pen_end(pid[1]);
	usage = pen_look(&pen);
	cr_assert(eq(dbl, usage.total[METRIC_DESCRIPTORS_SHARE], share[0]));
	pen_end(pid[0]);
	usage = pen_look(&pen);
	cr_assert(zero(dbl, usage.total[METRIC_DESCRIPTORS_SHARE]));
	pen_end(pid[2]);
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
	pen_begin_thread(spin, NULL);
}

Test(probe_limits, limits_of_a_cgroup_are_told_as_its_files_tell_them)
{
	static const enum metric metrics[] = { METRIC_PSI_CPU_FULL, METRIC_THROTTLED,
					       METRIC_MEMORY_HIGH, METRIC_MEMORY_MAX };
	CLEANUP(cgroup_files_closep) struct cgroup_files *files = NULL;
	struct usage before, told, after;
	CLEANUP(pen_remove) struct pen pen;
	struct pen other;
	pid_t inside, outside;

	if (!pen_make(&pen, "probe_limits/limits_of_a_cgroup"))
		return;
	if (!probe_walks_cgroups(pen.probe))
		return;
	other = pen;
	(void)snprintf(other.folder, sizeof(other.folder), "%s", pen.roots.unified);
	inside = pen_fork(&pen, live_on_the_first_cpu, NULL);
	outside = pen_fork(&other, live_on_the_first_cpu, NULL);
	cr_assert(eq(int, cgroup_files_open(&pen.roots, pen.path, &files), 0));
	pen_wait_s(0.1); /* each of the two waits for the other */
	/* The kernel brings its totals up to date where a file is read, and what is told is the mean of
	 * two walks: both after one reading, before the next. */
	cr_assert(eq(int, cgroup_files_read(files, &before), 0));
	(void)pen_look(&pen);
	told = pen_look(&pen);
	cr_assert(eq(int, cgroup_files_read(files, &after), 0));
	pen_end(inside);
	pen_end(outside);
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
