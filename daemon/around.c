/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks who knows what goes on around the units. */
#include <time.h>

#include "around.h"

uint32_t around_week_min(uint64_t wall_ms)
{
	const time_t wall_s = (time_t)(wall_ms / 1000);
	struct tm local;

	tzset(); /* localtime_r() alone would not see that the host's time zone was set */
	if (!localtime_r(&wall_s, &local))
		return 0; /* a year that is no int */
	return (uint32_t)((local.tm_wday + 6) % 7 * 24 * 60 + local.tm_hour * 60 + local.tm_min);
}

void around_look(struct parts *parts, uint64_t when_ms, uint64_t wall_ms, struct surroundings *ret)
{
	*ret = (struct surroundings) { .week_min = around_week_min(wall_ms) };
	if (!parts->sampler)
		return;
	ret->shutting_down = sampler_is_shutting_down(parts->sampler);
	ret->installs_packages = packages_busy(&parts->packages, when_ms, wall_ms);
}
