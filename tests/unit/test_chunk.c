/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The body of telemetry rows: what goes in comes out, and hostile bytes do no harm. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/chunk.h"
#include "tests/unit/assertion.h"

static struct chunk_stream written[CHUNK_STREAMS_MAX], read_back[CHUNK_STREAMS_MAX];
static uint8_t bytes[256 * 1024];

static uint32_t dice(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Streams of all kinds: constant, slow, noise over the whole range, with holes. */
static void fill(size_t n_streams, size_t n_points, uint32_t seed)
{
	memset(written, 0, sizeof(written));
	for (size_t i = 0; i < n_streams; i++) {
		written[i].metric = (uint8_t)(i / 3);
		written[i].kind = (uint8_t)(i % 3);
		for (size_t point = 0; point < n_points; point++) {
			uint16_t *value = &written[i].point[point];

			switch (i % 4) {
			case 0:
				*value = 0;
				break;
			case 1:
				*value = (uint16_t)(20000 + dice(&seed) % 3);
				break;
			case 2:
				*value = (uint16_t)dice(&seed);
				break;
			default:
				*value = dice(&seed) % 5 ? 777 : SMALL_UNKNOWN;
			}
		}
	}
}

Test(chunk, small_floats_keep_a_thousandth)
{
	double value = 1e-6;

	while (value < 1.7e13) {
		float back = small_to_float(small_from_float((float)value));

		cr_assert(lt(dbl, fabs(back - value), value * 0.001), "%g became %g", value, back);
		cr_assert(eq(dbl, small_to_float(small_from_float((float)-value)), -back));
		value *= 1.0137;
	}
	for (int i = -1024; i <= 1024; i++)
		cr_assert(eq(dbl, small_to_float(small_from_float((float)i)), i));
}

Test(chunk, small_floats_keep_order_and_ends)
{
	double value = 1e-6;
	uint16_t last = 0;

	while (value < 1e14) {
		uint16_t small = small_from_float((float)value);

		cr_assert(ge(u16, small, last));
		last = small;
		value *= 1.01;
	}
	cr_assert(eq(u16, small_from_float(0), 0));
	cr_assert(eq(u16, small_from_float(1e-9f), 0));
	cr_assert(eq(u16, small_from_float(NAN), SMALL_UNKNOWN));
	cr_assert(isnan(small_to_float(SMALL_UNKNOWN)));
	cr_assert(isfinite(small_to_float(small_from_float(INFINITY))));
	cr_assert(ne(u16, small_from_float(-INFINITY), SMALL_UNKNOWN));
}

Test(chunk, the_checksum_is_the_known_one)
{
	cr_assert(eq(u32, chunk_crc32(0, "123456789", 9), 0xcbf43926));
	cr_assert(eq(u32, chunk_crc32(chunk_crc32(0, "1234", 4), "56789", 5), 0xcbf43926));
}

Test(chunk, what_goes_in_comes_out)
{
	static const size_t points[] = { 1, 2, 6, 120, 257, 359, 360 };
	static const size_t streams[] = { 0, 1, 28, 96 };
	size_t n_streams, n_points;

	for (size_t p = 0; p < 7; p++) {
		for (size_t s = 0; s < 4; s++) {
			size_t size;

			fill(streams[s], points[p], (uint32_t)(p * 7 + s + 1));
			for (size_t i = 0; i < streams[s]; i++)
				written[i].point[0] = 1; /* not one of them unknown throughout */
			size = chunk_encode(written, streams[s], points[p], bytes);
			cr_assert(le(sz, size, chunk_bound(streams[s], points[p])));
			cr_assert(zero(
				int, chunk_decode(bytes, size, read_back, &n_streams, &n_points)));
			cr_assert(eq(sz, n_streams, streams[s]));
			cr_assert(eq(sz, n_points, points[p]));
			for (size_t i = 0; i < n_streams; i++) {
				cr_assert(eq(u8, read_back[i].metric, written[i].metric));
				cr_assert(eq(u8, read_back[i].kind, written[i].kind));
				cr_assert(zero(int, memcmp(read_back[i].point, written[i].point,
							   n_points * sizeof(uint16_t))));
			}
		}
	}
}

Test(chunk, the_worst_noise_stays_within_the_bound)
{
	for (size_t i = 0; i < CHUNK_STREAMS_MAX; i++) {
		written[i].metric = (uint8_t)i;
		for (size_t point = 0; point < CHUNK_POINTS; point++)
			written[i].point[point] = point % 2 ? 0 : 0x8000;
	}
	cr_assert(eq(sz, chunk_encode(written, CHUNK_STREAMS_MAX, CHUNK_POINTS, bytes),
		     chunk_bound(CHUNK_STREAMS_MAX, CHUNK_POINTS)));
}

Test(chunk, streams_unknown_throughout_take_no_room)
{
	size_t n_streams, n_points, size;

	fill(3, 6, 1);
	memset(written[1].point, 0xff, sizeof(written[1].point));
	size = chunk_encode(written, 3, 6, bytes);
	cr_assert(zero(int, chunk_decode(bytes, size, read_back, &n_streams, &n_points)));
	cr_assert(eq(sz, n_streams, 2));
	cr_assert(eq(u8, read_back[1].kind, 2));
}

/* In memory of exactly that size, so that a sanitizer sees a step over the end. */
static int decode_copy(const uint8_t *from, size_t size)
{
	size_t n_streams, n_points;
	uint8_t *copy = malloc(size > 0 ? size : 1);
	int r;

	memcpy(copy, from, size);
	r = chunk_decode(copy, size, read_back, &n_streams, &n_points);
	free(copy);
	return r;
}

static void sign(uint8_t *body, size_t size)
{
	uint32_t crc = chunk_crc32(0, body, size - 4);

	for (size_t i = 0; i < 4; i++)
		body[size - 4 + i] = (uint8_t)(crc >> (8 * i));
}

Test(chunk, every_truncation_is_refused)
{
	uint8_t cut[8192];
	size_t size;

	fill(9, 60, 3);
	size = chunk_encode(written, 9, 60, bytes);
	cr_assert(lt(sz, size, sizeof(cut)));
	for (size_t n = 0; n < size; n++)
		cr_assert(eq(int, decode_copy(bytes, n), -EBADMSG), "%zu of %zu bytes", n, size);
	/* With a checksum that fits, so that what is behind it is reached: cut within a stream. */
	for (size_t n = 8; n < size; n++) {
		memcpy(cut, bytes, n);
		sign(cut, n);
		(void)decode_copy(cut, n);
	}
}

Test(chunk, a_flipped_bit_is_refused_and_a_signed_one_harmless)
{
	uint8_t hostile[4096];
	uint32_t seed = 42;
	size_t size;

	fill(9, 60, 5);
	size = chunk_encode(written, 9, 60, bytes);
	cr_assert(lt(sz, size, sizeof(hostile)));
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= (uint8_t)(1 << (at % 8));
		cr_assert(eq(int, decode_copy(bytes, size), -EBADMSG), "byte %zu", at);
		bytes[at] ^= (uint8_t)(1 << (at % 8));
	}
	for (size_t round = 0; round < 20000; round++) {
		memcpy(hostile, bytes, size);
		for (size_t flips = 0; flips < 1 + round % 4; flips++)
			hostile[dice(&seed) % (size | 1)] = (uint8_t)dice(&seed);
		sign(hostile, size);
		(void)decode_copy(hostile, size);
	}
}

