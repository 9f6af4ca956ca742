/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forest of planes against a naive one in double precision, and what it sees that no axis does. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "judge/chance.h"
#include "judge/forest.h"
#include "tests/unit/assertion.h"

#define N	600
#define COLUMNS 30
#define SEED	42
#define COLUMN	5 /* any one */

static float values[N][COLUMNS];

static struct forest_rows first(size_t n)
{
	return (struct forest_rows) { values[0], n, COLUMNS };
}

/* Spreads of about 1: bells, integers, one that is nearly always 0, two that are 0, and gaps. */
static void fill_values(uint64_t salt)
{
	struct chance chance;

	chance_init(&chance, 7, salt);
	for (size_t i = 0; i < N; i++) {
		for (unsigned int c = 0; c < COLUMNS; c++) {
			double bell = 2 * (chance_share(&chance) + chance_share(&chance) +
					   chance_share(&chance) - 1.5);

			values[i][c] = (float)(c % 4 == 2 ? rint(bell) : bell);
		}
		values[i][3] = i % 50 == 0 ? 5 : 0;
		values[i][7] = values[i][COLUMNS - 1] = 0;
		if (i % 7 == 0)
			values[i][4] = NAN;
	}
}

static struct forest *train(size_t n)
{
	struct forest *forest = NULL;
	const struct forest_rows rows = first(n);

	cr_assert(zero(int, forest_train(FOREST_PLANES, &rows, SEED, &forest)));
	return forest;
}

/* ---- the naive one ------------------------------------------------------- */

/* The same trees grown once more, with path lengths in double precision and nothing packed: only the
 * way chance is drawn, that weights are floats with two bits of fraction, and that sums are floats
 * added in four lanes, are as in the forest. */

#define TAKEN  12
#define LEVELS 5

static struct chance chance;
static unsigned int list[COLUMNS];

static double value_of(const float *row, unsigned int column)
{
	return isnan(row[column]) ? 0 : row[column];
}

/* Summed up as the forest does: where weights lie in the middle between two, as those of integers do,
 * the last bit decides which it is. */
static double spread_of(const float **rows, size_t n, unsigned int column)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += value_of(rows[i], column);
	for (size_t i = 0; i < n; i++)
		squares += pow(value_of(rows[i], column) - sum / (double)n, 2);
	return sqrt(squares / (double)n);
}

static double rounded(double weight, double most)
{
	int exponent, most_exponent;
	double part = frexp(fabs((float)weight), &exponent);

	(void)frexp(most, &most_exponent);
	part = ldexp(floor(part * 8 + 0.5) / 8, exponent - most_exponent);
	return copysign(fmax(part, 0x1p-31), weight);
}

static void swap(unsigned int one, unsigned int other)
{
	unsigned int kept = list[one];

	list[one] = list[other];
	list[other] = kept;
}

struct sum {
	unsigned int column[TAKEN];
	double weight[TAKEN];
};

/* False if no column varies. */
static bool draw_sum(const float **rows, size_t n, unsigned int *n_varying, struct sum *sum)
{
	double most = 0;
	unsigned int taken = 0;

	while (taken < TAKEN && taken < *n_varying) {
		double spread;

		swap(taken, taken + chance_below(&chance, *n_varying - taken));
		spread = spread_of(rows, n, list[taken]);
		if (spread <= 0.05) {
			swap(taken, --*n_varying);
			continue;
		}
		sum->column[taken] = list[taken];
		sum->weight[taken] =
			(2 * __builtin_popcountll(chance_next(&chance) >> 1) - 63) / spread;
		most = fmax(most, fabs(sum->weight[taken++]));
	}
	for (unsigned int i = 0; i < TAKEN; i++) {
		sum->column[i] = i < taken ? sum->column[i] : list[0];
		sum->weight[i] = i < taken ? rounded(sum->weight[i], most) : 0x1p-31;
	}
	return taken > 0;
}

static float sum_of(const struct sum *sum, const float *row)
{
	float lane[4] = { 0 };

	for (unsigned int i = 0; i < TAKEN; i++)
		lane[i % 4] += (float)sum->weight[i] * (float)value_of(row, sum->column[i]);
	return lane[0] + lane[1] + (lane[2] + lane[3]);
}

static double average_path(size_t n)
{
	double harmonic = 0;

	for (size_t i = 1; i < n; i++)
		harmonic += 1.0 / (double)i;
	return n < 2 ? 0 : 2 * harmonic - 2 * (double)(n - 1) / (double)n;
}

