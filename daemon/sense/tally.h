/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Sums over things that come and go: the processes of a unit, the cgroups of a
 * shared row. A plain sum of their totals falls whenever one ends, and hides what
 * the others did meanwhile. So each thing's growth since it was last seen is
 * added to a running total of its owner: that never falls, and all it misses is
 * what a thing did between the last look and its end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/usage.h"

/* A thing is remembered for so many ticks after it was last added: one that could not be read once
 * must not come back as a new one, with all it ever did as growth. */
#define TALLY_MEMORY_TICKS 60

struct tally;

int tally_new(struct tally **ret);
struct tally *tally_free(struct tally *tally);
DEFINE_CLEANUP(struct tally *, tally_free)

/* A new tick begins, for all sums. */
void tally_begin(struct tally *tally);

/* The sum of one owner; zero it to begin. */
struct tally_sum {
	struct usage usage;    /* levels of this tick, totals that run on over the ticks */
	uint64_t seen, lacked; /* this tick: metrics that some thing had, that some had not */
	size_t n;	       /* things of this tick */
};

/* A new tick of this owner. If it had nothing in the tick before, its totals begin anew. */
void tally_sum_begin(struct tally_sum *sum);
/* Add what was read of one thing. The key tells it from all others of this tally, whoever owns
 * them: a thing that changes its owner brings its growth along, not its history; one that lies in
 * two owners counts in both. -ENOMEM only. */
int tally_add(struct tally *tally, uint64_t key, const struct usage *usage, struct tally_sum *sum);
/* The sum, of those metrics that every thing in it has and of which no total fell (of a zombie
 * nothing is asked: it has given all back); a sum over some of them would be an invented number.
 * False: there is no thing. */
bool tally_sum_usage(const struct tally_sum *sum, struct usage *ret);
