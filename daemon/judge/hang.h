/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a hang looks like from outside: work waits and does not become less, and
 * no thread of the unit runs, though each of them could.
 *
 * Both are told as spans that count only what was really seen. A gap in the samples (a
 * host that slept, a daemon that was stopped), another run of the unit, and whatever is
 * not known begin them anew; unlike a rule's For=, they forgive no lapse: one switch is progress.
 */
#include <stdbool.h>
#include <stdint.h>

#include "judge/evidence.h"

/* A longer gap between two samples is a time in which nobody looked. */
#define HANG_GAP_MS 3000u
/* Work that waits is read every 5 s: the ages of two samples of one reading differ by rounding, and three
 * readings may fail. */
#define HANG_READING_MS	    2000u
#define HANG_READING_GAP_MS 20000u
/* From which on this is unusual, where more waits than ever did in health: one reading of what waits to the next. */
#define HANG_ODD_S 5u

/* Of one unit. Zero it to begin, and for another run. */
struct hang_memory {
	uint64_t when_ms;  /* of the last sample; 0: none */
	bool is_known;	   /* in it */
	uint64_t read_ms;  /* when the oldest of what it says of running was read */
	uint64_t moved_ms; /* when it last ran, or could not */
	struct hang_wait {
		uint64_t
			first_ms; /* the reading from which on it did not become less; 0: nothing waits */
		uint64_t read_ms; /* of the newest */
		double value;
	} backlog, unread;
};

/* Take one sample, as measured and not smoothed. */
void hang_follow(struct hang_memory *memory, const struct sample *sample);
/* Set what evidence has of it. */
void hang_tell(const struct hang_memory *memory, struct evidence *evidence);
