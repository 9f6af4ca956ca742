/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scales and floors of the metrics, and distances from normal. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "judge/features.h"
#include "record/signal.h"
#include "tests/unit/assertion.h"

#define MIB 1048576.0

static const double levels[] = { 0, 0.003, 0.5, 1, 37, 65536, 3e9, 1e15 };
#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

Test(features, a_value_comes_back_from_its_scale)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		for (size_t i = 0; i < N_LEVELS; i++) {
			double back = features_unscale(metric, features_scale(metric, levels[i]));

			cr_assert(le(dbl, fabs(back - levels[i]), 1e-5 * levels[i] + 1e-6),
				  "%s at %g gave %g", metric_table[metric].name, levels[i], back);
		}
}

Test(features, a_scale_keeps_order_and_stays_finite)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		for (size_t i = 1; i < N_LEVELS; i++)
			cr_assert(gt(flt, features_scale(metric, levels[i]),
				     features_scale(metric, levels[i - 1])),
				  "%s at %g", metric_table[metric].name, levels[i]);
		cr_assert(eq(flt, features_scale(metric, -1), 0));
		cr_assert(
			eq(flt, features_scale(metric, INFINITY), features_scale(metric, DBL_MAX)));
		cr_assert(isfinite(features_scale(metric, INFINITY)));
		cr_assert(isnan(features_scale(metric, NAN)));
	}
}

/* What six floors above a level are, in the metric's quantity. */
static double six_floors_above(enum metric metric, double level)
{
	double column = features_scale(metric, level);

	return features_unscale(metric, column + 6 * features_floor(metric, column)) - level;
}

Test(features, a_floor_is_the_least_difference_that_matters)
{
	const struct {
		enum metric metric;
		double level, least, most; /* of what six floors are */
	} cases[] = {
		{ METRIC_CPU, 0, 0.06, 0.08 }, /* an idle unit: some percent of a core */
		{ METRIC_CPU, 2, 0.24, 0.26 }, /* a busy one: an eighth of what it uses */
		{ METRIC_RSS, 50 * MIB, 6 * MIB, 7 * MIB },
		{ METRIC_RSS, 8192 * MIB, 900 * MIB, 1100 * MIB },
		{ METRIC_DESCRIPTORS, 20, 6, 7 },
		{ METRIC_THREADS, 1, 6, 8 },
		{ METRIC_PSI_MEMORY_FULL, 0, 0.059, 0.061 },
		{ METRIC_PSI_MEMORY_FULL, 0.5, 0.059, 0.061 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double six = six_floors_above(cases[i].metric, cases[i].level);

		cr_assert(six >= cases[i].least && six <= cases[i].most,
			  "%s at %g: six floors are %g", metric_table[cases[i].metric].name,
			  cases[i].level, six);
	}
}

Test(features, counts_and_what_is_known_on_suspicion_belong_to_rules_and_not_to_the_forest)
{
	cr_assert(signal_is_on_suspicion(METRIC_WAIT_TAIL));
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		cr_assert(eq(int, features_is_judged(metric),
			     metric_table[metric].kind != METRIC_KIND_COUNT &&
				     !signal_is_on_suspicion(metric)),
			  "%s", metric_table[metric].name);
}

Test(features, what_was_not_measured_or_is_no_number_is_absent_from_the_row)
{
	struct sample sample = { .have = 0 };
	struct row row;

	sample.value[METRIC_RSS] = MIB; /* not in have */
	sample_set(&sample, METRIC_CPU, NAN);
	sample_set(&sample, METRIC_SWAP, INFINITY);
	sample_set(&sample, METRIC_OOM_KILLS, 1);
	sample_set(&sample, METRIC_THREADS, 10);
	features_row(&sample, &row);
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		cr_assert(eq(int, isnan(row.column[metric]) != 0, metric != METRIC_THREADS));
	cr_assert(epsilon_eq(flt, row.column[METRIC_THREADS], logf(2), 1e-6f));
}

Test(features, distances_are_in_spreads_and_absent_without_value_or_normal)
{
	struct baseline baseline = {
		.have = METRIC_BIT(METRIC_PSI_IO_SOME) | METRIC_BIT(METRIC_CPU),
	};
	struct sample sample = { .have = 0 };
	struct vector vector;
	struct row row;

	baseline.median[METRIC_PSI_IO_SOME] = 0.1f;
	baseline.spread[METRIC_PSI_IO_SOME] = 0.05f;
	baseline.spread[METRIC_CPU] = 1;
	sample_set(&sample, METRIC_PSI_IO_SOME, 0.3);
	sample_set(&sample, METRIC_RSS, MIB); /* its normal is not known */
	features_row(&sample, &row);
	features_from(&row, &baseline, &vector);
	cr_assert(eq(u64, vector.have, METRIC_BIT(METRIC_PSI_IO_SOME)));
	cr_assert(epsilon_eq(flt, vector.deviation[METRIC_PSI_IO_SOME], 4, 1e-5f));
	cr_assert(eq(flt, vector.deviation[METRIC_RSS], 0));
	cr_assert(eq(flt, vector.deviation[METRIC_CPU], 0));
}
