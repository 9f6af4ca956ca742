/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minutes become hours, hours grow coarse, and what is old goes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fixture_store.h"
#include "record/edge.h"
#include "store/chunk.h"
#include "store/minute.h"
#include "store/retain.h"
#include "store/schema.h"
#include "store/statement.h"
#include "tests/unit/assertion.h"

static sqlite3 *db;
static struct chunk_stream streams[CHUNK_STREAMS_MAX];
static uint8_t bytes[256 * 1024];

static void open_db(void)
{
	cr_assert(eq(int, sqlite3_open(":memory:", &db), SQLITE_OK));
	cr_assert(zero(int, schema_prepare(db)));
}

static void close_db(void)
{
	(void)sqlite3_close(db);
}

TestSuite(retain, .init = open_db, .fini = close_db);

static int64_t ask(const char *sql)
{
	int64_t answer = -1;

	cr_assert(zero(int, statement_number(db, sql, -1, &answer)), "%s: %s", sql,
		  sqlite3_errmsg(db));
	return answer;
}

static void add_unit(uint32_t id, uint64_t seen_wall_ms)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO unit VALUES (%u, 'unit-%u.service', %lld)",
		       id, id, (long long)seen_wall_ms);
	cr_assert(zero(int, schema_run(db, sql)));
}

static void add_chunk(uint32_t unit, uint32_t span_s, uint64_t from_s, float value)
{
	for (size_t i = 0; i < CHUNK_POINTS; i++)
		streams[0].point[i] = small_from_float(value);
	streams[0].metric = METRIC_CPU;
	streams[0].kind = CHUNK_MEAN;
	cr_assert(zero(int, statement_chunk(db, unit, span_s, from_s, bytes,
					    chunk_encode(streams, 1, CHUNK_POINTS, bytes))));
}

/* Point of a stored stream; NaN also when there is no such chunk or stream. */
static double point(uint32_t unit, uint32_t span_s, uint64_t from_s, uint8_t metric, uint8_t kind,
		    size_t nth)
{
	sqlite3_stmt *select = NULL;
	size_t n_streams, n_points;
	double value = (double)NAN;

	cr_assert(zero(int, statement_new(db,
					  "SELECT body FROM chunk WHERE unit = ? AND span_s = ? "
					  "AND from_s = ?",
					  &select)));
	(void)sqlite3_bind_int64(select, 1, unit);
	(void)sqlite3_bind_int64(select, 2, span_s);
	(void)sqlite3_bind_int64(select, 3, (sqlite3_int64)from_s);
	if (statement_next(select) > 0) {
		cr_assert(zero(int, chunk_decode(sqlite3_column_blob(select, 0),
						 (size_t)sqlite3_column_bytes(select, 0), streams,
						 &n_streams, &n_points)));
		for (size_t i = 0; i < n_streams; i++)
			if (streams[i].metric == metric && streams[i].kind == kind)
				value = small_to_float(streams[i].point[nth]);
	}
	(void)statement_free(select);
	return value;
}

static bool has_chunk(uint32_t unit, uint32_t span_s, uint64_t from_s)
{
	char sql[160];

	(void)snprintf(
		sql, sizeof(sql),
		"SELECT count(*) FROM chunk WHERE unit = %u AND span_s = %u AND from_s = %llu",
		unit, span_s, (unsigned long long)from_s);
	return ask(sql) == 1;
}

/* One minute in which every unit of 1 to n has CPU = its number + the point's number. */
static void keep_minute(uint64_t minute, uint32_t n)
{
	size_t size = 0;

	for (uint32_t unit = 1; unit <= n; unit++) {
		streams[0].metric = METRIC_CPU;
		streams[0].kind = CHUNK_MEAN;
		for (size_t i = 0; i < MINUTE_POINTS; i++)
			streams[0].point[i] = small_from_float((float)(unit + i));
		size += minute_put(unit, streams, 1, bytes + size);
	}
	cr_assert(zero(int, minute_keep(db, minute, bytes, size)));
}

#define FIRST_MINUTE (NOON / 60000 / 60 * 60) /* an hour's begin */

