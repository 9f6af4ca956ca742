/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where levels are heading, and what happened lately. A level's floor (the
 * minimum of each 10 s block) that keeps rising is what a leak looks like under
 * the saw teeth of ordinary work; counts are remembered for five minutes.
 *
 * A floor rises when it is over one spread above the last one that counted,
 * falls when it is over a tenth of one below, and else waits, so that slow leaks
 * add up; after three blocks of waiting the rise is over. So unequal, because
 * noise goes both ways and leaks do not: a flat but noisy level looks like a
 * rise of 20 s that lasts 20 s more once in two hours, with a tenth both ways
 * seven times an hour.
 */
#include <stdbool.h>
#include <stdint.h>

#include "judge/baseline.h"
#include "record/record.h"

#define TREND_BLOCK_MS	10000u
#define TREND_GAP_MS	60000u
#define TREND_BUCKET_MS 5000u
#define TREND_BUCKETS	60u /* five minutes */
/* Metrics that are counts, in the order of the table; test_trend.c counts them. */
#define TREND_COUNTS_MAX 12u

struct trend {
	uint64_t when_ms;	    /* of the last sample; 0: none yet */
	uint64_t block_ms;	    /* when the present block began */
	double block_min[METRIC_N]; /* NaN: nothing in this block */
	double last_min[METRIC_N];  /* the last floor that counted; NaN: none */
	uint8_t n_waited[METRIC_N]; /* blocks since then */
	uint32_t rising_s[METRIC_N];
	/* Counts, a ring each: */
	float bucket[TREND_COUNTS_MAX][TREND_BUCKETS];
	double recent[TREND_COUNTS_MAX]; /* their sums */
	uint64_t bucket_ms;		 /* begin of the newest */
	uint32_t newest;
};

void trend_init(struct trend *trend);
/* Take one sample. A gap of over a minute, or another invocation of the unit (`anew`), begins the
 * rising again; counts go on, since a crash loop is many invocations. The spread is the baseline's,
 * or the metric's floor where there is none (NULL). */
void trend_take(struct trend *trend, const struct sample *sample, const struct baseline *baseline,
		bool anew);
/* The sum of a count over the last five minutes, less up to one bucket. */
double trend_recent(const struct trend *trend, enum metric metric);
/* Forget the counts: what they told of is mended. */
void trend_calm(struct trend *trend);
