/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging rows of columns without a meaning: what is odd, how odd, and where. */
#include <criterion/criterion.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "judge/chance.h"
#include "judge/detector.h"
#include "tests/unit/assertion.h"

#define ROWS	2000
#define LATER	500
#define COLUMNS 12
#define SEED	42
#define COLUMN	5 /* any one */

static const enum detector_kind kinds[] = { DETECTOR_FOREST, DETECTOR_JUDGE };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static float past[ROWS][COLUMNS], later[LATER][COLUMNS];

/* Bells of many sizes, around normals that differ. The last column never varies. */
static void fill(float rows[][COLUMNS], size_t n, uint64_t stream)
{
	struct chance chance;

	chance_init(&chance, 1, stream);
	for (size_t i = 0; i < n; i++)
		for (unsigned int c = 0; c < COLUMNS; c++) {
			double bell = chance_share(&chance) + chance_share(&chance) +
				      chance_share(&chance) - 1.5;

			rows[i][c] = c == COLUMNS - 1 ? 3 : (float)(c * 10 + bell * exp2(c));
		}
}

static struct detector *train(enum detector_kind kind)
{
	struct detector *detector = NULL;

	fill(past, ROWS, 0);
	fill(later, LATER, 1);
	cr_assert(zero(int, detector_train(kind, past[0], ROWS, COLUMNS, SEED, &detector)));
	return detector;
}

static struct judgement judge(struct detector *detector, const float *row)
{
	struct judgement judgement;

	detector_judge(detector, row, &judgement);
	cr_assert(judgement.score >= 0 && judgement.score <= 1, "%g", judgement.score);
	cr_assert(eq(uint, judgement.state, judgement.score > judgement.threshold));
	cr_assert(lt(uint, judgement.top, COLUMNS));
	return judgement;
}

Test(detector, the_same_past_and_seed_give_the_same_judgements)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *one = train(kinds[k]);
		CLEANUP(detector_freep) struct detector *same = train(kinds[k]);
		CLEANUP(detector_freep) struct detector *other = NULL;
		unsigned int n_other = 0;

		cr_assert(zero(int,
			       detector_train(kinds[k], past[0], ROWS, COLUMNS, SEED + 1, &other)));
		for (size_t i = 0; i < LATER; i++) {
			struct judgement judgement = judge(one, later[i]);

			cr_assert(eq(flt, judge(same, later[i]).score, judgement.score));
			n_other += judge(other, later[i]).score != judgement.score;
		}
		cr_assert(gt(uint, n_other, LATER / 2));
	}
}

Test(detector, few_healthy_rows_are_unusual)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = train(kinds[k]);
		unsigned int n = 0;

		for (size_t i = 0; i < LATER; i++)
			n += judge(detector, later[i]).state == DETECTOR_UNUSUAL;
		cr_assert(lt(uint, n, LATER / 20), "%u of kind %zu", n, k);
	}
}

Test(detector, several_columns_that_shift_at_once_are_unusual)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = train(kinds[k]);
		struct judgement judgement;

		for (size_t i = 0; i < LATER; i++)
			for (unsigned int c = 0; i >= LATER / 2 && c < COLUMNS - 1; c++)
				later[i][c] += (float)exp2(c);
		for (size_t i = 0; i < LATER / 2 + 20; i++)
			judgement = judge(detector, later[i]);
		cr_assert(eq(uint, judgement.state, DETECTOR_UNUSUAL));
	}
}

Test(detector, the_column_that_is_furthest_from_its_normal_is_named)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = train(kinds[k]);

		later[LATER - 1][COLUMN] -= 10 * (float)exp2(COLUMN);
		for (size_t i = 0; i < LATER - 1; i++)
			(void)judge(detector, later[i]);
		cr_assert(eq(uint, judge(detector, later[LATER - 1]).top, COLUMN));
	}
}

Test(detector, no_value_is_too_odd_to_be_judged_or_learnt_from)
{
	const float odd[] = { NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, FLT_MIN, -0.0f };
	const size_t n_odd = sizeof(odd) / sizeof(odd[0]);

	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = train(kinds[k]);
		CLEANUP(detector_freep) struct detector *fooled = NULL;

		for (size_t i = 0; i < LATER; i++)
			later[i][i % COLUMNS] = odd[i % n_odd];
		for (size_t i = 0; i < ROWS; i += 3)
			past[i][i % COLUMNS] = odd[i % n_odd];
		cr_assert(
			zero(int, detector_train(kinds[k], past[0], ROWS, COLUMNS, SEED, &fooled)));
		for (size_t i = 0; i < LATER; i++) {
			(void)judge(detector, later[i]);
			(void)judge(fooled, later[i]);
		}
	}
}

