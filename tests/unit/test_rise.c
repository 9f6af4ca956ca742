/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Climbs: what leaks has one, what swings and what steps has none. */
#include <criterion/criterion.h>
#include <math.h>

#include "judge/rise.h"
#include "tests/unit/assertion.h"

#define SPREAD 10.0

/* A block in which all seconds have this floor but for one, which is higher. */
static void live_block(struct rise *rise, double floor)
{
	for (int second = 0; second < RISE_BLOCK_S; second++)
		rise_take(rise, floor + 100 * (second == 3), floor);
	rise_end_block(rise, SPREAD);
}

static struct rise begin(void)
{
	struct rise rise = { 0 };

	rise_drop(&rise);
	live_block(&rise, 1000);
	return rise;
}

Test(rise, floors_that_go_up_are_a_climb_of_their_number_of_blocks)
{
	struct rise rise = begin();

	for (unsigned int i = 1; i <= 5; i++) {
		live_block(&rise, 1000 + 4 * i);
		cr_assert(eq(uint, rise.rising_s, i * RISE_BLOCK_S));
	}
}

Test(rise, what_stays_within_its_spread_is_none)
{
	struct rise rise = begin();

	for (unsigned int i = 1; i <= 20; i++) {
		live_block(&rise, 1000 + 2 * (i % 2));
		cr_assert(eq(uint, rise.rising_s, 0));
	}
}

Test(rise, noise_after_a_step_goes_on_with_no_climb)
{
	struct rise rise = begin();

	live_block(&rise, 1200);
	live_block(&rise, 1400);
	cr_assert(eq(uint, rise.rising_s, 2 * RISE_BLOCK_S));
	live_block(&rise, 1410);
	cr_assert(eq(uint, rise.rising_s, RISE_BLOCK_S), "ten are noise beside two hundred");
}

Test(rise, a_climb_may_rest_for_a_block)
{
	struct rise rise = begin();

	for (unsigned int i = 1; i <= 4; i++)
		live_block(&rise, 1000 + 20 * i);
	live_block(&rise, 1075);
	cr_assert(eq(uint, rise.rising_s, 3 * RISE_BLOCK_S));
	live_block(&rise, 1100);
	cr_assert(eq(uint, rise.rising_s, 4 * RISE_BLOCK_S));
}

Test(rise, a_saw_tooth_ends_and_is_the_record)
{
	struct rise rise = begin();

	for (unsigned int i = 1; i <= 4; i++)
		live_block(&rise, 1000 + 20 * i);
	live_block(&rise, 1000);
	cr_assert(eq(uint, rise.rising_s, 0));
	cr_assert(eq(uint, rise.longest_s, 4 * RISE_BLOCK_S));
	for (unsigned int i = 1; i <= 7; i++) {
		live_block(&rise, 1000 + 20 * i);
		cr_assert(not(rise_is_growth(&rise, 1000)), "%u blocks are one and a half, and one",
			  i);
	}
	live_block(&rise, 1160);
	cr_assert(rise_is_growth(&rise, 1000));
}

Test(rise, to_where_it_never_was_is_growth_at_once)
{
	struct rise rise = begin();

	for (unsigned int i = 1; i <= 9; i++)
		live_block(&rise, 1000 + 20 * i);
	live_block(&rise, 1000);
	rise_settle(&rise, true);
	for (unsigned int i = 1; i <= 3; i++) {
		cr_assert(not(rise_is_growth(&rise, 2000)));
		live_block(&rise, 1000 + 20 * i);
	}
	cr_assert(rise_is_growth(&rise, 2000));
	cr_assert(not(rise_is_growth(&rise, 1500)));
}

Test(rise, what_may_be_a_troubles_is_not_taken_for_known)
{
	struct rise rise = begin();

	cr_assert(not(rise_is_beyond(&rise, 1.1, 9999)), "nothing is known");
	rise_settle(&rise, true);
	rise_take(&rise, 5000, 0);
	rise_settle(&rise, false);
	rise_settle(&rise, true);
	cr_assert(not(rise_is_beyond(&rise, 1.1, 1200)));
	cr_assert(rise_is_beyond(&rise, 1.1, 1300));
}

Test(rise, what_is_dropped_is_no_record)
{
	struct rise rise = begin();

	for (unsigned int i = 1; i <= 9; i++)
		live_block(&rise, 1000 + 20 * i);
	rise_drop(&rise);
	live_block(&rise, 3000);
	cr_assert(eq(uint, rise.rising_s, 0), "it is the first floor");
	cr_assert(eq(uint, rise.longest_s, 0));
}
