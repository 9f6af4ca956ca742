/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remembered rows of a unit: to bytes and back. */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "judge/conduct_blob.h"
#include "judge/forest_blob.h"
#include "judge/season_blob.h"
#include "judge/tail_blob.h"

#define MAGIC	0x4d464853u /* "SHFM" */
#define VERSION 3
/* A level takes 16 bits of what was measured, and 8 of what the forest alone sees. The greatest stands for unknown. */
#define BITS_MEASURED 16
#define BITS_LATELY   8

struct __attribute__((packed)) head {
	uint32_t magic;
	uint16_t version;
	uint16_t n_rows;
	uint64_t taught_ms;
	uint32_t generation;
};

struct __attribute__((packed)) part {
	uint8_t column;
	uint8_t has_levels;
	uint32_t low, high; /* bits of floats */
};

#define CRC_SIZE  sizeof(uint32_t)
#define PART_SIZE (sizeof(struct part) + LEARNER_ROWS * sizeof(uint16_t))
#define BLOB_SIZE_MAX                                                                              \
	(sizeof(struct head) + CONDUCT_BLOB_SIZE + SEASON_BLOB_MOST + TAIL_BLOB_SIZE +             \
	 (size_t)REMEMBERED_COLUMNS * PART_SIZE + CRC_SIZE)

/* Bit by bit: once in minutes, over some KiB; a table would be larger than what it checks. */
static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return htole32(bits);
}

