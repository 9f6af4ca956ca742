/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Does something climb, and for how long already? Told by its floor, the least of
 * each 10 s, as long as these go up: memory that is used and given back leaves no
 * floor behind, and what leaks does. A climb is told from its own past: how long any before
 * it lasted, and the most that there ever was.
 */
#include <stdbool.h>
#include <stdint.h>

#define RISE_BLOCK_S 10

/* Zero it to begin. */
struct rise {
	double block_least, last_least;	      /* NaN: nothing in that block */
	double climbed;			      /* in rising_s */
	uint16_t rising_s, peak_s, longest_s; /* now; at most so far; of any before */
	double most, most_now;		      /* value: up to a while ago; since then */
};

/* One more second: the value, and what is left of it beyond the expected, whose floor is followed. */
void rise_take(struct rise *rise, double value, double left);
/* A block is over; spread: of what is left, in health. */
void rise_end_block(struct rise *rise, double spread);
/* The most that there was since the last time is known from now on, or, if it may be a trouble's, forgotten. */
void rise_settle(struct rise *rise, bool is_known);
/* Is the value above so many times the most that is known? No, while nothing is. */
bool rise_is_beyond(const struct rise *rise, double times, double value);
/* Is this a climb that is no step, and longer than any, or to where it never was? */
bool rise_is_growth(const struct rise *rise, double value);
/* What was going on is over, and is no record. */
void rise_drop(struct rise *rise);
