/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minutes of all units as rows of `tail`, and sixty of them to an hour of one unit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/minute.h"
#include "store/schema.h"
#include "store/statement.h"

#define HOUR	     UINT64_C(60) /* minutes */
#define POINT_S	     10u
#define UNIT_OFFSETS 60u

int minute_keep(sqlite3 *db, uint64_t minute, const uint8_t *body, size_t size)
{
	CLEANUP(statement_freep) sqlite3_stmt *insert = NULL, *forget = NULL;
	int r;

	r = statement_new(db, "INSERT OR IGNORE INTO tail (minute, body) VALUES (?, ?)", &insert);
	if (r >= 0)
		r = statement_new(db, "DELETE FROM tail WHERE minute < ?", &forget);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)minute);
	(void)sqlite3_bind_blob64(insert, 2, body, size, SQLITE_STATIC);
	r = statement_run(insert);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(forget, 1, (sqlite3_int64)minute - MINUTE_KEPT);
	return statement_run(forget);
}

/* One hour of one unit while its minutes are gathered. */
struct hour {
	uint32_t unit;
	struct chunk_stream stream[METRIC_N];
};

struct hours {
	size_t n;
	struct hour *hour; /* owned */
};

static void hours_clear(struct hours *hours)
{
	free(hours->hour);
}

static int hours_of(struct hours *hours, uint32_t unit, struct hour **ret)
{
	struct hour *grown, *hour;

	for (size_t i = 0; i < hours->n; i++) {
		if (hours->hour[i].unit == unit) {
			*ret = &hours->hour[i];
			return 0;
		}
	}
	grown = reallocarray(hours->hour, hours->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	hours->hour = grown;
	hour = &grown[hours->n++];
	memset(hour, 0xff, sizeof(*hour)); /* unknown, until known */
	hour->unit = unit;
	for (size_t i = 0; i < METRIC_N; i++) {
		hour->stream[i].metric = (uint8_t)i;
		hour->stream[i].kind = CHUNK_MEAN;
	}
	*ret = hour;
	return 0;
}

/* A part that is damaged leaves its unit's minute unknown. */
static void take_part(struct hour *hour, const struct minute_part *part, size_t nth,
		      struct chunk_stream *scratch)
{
	size_t n_streams, n_points;

	if (chunk_decode(part->bytes, part->size, scratch, &n_streams, &n_points) < 0 ||
	    n_points != MINUTE_POINTS)
		return;
	for (size_t i = 0; i < n_streams; i++)
		if (scratch[i].metric < METRIC_N && scratch[i].kind == CHUNK_MEAN)
			memcpy(&hour->stream[scratch[i].metric].point[nth * MINUTE_POINTS],
			       scratch[i].point, MINUTE_POINTS * sizeof(uint16_t));
}

static int take_row(struct hours *hours, const uint8_t *body, size_t size, uint64_t end, size_t nth,
		    struct chunk_stream *scratch)
{
	struct minute_part part;
	struct hour *hour;
	size_t at = 0;
	int r;

	while (minute_next(body, size, &at, &part) > 0) {
		if (part.unit % UNIT_OFFSETS != end % UNIT_OFFSETS)
			continue;
		r = hours_of(hours, part.unit, &hour);
		if (r < 0)
			return r;
		take_part(hour, &part, nth, scratch);
	}
	return 0;
}

static int gather(sqlite3 *db, uint64_t end, struct hours *ret)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	struct chunk_stream scratch[CHUNK_STREAMS_MAX];
	uint64_t begin = end - HOUR, minute;
	int r;

	r = statement_new(db, "SELECT minute, body FROM tail WHERE minute >= ? AND minute < ?",
			  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)begin);
	(void)sqlite3_bind_int64(select, 2, (sqlite3_int64)end);
	while ((r = statement_next(select)) > 0) {
		minute = (uint64_t)sqlite3_column_int64(select, 0);
		r = take_row(ret, sqlite3_column_blob(select, 1),
			     (size_t)sqlite3_column_bytes(select, 1), end, minute - begin, scratch);
		if (r < 0)
			return r;
	}
	return r;
}

static int write_hour(sqlite3 *db, const struct hour *hour, uint64_t from_s, uint8_t *bytes)
{
	CLEANUP(statement_freep) sqlite3_stmt *seen = NULL;
	uint64_t seen_ms = (from_s + HOUR * 60) * 1000;
	size_t size = chunk_encode(hour->stream, METRIC_N, CHUNK_POINTS, bytes);
	int r;

	r = statement_chunk(db, hour->unit, POINT_S, from_s, bytes, size);
	if (r >= 0)
		r = statement_new(db, "UPDATE unit SET seen_wall_ms = ? WHERE id = ?", &seen);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(seen, 1, (sqlite3_int64)seen_ms);
	(void)sqlite3_bind_int64(seen, 2, hour->unit);
	return statement_run(seen);
}

int minute_gather(sqlite3 *db, uint64_t minute)
{
	CLEANUP(hours_clear) struct hours hours = { 0 };
	CLEANUP(cleanup_free) uint8_t *bytes = NULL;
	int r;

	if (minute < HOUR)
		return 0;
	r = gather(db, minute, &hours);
	if (r < 0 || hours.n == 0)
		return r;
	bytes = malloc(chunk_bound(METRIC_N, CHUNK_POINTS));
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < hours.n; i++) {
		r = write_hour(db, &hours.hour[i], (minute - HOUR) * 60, bytes);
		if (r < 0)
			return r;
	}
	return 0;
}
