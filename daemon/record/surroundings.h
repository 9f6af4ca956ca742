/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What goes on around all units of this host, and bears on whether any may be disturbed now. */
#include <stdbool.h>
#include <stdint.h>

#define WEEK_MIN (7u * 24 * 60)

struct surroundings {
	bool shutting_down;
	bool installs_packages;
	uint32_t week_min; /* local time, in minutes since Monday 0:00; less than WEEK_MIN */
};
