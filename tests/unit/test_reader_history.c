/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was measured, told again: the finest points of each stretch, in the order of time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_store.h"
#include "store/chunk.h"
#include "store/minute.h"
#include "store/reader.h"
#include "store/schema.h"
#include "store/statement.h"
#include "tests/unit/assertion.h"

/* A whole hour, six hours and sixty of them begin here. */
#define BEGIN UINT64_C(1764576000)
#define HOUR  UINT64_C(3600)

static sqlite3 *db;
static struct reader *reader;
static struct history *history;
static uint64_t since_s, until_s;

static void begin(void)
{
	place_make();
	since_s = 0;
	until_s = BEGIN + 1000 * HOUR;
	cr_assert(eq(int, sqlite3_open(PAST, &db), SQLITE_OK));
	cr_assert(zero(int, schema_prepare(db)));
}

static void end(void)
{
	history = history_close(history);
	reader = reader_close(reader);
	(void)sqlite3_close(db);
	place_remove();
}

TestSuite(history, .init = begin, .fini = end);

static void run(const char *sql)
{
	cr_assert(zero(int, schema_run(db, sql)), "%s: %s", sql, sqlite3_errmsg(db));
}

/* n points of one metric, `first` and then as many less; those that are NAN are unknown. */
static void put(uint32_t unit, uint32_t span_s, uint64_t from_s, size_t n, enum metric metric,
		float value)
{
	static struct chunk_stream stream;
	static uint8_t bytes[8 * 1024];

	stream.metric = (uint8_t)metric;
	stream.kind = CHUNK_MEAN;
	for (size_t i = 0; i < n; i++)
		stream.point[i] = small_from_float(value);
	cr_assert(zero(int, statement_chunk(db, unit, span_s, from_s, bytes,
					    chunk_encode(&stream, 1, n, bytes))));
}

static void put_minute(uint64_t minute, uint32_t unit, float value)
{
	static struct chunk_stream stream;
	uint8_t bytes[1024];

	stream.metric = METRIC_CPU;
	stream.kind = CHUNK_MEAN;
	for (size_t i = 0; i < MINUTE_POINTS; i++)
		stream.point[i] = small_from_float(value);
	cr_assert(zero(int, minute_keep(db, minute, bytes, minute_put(unit, &stream, 1, bytes))));
}

static void open_history(const uint32_t *units, size_t n)
{
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)), "%s", reader_problem());
	cr_assert(zero(int, history_open(reader, units, n, since_s, until_s, &history)));
}

static void open_unit(uint32_t unit)
{
	open_history(&unit, 1);
}

/* How many samples are left; and that they come in the order of time and do not overlap. */
static size_t rest(void)
{
	uint64_t told_ms = 0;
	struct sample sample;
	size_t n = 0, nth;
	int r;

	while ((r = history_next(history, &sample, &nth)) > 0) {
		cr_assert(ge(u64, sample.wall_ms - sample.span_ms, told_ms));
		told_ms = sample.wall_ms;
		n++;
	}
	cr_assert(zero(int, r));
	return n;
}

static struct sample next(void)
{
	struct sample sample = { 0 };
	size_t nth;

	cr_assert(eq(int, history_next(history, &sample, &nth), 1));
	return sample;
}

Test(history, of_a_unit_that_was_not_measured_there_is_none)
{
	open_unit(1);
	cr_assert(zero(sz, rest()));
	cr_assert(eq(dbl, history_progress(history), 1));
}

Test(history, a_point_is_a_sample_that_was_taken_at_its_end)
{
	struct sample sample;

	put(1, 10, BEGIN, 360, METRIC_CPU, 0.25f);
	open_unit(1);
	sample = next();
	cr_assert(eq(u64, sample.wall_ms, (BEGIN + 10) * 1000));
	cr_assert(eq(u64, sample.when_ms, sample.wall_ms));
	cr_assert(eq(u32, sample.span_ms, 10000));
	cr_assert(eq(u64, sample.have, METRIC_BIT(METRIC_CPU)));
	cr_assert(eq(dbl, sample.value[METRIC_CPU], 0.25));
	cr_assert(eq(sz, rest(), 359));
}

Test(history, counts_are_of_the_span_again_and_whole_where_they_were)
{
	put(1, 10, BEGIN, 1, METRIC_OOM_KILLS, 0.1f);
	put(1, 10, BEGIN + 10, 1, METRIC_OOM_KILLS, 0.15f);
	open_unit(1);
	cr_assert(eq(dbl, next().value[METRIC_OOM_KILLS], 1));
	cr_assert(epsilon_eq(dbl, next().value[METRIC_OOM_KILLS], 1.5, 0.01));
}

