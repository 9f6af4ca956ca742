/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When it is whose turn to be kept. */
#include <criterion/criterion.h>

#include "lessons.h"
#include "tests/unit/assertion.h"

#define UNITS 50

static unsigned int turns_between(const struct present *present, uint64_t from, uint64_t to)
{
	unsigned int n = 0;

	for (uint64_t tick = from; tick < to; tick++)
		n += lessons_is_turn(present, tick);
	return n;
}

Test(lessons, each_unit_has_one_turn_in_an_hour_and_one_in_a_quarter_while_it_is_young)
{
	for (uint32_t unit = 1; unit <= UNITS; unit++) {
		struct present present = { .status.unit = unit, .age_s = 3600 };

		cr_assert(eq(uint, turns_between(&present, 0, 3600), 1), "unit %u", unit);
		present.age_s = 3599;
		cr_assert(eq(uint, turns_between(&present, 0, 900), 1), "unit %u", unit);
	}
}

/* They are numbered from 1 on, and a daemon's ticks begin at 0. */
Test(lessons, no_minute_has_many_turns)
{
	for (uint64_t minute = 0; minute < 60; minute++) {
		unsigned int n = 0;

		for (uint32_t unit = 1; unit <= UNITS; unit++) {
			struct present present = { .status.unit = unit, .age_s = 3600 };

			n += turns_between(&present, minute * 60, minute * 60 + 60);
		}
		cr_assert(le(uint, n, 4), "minute %u", (unsigned int)minute);
	}
}
