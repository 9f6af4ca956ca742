/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forest against a naive one of the textbook, and what its scores are worth. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "judge/forest.h"

#define N      600
#define SEED   42
#define METRIC 5 /* any one */

static struct vector vectors[N];

/* A uniform number in [0, 1) that is the same for the same i, whatever the machine. */
static float chance(uint64_t i)
{
	i = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	i = (i ^ (i >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	i = (i ^ (i >> 32)) * UINT64_C(0x94d049bb133111eb);
	return (float)((i ^ (i >> 29)) >> 40) * 0x1p-24f;
}

/* A unit's day: bells, tails, integers, one that is nearly always 0, and gaps. */
static void fill_vectors(uint64_t salt)
{
	for (size_t i = 0; i < N; i++) {
		struct vector *vector = &vectors[i];

		vector->have = METRIC_BIT(20) - 1;
		for (unsigned int m = 0; m < METRIC_N; m++) {
			uint64_t at = (salt * N + i) * METRIC_N + m;
			float bell = chance(at * 3) + chance(at * 3 + 1) + chance(at * 3 + 2);

			vector->deviation[m] = 2 * bell - 3;
			if (m % 4 == 1)
				vector->deviation[m] = expf(vector->deviation[m]);
			if (m % 4 == 2)
				vector->deviation[m] = rintf(3 * bell);
			if (m == 3)
				vector->deviation[m] = i % 50 == 0 ? 5 : 0;
		}
		if (i % 7 == 0)
			vector->have &= ~METRIC_BIT(4);
	}
}

/* ---- the textbook -------------------------------------------------------- */

/* The same trees grown once more by recursion, with path lengths in double precision and nothing
 * packed: only the way chance is drawn, and the six bits, are as in the forest. */

static uint64_t state[4];

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void seed_tree(uint64_t seed, uint64_t tree)
{
	const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t begin = mix(seed + golden) ^ tree;

	for (unsigned int i = 0; i < 4; i++)
		state[i] = mix(begin + (i + 1) * golden);
}

static uint64_t draw(void)
{
	uint64_t sum = state[0] + state[3];
	uint64_t ret = (sum << 23 | sum >> 41) + state[0];
	uint64_t t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = state[3] << 45 | state[3] >> 19;
	return ret;
}

static double share(void)
{
	return (double)(draw() >> 11) / 9007199254740992.0;
}

static double value_of(const struct vector *vector, unsigned int metric)
{
	return vector->have >> metric & 1 ? vector->deviation[metric] : 0;
}

static double average_path(size_t n)
{
	double harmonic = 0;

	for (size_t i = 1; i < n; i++)
		harmonic += 1.0 / (double)i;
	return n < 2 ? 0 : 2 * harmonic - 2 * (double)(n - 1) / (double)n;
}

static bool split_between(double low, double high, unsigned int metric, double *ret)
{
	float drawn = (float)(low + share() * (high - low));
	uint32_t bits;

	memcpy(&bits, &drawn, sizeof(bits));
	bits = bits / 64 * 64 + metric;
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

static bool find_split(const struct vector **rows, size_t n, uint64_t *varying,
		       unsigned int *ret_metric, double *ret_split)
{
	while (*varying) {
		unsigned int nth =
			(unsigned int)((draw() >> 32) * (uint64_t)__builtin_popcountll(*varying) >>
				       32);
		unsigned int metric = 0;
		double low = INFINITY, high = -INFINITY;

		while (!(*varying >> metric & 1) || nth-- > 0)
			metric++;
		for (size_t i = 0; i < n; i++) {
			low = fmin(low, value_of(rows[i], metric));
			high = fmax(high, value_of(rows[i], metric));
		}
		*ret_metric = metric;
		if (low < high && split_between(low, high, metric, ret_split))
			return true;
		*varying -= METRIC_BIT(metric);
	}
	return false;
}

/* How far x walks in the subtree of these rows; 0 where it does not come by (x is NULL). */
static double path_of(const struct vector **rows, size_t n, unsigned int depth, unsigned int limit,
		      uint64_t varying, const struct vector *x)
{
	const struct vector *low[FOREST_SAMPLE], *high[FOREST_SAMPLE];
	size_t n_low = 0, n_high = 0;
	unsigned int metric;
	double split;
	bool goes_high;

	if (depth == limit || n < 2 || !find_split(rows, n, &varying, &metric, &split))
		return x ? depth + average_path(n) : 0;
	for (size_t i = 0; i < n; i++)
		if (value_of(rows[i], metric) > split)
			high[n_high++] = rows[i];
		else
			low[n_low++] = rows[i];
	goes_high = x && value_of(x, metric) > split;
	return path_of(low, n_low, depth + 1, limit, varying, goes_high ? NULL : x) +
	       path_of(high, n_high, depth + 1, limit, varying, goes_high ? x : NULL);
}

static double tree_share(size_t n, uint64_t tree, const struct vector *x)
{
	size_t n_sample = n < FOREST_SAMPLE ? n : FOREST_SAMPLE;
	const struct vector *rows[FOREST_SAMPLE];
	unsigned int limit = (unsigned int)ceil(log2((double)n_sample));
	uint64_t have = 0;
	size_t taken = 0;

	seed_tree(SEED, tree);
	for (size_t i = 0; taken < n_sample; i++)
		if (share() * (double)(n - i) < (double)(n_sample - taken)) {
			have |= vectors[i].have;
			rows[taken++] = &vectors[i];
		}
	return path_of(rows, n_sample, 0, limit, have, x) / average_path(n_sample);
}

/* ---- truths -------------------------------------------------------------- */

/* Path lengths are rounded; those of fewer vectors, which are stretched, all to the same side. */
static double tolerance(size_t n)
{
	return n < FOREST_SAMPLE ? 3e-6 : 1e-6;
}

static struct forest *train(size_t n)
{
	struct forest *forest = NULL;

	cr_assert(zero(int, forest_train(vectors, n, SEED, &forest)));
	return forest;
}

Test(forest, scores_are_those_of_the_textbook)
{
	const size_t sizes[] = { FOREST_VECTORS_MIN, 33, 200, N };

	fill_vectors(0);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		CLEANUP(forest_freep) struct forest *forest = train(sizes[k]);

		for (size_t i = 0; i < N; i += 151) {
			double sum = 0;

			for (uint64_t tree = 0; tree < FOREST_TREES; tree++)
				sum += tree_share(sizes[k], tree, &vectors[i]);
			cr_assert(epsilon_eq(dbl, forest_score(forest, &vectors[i]),
					     exp2(-sum / FOREST_TREES), tolerance(sizes[k])),
				  "row %zu of a forest on %zu", i, sizes[k]);
		}
	}
}

Test(forest, rolling_replaces_the_oldest_trees_and_no_others)
{
	/* From few vectors to many, and back: trees of either size must not matter to the other. */
	const size_t sizes[][2] = { { 40, N }, { N, 40 } };

	for (size_t k = 0; k < 2; k++) {
		CLEANUP(forest_freep) struct forest *forest = NULL;
		double sum = 0;
		struct vector x;

		fill_vectors(0);
		forest = train(sizes[k][0]);
		x = vectors[100];
		for (uint64_t tree = 30; tree < FOREST_TREES; tree++)
			sum += tree_share(sizes[k][0], tree, &x);
		fill_vectors(1);
		cr_assert(zero(int, forest_roll(forest, vectors, sizes[k][1], 10)));
		cr_assert(zero(int, forest_roll(forest, vectors, sizes[k][1], 20)));
		for (uint64_t tree = FOREST_TREES; tree < FOREST_TREES + 30; tree++)
			sum += tree_share(sizes[k][1], tree, &x);
		cr_assert(epsilon_eq(dbl, forest_score(forest, &x), exp2(-sum / FOREST_TREES),
				     tolerance(40)));
		cr_assert(eq(u32, forest_generation(forest), 30));
	}
}

Test(forest, the_same_vectors_and_seed_give_the_same_scores)
{
	CLEANUP(forest_freep) struct forest *one = NULL, *same = NULL, *other = NULL;

	fill_vectors(0);
	one = train(N);
	same = train(N);
	cr_assert(zero(int, forest_train(vectors, N, SEED + 1, &other)));
	for (size_t i = 0; i < N; i++)
		cr_assert(eq(flt, forest_score(one, &vectors[i]), forest_score(same, &vectors[i])));
	cr_assert(ne(flt, forest_score(one, &vectors[0]), forest_score(other, &vectors[0])));
}

Test(forest, what_never_varies_is_ordinary_and_anything_held_against_it_too)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	float blame[METRIC_N];

	for (size_t i = 0; i < N; i++)
		vectors[i] = (struct vector) { .have = ~UINT64_C(0) };
	forest = train(N);
	cr_assert(epsilon_eq(flt, forest_score(forest, &vectors[0]), 0.5f, 1e-5f));
	vectors[0].deviation[METRIC] = 9;
	cr_assert(epsilon_eq(flt, forest_score(forest, &vectors[0]), 0.5f, 1e-5f));
	forest_blame(forest, &vectors[0], blame);
	for (unsigned int m = 0; m < METRIC_N; m++)
		cr_assert(zero(flt, blame[m]));
}

Test(forest, the_odd_one_scores_high_and_its_metric_is_to_blame)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	struct vector odd = { .have = METRIC_BIT(20) - 1 };
	float blame[METRIC_N];
	float normal, sum = 0;

	fill_vectors(0);
	forest = train(N);
	normal = forest_score(forest, &odd);
	odd.deviation[METRIC] = 30;
	odd.deviation[METRIC + 3] = -30;
	cr_assert(gt(flt, forest_score(forest, &odd), normal + 0.04f));
	forest_blame(forest, &odd, blame);
	for (unsigned int m = 0; m < METRIC_N; m++)
		sum += blame[m];
	cr_assert(epsilon_eq(flt, sum, 1, 1e-5f));
	cr_assert(gt(flt, blame[METRIC] + blame[METRIC + 3], 0.999f));
	cr_assert(gt(flt, blame[METRIC], 0.1f));
	cr_assert(gt(flt, blame[METRIC + 3], 0.1f));
}

