/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What units taught the judge, handed to the past now and then: once an hour, every
 * quarter of an hour in a unit's first hour, and when the daemon ends.
 */
#include <stddef.h>
#include <stdint.h>

#include "parts.h"

/* At each tick; units take turns by their number. A lesson that cannot be kept is said, and kept the
 * next time. */
void lessons_turn(const struct parts *parts, const struct present *present, size_t n,
		  uint64_t tick);
/* All of them, now. */
void lessons_keep(const struct parts *parts, const struct present *present, size_t n);
