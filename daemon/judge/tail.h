/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * How rare is it in this unit's health? Of each column the highest and the lowest
 * values of every ten minutes are looked at, and the most extreme few of these are
 * kept, so "seen once in N hours" is a count, not a model. (Block maxima: Gumbel,
 * Statistics of Extremes, 1958.) What went on for minutes is one event, however
 * many seconds it had; the newest weeks count: after four, every other
 * of the kept ones goes, and half of the hours with them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

#define TAIL_COLUMNS (METRIC_N + 1)
#define TAIL_SCORE   METRIC_N /* by how much the forest's score is above its threshold */
#define TAIL_KEPT    8
#define TAIL_BLOCK_S 600u
#define TAIL_BLOCKS  4032u /* four weeks */

/* Of one column; levels as in level.h, the most extreme first, LEVEL_ABSENT where there is none yet. */
struct tail_column {
	uint16_t n_blocks; /* ten minutes each in which it had a value */
	uint16_t high[TAIL_KEPT], low[TAIL_KEPT];
	uint16_t highest, lowest; /* of the present ten minutes */
};

struct tail {
	uint16_t block_s; /* of the present one */
	struct tail_column column[TAIL_COLUMNS];
};

void tail_init(struct tail *tail);
/* So many more seconds of health. NaN: the column has no value. */
void tail_take(struct tail *tail, const float column[TAIL_COLUMNS], uint32_t span_s);
/* What led to trouble is none: the present ten minutes begin anew. */
void tail_drop(struct tail *tail);
/* A value so high (or so low) was seen at most once in so many hours; 0: more often than the kept ones
 * tell; NaN: nothing is known of the column yet. ret_unseen: it never was, and these are all hours. */
float tail_high_h(const struct tail *tail, unsigned int column, float value, bool *ret_unseen);
float tail_low_h(const struct tail *tail, unsigned int column, float value, bool *ret_unseen);
