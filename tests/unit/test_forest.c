/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forest against a naive one of the textbook, and what its scores are worth. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "judge/chance.h"
#include "judge/forest.h"
#include "tests/unit/assertion.h"

#define N	600
#define COLUMNS 20
#define SEED	42
#define COLUMN	5 /* any one */

static float values[N][COLUMNS];

static struct forest_rows first(size_t n)
{
	return (struct forest_rows) { values[0], n, COLUMNS };
}

/* A uniform number in [0, 1) that is the same for the same i, whatever the machine. */
static float chance(uint64_t i)
{
	i = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	i = (i ^ (i >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	i = (i ^ (i >> 32)) * UINT64_C(0x94d049bb133111eb);
	return (float)((i ^ (i >> 29)) >> 40) * 0x1p-24f;
}

/* A unit's day: bells, tails, integers, one that is nearly always 0, one that is 0, and gaps. */
static void fill_values(uint64_t salt)
{
	for (size_t i = 0; i < N; i++) {
		for (unsigned int c = 0; c < COLUMNS; c++) {
			uint64_t at = (salt * N + i) * COLUMNS + c;
			float bell = chance(at * 3) + chance(at * 3 + 1) + chance(at * 3 + 2);

			values[i][c] = 2 * bell - 3;
			if (c % 4 == 1)
				values[i][c] = expf(values[i][c]);
			if (c % 4 == 2)
				values[i][c] = rintf(3 * bell);
			if (c == 3)
				values[i][c] = i % 50 == 0 ? 5 : 0;
			if (c == 7)
				values[i][c] = 0;
		}
		if (i % 7 == 0)
			values[i][4] = NAN;
	}
}

/* ---- the textbook -------------------------------------------------------- */

/* The same trees grown once more by recursion, with path lengths in double precision and nothing
 * packed: only the way chance is drawn, and the six bits, are as in the forest. */

static struct chance luck;

static double value_of(const float *row, unsigned int column)
{
	return isnan(row[column]) ? 0 : row[column];
}

static uint64_t varying_of(size_t n)
{
	uint64_t varying = 0;

	for (unsigned int c = 0; c < COLUMNS; c++)
		for (size_t i = 0; i < n; i++)
			if (value_of(values[i], c) != value_of(values[0], c))
				varying |= (uint64_t)1 << c;
	return varying;
}

static double average_path(size_t n)
{
	double harmonic = 0;

	for (size_t i = 1; i < n; i++)
		harmonic += 1.0 / (double)i;
	return n < 2 ? 0 : 2 * harmonic - 2 * (double)(n - 1) / (double)n;
}

static bool split_between(double low, double high, unsigned int column, double *ret)
{
	float drawn = (float)(low + chance_share(&luck) * (high - low));
	uint32_t bits;

	memcpy(&bits, &drawn, sizeof(bits));
	bits = bits / 64 * 64 + column;
	for (int i = 0; i < 3; i++) {
		uint32_t try = i == 0 ? bits : i == 1 ? bits + 64 : bits - 64;

		memcpy(&drawn, &try, sizeof(drawn));
		if (low <= drawn && drawn < high) {
			*ret = drawn;
			return true;
		}
	}
	return false;
}

static bool find_split(const float **rows, size_t n, uint64_t *varying, unsigned int *ret_column,
		       double *ret_split)
{
	while (*varying) {
		unsigned int nth = chance_below(&luck, (uint32_t)__builtin_popcountll(*varying));
		unsigned int column = 0;
		double low = INFINITY, high = -INFINITY;

		while (!(*varying >> column & 1) || nth-- > 0)
			column++;
		for (size_t i = 0; i < n; i++) {
			low = fmin(low, value_of(rows[i], column));
			high = fmax(high, value_of(rows[i], column));
		}
		*ret_column = column;
		if (low < high && split_between(low, high, column, ret_split))
			return true;
		*varying -= (uint64_t)1 << column;
	}
	return false;
}

/* How far x walks in the subtree of these rows; 0 where it does not come by (x is NULL). */
static double path_of(const float **rows, size_t n, unsigned int depth, unsigned int limit,
		      uint64_t varying, const float *x)
{
	const float *low[FOREST_SAMPLE], *high[FOREST_SAMPLE];
	size_t n_low = 0, n_high = 0;
	unsigned int column;
	double split;
	bool goes_high;

	if (depth == limit || n < 2 || !find_split(rows, n, &varying, &column, &split))
		return x ? depth + average_path(n) : 0;
	for (size_t i = 0; i < n; i++)
		if (value_of(rows[i], column) > split)
			high[n_high++] = rows[i];
		else
			low[n_low++] = rows[i];
	goes_high = x && value_of(x, column) > split;
	return path_of(low, n_low, depth + 1, limit, varying, goes_high ? NULL : x) +
	       path_of(high, n_high, depth + 1, limit, varying, goes_high ? x : NULL);
}

static double tree_share(size_t n, uint64_t tree, const float *x)
{
	size_t n_sample = n < FOREST_SAMPLE ? n : FOREST_SAMPLE;
	const float *rows[FOREST_SAMPLE];
	unsigned int limit = (unsigned int)ceil(log2((double)n_sample));
	uint32_t taken[FOREST_SAMPLE];

	chance_init(&luck, SEED, tree);
	chance_sample(&luck, (uint32_t)n, (uint32_t)n_sample, taken);
	for (size_t i = 0; i < n_sample; i++)
		rows[i] = values[taken[i]];
	return path_of(rows, n_sample, 0, limit, varying_of(n), x) / average_path(n_sample);
}

/* ---- truths -------------------------------------------------------------- */

/* Each path is rounded to a millionth, and the score to a float. */
#define TOLERANCE 2e-7

static struct forest *train(size_t n)
{
	struct forest *forest = NULL;

	const struct forest_rows rows = first(n);

	cr_assert(zero(int, forest_train(FOREST_AXES, &rows, SEED, &forest)));
	return forest;
}

Test(forest, scores_are_those_of_the_textbook)
{
	const size_t sizes[] = { FOREST_ROWS_MIN, 33, 200, N };

	fill_values(0);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		CLEANUP(forest_freep) struct forest *forest = train(sizes[k]);

		for (size_t i = 0; i < N; i += 151) {
			double sum = 0;

			for (uint64_t tree = 0; tree < FOREST_AXES_TREES; tree++)
				sum += tree_share(sizes[k], tree, values[i]);
			cr_assert(epsilon_eq(dbl, forest_score(forest, values[i]),
					     exp2(-sum / FOREST_AXES_TREES), TOLERANCE),
				  "row %zu of a forest on %zu", i, sizes[k]);
		}
	}
}

Test(forest, rolling_replaces_the_oldest_trees_and_no_others)
{
	/* From few rows to many, and back: trees of either size must not matter to the other. */
	const size_t sizes[][2] = { { 40, N }, { N, 40 } };

	for (size_t k = 0; k < 2; k++) {
		CLEANUP(forest_freep) struct forest *forest = NULL;
		const struct forest_rows later = first(sizes[k][1]);
		double sum = 0;
		float x[COLUMNS];

		fill_values(0);
		forest = train(sizes[k][0]);
		memcpy(x, values[100], sizeof(x));
		for (uint64_t tree = 30; tree < FOREST_AXES_TREES; tree++)
			sum += tree_share(sizes[k][0], tree, x);
		fill_values(1);
		cr_assert(zero(int, forest_roll(forest, &later, 10)));
		cr_assert(zero(int, forest_roll(forest, &later, 20)));
		for (uint64_t tree = FOREST_AXES_TREES; tree < FOREST_AXES_TREES + 30; tree++)
			sum += tree_share(sizes[k][1], tree, x);
		cr_assert(epsilon_eq(dbl, forest_score(forest, x), exp2(-sum / FOREST_AXES_TREES),
				     TOLERANCE));
		cr_assert(eq(u32, forest_generation(forest), 30));
	}
}

Test(forest, the_same_rows_and_seed_give_the_same_scores)
{
	CLEANUP(forest_freep) struct forest *one = NULL, *same = NULL, *other = NULL;
	const struct forest_rows rows = first(N);

	fill_values(0);
	one = train(N);
	same = train(N);
	cr_assert(zero(int, forest_train(FOREST_AXES, &rows, SEED + 1, &other)));
	for (size_t i = 0; i < N; i++)
		cr_assert(eq(flt, forest_score(one, values[i]), forest_score(same, values[i])));
	cr_assert(ne(flt, forest_score(one, values[0]), forest_score(other, values[0])));
}

Test(forest, what_never_varies_is_ordinary_and_anything_held_against_it_too)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;

	memset(values, 0, sizeof(values));
	forest = train(N);
	cr_assert(epsilon_eq(flt, forest_score(forest, values[0]), 0.5f, 1e-5f));
	values[0][COLUMN] = 9;
	cr_assert(epsilon_eq(flt, forest_score(forest, values[0]), 0.5f, 1e-5f));
}

