/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One series of rows, of columns without a meaning: what is normal is learnt from
 * past rows, and each row after them gets a judgement. The judge's numeric core
 * for those who have numbers and no unit: labelled data, and who wants to try it.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define DETECTOR_COLUMNS_MAX 64

enum detector_kind {
	DETECTOR_FOREST, /* the textbook's Isolation Forest on the columns as they are, to compare with */
	DETECTOR_JUDGE, /* a forest of planes on what the columns were lately; scores are smoothed */
};

/* Of how a row is. The third, sick, is for harm, and a column without a meaning can do none: no detector tells
 * it, but who knows what the columns mean may. */
#define DETECTOR_HEALTHY 0u
#define DETECTOR_UNUSUAL 1u
#define DETECTOR_SICK	 2u

struct judgement {
	float score;	 /* in [0, 1]; more is odder */
	float threshold; /* of the detector: above it a row is unusual */
	unsigned int state;
	unsigned int top; /* the column that is furthest from its normal, in its own spreads */
};

struct detector;

/*
 * Learn from n_rows rows of n_columns values, row after row, in the order of time;
 * NaN: missing. The threshold is the 99th percentile of what these rows score
 * under the forest they made. A column that never varied in them is not looked at. The
 * same rows and seed give the same judgements, to the last bit.
 * -ENODATA: too few rows; -E2BIG: more than DETECTOR_COLUMNS_MAX columns; -EINVAL:
 * a kind that is not there; -ENOMEM. The caller owns ret.
 */
int detector_train(enum detector_kind kind, const float *values, size_t n_rows,
		   unsigned int n_columns, uint64_t seed, struct detector **ret);
struct detector *detector_free(struct detector *detector);
DEFINE_CLEANUP(struct detector *, detector_free)

/* Judge the next row, in the order of time: the first follows the last of the past. Cannot fail, allocates nothing. */
void detector_judge(struct detector *detector, const float *row, struct judgement *ret);
/* Memory it takes, all that is learnt included. */
size_t detector_bytes(const struct detector *detector);
