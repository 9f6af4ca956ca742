/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Isolation Forest: how easily is one vector told apart from the rest?
 * (Liu, Ting, Zhou: Isolation Forest, ICDM 2008.)
 *
 * A forest is rolled: its oldest trees are replaced from time to time. The same
 * vectors and seed give the same forest, byte for byte, on every machine: each
 * tree has a generator of its own, and path lengths are integers whose sum does
 * not depend on order.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/record.h"

#define FOREST_TREES	   100
#define FOREST_SAMPLE	   256 /* vectors a tree sees at most */
#define FOREST_VECTORS_MIN 16

struct forest;

/* Train on n vectors, of which each tree sees FOREST_SAMPLE at most; -ENODATA below
 * FOREST_VECTORS_MIN; -ENOMEM. Missing values count as 0 (the normal). The caller owns ret. */
int forest_train(const struct vector *vectors, size_t n, uint64_t seed, struct forest **ret);
/* Replace the n_trees oldest trees by ones grown on these vectors. On -ENOMEM fewer are replaced;
 * the forest is whole at any time. */
int forest_roll(struct forest *forest, const struct vector *vectors, size_t n,
		unsigned int n_trees);
struct forest *forest_free(struct forest *forest);
DEFINE_CLEANUP(struct forest *, forest_free)

/* In [0, 1]; 0.5 is ordinary, near 1 is alone. Cannot fail, allocates nothing. */
float forest_score(const struct forest *forest, const struct vector *vector);
/* Each metric's share of that score, METRIC_N of them, summing to 1 (or all 0): by ablation, how far
 * the score falls when the metric is put back to normal. Costs up to METRIC_N scores. */
void forest_blame(const struct forest *forest, const struct vector *vector, float *ret_share);
/* Trees replaced since training. */
uint32_t forest_generation(const struct forest *forest);
/* Memory it takes, for those who promise how much. */
size_t forest_bytes(const struct forest *forest);
