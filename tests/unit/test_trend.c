/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts as rising, and what happened in the last five minutes. */
#include <criterion/criterion.h>
#include <math.h>

#include "judge/features.h"
#include "judge/trend.h"
#include "tests/unit/assertion.h"

#define MIB   1048576.0
#define BEGIN 1000000 /* ms since boot */

static struct trend trend;

static void take(enum metric metric, double value, uint64_t when_ms, bool anew)
{
	struct sample sample = { .when_ms = BEGIN + when_ms, .span_ms = 1000 };

	sample_set(&sample, metric, value);
	trend_take(&trend, &sample, NULL, anew);
}

/* One sample a second from second `from` to before `to`: base + slope x seconds + a saw tooth. */
struct shape {
	double base_mib, slope_mib, tooth_mib;
	unsigned int tooth_s;
};

static void follow(const struct shape *shape, uint64_t from, uint64_t to)
{
	for (uint64_t s = from; s < to; s++) {
		double tooth = shape->tooth_s ? (double)(s % shape->tooth_s) / shape->tooth_s : 0;

		take(METRIC_RSS,
		     (shape->base_mib + shape->slope_mib * (double)s + shape->tooth_mib * tooth) *
			     MIB,
		     s * 1000, false);
	}
}

static uint32_t rising_after(const struct shape *shape, uint64_t seconds)
{
	trend_init(&trend);
	follow(shape, 0, seconds);
	return trend.rising_s[METRIC_RSS];
}

