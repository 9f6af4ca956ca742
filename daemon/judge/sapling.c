/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tree grows from: a sample of rows, and the mean depth of a search. */
#include <math.h>

#include "judge/sapling.h"

/* The mean depth of a search that fails in a tree of n: what an isolated row would still have
 * walked, and what makes scores comparable. H(n - 1) is summed up, since it is exact and cheap. */
static void fill_average(float *average)
{
	double harmonic = 0;

	average[0] = average[1] = 0;
	for (unsigned int n = 2; n <= FOREST_SAMPLE; n++) {
		harmonic += 1.0 / (n - 1);
		average[n] = (float)(2 * harmonic - 2.0 * (n - 1) / n);
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
	fill_average(sapling->average);
	/* Trees of fewer rows are shallower. Stretched to the usual depth they can be summed
	 * up with all others. The longest path, 19.55 of 33 rows, still fits 16 bits. */
	sapling->path_unit =
		PATH_UNITS * sapling->average[FOREST_SAMPLE] / sapling->average[sapling->n];
}

/* A sample without repetition in one pass and without memory (Knuth's algorithm S). */
void sapling_begin(struct sapling *sapling, const struct forest_rows *rows, uint64_t seed,
		   uint64_t tree)
{
	unsigned int taken = 0;

	chance_init(&sapling->chance, seed, tree);
	for (size_t i = 0; taken < sapling->n; i++)
		if (chance_share(&sapling->chance) * (double)(rows->n - i) < sapling->n - taken)
			sapling->row[taken++] = rows->values + i * rows->n_columns;
}

unsigned int sapling_part(struct sapling *sapling, unsigned int begin, unsigned int n, float split)
{
	unsigned int left = begin;

	for (unsigned int i = begin; i < begin + n; i++) {
		const float *row = sapling->row[i];

		sapling->row[i] = sapling->row[left];
		sapling->row[left] = row;
		left += !(sapling->value[i] > split);
	}
	return left - begin;
}

uint16_t sapling_path(const struct sapling *sapling, unsigned int depth, unsigned int n)
{
	return (uint16_t)lrint((depth + (double)sapling->average[n]) * sapling->path_unit);
}
