/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a walk found, put together although things end meanwhile. */
#include <criterion/criterion.h>
#include <errno.h>

#include "sense/census.h"
#include "tests/unit/assertion.h"

static const struct census_known all = {
	.tasks = true, .counters = true, .oom_kills = true, .cgroups = true, .cpu = true
};

/* Run delay, in seconds: of the living, of those between, of the ended before and after the walk. */
struct look {
	uint64_t alive, leaving, ended_before, ended_after;
};

static double told(struct census *census, const struct look *look)
{
	struct task_sums sums = { 0 };
	struct unit_counters before = { 0 }, after = { 0 };
	struct usage usage = { 0 };

	sums.alive.of[TOTAL_RUN_DELAY_NS] = look->alive * 1000000000;
	sums.leaving.of[TOTAL_RUN_DELAY_NS] = look->leaving * 1000000000;
	before.ended.of[TOTAL_RUN_DELAY_NS] = look->ended_before * 1000000000;
	after.ended.of[TOTAL_RUN_DELAY_NS] = look->ended_after * 1000000000;
	census_begin(census, true);
	census_counters_before(census, 7, &before);
	census_sums(census, 7, &sums);
	census_counters_after(census, 7, &after);
	census_end(census, &all);
	cr_assert(census_usage(census, 7, 0, &usage));
	return usage.total[METRIC_RUN_DELAY];
}

static struct census *watching(uint64_t cgroup_id, uint32_t unit)
{
	struct census *census = NULL;
	uint32_t dropped;

	cr_assert(eq(int, census_new(&census), 0));
	cr_assert(eq(int, census_watch(census, cgroup_id, unit, &dropped), 0));
	return census;
}

static void walk_nothing(struct census *census)
{
	census_begin(census, true);
	census_end(census, &all);
}

static struct usage usage_of(const struct census *census, uint32_t unit, uint64_t cgroup_id)
{
	struct usage usage = { 0 };

	cr_assert(census_usage(census, unit, cgroup_id, &usage), "unit %u", unit);
	return usage;
}

Test(census, total_neither_leaps_nor_falls_when_a_thread_ends_during_the_walk)
{
	/* Two threads, of 100 s and 900 s; the second ends at each moment there is. */
	static const struct {
		const char *when;
		struct look look;
		double told;
	} cases[] = {
		{ "after the walk", { 1001, 0, 0, 900 }, 1001 },
		{ "seen alive, counted before the second read", { 1001, 0, 0, 900 }, 1001 },
		{ "gone before it was reached", { 101, 0, 0, 900 }, 1000 },
		{ "flagged, not counted yet", { 101, 900, 0, 0 }, 1000 },
		{ "flagged and counted", { 101, 900, 900, 900 }, 1001 },
		{ "before all of it", { 101, 0, 900, 900 }, 1001 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(census_freep) struct census *census = watching(50, 7);
		static const struct look quiet = { 1000, 0, 0, 0 }, later = { 103, 0, 900, 900 };

		cr_assert(eq(dbl, told(census, &quiet), 1000));
		cr_assert(epsilon_eq(dbl, told(census, &cases[i].look), cases[i].told, 1e-6), "%s",
			  cases[i].when);
		cr_assert(epsilon_eq(dbl, told(census, &later), 1003, 1e-6), "%s", cases[i].when);
	}
}

Test(census, total_that_really_falls_is_told)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	static const struct look before = { 100, 0, 0, 0 }, after = { 3, 0, 0, 0 };

	cr_assert(eq(dbl, told(census, &before), 100));
	cr_assert(eq(dbl, told(census, &after), 3), "the sampler has to see it");
}

Test(census, watched_unit_without_tasks_has_none_which_is_known)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	struct usage usage;

	walk_nothing(census);
	usage = usage_of(census, 7, 50);
	cr_assert(ne(u64, usage.have & METRIC_BIT(METRIC_PROCESSES), 0));
	cr_assert(zero(dbl, usage.total[METRIC_PROCESSES]));
	cr_assert(zero(dbl, usage.total[METRIC_THREADS]));
	cr_assert(zero(u64, usage.have & METRIC_BIT(METRIC_MEMORY)), "its cgroup was not found");
}

