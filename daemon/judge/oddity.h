/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How odd is a row by all of its columns at once? Each is put on the scale of its
 * own past - how many spreads from its mean, bent beyond a few - and a forest that
 * was grown on rows of that past says how easily this one is told apart.
 *
 * The same for the daemon's units and for a file of numbers: what the columns mean
 * is not known here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/forest.h"

struct oddity_scale {
	float mean;
	float per_spread; /* 0: it never varied, so nothing is known of how far is far */
};

/* Zero it to begin, with a form. */
struct oddity {
	enum forest_form form; /* FOREST_AXES: for comparison, so nothing is bent */
	struct forest *forest; /* NULL until fitted */
	struct oddity_scale scale[FOREST_COLUMNS_MAX];
};

/*
 * Learn from past rows, which are put on the new scale in place; NaN: missing. With a
 * forest already, only its n_trees oldest trees are replaced. least, one for each
 * column, is what a spread never falls below; NULL: of columns without a meaning, a
 * spread may be ever so small. As forest_train(); after a failure the scale is new and the
 * forest is not.
 */
int oddity_fit(struct oddity *oddity, float *values, size_t n_rows, unsigned int n_columns,
	       const float *least, uint64_t seed, unsigned int n_trees);
void oddity_clear(struct oddity *oddity);

/* Put a row on that scale, in place. Which column is furthest, in spreads, is returned; 0 if all are normal. */
unsigned int oddity_scale(const struct oddity *oddity, unsigned int n_columns, float *row);
/* Is a row, not on that scale, in each column within a twentieth of a spread of another? Most of what runs on a host rests
 * most of the time, and a score that was worked out once is then as good as a new one. */
bool oddity_is_same(const struct oddity *oddity, unsigned int n_columns, const float *row,
		    const float *other);
/* Of a row on that scale, in [0, 1]: forest_score(). */
float oddity_score(const struct oddity *oddity, const float *row);
/*
 * Each metric's share of that score, summing to 1 (or all 0), where column i of the row, on that scale, is of
 * metric i % n_metrics: how far the score falls when all of the metric is put back to normal. Only the
 * ODDITY_SUSPECTS that are furthest are tried, since each costs a score.
 */
#define ODDITY_SUSPECTS 4
void oddity_blame(const struct oddity *oddity, const float *row, unsigned int n_columns,
		  unsigned int n_metrics, float *ret_share);

/*
 * Scores of row after row, smoothed: by the mean of a high power, so that one row
 * which is alone by far is not washed out by calm ones before it. state is 0 at first; n:
 * for so many rows this one stands.
 */
float oddity_smooth(double *state, float score, unsigned int n);
size_t oddity_bytes(const struct oddity *oddity); /* beyond the struct itself */