Test(forest, the_odd_one_scores_high)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	float odd[COLUMNS] = { 0 };
	float normal;

	fill_values(0);
	forest = train(N);
	normal = forest_score(forest, odd);
	odd[COLUMN] = 30;
	odd[COLUMN + 3] = -30;
	cr_assert(gt(flt, forest_score(forest, odd), normal + 0.04f));
}

Test(forest, a_missing_value_counts_as_normal_and_no_number_is_too_odd)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	float zero[COLUMNS] = { 0 };
	float missing[COLUMNS];

	fill_values(0);
	values[1][COLUMN] = INFINITY;
	values[2][COLUMN] = -INFINITY;
	values[3][COLUMN] = NAN;
	forest = train(N);
	for (unsigned int c = 0; c < COLUMNS; c++)
		missing[c] = NAN;
	cr_assert(eq(flt, forest_score(forest, missing), forest_score(forest, zero)));
	for (size_t i = 1; i <= 3; i++) {
		float score = forest_score(forest, values[i]);

		cr_assert(score > 0 && score < 1, "row %zu: %g", i, score);
	}
}

Test(forest, neighbouring_floats_which_no_split_parts_count_as_one)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;

	memset(values, 0, sizeof(values));
	for (size_t i = 0; i < N; i++)
		values[i][COLUMN] = i % 2 ? 1 : nextafterf(1, 2);
	forest = train(N);
	cr_assert(epsilon_eq(flt, forest_score(forest, values[0]), 0.5f, 1e-5f));
}

Test(forest, too_few_rows_and_too_many_columns_are_refused)
{
	const struct forest_rows few = first(3), too_few = first(FOREST_ROWS_MIN - 1);
	const struct forest_rows too_wide = { values[0], 100, FOREST_AXES_COLUMNS_MAX + 1 };
	struct forest *forest = NULL;

	fill_values(0);
	cr_assert(eq(int, forest_train(FOREST_AXES, &too_few, SEED, &forest), -ENODATA));
	cr_assert(eq(int, forest_train(FOREST_AXES, &too_wide, SEED, &forest), -E2BIG));
	cr_assert(eq(ptr, forest, NULL));
	forest = train(N);
	cr_assert(eq(int, forest_roll(forest, &few, 10), -ENODATA));
	forest = forest_free(forest);
	cr_assert(eq(ptr, forest_free(NULL), NULL));
}

Test(forest, rolling_for_days_does_not_grow_it)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	const struct forest_rows rows = first(N);

	fill_values(0);
	forest = train(N);
	for (unsigned int i = 0; i < 50; i++)
		cr_assert(zero(int, forest_roll(forest, &rows, 10)));
	cr_assert(lt(sz, forest_bytes(forest), (size_t)100 * 1024), "%zu", forest_bytes(forest));
}
