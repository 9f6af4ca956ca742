/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunks to points, one after the other. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/chunk.h"
#include "store/minute.h"
#include "store/reader_lane.h"
#include "store/reader_list.h"
#include "store/statement.h"

#define MINUTE_S UINT64_C(60)
/* Counts are whole; a stored one is off by less than a thousandth. */
#define COUNT_ERROR 0.001

struct lane_points {
	uint64_t from_s; /* of the first */
	size_t n;
	uint64_t have[CHUNK_POINTS];
	uint16_t value[METRIC_N][CHUNK_POINTS];
};

/* ---- the last two hours ------------------------------------------------------ */

void tail_clear(struct tail *tail)
{
	free(tail->bytes);
	free(tail->part);
	*tail = (struct tail) { 0 };
}

static int compare_parts(const void *a, const void *b)
{
	const struct tail_part *left = a, *right = b;

	if (left->unit != right->unit)
		return left->unit < right->unit ? -1 : 1;
	return left->minute < right->minute ? -1 : left->minute > right->minute;
}

/* One row; what lies behind a damaged part of it is not found. */
static int tail_row(struct tail *tail, uint64_t minute, const uint8_t *body, size_t size,
		    struct list *parts, bool *ret_bad)
{
	uint8_t *grown = realloc(tail->bytes, tail->n_bytes + size + 1);
	struct minute_part found;
	struct tail_part *part;
	size_t at = 0;
	int r;

	if (!grown)
		return -ENOMEM;
	tail->bytes = grown;
	if (size > 0)
		memcpy(grown + tail->n_bytes, body, size);
	body = grown + tail->n_bytes;
	while ((r = minute_next(body, size, &at, &found)) > 0) {
		part = list_next(parts);
		if (!part)
			return -ENOMEM;
		*part = (struct tail_part) { found.unit, minute,
					     (size_t)(found.bytes - tail->bytes), found.size };
		parts->n++;
	}
	*ret_bad |= r < 0;
	tail->n_bytes += size;
	return 0;
}

static int load(struct reader *reader, uint64_t since_s, uint64_t until_s, struct tail *tail)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	CLEANUP(list_clear) struct list parts = { .size = sizeof(struct tail_part) };
	int r;

	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db,
				  "SELECT minute, body FROM tail WHERE minute BETWEEN ? AND ?",
				  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)(since_s / MINUTE_S));
	(void)sqlite3_bind_int64(select, 2, (sqlite3_int64)(until_s / MINUTE_S));
	while ((r = statement_next(select)) > 0) {
		r = tail_row(tail, (uint64_t)sqlite3_column_int64(select, 0),
			     sqlite3_column_blob(select, 1),
			     (size_t)sqlite3_column_bytes(select, 1), &parts,
			     &reader->found_bad_row);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (parts.n > 0)
		qsort(parts.items, parts.n, parts.size, compare_parts);
	tail->n_parts = parts.n;
	tail->part = TAKE(parts.items);
	return 0;
}

int tail_load(struct reader *reader, uint64_t since_s, uint64_t until_s, struct tail *ret)
{
	struct tail tail = { 0 };
	int r;

	r = load(reader, since_s, until_s, &tail);
	if (r < 0)
		tail_clear(&tail);
	else
		*ret = tail;
	return r;
}

