/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scales of columns, and a forest on them. */
#include <math.h>
#include <string.h>

#include "judge/oddity.h"

/* How many spreads are far: where squash() begins to bend. */
#define NEAR 5.0f
#define SAME 0.05f /* spreads: less than a tree's splits can tell */
/* Of the newest row in the smoothed score. */
#define SMOOTH_SHARE 0.4
#define SMOOTH_MOST  32 /* nothing is left by then of what was before */

void oddity_clear(struct oddity *oddity)
{
	oddity->forest = forest_free(oddity->forest);
}

size_t oddity_bytes(const struct oddity *oddity)
{
	return oddity->forest ? forest_bytes(oddity->forest) : 0;
}

/* ---- the scale ------------------------------------------------------------- */

/* Beyond a few spreads twice as far is less than twice as odd: in the end its square root. By what
 * is exact on every machine (IEEE 754), which no logarithm is. */
static float squash(float distance)
{
	return distance / sqrtf(1 + fabsf(distance) / NEAR);
}

/* Whatever the value, squash() can bear it; NaN stays NaN. */
static float distance_of(const struct oddity_scale *scale, float value)
{
	float distance = (value - scale->mean) * scale->per_spread;

	distance = distance > FOREST_FARTHEST ? FOREST_FARTHEST : distance;
	return distance < -FOREST_FARTHEST ? -FOREST_FARTHEST : distance;
}

unsigned int oddity_scale(const struct oddity *oddity, unsigned int n_columns, float *row)
{
	unsigned int furthest = 0;
	float most = 0;

	for (unsigned int i = 0; i < n_columns; i++) {
		float distance = distance_of(&oddity->scale[i], row[i]);

		if (fabsf(distance) > most) {
			most = fabsf(distance);
			furthest = i;
		}
		row[i] = oddity->form == FOREST_PLANES ? squash(distance) : distance;
	}
	return furthest;
}

static bool is_same(const struct oddity_scale *scale, float value, float other)
{
	if (fabsf(value - other) * scale->per_spread <= SAME)
		return true;
	return isnan(value) && isnan(other);
}

bool oddity_is_same(const struct oddity *oddity, unsigned int n_columns, const float *row,
		    const float *other)
{
	for (unsigned int i = 0; i < n_columns; i++)
		if (!is_same(&oddity->scale[i], row[i], other[i]))
			return false;
	return true;
}

/* Infinite values tell nothing of a scale, and missing ones neither. */
static struct oddity_scale fit_scale(const struct forest_rows *rows, unsigned int column,
				     float least)
{
	double sum = 0, squares = 0, mean, spread;
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
	spread = fmax(n ? sqrt(squares / (double)n) : 0, least);
	return (struct oddity_scale) { (float)mean, spread > 0 ? (float)(1 / spread) : 0 };
}

int oddity_fit(struct oddity *oddity, float *values, size_t n_rows, unsigned int n_columns,
	       const float *least, uint64_t seed, unsigned int n_trees)
{
	const struct forest_rows rows = { values, n_rows, n_columns };

	for (unsigned int i = 0; i < n_columns; i++)
		oddity->scale[i] = fit_scale(&rows, i, least ? least[i] : 0);
	for (size_t i = 0; i < n_rows; i++)
		(void)oddity_scale(oddity, n_columns, values + i * n_columns);
	if (oddity->forest)
		return forest_roll(oddity->forest, &rows, n_trees);
	return forest_train(oddity->form, &rows, seed, &oddity->forest);
}

/* ---- the score ------------------------------------------------------------- */

float oddity_score(const struct oddity *oddity, const float *row)
{
	return forest_score(oddity->forest, row);
}

float oddity_smooth(double *state, float score, unsigned int n)
{
	double power = (double)score * score;

	power *= power;
	power *= power;
	power *= power;
	for (unsigned int i = 0; i < n && i < SMOOTH_MOST; i++)
		*state += SMOOTH_SHARE * (power - *state);
	return (float)sqrt(sqrt(sqrt(sqrt(*state))));
}

/* ---- who is to blame ---------------------------------------------------------- */

static float height_of(const float *row, unsigned int n_columns, unsigned int n_metrics,
		       unsigned int metric)
{
	float most = 0;

	for (unsigned int i = metric; i < n_columns; i += n_metrics)
		most = fmaxf(most, fabsf(row[i]));
	return most;
}

/* The metrics that are furthest, the first of them first; as many as there are of any height. */
static unsigned int find_suspects(const float *row, unsigned int n_columns, unsigned int n_metrics,
				  unsigned int *ret)
{
	float height[ODDITY_SUSPECTS];
	unsigned int n = 0;

	for (unsigned int metric = 0; metric < n_metrics; metric++) {
		float this = height_of(row, n_columns, n_metrics, metric);
		unsigned int at = n;

		while (at > 0 && this > height[at - 1])
			at--;
		if (this <= 0 || at == ODDITY_SUSPECTS)
			continue;
		n += n < ODDITY_SUSPECTS;
		memmove(height + at + 1, height + at, (n - at - 1) * sizeof(*height));
		memmove(ret + at + 1, ret + at, (n - at - 1) * sizeof(*ret));
		height[at] = this;
		ret[at] = metric;
	}
	return n;
}

void oddity_blame(const struct oddity *oddity, const float *row, unsigned int n_columns,
		  unsigned int n_metrics, float *ret_share)
{
	unsigned int suspect[ODDITY_SUSPECTS], n;
	float score = oddity_score(oddity, row), total = 0, share[ODDITY_SUSPECTS];

	memset(ret_share, 0, n_metrics * sizeof(*ret_share));
	n = find_suspects(row, n_columns, n_metrics, suspect);
	for (unsigned int i = 0; i < n; i++) {
		float column[FOREST_COLUMNS_MAX];

		memcpy(column, row, n_columns * sizeof(*row));
		for (unsigned int j = suspect[i]; j < n_columns; j += n_metrics)
			column[j] = 0;
		share[i] = fmaxf(score - oddity_score(oddity, column), 0);
		total += share[i];
	}
	for (unsigned int i = 0; total > 0 && i < n; i++)
		ret_share[suspect[i]] = share[i] / total;
}
