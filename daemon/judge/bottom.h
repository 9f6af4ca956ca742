/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What something does not fall below: its least value of the last minute. A
 * collector of garbage lets memory swing by more than a slow leak adds in
 * minutes; where it swings back to does not swing. So what is above the expected
 * by its bottom shows far smaller excursions in health, and a leak shows sooner.
 */
#include "judge/excursion.h"

#define BOTTOM_BLOCK_S 10
#define BOTTOM_BLOCKS  6 /* longer than most collectors wait */

/* Zero it to begin. */
struct bottom {
	float value[BOTTOM_BLOCKS], left[BOTTOM_BLOCKS]; /* least of each, a ring; NaN: not known */
	uint8_t next, n_seconds;			 /* the block under way; of it */
	double highest, highest_now; /* bottom of the values: up to a while ago; since then */
	struct excursion above;	     /* of what is left */
};

/* One more second: the value, and what is left of it beyond the expected, in the least that matters. */
void bottom_take(struct bottom *bottom, double value, double left, uint16_t span_s);
/* The least value of the last minute; NaN while that is not known. */
double bottom_value(const struct bottom *bottom);
/* What it was so far is known from now on. */
void bottom_settle(struct bottom *bottom);
/* What was going on is over, and is no record. */
void bottom_drop(struct bottom *bottom);
