/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Moments of a unit's recent health, a ring of LEARNER_ROWS. Most of what a unit
 * has never changes (it swaps nothing, resets no connection), so a column takes
 * memory only from its first change on, and then 16 bits a row: see level.h.
 */
#include <stddef.h>
#include <stdint.h>

#include "judge/expand.h"
#include "judge/features.h"

#define LEARNER_ROWS	   240 /* each tree sees all of them */
#define MOMENT_LATELY	   (METRIC_N * EXPAND_COLUMNS)
#define REMEMBERED_COLUMNS (METRIC_N + MOMENT_LATELY)

/* What was measured, on the judged scales, and what it was lately: column METRIC_N + i is column i of
 * expand.h, whose metrics are ours, those with work less what was expected by it. */
struct moment {
	float column[REMEMBERED_COLUMNS]; /* NaN: absent */
};

struct remembered {
	uint64_t taught_ms;	   /* healthy time in all */
	uint32_t generation;	   /* trees grown so far */
	uint32_t n_rows, next_row; /* a ring; next_row is to be written next */
	/* Read them by the functions below. */
	uint16_t constant[REMEMBERED_COLUMNS]; /* while levels is NULL: of all rows */
	uint16_t *levels[REMEMBERED_COLUMNS];  /* LEARNER_ROWS of them */
};

/* In place, all zero. */
void remembered_clear(struct remembered *remembered);
/* Put the moment in, in place of the oldest once there is no room. -ENOMEM: nothing changed. */
int remembered_put(struct remembered *remembered, const struct moment *moment);
/* A column of row i of n_rows, which are not in the order of time; as exact as it is kept. */
float remembered_value(const struct remembered *remembered, uint32_t i, unsigned int column);
/* Memory beyond the struct itself. */
size_t remembered_bytes(const struct remembered *remembered);
