/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns put on one scale, a forest on them, and a threshold from the past. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/baseline.h"
#include "judge/detector.h"
#include "judge/expand.h"
#include "judge/forest.h"

#define COLUMNS_MAX	(DETECTOR_COLUMNS_MAX * EXPAND_COLUMNS)
#define THRESHOLD_SHARE 0.99

/* How many spreads are far: where squash() begins to bend. */
#define NEAR 5.0f
/* Of the newest row in the smoothed score. */
#define SMOOTH_SHARE 0.4

/* The column's normal: mean and standard deviation of its values in the past. */
struct scale {
	float mean;
	float per_spread; /* 0: it never varied, so nothing is known of how far is far */
};

struct detector {
	enum detector_kind kind;
	unsigned int n_metrics, n_columns; /* as they are given, and as the forest sees them */
	float threshold;
	double odd;	       /* the 16th power of the scores, smoothed */
	struct expand *expand; /* NULL: the forest sees what is given */
	struct forest *forest;
	struct scale scale[COLUMNS_MAX];
};

struct detector *detector_free(struct detector *detector)
{
	if (detector) {
		(void)expand_free(detector->expand);
		(void)forest_free(detector->forest);
	}
	free(detector);
	return NULL;
}

size_t detector_bytes(const struct detector *detector)
{
	return sizeof(*detector) + forest_bytes(detector->forest) +
	       (detector->expand ? expand_bytes(detector->expand) : 0);
}

/* ---- judging ------------------------------------------------------------- */

/* The columns that the forest sees of this row, not yet on its scale. */
static void fill_columns(struct detector *detector, const float *row, float *ret)
{
	if (detector->expand)
		expand_take(detector->expand, row, ret);
	else
		memcpy(ret, row, detector->n_metrics * sizeof(*row));
}

/* Beyond a few spreads twice as far is less than twice as odd: in the end its square root. By what
 * is exact on every machine (IEEE 754), which no logarithm is. */
static float squash(float distance)
{
	return distance / sqrtf(1 + fabsf(distance) / NEAR);
}

/* Whatever the value, squash() can bear it; NaN stays NaN. */
static float distance_of(const struct scale *scale, float value)
{
	float distance = (value - scale->mean) * scale->per_spread;

	distance = distance > FOREST_FARTHEST ? FOREST_FARTHEST : distance;
	return distance < -FOREST_FARTHEST ? -FOREST_FARTHEST : distance;
}

/* To distances from the normal. Which metric is furthest is returned. */
static unsigned int apply_scale(const struct detector *detector, float *column)
{
	unsigned int top = 0;
	float most = 0;

	for (unsigned int i = 0; i < detector->n_columns; i++) {
		float distance = distance_of(&detector->scale[i], column[i]);

		if (fabsf(distance) > most) {
			most = fabsf(distance);
			top = i % detector->n_metrics;
		}
		column[i] = detector->expand ? squash(distance) : distance;
	}
	return top;
}

/* Of a high power, so that one row that is alone by far is not washed out by calm ones before it, as
 * in the mean of bare scores it would be. */
static float smooth(struct detector *detector, float score)
{
	double power = (double)score * score;

	power *= power;
	power *= power;
	power *= power;
	detector->odd += SMOOTH_SHARE * (power - detector->odd);
	return (float)sqrt(sqrt(sqrt(sqrt(detector->odd))));
}

void detector_judge(struct detector *detector, const float *row, struct judgement *ret)
{
	float column[COLUMNS_MAX];

	fill_columns(detector, row, column);
	ret->top = apply_scale(detector, column);
	ret->score = forest_score(detector->forest, column);
	if (detector->kind == DETECTOR_JUDGE)
		ret->score = smooth(detector, ret->score);
	ret->threshold = detector->threshold;
	ret->state = ret->score > ret->threshold ? DETECTOR_UNUSUAL : DETECTOR_HEALTHY;
}

/* ---- training ------------------------------------------------------------ */