/* The first of the unit's minutes that begins at from_s or later; NULL: there is none. */
static const struct tail_part *find_part(const struct tail *tail, uint32_t unit, uint64_t from_s)
{
	const struct tail_part wanted = { .unit = unit,
					  .minute = from_s / MINUTE_S + (from_s % MINUTE_S > 0) };
	size_t low = 0, high = tail->n_parts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_parts(&tail->part[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < tail->n_parts && tail->part[low].unit == unit ? &tail->part[low] : NULL;
}

/* ---- chunks -------------------------------------------------------------------- */

void lane_clear(struct lane *lane)
{
	free(TAKE(lane->points));
}

/* All that was measured is 0 or more. */
static bool is_plausible(uint16_t value)
{
	return value != SMALL_UNKNOWN && small_to_float(value) >= 0;
}

/* Whole streams: the means; the extremes of a folded span are not of one moment. */
static void take_stream(struct lane_points *points, const struct chunk_stream *stream)
{
	if (stream->metric >= METRIC_N || stream->kind != CHUNK_MEAN)
		return;
	for (size_t i = 0; i < points->n; i++) {
		if (!is_plausible(stream->point[i]))
			continue;
		points->value[stream->metric][i] = stream->point[i];
		points->have[i] |= METRIC_BIT(stream->metric);
	}
}

/* Nothing is taken of a damaged one. */
static int take_chunk(struct lane *lane, struct reader *reader, uint64_t from_s,
		      const uint8_t *bytes, size_t size)
{
	CLEANUP(cleanup_free) struct chunk_stream *streams = NULL;
	struct lane_points *points = lane->points;
	size_t n_streams, n_points;

	lane->n_chunks++;
	lane->next_s = from_s + 1;
	streams = reallocarray(NULL, CHUNK_STREAMS_MAX, sizeof(*streams));
	if (!streams)
		return -ENOMEM;
	points->n = lane->at = 0;
	if (!bytes || chunk_decode(bytes, size, streams, &n_streams, &n_points) < 0) {
		reader->found_bad_row = true;
		return 0;
	}
	points->from_s = from_s;
	points->n = n_points;
	memset(points->have, 0, sizeof(points->have));
	for (size_t i = 0; i < n_streams; i++)
		take_stream(points, &streams[i]);
	return 0;
}

static int next_of_tail(struct lane *lane, struct reader *reader)
{
	const struct tail_part *part = find_part(lane->tail, lane->unit, lane->next_s);
	int r;

	if (!part || part->minute * MINUTE_S >= lane->until_s)
		return 0;
	r = take_chunk(lane, reader, part->minute * MINUTE_S, lane->tail->bytes + part->at,
		       part->size);
	return r < 0 ? r : 1;
}

static int next_of_chunks(struct lane *lane, struct reader *reader)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db,
				  "SELECT from_s, body FROM chunk WHERE unit = ? AND span_s = ? "
				  "AND from_s >= ? AND from_s < ? ORDER BY from_s LIMIT 1",
				  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, lane->unit);
	(void)sqlite3_bind_int64(select, 2, lane->span_s);
	(void)sqlite3_bind_int64(select, 3, (sqlite3_int64)lane->next_s);
	(void)sqlite3_bind_int64(select, 4, (sqlite3_int64)lane->until_s);
	r = statement_next(select);
	if (r <= 0)
		return r;
	r = take_chunk(lane, reader, (uint64_t)sqlite3_column_int64(select, 0),
		       sqlite3_column_blob(select, 1), (size_t)sqlite3_column_bytes(select, 1));
	return r < 0 ? r : 1;
}

/* A lane that is at its end gives its memory back: most of a month has one resolution. */
static int next_chunk(struct lane *lane, struct reader *reader)
{
	int r;

	if (lane->next_s >= lane->until_s) {
		lane_clear(lane);
		return 0;
	}
	if (!lane->points)
		lane->points = calloc(1, sizeof(*lane->points));
	if (!lane->points)
		return -ENOMEM;
	r = lane->tail ? next_of_tail(lane, reader) : next_of_chunks(lane, reader);
	if (r <= 0) {
		lane_clear(lane);
		lane->next_s = lane->until_s;
	}
	return r;
}

/* ---- points -------------------------------------------------------------------- */

uint64_t lane_from_s(const struct lane *lane)
{
	return lane->points->from_s + lane->at * lane->span_s;
}

int lane_seek(struct lane *lane, struct reader *reader, uint64_t from_s)
{
	int r = 1;

	while (r > 0) {
		for (; lane->points && lane->at < lane->points->n; lane->at++) {
			if (lane_from_s(lane) < from_s || lane->points->have[lane->at] == 0)
				continue;
			if (lane_from_s(lane) + lane->span_s <= lane->until_s)
				return 1;
		}
		r = next_chunk(lane, reader);
	}
	return r;
}

static double counted(float per_second, uint32_t span_s)
{
	double count = (double)per_second * span_s, whole = round(count);

	return fabs(count - whole) <= COUNT_ERROR * whole ? whole : count;
}

void lane_sample(const struct lane *lane, struct sample *ret)
{
	const struct lane_points *points = lane->points;

	*ret = (struct sample) {
		.unit = lane->unit,
		.wall_ms = (lane_from_s(lane) + lane->span_s) * 1000,
		.span_ms = lane->span_s * 1000,
	};
	ret->when_ms = ret->wall_ms;
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		float value = small_to_float(points->value[metric][lane->at]);

		if (points->have[lane->at] & METRIC_BIT(metric))
			sample_set(ret, metric,
				   metric_table[metric].kind == METRIC_KIND_COUNT
					   ? counted(value, lane->span_s)
					   : value);
	}
}
