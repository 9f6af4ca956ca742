/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of 16 bits, each made when it first has something to say. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/remembered.h"

#define STEPS	1300.0
#define HIGHEST 65534.0
#define ABSENT	65535u

static uint16_t level_of(float column)
{
	if (isnan(column))
		return ABSENT;
	return (uint16_t)lrint(fmin(fmax((double)column * STEPS, 0), HIGHEST));
}

static float column_of(uint16_t level)
{
	return level == ABSENT ? NAN : (float)(level / STEPS);
}

void remembered_clear(struct remembered *remembered)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		free(remembered->levels[metric]);
	*remembered = (struct remembered) { 0 };
}

/* Make the column if this level is its first that differs. */
static int make_room(struct remembered *remembered, enum metric metric, uint16_t level)
{
	uint16_t *levels;

	if (remembered->levels[metric] || remembered->n_rows == 0 ||
	    remembered->constant[metric] == level)
		return 0;
	levels = reallocarray(NULL, LEARNER_ROWS, sizeof(*levels));
	if (!levels)
		return -ENOMEM;
	for (uint32_t i = 0; i < LEARNER_ROWS; i++)
		levels[i] = remembered->constant[metric];
	remembered->levels[metric] = levels;
	return 0;
}

int remembered_put(struct remembered *remembered, const struct row *row)
{
	uint16_t level[METRIC_N];
	int r;

	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		level[metric] = level_of(row->column[metric]);
		r = make_room(remembered, metric, level[metric]);
		if (r < 0)
			return r;
	}
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		if (remembered->levels[metric])
			remembered->levels[metric][remembered->next_row] = level[metric];
		else
			remembered->constant[metric] = level[metric];
	remembered->next_row = (remembered->next_row + 1) % LEARNER_ROWS;
	if (remembered->n_rows < LEARNER_ROWS)
		remembered->n_rows++;
	return 0;
}

float remembered_value(const struct remembered *remembered, uint32_t i, enum metric metric)
{
	const uint16_t *levels = remembered->levels[metric];

	return column_of(levels ? levels[i] : remembered->constant[metric]);
}

void remembered_row(const struct remembered *remembered, uint32_t i, struct row *ret)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		ret->column[metric] = remembered_value(remembered, i, metric);
}

size_t remembered_bytes(const struct remembered *remembered)
{
	size_t n = 0;

	for (enum metric metric = 0; metric < METRIC_N; metric++)
		n += remembered->levels[metric] != NULL;
	return n * LEARNER_ROWS * sizeof(uint16_t);
}
