/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What columns say of a metric's last rows. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "judge/chance.h"
#include "judge/expand.h"
#include "tests/unit/assertion.h"

#define METRICS 3
#define ROWS	200

enum { LEVEL, SHORT = METRICS, LONG = 2 * METRICS, COLUMNS = 3 * METRICS };

static float rows[ROWS][METRICS];
static float columns[ROWS][COLUMNS];

static struct expand *make(void)
{
	struct expand *expand = NULL;

	cr_assert(zero(int, expand_new(METRICS, &expand)));
	return expand;
}

static void fill_rows(void)
{
	struct chance chance;

	chance_init(&chance, 1, 0);
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned int m = 0; m < METRICS; m++)
			rows[i][m] = (float)(100 * m + 10 * chance_share(&chance));
}

static void take_all(struct expand *expand)
{
	for (size_t i = 0; i < ROWS; i++)
		expand_take(expand, rows[i], columns[i]);
}

/* Of the values from that row on, and before the other. */
static float range_of(size_t begin, size_t end, unsigned int metric)
{
	float low = INFINITY, high = -INFINITY;

	for (size_t i = begin; i < end; i++) {
		low = fminf(low, rows[i][metric]);
		high = fmaxf(high, rows[i][metric]);
	}
	return high - low;
}

Test(expand, ranges_are_those_of_the_last_rows_and_of_fewer_at_the_start)
{
	CLEANUP(expand_freep) struct expand *expand = make();

	fill_rows();
	for (size_t i = 20; i < 40; i++)
		rows[i][1] = NAN; /* too few for all of the many rows */
	take_all(expand);
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned int m = 0; m < METRICS; m++) {
			size_t far = i + 1 < EXPAND_LONG_ROWS ? 0 : i + 1 - EXPAND_LONG_ROWS;
			size_t near = i + 1 < EXPAND_SHORT_ROWS ? 0 : i + 1 - EXPAND_SHORT_ROWS;

			cr_assert(eq(flt, columns[i][LONG + m], range_of(far, i + 1, m)));
			if (m != 1 || i < 24 || i >= 40)
				cr_assert(eq(flt, columns[i][SHORT + m], range_of(near, i + 1, m)));
			else
				cr_assert(isnan(columns[i][SHORT + m]), "row %zu", i);
		}
}

Test(expand, the_level_follows_by_a_fifth_of_the_way_and_rests_where_nothing_is_known)
{
	CLEANUP(expand_freep) struct expand *expand = make();
	double level[METRICS];

	fill_rows();
	for (size_t i = 10; i < 30; i++)
		rows[i][2] = NAN;
	take_all(expand);
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned int m = 0; m < METRICS; m++) {
			if (i == 0)
				level[m] = rows[i][m];
			else if (!isnan(rows[i][m]))
				level[m] += 0.2 * (rows[i][m] - level[m]);
			cr_assert(epsilon_eq(dbl, columns[i][LEVEL + m], level[m], 1e-3));
		}
}

Test(expand, what_was_missing_for_long_is_missing_and_begins_anew)
{
	CLEANUP(expand_freep) struct expand *expand = make();

	fill_rows();
	for (size_t i = 50; i < 50 + EXPAND_LONG_ROWS; i++)
		rows[i][0] = NAN;
	rows[50 + EXPAND_LONG_ROWS][0] = 77;
	take_all(expand);
	cr_assert(isnan(columns[50 + EXPAND_LONG_ROWS - 2][LEVEL]) == 0);
	for (unsigned int c = 0; c < COLUMNS; c++)
		cr_assert(eq(int, isnan(columns[50 + EXPAND_LONG_ROWS - 1][c]) != 0,
			     c % METRICS == 0));
	cr_assert(eq(flt, columns[50 + EXPAND_LONG_ROWS][LEVEL], 77));
	cr_assert(eq(flt, columns[50 + EXPAND_LONG_ROWS][LONG], 0));
}

Test(expand, nothing_is_known_before_the_first_value)
{
	CLEANUP(expand_freep) struct expand *expand = make();
	const float none[METRICS] = { NAN, NAN, NAN };

	expand_take(expand, none, columns[0]);
	for (unsigned int c = 0; c < COLUMNS; c++)
		cr_assert(isnan(columns[0][c]), "column %u", c);
}

Test(expand, after_a_restart_nothing_is_left_of_before)
{
	CLEANUP(expand_freep) struct expand *expand = make();
	float fresh[ROWS][COLUMNS];

	fill_rows();
	take_all(expand);
	memcpy(fresh, columns, sizeof(fresh));
	expand_restart(expand);
	take_all(expand);
	cr_assert(zero(int, memcmp(fresh, columns, sizeof(fresh))));
}

Test(expand, no_value_is_too_large_for_finite_columns)
{
	CLEANUP(expand_freep) struct expand *expand = make();
	const float odd[] = { INFINITY, -INFINITY, FLT_MAX, -FLT_MAX };

	fill_rows();
	for (size_t i = 0; i < ROWS; i++)
		rows[i][i % METRICS] = odd[i % 4];
	take_all(expand);
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned int c = 0; c < COLUMNS; c++)
			cr_assert(isfinite(columns[i][c]), "row %zu, column %u", i, c);
}

Test(expand, memory_is_that_of_the_rows_and_no_more)
{
	CLEANUP(expand_freep) struct expand *expand = make();

	cr_assert(lt(sz, expand_bytes(expand),
		     (EXPAND_LONG_ROWS + 1) * ((METRICS + 3) / 4 * 4) * sizeof(float) + 64),
		  "metrics are taken by fours");
	cr_assert(eq(ptr, expand_free(NULL), NULL));
}
