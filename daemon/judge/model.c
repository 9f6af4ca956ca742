/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Normals, forest and threshold from one memory. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "judge/model.h"

#define THRESHOLD_SHARE 0.99
/* The score of the ordinary is 0.5, and where next to nothing varies so is the percentile: the least
 * novelty would exceed it. On 22 metrics of correlated noise, 1 % of healthy samples exceed a threshold
 * that is never below 0.55, and 2 % one that may fall to 0.52. */
#define THRESHOLD_MIN 0.55f

void model_init(struct model *model)
{
	model->oddity.form = FOREST_PLANES;
}

void model_clear(struct model *model)
{
	oddity_clear(&model->oddity);
}

bool model_is_fit(const struct model *model)
{
	return model->oddity.forest != NULL;
}

static float threshold_of(const struct oddity *oddity, const float *values, uint32_t n_rows)
{
	float score[LEARNER_ROWS];

	for (uint32_t i = 0; i < n_rows; i++)
		score[i] = oddity_score(oddity, values + i * (size_t)MOMENT_LATELY);
	baseline_sort(score, n_rows);
	return fmaxf(baseline_quantile(score, n_rows, THRESHOLD_SHARE), THRESHOLD_MIN);
}

static void unscale(const struct baseline *baseline, struct normal *ret)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		bool has = baseline->have & METRIC_BIT(metric);

		ret->median[metric] =
			has ? features_unscale(metric, baseline->median[metric]) : NAN;
		ret->low[metric] = has ? features_unscale(metric, baseline->low[metric]) : NAN;
		ret->high[metric] = has ? features_unscale(metric, baseline->high[metric]) : NAN;
	}
}

static void fit_baseline(const struct remembered *kept, struct baseline *ret)
{
	float values[LEARNER_ROWS];

	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		size_t n = 0;

		for (uint32_t i = 0; i < kept->n_rows; i++) {
			float value = remembered_value(kept, i, metric);

			if (!isnan(value))
				values[n++] = value;
		}
		baseline_fit(values, n, kept->n_rows, metric, ret);
	}
}

/* What it was lately at each moment that is remembered. */
static void fill_values(const struct remembered *kept, float *ret)
{
	for (uint32_t i = 0; i < kept->n_rows; i++)
		for (unsigned int column = METRIC_N; column < REMEMBERED_COLUMNS; column++)
			*ret++ = remembered_value(kept, i, column);
}

/* Of each of these columns, the least difference that matters where the unit usually is. */
static void fill_least(const struct baseline *baseline, float *ret)
{
	for (unsigned int column = 0; column < MOMENT_LATELY; column++) {
		enum metric metric = column % METRIC_N;
		bool has = baseline->have & METRIC_BIT(metric);

		ret[column] = (float)features_floor(metric, has ? baseline->median[metric] : 0);
	}
}

int model_fit(struct model *model, const struct remembered *kept, uint64_t seed,
	      unsigned int n_trees)
{
	CLEANUP(cleanup_free)
	float *values = reallocarray(NULL, kept->n_rows, (size_t)MOMENT_LATELY * sizeof(*values));
	float least[MOMENT_LATELY];
	int r;

	if (!values)
		return -ENOMEM;
	fit_baseline(kept, &model->baseline);
	unscale(&model->baseline, &model->normal);
	fill_values(kept, values);
	fill_least(&model->baseline, least);
	r = oddity_fit(&model->oddity, values, kept->n_rows, MOMENT_LATELY, least, seed, n_trees);
	if (r < 0)
		return r;
	model->threshold = threshold_of(&model->oddity, values, kept->n_rows);
	return 0;
}