/* How far x walks in the subtree of these rows; 0 where it does not come by (x is NULL). */
static double path_of(const float **rows, size_t n, unsigned int depth, unsigned int limit,
		      unsigned int n_varying, const float *x)
{
	const float *left[FOREST_SAMPLE], *right[FOREST_SAMPLE];
	struct sum sum;
	double low = INFINITY, high = -INFINITY, split, place = 0, excess, less = 0;
	size_t n_left = 0, n_right = 0;
	bool goes_right;

	if (depth == limit || n < 2 || !draw_sum(rows, n, &n_varying, &sum))
		return x ? depth + average_path(n) : 0;
	for (size_t i = 0; i < n; i++) {
		low = fmin(low, sum_of(&sum, rows[i]));
		high = fmax(high, sum_of(&sum, rows[i]));
	}
	split = floor(chance_share(&chance) * 65536) / 65536;
	for (size_t i = 0; i < n; i++)
		if ((sum_of(&sum, rows[i]) - low) / (high - low) > split)
			right[n_right++] = rows[i];
		else
			left[n_left++] = rows[i];
	if (x) {
		place = (sum_of(&sum, x) - low) / (high - low);
		excess = fmax(fmax(-place, place - 1), 0);
		less = 2 * excess / (2 + excess);
	}
	goes_right = place > split;
	return path_of(left, n_left, depth + 1, limit, n_varying, goes_right ? NULL : x) +
	       path_of(right, n_right, depth + 1, limit, n_varying, goes_right ? x : NULL) - less;
}

static unsigned int fill_list(size_t n)
{
	unsigned int n_varying = 0;

	for (unsigned int c = 0; c < COLUMNS; c++)
		for (size_t i = 1; i < n; i++)
			if (value_of(values[i], c) != value_of(values[0], c)) {
				list[n_varying++] = c;
				break;
			}
	return n_varying;
}

static double tree_share(size_t n, uint64_t tree, const float *x)
{
	size_t n_sample = n < FOREST_SAMPLE ? n : FOREST_SAMPLE;
	const float *rows[FOREST_SAMPLE];
	unsigned int limit = (unsigned int)fmin(ceil(log2((double)n_sample)), LEVELS);
	uint32_t taken[FOREST_SAMPLE];

	chance_init(&chance, SEED, tree);
	chance_sample(&chance, (uint32_t)n, (uint32_t)n_sample, taken);
	for (size_t i = 0; i < n_sample; i++)
		rows[i] = values[taken[i]];
	return fmax(path_of(rows, n_sample, 0, limit, fill_list(n), x), 0) / average_path(n_sample);
}

/* ---- truths -------------------------------------------------------------- */

/* Places in a range are floats, and so is what is taken from a path outside of it. */
#define TOLERANCE 1e-6

Test(planes, scores_are_those_of_a_naive_forest_inside_its_range_and_outside)
{
	const size_t sizes[] = { FOREST_ROWS_MIN, 33, 200, N };

	fill_values(0);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		CLEANUP(forest_freep) struct forest *forest = train(sizes[k]);

		for (size_t i = 0; i < N; i += 23) {
			float x[COLUMNS];
			double sum = 0;

			for (unsigned int c = 0; c < COLUMNS; c++)
				x[c] = values[i][c] * (float)(1 + i % 3);
			for (uint64_t tree = 0; tree < FOREST_PLANES_TREES; tree++)
				sum += tree_share(sizes[k], tree, x);
			cr_assert(epsilon_eq(dbl, forest_score(forest, x),
					     exp2(-sum / FOREST_PLANES_TREES), TOLERANCE),
				  "row %zu of a forest on %zu", i, sizes[k]);
		}
	}
}

Test(planes, rolling_replaces_the_oldest_trees_and_no_others)
{
	const size_t sizes[][2] = { { 40, N }, { N, 40 } };

	for (size_t k = 0; k < 2; k++) {
		CLEANUP(forest_freep) struct forest *forest = NULL;
		const struct forest_rows later = first(sizes[k][1]);
		double sum = 0;
		float x[COLUMNS];

		fill_values(0);
		forest = train(sizes[k][0]);
		memcpy(x, values[100], sizeof(x));
		for (uint64_t tree = 30; tree < FOREST_PLANES_TREES; tree++)
			sum += tree_share(sizes[k][0], tree, x);
		fill_values(1);
		cr_assert(zero(int, forest_roll(forest, &later, 10)));
		cr_assert(zero(int, forest_roll(forest, &later, 20)));
		for (uint64_t tree = FOREST_PLANES_TREES; tree < FOREST_PLANES_TREES + 30; tree++)
			sum += tree_share(sizes[k][1], tree, x);
		cr_assert(epsilon_eq(dbl, forest_score(forest, x), exp2(-sum / FOREST_PLANES_TREES),
				     TOLERANCE));
		cr_assert(eq(u32, forest_generation(forest), 30));
	}
}

Test(planes, the_same_rows_and_seed_give_the_same_scores)
{
	CLEANUP(forest_freep) struct forest *one = NULL, *same = NULL, *other = NULL;
	const struct forest_rows rows = first(N);

	fill_values(0);
	one = train(N);
	same = train(N);
	cr_assert(zero(int, forest_train(FOREST_PLANES, &rows, SEED + 1, &other)));
	for (size_t i = 0; i < N; i++)
		cr_assert(eq(flt, forest_score(one, values[i]), forest_score(same, values[i])));
	cr_assert(ne(flt, forest_score(one, values[0]), forest_score(other, values[0])));
}