Test(forest, a_missing_value_counts_as_normal_and_no_number_is_too_odd)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	struct vector zero = { .have = METRIC_BIT(20) - 1 };
	struct vector missing = zero;

	fill_vectors(0);
	vectors[1].deviation[METRIC] = INFINITY;
	vectors[2].deviation[METRIC] = -INFINITY;
	vectors[3].deviation[METRIC] = NAN;
	forest = train(N);
	missing.have = 0;
	for (unsigned int m = 0; m < METRIC_N; m++)
		missing.deviation[m] = 77; /* not to be looked at */
	cr_assert(eq(flt, forest_score(forest, &missing), forest_score(forest, &zero)));
	zero.deviation[METRIC] = NAN;
	cr_assert(eq(flt, forest_score(forest, &missing), forest_score(forest, &zero)));
	for (size_t i = 1; i <= 3; i++) {
		float score = forest_score(forest, &vectors[i]);

		cr_assert(score > 0 && score < 1, "row %zu: %g", i, score);
	}
}

Test(forest, neighbouring_floats_which_no_split_parts_count_as_one)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;

	memset(vectors, 0, sizeof(vectors));
	for (size_t i = 0; i < N; i++) {
		vectors[i].have = METRIC_BIT(METRIC);
		vectors[i].deviation[METRIC] = i % 2 ? 1 : nextafterf(1, 2);
	}
	forest = train(N);
	cr_assert(epsilon_eq(flt, forest_score(forest, &vectors[0]), 0.5f, 1e-5f));
}

Test(forest, too_few_vectors_are_refused)
{
	struct forest *forest = NULL;

	fill_vectors(0);
	cr_assert(eq(int, forest_train(vectors, FOREST_VECTORS_MIN - 1, SEED, &forest), -ENODATA));
	cr_assert(eq(ptr, forest, NULL));
	forest = train(N);
	cr_assert(eq(int, forest_roll(forest, vectors, 3, 10), -ENODATA));
	forest = forest_free(forest);
	cr_assert(eq(ptr, forest_free(NULL), NULL));
}

Test(forest, rolling_for_days_does_not_grow_it)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;

	fill_vectors(0);
	forest = train(N);
	for (unsigned int i = 0; i < 50; i++)
		cr_assert(zero(int, forest_roll(forest, vectors, N, 10)));
	cr_assert(lt(sz, forest_bytes(forest), (size_t)100 * 1024), "%zu", forest_bytes(forest));
}