Test(trend, a_leak_rises_and_nothing_else_does)
{
	const struct {
		const char *name;
		struct shape shape;
		uint32_t least, most; /* rising for so long after two minutes */
	} cases[] = {
		{ "leak", { 50, 1, 0, 0 }, 90, 120 },
		{ "leak under ordinary saw teeth", { 50, 1, 20, 5 }, 90, 120 },
		{ "slow leak, whose steps add up", { 50, 0.06, 0, 0 }, 40, 60 },
		{ "flat", { 50, 0, 0, 0 }, 0, 0 },
		{ "flat under saw teeth", { 50, 0, 30, 7 }, 0, 0 },
		{ "shrinking", { 500, -1, 0, 0 }, 0, 0 },
		{ "growth too slow to matter", { 50, 0.005, 0, 0 }, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t rising_s = rising_after(&cases[i].shape, 121);

		cr_assert(rising_s >= cases[i].least && rising_s <= cases[i].most,
			  "%s: rising for %u s", cases[i].name, rising_s);
	}
}

Test(trend, peaks_that_rise_over_a_floor_that_stays_are_no_rise)
{
	trend_init(&trend);
	for (uint64_t s = 0; s < 121; s++)
		take(METRIC_RSS, (50 + (s % 3 ? 2 * (double)s : 0)) * MIB, s * 1000, false);
	cr_assert(zero(u32, trend.rising_s[METRIC_RSS]));
}

Test(trend, a_slow_saw_tooth_that_returns_has_not_been_rising)
{
	const struct shape slow = { 50, 0, 60, 100 };

	cr_assert(ge(u32, rising_after(&slow, 91), 60), "on its way up it cannot be told apart");
	cr_assert(zero(u32, rising_after(&slow, 111)));
}

Test(trend, a_learnt_saw_tooth_is_not_even_rising_on_its_way_up)
{
	struct baseline baseline = { .have = METRIC_BIT(METRIC_RSS) };

	baseline.spread[METRIC_RSS] = 0.25f; /* a quarter of its own level is its noise */
	trend_init(&trend);
	for (uint64_t s = 0; s < 300; s++) {
		struct sample sample = { .when_ms = BEGIN + s * 1000, .span_ms = 1000 };

		sample_set(&sample, METRIC_RSS, (50 + 40 * (double)(s % 100) / 100) * MIB);
		trend_take(&trend, &sample, &baseline, false);
		cr_assert(zero(u32, trend.rising_s[METRIC_RSS]), "at %d s", (int)s);
	}
}

Test(trend, a_rise_that_stops_is_over_after_half_a_minute)
{
	const struct shape rise = { 50, 1, 0, 0 };
	const struct shape rest = { 110, 0, 0, 0 };

	cr_assert(ge(u32, rising_after(&rise, 61), 40));
	follow(&rest, 61, 81);
	cr_assert(ge(u32, trend.rising_s[METRIC_RSS], 40));
	follow(&rest, 81, 102);
	cr_assert(zero(u32, trend.rising_s[METRIC_RSS]));
}

Test(trend, another_invocation_or_a_long_gap_begins_again)
{
	const struct shape rise = { 50, 1, 0, 0 };

	cr_assert(ge(u32, rising_after(&rise, 61), 40));
	take(METRIC_RSS, 111 * MIB, 61000, true);
	cr_assert(zero(u32, trend.rising_s[METRIC_RSS]));
	cr_assert(ge(u32, rising_after(&rise, 61), 40));
	take(METRIC_RSS, 171 * MIB, 61000 + TREND_GAP_MS, false);
	cr_assert(zero(u32, trend.rising_s[METRIC_RSS]));
	cr_assert(ge(u32, rising_after(&rise, 61), 40));
	take(METRIC_RSS, 90 * MIB, 1, false); /* another boot's time */
	cr_assert(zero(u32, trend.rising_s[METRIC_RSS]));
}

Test(trend, a_block_without_the_metric_tells_nothing)
{
	const struct shape rise = { 50, 1, 0, 0 };
	uint32_t before = rising_after(&rise, 61);

	for (uint64_t s = 61; s < 81; s++)
		take(METRIC_SWAP, 0, s * 1000, false);
	follow(&rise, 81, 102);
	cr_assert(ge(u32, trend.rising_s[METRIC_RSS], before));
}

Test(trend, samples_ten_seconds_apart_rise_as_well)
{
	trend_init(&trend);
	for (uint64_t s = 0; s <= 60; s += 10)
		take(METRIC_DESCRIPTORS, 20 + 2 * (double)s, s * 1000, false);
	cr_assert(ge(u32, trend.rising_s[METRIC_DESCRIPTORS], 40));
}

Test(trend, rates_do_not_rise)
{
	trend_init(&trend);
	for (uint64_t s = 0; s < 60; s++)
		take(METRIC_CPU, (double)s, s * 1000, false);
	cr_assert(zero(u32, trend.rising_s[METRIC_CPU]));
}

Test(trend, counts_are_remembered_for_five_minutes_across_invocations)
{
	trend_init(&trend);
	take(METRIC_RESTARTS, 1, 0, false);
	take(METRIC_RESTARTS, 1, 60000, true);
	take(METRIC_RESTARTS, 2, 61000, true);
	take(METRIC_EXITS_FAILED, 5, 62000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_RESTARTS), 4));
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_EXITS_FAILED), 5));
	take(METRIC_RESTARTS, 0, 290000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_RESTARTS), 4));
	take(METRIC_RESTARTS, 0, 305000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_RESTARTS), 3));
	take(METRIC_RESTARTS, 7, 3600000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_RESTARTS), 7));
	take(METRIC_RESTARTS, NAN, 3601000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_RESTARTS), 7));
	cr_assert(zero(dbl, trend_recent(&trend, METRIC_RSS)));
}

Test(trend, what_is_mended_is_counted_no_more)
{
	trend_init(&trend);
	take(METRIC_OOM_KILLS, 2, 0, false);
	take(METRIC_EXITS_FAILED, 3, 1000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_EXITS_FAILED), 3));
	trend_calm(&trend);
	cr_assert(zero(dbl, trend_recent(&trend, METRIC_OOM_KILLS)));
	cr_assert(zero(dbl, trend_recent(&trend, METRIC_EXITS_FAILED)));
	take(METRIC_EXITS_FAILED, 1, 2000, false);
	cr_assert(eq(dbl, trend_recent(&trend, METRIC_EXITS_FAILED), 1));
}

Test(trend, a_new_run_has_nothing_of_the_kills_before_it)
{
	trend_init(&trend);
	take(METRIC_OOM_KILLS, 2, 0, false);
	take(METRIC_OOM_KILLS, 1, 1000, true);
	cr_assert(zero(dbl, trend_recent(&trend, METRIC_OOM_KILLS)));
}
