/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The rows of a unit's recent health, a ring of LEARNER_ROWS. Most of what a unit
 * has never changes (it swaps nothing, resets no connection), so a column takes
 * memory only from its first change on, and then 16 bits a row: the judged scales
 * end below 50, and a step of 1/1300 is a tenth of the least that matters.
 */
#include <stddef.h>
#include <stdint.h>

#include "judge/features.h"

#define LEARNER_ROWS 600

struct remembered {
	uint64_t taught_ms;	   /* healthy time in all */
	uint32_t generation;	   /* trees grown so far */
	uint32_t n_rows, next_row; /* a ring; next_row is to be written next */
	/* Read them by the functions below. */
	uint16_t constant[METRIC_N]; /* while levels is NULL: of all rows */
	uint16_t *levels[METRIC_N];  /* LEARNER_ROWS of them */
};

/* In place, all zero. */
void remembered_clear(struct remembered *remembered);
/* Put the row in, in place of the oldest once there is no room. -ENOMEM: nothing changed. */
int remembered_put(struct remembered *remembered, const struct row *row);
/* Row i of n_rows, not in the order of time; as exact as it is kept. */
void remembered_row(const struct remembered *remembered, uint32_t i, struct row *ret);
/* The same of one column; NaN: it was absent then. */
float remembered_value(const struct remembered *remembered, uint32_t i, enum metric metric);
/* Memory beyond the struct itself. */
size_t remembered_bytes(const struct remembered *remembered);
