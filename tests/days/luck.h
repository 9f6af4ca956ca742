/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Luck that can be had again: numbers that a seed and a count decide. Each call
 * takes exactly one number off the stream, whatever its arguments, so that a
 * fault which changes what is asked for changes nobody else's luck.
 */
#include <stdint.h>

struct luck {
	uint64_t seed, n; /* n: numbers drawn so far */
};

/* A stream of its own for each number of a seed. */
struct luck luck_begin(uint64_t seed, uint64_t number);

double luck_share(struct luck *luck);  /* even in [0, 1) */
double luck_normal(struct luck *luck); /* spread 1, never beyond 3.5 */
/* A gap between things that happen by themselves, so far apart in the mean. */
double luck_gap(struct luck *luck, double mean);
/* A value that is as often above as below the median; spread is that of its logarithm. */
double luck_near(struct luck *luck, double median, double spread);
/* How many of things that happen by themselves, so many in the mean: Poisson's law. */
double luck_count(struct luck *luck, double mean);
