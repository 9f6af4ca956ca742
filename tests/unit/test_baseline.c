/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts as normal, and how little odd rows move it. */
#include <criterion/criterion.h>
#include <math.h>

#include "judge/baseline.h"
#include "judge/features.h"
#include "tests/unit/assertion.h"

#define ROWS 200

static struct row rows[ROWS];
static float scratch[ROWS];

/* All rows NaN, but for one metric which the test fills: the plainest one, a ratio. */
#define RATIO METRIC_PSI_CPU_SOME

static void clear_rows(void)
{
	for (size_t i = 0; i < ROWS; i++)
		for (enum metric metric = 0; metric < METRIC_N; metric++)
			rows[i].column[metric] = NAN;
}

static struct baseline fit(size_t n)
{
	struct baseline baseline = { 0 };

	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		size_t n_present = 0;

		for (size_t i = 0; i < n; i++)
			if (!isnan(rows[i].column[metric]))
				scratch[n_present++] = rows[i].column[metric];
		baseline_fit(scratch, n_present, n, metric, &baseline);
	}
	return baseline;
}

Test(baseline, sorting_sorts_any_number_of_values)
{
	const size_t sizes[] = { 0, 1, 2, 3, 10, 199, ROWS };

	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		size_t n = sizes[k];
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			scratch[i] = (float)((i * 7919) % 101) - 50;
		baseline_sort(scratch, n);
		for (size_t i = 0; i < n; i++) {
			sum += scratch[i] - ((float)((i * 7919) % 101) - 50);
			cr_assert(i == 0 || scratch[i - 1] <= scratch[i], "of %zu at %zu", n, i);
		}
		cr_assert(zero(dbl, sum), "none of %zu was lost", n);
	}
}

Test(baseline, a_quantile_lies_between_its_neighbours)
{
	const float sorted[] = { 1, 2, 4, 8, 16 };
	const struct {
		double share, value;
	} cases[] = { { 0, 1 }, { 0.25, 2 }, { 0.5, 4 }, { 0.625, 6 }, { 0.9, 12.8 }, { 1, 16 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(epsilon_eq(dbl, baseline_quantile(sorted, 5, cases[i].share),
				     cases[i].value, 1e-6),
			  "at %g", cases[i].share);
	cr_assert(eq(flt, baseline_quantile(sorted, 1, 0.99), 1));
}

Test(baseline, median_spread_and_range_of_an_even_spread_are_known)
{
	struct baseline baseline;

	clear_rows();
	for (size_t i = 0; i < ROWS; i++)
		rows[(i * 37) % ROWS].column[RATIO] = (float)i / (ROWS - 1);
	baseline = fit(ROWS);
	cr_assert(eq(u64, baseline.have, METRIC_BIT(RATIO)));
	cr_assert(epsilon_eq(flt, baseline.median[RATIO], 0.5f, 1e-6f));
	/* The median distance is a quarter of the range, the wider of the two estimates. */
	cr_assert(epsilon_eq(flt, baseline.spread[RATIO], 1.4826f * 0.25f, 0.01f));
	cr_assert(epsilon_eq(flt, baseline.low[RATIO], 0.005f, 1e-6f));
	cr_assert(epsilon_eq(flt, baseline.high[RATIO], 0.995f, 1e-6f));
}

Test(baseline, what_never_changes_has_its_floor_as_spread)
{
	struct baseline baseline;

	clear_rows();
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].column[RATIO] = 0.25f;
		rows[i].column[METRIC_RSS] = features_scale(METRIC_RSS, 50 * 1048576.0);
	}
	baseline = fit(ROWS);
	cr_assert(eq(flt, baseline.median[RATIO], 0.25f));
	cr_assert(eq(flt, baseline.spread[RATIO], 0.01f));
	cr_assert(epsilon_eq(flt, baseline.spread[METRIC_RSS], log1pf(1.0f / 60), 1e-4f));
	cr_assert(eq(flt, baseline.low[RATIO], 0.25f));
	cr_assert(eq(flt, baseline.high[RATIO], 0.25f));
}

Test(baseline, daily_bursts_widen_the_spread_although_half_of_the_rows_are_at_rest)
{
	struct baseline baseline;

	clear_rows();
	for (size_t i = 0; i < ROWS; i++)
		rows[i].column[RATIO] = i % 20 == 0 ? 0.8f : 0;
	baseline = fit(ROWS);
	cr_assert(zero(flt, baseline.median[RATIO]));
	cr_assert(lt(flt, 0.8f / baseline.spread[RATIO], 6), "its own burst is no alarm");
}

Test(baseline, a_few_odd_rows_move_nothing)
{
	struct baseline calm, odd;

	clear_rows();
	for (size_t i = 0; i < ROWS; i++)
		rows[i].column[RATIO] = 0.2f + 0.1f * (float)(i % 10) / 9;
	calm = fit(ROWS);
	rows[17].column[RATIO] = 1;
	odd = fit(ROWS);
	cr_assert(epsilon_eq(flt, odd.median[RATIO], calm.median[RATIO], 0.012f));
	cr_assert(epsilon_eq(flt, odd.spread[RATIO], calm.spread[RATIO], 0.002f));
	cr_assert(epsilon_eq(flt, odd.high[RATIO], calm.high[RATIO], 0.012f));
}

Test(baseline, a_metric_that_most_rows_lack_has_no_normal)
{
	clear_rows();
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].column[RATIO] = i < ROWS / 2 ? 0.5f : NAN;
		rows[i].column[METRIC_RSS] = i < ROWS / 2 - 1 ? 1 : NAN;
	}
	cr_assert(eq(u64, fit(ROWS).have, METRIC_BIT(RATIO)));
	cr_assert(zero(u64, fit(0).have));
}
