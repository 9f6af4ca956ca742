/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Least values of blocks, and how long their least is how high. */
#include <math.h>

#include "judge/bottom.h"

static double least_of(const float values[BOTTOM_BLOCKS])
{
	double least = values[0];

	for (int i = 0; i < BOTTOM_BLOCKS; i++) {
		if (isnan(values[i]))
			return NAN;
		least = fmin(least, values[i]);
	}
	return least;
}

double bottom_value(const struct bottom *bottom)
{
	return least_of(bottom->value);
}

static void begin_block(struct bottom *bottom)
{
	bottom->next = (uint8_t)((bottom->next + 1) % BOTTOM_BLOCKS);
	bottom->n_seconds = 0;
}

void bottom_take(struct bottom *bottom, double value, double left, uint16_t span_s)
{
	float *low_value = &bottom->value[bottom->next], *low_left = &bottom->left[bottom->next];
	double least;

	if (bottom->n_seconds == 0)
		*low_value = *low_left = NAN;
	*low_value = fminf(*low_value, (float)value);
	*low_left = fminf(*low_left, (float)left);
	least = least_of(bottom->left);
	if (!isnan(least)) {
		excursion_take(&bottom->above, (float)least, span_s);
		bottom->highest_now = fmax(bottom->highest_now, bottom_value(bottom));
	}
	bottom->n_seconds = (uint8_t)(bottom->n_seconds + span_s);
	if (bottom->n_seconds >= BOTTOM_BLOCK_S)
		begin_block(bottom);
}

void bottom_settle(struct bottom *bottom)
{
	bottom->highest = fmax(bottom->highest, bottom->highest_now);
	bottom->highest_now = 0;
}

void bottom_drop(struct bottom *bottom)
{
	for (int i = 0; i < BOTTOM_BLOCKS; i++)
		bottom->value[i] = bottom->left[i] = NAN;
	bottom->n_seconds = 0;
	excursion_drop(&bottom->above);
}
