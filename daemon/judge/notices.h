/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which notices people are told, when there may be only so many in any 24 hours: the
 * rarest. Nobody knows what the rest of a day brings, so places are not given away to the
 * first who come: the fewer are left, the rarer a notice must be, by those of the last 24
 * hours.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/config.h"

/* Zero it to begin. */
struct notices {
	size_t n;
	struct notice {
		uint64_t wall_ms;
		float rare_h;
		bool told;
	} kept[CONFIG_NOTICES_MAX]; /* of the last 24 hours, in no order */
};

/* One more, seen once in so many hours (NaN: not known, and no rarer than any): is it to be told? With
 * per_day of which u are spent, it is if fewer than per_day - u of the last 24 hours, told or not, are
 * as rare. When there are too many to keep, the commonest of those not told are forgotten. */
bool notices_take(struct notices *notices, uint32_t per_day, uint64_t wall_ms, float rare_h);