Test(history, of_each_stretch_the_finest_points_are_told)
{
	struct sample sample;

	put(1, 60, BEGIN, 360, METRIC_CPU, 60);
	put(1, 10, BEGIN + HOUR, 360, METRIC_CPU, 10);
	put(1, 1, BEGIN + HOUR + 600, 120, METRIC_CPU, 1);
	open_unit(1);
	for (size_t i = 0; i < 60; i++)
		cr_assert(eq(dbl, next().value[METRIC_CPU], 60));
	for (size_t i = 0; i < 60; i++)
		cr_assert(eq(dbl, next().value[METRIC_CPU], 10));
	for (size_t i = 0; i < 120; i++) {
		sample = next();
		cr_assert(eq(dbl, sample.value[METRIC_CPU], 1));
		cr_assert(eq(u32, sample.span_ms, 1000));
	}
	cr_assert(eq(sz, rest(), 360 - 60 - 12 + 4 * 60));
}

Test(history, a_point_of_which_a_finer_one_knows_a_part_is_left_out)
{
	put(1, 10, BEGIN, 360, METRIC_CPU, 10);
	put(1, 1, BEGIN + 13, 4, METRIC_CPU, 1); /* within the second point */
	open_unit(1);
	cr_assert(eq(u32, next().span_ms, 10000));
	cr_assert(eq(u32, next().span_ms, 1000));
	cr_assert(eq(sz, rest(), 3 + 358));
}

Test(history, chunks_of_one_span_that_overlap_tell_no_second_twice)
{
	put(1, 1, BEGIN, 120, METRIC_CPU, 1);
	put(1, 1, BEGIN + 60, 120, METRIC_CPU, 2);
	open_unit(1);
	cr_assert(eq(sz, rest(), 180));
}

Test(history, the_last_two_hours_come_from_the_tail)
{
	put(1, 10, BEGIN, 360, METRIC_CPU, 1);
	put_minute((BEGIN + HOUR) / 60 - 1, 1, 1); /* the hour made of it is written already */
	put_minute((BEGIN + HOUR) / 60, 1, 2);
	put_minute((BEGIN + HOUR) / 60 + 2, 1, 3);
	put_minute((BEGIN + HOUR) / 60 + 3, 2, 4); /* another's */
	open_unit(1);
	cr_assert(eq(sz, rest(), 360 + 6 + 6));
}

Test(history, what_is_not_known_has_no_sample)
{
	put(1, 10, BEGIN, 3, METRIC_CPU, 1);
	put(1, 10, BEGIN + 60, 3, METRIC_CPU, NAN);
	put(1, 10, BEGIN + 120, 3, METRIC_CPU, 1);
	open_unit(1);
	cr_assert(eq(sz, rest(), 6));
}

Test(history, only_what_lies_between_the_two_moments_is_told)
{
	put(1, 10, BEGIN, 360, METRIC_CPU, 1);
	since_s = BEGIN + 605; /* a point that began before is not told */
	until_s = BEGIN + 1205;
	open_unit(1);
	cr_assert(eq(u64, next().wall_ms, (BEGIN + 620) * 1000));
	cr_assert(eq(sz, rest(), 58));
}

Test(history, units_are_told_together_in_the_order_of_time)
{
	const uint32_t units[] = { 3, 1, 2 };
	struct sample sample;
	uint64_t last_ms = 0;
	size_t nth, n[3] = { 0 };

	put(1, 10, BEGIN, 360, METRIC_CPU, 1);
	put(2, 60, BEGIN, 60, METRIC_CPU, 2);
	put(3, 1, BEGIN + 30, 120, METRIC_CPU, 3);
	open_history(units, 3);
	while (history_next(history, &sample, &nth) > 0) {
		cr_assert(ge(u64, sample.wall_ms, last_ms));
		cr_assert(eq(u32, sample.unit, units[nth]));
		cr_assert(eq(dbl, sample.value[METRIC_CPU], units[nth]));
		last_ms = sample.wall_ms;
		n[nth]++;
	}
	cr_assert(eq(sz, n[0], 120));
	cr_assert(eq(sz, n[1], 360));
	cr_assert(eq(sz, n[2], 60));
	cr_assert(eq(dbl, history_progress(history), 1));
}

