/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts who falls sick, and holds the others back. */
#include <string.h>

#include "judge/storm.h"

static size_t place_of(const struct storm *storm, uint32_t unit)
{
	size_t i = 0;

	while (i < storm->n && storm->sick[i].unit != unit)
		i++;
	return i;
}

static void recover(struct storm *storm, size_t place)
{
	storm->n--;
	memmove(storm->sick + place, storm->sick + place + 1,
		(storm->n - place) * sizeof(storm->sick[0]));
}

static bool is_storm(const struct storm *storm, const struct storm_brake *brake, uint64_t when_ms,
		     size_t n_services)
{
	size_t n = 0;

	for (size_t i = 0; i < storm->n; i++)
		n += when_ms - storm->sick[i].began_ms < STORM_WITHIN_MS;
	return n >= STORM_LEAST &&
	       (n >= brake->n_units || (double)n >= brake->share * (double)n_services);
}

static bool end_storm(struct storm *storm)
{
	bool was = storm->state != STORM_NONE;

	storm->state = STORM_NONE;
	storm->trial = 0;
	return was;
}

static bool fall_sick(struct storm *storm, const struct storm_brake *brake, uint32_t unit,
		      uint64_t when_ms, size_t n_services)
{
	if (storm->n == STORM_UNITS_MOST)
		recover(storm, 0);
	storm->sick[storm->n].unit = unit;
	storm->sick[storm->n++].began_ms = when_ms;
	if (storm->state == STORM_NONE && !is_storm(storm, brake, when_ms, n_services))
		return false;
	storm->calm_from_ms = when_ms + STORM_CALM_MS;
	if (storm->state != STORM_NONE)
		return false;
	storm->state = STORM_FROZEN;
	return true;
}

bool storm_follow(struct storm *storm, const struct storm_brake *brake, uint32_t unit, bool is_sick,
		  uint64_t when_ms, size_t n_services)
{
	size_t place = place_of(storm, unit);

	if (brake->n_units == 0) {
		storm->n = 0;
		return end_storm(storm);
	}
	if (is_sick == (place < storm->n))
		return false;
	if (is_sick)
		return fall_sick(storm, brake, unit, when_ms, n_services);
	recover(storm, place);
	/* Whoever is left is no crowd: nothing was proven, and nothing has to be. */
	return storm->n < STORM_LEAST && storm->state == STORM_FROZEN && end_storm(storm);
}

bool storm_binds(const struct storm *storm, uint32_t unit, uint64_t when_ms)
{
	switch (storm->state) {
	case STORM_NONE:
		return false;
	case STORM_FROZEN:
		return when_ms < storm->calm_from_ms;
	case STORM_TRYING:
		break;
	}
	return unit != storm->trial;
}

void storm_heals(struct storm *storm, uint32_t unit)
{
	if (storm->state != STORM_FROZEN)
		return;
	storm->state = STORM_TRYING;
	storm->trial = unit;
}

bool storm_concluded(struct storm *storm, uint32_t unit, bool helped, uint64_t when_ms)
{
	if (storm->state != STORM_TRYING || storm->trial != unit)
		return false;
	if (helped)
		return end_storm(storm);
	storm->state = STORM_FROZEN;
	storm->trial = 0;
	storm->calm_from_ms = when_ms + STORM_CALM_MS;
	return false;
}
