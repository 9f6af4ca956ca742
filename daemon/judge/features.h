/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * From a sample to the columns of the numeric core. The table of features.c says
 * for each metric on which scale it is judged (plain; logarithm, for what is
 * heavy-tailed: DETECTION found that log is what makes a hang visible) and what
 * is too small a difference to matter, in the metric's own quantity.
 */
#include "judge/baseline.h"
#include "record/record.h"

/* One sample on the judged scales: what is remembered. Absent values are NaN. */
struct row {
	float column[METRIC_N];
};
void features_row(const struct sample *sample, struct row *ret);

/* A value on its judged scale: finite and not negative, whatever the value; NaN stays NaN. */
float features_scale(enum metric metric, double value);
/* And back to the metric's quantity. */
double features_unscale(enum metric metric, double column);
/* The smallest difference that matters to anybody, in the metric's quantity. */
double features_least(enum metric metric);
/* The least spread that counts, on the judged scale at that level: > 0. */
double features_floor(enum metric metric, double column);
/* Does it have a normal, and does the forest see it? Counts do not: they are rare, what they cover
 * varies, and rules on facts own them. They are absent from every row. */
bool features_is_judged(enum metric metric);

/* A row as distances from the unit's own normal: finite; absent, and 0, where the
 * value or its normal is. */
void features_from(const struct row *row, const struct baseline *baseline, struct vector *ret);
