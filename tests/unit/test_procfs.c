/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded /proc: an init, a kernel thread, a hostile name, a zombie, a stranger, nonsense. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sense/procfs.h"
#include "tests/unit/assertion.h"

#define ROOT "tests/data/proc"

static double value(const struct usage *usage, enum metric metric)
{
	cr_assert(ne(u64, usage->have & METRIC_BIT(metric), 0), "%s is absent",
		  metric_table[metric].name);
	return usage->total[metric];
}

static bool has(const struct usage *usage, enum metric metric)
{
	return (usage->have & METRIC_BIT(metric)) != 0;
}

static struct process process(uint32_t pid)
{
	struct process process;

	cr_assert(eq(int, procfs_process(ROOT, pid, &process), 0), "process %u", pid);
	return process;
}

Test(procfs, process_has_what_its_files_say)
{
	struct process init = process(1);
	double tick_s = 1 / (double)sysconf(_SC_CLK_TCK);
	double page_bytes = (double)sysconf(_SC_PAGESIZE);

	cr_assert(eq(str, init.command, "systemd"));
	cr_assert(eq(u32, init.pid, 1));
	cr_assert(eq(u32, init.parent, 0));
	cr_assert(epsilon_eq(dbl, value(&init.usage, METRIC_CPU), 400 * tick_s, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&init.usage, METRIC_RUN_DELAY), 0.12, 1e-9));
	cr_assert(eq(dbl, value(&init.usage, METRIC_RSS), 300 * page_bytes));
	cr_assert(eq(dbl, value(&init.usage, METRIC_SWAP), 16 * 1024));
	cr_assert(eq(dbl, value(&init.usage, METRIC_PROCESSES), 1));
	cr_assert(eq(dbl, value(&init.usage, METRIC_THREADS), 1));
	cr_assert(eq(dbl, value(&init.usage, METRIC_DESCRIPTORS), 3));
	cr_assert(eq(dbl, value(&init.usage, METRIC_DESCRIPTORS_SHARE), 0.25));
	cr_assert(eq(dbl, value(&init.usage, METRIC_MINOR_FAULTS), 3000));
	cr_assert(eq(dbl, value(&init.usage, METRIC_MAJOR_FAULTS), 20));
	cr_assert(eq(dbl, value(&init.usage, METRIC_READ_BYTES), 409600));
	cr_assert(eq(dbl, value(&init.usage, METRIC_WRITE_BYTES), 8192));
	cr_assert(eq(dbl, value(&init.usage, METRIC_SWITCHES_VOLUNTARY), 700));
	cr_assert(eq(dbl, value(&init.usage, METRIC_SWITCHES_INVOLUNTARY), 30));
	cr_assert(not(has(&init.usage, METRIC_MEMORY)), "that is the cgroup's to say");
}

Test(procfs, name_may_look_like_the_fields_after_it)
{
	struct process hostile = process(42);

	cr_assert(eq(str, hostile.command, "a) S 7 (b) (c)"));
	cr_assert(eq(u32, hostile.parent, 1));
	cr_assert(eq(dbl, value(&hostile.usage, METRIC_BLOCKED), 1));
	cr_assert(eq(dbl, value(&hostile.usage, METRIC_THREADS), 4));
	cr_assert(eq(dbl, value(&hostile.usage, METRIC_DESCRIPTORS), 5));
}

Test(procfs, limit_that_was_lowered_below_what_it_holds_is_not_near)
{
	struct process shut = process(42);

	cr_assert(eq(dbl, value(&shut.usage, METRIC_DESCRIPTORS), 5));
	cr_assert(zero(dbl, value(&shut.usage, METRIC_DESCRIPTORS_SHARE)), "of 4");
}

Test(procfs, what_is_told_of_the_first_thread_alone_is_absent_for_several)
{
	struct process threads = process(42);

	cr_assert(not(has(&threads.usage, METRIC_RUN_DELAY)));
	cr_assert(not(has(&threads.usage, METRIC_SWITCHES_VOLUNTARY)));
	cr_assert(not(has(&threads.usage, METRIC_SWITCHES_INVOLUNTARY)));
}

Test(procfs, zombie_is_no_process_but_keeps_its_totals)
{
	struct process zombie = process(43);

	cr_assert(eq(dbl, value(&zombie.usage, METRIC_ZOMBIES), 1));
	cr_assert(eq(dbl, value(&zombie.usage, METRIC_PROCESSES), 0));
	cr_assert(eq(dbl, value(&zombie.usage, METRIC_THREADS), 0));
	cr_assert(gt(dbl, value(&zombie.usage, METRIC_CPU), 0));
	cr_assert(not(has(&zombie.usage, METRIC_RSS)));
	cr_assert(not(has(&zombie.usage, METRIC_SWAP)));
}

