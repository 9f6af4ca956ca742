/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is to be expected of a unit by what is asked of it: a linear regression
 * of each response on the demand, which forgets within four hours.
 * Normal equations with exponential forgetting; a response that is far from what was
 * expected is taken for no further than WORK_CLIP spreads, so that no trouble is learnt as work.
 */
#include <stdbool.h>
#include <stdint.h>

#define WORK_DEMANDS   4
#define WORK_RESPONSES 13
#define WORK_FACTORS   (WORK_DEMANDS + 2) /* each, the first one squared, and a constant */
#define WORK_CLIP      7.5

/* Zero it to begin. */
struct work {
	uint32_t n_taken; /* seconds, as far as they matter */
	double a[WORK_FACTORS][WORK_FACTORS];
	double b[WORK_RESPONSES][WORK_FACTORS];
	double weight[WORK_RESPONSES][WORK_FACTORS];
	double centre
		[WORK_RESPONSES]; /* of what is left: a median that follows within a quarter of an hour */
	double spread[WORK_RESPONSES]; /* see work_spread() */
};

struct work_second {
	uint16_t span_s;		 /* what it stands for */
	double demand[WORK_DEMANDS];	 /* finite, on scales on which a handful is little */
	double response[WORK_RESPONSES]; /* NaN: not known */
	double least[WORK_RESPONSES];	 /* difference that matters: > 0 */
};

/* Is enough learnt to expect anything? For ten minutes that is the same whatever is asked. */
bool work_is_known(const struct work *work);
void work_learn(struct work *work, const struct work_second *second);
/* Find the weights of what was learnt. Done by itself every half minute. */
void work_solve(struct work *work);
double work_expected(const struct work *work, const double demand[WORK_DEMANDS], int response);
/* So much of that comes and goes with demand: a pool that is always open does not. */
double work_asked(const struct work *work, const double demand[WORK_DEMANDS], int response);
/* Half of what is left of that response lies within it, on both sides; never less than that. */
double work_spread(const struct work *work, int response, double least);
/* It will be different from now on: by so much of what is left. */
void work_shift(struct work *work, int response, double by);