Test(chunk, bytes_that_lie_are_refused)
{
	/* version, points, then one stream: metric, kind, bytes, stream; checksum is signed below */
	static const struct {
		const char *name;
		uint8_t body[24];
		size_t size;
	} cases[] = {
		{ "another version", { 2, 1, 0, 0, 0, 2, 0, 0, 0 }, 9 },
		{ "no points", { 1, 0, 0 }, 3 },
		{ "361 points", { 1, 0x69, 1 }, 3 },
		{ "a fourth kind", { 1, 1, 0, 0, 3, 2, 0, 0, 0 }, 9 },
		{ "a stream longer than the body", { 1, 1, 0, 0, 0, 3, 0, 0, 0 }, 9 },
		{ "half a stream's head", { 1, 1, 0, 0, 0 }, 5 },
		{ "a run over the last point", { 1, 1, 0, 0, 0, 2, 0, 0, 1 }, 9 },
		{ "a run without its count", { 1, 1, 0, 0, 0, 1, 0, 0 }, 8 },
		{ "too few points", { 1, 2, 0, 0, 0, 2, 0, 0, 0 }, 9 },
		{ "bytes behind the last point", { 1, 1, 0, 0, 0, 3, 0, 0, 0, 2 }, 10 },
		{ "a difference of four groups", { 1, 1, 0, 0, 0, 4, 0, 0x82, 0x80, 0x80, 0 }, 11 },
		{ "a difference over 16 bits", { 1, 1, 0, 0, 0, 3, 0, 0x82, 0x80, 0x7f }, 10 },
		{ "a difference of nothing", { 1, 1, 0, 0, 0, 2, 0, 0x80, 0 }, 9 },
		{ "a difference cut off", { 1, 1, 0, 0, 0, 1, 0, 0x82 }, 8 },
		{ "a stream twice", { 1, 1, 0, 5, 1, 1, 0, 2, 5, 1, 1, 0, 2 }, 13 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(bytes, cases[i].body, cases[i].size);
		sign(bytes, cases[i].size + 4);
		cr_assert(eq(int, decode_copy(bytes, cases[i].size + 4), -EBADMSG), "%s",
			  cases[i].name);
	}
}
