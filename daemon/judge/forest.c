/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Isolation Forest: which tree is next, and from the paths in all trees to a score. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "judge/forest.h"
#include "judge/forest_axes.h"
#include "judge/forest_planes.h"
#include "judge/sapling.h"

struct forest {
	unsigned int n_columns;
	uint64_t seed;
	uint64_t n_grown; /* the number of the next tree; number s is in place s % their number */
	double score_per_sum; /* the score is 2^-(sum of path units x this) */
	struct axes *axes;    /* one of the two, as the form is */
	struct planes *planes;
};

/* ---- life ---------------------------------------------------------------- */

unsigned int forest_trees(const struct forest *forest)
{
	return forest->axes ? FOREST_AXES_TREES : FOREST_PLANES_TREES;
}

static int grow(struct forest *forest, struct sapling *sapling)
{
	unsigned int tree = (unsigned int)(forest->n_grown % forest_trees(forest));

	if (forest->axes)
		return axes_grow(forest->axes, sapling, tree);
	return planes_grow(forest->planes, sapling, tree);
}

int forest_roll(struct forest *forest, const struct forest_rows *rows, unsigned int n_trees)
{
	struct sapling sapling;
	int r;

	assert(rows->n_columns == forest->n_columns);
	if (rows->n < FOREST_ROWS_MIN)
		return -ENODATA;
	sapling_init(&sapling, rows);
	for (unsigned int i = 0; i < n_trees; i++) {
		sapling_begin(&sapling, rows, forest->seed, forest->n_grown);
		r = grow(forest, &sapling);
		if (r < 0)
			return r;
		forest->n_grown++;
	}
	forest->score_per_sum =
		1 / (PATH_UNITS * forest_trees(forest) * sapling_average(FOREST_SAMPLE));
	return 0;
}

int forest_train(enum forest_form form, const struct forest_rows *rows, uint64_t seed,
		 struct forest **ret)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	int r;

	if (rows->n_columns > (form == FOREST_AXES ? FOREST_AXES_COLUMNS_MAX : FOREST_COLUMNS_MAX))
		return -E2BIG;
	forest = calloc(1, sizeof(*forest));
	if (!forest)
		return -ENOMEM;
	forest->n_columns = rows->n_columns;
	forest->seed = seed;
	r = form == FOREST_AXES ? axes_new(&forest->axes) : planes_new(&forest->planes);
	if (r < 0)
		return r;
	r = forest_roll(forest, rows, forest_trees(forest));
	if (r < 0)
		return r;
	*ret = TAKE(forest);
	return 0;
}

struct forest *forest_free(struct forest *forest)
{
	if (forest) {
		(void)axes_free(forest->axes);
		(void)planes_free(forest->planes);
	}
	free(forest);
	return NULL;
}

uint32_t forest_generation(const struct forest *forest)
{
	return (uint32_t)(forest->n_grown - forest_trees(forest));
}

size_t forest_bytes(const struct forest *forest)
{
	return sizeof(*forest) +
	       (forest->axes ? axes_bytes(forest->axes) : planes_bytes(forest->planes));
}

/* ---- scoring ------------------------------------------------------------- */

static float score_of(const struct forest *forest, const float *row)
{
	uint32_t sum =
		forest->axes ? axes_walk(forest->axes, row) : planes_walk(forest->planes, row);

	return (float)exp2(-(double)sum * forest->score_per_sum);
}

static void clean(const struct forest *forest, const float *row, float *ret)
{
	for (unsigned int i = 0; i < forest->n_columns; i++)
		ret[i] = sapling_clean(row[i]);
}

float forest_score(const struct forest *forest, const float *row)
{
	float column[FOREST_COLUMNS_MAX];

	column[0] = 0; /* where there is no column, a walk still reads the first */
	clean(forest, row, column);
	return score_of(forest, column);
}
