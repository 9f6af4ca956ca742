/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of 16 bits, each made when it first has something to say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/level.h"
#include "judge/remembered.h"

void remembered_clear(struct remembered *remembered)
{
	for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
		free(remembered->levels[column]);
	*remembered = (struct remembered) { 0 };
}

/* Make the column if this level is its first that differs. */
static int make_room(struct remembered *remembered, unsigned int column, uint16_t level)
{
	uint16_t *levels;

	if (remembered->levels[column] || remembered->n_rows == 0 ||
	    remembered->constant[column] == level)
		return 0;
	levels = reallocarray(NULL, LEARNER_ROWS, sizeof(*levels));
	if (!levels)
		return -ENOMEM;
	for (uint32_t i = 0; i < LEARNER_ROWS; i++)
		levels[i] = remembered->constant[column];
	remembered->levels[column] = levels;
	return 0;
}

int remembered_put(struct remembered *remembered, const struct moment *moment)
{
	uint16_t level[REMEMBERED_COLUMNS];
	int r;

	for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++) {
		level[column] = level_from(moment->column[column]);
		r = make_room(remembered, column, level[column]);
		if (r < 0)
			return r;
	}
	for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
		if (remembered->levels[column])
			remembered->levels[column][remembered->next_row] = level[column];
		else
			remembered->constant[column] = level[column];
	remembered->next_row = (remembered->next_row + 1) % LEARNER_ROWS;
	if (remembered->n_rows < LEARNER_ROWS)
		remembered->n_rows++;
	return 0;
}

float remembered_value(const struct remembered *remembered, uint32_t i, unsigned int column)
{
	const uint16_t *levels = remembered->levels[column];

	return level_column(levels ? levels[i] : remembered->constant[column]);
}

size_t remembered_bytes(const struct remembered *remembered)
{
	size_t n = 0;

	for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
		n += remembered->levels[column] != NULL;
	return n * LEARNER_ROWS * sizeof(uint16_t);
}