static float float_of(uint32_t bits)
{
	float value;

	bits = le32toh(bits);
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* ---- writing ------------------------------------------------------------- */

static uint8_t *append(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static float nth_oldest(const struct remembered *remembered, uint32_t i, unsigned int column)
{
	uint32_t oldest = remembered->n_rows < LEARNER_ROWS ? 0 : remembered->next_row;

	return remembered_value(remembered, (oldest + i) % LEARNER_ROWS, column);
}

static unsigned int bits_of_column(unsigned int column)
{
	return column < METRIC_N ? BITS_MEASURED : BITS_LATELY;
}

static uint16_t level_unknown(unsigned int column)
{
	return (uint16_t)((1u << bits_of_column(column)) - 1);
}

static uint8_t *append_levels(uint8_t *at, const struct remembered *remembered, unsigned int column,
			      float low, float high)
{
	uint16_t unknown = level_unknown(column);
	double levels_per_unit = high > low ? (unknown - 1) / ((double)high - low) : 0;

	for (uint32_t i = 0; i < remembered->n_rows; i++) {
		float value = nth_oldest(remembered, i, column);
		uint16_t level = unknown;

		if (!isnan(value))
			level = (uint16_t)lrint(((double)value - low) * levels_per_unit);
		level = htole16(level); /* whose first byte is the low one */
		at = append(at, &level, bits_of_column(column) / 8);
	}
	return at;
}

static uint8_t *append_column(uint8_t *at, const struct remembered *remembered, unsigned int column)
{
	struct part part = { .column = (uint8_t)column };
	float low = INFINITY, high = -INFINITY;
	bool has_gaps = false;

	for (uint32_t i = 0; i < remembered->n_rows; i++) {
		float value = remembered_value(remembered, i, column);

		has_gaps |= isnan(value) != 0;
		low = fminf(low, value);
		high = fmaxf(high, value);
	}
	if (low > high)
		return at; /* never seen */
	part.low = bits_of(low);
	part.high = bits_of(high);
	part.has_levels = has_gaps || low < high;
	at = append(at, &part, sizeof(part));
	return part.has_levels ? append_levels(at, remembered, column, low, high) : at;
}

int forest_blob_write(const struct remembered *remembered, const struct conduct *conduct,
		      const struct tail *tail, uint8_t **ret, size_t *ret_size)
{
	struct head head = {
		.magic = htole32(MAGIC),
		.version = htole16(VERSION),
		.n_rows = htole16((uint16_t)remembered->n_rows),
		.taught_ms = htole64(remembered->taught_ms),
		.generation = htole32(remembered->generation),
	};
	uint8_t *bytes = malloc(BLOB_SIZE_MAX);
	uint8_t *at = bytes;
	uint32_t crc;

	if (!bytes)
		return -ENOMEM;
	at = append(at, &head, sizeof(head));
	conduct_blob_write(conduct, at);
	at += CONDUCT_BLOB_SIZE;
	at += season_blob_write(&conduct->season, at);
	tail_blob_write(tail, at);
	at += TAIL_BLOB_SIZE;
	for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
		at = append_column(at, remembered, column);
	crc = htole32(crc32_of(bytes, (size_t)(at - bytes)));
	at = append(at, &crc, sizeof(crc));
	*ret = bytes;
	*ret_size = (size_t)(at - bytes);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

struct bytes {
	const uint8_t *at;
	size_t left;
};

static bool take(struct bytes *bytes, void *ret, size_t size)
{
	if (bytes->left < size)
		return false;
	memcpy(ret, bytes->at, size);
	bytes->at += size;
	bytes->left -= size;
	return true;
}

static int check(const uint8_t *bytes, size_t size)
{
	struct head head;
	uint32_t crc;

	if (size < sizeof(head) + CRC_SIZE)
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	memcpy(&crc, bytes + size - CRC_SIZE, sizeof(crc));
	if (le32toh(head.magic) != MAGIC || le32toh(crc) != crc32_of(bytes, size - CRC_SIZE))
		return -EBADMSG;
	if (le16toh(head.version) != VERSION)
		return -EPROTONOSUPPORT;
	return 0;
}

/* Only what could have been: everything behind this relies on finite columns. */
static bool is_possible(unsigned int column, float low, float high)
{
	float most = features_scale(column % METRIC_N, INFINITY);

	return low >= (column < METRIC_N ? 0 : -most) && low <= high && high <= most;
}

/* The rows while they are read, column by column. */
struct table {
	struct moment *row;
	uint32_t n_rows;
};

static int read_levels(struct bytes *bytes, unsigned int column, float low, float high,
		       struct table *table)
{
	uint16_t unknown = level_unknown(column);

	for (uint32_t i = 0; i < table->n_rows; i++) {
		uint16_t level = 0;

		if (!take(bytes, &level, bits_of_column(column) / 8))
			return -EBADMSG;
		level = le16toh(level);
		if (level != unknown)
			table->row[i].column[column] =
				(float)(low + ((double)high - low) * level / (unknown - 1));
	}
	return 0;
}

/* The next column, which must come after those before it. */
static int read_column(struct bytes *bytes, unsigned int *next, struct table *table)
{
	struct part part;
	float low, high;

	if (!take(bytes, &part, sizeof(part)))
		return -EBADMSG;
	low = float_of(part.low);
	high = float_of(part.high);
	if (part.column < *next || part.column >= REMEMBERED_COLUMNS ||
	    !features_is_judged(part.column % METRIC_N) || !is_possible(part.column, low, high))
		return -EBADMSG;
	*next = part.column + 1u;
	if (part.has_levels)
		return read_levels(bytes, part.column, low, high, table);
	for (uint32_t i = 0; i < table->n_rows; i++)
		table->row[i].column[part.column] = low;
	return 0;
}

static int read_rows(struct bytes *bytes, uint32_t n_rows, struct remembered *ret)
{
	CLEANUP(cleanup_free) struct moment *rows = reallocarray(NULL, n_rows + 1, sizeof(*rows));
	struct table table = { rows, n_rows };
	unsigned int next = 0;
	int r = 0;

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_rows; i++)
		for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
			rows[i].column[column] = NAN;
	while (r >= 0 && bytes->left > 0)
		r = read_column(bytes, &next, &table);
	for (uint32_t i = 0; r >= 0 && i < n_rows; i++)
		r = remembered_put(ret, &rows[i]);
	return r;
}

static int read_conduct(struct bytes *bytes, struct conduct *ret)
{
	uint8_t image[CONDUCT_BLOB_SIZE];

	return take(bytes, image, sizeof(image)) ? conduct_blob_read(image, ret) : -EBADMSG;
}

static int read_season(struct bytes *bytes, struct season *ret)
{
	size_t taken;
	int r;

	r = season_blob_read(bytes->at, bytes->left, ret, &taken);
	if (r < 0)
		return r;
	bytes->at += taken;
	bytes->left -= taken;
	return 0;
}

static int read_tail(struct bytes *bytes, struct tail *ret)
{
	uint8_t image[TAIL_BLOB_SIZE];

	return take(bytes, image, sizeof(image)) ? tail_blob_read(image, ret) : -EBADMSG;
}

int forest_blob_read(const uint8_t *bytes, size_t size, struct remembered *ret,
		     struct conduct *ret_conduct, struct tail *ret_tail)
{
	struct bytes rest = { .at = bytes, .left = size - CRC_SIZE };
	struct head head;
	int r;

	r = check(bytes, size);
	if (r < 0)
		return r;
	(void)take(&rest, &head, sizeof(head)); /* checked to be there */
	if (le16toh(head.n_rows) > LEARNER_ROWS || le64toh(head.taught_ms) > UINT64_MAX / 2)
		return -EBADMSG;
	ret->taught_ms = le64toh(head.taught_ms);
	ret->generation = le32toh(head.generation);
	r = read_conduct(&rest, ret_conduct);
	if (r >= 0)
		r = read_season(&rest, &ret_conduct->season);
	if (r >= 0)
		r = read_tail(&rest, ret_tail);
	if (r < 0)
		return r;
	return read_rows(&rest, le16toh(head.n_rows), ret);
}
