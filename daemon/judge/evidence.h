/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the judge's experts found in one sample: the ground on which rules stand. */
#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

struct evidence {
	float score, threshold; /* of the forest; negative: no forest yet */
	uint32_t generation;
	uint64_t have;	      /* values that were measured */
	uint64_t have_normal; /* metrics whose normal is learnt: the four below are then set */
	double value[METRIC_N];
	double median[METRIC_N];
	double low[METRIC_N], high[METRIC_N]; /* the unit's own range, in the metric's quantity */
	float deviation[METRIC_N];	      /* from the median, in spreads; signed */
	uint32_t rising_s[METRIC_N];	      /* how long the floor has been rising; levels only */
	double recent[METRIC_N]; /* counts: sum over the last 5 minutes; have applies */
	uint8_t age_s[METRIC_N]; /* of the values */
	double still_s; /* how long no thread of it ran, though each could; negative: not known */
	/* How long it did not become less, from reading to reading; 0: none waits. */
	uint32_t backlog_waiting_s, unread_waiting_s;
	/* What lasts for longer than it ever did in health, above what the unit's work explains, and with nothing
	 * else to explain it: in the metric's quantity, 0 if it does not. conduct.h */
	double expected[METRIC_N], excess[METRIC_N];
	double growth[METRIC_N]; /* the same, while it also grows as it never did */
	/* With an excess: beyond this it never was for so long. */
	double known[METRIC_N];
	uint32_t
		lasted_s; /* how long the oldest of what is noted, or a hang, has been so; 0: not known */
	uint64_t noted; /* METRIC_BIT() of those worth a word by themselves */
	/* Metrics that rise towards a limit which is known: the four below are then set. forecast.h */
	uint64_t have_left;
	double limit[METRIC_N]; /* in the metric's quantity */
	double left_s[METRIC_N], left_soonest_s[METRIC_N], left_latest_s[METRIC_N];
	/* Above its siblings, lasting as it never did, in the metric's quantity; 0 if it is not. cohort.h */
	double apart[METRIC_N];
	bool is_score_noted;   /* the forest's score lasts so too */
	uint32_t lead;	       /* furthest from normal; METRIC_N: none */
	float lead_share;      /* of the score */
	float share[METRIC_N]; /* the same of each; all 0 while the score is ordinary */
	/* Seen so far out at most once in so many hours of its health: tail.h; NaN: not known. Of those in
	 * `unseen`, METRIC_BIT(), there was none: the hours are all there were. */
	float rare_h[METRIC_N], score_rare_h;
	uint64_t unseen;
	bool is_score_unseen;
};
