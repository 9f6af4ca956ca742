/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who allows a unit the least: its cgroup, one above it, systemd, or the host. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "fixture.h"
#include "scratch.h"
#include "sense/limits.h"
#include "tests/unit/assertion.h"

#define SLICE "shop.slice"
#define UNIT  SLICE "/shop.service"

static struct cgroup_roots roots_of(const struct scratch *scratch, bool is_v1)
{
	struct cgroup_roots roots = { 0 };

	(void)snprintf(is_v1 ? roots.memory : roots.unified, sizeof(roots.memory), "%s",
		       scratch->folder);
	return roots;
}

Test(limits, the_least_of_a_unit_and_its_slices_counts)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct cgroup_roots roots = roots_of(&scratch, false);
	struct limits limits;

	(void)scratch_write(&scratch, SLICE "/memory.max", "268435456\n");
	(void)scratch_write(&scratch, UNIT "/memory.max", "536870912\n");
	(void)scratch_write(&scratch, UNIT "/pids.max", "100\n");
	(void)scratch_write(&scratch, SLICE "/pids.max", "max\n");
	limits_of_cgroup(&roots, "/" UNIT, &limits);
	cr_assert(eq(u64, limits.memory_bytes, 268435456));
	cr_assert(eq(u64, limits.threads, 100));
}

Test(limits, what_has_no_number_or_is_not_there_is_no_limit)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct cgroup_roots roots = roots_of(&scratch, false);
	struct limits limits;

	(void)scratch_write(&scratch, SLICE "/memory.max", "max\n");
	(void)scratch_write(&scratch, UNIT "/memory.max", "max\n");
	(void)scratch_write(&scratch, UNIT "/pids.max", "\xff\xfe 12");
	limits_of_cgroup(&roots, "/" UNIT, &limits);
	cr_assert(zero(u64, limits.memory_bytes));
	cr_assert(zero(u64, limits.threads));
	limits_of_cgroup(&roots, "/../" UNIT, &limits);
	cr_assert(zero(u64, limits.memory_bytes));
}

Test(limits, a_v1_host_tells_its_memory_limit_too)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct cgroup_roots roots = roots_of(&scratch, true);
	struct limits limits;

	(void)scratch_write(&scratch, SLICE "/pids.max", "max\n");
	(void)scratch_write(&scratch, UNIT "/memory.limit_in_bytes", "1048576\n");
	limits_of_cgroup(&roots, "/" UNIT, &limits);
	cr_assert(eq(u64, limits.memory_bytes, 1048576));
}

Test(limits, of_the_host_the_lower_bound_of_threads_counts)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct limits limits;

	cr_assert(eq(int, mkdir(scratch_path(&scratch, "sys"), 0700), 0));
	(void)scratch_write(&scratch, "meminfo", "MemTotal:        2048 kB\nMemFree:  1 kB\n");
	(void)scratch_write(&scratch, "sys/kernel/threads-max", "5000\n");
	(void)scratch_write(&scratch, "sys/kernel/pid_max", "4000\n");
	limits_of_host(scratch.folder, &limits);
	cr_assert(eq(u64, limits.memory_bytes, 2048 * 1024));
	cr_assert(eq(u64, limits.threads, 4000));
}

Test(limits, the_cgroup_knows_better_than_systemd_and_the_host_counts_where_it_has_less)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct cgroup_roots roots = roots_of(&scratch, false);
	const struct limits host = { .memory_bytes = 400, .threads = 9000 };
	struct limits_memory memory = { 0 };
	struct unit_status status = fixture_status("shop.service", 1);

	(void)snprintf(status.cgroup, sizeof(status.cgroup), "/" UNIT);
	status.memory_most_bytes = 200;
	status.threads_most = 8000;
	(void)scratch_write(&scratch, SLICE "/pids.max", "max\n");
	(void)scratch_write(&scratch, UNIT "/memory.max", "300\n");
	limits_tell(&memory, &roots, &host, SECONDS(1), &status);
	cr_assert(eq(u64, status.memory_most_bytes, 300));
	cr_assert(eq(u64, status.threads_most, 8000));

	/* It was raised; that is seen within two minutes, and by then the host has less. */
	(void)scratch_write(&scratch, UNIT "/memory.max", "500\n");
	limits_tell(&memory, &roots, &host, SECONDS(2), &status);
	cr_assert(eq(u64, status.memory_most_bytes, 300));
	limits_tell(&memory, &roots, &host, SECONDS(2) + MINUTES(2), &status);
	cr_assert(eq(u64, status.memory_most_bytes, 400));
}

Test(limits, of_a_unit_without_a_cgroup_no_more_is_known_than_systemd_says)
{
	const struct limits host = { .memory_bytes = 400, .threads = 9000 };
	const struct cgroup_roots roots = { .unified = "/nowhere" };
	struct limits_memory memory = { 0 };
	struct unit_status status = fixture_status("shop.service", 1);

	status.cgroup[0] = '\0';
	status.memory_most_bytes = 0;
	limits_tell(&memory, &roots, &host, SECONDS(1), &status);
	cr_assert(zero(u64, status.memory_most_bytes));
	cr_assert(zero(u64, status.threads_most));
}
