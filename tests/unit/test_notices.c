/* SPDX-License-Identifier: GPL-2.0-or-later */
/* So many notices a day, the rarest. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/clock.h"
#include "judge/notices.h"
#include "tests/unit/assertion.h"

#define BEGIN UINT64_C(1764590400000)

static struct notices notices; /* too large for the stack */

/* How many of n are told that come a second apart, each so much rarer than the one before. */
static unsigned int told(uint32_t per_day, uint64_t begin_ms, unsigned int n, float first,
			 float more)
{
	unsigned int n_told = 0;

	for (unsigned int i = 0; i < n; i++)
		n_told += notices_take(&notices, per_day, begin_ms + SECONDS(i),
				       first + more * (float)i);
	return n_told;
}

Test(notices, each_that_is_rarer_than_all_before_is_told_until_none_is_left)
{
	cr_assert(eq(uint, told(10, BEGIN, 30, 1, 1), 10));
}

Test(notices, of_those_that_are_alike_half_is_told_and_the_rarer_have_the_rest)
{
	cr_assert(eq(uint, told(10, BEGIN, 30, 5, 0), 5));
	cr_assert(eq(uint, told(10, BEGIN + HOURS(1), 30, 6, 1), 5));
	cr_assert(not(notices_take(&notices, 10, BEGIN + HOURS(2), 1e6f)), "all are spent");
}

Test(notices, there_are_never_more_in_any_24_hours)
{
	static bool was_told[3 * 24 * 60];
	unsigned int n_told = 0;

	for (unsigned int minute = 0; minute < 3 * 24 * 60; minute++) {
		was_told[minute] = notices_take(&notices, 7, BEGIN + MINUTES(minute),
						(float)(minute * 7919 % 1000));
		n_told += was_told[minute];
		if (minute >= 24 * 60)
			n_told -= was_told[minute - 24 * 60];
		cr_assert(le(uint, n_told, 7), "minute %u", minute);
	}
	cr_assert(gt(uint, n_told, 0), "nor does it ever fall silent for good");
}

Test(notices, after_a_day_there_is_room_again)
{
	cr_assert(eq(uint, told(3, BEGIN, 10, 1, 1), 3));
	cr_assert(zero(uint, told(3, BEGIN + DAYS(1) - SECONDS(20), 1, 99, 0)));
	cr_assert(eq(uint, told(3, BEGIN + DAYS(1) + SECONDS(10), 1, 100, 0), 1));
}

Test(notices, what_was_not_told_counts_too)
{
	cr_assert(eq(uint, told(2, BEGIN, 3, 5, 0), 1));
	cr_assert(not(notices_take(&notices, 2, BEGIN + HOURS(1), 5)));
	cr_assert(notices_take(&notices, 2, BEGIN + HOURS(1), 5.5f));
}

Test(notices, what_is_not_known_to_be_rare_is_not)
{
	cr_assert(notices_take(&notices, 2, BEGIN, NAN));
	cr_assert(not(notices_take(&notices, 2, BEGIN, NAN)));
	cr_assert(not(notices_take(&notices, 2, BEGIN, 0)));
	cr_assert(notices_take(&notices, 2, BEGIN, 0.1f));
}

Test(notices, of_none_a_day_none_is_told)
{
	cr_assert(zero(uint, told(0, BEGIN, 10, 1, 1)));
}

Test(notices, a_clock_that_is_set_back_does_not_silence_them)
{
	cr_assert(eq(uint, told(3, BEGIN + DAYS(365), 10, 1, 1), 3));
	cr_assert(notices_take(&notices, 3, BEGIN, 1));
}

Test(notices, a_flood_takes_no_place_from_those_that_were_told)
{
	cr_assert(eq(uint, told(5, BEGIN, 5, 1, 1), 5));
	for (unsigned int i = 0; i < 2 * CONFIG_NOTICES_MAX; i++)
		cr_assert(not(notices_take(&notices, 5, BEGIN + SECONDS(60), 1e6f + (float)i)));
	cr_assert(eq(sz, notices.n, CONFIG_NOTICES_MAX));
}
