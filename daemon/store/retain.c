/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folds what grows old into coarser chunks, and deletes what is older still. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "record/edge.h"
#include "record/record.h"
#include "record/snapshot.h"
#include "store/chunk.h"
#include "store/retain.h"
#include "store/schema.h"
#include "store/statement.h"

#define UNITS_KEPT DAYS(90)
#define EDGES_KEPT DAYS(30)

/* Those that tell nothing but an order of starts first: systemd says them anew, calls come once. */
#define FORGET_OLDEST_EDGES(limit)                                                                 \
	"DELETE FROM edge WHERE (client, server, kind, port) IN "                                  \
	"(SELECT client, server, kind, port FROM edge "                                            \
	"ORDER BY kind <> 'after', last_wall_ms LIMIT " limit ")"

int retain_units(sqlite3 *db, uint64_t wall_ms)
{
	static const char *const deletions[] = {
		"DELETE FROM lesson WHERE unit IN (SELECT id FROM unit WHERE seen_wall_ms < ?)",
		"DELETE FROM unit WHERE seen_wall_ms < ? "
		"AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.unit = id) "
		"AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.unit = id)",
	};
	int r;

	for (size_t i = 0; i < sizeof(deletions) / sizeof(deletions[0]); i++) {
		CLEANUP(statement_freep) sqlite3_stmt *forget = NULL;

		r = statement_new(db, deletions[i], &forget);
		if (r < 0)
			return r;
		(void)sqlite3_bind_int64(forget, 1,
					 (sqlite3_int64)wall_ms - (sqlite3_int64)UNITS_KEPT);
		r = statement_run(forget);
		if (r < 0)
			return r;
	}
	return 0;
}

int retain_edges(sqlite3 *db, uint64_t wall_ms)
{
	CLEANUP(statement_freep) sqlite3_stmt *forget = NULL, *thin = NULL;
	int r;

	r = statement_new(db, "DELETE FROM edge WHERE last_wall_ms < ?", &forget);
	if (r >= 0)
		r = statement_new(
			db, FORGET_OLDEST_EDGES("(SELECT max(count(*) - ?, 0) FROM edge)"), &thin);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(forget, 1, (sqlite3_int64)wall_ms - (sqlite3_int64)EDGES_KEPT);
	(void)sqlite3_bind_int64(thin, 1, EDGES_MAX);
	r = statement_run(forget);
	return r < 0 ? r : statement_run(thin);
}

int retain_evidence(sqlite3 *db)
{
	CLEANUP(statement_freep) sqlite3_stmt *thin = NULL;
	int r;

	r = statement_new(db,
			  "DELETE FROM evidence WHERE decision <= "
			  "(SELECT decision FROM evidence ORDER BY decision DESC LIMIT 1 OFFSET ?)",
			  &thin);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(thin, 1, SNAPSHOTS_KEPT);
	return statement_run(thin);
}

/* Where finer points are gathered, metric by metric. */
struct fold {
	uint32_t n_chunks;
	float sum[METRIC_N][CHUNK_POINTS];
	uint16_t n[METRIC_N][CHUNK_POINTS];
	float max[METRIC_N][CHUNK_POINTS], min[METRIC_N][CHUNK_POINTS];
};

/* A 10 s chunk has means alone, so there each is its own extreme too. */
static void take_value(struct fold *fold, const struct chunk_stream *stream, size_t slot,
		       float value, bool is_finest)
{
	uint8_t metric = stream->metric;

	if (isnan(value))
		return;
	if (stream->kind == CHUNK_MEAN) {
		if (metric_table[metric].kind == METRIC_KIND_CODE) { /* the last, since no mean */
			fold->sum[metric][slot] = 0;
			fold->n[metric][slot] = 0;
		}
		fold->sum[metric][slot] += value;
		fold->n[metric][slot]++;
	}
	if (stream->kind == CHUNK_MAX || is_finest)
		fold->max[metric][slot] = fmaxf(fold->max[metric][slot], value);
	if (stream->kind == CHUNK_MIN || is_finest)
		fold->min[metric][slot] = fminf(fold->min[metric][slot], value);
}

