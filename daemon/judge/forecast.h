/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * When does what grows meet its limit? For memory, threads and descriptors, from
 * the lowest value of each block of time: the floor under the saw teeth.
 *
 * Three windows of twenty blocks look back for three minutes, for ten and for half an hour:
 * a quick leak is not drowned in the calm before it, a slow one not in the noise of
 * minutes. A window rises if the test of Mann and Kendall says so (z >= 3), and how fast is told by the
 * slopes between blocks that are at least half of it apart: Theil's median of
 * slopes, without the near pairs, which hold most of the noise. Of windows that rise the one counts of which
 * the test is most sure: one that looks back beyond the begin of a leak is less so, and so is one that
 * is no longer than a few saw teeth.
 *
 * The range is the middle half of those slopes, not Sen's confidence interval of their median: that
 * wants independent errors, and what a service does lasts, so it would be too narrow. How fast the leak
 * was at some times and at others is what the quartiles tell. (Mann 1945; Theil 1950; Sen 1968.)
 *
 * The whole account of a cgroup is not forecast: its caches fill what there is, and are given back.
 */
#include <stdbool.h>
#include <stdint.h>

#include "judge/evidence.h"
#include "record/record.h"

#define FORECAST_METRICS 3
#define FORECAST_WINDOWS 3
#define FORECAST_BLOCKS	 20
#define FORECAST_GAP_MS	 60000u

struct forecast_speed {
	float z;		 /* how sure it is that it rises; 0: it does not */
	float usual, slow, fast; /* a second: median and quartiles */
};

/* Of one unit. Zero it to begin. */
struct forecast {
	uint64_t when_ms;	       /* of the last sample; 0: none yet */
	uint64_t level_ms;	       /* when the last whole block of 10 s began, */
	float level[FORECAST_METRICS]; /* and the lowest values in it; NaN: not known */
	struct forecast_window {
		uint64_t block_ms; /* when the present block began */
		uint32_t n, next;
		uint32_t at_s[FORECAST_BLOCKS];			/* when each began, since boot */
		float least[FORECAST_METRICS][FORECAST_BLOCKS]; /* NaN: nothing in that block */
		float least_now[FORECAST_METRICS];
		struct forecast_speed speed[FORECAST_METRICS];
	} window[FORECAST_WINDOWS];
};

/* Take one sample. One that is disturbed, another run of the unit (`anew`), a gap of over a minute and time that
 * runs backwards begin anew: what was there before says nothing of what comes. */
void forecast_take(struct forecast *forecast, const struct sample *sample, bool anew);
/* Set what evidence has of it, for what rises and has a limit. */
void forecast_tell(const struct forecast *forecast, const struct sample *sample,
		   const struct unit_status *status, struct evidence *evidence);
