/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Under the saw teeth of a collector of garbage a leak shows early. */
#include <criterion/criterion.h>
#include <math.h>

#include "judge/bottom.h"
#include "tests/unit/assertion.h"

/* A saw tooth of 40 that falls every 30 s, on top of this. */
static double tooth(unsigned int second)
{
	return second % 30 / 30.0 * 40;
}

static void live(struct bottom *bottom, unsigned int seconds, double per_s)
{
	for (unsigned int i = 0; i < seconds; i++) {
		double left = tooth(i) + per_s * i;

		bottom_take(bottom, 200 + left, left, 1);
	}
}

Test(bottom, it_is_the_least_of_the_last_minute_and_not_known_before)
{
	struct bottom bottom = { 0 };

	bottom_drop(&bottom);
	live(&bottom, 50, 0);
	cr_assert(isnan(bottom_value(&bottom)));
	live(&bottom, 70, 0);
	cr_assert(eq(dbl, bottom_value(&bottom), 200));
	live(&bottom, 120, 1);
	cr_assert(ge(dbl, bottom_value(&bottom), 200 + 50));
	cr_assert(le(dbl, bottom_value(&bottom), 200 + 70));
}

Test(bottom, teeth_are_no_excursion_of_it_and_a_leak_is)
{
	struct bottom bottom = { 0 };
	const struct excursion_news news = { 12, 1.5f };

	bottom_drop(&bottom);
	live(&bottom, 3600, 0);
	cr_assert(zero(flt, excursion_height(&bottom.above, &news)));
	live(&bottom, 180, 0.2); /* in all less than a tooth */
	cr_assert(ge(flt, excursion_height(&bottom.above, &news), 16));
}

Test(bottom, the_highest_is_known_when_it_has_settled)
{
	struct bottom bottom = { 0 };

	bottom_drop(&bottom);
	live(&bottom, 120, 0);
	cr_assert(zero(dbl, bottom.highest));
	bottom_settle(&bottom);
	cr_assert(eq(dbl, bottom.highest, 200));
	bottom_drop(&bottom);
	cr_assert(isnan(bottom_value(&bottom)));
	cr_assert(eq(dbl, bottom.highest, 200), "what was going on is over, the past is not");
}
