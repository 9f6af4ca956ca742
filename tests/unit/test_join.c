/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Levels, rates and counts: what may be compared with what. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "sense/join.h"
#include "tests/unit/assertion.h"

static struct unit_status running(uint8_t invocation)
{
	struct unit_status status = { .unit = 7, .active = UNIT_ACTIVE_ACTIVE };

	status.invocation[3] = invocation;
	return status;
}

/* One tick of a unit of which the probe says these. */
static struct sample tick(struct join_past *past, const struct unit_status *status,
			  const struct usage *from_probe, uint64_t when_ms)
{
	struct join_found found = { 0 };
	struct sample sample;

	found.from[JOIN_PROBE] = *from_probe;
	join_sample(past, status, &found, when_ms, &sample);
	return sample;
}

static struct usage totals(double cpu, double rss, double exits)
{
	struct usage usage = { 0 };

	usage_set(&usage, METRIC_CPU, cpu);
	usage_set(&usage, METRIC_RSS, rss);
	usage_set(&usage, METRIC_EXITS, exits);
	return usage;
}

/* The same for all. */
static const uint64_t *spans(uint64_t span_ms)
{
	static uint64_t of[METRIC_N];

	for (size_t i = 0; i < METRIC_N; i++)
		of[i] = span_ms;
	return of;
}

Test(join, difference_goes_by_the_kind_of_the_metric)
{
	static const struct {
		const char *name;
		enum metric metric;
		double before, now;
		uint32_t span_ms;
		bool is_there;
		double value;
	} cases[] = {
		{ "a level is of the moment", METRIC_RSS, 900, 50, 2000, true, 50 },
		{ "a level needs no span", METRIC_RSS, 900, 50, 0, true, 50 },
		{ "a rate is per second", METRIC_CPU, 10, 13, 2000, true, 1.5 },
		{ "a rate at rest is 0", METRIC_CPU, 10, 10, 1000, true, 0 },
		{ "a rate that fell is absent", METRIC_CPU, 10, 9, 1000, false, 0 },
		{ "a rate needs a span", METRIC_CPU, 10, 13, 0, false, 0 },
		{ "a count is not per second", METRIC_FORKS, 4, 9, 2000, true, 5 },
		{ "a count needs no span", METRIC_FORKS, 4, 9, 0, true, 5 },
		{ "a count that fell is absent", METRIC_FORKS, 4, 1, 1000, false, 0 },
		{ "a ratio", METRIC_PSI_CPU_SOME, 4, 4.5, 1000, true, 0.5 },
		{ "a ratio is at most 1", METRIC_PSI_CPU_SOME, 4, 5.01, 1000, true, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct usage before = { 0 }, now = { 0 };
		struct sample sample = { 0 };

		usage_set(&before, cases[i].metric, cases[i].before);
		usage_set(&now, cases[i].metric, cases[i].now);
		join_difference(&before, &now, spans(cases[i].span_ms), &sample);
		cr_assert(eq(u64, sample.have, cases[i].is_there ? METRIC_BIT(cases[i].metric) : 0),
			  "%s", cases[i].name);
		if (cases[i].is_there)
			cr_assert(eq(dbl, sample.value[cases[i].metric], cases[i].value), "%s",
				  cases[i].name);
	}
}

Test(join, unknown_is_not_zero)
{
	struct usage before = totals(1, 2, 3), now = { 0 };
	struct sample sample = { 0 };

	join_difference(&before, &now, spans(1000), &sample);
	cr_assert(eq(u64, sample.have, 0), "what was there before says nothing about now");
	now = totals(1, 2, 3);
	join_difference(NULL, &now, spans(1000), &sample);
	cr_assert(eq(u64, sample.have, METRIC_BIT(METRIC_RSS)));
	before.have = METRIC_BIT(METRIC_RSS);
	sample.have = 0;
	join_difference(&before, &now, spans(1000), &sample);
	cr_assert(eq(u64, sample.have, METRIC_BIT(METRIC_RSS)));
}

Test(join, first_sample_has_levels_and_the_next_has_rates)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct usage usage = totals(100, 5, 40);
	struct sample sample = tick(&past, &status, &usage, SECONDS(10));

	cr_assert(eq(u32, sample.unit, 7));
	cr_assert(eq(u32, sample.span_ms, 0));
	cr_assert(eq(u64, sample.have, METRIC_BIT(METRIC_RSS)));
	cr_assert(eq(int, memcmp(sample.invocation, status.invocation, INVOCATION_SIZE), 0));

	usage = totals(101, 6, 42);
	sample = tick(&past, &status, &usage, SECONDS(12));
	cr_assert(eq(u32, sample.span_ms, 2000));
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 0.5));
	cr_assert(eq(dbl, sample.value[METRIC_RSS], 6));
	cr_assert(eq(dbl, sample.value[METRIC_EXITS], 2));
}