Test(planes, what_never_varies_is_ordinary_and_anything_held_against_it_too)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;

	/* A twentieth of a spread is not varying: the least bit of what is kept, magnified, would be. */
	memset(values, 0, sizeof(values));
	for (size_t i = 0; i < N; i++)
		values[i][COLUMN + 1] = i % 2 ? 0.09f : 0;
	forest = train(N);
	cr_assert(epsilon_eq(flt, forest_score(forest, values[0]), 0.5f, 1e-5f));
	values[0][COLUMN] = values[0][COLUMN + 1] = 9;
	cr_assert(epsilon_eq(flt, forest_score(forest, values[0]), 0.5f, 1e-5f));
}

Test(planes, the_farther_beyond_what_was_seen_the_odder)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	float odd[COLUMNS] = { 0 };
	float before;

	fill_values(0);
	forest = train(N);
	before = forest_score(forest, odd);
	for (float value = 5; value < 100; value *= 2) {
		float score;

		odd[COLUMN] = value;
		score = forest_score(forest, odd);
		cr_assert(gt(flt, score, before + 0.005f), "at %g", value);
		before = score;
	}
	cr_assert(lt(flt, before, 1));
}

/* How many of the N rows score less than this one. */
static size_t n_below(const struct forest *forest, const float *row)
{
	size_t n = 0;

	for (size_t i = 0; i < N; i++)
		n += forest_score(forest, values[i]) < forest_score(forest, row);
	return n;
}

Test(planes, a_small_shift_of_many_columns_is_odder_than_nine_in_ten_of_what_was_seen)
{
	const unsigned int n_forests = 8;
	const struct forest_rows rows = first(N);
	float calm[COLUMNS] = { 0 }, shifted[COLUMNS] = { 0 };
	size_t n_shifted = 0, n_calm = 0;

	fill_values(0);
	/* One and a half spreads, which each of the columns alone exceeds in one row of seven. */
	for (unsigned int c = 8; c < COLUMNS - 1; c++)
		shifted[c] = c % 2 ? 1.5f : -1.5f;
	/* From forest to forest it is between three quarters and all. */
	for (uint64_t seed = 1; seed <= n_forests; seed++) {
		CLEANUP(forest_freep) struct forest *forest = NULL;

		cr_assert(zero(int, forest_train(FOREST_PLANES, &rows, seed, &forest)));
		n_shifted += n_below(forest, shifted);
		n_calm += n_below(forest, calm);
	}
	cr_assert(gt(sz, n_shifted, n_forests * N * 9 / 10), "%zu", n_shifted);
	cr_assert(lt(sz, n_calm, n_forests * N / 10), "%zu", n_calm);
}

Test(planes, a_missing_value_counts_as_normal_and_no_number_is_too_odd)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	float zero[COLUMNS] = { 0 };
	float missing[COLUMNS];

	fill_values(0);
	values[1][COLUMN] = INFINITY;
	values[2][COLUMN] = -INFINITY;
	values[3][COLUMN] = NAN;
	for (unsigned int c = 0; c < COLUMNS; c++) {
		values[5][c] = c % 2 ? INFINITY : -INFINITY;
		missing[c] = NAN;
	}
	forest = train(N);
	cr_assert(eq(flt, forest_score(forest, missing), forest_score(forest, zero)));
	for (size_t i = 0; i <= 5; i++) {
		float score = forest_score(forest, values[i]);

		cr_assert(score > 0 && score <= 1, "row %zu: %g", i, score);
	}
}

Test(planes, too_few_rows_and_too_many_columns_are_refused)
{
	static float wide[20][FOREST_COLUMNS_MAX + 1];
	const struct forest_rows few = first(3), too_few = first(FOREST_ROWS_MIN - 1);
	const struct forest_rows too_wide = { wide[0], 20, FOREST_COLUMNS_MAX + 1 };
	const struct forest_rows widest = { wide[0], 20, FOREST_COLUMNS_MAX };
	struct forest *forest = NULL;

	fill_values(0);
	cr_assert(eq(int, forest_train(FOREST_PLANES, &too_few, SEED, &forest), -ENODATA));
	cr_assert(eq(int, forest_train(FOREST_PLANES, &too_wide, SEED, &forest), -E2BIG));
	cr_assert(eq(ptr, forest, NULL));
	for (unsigned int c = 0; c < FOREST_COLUMNS_MAX; c++)
		wide[0][c] = 5; /* the last is looked at as well as the first */
	cr_assert(zero(int, forest_train(FOREST_PLANES, &widest, SEED, &forest)));
	cr_assert(gt(flt, forest_score(forest, wide[0]), forest_score(forest, wide[1])));
	forest = forest_free(forest);
	forest = train(N);
	cr_assert(eq(int, forest_roll(forest, &few, 10), -ENODATA));
	forest = forest_free(forest);
}

Test(planes, rolling_for_days_does_not_grow_it)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	const struct forest_rows rows = first(N);

	fill_values(0);
	forest = train(N);
	for (unsigned int i = 0; i < 50; i++)
		cr_assert(zero(int, forest_roll(forest, &rows, 10)));
	cr_assert(lt(sz, forest_bytes(forest), (size_t)100 * 1024), "%zu", forest_bytes(forest));
}
