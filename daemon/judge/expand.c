/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of the last rows, and what they say of each metric. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge/expand.h"
#include "judge/lanes.h"

/* Of the newest value in the smoothed level: a value's part has halved after three rows. */
#define LEVEL_SHARE 0.2f

struct expand {
	unsigned int n_metrics, next; /* the ring's row to be written next */
	float *level;		      /* NaN: not known */
	float ring[];		      /* EXPAND_LONG_ROWS rows, then the levels */
};

/* Of a row: what is beyond the metrics is never written, and stays NaN. */
static size_t width_of(unsigned int n_metrics)
{
	return ((size_t)n_metrics + LANES - 1) / LANES * LANES;
}

static size_t n_values(unsigned int n_metrics)
{
	return width_of(n_metrics) * (EXPAND_LONG_ROWS + 1);
}

int expand_new(unsigned int n_metrics, struct expand **ret)
{
	struct expand *expand =
		malloc(sizeof(*expand) + n_values(n_metrics) * sizeof(expand->ring[0]));

	if (!expand)
		return -ENOMEM;
	expand->n_metrics = n_metrics;
	expand->level = expand->ring + width_of(n_metrics) * EXPAND_LONG_ROWS;
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

/* Least and greatest of some metrics in some rows. Comparisons pass over NaN. */
struct extent {
	floats low, high;
};

static void put_ranges(const struct extent *extent, unsigned int n, float *ret)
{
	for (unsigned int i = 0; i < n; i++)
		ret[i] = extent->low[i] <= extent->high[i] ? extent->high[i] - extent->low[i] : NAN;
}

static void fill_ranges(const struct expand *expand, float *ret_short, float *ret_long)
{
	size_t width = width_of(expand->n_metrics);
	const float *row[EXPAND_LONG_ROWS]; /* the newest first */

	for (unsigned int back = 0; back < EXPAND_LONG_ROWS; back++)
		row[back] = expand->ring +
			    (expand->next + EXPAND_LONG_ROWS - 1 - back) % EXPAND_LONG_ROWS * width;
	for (unsigned int first = 0; first < expand->n_metrics; first += LANES) {
		struct extent extent = { (floats) { 0 } + INFINITY, (floats) { 0 } - INFINITY };
		unsigned int n = expand->n_metrics - first;

		n = n < LANES ? n : LANES;
		for (unsigned int back = 0; back < EXPAND_LONG_ROWS; back++) {
			floats value = lanes_load(row[back] + first);

			extent.low = lanes_choose(value < extent.low, value, extent.low);
			extent.high = lanes_choose(value > extent.high, value, extent.high);
			if (back == EXPAND_SHORT_ROWS - 1)
				put_ranges(&extent, n, ret_short + first);
		}
		put_ranges(&extent, n, ret_long + first);
	}
}

static float clamp(float value)
{
	value = value > EXPAND_FARTHEST ? EXPAND_FARTHEST : value;
	return value < -EXPAND_FARTHEST ? -EXPAND_FARTHEST : value;
}

void expand_take(struct expand *expand, const float *row, float *ret)
{
	size_t n = expand->n_metrics;
	float *newest = expand->ring + expand->next * width_of(expand->n_metrics);

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
	fill_ranges(expand, ret + n, ret + 2 * n);
	for (size_t i = 0; i < n; i++)
		if (isnan(ret[2 * n + i]))
			ret[i] = expand->level[i] = NAN;
}