Test(join, value_that_was_missing_once_is_absent_twice)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct usage usage = totals(100, 5, 40), none = { 0 };
	struct sample sample;

	(void)tick(&past, &status, &usage, SECONDS(1));
	sample = tick(&past, &status, &none, SECONDS(2));
	cr_assert(eq(u64, sample.have, 0));
	usage = totals(200, 5, 40);
	sample = tick(&past, &status, &usage, SECONDS(3));
	cr_assert(not(sample_has(&sample, METRIC_CPU)), "its growth is of two spans");
	usage = totals(201, 5, 40);
	sample = tick(&past, &status, &usage, SECONDS(4));
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 1));
}

Test(join, new_invocation_begins_rates_anew_and_goes_on_counting)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct usage usage = totals(100, 5, 40);
	struct sample sample;

	(void)tick(&past, &status, &usage, SECONDS(1));
	usage = totals(105, 5, 40);
	(void)tick(&past, &status, &usage, SECONDS(2));
	status = running(2);
	usage = totals(106, 3, 43); /* grew, and still is of two runs */
	sample = tick(&past, &status, &usage, SECONDS(3));
	cr_assert(eq(u32, sample.span_ms, 0));
	cr_assert(not(sample_has(&sample, METRIC_CPU)));
	cr_assert(eq(dbl, sample.value[METRIC_RSS], 3));
	cr_assert(eq(dbl, sample.value[METRIC_EXITS], 3), "those that ended made the new run");
	usage = totals(108, 3, 43);
	sample = tick(&past, &status, &usage, SECONDS(4));
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 2));
	cr_assert(eq(dbl, sample.value[METRIC_EXITS], 0));
}

Test(join, events_of_a_runs_own_cgroup_begin_anew_with_it)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct usage usage = totals(100, 5, 40);
	struct sample sample;

	usage_set(&usage, METRIC_MEMORY_HIGH, 3);
	(void)tick(&past, &status, &usage, SECONDS(10));
	status = running(2);
	usage_set(&usage, METRIC_MEMORY_HIGH, 5);
	sample = tick(&past, &status, &usage, SECONDS(11));
	cr_assert(not(sample_has(&sample, METRIC_MEMORY_HIGH)), "5 is not 2 more than 3");
	usage_set(&usage, METRIC_MEMORY_HIGH, 9);
	sample = tick(&past, &status, &usage, SECONDS(12));
	cr_assert(eq(dbl, sample.value[METRIC_MEMORY_HIGH], 4));
}

Test(join, unit_that_does_not_run_has_counts_only)
{
	static const struct {
		enum unit_active active;
		bool runs;
	} cases[] = {
		{ UNIT_ACTIVE_UNKNOWN, true },	    { UNIT_ACTIVE_ACTIVATING, true },
		{ UNIT_ACTIVE_ACTIVE, true },	    { UNIT_ACTIVE_RELOADING, true },
		{ UNIT_ACTIVE_DEACTIVATING, true }, { UNIT_ACTIVE_INACTIVE, false },
		{ UNIT_ACTIVE_FAILED, false },	    { UNIT_ACTIVE_GONE, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct join_past past = { 0 };
		struct unit_status status = running(1);
		struct usage usage = totals(100, 5, 40);
		struct sample sample;

		(void)tick(&past, &status, &usage, SECONDS(1));
		status.active = cases[i].active;
		usage = totals(101, 5, 41);
		sample = tick(&past, &status, &usage, SECONDS(2));
		cr_assert(eq(dbl, sample.value[METRIC_EXITS], 1), "%s",
			  unit_active_word(cases[i].active));
		cr_assert(eq(int, sample_has(&sample, METRIC_CPU), cases[i].runs), "%s",
			  unit_active_word(cases[i].active));
		cr_assert(eq(int, sample_has(&sample, METRIC_RSS), cases[i].runs));
	}
}

Test(join, lost_invocation_is_no_new_one)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct usage usage = totals(100, 5, 40);
	struct sample sample;

	(void)tick(&past, &status, &usage, SECONDS(1));
	status = running(0);
	usage = totals(101, 5, 40);
	sample = tick(&past, &status, &usage, SECONDS(2));
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 1));
	status = running(1);
	usage = totals(102, 5, 40);
	sample = tick(&past, &status, &usage, SECONDS(3));
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 1));
}

