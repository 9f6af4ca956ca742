/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What goes on around the units, on the host as a whole. */
#include <stdbool.h>
#include <stdint.h>

struct surroundings {
	bool shutting_down;
	bool installs_packages;
	uint32_t week_min; /* local time, in minutes since Monday 0:00 */
};
