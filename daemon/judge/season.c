/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Highest minutes of hours, day by day. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "judge/season.h"

#define MINUTE_LEAST_S 30 /* of which so much was seen */
#define DAILY_DAYS     3
#define WEEKLY_WEEKS   2
#define WEEK_DAYS      7

static uint32_t day_of(uint64_t wall_ms)
{
	return (uint32_t)(wall_ms / DAYS(1)) + 1;
}

static int hour_of(uint64_t wall_ms)
{
	return (int)(wall_ms / HOURS(1) % SEASON_HOURS);
}

static struct season_day *open_day(struct season *season, uint32_t day)
{
	struct season_day *ret = &season->day[day % SEASON_DAYS];

	if (ret->day == day)
		return ret;
	ret->day = day;
	for (int hour = 0; hour < SEASON_HOURS; hour++)
		for (int i = 0; i < SEASON_SERIES; i++)
			ret->high[hour][i] = SEASON_UNKNOWN;
	return ret;
}

static void end_minute(struct season *season)
{
	uint64_t wall_ms = MINUTES(season->minute);
	struct season_day *day = open_day(season, day_of(wall_ms));

	for (int i = 0; i < SEASON_SERIES; i++) {
		int16_t *high = &day->high[hour_of(wall_ms)][i];
		double mean;

		if (season->n_s[i] < MINUTE_LEAST_S)
			continue;
		mean = fmin(fmax(season->sum[i] / season->n_s[i], -INT16_MAX), INT16_MAX);
		if (mean > *high)
			*high = (int16_t)mean;
	}
}

void season_learn(struct season *season, uint64_t wall_ms, const double above[SEASON_SERIES],
		  uint16_t span_s)
{
	uint64_t minute = wall_ms / MINUTES(1);

	if (minute != season->minute) {
		if (season->minute != 0)
			end_minute(season);
		season->minute = minute;
		memset(season->sum, 0, sizeof(season->sum));
		memset(season->n_s, 0, sizeof(season->n_s));
	}
	for (int i = 0; i < SEASON_SERIES; i++) {
		if (isnan(above[i]))
			continue;
		season->sum[i] += above[i] * span_s;
		season->n_s[i] = (uint16_t)(season->n_s[i] + span_s);
	}
}

/* What each of these days reached; 0 where one of them did not, or is not known. */
static double reached(const struct season *season, uint32_t today, int hour, int series,
		      unsigned int n_days, unsigned int step)
{
	double least = INT16_MAX;

	for (unsigned int i = 1; i <= n_days; i++) {
		uint32_t day = today - i * step;
		const struct season_day *then = &season->day[day % SEASON_DAYS];

		if (then->day != day || day == 0)
			return 0;
		least = fmin(least, then->high[hour][series]);
	}
	return fmax(least, 0);
}

double season_usual(const struct season *season, uint64_t wall_ms, int series)
{
	uint32_t today = day_of(wall_ms);
	int hour = hour_of(wall_ms);

	if (today <= SEASON_DAYS)
		return 0; /* a clock that was never set */
	return fmax(reached(season, today, hour, series, DAILY_DAYS, 1),
		    reached(season, today, hour, series, WEEKLY_WEEKS, WEEK_DAYS));
}
