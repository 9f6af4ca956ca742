/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each part of the judge's detector is worth: its scores of labelled rows, and
 * those that it would give without a part.
 *
 *	ablation TRAIN TEST SEED
 *
 * Both files are CSV as selfhealctl's backtest reads them. Prints CSV: a column for
 * the whole, which is to equal what backtest says (daemon/judge/detector.c is not
 * asked, but built once more here, so that it needs no switches), one for each part that is left out,
 * and a line for each row of TEST.
 */
#include <err.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/csv.h"
#include "judge/expand.h"
#include "judge/oddity.h"

#define COLUMNS_MAX (CSV_METRICS_MAX * EXPAND_COLUMNS)

static const struct part {
	const char *name;
	bool expands;	 /* else the columns are the metrics as they are */
	bool has_forest; /* else the score is how far the column is from its normal that is furthest */
	bool smooths;
} parts[] = {
	{ "whole", true, true, true },
	{ "without_forest", true, false, true },
	{ "without_expansions", false, true, true },
	{ "without_smoothing", true, true, false },
};
#define PARTS_N (sizeof(parts) / sizeof(parts[0]))

struct model {
	const struct part *part;
	unsigned int n_metrics, n_columns;
	struct expand *expand;
	struct oddity oddity;
	double smooth; /* see oddity_smooth() */
};

/* ---- judging ------------------------------------------------------------------- */

static void fill_columns(struct model *model, const float *row, float *ret)
{
	if (model->part->expands)
		expand_take(model->expand, row, ret);
	else
		memcpy(ret, row, model->n_metrics * sizeof(*row));
}

static float furthest(const struct model *model, const float *column)
{
	float most = 0;

	for (unsigned int i = 0; i < model->n_columns; i++)
		most = fabsf(column[i]) > most ? fabsf(column[i]) : most;
	return most;
}

static float judge(struct model *model, const float *row)
{
	float column[COLUMNS_MAX];
	float score;

	fill_columns(model, row, column);
	(void)oddity_scale(&model->oddity, model->n_columns, column);
	score = model->part->has_forest ? oddity_score(&model->oddity, column)
					: furthest(model, column);
	return model->part->smooths ? oddity_smooth(&model->smooth, score, 1) : score;
}

/* ---- learning ------------------------------------------------------------------ */

static void learn(struct model *model, const struct csv *train, uint64_t seed)
{
	unsigned int n = model->n_columns;
	float *values = reallocarray(NULL, train->n_rows, n * sizeof(*values));

	if (!values)
		errx(1, "memory");
	for (size_t i = 0; i < train->n_rows; i++)
		fill_columns(model, train->value + i * train->n_columns, values + i * n);
	if (oddity_fit(&model->oddity, values, train->n_rows, n, NULL, seed, 0) < 0)
		errx(1, "cannot learn from %s", train->path);
	free(values);
}

/* What the test follows is the past, from its first row on. */
static void live_through(struct model *model, const struct csv *train)
{
	expand_restart(model->expand);
	for (size_t i = 0; i < train->n_rows; i++)
		(void)judge(model, train->value + i * train->n_columns);
}

static void begin(struct model *model, const struct part *part, unsigned int n_metrics)
{
	*model = (struct model) {
		.part = part,
		.n_metrics = n_metrics,
		.n_columns = part->expands ? n_metrics * EXPAND_COLUMNS : n_metrics,
		.oddity.form = FOREST_PLANES,
	};
	if (expand_new(n_metrics, &model->expand) < 0)
		errx(1, "memory");
}

static void end(struct model *model)
{
	(void)expand_free(model->expand);
	oddity_clear(&model->oddity);
}

/* ---- the table ------------------------------------------------------------------ */

static void print(struct model *model, const struct csv *test)
{
	for (size_t k = 0; k < PARTS_N; k++)
		(void)printf("%s%s", k > 0 ? "," : "", parts[k].name);
	for (size_t i = 0; i < test->n_rows; i++)
		for (size_t k = 0; k < PARTS_N; k++)
			(void)printf("%s%.9g", k > 0 ? "," : "\n",
				     (double)judge(&model[k], test->value + i * test->n_columns));
	(void)puts("");
}

int main(int argc, char **argv)
{
	struct csv train, test;
	struct csv_error error;
	struct model model[PARTS_N];
	uint64_t seed;

	if (argc != 4 || text_parse_u64(argv[3], &seed) < 0)
		errx(2, "usage: ablation TRAIN TEST SEED");
	if (csv_load(argv[2], CSV_BYTES_MAX, &test, &error) < 0 ||
	    csv_load(argv[1], CSV_BYTES_MAX, &train, &error) < 0 ||
	    csv_arrange(&test, &train, &error) < 0)
		errx(1, "%s", error.text);
	for (size_t k = 0; k < PARTS_N; k++) {
		begin(&model[k], &parts[k], train.n_columns);
		learn(&model[k], &train, seed);
		live_through(&model[k], &train);
	}
	print(model, &test);
	for (size_t k = 0; k < PARTS_N; k++)
		end(&model[k]);
	csv_clear(&train);
	csv_clear(&test);
	return 0;
}
