/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns put on one scale, a forest on them, and a threshold from the past. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/baseline.h"
#include "judge/detector.h"
#include "judge/expand.h"
#include "judge/oddity.h"

#define COLUMNS_MAX	(DETECTOR_COLUMNS_MAX * EXPAND_COLUMNS)
#define THRESHOLD_SHARE 0.99

struct detector {
	enum detector_kind kind;
	unsigned int n_metrics, n_columns; /* as they are given, and as the forest sees them */
	float threshold;
	double smooth;	       /* see oddity_smooth() */
	struct expand *expand; /* NULL: the forest sees what is given */
	struct oddity oddity;
};

struct detector *detector_free(struct detector *detector)
{
	if (detector) {
		(void)expand_free(detector->expand);
		oddity_clear(&detector->oddity);
	}
	free(detector);
	return NULL;
}

size_t detector_bytes(const struct detector *detector)
{
	return sizeof(*detector) + oddity_bytes(&detector->oddity) +
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

void detector_judge(struct detector *detector, const float *row, struct judgement *ret)
{
	float column[COLUMNS_MAX];

	fill_columns(detector, row, column);
	ret->top =
		oddity_scale(&detector->oddity, detector->n_columns, column) % detector->n_metrics;
	ret->score = oddity_score(&detector->oddity, column);
	if (detector->kind == DETECTOR_JUDGE)
		ret->score = oddity_smooth(&detector->smooth, ret->score, 1);
	ret->threshold = detector->threshold;
	ret->state = ret->score > ret->threshold ? DETECTOR_UNUSUAL : DETECTOR_HEALTHY;
}

/* ---- training ------------------------------------------------------------ */

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
	unsigned int n = detector->n_columns;
	CLEANUP(cleanup_free) float *values = reallocarray(NULL, rows->n, n * sizeof(*values));
	int r;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < rows->n; i++)
		fill_columns(detector, rows->values + i * rows->n_columns, values + i * n);
	r = oddity_fit(&detector->oddity, values, rows->n, n, NULL, seed, 0);
	return r < 0 ? r : learn_threshold(detector, rows);
}

static int make_detector(enum detector_kind kind, unsigned int n_metrics, struct detector **ret)
{
	CLEANUP(detector_freep) struct detector *detector = calloc(1, sizeof(*detector));
	int r;

	if (!detector)
		return -ENOMEM;
	detector->kind = kind;
	detector->n_metrics = detector->n_columns = n_metrics;
	detector->oddity.form = kind == DETECTOR_FOREST ? FOREST_AXES : FOREST_PLANES;
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
