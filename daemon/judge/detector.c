/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns put on one scale, a forest on them, and a threshold from the past. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge/baseline.h"
#include "judge/detector.h"
#include "judge/forest.h"

#define THRESHOLD_SHARE 0.99

/* The column's normal: mean and standard deviation of its values in the past. */
struct scale {
	float mean;
	float per_spread; /* 0: it never varied, so nothing is known of how far is far */
};

struct detector {
	unsigned int n_columns;
	float threshold;
	struct forest *forest;
	struct scale scale[DETECTOR_COLUMNS_MAX];
};

struct detector *detector_free(struct detector *detector)
{
	if (detector)
		(void)forest_free(detector->forest);
	free(detector);
	return NULL;
}

size_t detector_bytes(const struct detector *detector)
{
	return sizeof(*detector) + forest_bytes(detector->forest);
}

/* ---- judging ------------------------------------------------------------- */

/* To distances from the normal. Which is furthest is returned. */
static unsigned int apply_scale(const struct detector *detector, const float *row, float *ret)
{
	unsigned int top = 0;
	float most = 0;

	for (unsigned int i = 0; i < detector->n_columns; i++) {
		const struct scale *scale = &detector->scale[i];

		ret[i] = (row[i] - scale->mean) * scale->per_spread;
		if (!(fabsf(ret[i]) > most))
			continue;
		most = fabsf(ret[i]);
		top = i;
	}
	return top;
}

void detector_judge(struct detector *detector, const float *row, struct judgement *ret)
{
	float column[DETECTOR_COLUMNS_MAX];

	ret->top = apply_scale(detector, row, column);
	ret->score = forest_score(detector->forest, column);
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

static int learn_threshold(struct detector *detector, const struct forest_rows *rows)
{
	CLEANUP(cleanup_free) float *score = reallocarray(NULL, rows->n, sizeof(*score));

	if (!score)
		return -ENOMEM;
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
	CLEANUP(cleanup_free)
	float *values = reallocarray(NULL, rows->n, rows->n_columns * sizeof(*values));
	const struct forest_rows scaled = { values, rows->n, rows->n_columns };
	int r;

	if (!values)
		return -ENOMEM;
	for (unsigned int i = 0; i < rows->n_columns; i++)
		fit_scale(rows, i, &detector->scale[i]);
	for (size_t i = 0; i < rows->n; i++)
		(void)apply_scale(detector, rows->values + i * rows->n_columns,
				  values + i * rows->n_columns);
	r = forest_train(FOREST_AXES, &scaled, seed, &detector->forest);
	if (r < 0)
		return r;
	return learn_threshold(detector, rows);
}

int detector_train(enum detector_kind kind, const float *values, size_t n_rows,
		   unsigned int n_columns, uint64_t seed, struct detector **ret)
{
	CLEANUP(detector_freep) struct detector *detector = NULL;
	const struct forest_rows rows = { values, n_rows, n_columns };
	int r;

	if (kind != DETECTOR_FOREST)
		return -EINVAL;
	if (n_columns > DETECTOR_COLUMNS_MAX)
		return -E2BIG;
	if (n_rows < FOREST_ROWS_MIN)
		return -ENODATA;
	detector = calloc(1, sizeof(*detector));
	if (!detector)
		return -ENOMEM;
	detector->n_columns = n_columns;
	r = learn(detector, &rows, seed);
	if (r < 0)
		return r;
	*ret = TAKE(detector);
	return 0;
}
