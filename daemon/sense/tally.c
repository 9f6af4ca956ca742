/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running sums: things in a dense array, found by an open-addressing index, so
 * that nothing is allocated unless there are more things than ever before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sense/tally.h"

struct thing {
	uint64_t key;
	uint64_t tick; /* it was last added in */
	struct usage before, now;
};

struct tally {
	uint64_t tick;
	size_t n, n_max; /* n_max is 0 or a power of 2 */
	struct thing *thing;
	uint32_t *slot; /* 2 * n_max of them: 1 + the place of a thing, 0: free */
};

int tally_new(struct tally **ret)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return -ENOMEM;
	*ret = tally;
	return 0;
}

struct tally *tally_free(struct tally *tally)
{
	if (tally) {
		free(tally->thing);
		free(tally->slot);
		free(tally);
	}
	return NULL;
}

/* The slot where this key is, or would be. There is always a free one to end at. */
static uint32_t *find_slot(const struct tally *tally, uint64_t key)
{
	size_t mask = 2 * tally->n_max - 1;
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (tally->slot[i] && tally->thing[tally->slot[i] - 1].key != key)
		i = (i + 1) & mask;
	return &tally->slot[i];
}

static void rebuild_index(struct tally *tally)
{
	memset(tally->slot, 0, 2 * tally->n_max * sizeof(*tally->slot));
	for (size_t i = 0; i < tally->n; i++)
		*find_slot(tally, tally->thing[i].key) = (uint32_t)i + 1;
}

static int grow(struct tally *tally)
{
	size_t n_max = tally->n_max ? 2 * tally->n_max : 64;
	struct thing *thing = reallocarray(tally->thing, n_max, sizeof(*thing));
	uint32_t *slot;

	if (!thing)
		return -ENOMEM;
	tally->thing = thing;
	slot = reallocarray(tally->slot, 2 * n_max, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	tally->slot = slot;
	tally->n_max = n_max;
	rebuild_index(tally);
	return 0;
}

static void forget_old(struct tally *tally)
{
	size_t n = 0;

	for (size_t i = 0; i < tally->n; i++)
		if (tally->thing[i].tick + TALLY_MEMORY_TICKS >= tally->tick)
			tally->thing[n++] = tally->thing[i];
	if (n == tally->n)
		return;
	tally->n = n;
	rebuild_index(tally);
}

void tally_begin(struct tally *tally)
{
	tally->tick++;
	if (tally->tick % (TALLY_MEMORY_TICKS / 4) == 0)
		forget_old(tally);
}

void tally_sum_begin(struct tally_sum *sum)
{
	if (sum->n == 0)
		sum->usage.have = 0;
	for (size_t i = 0; i < METRIC_N; i++)
		if (metric_is_of_moment((enum metric)i))
			sum->usage.have &= ~METRIC_BIT(i);
	sum->seen = 0;
	sum->lacked = 0;
	sum->n = 0;
}

/* Of which the greatest is told, and not the sum. */
#define GREATEST (METRIC_BIT(METRIC_STUCK) | METRIC_BIT(METRIC_DESCRIPTORS_SHARE))

static void take(struct usage *sum, enum metric metric, double value)
{
	if (!(GREATEST & METRIC_BIT(metric)))
		usage_add(sum, metric, value);
	else if (!(sum->have & METRIC_BIT(metric)) || value > sum->total[metric])
		usage_set(sum, metric, value);
}

static bool is_zombie(const struct usage *usage)
{
	return (usage->have & METRIC_BIT(METRIC_ZOMBIES)) && usage->total[METRIC_ZOMBIES] > 0;
}

static void sum_up(struct tally_sum *sum, const struct usage *before, const struct usage *now)
{
	uint64_t fell = 0;

	for (size_t i = 0; i < METRIC_N; i++) {
		double grown = now->total[i];

		if (!(now->have & METRIC_BIT(i)))
			continue;
		if (!metric_is_of_moment((enum metric)i) && (before->have & METRIC_BIT(i)))
			grown -= before->total[i];
		/* A thread took its share along, or another process got the id: not known. */
		if (grown < 0)
			fell |= METRIC_BIT(i);
		else
			take(&sum->usage, (enum metric)i, grown);
	}
	sum->seen |= now->have;
	sum->lacked |= fell;
	if (!is_zombie(now))
		sum->lacked |= ~now->have;
	sum->n++;
}

/* The thing of this key; one that is new has done nothing before. */
static int find_thing(struct tally *tally, uint64_t key, struct thing **ret)
{
	uint32_t *slot;
	int r;

	if (tally->n == tally->n_max) {
		r = grow(tally);
		if (r < 0)
			return r;
	}
	slot = find_slot(tally, key);
	if (*slot == 0) {
		tally->thing[tally->n] = (struct thing) { .key = key };
		*slot = (uint32_t)++tally->n;
	}
	*ret = &tally->thing[*slot - 1];
	return 0;
}

int tally_add(struct tally *tally, uint64_t key, const struct usage *usage, struct tally_sum *sum)
{
	struct thing *thing;
	int r;

	r = find_thing(tally, key, &thing);
	if (r < 0)
		return r;
	if (thing->tick != tally->tick) /* else a second owner asks for the same growth */
		thing->before = thing->now;
	thing->now = *usage;
	thing->tick = tally->tick;
	sum_up(sum, &thing->before, usage);
	return 0;
}

bool tally_sum_usage(const struct tally_sum *sum, struct usage *ret)
{
	if (sum->n == 0)
		return false;
	*ret = sum->usage;
	ret->have &= sum->seen & ~sum->lacked;
	return true;
}
