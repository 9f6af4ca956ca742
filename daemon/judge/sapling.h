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

/*
 * What a walk ends at: how deep, and with how many rows. In 16 bits, and exact; the
 * path that this stands for is in units so small that a score is within 1e-6 of one
 * in double precision. All paths of a walk, at most 20 each, fit 32 bits.
 */
#define PATH_BITS     20
#define PATH_UNITS    ((double)(UINT32_C(1) << PATH_BITS))
#define LEAF_ROW_BITS 9

/* By rows: how much further a search among them would walk, in units. */
struct paths {
	uint32_t beyond[FOREST_SAMPLE + 1];
};
void paths_init(struct paths *paths);
static inline uint32_t paths_of_leaf(const struct paths *paths, uint32_t leaf)
{
	return (leaf >> LEAF_ROW_BITS << PATH_BITS) +
	       paths->beyond[leaf & ((1u << LEAF_ROW_BITS) - 1)];
}

struct sapling {
	struct chance chance;
	unsigned int n, depth_max; /* rows, and the steps that part them all if each halves */
	double stretch; /* trees of fewer rows are shallower: so many times their paths can be summed
			 * up with those of all others */
	const float *row[FOREST_SAMPLE], *above[FOREST_SAMPLE]; /* of sapling_part() */
	float value[FOREST_SAMPLE]; /* of each row, in whatever is looked at */
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

/* The mean depth of a search that fails in a tree of n: what an isolated row would still have walked, and what
 * makes scores comparable. */
double sapling_average(unsigned int n);
/* Never 0. */
static inline uint16_t sapling_leaf(unsigned int depth, unsigned int n)
{
	return (uint16_t)(depth << LEAF_ROW_BITS | n);
}

/* A value as the forest sees it. By comparisons, since fminf() is a call and this is the innermost
 * of all. */
static inline float sapling_clean(float value)
{
	value = value > FOREST_FARTHEST ? FOREST_FARTHEST : value;
	value = value < -FOREST_FARTHEST ? -FOREST_FARTHEST : value;
	return value == value ? value : 0;
}
