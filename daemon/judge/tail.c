/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extremes of blocks, kept in order. */
#include <math.h>
#include <string.h>

#include "judge/level.h"
#include "judge/tail.h"

#define BLOCKS_PER_H (3600.0f / TAIL_BLOCK_S)

static void begin_block(struct tail_column *column)
{
	column->highest = column->lowest = LEVEL_ABSENT;
}

void tail_init(struct tail *tail)
{
	tail->block_s = 0;
	for (int i = 0; i < TAIL_COLUMNS; i++) {
		memset(&tail->column[i], 0xff, sizeof(tail->column[i]));
		tail->column[i].n_blocks = 0;
	}
}

/* Is one further out than the other? Whatever is there is further than what is not. */
static bool is_further(uint16_t one, uint16_t other, bool is_high)
{
	if (one == LEVEL_ABSENT || other == LEVEL_ABSENT)
		return one != LEVEL_ABSENT;
	return is_high ? one > other : one < other;
}

static void keep(uint16_t kept[TAIL_KEPT], uint16_t level, bool is_high)
{
	int at = TAIL_KEPT;

	while (at > 0 && is_further(level, kept[at - 1], is_high))
		at--;
	if (at == TAIL_KEPT)
		return;
	memmove(kept + at + 1, kept + at, (size_t)(TAIL_KEPT - 1 - at) * sizeof(*kept));
	kept[at] = level;
}

static void thin(uint16_t kept[TAIL_KEPT])
{
	for (int i = 0; i < TAIL_KEPT; i++)
		kept[i] = 2 * i + 1 < TAIL_KEPT ? kept[2 * i + 1] : LEVEL_ABSENT;
}

static void end_block(struct tail_column *column)
{
	if (column->highest == LEVEL_ABSENT)
		return;
	keep(column->high, column->highest, true);
	keep(column->low, column->lowest, false);
	begin_block(column);
	if (++column->n_blocks < TAIL_BLOCKS)
		return;
	column->n_blocks /= 2;
	thin(column->high);
	thin(column->low);
}

void tail_take(struct tail *tail, const float value[TAIL_COLUMNS], uint32_t span_s)
{
	for (int i = 0; i < TAIL_COLUMNS; i++) {
		struct tail_column *column = &tail->column[i];
		uint16_t level = level_from(value[i]);

		if (is_further(level, column->highest, true))
			column->highest = level;
		if (is_further(level, column->lowest, false))
			column->lowest = level;
	}
	tail->block_s = (uint16_t)(tail->block_s + (span_s < TAIL_BLOCK_S ? span_s : TAIL_BLOCK_S));
	if (tail->block_s < TAIL_BLOCK_S)
		return;
	tail->block_s = 0;
	for (int i = 0; i < TAIL_COLUMNS; i++)
		end_block(&tail->column[i]);
}

void tail_drop(struct tail *tail)
{
	tail->block_s = 0;
	for (int i = 0; i < TAIL_COLUMNS; i++)
		begin_block(&tail->column[i]);
}

static float rare_h(const struct tail_column *column, const uint16_t kept[TAIL_KEPT], float value,
		    bool is_high, bool *ret_unseen)
{
	uint16_t level = level_from(value);
	int n = 0;

	*ret_unseen = false;
	if (column->n_blocks == 0 || level == LEVEL_ABSENT)
		return NAN;
	while (n < TAIL_KEPT && kept[n] != LEVEL_ABSENT && !is_further(level, kept[n], is_high))
		n++;
	if (n == TAIL_KEPT)
		return 0;
	*ret_unseen = n == 0;
	return (float)column->n_blocks / BLOCKS_PER_H / (float)(n > 0 ? n : 1);
}

float tail_high_h(const struct tail *tail, unsigned int column, float value, bool *ret_unseen)
{
	return rare_h(&tail->column[column], tail->column[column].high, value, true, ret_unseen);
}

float tail_low_h(const struct tail *tail, unsigned int column, float value, bool *ret_unseen)
{
	return rare_h(&tail->column[column], tail->column[column].low, value, false, ret_unseen);
}