Test(census, part_that_did_not_work_is_absent)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	static const struct census_known counters = { .counters = true };
	static const struct census_known tasks = { .tasks = true,
						   .lacks = 1 << TOTAL_RUN_DELAY_NS };
	struct usage usage = { 0 };

	census_begin(census, true);
	cr_assert(not(census_usage(census, 7, 50, &usage)), "the walk is not over");
	census_end(census, &counters);
	usage = usage_of(census, 7, 50);
	cr_assert(eq(u64, usage.have,
		     METRIC_BIT(METRIC_FORKS) | METRIC_BIT(METRIC_EXITS) |
			     METRIC_BIT(METRIC_EXITS_FAILED) | METRIC_BIT(METRIC_EXITS_SIGNAL)));

	census_begin(census, true);
	census_end(census, &tasks);
	usage = usage_of(census, 7, 50);
	cr_assert(zero(u64, usage.have & METRIC_BIT(METRIC_FORKS)));
	cr_assert(zero(u64, usage.have & METRIC_BIT(METRIC_RUN_DELAY)), "this kernel keeps none");
	cr_assert(ne(u64, usage.have & METRIC_BIT(METRIC_CPU), 0));
}

Test(census, tasks_that_are_not_walked_are_as_they_were_and_say_how_old_that_is)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	const struct cgroup_facts facts = { .cpu_ns = 5000000000 };
	struct census_known known = all;
	struct task_sums sums = { .threads = 3 };
	uint32_t dropped;

	known.tasks_ms = known.when_ms = 10000;
	sums.alive.of[TOTAL_RUN_DELAY_NS] = 2000000000;
	census_begin(census, true);
	census_sums(census, 7, &sums);
	census_facts(census, 50, &facts);
	census_end(census, &known);
	cr_assert(zero(u64, usage_of(census, 7, 50).old));

	known.when_ms = 12000;
	cr_assert(zero(int, census_watch(census, 51, 8, &dropped)));
	census_begin(census, false);
	census_facts(census, 50, &facts);
	census_end(census, &known);
	struct usage usage = usage_of(census, 7, 50);

	cr_assert(eq(dbl, usage.total[METRIC_THREADS], 3));
	cr_assert(eq(dbl, usage.total[METRIC_RUN_DELAY], 2));
	cr_assert(eq(u8, usage.age_s[METRIC_THREADS], 2));
	cr_assert(eq(u8, usage.age_s[METRIC_RUN_DELAY], 2));
	cr_assert(zero(u8, usage.age_s[METRIC_CPU]), "the cgroup's is new");
	cr_assert(zero(u64, usage.old & (METRIC_BIT(METRIC_CPU) | METRIC_BIT(METRIC_FORKS))));
	usage = usage_of(census, 8, 51);
	cr_assert(zero(u64, usage.have & METRIC_BIT(METRIC_THREADS)), "no walk has met it yet");
}

Test(census, cpu_comes_from_one_place_only)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	const struct cgroup_facts facts = { .cpu_ns = 5000000000 };
	struct census_known known = all;
	struct task_sums sums = { 0 };

	sums.alive.of[TOTAL_EXEC_NS] = 2000000000;
	census_begin(census, true);
	census_sums(census, 7, &sums);
	census_facts(census, 50, &facts);
	census_end(census, &known);
	cr_assert(eq(dbl, usage_of(census, 7, 50).total[METRIC_CPU], 5));
	cr_assert(eq(dbl, usage_of(census, 7, 0).total[METRIC_CPU], 2), "asked without a cgroup");

	census_begin(census, true); /* not flushed, or the cgroup not found */
	census_sums(census, 7, &sums);
	census_end(census, &known);
	cr_assert(zero(u64, usage_of(census, 7, 50).have & METRIC_BIT(METRIC_CPU)));
}

Test(census, pressure_is_the_mean_of_two_looks)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	/* As the kernel renews it: every other look. */
	static const uint64_t seen_s[] = { 10, 10, 12, 12, 14, 14 };
	static const double told_s[] = { 10, 10, 11, 12, 13, 14 };

	for (size_t i = 0; i < sizeof(seen_s) / sizeof(seen_s[0]); i++) {
		struct cgroup_facts facts = { .have = CGROUP_HAVE_PSI };

		facts.psi_ns[FACT_PSI_MEMORY_FULL] = seen_s[i] * 1000000000;
		census_begin(census, true);
		census_facts(census, 50, &facts);
		census_end(census, &all);
		cr_assert(eq(dbl, usage_of(census, 7, 50).total[METRIC_PSI_MEMORY_FULL], told_s[i]),
			  "look %zu", i);
	}
}

/* Half a core, in a walk at that time. */
static void look_at_threads(struct census *census, uint64_t when_ms, enum thread_look look,
			    uint32_t unknown)
{
	struct census_known known = all;
	struct task_sums sums = { .threads = 2, .look = look, .unknown = unknown };

	sums.busiest_cpu_ppm = 500000;
	sums.busiest_switches = 2500;
	known.when_ms = when_ms;
	census_begin(census, true);
	census_sums(census, 7, &sums);
	census_end(census, &known);
}

