/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is normal for one unit: median, spread and range of each column. */
#include <math.h>

#include "judge/baseline.h"
#include "judge/features.h"

/* Of a normal distribution: its standard deviation in median absolute deviations, and the width
 * between its 1st and 99th percentile in standard deviations. */
#define SPREAD_PER_MAD	      1.4826
#define SPREADS_IN_98_PERCENT 4.65

/* Shell's sort, with Ciura's gaps: as fast as any for a few hundred values, and qsort() may
 * allocate. */
void baseline_sort(float *values, size_t n)
{
	static const size_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		size_t gap = gaps[g];

		for (size_t i = gap; i < n; i++) {
			float value = values[i];
			size_t j = i;

			for (; j >= gap && values[j - gap] > value; j -= gap)
				values[j] = values[j - gap];
			values[j] = value;
		}
	}
}

float baseline_quantile(const float *sorted, size_t n, double share)
{
	double position = share * (double)(n - 1);
	size_t below = (size_t)position;
	size_t above = below + 1 < n ? below + 1 : below;
	double part = position - (double)below;

	return (float)(sorted[below] + part * ((double)sorted[above] - sorted[below]));
}

/* The median of |value - median|. Seen from the median outwards both halves of what is sorted are
 * sorted by distance already: merge them up to the middle. */
static float median_distance(const float *sorted, size_t n, float median)
{
	size_t right = 0;
	size_t left;
	float distance = 0;

	while (right < n && sorted[right] < median)
		right++;
	left = right;
	for (size_t taken = 0; taken <= n / 2; taken++) {
		float up = right < n ? sorted[right] - median : INFINITY;
		float down = left > 0 ? median - sorted[left - 1] : INFINITY;

		distance = fminf(up, down);
		if (up <= down)
			right++;
		else
			left--;
	}
	return distance;
}

/*
 * The larger of two estimates, since either is blind alone. The median absolute
 * deviation is 0 for a metric that rests on one value half of the time, though
 * its bursts are daily bread; the tails know them. The tails of a unit with two
 * levels say little about either one's noise, but cannot be narrower than it.
 */
static float spread_of(enum metric metric, const float *sorted, size_t n, float median)
{
	double tails = baseline_quantile(sorted, n, 0.99) - baseline_quantile(sorted, n, 0.01);
	double spread = fmax(SPREAD_PER_MAD * median_distance(sorted, n, median),
			     tails / SPREADS_IN_98_PERCENT);

	return (float)fmax(spread, features_floor(metric, median));
}

void baseline_fit(float *values, size_t n, size_t n_rows, enum metric metric, struct baseline *ret)
{
	ret->have &= ~METRIC_BIT(metric);
	if (n == 0 || 2 * n < n_rows)
		return;
	baseline_sort(values, n);
	ret->have |= METRIC_BIT(metric);
	ret->median[metric] = baseline_quantile(values, n, 0.5);
	ret->spread[metric] = spread_of(metric, values, n, ret->median[metric]);
	ret->low[metric] = baseline_quantile(values, n, 0.005);
	ret->high[metric] = baseline_quantile(values, n, 0.995);
}
