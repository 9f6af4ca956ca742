/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a unit's past is near enough, and no larger than it must be. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "judge/remembered.h"
#include "tests/unit/assertion.h"

static struct moment flat(float value)
{
	struct moment moment;

	for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
		moment.column[column] = value;
	return moment;
}

Test(remembered, the_newest_rows_come_back_and_older_ones_make_room)
{
	CLEANUP(remembered_clear) struct remembered kept = { 0 };
	double sum = 0;

	for (unsigned int i = 0; i < LEARNER_ROWS + 10; i++) {
		struct moment row = flat(NAN);

		row.column[METRIC_CPU] = (float)i / 100;
		cr_assert(zero(int, remembered_put(&kept, &row)));
	}
	cr_assert(eq(u32, kept.n_rows, LEARNER_ROWS));
	for (uint32_t i = 0; i < LEARNER_ROWS; i++) {
		sum += remembered_value(&kept, i, METRIC_CPU);
		cr_assert(isnan(remembered_value(&kept, i, METRIC_RSS)),
			  "what was never read stays unknown");
	}
	/* 10 to LEARNER_ROWS + 9 hundredths */
	cr_assert(epsilon_eq(dbl, sum, LEARNER_ROWS * (LEARNER_ROWS + 19) / 200.0, 0.1));
}

Test(remembered, what_never_changes_takes_no_memory)
{
	CLEANUP(remembered_clear) struct remembered kept = { 0 };
	struct moment row = flat(3);

	row.column[METRIC_RSS] = NAN;
	for (unsigned int i = 0; i < LEARNER_ROWS; i++)
		cr_assert(zero(int, remembered_put(&kept, &row)));
	cr_assert(zero(sz, remembered_bytes(&kept)));
	row.column[METRIC_RSS] = 7;
	cr_assert(zero(int, remembered_put(&kept, &row)));
	cr_assert(eq(sz, remembered_bytes(&kept), LEARNER_ROWS * 2));
	cr_assert(epsilon_eq(flt, remembered_value(&kept, 0, METRIC_RSS), 7, 0.001f));
	cr_assert(isnan(remembered_value(&kept, 1, METRIC_RSS)),
		  "rows before the change keep theirs");
	cr_assert(epsilon_eq(flt, remembered_value(&kept, 1, METRIC_CPU), 3, 0.001f));
}

Test(remembered, each_judged_scale_fits_and_its_least_difference_survives)
{
	CLEANUP(remembered_clear) struct remembered kept = { 0 };

	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		double most = metric_table[metric].quantity[0] == 'r' ? 1 : INFINITY;
		struct moment row = flat(NAN);

		if (!features_is_judged(metric))
			continue;
		for (double level = 0; level < 20; level += 0.37) {
			row.column[metric] = (float)level;
			kept.next_row = 0;
			cr_assert(zero(int, remembered_put(&kept, &row)));
			cr_assert(lt(dbl, fabs(remembered_value(&kept, 0, metric) - level),
				     features_floor(metric, level) / 9),
				  "%s at %g", metric_table[metric].name, level);
		}
		row.column[metric] = features_scale(metric, most);
		kept.next_row = 0;
		cr_assert(zero(int, remembered_put(&kept, &row)));
		cr_assert(epsilon_eq(flt, remembered_value(&kept, 0, metric), row.column[metric],
				     0.001f),
			  "%s at its end", metric_table[metric].name);
	}
}

Test(remembered, what_is_beyond_all_scales_is_the_end_of_it)
{
	CLEANUP(remembered_clear) struct remembered kept = { 0 };
	struct moment row = flat(INFINITY);

	cr_assert(zero(int, remembered_put(&kept, &row)));
	cr_assert(gt(flt, remembered_value(&kept, 0, METRIC_CPU), 50));
	row = flat(-INFINITY);
	cr_assert(zero(int, remembered_put(&kept, &row)));
	cr_assert(eq(flt, remembered_value(&kept, 1, METRIC_CPU), -10));
}