Test(procfs, unreadable_file_leaves_its_metrics_absent)
{
	struct process other = process(44);

	cr_assert(eq(dbl, value(&other.usage, METRIC_STOPPED), 1));
	cr_assert(not(has(&other.usage, METRIC_READ_BYTES)));
	cr_assert(not(has(&other.usage, METRIC_WRITE_BYTES)));
	cr_assert(not(has(&other.usage, METRIC_DESCRIPTORS)));
	cr_assert(not(has(&other.usage, METRIC_DESCRIPTORS_SHARE)));
}

Test(procfs, what_is_no_process_is_refused_and_nothing_written)
{
	static const struct {
		uint32_t pid;
		int r;
	} cases[] = {
		{ 2, -ENODATA },  /* a kernel thread */
		{ 45, -EBADMSG }, /* no end of its name */
		{ 46, -EBADMSG }, /* fields missing */
		{ 47, -ESRCH },	  /* ended between two files */
		{ 99, -ESRCH },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process untouched = { .pid = 7777 };

		cr_assert(eq(int, procfs_process(ROOT, cases[i].pid, &untouched), cases[i].r),
			  "process %u", cases[i].pid);
		cr_assert(eq(u32, untouched.pid, 7777));
	}
}

Test(procfs, list_has_all_processes_but_kernel_threads_and_nonsense)
{
	CLEANUP(cleanup_free) struct process *processes = NULL;
	uint64_t found = 0;
	size_t n = 0;

	cr_assert(eq(int, procfs_processes(ROOT, &processes, &n), 0));
	for (size_t i = 0; i < n; i++)
		found |= UINT64_C(1) << processes[i].pid;
	cr_assert(eq(sz, n, 4));
	cr_assert(
		eq(u64, found, 1 << 1 | UINT64_C(1) << 42 | UINT64_C(1) << 43 | UINT64_C(1) << 44));
	cr_assert(eq(int, procfs_processes("tests/data/none", &processes, &n), -ENOENT));
}

Test(procfs, host_has_what_its_files_say)
{
	struct usage host;
	double tick_s = 1 / (double)sysconf(_SC_CLK_TCK);

	procfs_host(ROOT, &host);
	/* user, nice, system, interrupts; not idle, waiting or stolen */
	cr_assert(epsilon_eq(dbl, value(&host, METRIC_CPU), (4705 + 150 + 1120 + 290 + 12) * tick_s,
			     1e-9));
	cr_assert(eq(dbl, value(&host, METRIC_MEMORY), (4018396.0 - 2970000) * 1024));
	cr_assert(eq(dbl, value(&host, METRIC_SWAP), 48572.0 * 1024));
	cr_assert(eq(dbl, value(&host, METRIC_MAJOR_FAULTS), 31));
	cr_assert(eq(dbl, value(&host, METRIC_MINOR_FAULTS), 90210031 - 31));
	cr_assert(eq(dbl, value(&host, METRIC_READ_BYTES), 5821004.0 * 1024));
	cr_assert(eq(dbl, value(&host, METRIC_WRITE_BYTES), 3300122.0 * 1024));
	cr_assert(eq(dbl, value(&host, METRIC_OOM_KILLS), 2));
	cr_assert(zero(u64, host.have & METRIC_BIT(METRIC_PROCESSES)), "they are counted apart");
	procfs_count(ROOT, &host);
	cr_assert(eq(dbl, value(&host, METRIC_PROCESSES), 8));
	cr_assert(epsilon_eq(dbl, value(&host, METRIC_PSI_CPU_SOME), 2.5, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&host, METRIC_PSI_MEMORY_SOME), 1.5, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&host, METRIC_PSI_MEMORY_FULL), 0.5, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&host, METRIC_PSI_IO_SOME), 0.75, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&host, METRIC_PSI_IO_FULL), 0.25, 1e-9));
}

Test(procfs, host_without_files_is_unknown_and_not_idle)
{
	struct usage host = { .have = ~UINT64_C(0) };

	procfs_host("tests/data/none", &host);
	cr_assert(eq(u64, host.have, 0));
	procfs_count("tests/data/none", &host);
	cr_assert(eq(u64, host.have, 0));
	procfs_host("tests/data/mountinfo", &host); /* a folder with other files */
	cr_assert(eq(u64, host.have, 0));
}

Test(procfs, real_process_is_read_too)
{
	struct process self;

	cr_assert(eq(int, procfs_process("/proc", (uint32_t)getpid(), &self), 0));
	cr_assert(eq(u32, self.parent, (uint32_t)getppid()));
	cr_assert(gt(dbl, value(&self.usage, METRIC_RSS), 0));
	cr_assert(lt(dbl, value(&self.usage, METRIC_DESCRIPTORS), 1000), "not a folder's bytes");
	cr_assert(ge(dbl, value(&self.usage, METRIC_DESCRIPTORS), 3));
	cr_assert(gt(dbl, value(&self.usage, METRIC_DESCRIPTORS_SHARE), 0));
	cr_assert(lt(dbl, value(&self.usage, METRIC_DESCRIPTORS_SHARE), 1));
}
