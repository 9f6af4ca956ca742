/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is usual at this hour, of this weekday: how far above the expected each
 * response went in it before. A job that runs every night is then no excess at
 * night, and what is as high at noon still is.
 *
 * Of each hour the highest minute is kept, so it does not matter when in it a job
 * begins. Usual is what all of the last three days reached in that hour, or both of
 * the last two weeks on that weekday; with fewer days nothing is. Hours are
 * those of UTC: where clocks are put forward, three days tell it anew.
 */
#include <stdint.h>

#define SEASON_SERIES  6
#define SEASON_DAYS    15 /* two weeks, and today */
#define SEASON_HOURS   24
#define SEASON_UNKNOWN INT16_MIN

struct season_day {
	uint32_t day;				   /* since 1970, plus one; 0: none */
	int16_t high[SEASON_HOURS][SEASON_SERIES]; /* in units of the least that matters */
};

/* Zero it to begin. */
struct season {
	struct season_day day[SEASON_DAYS]; /* day d is in place d % SEASON_DAYS */
	uint64_t minute;		    /* under way, since 1970; 0: none yet */
	double sum[SEASON_SERIES];
	uint16_t n_s[SEASON_SERIES];
};

/* So many more seconds of health, in which it was so far above the expected; NaN: not known. A clock that went back
 * begins a new minute. */
void season_learn(struct season *season, uint64_t wall_ms, const double above[SEASON_SERIES],
		  uint16_t span_s);
/* How far above the expected is usual then: >= 0. */
double season_usual(const struct season *season, uint64_t wall_ms, int series);