/* What one finer chunk holds of the coarser one; offset_s is where it begins in it. A damaged one is
 * as good as none. */
static void take_chunk(struct fold *fold, const uint8_t *bytes, size_t size, uint64_t offset_s,
		       uint32_t finer_s, uint32_t span_s, struct chunk_stream *scratch)
{
	size_t n_streams, n_points, slot;

	if (chunk_decode(bytes, size, scratch, &n_streams, &n_points) < 0)
		return;
	fold->n_chunks++;
	for (size_t i = 0; i < n_streams; i++) {
		if (scratch[i].metric >= METRIC_N)
			continue; /* of a later version */
		for (size_t point = 0; point < n_points; point++) {
			slot = (offset_s + point * finer_s) / span_s;
			if (slot < CHUNK_POINTS)
				take_value(fold, &scratch[i], slot,
					   small_to_float(scratch[i].point[point]), finer_s == 10);
		}
	}
}

static int take_finer(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s,
		      struct chunk_stream *scratch, struct fold *fold)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	uint32_t finer_s = span_s == 60 ? 10 : 60;
	uint64_t begin_s, end_s = from_s + (uint64_t)CHUNK_POINTS * span_s;
	int r;

	r = statement_new(db,
			  "SELECT from_s, body FROM chunk "
			  "WHERE unit = ? AND span_s = ? AND from_s >= ? AND from_s < ? "
			  "ORDER BY from_s",
			  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, unit);
	(void)sqlite3_bind_int64(select, 2, finer_s);
	(void)sqlite3_bind_int64(select, 3, (sqlite3_int64)from_s);
	(void)sqlite3_bind_int64(select, 4, (sqlite3_int64)end_s);
	while ((r = statement_next(select)) > 0) {
		begin_s = (uint64_t)sqlite3_column_int64(select, 0);
		take_chunk(fold, sqlite3_column_blob(select, 1),
			   (size_t)sqlite3_column_bytes(select, 1), begin_s - from_s, finer_s,
			   span_s, scratch);
	}
	return r;
}

static void stream_from(const struct fold *fold, uint8_t metric, enum chunk_kind kind,
			struct chunk_stream *ret)
{
	float value;

	ret->metric = metric;
	ret->kind = (uint8_t)kind;
	for (size_t i = 0; i < CHUNK_POINTS; i++) {
		if (kind == CHUNK_MEAN)
			value = fold->n[metric][i] > 0
					? fold->sum[metric][i] / (float)fold->n[metric][i]
					: NAN;
		else
			value = kind == CHUNK_MAX ? fold->max[metric][i] : fold->min[metric][i];
		ret->point[i] = small_from_float(value);
	}
}

static int write_fold(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s,
		      const struct fold *fold, struct chunk_stream *scratch)
{
	static_assert(METRIC_N * 3 <= CHUNK_STREAMS_MAX, "a folded chunk holds every metric");
	CLEANUP(cleanup_free) uint8_t *bytes = NULL;
	size_t n = 0;

	bytes = malloc(chunk_bound((size_t)METRIC_N * 3, CHUNK_POINTS));
	if (!bytes)
		return -ENOMEM;
	for (int metric = 0; metric < METRIC_N; metric++)
		for (int kind = CHUNK_MEAN; kind <= CHUNK_MIN; kind++)
			stream_from(fold, (uint8_t)metric, (enum chunk_kind)kind, &scratch[n++]);
	return statement_chunk(db, unit, span_s, from_s, bytes,
			       chunk_encode(scratch, n, CHUNK_POINTS, bytes));
}

static int is_there(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	r = statement_new(db, "SELECT 1 FROM chunk WHERE unit = ? AND span_s = ? AND from_s = ?",
			  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, unit);
	(void)sqlite3_bind_int64(select, 2, span_s);
	(void)sqlite3_bind_int64(select, 3, (sqlite3_int64)from_s);
	return statement_next(select);
}

