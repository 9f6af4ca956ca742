/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Chance that can be had again: the same seed gives the same numbers on every
 * machine. xoshiro256++ of Blackman and Vigna, seeded by splitmix64 as they advise.
 */
#include <stdint.h>

struct chance {
	uint64_t state[4];
};

/* Streams of one seed have nothing to do with each other, so it does not matter which is drawn first. */
void chance_init(struct chance *chance, uint64_t seed, uint64_t stream);
/* 64 bits. */
uint64_t chance_next(struct chance *chance);
/* In [0, n); n > 0. */
uint32_t chance_below(struct chance *chance, uint32_t n);
/* So many different numbers in [0, n), n_taken <= CHANCE_SAMPLE_MAX and n: each such set as likely as any
 * other, in no order. */
#define CHANCE_SAMPLE_MAX 256
void chance_sample(struct chance *chance, uint32_t n, uint32_t n_taken, uint32_t *ret);
/* In [0, 1). */
double chance_share(struct chance *chance);