Test(join, first_source_wins_and_sources_are_not_compared)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct join_found found = { 0 };
	struct sample sample;

	found.from[JOIN_PROBE] = totals(100, 5, 40);
	found.from[JOIN_FILES] = totals(700, 99, 70);
	usage_set(&found.from[JOIN_FILES], METRIC_MEMORY, 8);
	usage_set(&found.from[JOIN_MANAGER], METRIC_RESTARTS, 3);
	join_sample(&past, &status, &found, SECONDS(1), &sample);
	cr_assert(eq(dbl, sample.value[METRIC_RSS], 5));
	cr_assert(eq(dbl, sample.value[METRIC_MEMORY], 8));

	found.from[JOIN_PROBE].have = 0; /* its walk failed: files step in */
	found.from[JOIN_FILES].total[METRIC_CPU] = 701;
	join_sample(&past, &status, &found, SECONDS(2), &sample);
	cr_assert(eq(dbl, sample.value[METRIC_RSS], 99));
	cr_assert(not(sample_has(&sample, METRIC_CPU)), "701 s of files are not 601 s of work");
	cr_assert(eq(dbl, sample.value[METRIC_RESTARTS], 0));

	found.from[JOIN_FILES].total[METRIC_CPU] = 703;
	usage_set(&found.from[JOIN_MANAGER], METRIC_RESTARTS, 0); /* a start by hand */
	join_sample(&past, &status, &found, SECONDS(3), &sample);
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 2));
	cr_assert(not(sample_has(&sample, METRIC_RESTARTS)));
}

Test(join, a_value_that_is_older_than_the_tick_says_so)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct join_found found = { 0 };
	struct sample sample;

	usage_set(&found.from[JOIN_PROBE], METRIC_RSS, 5);
	usage_set_aged(&found.from[JOIN_SOCKETS], METRIC_BACKLOG, 3, 4999);
	usage_set_aged(&found.from[JOIN_SOCKETS], METRIC_UNREAD, 1, HOURS(1));
	join_sample(&past, &status, &found, SECONDS(1), &sample);
	cr_assert(eq(u8, sample.age_s[METRIC_RSS], 0));
	cr_assert(eq(u8, sample.age_s[METRIC_BACKLOG], 4));
	cr_assert(eq(u8, sample.age_s[METRIC_UNREAD], UINT8_MAX));
	usage_set(&found.from[JOIN_SOCKETS], METRIC_BACKLOG, 3);
	join_sample(&past, &status, &found, SECONDS(2), &sample);
	cr_assert(eq(u8, sample.age_s[METRIC_BACKLOG], 0));
}

Test(join, a_rate_is_taken_between_readings_and_told_until_the_next)
{
	struct join_past past = { 0 };
	struct unit_status status = running(1);
	struct join_found found = { 0 };
	struct usage *probe = &found.from[JOIN_PROBE];
	struct sample sample;

	usage_set_aged(probe, METRIC_RUN_DELAY, 9, 3000);
	join_sample(&past, &status, &found, SECONDS(0.5), &sample);
	usage_set(probe, METRIC_RUN_DELAY, 10);
	join_sample(&past, &status, &found, SECONDS(1), &sample);
	cr_assert(not(sample_has(&sample, METRIC_RUN_DELAY)), "since when is not known");
	usage_set_aged(probe, METRIC_RUN_DELAY, 10, 1000);
	join_sample(&past, &status, &found, SECONDS(2), &sample);
	cr_assert(not(sample_has(&sample, METRIC_RUN_DELAY)), "one reading is no rate");
	usage_set(probe, METRIC_RUN_DELAY, 16);
	join_sample(&past, &status, &found, SECONDS(4), &sample);
	cr_assert(eq(dbl, sample.value[METRIC_RUN_DELAY], 2), "6 s in 3");
	cr_assert(eq(u8, sample.age_s[METRIC_RUN_DELAY], 0));
	for (uint64_t i = 1; i < 3; i++) {
		usage_set_aged(probe, METRIC_RUN_DELAY, 16, 1000 * i);
		join_sample(&past, &status, &found, SECONDS(4 + i), &sample);
		cr_assert(sample_has(&sample, METRIC_RUN_DELAY));
		cr_assert(eq(dbl, sample.value[METRIC_RUN_DELAY], 2), "as it was");
		cr_assert(eq(u8, sample.age_s[METRIC_RUN_DELAY], i));
	}
	usage_set(probe, METRIC_RUN_DELAY, 16);
	join_sample(&past, &status, &found, SECONDS(7), &sample);
	cr_assert(zero(dbl, sample.value[METRIC_RUN_DELAY]));
	usage_set(probe, METRIC_RUN_DELAY, 17);
	join_sample(&past, &status, &found, SECONDS(8), &sample);
	cr_assert(eq(dbl, sample.value[METRIC_RUN_DELAY], 1));
	usage_set_aged(probe, METRIC_RUN_DELAY, 17, 1000);
	usage_set_aged(probe, METRIC_THREADS, 5, 1000);
	status = running(2);
	join_sample(&past, &status, &found, SECONDS(9), &sample);
	cr_assert(zero(u64, sample.have), "the old run's are not the new one's");
}