Test(history, damaged_chunks_are_passed_over_and_that_is_said)
{
	put(1, 10, BEGIN, 360, METRIC_CPU, 1);
	put(1, 10, BEGIN + HOUR, 360, METRIC_CPU, 1);
	put(1, 10, BEGIN + 2 * HOUR, 360, METRIC_CPU, 1);
	run("UPDATE chunk SET body = x'0102' WHERE from_s = 1764579600");
	open_unit(1);
	cr_assert(eq(sz, rest(), 720));
	cr_assert(eq(str, (char *)reader_notice(reader), "some rows are damaged and not shown"));
}

Test(history, a_damaged_minute_of_the_tail_is_passed_over)
{
	put_minute(BEGIN / 60, 1, 2);
	put_minute(BEGIN / 60 + 1, 1, 2);
	put_minute(BEGIN / 60 + 2, 1, 2);
	run("UPDATE tail SET body = substr(body, 1, 9) WHERE minute = 29409601");
	open_unit(1);
	cr_assert(eq(sz, rest(), 12));
	cr_assert(eq(str, (char *)reader_notice(reader), "some rows are damaged and not shown"));
}

Test(history, what_nothing_can_have_measured_is_unknown)
{
	put(1, 10, BEGIN, 3, METRIC_CPU, -1);
	put(1, 10, BEGIN + HOUR, 1, (enum metric)200, 1);
	open_unit(1);
	cr_assert(zero(sz, rest()));
}

Test(history, rows_of_impossible_times_are_not_told)
{
	put(1, 10, BEGIN, 3, METRIC_CPU, 1);
	run("INSERT INTO chunk SELECT unit, span_s, -5, body FROM chunk LIMIT 1");
	run("INSERT INTO chunk SELECT unit, span_s, 9223372036854775807, body FROM chunk LIMIT 1");
	run("INSERT INTO tail VALUES (-1, x'00'), (9223372036854775807, x'00')");
	open_unit(1);
	cr_assert(eq(sz, rest(), 3));
}

Test(history, unit_names_come_in_their_order)
{
	CLEANUP(cleanup_free) struct known_unit *units = NULL;
	size_t n = 0;

	run("INSERT INTO unit VALUES (7, 'b.service', 0), (9, 'a.service', 0), (-1, 'c.service', "
	    "0)");
	open_unit(7);
	cr_assert(zero(int, reader_units(reader, &units, &n)));
	cr_assert(eq(sz, n, 2), "a number that no writer gives is passed over");
	cr_assert(eq(str, units[0].name, "a.service"));
	cr_assert(eq(u32, units[1].unit, 7));
}

static void add_attempt(int decision, const char *result, int took_ms)
{
	char sql[512];

	(void)snprintf(
		sql, sizeof(sql),
		"INSERT INTO attempt VALUES (%d, 7, 'systemd', 2, '%s', 1, 1000, 9, 2, %d, '')",
		decision, result, 1000 + took_ms);
	run(sql);
}

Test(history, a_restart_takes_the_median_of_those_that_were_done)
{
	uint64_t ms = 0;

	run("PRAGMA foreign_keys = OFF");
	open_unit(7);
	cr_assert(eq(int, reader_restart_ms(reader, 7, &ms), -ENODATA));
	add_attempt(1, "done", 900);
	add_attempt(2, "done", 5000);
	add_attempt(3, "done", 700);
	add_attempt(4, "timeout", 90000);
	add_attempt(5, "mocked", 1);
	add_attempt(6, "done", -500);
	cr_assert(zero(int, reader_restart_ms(reader, 7, &ms)));
	cr_assert(eq(u64, ms, 900));
	cr_assert(eq(int, reader_restart_ms(reader, 8, &ms), -ENODATA));
}

Test(history, a_reload_tells_nothing_of_what_a_restart_takes)
{
	uint64_t ms = 0;

	run("PRAGMA foreign_keys = OFF");
	open_unit(7);
	add_attempt(1, "done", 20);
	add_attempt(2, "done", 900);
	run("INSERT INTO decision (id, incident, unit, flags, when_ms, wall_ms, action, why, way, "
	    "budget_left, class, rule) SELECT id, 1, 7, 0, 1, 1, action, 'allowed', 'systemd', 0, "
	    "'memory', '' FROM (SELECT 1 AS id, 'reload' AS action UNION SELECT 2, 'restart')");
	cr_assert(zero(int, reader_restart_ms(reader, 7, &ms)));
	cr_assert(eq(u64, ms, 900));
}
