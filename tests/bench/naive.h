/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A forest written down from its definition: nodes that point to one another,
 * paths in double precision, nothing packed. By the same rows and seed its trees are those of
 * judge/forest.h, so that scores can be compared.
 *
 * What a tree is belongs to the definition, and is as there: the way chance is
 * drawn; of columns, that a split's low six bits are its column's number; of planes,
 * that weights have two bits of fraction, that sums are floats, added in four lanes, and
 * that where in the range of a plane a row is is a float.
 */
#include <stdint.h>

#include "judge/forest.h"

struct naive;

/* The caller's to naive_free(). Ends the program where memory does. */
struct naive *naive_grow(enum forest_form form, const struct forest_rows *rows, uint64_t seed);
void naive_free(struct naive *naive);

double naive_score(const struct naive *naive, const float *row);
