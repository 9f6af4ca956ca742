/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points to bytes and back; the decoder trusts no byte. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "store/chunk.h"

/*
 * version, points (2), then for each stream: metric, kind, bytes (2), the stream;
 * a CRC-32 of all that at the end. Numbers are little-endian.
 *
 * A stream: each point is told by its difference to the one before (0 before the
 * first), modulo 2^16. No difference: byte 0 and how many more there are of it;
 * any other: zigzag, in groups of seven bits, the lowest first.
 */
#define VERSION	    1
#define HEAD_SIZE   3
#define STREAM_HEAD 4
#define CRC_SIZE    4
#define GROUPS_MAX  3 /* 16 bits in groups of 7 */
#define RUN_MAX	    256
#define KINDS	    3

uint16_t small_from_float(float value)
{
	uint32_t bits;
	int32_t rest;

	memcpy(&bits, &value, sizeof(bits));
	rest = (int32_t)(bits & 0x7fffffff);
	if (rest > 0x7f800000)
		return SMALL_UNKNOWN;
	rest += (1 << 13) - ((127 - 20) << 23); /* to nearest; exponents start at 2^-20 */
	if (rest < (1 << 14))
		return 0;
	rest >>= 14;
	return (uint16_t)((bits >> 31) << 15 | (uint32_t)(rest > 0x7ffe ? 0x7ffe : rest));
}

float small_to_float(uint16_t small)
{
	uint32_t rest = small & 0x7fffu, bits;
	float value;

	if (small == SMALL_UNKNOWN)
		bits = 0x7fc00000;
	else if (rest == 0)
		bits = 0;
	else
		bits = (uint32_t)(small >> 15) << 31 | ((rest << 14) + ((127u - 20u) << 23));
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The polynomial of zlib and PNG, four bits a step: 16 words of table are enough for a few
 * kilobytes a minute. */
uint32_t chunk_crc32(uint32_t crc, const void *bytes, size_t size)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *byte = bytes;

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= byte[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static size_t get16(const uint8_t *at)
{
	return (size_t)at[0] | (size_t)at[1] << 8;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) | (uint32_t)get16(at + 2) << 16;
}

size_t chunk_bound(size_t n_streams, size_t n_points)
{
	return HEAD_SIZE + n_streams * (STREAM_HEAD + GROUPS_MAX * n_points) + CRC_SIZE;
}

static bool is_unknown(const struct chunk_stream *stream, size_t n_points)
{
	for (size_t i = 0; i < n_points; i++)
		if (stream->point[i] != SMALL_UNKNOWN)
			return false;
	return true;
}

static size_t encode_stream(const uint16_t *point, size_t n_points, uint8_t *out)
{
	uint8_t *at = out;
	uint16_t previous = 0;

	for (size_t i = 0; i < n_points;) {
		uint32_t difference = (uint16_t)(point[i] - previous);
		size_t run = 0;

		if (difference == 0) {
			while (i + run < n_points && run < RUN_MAX && point[i + run] == previous)
				run++;
			*at++ = 0;
			*at++ = (uint8_t)(run - 1);
			i += run;
			continue;
		}
		previous = point[i++];
		difference = (difference << 1 & 0xffff) ^ (difference >> 15 ? 0xffffu : 0);
		for (; difference > 0x7f; difference >>= 7)
			*at++ = (uint8_t)(difference | 0x80);
		*at++ = (uint8_t)difference;
	}
	return (size_t)(at - out);
}

size_t chunk_encode(const struct chunk_stream *streams, size_t n_streams, size_t n_points,
		    uint8_t *ret)
{
	uint8_t *at = ret + HEAD_SIZE;
	size_t size;

	ret[0] = VERSION;
	put16(ret + 1, n_points);
	for (size_t i = 0; i < n_streams; i++) {
		if (is_unknown(&streams[i], n_points))
			continue;
		size = encode_stream(streams[i].point, n_points, at + STREAM_HEAD);
		at[0] = streams[i].metric;
		at[1] = streams[i].kind;
		put16(at + 2, size);
		at += STREAM_HEAD + size;
	}
	size = (size_t)(at - ret);
	put32(at, chunk_crc32(0, ret, size));
	return size + CRC_SIZE;
}

/* One difference of up to three groups; returns how many bytes it had, 0 if it is none. */
static size_t decode_difference(const uint8_t *at, size_t left, uint16_t *ret)
{
	uint32_t zigzag = 0;

	for (size_t i = 0; i < left && i < GROUPS_MAX; i++) {
		zigzag |= (uint32_t)(at[i] & 0x7f) << (7 * i);
		if (at[i] & 0x80)
			continue;
		if (zigzag == 0 || zigzag > 0xffff)
			return 0;
		*ret = (uint16_t)(zigzag >> 1 ^ (zigzag & 1 ? 0xffffu : 0));
		return i + 1;
	}
	return 0;
}

static int decode_stream(const uint8_t *bytes, size_t size, size_t n_points, uint16_t *ret)
{
	size_t at = 0, i = 0, length;
	uint16_t previous = 0, difference = 0;

	while (i < n_points && at < size) {
		if (bytes[at] == 0) {
			if (size - at < 2 || n_points - i < (size_t)bytes[at + 1] + 1)
				return -EBADMSG;
			for (size_t run = (size_t)bytes[at + 1] + 1; run > 0; run--)
				ret[i++] = previous;
			at += 2;
			continue;
		}
		length = decode_difference(bytes + at, size - at, &difference);
		if (length == 0)
			return -EBADMSG;
		at += length;
		previous = (uint16_t)(previous + difference);
		ret[i++] = previous;
	}
	return i == n_points && at == size ? 0 : -EBADMSG;
}

static bool is_repeated(const struct chunk_stream *streams, size_t n, const uint8_t *head)
{
	for (size_t i = 0; i < n; i++)
		if (streams[i].metric == head[0] && streams[i].kind == head[1])
			return true;
	return false;
}

int chunk_decode(const uint8_t *bytes, size_t size, struct chunk_stream *ret, size_t *ret_n_streams,
		 size_t *ret_n_points)
{
	size_t at = HEAD_SIZE, n = 0, n_points, end, length;
	int r;

	if (size < HEAD_SIZE + CRC_SIZE || bytes[0] != VERSION)
		return -EBADMSG;
	end = size - CRC_SIZE;
	n_points = get16(bytes + 1);
	if (n_points == 0 || n_points > CHUNK_POINTS)
		return -EBADMSG;
	if (get32(bytes + end) != chunk_crc32(0, bytes, end))
		return -EBADMSG;
	while (at < end) {
		if (n == CHUNK_STREAMS_MAX || end - at < STREAM_HEAD || bytes[at + 1] >= KINDS ||
		    is_repeated(ret, n, bytes + at))
			return -EBADMSG;
		length = get16(bytes + at + 2);
		if (end - at - STREAM_HEAD < length)
			return -EBADMSG;
		r = decode_stream(bytes + at + STREAM_HEAD, length, n_points, ret[n].point);
		if (r < 0)
			return r;
		ret[n].metric = bytes[at];
		ret[n].kind = bytes[at + 1];
		n++;
		at += STREAM_HEAD + length;
	}
	*ret_n_streams = n;
	*ret_n_points = n_points;
	return 0;
}
