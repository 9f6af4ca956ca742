/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One scale for all columns, and who is to blame for a score. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "judge/chance.h"
#include "judge/oddity.h"
#include "tests/unit/assertion.h"

#define N	300
#define METRICS 8
#define COLUMNS (2 * METRICS) /* two of each */
#define SEED	11

static float values[N][COLUMNS];

/* Column c lies around 10 c, with a spread of about c + 1; the last metric never varies. */
static void fill_values(uint64_t seed)
{
	struct chance chance;

	chance_init(&chance, seed, 0);

	for (unsigned int i = 0; i < N; i++)
		for (unsigned int c = 0; c < COLUMNS; c++) {
			double sum = 0;

			for (unsigned int k = 0; k < 12; k++)
				sum += chance_share(&chance);
			values[i][c] = (float)(10 * c + (c + 1) * (sum - 6));
			if (c % METRICS == METRICS - 1)
				values[i][c] = 3;
		}
}

static void fit(struct oddity *oddity, const float *least)
{
	fill_values(SEED);
	cr_assert(zero(int, oddity_fit(oddity, values[0], N, COLUMNS, least, SEED, 10)));
}

/* The middle of the past, but for so many spreads in one column. */
static void row_with(unsigned int column, float spreads, float *ret)
{
	for (unsigned int c = 0; c < COLUMNS; c++)
		ret[c] = c % METRICS == METRICS - 1 ? 3 : (float)(10 * c);
	ret[column] += spreads * (float)(column + 1);
}

Test(oddity, each_column_is_put_on_the_scale_of_its_own_past)
{
	CLEANUP(oddity_clear) struct oddity oddity = { .form = FOREST_PLANES };
	float row[COLUMNS];

	fit(&oddity, NULL);
	for (unsigned int c = 0; c < METRICS - 1; c++) {
		row_with(c, 4, row);
		cr_assert(eq(uint, oddity_scale(&oddity, COLUMNS, row), c));
		/* 4 bent at 5: 4 / sqrt(1.8) */
		cr_assert(epsilon_eq(flt, row[c], 2.98f, 0.4f), "column %u: %g", c, (double)row[c]);
		cr_assert(lt(flt, fabsf(row[(c + 1) % METRICS]), 0.3f));
	}
}

Test(oddity, farther_is_odder_but_not_in_proportion_and_the_textbooks_is_not_bent)
{
	CLEANUP(oddity_clear) struct oddity bent = { .form = FOREST_PLANES };
	CLEANUP(oddity_clear) struct oddity plain = { .form = FOREST_AXES };
	float row[COLUMNS], far[COLUMNS];

	fit(&bent, NULL);
	fit(&plain, NULL);
	row_with(2, 100, row);
	row_with(2, 400, far);
	(void)oddity_scale(&bent, COLUMNS, row);
	(void)oddity_scale(&bent, COLUMNS, far);
	cr_assert(epsilon_eq(flt, far[2] / row[2], 2, 0.1f));
	row_with(2, 100, row);
	(void)oddity_scale(&plain, COLUMNS, row);
	cr_assert(epsilon_eq(flt, row[2], 100, 15));
	row[2] = INFINITY;
	row[3] = NAN;
	(void)oddity_scale(&bent, COLUMNS, row);
	cr_assert(isfinite(row[2]), "no number is too far");
	cr_assert(isnan(row[3]));
	cr_assert(isfinite(oddity_score(&bent, row)));
}

