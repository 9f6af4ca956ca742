/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of the last rows, and what they say of each metric. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge/expand.h"

/* Of the newest value in the smoothed level: a value's part has halved after three rows. */
#define LEVEL_SHARE 0.2f

struct expand {
	unsigned int n_metrics, next; /* the ring's row to be written next */
	float *level;		      /* NaN: not known */
	float ring[];		      /* EXPAND_LONG_ROWS rows, then the levels */
};

static size_t n_values(unsigned int n_metrics)
{
	return (size_t)n_metrics * (EXPAND_LONG_ROWS + 1);
}

int expand_new(unsigned int n_metrics, struct expand **ret)
{
	struct expand *expand =
		malloc(sizeof(*expand) + n_values(n_metrics) * sizeof(expand->ring[0]));

	if (!expand)
		return -ENOMEM;
	expand->n_metrics = n_metrics;
	expand->level = expand->ring + (size_t)n_metrics * EXPAND_LONG_ROWS;
	expand_restart(expand);
	*ret = expand;
	return 0;
}

struct expand *expand_free(struct expand *expand)
{
	free(expand);
	return NULL;
}

void expand_restart(struct expand *expand)
{
	expand->next = 0;
	for (size_t i = 0; i < n_values(expand->n_metrics); i++)
		expand->ring[i] = NAN;
}

size_t expand_bytes(const struct expand *expand)
{
	return sizeof(*expand) + n_values(expand->n_metrics) * sizeof(expand->ring[0]);
}

/* Ranges over the last n_rows rows; NaN where no value is. Row by row and by comparisons which pass
 * over NaN, so that many metrics are looked at at once. */
static void fill_ranges(const struct expand *expand, unsigned int n_rows, float *ret)
{
	unsigned int n = expand->n_metrics;
	float low[EXPAND_METRICS_MAX], high[EXPAND_METRICS_MAX];

	for (unsigned int i = 0; i < n; i++) {
		low[i] = INFINITY;
		high[i] = -INFINITY;
	}
	for (unsigned int back = 1; back <= n_rows; back++) {
		unsigned int at = (expand->next + EXPAND_LONG_ROWS - back) % EXPAND_LONG_ROWS;
		const float *row = expand->ring + (size_t)at * n;

		for (unsigned int i = 0; i < n; i++) {
			low[i] = row[i] < low[i] ? row[i] : low[i];
			high[i] = row[i] > high[i] ? row[i] : high[i];
		}
	}
	for (unsigned int i = 0; i < n; i++)
		ret[i] = low[i] <= high[i] ? high[i] - low[i] : NAN;
}

static float clamp(float value)
{
	value = value > EXPAND_FARTHEST ? EXPAND_FARTHEST : value;
	return value < -EXPAND_FARTHEST ? -EXPAND_FARTHEST : value;
}

void expand_take(struct expand *expand, const float *row, float *ret)
{
	size_t n = expand->n_metrics;
	float *newest = expand->ring + expand->next * n;

	for (size_t i = 0; i < n; i++) {
		float *level = &expand->level[i];

		newest[i] = clamp(row[i]);
		if (isnan(*level))
			*level = newest[i];
		else if (!isnan(newest[i]))
			*level += LEVEL_SHARE * (newest[i] - *level);
		ret[i] = *level;
	}
	expand->next = (expand->next + 1) % EXPAND_LONG_ROWS;
	fill_ranges(expand, EXPAND_SHORT_ROWS, ret + n);
	fill_ranges(expand, EXPAND_LONG_ROWS, ret + 2 * n);
	for (size_t i = 0; i < n; i++)
		if (isnan(ret[2 * n + i]))
			ret[i] = expand->level[i] = NAN;
}
