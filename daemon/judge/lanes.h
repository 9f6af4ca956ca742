/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Four numbers at once, said to the compiler, which does not find it. Lanes are
 * fixed, so sums are the same on every machine, also on one without such registers.
 */
#include <stdint.h>
#include <string.h>

#define LANES 4
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t ints __attribute__((vector_size(LANES * sizeof(int32_t))));

static inline floats lanes_load(const float *from)
{
	floats lanes;

	memcpy(&lanes, from, sizeof(lanes));
	return lanes;
}

/* In each lane one where the mask is all ones, the other where it is 0, as comparisons give it. */
static inline floats lanes_choose(ints mask, floats one, floats other)
{
	return (floats)(((ints)one & mask) | ((ints)other & ~mask));
}
