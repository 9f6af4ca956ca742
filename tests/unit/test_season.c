/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is usual at an hour, and on a weekday; and what is not yet. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "judge/season_blob.h"
#include "tests/unit/assertion.h"

#define FIRST_DAY 20000u /* since 1970 */
#define NIGHT	  3

static uint64_t at(unsigned int day, unsigned int hour, unsigned int minute)
{
	return DAYS(FIRST_DAY + day) + HOURS(hour) + MINUTES(minute);
}

/* A day of health; in so many minutes from ten past three on the first series is so far above. */
static void live(struct season *season, unsigned int day, double above, unsigned int minutes)
{
	for (unsigned int minute = 0; minute < 24 * 60; minute++) {
		bool is_job = minute >= NIGHT * 60 + 10 && minute < NIGHT * 60 + 10 + minutes;
		const double values[SEASON_SERIES] = { is_job ? above : 0.2, NAN };

		for (unsigned int second = 0; second < 60; second += 10)
			season_learn(season, at(day, 0, minute) + SECONDS(second), values, 10);
	}
}

Test(season, a_nightly_job_is_usual_after_three_nights_and_only_at_night)
{
	struct season season = { 0 };

	for (unsigned int day = 0; day < 3; day++) {
		cr_assert(zero(dbl, season_usual(&season, at(day, NIGHT, 30), 0)), "day %u", day);
		live(&season, day, 80, 12);
	}
	cr_assert(eq(dbl, season_usual(&season, at(3, NIGHT, 0), 0), 80));
	cr_assert(eq(dbl, season_usual(&season, at(3, NIGHT, 59), 0), 80));
	cr_assert(zero(dbl, season_usual(&season, at(3, NIGHT + 1, 0), 0)));
	cr_assert(zero(dbl, season_usual(&season, at(3, 12, 0), 0)));
	cr_assert(zero(dbl, season_usual(&season, at(3, NIGHT, 0), 1)), "what is not known");
}

Test(season, usual_is_what_each_of_the_days_reached)
{
	struct season season = { 0 };

	live(&season, 0, 80, 12);
	live(&season, 1, 50, 12);
	live(&season, 2, 90, 12);
	cr_assert(eq(dbl, season_usual(&season, at(3, NIGHT, 0), 0), 50));
	live(&season, 3, 0, 12);
	cr_assert(zero(dbl, season_usual(&season, at(4, NIGHT, 0), 0)), "one night without it");
	cr_assert(zero(dbl, season_usual(&season, at(9, NIGHT, 0), 0)), "days that were not seen");
}

Test(season, a_weekly_job_is_usual_after_two_weeks_on_its_day)
{
	struct season season = { 0 };

	for (unsigned int day = 0; day < 14; day++)
		live(&season, day, day % 7 == 2 ? 70 : 0.3, 30);
	live(&season, 14, 0.3, 30);
	cr_assert(zero(dbl, season_usual(&season, at(15, NIGHT, 20), 0)));
	live(&season, 15, 0.3, 30);
	cr_assert(eq(dbl, season_usual(&season, at(16, NIGHT, 20), 0), 70));
}

Test(season, half_a_minute_is_none_and_a_clock_that_jumps_harms_nobody)
{
	struct season season = { 0 };
	const double values[SEASON_SERIES] = { 9 };

	for (unsigned int day = 0; day < 3; day++) {
		season_learn(&season, at(day, NIGHT, 0), values, 20);
		season_learn(&season, at(day, NIGHT, 1), values, 20);
		season_learn(&season, at(day, NIGHT, 0), values, 20);
	}
	cr_assert(zero(dbl, season_usual(&season, at(3, NIGHT, 0), 0)));
	season_learn(&season, 0, values, 60);
	season_learn(&season, UINT64_MAX, values, 60);
	season_learn(&season, at(3, 0, 0), values, 60);
	cr_assert(zero(dbl, season_usual(&season, 0, 0)));
	cr_assert(zero(dbl, season_usual(&season, UINT64_MAX, 0)));
}

Test(season, it_survives_as_bytes_and_strangers_are_refused)
{
	struct season season = { 0 }, read = { 0 }, again = { 0 };
	uint8_t bytes[SEASON_BLOB_MOST];
	size_t size, taken;

	cr_assert(eq(sz, season_blob_write(&season, bytes), 1));
	for (unsigned int day = 0; day < 4; day++)
		live(&season, day, 80, 12);
	size = season_blob_write(&season, bytes);
	cr_assert(eq(sz, size, 1 + 4 * SEASON_BLOB_DAY));
	cr_assert(zero(int, season_blob_read(bytes, size, &read, &taken)));
	cr_assert(eq(sz, taken, size));
	cr_assert(eq(dbl, season_usual(&read, at(4, NIGHT, 0), 0), 80));
	for (size_t cut = 0; cut < size; cut += 7)
		cr_assert(eq(int, season_blob_read(bytes, cut, &again, &taken), -EBADMSG));
	memcpy(bytes + 1 + SEASON_BLOB_DAY, bytes + 1, 4); /* the same day twice */
	again = (struct season) { 0 };
	cr_assert(eq(int, season_blob_read(bytes, size, &again, &taken), -EBADMSG));
	bytes[0] = SEASON_DAYS + 1;
	cr_assert(eq(int, season_blob_read(bytes, sizeof(bytes), &again, &taken), -EBADMSG));
}
