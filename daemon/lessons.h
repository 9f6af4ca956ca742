/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What units taught the judge, handed to the past now and then: once an hour, every
 * quarter of an hour in a unit's first hour, and when the daemon ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parts.h"

/* A lesson is some 20 KB: of 50 young units that is 70 KB a minute, later 17. */
#define LESSONS_YOUNG_TICKS 900u
#define LESSONS_OLD_TICKS   3600u

/* Has this unit its turn? Once in so many ticks, each at a moment of its own. */
bool lessons_is_turn(const struct present *present, uint64_t tick);
/* At each tick; units take turns by their number. A lesson that cannot be kept is said, and kept the
 * next time. */
void lessons_turn(const struct parts *parts, const struct present *present, size_t n,
		  uint64_t tick);
/* All of them, now. */
void lessons_keep(const struct parts *parts, const struct present *present, size_t n);
