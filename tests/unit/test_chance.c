/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chance: the published generator, and evenly spread numbers. */
#include <criterion/criterion.h>

#include "judge/chance.h"
#include "tests/unit/assertion.h"

#define DRAWS 100000

Test(chance, it_is_the_published_generator)
{
	/* What the authors' own C gives from this state. */
	static const uint64_t expected[] = {
		UINT64_C(41943041),
		UINT64_C(58720359),
		UINT64_C(3588806011781223),
		UINT64_C(3591011842654386),
		UINT64_C(9228616714210784205),
		UINT64_C(9973669472204895162),
	};
	struct chance chance = { .state = { 1, 2, 3, 4 } };

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		cr_assert(eq(u64, chance_next(&chance), expected[i]), "number %zu", i);
}

Test(chance, the_same_seed_and_stream_give_the_same_and_any_other_does_not)
{
	const uint64_t begins[][2] = { { 42, 7 }, { 42, 7 }, { 43, 7 }, { 42, 8 }, { 7, 42 } };
	uint64_t first[5];

	for (size_t i = 0; i < 5; i++) {
		struct chance chance;

		chance_init(&chance, begins[i][0], begins[i][1]);
		first[i] = chance_next(&chance);
	}
	cr_assert(eq(u64, first[0], first[1]));
	for (size_t i = 2; i < 5; i++)
		for (size_t j = 0; j < i; j++)
			cr_assert(ne(u64, first[i], first[j]), "%zu and %zu", i, j);
}

Test(chance, numbers_below_n_are_even_and_never_n)
{
	struct chance chance;
	unsigned int seen[7] = { 0 };

	chance_init(&chance, 1, 0);
	for (unsigned int i = 0; i < DRAWS; i++) {
		uint32_t drawn = chance_below(&chance, 7);

		cr_assert(lt(u32, drawn, 7));
		seen[drawn]++;
	}
	/* Within five standard deviations, of which one is 111. */
	for (unsigned int i = 0; i < 7; i++)
		cr_assert(epsilon_eq(dbl, seen[i], DRAWS / 7.0, 5 * 111), "%u of %u", seen[i], i);
	cr_assert(eq(u32, chance_below(&chance, 1), 0));
}

Test(chance, shares_lie_in_the_unit_interval_around_a_half)
{
	struct chance chance;
	double sum = 0;

	chance_init(&chance, 1, 0);
	for (unsigned int i = 0; i < DRAWS; i++) {
		double share = chance_share(&chance);

		cr_assert(share >= 0 && share < 1);
		sum += share;
	}
	cr_assert(epsilon_eq(dbl, sum / DRAWS, 0.5, 0.005));
}

Test(chance, a_sample_has_no_number_twice_and_each_as_often_as_any_other)
{
	unsigned int seen[40] = { 0 };
	struct chance chance;

	chance_init(&chance, 3, 0);
	for (unsigned int round = 0; round < 10000; round++) {
		uint32_t taken[7];
		uint64_t mask = 0;

		chance_sample(&chance, 40, 7, taken);
		for (unsigned int i = 0; i < 7; i++) {
			cr_assert(lt(u32, taken[i], 40));
			mask |= UINT64_C(1) << taken[i];
			seen[taken[i]]++;
		}
		cr_assert(eq(int, __builtin_popcountll(mask), 7));
	}
	/* 1750 each, within five standard deviations of 38. */
	for (unsigned int i = 0; i < 40; i++)
		cr_assert(epsilon_eq(dbl, seen[i], 1750, 5 * 38), "%u of %u", seen[i], i);
}

Test(chance, a_sample_of_all_is_all)
{
	uint32_t taken[CHANCE_SAMPLE_MAX];
	bool seen[CHANCE_SAMPLE_MAX] = { false };
	struct chance chance;

	chance_init(&chance, 4, 0);
	chance_sample(&chance, CHANCE_SAMPLE_MAX, CHANCE_SAMPLE_MAX, taken);
	for (unsigned int i = 0; i < CHANCE_SAMPLE_MAX; i++)
		seen[taken[i]] = true;
	for (unsigned int i = 0; i < CHANCE_SAMPLE_MAX; i++)
		cr_assert(seen[i], "%u", i);
}
