/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a metric was lately, as columns of their own: its smoothed level, and its
 * range (greatest less least) over the last few rows and over many. A forest sees
 * one row at a time; much of what ails a service is not an odd value but one that
 * begins to swing, or no longer does.
 *
 * A missing value (NaN) leaves its metric's columns what they were: the level
 * rests, and a range is of those values that there were, or missing if there was
 * none. Once all of the many rows had none, the level is missing too, and the next
 * value begins the metric anew.
 */
#include <stddef.h>

#include "base/cleanup.h"

#define EXPAND_METRICS_MAX 64
#define EXPAND_COLUMNS	   3 /* for each metric */
#define EXPAND_SHORT_ROWS  5
#define EXPAND_LONG_ROWS   30
#define EXPAND_FARTHEST	   1e30f /* twice that, a range, is still finite */

struct expand;

/* n_metrics: at most EXPAND_METRICS_MAX. -ENOMEM. */
int expand_new(unsigned int n_metrics, struct expand **ret);
struct expand *expand_free(struct expand *expand);
DEFINE_CLEANUP(struct expand *, expand_free)

/* Take the next row, in the order of time, and give its EXPAND_COLUMNS x n_metrics columns: all levels,
 * all short ranges, all long ones; so column i is of metric i % n_metrics. What is beyond EXPAND_FARTHEST
 * counts as that. Cannot fail, allocates nothing. */
void expand_take(struct expand *expand, const float *row, float *ret);
/* Forget all rows. */
void expand_restart(struct expand *expand);
size_t expand_bytes(const struct expand *expand);
