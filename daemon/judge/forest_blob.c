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

#define MAGIC	      0x4d464853u /* "SHFM" */
#define VERSION	      2
#define VERSION_BARE  1 /* without conduct */
#define LEVEL_MAX     65534
#define LEVEL_UNKNOWN 65535

struct __attribute__((packed)) head {
	uint32_t magic;
	uint16_t version;
	uint16_t n_rows;
	uint64_t taught_ms;
	uint32_t generation;
};

struct __attribute__((packed)) part {
	uint8_t metric;
	uint8_t has_levels;
	uint32_t low, high; /* bits of floats */
};

#define CRC_SIZE      sizeof(uint32_t)
#define PART_SIZE     (sizeof(struct part) + LEARNER_ROWS * sizeof(uint16_t))
#define BLOB_SIZE_MAX (sizeof(struct head) + CONDUCT_BLOB_SIZE + METRIC_N * PART_SIZE + CRC_SIZE)

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

static float nth_oldest(const struct remembered *remembered, uint32_t i, unsigned int metric)
{
	uint32_t oldest = remembered->n_rows < LEARNER_ROWS ? 0 : remembered->next_row;

	return remembered_value(remembered, (oldest + i) % LEARNER_ROWS, metric);
}

static uint8_t *append_levels(uint8_t *at, const struct remembered *remembered, unsigned int metric,
			      float low, float high)
{
	double levels_per_unit = high > low ? LEVEL_MAX / ((double)high - low) : 0;

	for (uint32_t i = 0; i < remembered->n_rows; i++) {
		float column = nth_oldest(remembered, i, metric);
		uint16_t level = LEVEL_UNKNOWN;

		if (!isnan(column))
			level = (uint16_t)lrint(((double)column - low) * levels_per_unit);
		level = htole16(level);
		at = append(at, &level, sizeof(level));
	}
	return at;
}

static uint8_t *append_metric(uint8_t *at, const struct remembered *remembered, unsigned int metric)
{
	struct part part = { .metric = (uint8_t)metric };
	float low = INFINITY, high = -INFINITY;
	bool has_gaps = false;

	for (uint32_t i = 0; i < remembered->n_rows; i++) {
		float column = remembered_value(remembered, i, metric);

		has_gaps |= isnan(column) != 0;
		low = fminf(low, column);
		high = fmaxf(high, column);
	}
	if (low > high)
		return at; /* never seen */
	part.low = bits_of(low);
	part.high = bits_of(high);
	part.has_levels = has_gaps || low < high;
	at = append(at, &part, sizeof(part));
	return part.has_levels ? append_levels(at, remembered, metric, low, high) : at;
}

int forest_blob_write(const struct remembered *remembered, const struct conduct *conduct,
		      uint8_t **ret, size_t *ret_size)
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
	for (unsigned int metric = 0; metric < METRIC_N; metric++)
		at = append_metric(at, remembered, metric);
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
	if (le16toh(head.version) > VERSION)
		return -EPROTONOSUPPORT;
	return le16toh(head.version) >= VERSION_BARE ? 0 : -EBADMSG;
}

/* Only what could have been measured: everything behind this relies on finite columns. */
static bool is_possible(unsigned int metric, float low, float high)
{
	return low >= 0 && low <= high && high <= features_scale(metric, INFINITY);
}

/* The rows while they are read, metric by metric. */
struct table {
	struct row *row;
	uint32_t n_rows;
};

static int read_levels(struct bytes *bytes, unsigned int metric, float low, float high,
		       struct table *table)
{
	for (uint32_t i = 0; i < table->n_rows; i++) {
		uint16_t level;

		if (!take(bytes, &level, sizeof(level)))
			return -EBADMSG;
		level = le16toh(level);
		if (level != LEVEL_UNKNOWN)
			table->row[i].column[metric] =
				(float)(low + ((double)high - low) * level / LEVEL_MAX);
	}
	return 0;
}

/* The next metric, which must come after those before it. */
static int read_metric(struct bytes *bytes, unsigned int *next, struct table *table)
{
	struct part part;
	float low, high;

	if (!take(bytes, &part, sizeof(part)))
		return -EBADMSG;
	low = float_of(part.low);
	high = float_of(part.high);
	if (part.metric < *next || part.metric >= METRIC_N || !features_is_judged(part.metric) ||
	    !is_possible(part.metric, low, high))
		return -EBADMSG;
	*next = part.metric + 1u;
	if (part.has_levels)
		return read_levels(bytes, part.metric, low, high, table);
	for (uint32_t i = 0; i < table->n_rows; i++)
		table->row[i].column[part.metric] = low;
	return 0;
}

static int read_rows(struct bytes *bytes, uint32_t n_rows, struct remembered *ret)
{
	CLEANUP(cleanup_free) struct row *rows = reallocarray(NULL, n_rows + 1, sizeof(*rows));
	struct table table = { rows, n_rows };
	unsigned int next = 0;
	int r = 0;

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_rows; i++)
		for (unsigned int metric = 0; metric < METRIC_N; metric++)
			rows[i].column[metric] = NAN;
	while (r >= 0 && bytes->left > 0)
		r = read_metric(bytes, &next, &table);
	for (uint32_t i = 0; r >= 0 && i < n_rows; i++)
		r = remembered_put(ret, &rows[i]);
	return r;
}

static int read_conduct(struct bytes *bytes, struct conduct *ret)
{
	uint8_t image[CONDUCT_BLOB_SIZE];

	return take(bytes, image, sizeof(image)) ? conduct_blob_read(image, ret) : -EBADMSG;
}

int forest_blob_read(const uint8_t *bytes, size_t size, struct remembered *ret,
		     struct conduct *ret_conduct)
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
	if (le16toh(head.version) > VERSION_BARE) {
		r = read_conduct(&rest, ret_conduct);
		if (r < 0)
			return r;
	}
	return read_rows(&rest, le16toh(head.n_rows), ret);
}
