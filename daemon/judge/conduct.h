/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How a unit behaves by what is asked of it: is a response above what its work
 * explains, for longer than it ever was in health, and with nothing else to
 * explain it? Only that is news; whether it does harm is for rules to say.
 *
 * Responses are CPU, memory, threads, descriptors, open connections (as many as come
 * in, times the time to serve each) and error lines; demand is connections made and bytes
 * read and written. What explains an excess away, for half a minute, and keeps it out of the record
 * of past ones:
 *   - demand that is higher than it ever was, until it has been so for a quarter of an hour;
 *   - work of another kind than usual, of which nobody knows what it needs;
 *   - of what waiting makes slower: a host whose CPUs others have.
 * What is usual at that hour counts as expected: season.h.
 *
 * A job that computes takes a core like a thread that spins, and where there are such jobs
 * their record would hide the latter. But most of them allocate what they compute with, so
 * CPU of which one thread has most and which comes with no page faults has a record of its own.
 */
#include <stdbool.h>
#include <stdint.h>

#include "judge/bottom.h"
#include "judge/evidence.h"
#include "judge/excursion.h"
#include "judge/rise.h"
#include "judge/season.h"
#include "judge/work.h"

/* Responses, of those with work, of which an excess is followed. */
#define CONDUCT_FOLLOWED 6
/* And those of them that a leak makes grow. */
#define CONDUCT_GROWING 3

/* Of one unit. Zero it to begin. */
struct conduct {
	uint32_t age_s; /* of health and of trouble, looked at */
	struct work work;
	struct season season;			  /* of what is above what its work explains */
	struct excursion above[CONDUCT_FOLLOWED]; /* what its work explains */
	struct excursion demand[WORK_DEMANDS];
	struct excursion burning;   /* CPU above what its work explains, without a sign of work */
	struct excursion score;	    /* of the forest, above the threshold */
	double usual[WORK_DEMANDS]; /* running medians, */
	double usual_wait;	    /* also of the time that somebody in it waits for a CPU */
	struct rise rise[CONDUCT_FOLLOWED]; /* of what is left of each */
	struct bottom bottom[CONDUCT_GROWING];
	double mean_left[CONDUCT_FOLLOWED];
	uint16_t news_s[CONDUCT_FOLLOWED];	      /* it has been news for so long */
	uint16_t demand_s, other_work_s, busy_host_s; /* it is explained for so much longer */
	uint16_t score_s;			      /* and so is what the forest says */
	uint16_t block_s,
		most_s; /* since a block of growth ended, and since the most was taken for known */
};

/* What is expected of each response by the work of this sample, in the metric's quantity; NaN for the others. */
void conduct_expect(const struct conduct *conduct, const struct sample *sample,
		    double ret[METRIC_N]);
/* One more sample of it, smoothed and undisturbed: sets expected, excess, growth, noted and is_score_noted of the
 * evidence, whose score is set. patience_s: so much longer must each excursion last before it is news. */
void conduct_look(struct conduct *conduct, const struct sample *sample, uint32_t patience_s,
		  struct evidence *evidence);
/* How long a core more than its work explains must last, once it is trusted, to be news: some units use so
 * much by themselves that nothing can be told from it. 0: it is not known for an hour yet. */
uint32_t conduct_cpu_wait_s(const struct conduct *conduct);
/* It was health. */
void conduct_learn(struct conduct *conduct, const struct sample *sample);
/* Another run of the unit, or a heal that is proven: what was going on is over, and is no record. */
void conduct_drop(struct conduct *conduct);