static bool knows_busiest(const struct census *census)
{
	return usage_of(census, 7, 0).have & METRIC_BIT(METRIC_THREAD_CPU);
}

Test(census, busiest_thread_is_known_after_two_looks_and_told_with_its_age)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	struct usage usage;
	uint32_t dropped;

	look_at_threads(census, 1000, LOOK_BEGIN, 0);
	cr_assert(not(knows_busiest(census)), "nothing to compare with");
	look_at_threads(census, 2000, LOOK_COMPARE, 0);
	look_at_threads(census, 11000, LOOK_COMPARE, 1);
	usage = usage_of(census, 7, 0);
	cr_assert(eq(dbl, usage.total[METRIC_THREAD_CPU], 0.5));
	cr_assert(eq(dbl, usage.total[METRIC_THREAD_SWITCHES], 2.5));
	cr_assert(eq(u8, usage.age_s[METRIC_THREAD_CPU], 9), "one of them was not known at 11 s");
	cr_assert(zero(u8, usage.age_s[METRIC_STUCK]));

	for (uint64_t i = 1; i < BUSIEST_WALKS_MAX; i++)
		look_at_threads(census, 11000 + i, LOOK_NOT, 0);
	cr_assert(knows_busiest(census));
	look_at_threads(census, 22000, LOOK_NOT, 0);
	cr_assert(not(knows_busiest(census)), "overdue");
	look_at_threads(census, 23000, LOOK_COMPARE, 0);
	cr_assert(knows_busiest(census));
	cr_assert(eq(int, census_watch(census, 51, 7, &dropped), 0));
	cr_assert(not(knows_busiest(census)), "another cgroup is another run");
}

Test(census, unit_without_threads_has_no_busiest)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);

	look_at_threads(census, 1000, LOOK_COMPARE, 0);
	cr_assert(knows_busiest(census));
	walk_nothing(census);
	cr_assert(not(knows_busiest(census)));
}

Test(census, what_this_kernel_or_cgroup_does_not_keep_is_absent)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	const struct cgroup_facts facts = { .have = CGROUP_HAVE_PSI };
	struct usage usage;

	census_begin(census, true);
	census_facts(census, 50, &facts);
	census_end(census, &all);
	usage = usage_of(census, 7, 50);
	cr_assert(ne(u64, usage.have & METRIC_BIT(METRIC_PSI_CPU_SOME), 0));
	cr_assert(zero(u64,
		       usage.have &
			       (METRIC_BIT(METRIC_PSI_CPU_FULL) | METRIC_BIT(METRIC_THROTTLED) |
				METRIC_BIT(METRIC_MEMORY_HIGH) | METRIC_BIT(METRIC_MEMORY_MAX))));
}

Test(census, cgroup_facts_are_told_of_its_own_unit_only)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	const struct cgroup_facts facts = { .have = CGROUP_HAVE_MEMORY, .memory_pages = 3 };
	uint32_t dropped;

	cr_assert(eq(int, census_watch(census, 40, 8, &dropped), 0));
	census_begin(census, true);
	census_facts(census, 50, &facts);
	census_facts(census, 99, &facts);
	census_end(census, &all);
	cr_assert(ne(u64, usage_of(census, 7, 50).have & METRIC_BIT(METRIC_MEMORY), 0));
	cr_assert(zero(u64, usage_of(census, 8, 50).have & METRIC_BIT(METRIC_MEMORY)));
}

Test(census, unit_is_forgotten_with_its_last_cgroup)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	struct usage usage = { 0 };
	uint32_t dropped = 1;

	cr_assert(eq(int, census_watch(census, 60, 7, &dropped), 0));
	cr_assert(zero(u32, dropped));
	cr_assert(zero(u32, census_unwatch(census, 50)));
	cr_assert(zero(u32, census_unwatch(census, 50)), "twice is once");
	walk_nothing(census);
	cr_assert(census_usage(census, 7, 0, &usage));
	cr_assert(eq(u32, census_unwatch(census, 60), 7));
	cr_assert(not(census_usage(census, 7, 0, &usage)));
}

Test(census, cgroup_may_change_its_unit)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	struct usage usage = { 0 };
	uint32_t dropped = 0;

	cr_assert(eq(int, census_watch(census, 50, 9, &dropped), 0));
	cr_assert(eq(u32, dropped, 7));
	cr_assert(eq(int, census_watch(census, 50, 9, &dropped), 0));
	cr_assert(zero(u32, dropped), "the same again");
	walk_nothing(census);
	cr_assert(census_usage(census, 9, 50, &usage));
	cr_assert(not(census_usage(census, 7, 50, &usage)));
}

