/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How high and for how long has something been above what was expected of it,
 * and has it ever been so before?
 *
 * A threshold on single values either keeps silent or cries all day, since what
 * goes on in a service lasts for minutes. What repeats is the excursion as a whole. So
 * for each of a ladder of heights the longest time is kept that an excursion of health
 * lasted there; only what outlasts that is news. What happens again and again enters the
 * record by happening, and so silences itself.
 */
#include <stdbool.h>
#include <stdint.h>

#define EXCURSION_LEVELS 48
#define EXCURSION_RATIO                                                                            \
	1.26f /* of one level to the next: all of them span 50,000 times the first */

/* Zero it to begin. */
struct excursion {
	float record_s
		[EXCURSION_LEVELS]; /* the longest run that ended; fades by a hundredth an hour */
	uint16_t run_s[EXCURSION_LEVELS];
	uint16_t peak_s[EXCURSION_LEVELS]; /* of the run under way */
	uint8_t visits[EXCURSION_LEVELS];  /* runs of 5 s and more */
	uint16_t faded_s;		   /* since the record last did */
};

/* So many more seconds, at most EXCURSION_SPAN_MAX_S, in which it is so many times the first level: up by one
 * for each where it is above, down by two where not; a run that comes down to nothing is over, and enters the
 * record. */
#define EXCURSION_SPAN_MAX_S 60
void excursion_take(struct excursion *excursion, float height, uint16_t span_s);
/* A run of so long is no news any more, however it ends. */
void excursion_learn_long(struct excursion *excursion, uint16_t known_s);
/* All runs are over, and are no record. */
void excursion_drop(struct excursion *excursion);

/* Is it, for so long by now, so high as it never was? By more than a level: who hovers at one is no higher. */
bool excursion_is_unseen(const struct excursion *excursion, uint16_t least_s);

/* What is news: a run of least_s, and longer than so many times the record there (four times as many at a level
 * that was visited often, whose tail is heavy) and 5 s. */
struct excursion_news {
	uint32_t least_s;
	float records;
};
/* The highest level at which there is news, in times the first; 0: there is none. */
float excursion_height(const struct excursion *excursion, const struct excursion_news *news);
/* The lowest one: below it there is nothing that was not so before. */
float excursion_least(const struct excursion *excursion, const struct excursion_news *news);
/* For how long it has been higher than it ever was for so long, at the lowest level where that is news; 0: there is none. */
uint32_t excursion_lasted_s(const struct excursion *excursion, const struct excursion_news *news);
/* How long a run that is so high must be to be news. */
float excursion_wait_s(const struct excursion *excursion, float height,
		       const struct excursion_news *news);
