/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Whose healing somebody has stopped, until when, and why: the brake that people
 * have. It lasts as long as the daemon; what is to last longer is a setting.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define HOLD_UNITS_MAX	  64
#define HOLD_REASON_BYTES 200

struct held {
	char unit[UNIT_NAME_SIZE];
	char reason[HOLD_REASON_BYTES + 1];
	uint64_t until_ms; /* boot time */
};

/* All zero: nobody is held. */
struct hold {
	bool all; /* every unit, until hold_release_all() */
	char reason[HOLD_REASON_BYTES + 1];
	size_t n;
	struct held unit[HOLD_UNITS_MAX];
};

/* A reason that is too long is cut. */
void hold_all(struct hold *hold, const char *reason);
/* One that is held already is held anew. -ENOBUFS: HOLD_UNITS_MAX others are. */
int hold_unit(struct hold *hold, const char *unit, uint64_t until_ms, const char *reason);
/* -ENODATA: it was not held by its name. */
int hold_release(struct hold *hold, const char *unit);
void hold_release_all(struct hold *hold);
/* Release one whose time is up, and say which; false: there is none (any more). */
bool hold_lapse(struct hold *hold, uint64_t now_ms, struct held *ret);

/* Is it held, by one of its names or with all others? hold may be NULL: nobody is. */
bool hold_binds(const struct hold *hold, const struct unit_status *status);
