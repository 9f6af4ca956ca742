/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Isolation Forest: how easily is one row told apart from the rest?
 * (Liu, Ting, Zhou: Isolation Forest, ICDM 2008.)
 *
 * It knows columns, not what they mean: whoever brings the rows has put each
 * column on a scale on which 0 is the normal. A value that is missing (NaN)
 * counts as 0; one beyond FOREST_FARTHEST counts as that.
 *
 * A forest is rolled: its oldest trees are replaced from time to time. The same
 * rows and seed give the same forest, byte for byte, on every machine: each
 * tree has a generator of its own, and path lengths are summed up as integers.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define FOREST_AXES_TREES 100
#define FOREST_PLANES_TREES                                                                        \
	60 /* 100 find no more in labelled series, and take two thirds more of all */
#define FOREST_SAMPLE	256 /* rows a tree sees at most */
#define FOREST_ROWS_MIN 16
#define FOREST_FARTHEST 1e18f /* sums of squares of such values are still finite */

#define FOREST_COLUMNS_MAX	192
#define FOREST_AXES_COLUMNS_MAX 64

enum forest_form {
	FOREST_AXES,   /* the textbook's: a split asks for one column */
	FOREST_PLANES, /* a split asks for a sum of several, and knows the range it has seen; columns
			* have a spread of about 1 */
};

/* Borrowed: row after row without a gap. */
struct forest_rows {
	const float *values;
	size_t n;
	unsigned int n_columns;
};

struct forest;

/* Train on all rows, of which each tree sees FOREST_SAMPLE at most. -ENODATA below FOREST_ROWS_MIN;
 * -E2BIG: more columns than the form can have; -ENOMEM. The caller owns ret. */
int forest_train(enum forest_form form, const struct forest_rows *rows, uint64_t seed,
		 struct forest **ret);
/* Replace the n_trees oldest trees by ones grown on these rows, which have as many columns as those
 * it was trained on. On -ENOMEM fewer are replaced; the forest is whole at any time. */
int forest_roll(struct forest *forest, const struct forest_rows *rows, unsigned int n_trees);
struct forest *forest_free(struct forest *forest);
DEFINE_CLEANUP(struct forest *, forest_free)

/* In [0, 1]; 0.5 is ordinary, near 1 is alone. Cannot fail, allocates nothing. */
float forest_score(const struct forest *forest, const float *row);
/* As many trees as its form has. */
unsigned int forest_trees(const struct forest *forest);
/* Trees replaced since training. */
uint32_t forest_generation(const struct forest *forest);
/* Memory it takes, for those who promise how much. */
size_t forest_bytes(const struct forest *forest);