Test(retain, an_hour_is_made_of_its_minutes_and_holes_stay_unknown)
{
	uint64_t end = FIRST_MINUTE + 7;

	for (uint32_t unit = 1; unit <= 8; unit++)
		add_unit(unit, 0);
	for (uint64_t minute = end - 60; minute < end; minute++)
		if (minute != end - 30)
			keep_minute(minute, 8);
	cr_assert(zero(int, minute_gather(db, end)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk WHERE span_s = 10"), 1),
		  "unit 7's turn alone");
	cr_assert(eq(dbl, point(7, 10, (end - 60) * 60, METRIC_CPU, CHUNK_MEAN, 0), 7));
	cr_assert(eq(dbl, point(7, 10, (end - 60) * 60, METRIC_CPU, CHUNK_MEAN, 359), 12));
	for (size_t i = 0; i < 6; i++)
		cr_assert(isnan(point(7, 10, (end - 60) * 60, METRIC_CPU, CHUNK_MEAN, 180 + i)));
	cr_assert(isnan(point(7, 10, (end - 60) * 60, METRIC_RSS, CHUNK_MEAN, 0)));
	cr_assert(
		eq(i64, ask("SELECT seen_wall_ms FROM unit WHERE id = 7"), (int64_t)(end * 60000)));
	cr_assert(eq(i64, ask("SELECT seen_wall_ms FROM unit WHERE id = 6"), 0));
}

Test(retain, a_minute_that_comes_again_changes_nothing)
{
	keep_minute(FIRST_MINUTE, 1);
	cr_assert(zero(int, minute_keep(db, FIRST_MINUTE, (const uint8_t *)"x", 1)));
	cr_assert(gt(i64, ask("SELECT length(body) FROM tail"), 1));
	cr_assert(eq(i64, ask("SELECT count(*) FROM tail"), 1));
}

Test(retain, minutes_are_kept_for_two_hours)
{
	for (uint64_t i = 0; i < 150; i++)
		keep_minute(FIRST_MINUTE + i, 1);
	cr_assert(eq(i64, ask("SELECT count(*) FROM tail"), MINUTE_KEPT + 1));
}

Test(retain, hostile_minutes_are_unknown_and_harmless)
{
	static const uint8_t hostile[] = { 7, 0, 0, 0, 0xff, 0xff, 1 };
	static const uint8_t lying[] = { 7, 0, 0, 0, 3, 0, 1, 6, 0 };
	uint64_t end = FIRST_MINUTE + 7;

	cr_assert(zero(int, minute_keep(db, end - 1, hostile, sizeof(hostile))));
	cr_assert(zero(int, minute_keep(db, end - 2, lying, sizeof(lying))));
	cr_assert(zero(int, minute_keep(db, end - 3, hostile, 3)));
	cr_assert(zero(int, minute_keep(db, end - 4, hostile, 0)));
	cr_assert(zero(int, minute_gather(db, end)));
	cr_assert(isnan(point(7, 10, (end - 60) * 60, METRIC_CPU, CHUNK_MEAN, 359)));
}

Test(retain, six_hours_fold_into_means_and_extremes)
{
	uint64_t from_s = FIRST_MINUTE * 60;

	for (uint64_t hour = 0; hour < 6; hour++)
		if (hour != 3)
			add_chunk(4, 10, from_s + hour * 3600, (float)(hour + 1));
	/* One point sticks out: the third of the first minute. */
	for (size_t i = 0; i < CHUNK_POINTS; i++)
		streams[0].point[i] = small_from_float(i == 2 ? 7.0f : 1.0f);
	streams[0].metric = METRIC_CPU;
	streams[0].kind = CHUNK_MEAN;
	cr_assert(zero(int, schema_run(db, "DELETE FROM chunk WHERE from_s % 21600 = 0")));
	cr_assert(zero(int, statement_chunk(db, 4, 10, from_s, bytes,
					    chunk_encode(streams, 1, CHUNK_POINTS, bytes))));

	cr_assert(zero(int, retain_fold(db, 4, 60, from_s)));
	cr_assert(eq(dbl, point(4, 60, from_s, METRIC_CPU, CHUNK_MEAN, 0), 2));
	cr_assert(eq(dbl, point(4, 60, from_s, METRIC_CPU, CHUNK_MAX, 0), 7));
	cr_assert(eq(dbl, point(4, 60, from_s, METRIC_CPU, CHUNK_MIN, 0), 1));
	cr_assert(eq(dbl, point(4, 60, from_s, METRIC_CPU, CHUNK_MEAN, 61), 2));
	cr_assert(isnan(point(4, 60, from_s, METRIC_CPU, CHUNK_MEAN, 180)),
		  "the hour that is missing");
	cr_assert(isnan(point(4, 60, from_s, METRIC_CPU, CHUNK_MAX, 239)));
	cr_assert(eq(dbl, point(4, 60, from_s, METRIC_CPU, CHUNK_MEAN, 359), 6));

	/* And on into ten minutes, of which the extremes are the minutes' extremes. */
	cr_assert(zero(int, retain_fold(db, 4, 600, from_s)));
	cr_assert(eq(dbl, point(4, 600, from_s, METRIC_CPU, CHUNK_MAX, 0), 7));
	cr_assert(eq(dbl, point(4, 600, from_s, METRIC_CPU, CHUNK_MIN, 0), 1));
	cr_assert(epsilon_eq(dbl, point(4, 600, from_s, METRIC_CPU, CHUNK_MEAN, 0), 1.1, 0.002));
}

Test(retain, codes_fold_into_the_last_one_and_never_into_a_mean)
{
	uint64_t from_s = FIRST_MINUTE * 60;

	for (size_t i = 0; i < CHUNK_POINTS; i++)
		streams[0].point[i] = small_from_float(i % 6 < 4 ? 24.0f : 9.0f);
	streams[0].metric = METRIC_FAILING_ERRNO;
	streams[0].kind = CHUNK_MEAN;
	cr_assert(zero(int, statement_chunk(db, 4, 10, from_s, bytes,
					    chunk_encode(streams, 1, CHUNK_POINTS, bytes))));
	cr_assert(zero(int, retain_fold(db, 4, 60, from_s)));
	cr_assert(eq(dbl, point(4, 60, from_s, METRIC_FAILING_ERRNO, CHUNK_MEAN, 7), 9));
	cr_assert(zero(int, retain_fold(db, 4, 600, from_s)));
	cr_assert(eq(dbl, point(4, 600, from_s, METRIC_FAILING_ERRNO, CHUNK_MEAN, 0), 9));
}

Test(retain, nothing_folds_into_nothing_and_a_damaged_chunk_is_a_hole)
{
	uint64_t from_s = FIRST_MINUTE * 60;

	cr_assert(zero(int, retain_fold(db, 4, 60, from_s)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk"), 0));
	add_chunk(4, 10, from_s, 1);
	add_chunk(4, 10, from_s + 3600, 1);
	cr_assert(zero(int, schema_run(db, "UPDATE chunk SET body = x'010600' "
					   "WHERE from_s % 7200 = 0")));
	cr_assert(zero(int, retain_fold(db, 4, 60, from_s)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk WHERE span_s = 60"), 1));
}

Test(retain, three_days_of_minutes_give_every_tier_its_chunks)
{
	uint64_t first = FIRST_MINUTE / 3600 * 3600 + 3600 + 1; /* unit 1's sixty hours begin */

	add_unit(1, 0);
	for (uint64_t minute = first; minute < first + UINT64_C(3) * 1440; minute++) {
		keep_minute(minute, 1);
		if (minute % 60 == 0) /* the other minutes are other units' turn */
			cr_assert(zero(int, minute_gather(db, minute + 1)));
		if (minute % 60 == 1)
			cr_assert(zero(int, retain_thin(db, minute * 60000)));
	}
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk WHERE span_s = 10"), 25),
		  "a day of them, and the hour since the last turn");
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk WHERE span_s = 60"), 11),
		  "the twelfth is folded at the next turn");
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk WHERE span_s = 600"), 1));
	cr_assert(eq(dbl, point(1, 600, first * 60, METRIC_CPU, CHUNK_MEAN, 359), 3.5));
	cr_assert(eq(dbl, point(1, 600, first * 60, METRIC_CPU, CHUNK_MAX, 0), 6));
}

Test(retain, each_resolution_is_kept_for_its_own_time)
{
	static const struct {
		uint32_t span_s;
		uint64_t kept_s;
	} tiers[] = { { 1, DAYS(7) / 1000 },
		      { 10, DAYS(1) / 1000 },
		      { 60, DAYS(30) / 1000 },
		      { 600, DAYS(90) / 1000 } };
	uint64_t now_s = (FIRST_MINUTE + 7) * 60;

	add_unit(7, NOON);
	add_unit(8, NOON);
	for (size_t i = 0; i < 4; i++) {
		add_chunk(7, tiers[i].span_s, now_s - tiers[i].kept_s - 1, 1);
		add_chunk(7, tiers[i].span_s, now_s - tiers[i].kept_s, 1);
		add_chunk(8, tiers[i].span_s, now_s - tiers[i].kept_s - 1, 1);
	}
	cr_assert(zero(int, retain_thin(db, now_s * 1000)));
	for (size_t i = 0; i < 4; i++) {
		cr_assert(not(has_chunk(7, tiers[i].span_s, now_s - tiers[i].kept_s - 1)));
		cr_assert(has_chunk(7, tiers[i].span_s, now_s - tiers[i].kept_s));
	}
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk WHERE unit = 8"), 4), "not its turn");
}

Test(retain, a_unit_is_forgotten_only_when_nothing_is_kept_of_it)
{
	add_unit(1, NOON - DAYS(91));
	add_unit(2, NOON - DAYS(91));
	add_unit(3, NOON - DAYS(89));
	add_chunk(2, 600, 5, 1);
	cr_assert(zero(int, schema_run(db, "INSERT INTO lesson VALUES (1, 0, 0, 0, x'00')")));
	cr_assert(zero(int, retain_units(db, NOON)));
	cr_assert(eq(i64, ask("SELECT group_concat(id, '') FROM unit"), 23));
	cr_assert(eq(i64, ask("SELECT count(*) FROM lesson"), 0));
}

Test(retain, room_is_made_of_the_oldest_and_only_at_the_bound)
{
	for (uint64_t i = 0; i < 300; i++)
		add_chunk((uint32_t)(i % 5), 10, 1000 - i, 1);
	cr_assert(zero(int, schema_run(db, "PRAGMA max_page_count = 100000")));
	cr_assert(eq(int, retain_make_room(db), -ENOSPC), "it is not the bound that was met");
	cr_assert(zero(int, schema_run(db, "PRAGMA max_page_count = 64")));
	cr_assert(zero(int, retain_make_room(db)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM chunk"), 44));
	cr_assert(eq(i64, ask("SELECT min(from_s) FROM chunk"), 1000 - 43));
}

Test(retain, without_telemetry_room_is_made_of_old_closed_incidents)
{
	char sql[1024];

	add_unit(1, NOON);
	for (int i = 1; i <= 3; i++) {
		(void)snprintf(
			sql, sizeof(sql),
			"INSERT INTO incident VALUES (%d,1,0,0,0,NULL,%s,'sick',0,'memory',"
			"'',NULL,NULL,NULL,0,'none','allowed',NULL,NULL);"
			"INSERT INTO evidence VALUES (%d,%d,0,0,1,'{}');"
			"INSERT INTO verdict (id, incident, unit, flags, when_ms, wall_ms, "
			"health, since_ms, learn_left_s, generation, rule, class, wants, on_fact, "
			"held_s, for_s) VALUES (%d,%d,1,0,0,0,'sick',0,0,0,'','memory','none',0,"
			"0,0);"
			"INSERT INTO symptom (verdict, rank, expert, unseen) VALUES (%d,0,'work',"
			"0);"
			"INSERT INTO decision VALUES (%d,%d,1,0,0,0,'restart','allowed','mock',"
			"0,NULL,'memory','',NULL,NULL,NULL,NULL,NULL,0,0,'');"
			"INSERT INTO attempt VALUES (%d,1,'mock',2,'done',0,0,0,0,0,'');"
			"INSERT INTO outcome VALUES (%d,1,0,0,0,'healed',NULL,NULL,NULL,NULL,"
			"NULL,NULL,NULL,0,NULL,NULL,NULL,'')",
			i, i == 2 ? "NULL" : "5", i, i, i, i, i, i, i, i, i);
		cr_assert(zero(int, schema_run(db, sql)), "%s", sqlite3_errmsg(db));
	}
	cr_assert(zero(int, schema_run(db, "PRAGMA foreign_keys = ON")));
	cr_assert(zero(int, schema_run(db, "PRAGMA max_page_count = 64")));
	cr_assert(zero(int, retain_make_room(db)));
	cr_assert(eq(i64, ask("SELECT group_concat(id) FROM incident"), 2), "the open one stays");
	cr_assert(eq(i64, ask("SELECT count(*) FROM decision"), 1));
	cr_assert(eq(i64, ask("SELECT count(*) FROM outcome"), 1));
	cr_assert(eq(i64, ask("SELECT group_concat(verdict) FROM symptom"), 2));
	cr_assert(eq(i64, ask("SELECT group_concat(incident) FROM evidence"), 2));
	cr_assert(eq(int, retain_make_room(db), -ENOSPC), "nothing is left that may go");
	cr_assert(ne(int, sqlite3_get_autocommit(db), 0));
}

static void add_edge(uint32_t client, uint64_t last_wall_ms)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO edge VALUES (%u, 1, 'tcp', 80, 0, 5, %llu, %llu)", client,
		       (unsigned long long)last_wall_ms, (unsigned long long)last_wall_ms);
	cr_assert(zero(int, schema_run(db, sql)));
}

Test(retain, an_edge_is_forgotten_thirty_days_after_it_was_seen_last)
{
	add_edge(1, NOON - DAYS(30) - 1);
	add_edge(2, NOON - DAYS(30));
	add_edge(3, NOON);
	cr_assert(zero(int, retain_edges(db, NOON)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM edge"), 2));
	cr_assert(eq(i64, ask("SELECT min(client) FROM edge"), 2));
}

Test(retain, of_too_many_edges_the_oldest_go)
{
	cr_assert(zero(int, schema_run(db, "BEGIN")));
	for (uint32_t i = 0; i < EDGES_MAX + 10; i++)
		add_edge(i, NOON - i);
	cr_assert(zero(int, schema_run(db, "COMMIT")));
	cr_assert(zero(int, retain_edges(db, NOON)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM edge"), EDGES_MAX));
	cr_assert(eq(i64, ask("SELECT max(client) FROM edge"), EDGES_MAX - 1));
	cr_assert(zero(int, retain_edges(db, NOON)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM edge"), EDGES_MAX));
}

Test(retain, of_too_many_edges_those_that_only_tell_an_order_go_first)
{
	cr_assert(zero(int, schema_run(db, "BEGIN")));
	for (uint32_t i = 0; i < EDGES_MAX + 10; i++)
		add_edge(i, NOON - 1);
	cr_assert(zero(int, schema_run(db, "UPDATE edge SET kind = 'after', last_wall_ms = "
					   "last_wall_ms + 1 WHERE client < 7; COMMIT")));
	cr_assert(zero(int, retain_edges(db, NOON)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM edge"), EDGES_MAX));
	cr_assert(zero(i64, ask("SELECT count(*) FROM edge WHERE kind = 'after'")));
}

Test(retain, edges_make_room_after_telemetry_and_before_incidents)
{
	add_unit(1, NOON);
	for (uint32_t i = 0; i < 300; i++)
		add_edge(i, NOON - i);
	add_chunk(1, 10, 5, 1);
	cr_assert(zero(int, schema_run(db, "INSERT INTO incident VALUES (1,1,0,0,0,5,5,'sick',0,"
					   "'memory','',NULL,NULL,NULL,0,'none','allowed',"
					   "NULL,NULL);"
					   "PRAGMA max_page_count = 64")));
	cr_assert(zero(int, retain_make_room(db)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM edge"), 300));
	cr_assert(zero(int, retain_make_room(db)));
	cr_assert(eq(i64, ask("SELECT count(*) FROM edge"), 44));
	cr_assert(eq(i64, ask("SELECT max(client) FROM edge"), 43));
	cr_assert(zero(int, retain_make_room(db)));
	cr_assert(zero(i64, ask("SELECT count(*) FROM edge")));
	cr_assert(eq(i64, ask("SELECT count(*) FROM incident"), 1));
}

Test(retain, a_checkpoint_leaves_its_pulse)
{
	cr_assert(zero(int, retain_checkpoint(db, 5)));
	cr_assert(zero(int, retain_checkpoint(db, 6)));
	cr_assert(eq(i64, ask("SELECT checkpoint_wall_ms FROM pulse"), 6));
}
