/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How long after its onset one trouble was noted, acted on, over, and proven to
 * be over; and what many such spans come to. A moment that is not on record is not
 * known, nor is one that comes before the onset, for then the clock was set back.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

enum span {
	SPAN_DETECT, /* until it was noted */
	SPAN_ACT,    /* until the first heal was asked for */
	SPAN_SERVED, /* until it was well again */
	SPAN_PROVEN, /* until that was proven */
	SPAN_N
};
/* "detect", "act", "served", "proven": for machines. Never NULL. */
const char *span_word(enum span span);

struct spans {
	bool known[SPAN_N];
	uint64_t ms[SPAN_N]; /* of those that are known; else 0 */
};

/* Is it a heal that was allowed? Not a "no", nor one that only tells people. */
bool decision_is_heal(const struct decision *decision);
/* When that heal was asked for, or at least decided; attempt NULL: none is on record. */
uint64_t decision_acted_wall_ms(const struct decision *decision, const struct attempt *attempt);

/* acted_wall_ms is of its first heal, outcome of its last. 0 and NULL: there is none, or it is not known. */
struct spans spans_of(const struct incident *incident, uint64_t acted_wall_ms,
		      const struct outcome *outcome);

/* Of n spans: the median (of two, the lower), and what nine of ten do not exceed. n 0: neither is known. */
struct spread {
	size_t n;
	uint64_t median_ms, p90_ms;
};
/* Sorts ms. */
struct spread spread_of(uint64_t *ms, size_t n);
