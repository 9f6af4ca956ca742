/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What goes on around the units of this host: it goes down, packages are installed, the time of the week. */
#include <stdint.h>

#include "parts.h"
#include "record/surroundings.h"

/* Once a tick; it does not wait. Where only simulated units are watched, nothing goes on around them but
 * the time. */
void around_look(struct parts *parts, uint64_t when_ms, uint64_t wall_ms, struct surroundings *ret);
/* Minutes since Monday 0:00, as the clocks on the wall show it. */
uint32_t around_week_min(uint64_t wall_ms);