Test(detector, a_leap_from_the_tiniest_to_the_largest_is_unusual)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = NULL;

		fill(past, ROWS, 0);
		for (size_t i = 0; i < ROWS; i++)
			for (unsigned int c = 0; c < COLUMNS; c++)
				past[i][c] *= 1e-30f;
		cr_assert(zero(int,
			       detector_train(kinds[k], past[0], ROWS, COLUMNS, SEED, &detector)));
		for (unsigned int c = 0; c < COLUMNS; c++)
			later[0][c] = FLT_MAX;
		cr_assert(eq(uint, judge(detector, later[0]).state, DETECTOR_UNUSUAL));
	}
}

Test(detector, the_first_row_follows_the_past)
{
	CLEANUP(detector_freep) struct detector *calm = train(DETECTOR_JUDGE);
	CLEANUP(detector_freep) struct detector *shaken = NULL;

	/* So few that the threshold, a percentile, hardly knows them. */
	for (size_t i = ROWS - 5; i < ROWS; i++)
		for (unsigned int c = 0; c < COLUMNS; c++)
			past[i][c] = 0;
	cr_assert(zero(int, detector_train(DETECTOR_JUDGE, past[0], ROWS, COLUMNS, SEED, &shaken)));
	cr_assert(eq(uint, judge(calm, later[0]).state, DETECTOR_HEALTHY));
	cr_assert(eq(uint, judge(shaken, later[0]).state, DETECTOR_UNUSUAL));
}

Test(detector, that_the_past_ended_elsewhere_than_it_began_is_no_leap)
{
	enum { DRIFTING = 300 };
	CLEANUP(detector_freep) struct detector *detector = NULL;
	struct judgement judgement;

	/* Were its end followed by its beginning, the threshold would be that of a greater leap. */
	fill(past, DRIFTING, 0);
	for (size_t i = 0; i < DRIFTING; i++)
		for (unsigned int c = 0; c < COLUMNS - 1; c++)
			past[i][c] += (float)(0.1 * i * exp2(c));
	cr_assert(zero(
		int, detector_train(DETECTOR_JUDGE, past[0], DRIFTING, COLUMNS, SEED, &detector)));
	for (unsigned int i = 0; i < 5; i++)
		judgement = judge(detector, past[DRIFTING / 2]);
	cr_assert(eq(uint, judgement.state, DETECTOR_UNUSUAL));
}

Test(detector, what_was_shaken_is_healthy_again_sixty_calm_rows_later)
{
	CLEANUP(detector_freep) struct detector *detector = train(DETECTOR_JUDGE);
	struct judgement judgement;

	for (size_t i = 0; i < 5; i++) {
		judgement = judge(detector, (const float[COLUMNS]) { 0 });
		cr_assert(eq(uint, judgement.state, DETECTOR_UNUSUAL));
	}
	for (size_t i = 0; i < 60; i++)
		judgement = judge(detector, later[i]);
	cr_assert(eq(uint, judgement.state, DETECTOR_HEALTHY));
}

Test(detector, what_is_missing_counts_as_normal)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = train(kinds[k]);

		for (unsigned int c = 0; c < COLUMNS; c++)
			later[0][c] = NAN;
		cr_assert(eq(uint, judge(detector, later[0]).state, DETECTOR_HEALTHY));
	}
}

Test(detector, what_never_varied_parts_no_rows)
{
	for (size_t k = 0; k < KINDS; k++) {
		CLEANUP(detector_freep) struct detector *detector = NULL;

		memset(past, 0, sizeof(past));
		cr_assert(zero(int,
			       detector_train(kinds[k], past[0], ROWS, COLUMNS, SEED, &detector)));
		past[0][COLUMN] = 9;
		cr_assert(eq(uint, judge(detector, past[0]).state, DETECTOR_HEALTHY));
	}
}

Test(detector, what_cannot_be_learnt_from_is_refused)
{
	struct detector *detector = NULL;

	for (size_t k = 0; k < KINDS; k++) {
		cr_assert(eq(int, detector_train(kinds[k], past[0], 3, COLUMNS, SEED, &detector),
			     -ENODATA));
		cr_assert(eq(int,
			     detector_train(kinds[k], past[0], 100, DETECTOR_COLUMNS_MAX + 1, SEED,
					    &detector),
			     -E2BIG));
	}
	cr_assert(eq(int,
		     detector_train((enum detector_kind)7, past[0], ROWS, COLUMNS, SEED, &detector),
		     -EINVAL));
	cr_assert(eq(ptr, detector, NULL));
	cr_assert(eq(ptr, detector_free(NULL), NULL));
}
