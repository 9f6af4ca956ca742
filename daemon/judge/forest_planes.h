/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Trees that split by planes. For forest.c, which says what a forest is.
 *
 * Splits by one column meet a row that is a little odd in many columns only by
 * luck, and a row far beyond all others falls into the same leaf as the outermost
 * of them. So here a split asks for a weighted sum of several columns (Hariri,
 * Carrasco Kind, Brunner: Extended Isolation Forest, 2019), each in units of its
 * spread among the rows that are parted there. And it keeps the range of these
 * sums: outside of it the path of a row is shorter, the farther the more, by up to
 * two steps a split.
 *
 * Columns come with a spread of about 1. Where one's spread is below a thousandth
 * of that it counts as constant, since what would be magnified there is rounding.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "judge/sapling.h"

struct planes;

/* FOREST_PLANES_TREES trees, none of them grown yet. -ENOMEM. */
int planes_new(struct planes **ret);
struct planes *planes_free(struct planes *planes);
DEFINE_CLEANUP(struct planes *, planes_free)

/* Grow a tree in place of that one. -ENOMEM: that one still stands. */
int planes_grow(struct planes *planes, struct sapling *sapling, unsigned int tree);
/* The sum of the paths in all trees, of a row that is clean. */
uint32_t planes_walk(const struct planes *planes, const float *row);
size_t planes_bytes(const struct planes *planes);
