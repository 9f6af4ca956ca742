/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One unit's stored points of one span, in the order of time, one chunk of them in
 * memory at a time. Part of reader.h. Bytes are hostile: a chunk that is damaged
 * and a value that nothing measured can have are passed over.
 */
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "store/reader_source.h"

/* The rows of `tail`, copied, and where each unit's minutes are in them. */
struct tail {
	uint8_t *bytes; /* owned */
	size_t n_bytes, n_parts;
	struct tail_part *part; /* owned; by unit, then by minute */
};
struct tail_part {
	uint32_t unit;
	uint64_t minute;
	size_t at, size; /* of its chunk in bytes */
};
int tail_load(struct reader *reader, uint64_t since_s, uint64_t until_s, struct tail *ret);
void tail_clear(struct tail *tail);

struct lane_points;

/* Set the first four to begin, all else zero. */
struct lane {
	uint32_t unit, span_s;
	uint64_t until_s;	    /* no point that ends later */
	const struct tail *tail;    /* where the points are; NULL: in `chunk` */
	uint64_t next_s;	    /* chunks that begin here or later are still to come */
	size_t at;		    /* the point it stands at */
	size_t n_chunks;	    /* taken so far */
	struct lane_points *points; /* owned */
};
void lane_clear(struct lane *lane);

/* Go on to the first point at which anything is known and that begins at from_s or later: 1, or 0 if there is
 * none. It never goes back. */
int lane_seek(struct lane *lane, struct reader *reader, uint64_t from_s);
/* Where the point it stands at begins. */
uint64_t lane_from_s(const struct lane *lane);
/* That point as a sample which was taken at its end: counts are of its span again. */
void lane_sample(const struct lane *lane, struct sample *ret);