/* Infinite values tell nothing of a scale, and missing ones neither. */
static void fit_scale(const struct forest_rows *rows, unsigned int column, struct scale *ret)
{
	double sum = 0, squares = 0, mean;
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		float value = rows->values[i * rows->n_columns + column];

		if (!isfinite(value))
			continue;
		sum += value;
		n++;
	}
	mean = n ? sum / (double)n : 0;
	for (size_t i = 0; i < rows->n; i++) {
		double distance = rows->values[i * rows->n_columns + column] - mean;

		if (isfinite(distance))
			squares += distance * distance;
	}
	ret->mean = (float)mean;
	ret->per_spread = squares > 0 ? (float)(1 / sqrt(squares / (double)n)) : 0;
}

static int by_value(const void *one, const void *other)
{
	float a = *(const float *)one, b = *(const float *)other;

	return (a > b) - (a < b);
}

/* By judging the past once more, from its first row on. What comes next follows its last. */
static int learn_threshold(struct detector *detector, const struct forest_rows *rows)
{
	CLEANUP(cleanup_free) float *score = reallocarray(NULL, rows->n, sizeof(*score));

	if (!score)
		return -ENOMEM;
	if (detector->expand)
		expand_restart(detector->expand);
	for (size_t i = 0; i < rows->n; i++) {
		struct judgement judgement;

		detector_judge(detector, rows->values + i * rows->n_columns, &judgement);
		score[i] = judgement.score;
	}
	qsort(score, rows->n, sizeof(*score), by_value);
	detector->threshold = baseline_quantile(score, rows->n, THRESHOLD_SHARE);
	return 0;
}

static int learn(struct detector *detector, const struct forest_rows *rows, uint64_t seed)
{
	const enum forest_form form =
		detector->kind == DETECTOR_FOREST ? FOREST_AXES : FOREST_PLANES;
	unsigned int n = detector->n_columns;
	CLEANUP(cleanup_free) float *values = reallocarray(NULL, rows->n, n * sizeof(*values));
	const struct forest_rows columns = { values, rows->n, n };
	int r;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < rows->n; i++)
		fill_columns(detector, rows->values + i * rows->n_columns, values + i * n);
	for (unsigned int i = 0; i < n; i++)
		fit_scale(&columns, i, &detector->scale[i]);
	for (size_t i = 0; i < rows->n; i++)
		(void)apply_scale(detector, values + i * n);
	r = forest_train(form, &columns, seed, &detector->forest);
	if (r < 0)
		return r;
	return learn_threshold(detector, rows);
}

static int make_detector(enum detector_kind kind, unsigned int n_metrics, struct detector **ret)
{
	CLEANUP(detector_freep) struct detector *detector = calloc(1, sizeof(*detector));
	int r;

	if (!detector)
		return -ENOMEM;
	detector->kind = kind;
	detector->n_metrics = detector->n_columns = n_metrics;
	if (kind == DETECTOR_JUDGE) {
		detector->n_columns *= EXPAND_COLUMNS;
		r = expand_new(n_metrics, &detector->expand);
		if (r < 0)
			return r;
	}
	*ret = TAKE(detector);
	return 0;
}

int detector_train(enum detector_kind kind, const float *values, size_t n_rows,
		   unsigned int n_columns, uint64_t seed, struct detector **ret)
{
	struct detector *detector;
	const struct forest_rows rows = { values, n_rows, n_columns };
	int r;

	if (kind != DETECTOR_FOREST && kind != DETECTOR_JUDGE)
		return -EINVAL;
	if (n_columns > DETECTOR_COLUMNS_MAX)
		return -E2BIG;
	if (n_rows < FOREST_ROWS_MIN)
		return -ENODATA;
	r = make_detector(kind, n_columns, &detector);
	if (r < 0)
		return r;
	r = learn(detector, &rows, seed);
	if (r < 0)
		(void)detector_free(detector);
	else
		*ret = detector;
	return r;
}
