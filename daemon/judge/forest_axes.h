/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The textbook's trees: each split asks for one column. For forest.c, which says
 * what a forest is; only how its trees lie in memory is known here.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "judge/sapling.h"

struct axes;

/* FOREST_AXES_TREES trees, none of them grown yet. -ENOMEM. */
int axes_new(struct axes **ret);
struct axes *axes_free(struct axes *axes);
DEFINE_CLEANUP(struct axes *, axes_free)

/* Grow a tree in place of that one. -ENOMEM: that one still stands. */
int axes_grow(struct axes *axes, struct sapling *sapling, unsigned int tree);
/* The sum of the paths in all trees, of a row that is clean. */
uint32_t axes_walk(const struct axes *axes, const float *row);
size_t axes_bytes(const struct axes *axes);
