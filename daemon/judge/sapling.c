/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tree grows from: a sample of rows, and the mean depth of a search. */
#include <math.h>
#include <string.h>

#include "judge/sapling.h"

static double average(unsigned int n, double harmonic)
{
	return n < 2 ? 0 : 2 * harmonic - 2.0 * (n - 1) / n;
}

/* H(n - 1) is summed up, since it is exact and cheap. */
double sapling_average(unsigned int n)
{
	double harmonic = 0;

	for (unsigned int i = 1; i < n; i++)
		harmonic += 1.0 / i;
	return average(n, harmonic);
}

void paths_init(struct paths *paths)
{
	double harmonic = 0;

	for (unsigned int n = 0; n <= FOREST_SAMPLE; n++) {
		paths->beyond[n] = (uint32_t)lrint(average(n, harmonic) * PATH_UNITS);
		harmonic += n > 0 ? 1.0 / n : 0;
	}
}

/* Once for all trees of a roll, since most of what never changes is soon told: by its first rows. */
static void find_varying(struct sapling *sapling, const struct forest_rows *rows)
{
	sapling->n_varying = 0;
	for (unsigned int column = 0; column < rows->n_columns; column++) {
		const float *value = rows->values + column;
		float first = sapling_clean(*value);

		for (size_t i = 1; i < rows->n; i++)
			if (sapling_clean(value[i * rows->n_columns]) != first) {
				sapling->varying[sapling->n_varying++] = (uint8_t)column;
				break;
			}
	}
}

void sapling_init(struct sapling *sapling, const struct forest_rows *rows)
{
	sapling->n = rows->n < FOREST_SAMPLE ? (unsigned int)rows->n : FOREST_SAMPLE;
	sapling->depth_max = 0;
	while (1u << sapling->depth_max < sapling->n)
		sapling->depth_max++;
	find_varying(sapling, rows);
	sapling->stretch = sapling_average(FOREST_SAMPLE) / sapling_average(sapling->n);
}

void sapling_begin(struct sapling *sapling, const struct forest_rows *rows, uint64_t seed,
		   uint64_t tree)
{
	uint32_t taken[FOREST_SAMPLE];

	chance_init(&sapling->chance, seed, tree);
	chance_sample(&sapling->chance, (uint32_t)rows->n, sapling->n, taken);
	for (unsigned int i = 0; i < sapling->n; i++)
		sapling->row[i] = rows->values + (size_t)taken[i] * rows->n_columns;
}

/* Without a branch, for which way a row goes cannot be foretold. */
unsigned int sapling_part(struct sapling *sapling, unsigned int begin, unsigned int n, float split)
{
	const float **row = sapling->row + begin, **above = sapling->above;
	const float *value = sapling->value + begin;
	unsigned int n_below = 0, n_above = 0;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int is_above = value[i] > split;

		above[n_above] = row[n_below] = row[i];
		n_above += is_above;
		n_below += 1 - is_above;
	}
	memcpy(row + n_below, above, n_above * sizeof(const float *));
	return n_below;
}