/* Both on the stack: some 400 KiB of the thread's megabytes. */
int retain_fold(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s)
{
	struct chunk_stream scratch[CHUNK_STREAMS_MAX];
	struct fold fold;
	int r;

	r = is_there(db, unit, span_s, from_s);
	if (r != 0)
		return r < 0 ? r : 0;
	memset(&fold, 0, sizeof(fold));
	for (size_t metric = 0; metric < METRIC_N; metric++)
		for (size_t i = 0; i < CHUNK_POINTS; i++)
			fold.max[metric][i] = fold.min[metric][i] = NAN;
	r = take_finer(db, unit, span_s, from_s, scratch, &fold);
	if (r < 0 || fold.n_chunks == 0)
		return r;
	return write_fold(db, unit, span_s, from_s, &fold, scratch);
}

/* 60 s chunks begin six hours apart and 600 s ones sixty, at the minute where the unit's hours begin.
 * n_max: as many of them as the finer ones that are kept can have begun, and one. */
struct tier {
	uint32_t finer_s, span_s;
	uint64_t n_max;
};
static const struct tier tiers[] = { { 10, 60, 5 }, { 60, 600, 13 } };

/* From the oldest finer chunk on, so that what a stop left behind is folded before it is deleted. */
static int fold_tier(sqlite3 *db, uint32_t unit, const struct tier *tier, uint64_t now_s)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	uint64_t begin_s, offset_s = UINT64_C(60) * (unit % 60),
			  length_s = (uint64_t)CHUNK_POINTS * tier->span_s;
	int r;

	r = statement_new(db, "SELECT min(from_s) FROM chunk WHERE unit = ? AND span_s = ?",
			  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, unit);
	(void)sqlite3_bind_int64(select, 2, tier->finer_s);
	r = statement_next(select);
	begin_s = r > 0 ? (uint64_t)sqlite3_column_int64(select, 0) : 0; /* NULL: 0 */
	if (r < 0 || begin_s < offset_s || begin_s == 0)
		return r < 0 ? r : 0;
	begin_s -= (begin_s - offset_s) % length_s;
	for (uint64_t n = 0; n < tier->n_max && begin_s + length_s <= now_s; n++) {
		r = retain_fold(db, unit, tier->span_s, begin_s);
		if (r < 0)
			return r;
		begin_s += length_s;
	}
	return 0;
}

static int fold_units(sqlite3 *db, uint64_t turn, uint64_t now_s)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	uint32_t unit;
	int r;

	r = statement_new(db, "SELECT id FROM unit WHERE id % 60 = ?", &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)turn);
	while ((r = statement_next(select)) > 0) {
		unit = (uint32_t)sqlite3_column_int64(select, 0);
		for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
			r = fold_tier(db, unit, &tiers[i], now_s);
			if (r < 0)
				return r;
		}
	}
	return r;
}

static int delete_old(sqlite3 *db, uint64_t turn, uint64_t wall_ms)
{
	static const struct {
		uint32_t span_s;
		uint64_t kept_ms;
	} spans[] = { { 1, DAYS(7) }, { 10, DAYS(1) }, { 60, DAYS(30) }, { 600, DAYS(90) } };
	CLEANUP(statement_freep) sqlite3_stmt *forget = NULL;
	int64_t before_ms;
	int r;

	r = statement_new(db,
			  "DELETE FROM chunk WHERE unit IN (SELECT id FROM unit WHERE id % 60 = ?) "
			  "AND span_s = ? AND from_s < ?",
			  &forget);
	for (size_t i = 0; r >= 0 && i < sizeof(spans) / sizeof(spans[0]); i++) {
		before_ms = (int64_t)wall_ms - (int64_t)spans[i].kept_ms;
		(void)sqlite3_bind_int64(forget, 1, (sqlite3_int64)turn);
		(void)sqlite3_bind_int64(forget, 2, spans[i].span_s);
		(void)sqlite3_bind_int64(forget, 3, before_ms / 1000);
		r = statement_run(forget);
	}
	return r;
}

