/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One tree of a forest while it grows: the rows it sees, its chance, and what its
 * path lengths are worth. Both forms of trees grow from it. It lies on the stack,
 * so growing allocates nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "judge/chance.h"
#include "judge/forest.h"

/* Path lengths are kept as integers of 1/3072: the longest, below, then just fits 16 bits, and
 * scores are within 1e-6 of those in double precision (3e-6 in trees of fewer rows). */
#define PATH_UNITS 3072.0

struct sapling {
	struct chance chance;
	unsigned int n, depth_max; /* rows, and the steps that part them all if each halves */
	double path_unit;
	const float *row[FOREST_SAMPLE];
	float value[FOREST_SAMPLE]; /* of each row, in whatever is looked at */
	float average[FOREST_SAMPLE + 1];
	unsigned int n_varying;
	uint8_t varying[FOREST_COLUMNS_MAX]; /* columns: no other ever parts two rows */
};

/* For all trees that are grown on these rows. */
void sapling_init(struct sapling *sapling, const struct forest_rows *rows);
/* For one of them: its generator, and a sample of the rows. */
void sapling_begin(struct sapling *sapling, const struct forest_rows *rows, uint64_t seed,
		   uint64_t tree);

/* Rows of [begin, begin + n) whose value is not above the split first; returns how many. Values do
 * not move along: they are those of the rows before. */
unsigned int sapling_part(struct sapling *sapling, unsigned int begin, unsigned int n, float split);
/* How long the path to a leaf of n rows at that depth is, in units. */
uint16_t sapling_path(const struct sapling *sapling, unsigned int depth, unsigned int n);

/* A value as the forest sees it. By comparisons, since fminf() is a call and this is the innermost
 * of all. */
static inline float sapling_clean(float value)
{
	value = value > FOREST_FARTHEST ? FOREST_FARTHEST : value;
	value = value < -FOREST_FARTHEST ? -FOREST_FARTHEST : value;
	return value == value ? value : 0;
}
