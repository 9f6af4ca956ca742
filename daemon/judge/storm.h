/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The storm brake: when many units fall sick at once it is the host, or what all of
 * them need, and restarting them one by one makes it worse. Nothing is healed then.
 * When nobody else has fallen sick for a while, one heal is let through (half open):
 * only if that one is proven to help do the others have their turn.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/config.h"

#define STORM_WITHIN_MS	 UINT64_C(60000) /* they fell sick within this */
#define STORM_CALM_MS	 UINT64_C(60000) /* and nobody for so long: one is tried */
#define STORM_UNITS_MOST 64
#define STORM_LEAST	 2 /* one sick unit is never a storm, however few there are */

enum storm_state { STORM_NONE, STORM_FROZEN, STORM_TRYING };

/* Zero it to begin. */
struct storm {
	enum storm_state state;
	size_t n; /* who is sick, and is so for no other unit's sake */
	struct {
		uint32_t unit;
		uint64_t began_ms;
	} sick[STORM_UNITS_MOST];
	uint64_t calm_from_ms; /* so long after the last one fell sick, or a try failed */
	uint32_t trial;	       /* TRYING: whom */
};

/* A unit is sick, by itself, and has been since then; or is not any more. n_services: how many there are.
 * True: the storm has just begun, or is over. */
bool storm_follow(struct storm *storm, const struct storm_brake *brake, uint32_t unit, bool is_sick,
		  uint64_t when_ms, size_t n_services);
/* May this unit not be healed now? */
bool storm_binds(const struct storm *storm, uint32_t unit, uint64_t when_ms);
/* A heal of it goes out; and what came of it. True: the storm is over. */
void storm_heals(struct storm *storm, uint32_t unit);
bool storm_concluded(struct storm *storm, uint32_t unit, bool helped, uint64_t when_ms);