int retain_thin(sqlite3 *db, uint64_t wall_ms)
{
	uint64_t turn = wall_ms / MINUTES(1) % 60;
	int r;

	r = fold_units(db, turn, wall_ms / 1000);
	return r < 0 ? r : delete_old(db, turn, wall_ms);
}

/* Is it the bound that was met? If it is the disk, deleting frees nothing, and would cost history at
 * each try. A transaction that failed is undone, so a little may seem to be left: less than a
 * mebibyte, which is more than any of ours writes. */
static int is_bounded(sqlite3 *db)
{
	int64_t pages, pages_max, pages_free;
	int r;

	r = statement_number(db, "PRAGMA page_count", 0, &pages);
	if (r >= 0)
		r = statement_number(db, "PRAGMA max_page_count", 0, &pages_max);
	if (r >= 0)
		r = statement_number(db, "PRAGMA freelist_count", 0, &pages_free);
	if (r < 0)
		return r;
	return pages_max - pages + pages_free < 256;
}

static int delete_oldest(sqlite3 *db)
{
	static const char *const records[] = {
		"CREATE TEMP TABLE oldest AS SELECT id FROM main.incident "
		"WHERE closed_wall_ms IS NOT NULL ORDER BY id LIMIT 64",
		"DELETE FROM evidence WHERE incident IN (SELECT id FROM oldest)",
		"DELETE FROM outcome WHERE decision IN "
		"(SELECT id FROM decision WHERE incident IN (SELECT id FROM oldest))",
		"DELETE FROM attempt WHERE decision IN "
		"(SELECT id FROM decision WHERE incident IN (SELECT id FROM oldest))",
		"DELETE FROM decision WHERE incident IN (SELECT id FROM oldest)",
		"DELETE FROM symptom WHERE verdict IN "
		"(SELECT id FROM verdict WHERE incident IN (SELECT id FROM oldest))",
		"DELETE FROM verdict WHERE incident IN (SELECT id FROM oldest)",
		"DELETE FROM incident WHERE id IN (SELECT id FROM oldest)",
	};
	int r, n;

	r = schema_run(db, "DELETE FROM chunk WHERE (unit, span_s, from_s) IN "
			   "(SELECT unit, span_s, from_s FROM chunk ORDER BY from_s LIMIT 256)");
	if (r >= 0 && sqlite3_changes(db) == 0)
		r = schema_run(db, FORGET_OLDEST_EDGES("256"));
	if (r < 0 || sqlite3_changes(db) > 0)
		return r;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		r = schema_run(db, records[i]);
		if (r < 0)
			return r;
	}
	n = sqlite3_changes(db);
	r = schema_run(db, "DROP TABLE temp.oldest");
	return r < 0 ? r : n > 0 ? 0 : -ENOSPC;
}

int retain_make_room(sqlite3 *db)
{
	int r;

	r = is_bounded(db);
	if (r <= 0)
		return r < 0 ? r : -ENOSPC;
	r = schema_run(db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = delete_oldest(db);
	if (r >= 0)
		r = schema_run(db, "COMMIT");
	if (r < 0 && !sqlite3_get_autocommit(db))
		(void)schema_run(db, "ROLLBACK");
	return r;
}

int retain_checkpoint(sqlite3 *db, uint64_t wall_ms)
{
	CLEANUP(statement_freep) sqlite3_stmt *pulse = NULL;
	int result, r;

	result = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (result != SQLITE_OK && (result & 0xff) != SQLITE_BUSY)
		return schema_errno(result);
	r = statement_new(db, "REPLACE INTO pulse (id, checkpoint_wall_ms) VALUES (1, ?)", &pulse);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(pulse, 1, (sqlite3_int64)wall_ms);
	return statement_run(pulse);
}
