/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heights and how long they lasted, against what was before. */
#include <criterion/criterion.h>

#include "judge/excursion.h"
#include "tests/unit/assertion.h"

static const struct excursion_news news = { .least_s = 10, .records = 1.5f };

static void stay(struct excursion *excursion, float height, unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds; i++)
		excursion_take(excursion, height, 1);
}

/* After how many seconds at that height it is news; 0: not within so many. */
static unsigned int news_after(struct excursion *excursion, float height, unsigned int most_s)
{
	for (unsigned int i = 1; i <= most_s; i++) {
		excursion_take(excursion, height, 1);
		if (excursion_height(excursion, &news) > 0)
			return i;
	}
	return 0;
}

Test(excursion, what_never_was_is_news_once_it_has_lasted)
{
	struct excursion excursion = { 0 };

	cr_assert(eq(uint, news_after(&excursion, 100, 60), 10));
}

Test(excursion, the_least_that_is_news_is_beyond_what_was_for_as_long)
{
	struct excursion excursion = { 0 };

	cr_assert(zero(flt, excursion_least(&excursion, &news)));
	stay(&excursion, 10, 40);
	stay(&excursion, 0, 20);
	stay(&excursion, 100, 20);
	cr_assert(ge(flt, excursion_least(&excursion, &news), 10));
	cr_assert(le(flt, excursion_least(&excursion, &news), 10 * EXCURSION_RATIO));
	stay(&excursion, 100, 60); /* by now 1.5 x 40 + 5 are over for what is lower, too */
	cr_assert(eq(flt, excursion_least(&excursion, &news), 1));
}

Test(excursion, below_the_first_level_there_is_none)
{
	struct excursion excursion = { 0 };

	cr_assert(zero(uint, news_after(&excursion, 0.99f, 100)));
	cr_assert(eq(uint, news_after(&excursion, 1, 100), 10));
}

Test(excursion, what_lasts_as_long_as_before_is_none_and_half_as_long_again_is)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 100, 40);
	stay(&excursion, 0, 20); /* down by two in each */
	cr_assert(eq(uint, news_after(&excursion, 100, 200), 65), "1.5 x 40 + 5");
}

Test(excursion, a_short_gap_does_not_end_it)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 100, 8);
	stay(&excursion, 0, 2);
	cr_assert(eq(uint, news_after(&excursion, 100, 60), 6), "8 - 2 x 2 + 6");
}

Test(excursion, the_record_of_a_height_says_nothing_of_a_greater_one)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 10, 1000);
	stay(&excursion, 0, 500);
	cr_assert(zero(uint, news_after(&excursion, 10, 1000)));
	stay(&excursion, 0, 500);
	cr_assert(eq(uint, news_after(&excursion, 20, 60), 10));
	cr_assert(ge(flt, excursion_height(&excursion, &news), 20 / EXCURSION_RATIO));
	cr_assert(le(flt, excursion_height(&excursion, &news), 20));
}

Test(excursion, a_habit_must_be_outlasted_by_far)
{
	struct excursion excursion = { 0 };

	for (int i = 0; i < 3; i++) {
		stay(&excursion, 100, 40);
		stay(&excursion, 0, 20);
	}
	cr_assert(eq(uint, news_after(&excursion, 100, 400), 167), "1.5 x 2.7 x 40 + 5");
}

Test(excursion, what_is_dropped_is_no_record)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 100, 40);
	excursion_drop(&excursion);
	cr_assert(zero(flt, excursion_height(&excursion, &news)));
	cr_assert(eq(uint, news_after(&excursion, 100, 200), 10));
}

Test(excursion, what_has_lasted_for_very_long_is_known_while_it_lasts)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 100, 899);
	excursion_learn_long(&excursion, 900);
	cr_assert(gt(flt, excursion_height(&excursion, &news), 0));
	stay(&excursion, 100, 1);
	excursion_learn_long(&excursion, 900);
	cr_assert(zero(flt, excursion_height(&excursion, &news)));
}

Test(excursion, what_is_two_levels_higher_than_ever_is_unseen)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 100, 5);
	stay(&excursion, 0, 20);
	stay(&excursion, 100 * EXCURSION_RATIO, 4);
	cr_assert(not(excursion_is_unseen(&excursion, 4)));
	stay(&excursion, 100 * EXCURSION_RATIO * EXCURSION_RATIO, 3);
	cr_assert(not(excursion_is_unseen(&excursion, 4)), "not for long enough");
	stay(&excursion, 100 * EXCURSION_RATIO * EXCURSION_RATIO, 1);
	cr_assert(excursion_is_unseen(&excursion, 4));
	stay(&excursion, 0, 20);
	stay(&excursion, 100 * EXCURSION_RATIO * EXCURSION_RATIO, 1000);
	cr_assert(not(excursion_is_unseen(&excursion, 4)), "seen, for however long");
}

Test(excursion, a_sample_of_ten_seconds_counts_for_ten)
{
	struct excursion excursion = { 0 };

	for (int i = 0; i < 4; i++)
		excursion_take(&excursion, 100, 10);
	for (int i = 0; i < 2; i++)
		excursion_take(&excursion, 0, 10);
	cr_assert(eq(uint, news_after(&excursion, 100, 200), 65));
}

Test(excursion, records_fade_within_days)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 100, 1000);
	stay(&excursion, 0, 500);
	for (int i = 0; i < 3 * 24; i++)
		stay(&excursion, 0, 3600);
	cr_assert(lt(uint, news_after(&excursion, 100, 2000), 800));
}

Test(excursion, no_height_and_no_time_is_too_much)
{
	struct excursion excursion = { 0 };

	stay(&excursion, 1e30f, 70000);
	cr_assert(gt(flt, excursion_height(&excursion, &news), 10000));
	stay(&excursion, (float)(0.0 / 0.0), 70000);
	cr_assert(zero(flt, excursion_height(&excursion, &news)), "what is not known is not above");
}