Test(oddity, what_never_varied_tells_nothing_unless_it_is_known_what_matters)
{
	CLEANUP(oddity_clear) struct oddity blind = { .form = FOREST_PLANES };
	CLEANUP(oddity_clear) struct oddity told = { .form = FOREST_PLANES };
	float row[COLUMNS], least[COLUMNS];

	for (unsigned int c = 0; c < COLUMNS; c++)
		least[c] = 2;
	fit(&blind, NULL);
	fit(&told, least);
	row_with(0, 0, row);
	row[METRICS - 1] = 9;
	cr_assert(ne(uint, oddity_scale(&blind, COLUMNS, row), METRICS - 1));
	row_with(0, 0, row);
	row[METRICS - 1] = 9; /* three times what matters */
	cr_assert(eq(uint, oddity_scale(&told, COLUMNS, row), METRICS - 1));
	row_with(0, 1, row); /* a spread of 1, where 2 is the least that matters */
	(void)oddity_scale(&told, COLUMNS, row);
	cr_assert(epsilon_eq(flt, row[0], 0.48f, 0.1f));
}

Test(oddity, the_metric_that_is_off_is_to_blame_in_whatever_column)
{
	CLEANUP(oddity_clear) struct oddity oddity = { .form = FOREST_PLANES };
	float row[COLUMNS], share[METRICS];

	fit(&oddity, NULL);
	for (unsigned int c = 0; c < COLUMNS; c++) {
		float sum = 0;

		if (c % METRICS == METRICS - 1)
			continue;
		row_with(c, 30, row);
		(void)oddity_scale(&oddity, COLUMNS, row);
		oddity_blame(&oddity, row, COLUMNS, METRICS, share);
		for (unsigned int m = 0; m < METRICS; m++)
			sum += share[m];
		cr_assert(epsilon_eq(flt, sum, 1, 1e-5f));
		cr_assert(gt(flt, share[c % METRICS], 0.9f), "column %u: %g", c,
			  (double)share[c % METRICS]);
	}
}

Test(oddity, two_that_are_off_share_the_blame_and_the_ordinary_has_none)
{
	CLEANUP(oddity_clear) struct oddity oddity = { .form = FOREST_PLANES };
	float row[COLUMNS], share[METRICS];

	fit(&oddity, NULL);
	row_with(2, 20, row);
	row[4 + METRICS] += 20 * (4 + METRICS + 1);
	(void)oddity_scale(&oddity, COLUMNS, row);
	oddity_blame(&oddity, row, COLUMNS, METRICS, share);
	cr_assert(gt(flt, share[2], 0.2f));
	cr_assert(gt(flt, share[4], 0.2f));
	memset(row, 0, sizeof(row));
	oddity_blame(&oddity, row, COLUMNS, METRICS, share);
	for (unsigned int m = 0; m < METRICS; m++)
		cr_assert(zero(flt, share[m]));
}

Test(oddity, one_row_that_is_alone_by_far_is_not_washed_out)
{
	double calm = 0, struck = 0;
	float before = 0, after = 0;

	for (unsigned int i = 0; i < 20; i++)
		before = oddity_smooth(&calm, 0.5f, 1);
	cr_assert(epsilon_eq(flt, before, 0.5f, 1e-3f));
	for (unsigned int i = 0; i < 20; i++)
		(void)oddity_smooth(&struck, 0.5f, 1);
	after = oddity_smooth(&struck, 0.8f, 1);
	cr_assert(gt(flt, after, 0.74f), "a mean would be 0.62: %g", (double)after);
	for (unsigned int i = 0; i < 30; i++)
		after = oddity_smooth(&struck, 0.5f, 1);
	cr_assert(epsilon_eq(flt, after, 0.5f, 0.01f));
	(void)oddity_smooth(&struck, 0.8f, 1);
	after = oddity_smooth(&struck, 0.5f, 30);
	cr_assert(epsilon_eq(flt, after, 0.5f, 0.01f), "one that stands for thirty");
}

Test(oddity, too_few_rows_are_no_past)
{
	CLEANUP(oddity_clear) struct oddity oddity = { .form = FOREST_PLANES };

	fill_values(SEED);
	cr_assert(eq(int, oddity_fit(&oddity, values[0], 3, COLUMNS, NULL, SEED, 10), -ENODATA));
	cr_assert(zero(ptr, (void *)oddity.forest));
}
