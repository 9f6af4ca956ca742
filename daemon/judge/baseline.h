/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is normal for one unit, metric by metric: median, spread and range of the
 * rows it remembers. Robust on purpose: a median and quantiles, so a few odd rows
 * that slipped into the memory move nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct baseline {
	uint64_t have;		/* metrics seen often enough (half of the rows) to have a normal */
	float median[METRIC_N]; /* on the judged scale */
	float spread[METRIC_N]; /* > 0: never below the metric's floor */
	float low[METRIC_N], high[METRIC_N]; /* the range seen: all but the outermost 1 % */
};

/* Fit one metric (no NaN among the n values, which are sorted) of as many rows. The rest of ret stays. */
void baseline_fit(float *values, size_t n, size_t n_rows, enum metric metric, struct baseline *ret);

/* Ascending, in place, without memory of its own; no NaN among them. */
void baseline_sort(float *values, size_t n);
/* The value that this share (0 to 1) of n > 0 sorted ones does not exceed, between neighbours by
 * proportion. */
float baseline_quantile(const float *sorted, size_t n, double share);
