/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The body of telemetry rows: up to CHUNK_POINTS points of each metric as 16-bit
 * floats, delta coded, zeros run-length coded, a CRC-32 at the end.
 *
 * The small float: sign, 6 bits of exponent, 9 of fraction; 0 and 1e-6 to 1.7e13
 * of both signs, relative error under 0.1 %, integers exact up to 1024, order
 * kept; all ones is unknown. (IEEE half floats end at 65504.)
 */
#include <stddef.h>
#include <stdint.h>

#define CHUNK_POINTS	  360
#define CHUNK_STREAMS_MAX 192 /* three kinds of each metric, of which there are 64 at most */
#define SMALL_UNKNOWN	  ((uint16_t)0xffff)

uint16_t small_from_float(float value); /* NaN: SMALL_UNKNOWN */
float small_to_float(uint16_t small);	/* SMALL_UNKNOWN: NaN */

enum chunk_kind { CHUNK_MEAN, CHUNK_MAX, CHUNK_MIN };

struct chunk_stream {
	uint8_t metric;
	uint8_t kind; /* enum chunk_kind */
	uint16_t point[CHUNK_POINTS];
};

/* The most bytes that an encoding of n_streams streams of n_points can have. */
size_t chunk_bound(size_t n_streams, size_t n_points);
/* Returns the bytes written, at most chunk_bound(). Streams that are unknown throughout are left
 * out. */
size_t chunk_encode(const struct chunk_stream *streams, size_t n_streams, size_t n_points,
		    uint8_t *ret);
/* The bytes are hostile until checked: -EBADMSG. ret has room for CHUNK_STREAMS_MAX. */
int chunk_decode(const uint8_t *bytes, size_t size, struct chunk_stream *ret, size_t *ret_n_streams,
		 size_t *ret_n_points);

uint32_t chunk_crc32(uint32_t crc, const void *bytes, size_t size);
