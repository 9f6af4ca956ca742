/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What one reader found of one unit at one moment, before anything is
 * differenced: levels as they are, rates and counts as totals that only grow
 * (CPU and pressure in seconds, I/O in bytes). The sampler takes differences;
 * a total that fell, because a process ended uncounted or the unit began anew,
 * is absent for that tick instead of negative.
 */
#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

struct usage {
	uint64_t have; /* METRIC_BIT() */
	double total[METRIC_N];
	uint64_t old;		 /* METRIC_BIT() of what was not read in this tick, but before */
	uint8_t age_s[METRIC_N]; /* of that; as in a sample */
};

/* Add to a value, or begin it. */
static inline void usage_add(struct usage *usage, enum metric metric, double value)
{
	if (!(usage->have & METRIC_BIT(metric))) {
		usage->total[metric] = 0;
		usage->old &= ~METRIC_BIT(metric);
		usage->age_s[metric] = 0;
	}
	usage->have |= METRIC_BIT(metric);
	usage->total[metric] += value;
}

static inline void usage_set(struct usage *usage, enum metric metric, double value)
{
	usage->have |= METRIC_BIT(metric);
	usage->total[metric] = value;
	usage->old &= ~METRIC_BIT(metric);
	usage->age_s[metric] = 0;
}

/* A value that is set was read before this tick. */
static inline void usage_age(struct usage *usage, enum metric metric, uint64_t age_ms)
{
	usage->old |= METRIC_BIT(metric);
	usage->age_s[metric] = (uint8_t)(age_ms / 1000 < UINT8_MAX ? age_ms / 1000 : UINT8_MAX);
}

static inline void usage_set_aged(struct usage *usage, enum metric metric, double value,
				  uint64_t age_ms)
{
	usage_set(usage, metric, value);
	usage_age(usage, metric, age_ms);
}

/* One process, as the readers see it; for hosts where a unit is a process tree. */
struct process {
	uint32_t pid, parent;
	uint64_t cgroup_id; /* 0: not known */
	char command[16];   /* the kernel's comm: hostile text */
	struct usage usage;
};
