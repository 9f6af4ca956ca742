/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The body of a row of `tail`: one minute of all units, for each of them its
 * number (4 bytes), the size of what follows (2 bytes, little-endian both), and a
 * chunk of six points. Hours are made of sixty such rows, so nothing but the
 * present minute has to be kept in memory, and a restart forgets nothing else.
 */
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "store/chunk.h"

#define MINUTE_POINTS 6 /* of 10 s */
#define MINUTE_KEPT   120
#define MINUTE_HEAD   6

/* The most bytes that one unit's part can have: all metrics, one kind. */
size_t minute_bound(void);
/* Append one unit's part; returns its bytes, at most minute_bound(). */
size_t minute_put(uint32_t unit, const struct chunk_stream *streams, size_t n_streams,
		  uint8_t *ret);

struct minute_part {
	uint32_t unit;
	const uint8_t *bytes; /* its chunk, in the body */
	size_t size;
};
/* The part at *at, which moves behind it. 0: there is no further one; -EBADMSG. */
int minute_next(const uint8_t *body, size_t size, size_t *at, struct minute_part *ret);

/* Keep a minute, unless that minute has a row already (the wall clock went back), and forget those
 * older than two hours. */
int minute_keep(sqlite3 *db, uint64_t minute, const uint8_t *body, size_t size);
/*
 * Write the hour chunk of every unit whose hour ends where `minute` begins: those of which the
 * number and the minute are the same modulo 60, so that the load is spread evenly. An hour that is
 * written already is left alone; minutes that are missing are unknown.
 */
int minute_gather(sqlite3 *db, uint64_t minute);
