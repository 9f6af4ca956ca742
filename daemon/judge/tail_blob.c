/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extremes to bytes and back. */
#include <errno.h>
#include <stdbool.h>

#include "judge/level.h"
#include "judge/tail_blob.h"

static uint8_t *put(uint8_t *at, uint16_t value)
{
	*at++ = (uint8_t)value;
	*at++ = (uint8_t)(value >> 8);
	return at;
}

static const uint8_t *get(const uint8_t *at, uint16_t *ret)
{
	*ret = (uint16_t)(at[0] | at[1] << 8);
	return at + 2;
}

void tail_blob_write(const struct tail *tail, uint8_t bytes[TAIL_BLOB_SIZE])
{
	uint8_t *at = bytes;

	for (int i = 0; i < TAIL_COLUMNS; i++) {
		at = put(at, tail->column[i].n_blocks);
		for (int j = 0; j < TAIL_KEPT; j++)
			at = put(put(at, tail->column[i].high[j]), tail->column[i].low[j]);
	}
}

/* As many as there can be by now, the most extreme first. */
static bool is_possible(const struct tail_column *column)
{
	for (int i = 0; i + 1 < TAIL_KEPT; i++) {
		uint16_t high = column->high[i + 1], low = column->low[i + 1];

		if ((high == LEVEL_ABSENT) != (low == LEVEL_ABSENT))
			return false;
		if (high != LEVEL_ABSENT && (high > column->high[i] || low < column->low[i]))
			return false;
	}
	return column->n_blocks < TAIL_BLOCKS &&
	       (column->n_blocks > 0) == (column->high[0] != LEVEL_ABSENT) &&
	       (column->n_blocks > 0) == (column->low[0] != LEVEL_ABSENT);
}

int tail_blob_read(const uint8_t bytes[TAIL_BLOB_SIZE], struct tail *ret)
{
	const uint8_t *at = bytes;

	tail_init(ret);
	for (int i = 0; i < TAIL_COLUMNS; i++) {
		struct tail_column *column = &ret->column[i];

		at = get(at, &column->n_blocks);
		for (int j = 0; j < TAIL_KEPT; j++)
			at = get(get(at, &column->high[j]), &column->low[j]);
		if (!is_possible(column))
			return -EBADMSG;
	}
	return 0;
}