Test(census, as_many_cgroups_are_watched_as_the_map_holds)
{
	CLEANUP(census_freep) struct census *census = watching(1, 1);
	struct usage usage = { 0 };
	uint32_t dropped;

	for (uint32_t i = WATCHED_MAX; i >= 2; i--)
		cr_assert(eq(int, census_watch(census, i, i, &dropped), 0));
	cr_assert(eq(int, census_watch(census, WATCHED_MAX + 1, 5, &dropped), -ENOSPC));
	cr_assert(eq(int, census_watch(census, 3, WATCHED_MAX + 1, &dropped), 0));
	cr_assert(eq(u32, dropped, 3));
	walk_nothing(census);
	for (uint32_t i = 4; i <= WATCHED_MAX + 1; i++)
		cr_assert(census_usage(census, i, 0, &usage), "unit %u", i);
}

Test(census, host_has_counts_only)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	const struct unit_counters counters = { .forks = 9, .exits = 8, .oom_kills = 1 };
	struct usage host;

	census_begin(census, true);
	census_counters_after(census, 0, &counters);
	census_end(census, &all);
	host = usage_of(census, 0, 0);
	cr_assert(eq(dbl, host.total[METRIC_FORKS], 9));
	cr_assert(eq(dbl, host.total[METRIC_EXITS], 8));
	cr_assert(eq(dbl, host.total[METRIC_OOM_KILLS], 1));
	cr_assert(zero(u64, host.have & METRIC_BIT(METRIC_PROCESSES)));
}

/* Block I/O of unit 7, in cgroups 50 and 60. */
static void walk_io(struct census *census, uint64_t n, uint64_t ns, uint32_t have_50,
		    uint32_t have_60)
{
	static const struct census_known known = {
		.cgroups = true,
		.traffic = METRIC_BIT(METRIC_IO_REQUESTS) | METRIC_BIT(METRIC_IO_LATENCY),
	};
	const struct unit_traffic traffic = {
		.of = { [TRAFFIC_IO_REQUESTS] = n, [TRAFFIC_IO_TIMED] = n, [TRAFFIC_IO_NS] = ns }
	};
	const struct cgroup_facts facts_50 = { .have = have_50 }, facts_60 = { .have = have_60 };

	census_begin(census, true);
	census_traffic(census, 7, &traffic);
	census_facts(census, 50, &facts_50);
	census_facts(census, 60, &facts_60);
	census_end(census, &known);
}

Test(census, latency_is_the_mean_since_the_walk_before_and_absent_without_io)
{
	CLEANUP(census_freep) struct census *census = watching(50, 7);
	struct usage usage;

	walk_io(census, 4, 8000000, CGROUP_HAVE_IO, 0);
	cr_assert(epsilon_eq(dbl, usage_of(census, 7, 0).total[METRIC_IO_LATENCY], 0.002, 1e-9));
	walk_io(census, 14, 18000000, CGROUP_HAVE_IO, 0);
	usage = usage_of(census, 7, 0);
	cr_assert(epsilon_eq(dbl, usage.total[METRIC_IO_LATENCY], 0.001, 1e-9));
	cr_assert(eq(dbl, usage.total[METRIC_IO_REQUESTS], 14));
	walk_io(census, 14, 18000000, CGROUP_HAVE_IO, 0);
	usage = usage_of(census, 7, 0);
	cr_assert(zero(u64, usage.have & METRIC_BIT(METRIC_IO_LATENCY)));
	cr_assert(eq(dbl, usage.total[METRIC_IO_REQUESTS], 14));
}

Test(census, io_is_known_only_where_all_of_the_unit_is_charged_for_it)
{
	static const struct {
		uint64_t n;
		uint32_t have_50, have_60;
		bool is_known;
	} cases[] = {
		{ 0, 0, 0, false },
		{ 0, CGROUP_HAVE_IO, 0, false },
		{ 0, CGROUP_HAVE_IO, CGROUP_HAVE_IO, true },
		{ 1, 0, 0, true }, /* it was charged */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(census_freep) struct census *census = watching(50, 7);
		uint32_t dropped;
		struct usage usage;

		cr_assert(eq(int, census_watch(census, 60, 7, &dropped), 0));
		walk_io(census, cases[i].n, 0, cases[i].have_50, cases[i].have_60);
		usage = usage_of(census, 7, 0);
		cr_assert(eq(int, (usage.have & METRIC_BIT(METRIC_IO_REQUESTS)) != 0,
			     cases[i].is_known),
			  "case %zu", i);
	}
}
