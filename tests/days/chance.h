/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Luck that can be had again: numbers that a seed and a count decide. Each call
 * takes exactly one number off the stream, whatever its arguments, so that a
 * fault which changes what is asked for changes nobody else's luck.
 */
#include <stdint.h>

struct chance {
	uint64_t seed, n; /* n: numbers drawn so far */
};

/* A stream of its own for each number of a seed. */
struct chance chance_begin(uint64_t seed, uint64_t number);

double chance_share(struct chance *chance);  /* even in [0, 1) */
double chance_normal(struct chance *chance); /* spread 1, never beyond 3.5 */
/* A gap between things that happen by themselves, so far apart in the mean. */
double chance_gap(struct chance *chance, double mean);
/* A value that is as often above as below the median; spread is that of its logarithm. */
double chance_near(struct chance *chance, double median, double spread);
/* How many of things that happen by themselves, so many in the mean: Poisson's law. */
double chance_count(struct chance *chance, double mean);
