/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples to minutes, hours and detail, through the whole of the writer. */
#include <criterion/criterion.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "fixture_store.h"
#include "store/chunk.h"
#include "store/writer.h"
#include "tests/unit/assertion.h"

TestSuite(writer_course, .init = place_make, .fini = place_remove);

Test(writer_course, samples_become_minutes_and_hours)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t unit = writer_number("shop.service", writer);
	uint64_t hour = NOON + 60000; /* unit 1's hour begins with the minute 1 */
	static struct chunk_stream streams[CHUNK_STREAMS_MAX];
	sqlite3_stmt *select = NULL;
	sqlite3 *db = NULL;
	size_t n, n_points;

	for (uint64_t second = 0; second <= 3660; second++) {
		uint64_t tenth = second / 10;
		struct sample sample = place_sample(unit, hour + second * 1000, (double)tenth);

		sample_set(&sample, METRIC_FAILING_ERRNO, second % 10 < 7 ? 24 : 9);
		if (second / 60 == 30)
			continue; /* nobody looked */
		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM tail"), 61),
		  "the minute that was begun is kept too");
	cr_assert(eq(int, sqlite3_open(PAST, &db), SQLITE_OK));
	cr_assert(eq(int,
		     sqlite3_prepare_v2(db, "SELECT body, from_s FROM chunk WHERE span_s = 10", -1,
					&select, NULL),
		     SQLITE_OK));
	cr_assert(eq(int, sqlite3_step(select), SQLITE_ROW));
	cr_assert(eq(i64, sqlite3_column_int64(select, 1), (int64_t)(hour / 1000)));
	cr_assert(zero(int, chunk_decode(sqlite3_column_blob(select, 0),
					 (size_t)sqlite3_column_bytes(select, 0), streams, &n,
					 &n_points)));
	cr_assert(eq(sz, n, 4));
	for (size_t i = 0; i < 360; i++) {
		if (i / 6 == 30) {
			cr_assert(eq(u16, streams[0].point[i], SMALL_UNKNOWN));
			continue;
		}
		cr_assert(eq(dbl, small_to_float(streams[0].point[i]), (double)i));
		cr_assert(eq(u8, streams[2].metric, METRIC_FORKS));
		cr_assert(eq(u8, streams[3].metric, METRIC_FAILING_ERRNO));
		cr_assert(eq(dbl, small_to_float(streams[3].point[i]), 9),
			  "of codes the last, and no mean");
		cr_assert(eq(dbl, small_to_float(streams[2].point[i]), 2), "per second");
	}
	(void)sqlite3_finalize(select);
	(void)sqlite3_close(db);
}

Test(writer_course, hours_that_ended_while_it_was_away_are_written_when_it_is_back)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t unit = writer_number("shop.service", writer);

	for (uint64_t second = 0; second < 1800; second++) {
		struct sample sample = place_sample(unit, NOON + 60000 + second * 1000, 1);

		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM chunk"), 0));

	/* Its next turn but one is thirty hours later, when a day's old 10 s chunks are deleted. */
	writer = place_begin(BOUND);
	for (uint64_t second = 0; second < 121; second++) {
		struct sample sample = place_sample(unit, NOON + HOURS(30) + second * 1000, 1);

		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	(void)writer_close(writer);
	cr_assert(eq(i64,
		     place_ask("selfheal.db", "SELECT count(*) FROM chunk WHERE span_s = 60 "
					      "AND from_s = 1764590400 + 60"),
		     1));
	cr_assert(eq(i64,
		     place_ask("selfheal.db", "SELECT count(*) FROM chunk WHERE span_s = 10 "
					      "AND from_s = 1764590400 + 60"),
		     0));
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM tail"), 3));
}

Test(writer_course, a_wall_clock_that_steps_back_loses_no_minute_before)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t unit = writer_number("shop.service", writer);

	for (int pass = 0; pass < 2; pass++) {
		for (uint64_t second = 0; second < 300; second++) {
			struct sample sample =
				place_sample(unit, NOON + second * 1000, pass == 0 ? 1 : 2);

			cr_assert(zero(int, writer_samples(writer, &sample, 1)));
		}
	}
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM tail"), 5));
}

Test(writer_course, detail_is_the_last_two_minutes_at_one_hertz)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t unit = writer_number("shop.service", writer);
	static struct chunk_stream streams[CHUNK_STREAMS_MAX];
	sqlite3_stmt *select = NULL;
	sqlite3 *db = NULL;
	size_t n, n_points;

	cr_assert(zero(int, writer_detail(writer, 77)), "a unit without samples has none");
	for (uint64_t second = 0; second < 200; second++) {
		struct sample sample = place_sample(unit, NOON + second * 1000, (double)second);

		if (second == 150)
			continue;
		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	cr_assert(zero(int, writer_detail(writer, unit)));
	cr_assert(zero(int, writer_detail(writer, unit)), "twice in a second is once");
	(void)writer_close(writer);
	cr_assert(eq(int, sqlite3_open(PAST, &db), SQLITE_OK));
	cr_assert(eq(int,
		     sqlite3_prepare_v2(db,
					"SELECT body FROM chunk WHERE span_s = 1 AND from_s = "
					"1764590400 + 80",
					-1, &select, NULL),
		     SQLITE_OK));
	cr_assert(eq(int, sqlite3_step(select), SQLITE_ROW));
	cr_assert(zero(int, chunk_decode(sqlite3_column_blob(select, 0),
					 (size_t)sqlite3_column_bytes(select, 0), streams, &n,
					 &n_points)));
	cr_assert(eq(sz, n_points, 120));
	cr_assert(eq(dbl, small_to_float(streams[0].point[0]), 80));
	cr_assert(eq(dbl, small_to_float(streams[0].point[119]), 199));
	cr_assert(eq(u16, streams[0].point[70], SMALL_UNKNOWN));
	(void)sqlite3_finalize(select);
	(void)sqlite3_close(db);
}
