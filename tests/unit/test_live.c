/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The present: what is published is what a reader sees. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_store.h"
#include "store/live.h"
#include "store/reader.h"
#include "tests/unit/assertion.h"

TestSuite(live, .init = place_make, .fini = place_remove);

static struct keeper keeper_at(uint64_t tick)
{
	return (struct keeper) {
		.pid = 4711,
		.started_wall_ms = NOON,
		.at_wall_ms = NOON + tick * 1000,
		.n_ticks = tick,
		.n_units = 2,
		.n_unwatched = 3,
		.tier = 2,
		.limit = "no BTF: \x1b[31m",
		.walk_every_ms = 3000,
		.source = "systemd",
		.mode = "mock",
		.simulates = true,
		.speed = 10,
		.n_lost = 5,
		.cpu_us = 123456,
		.tick_us = 789,
		.store = STORE_FULL,
		.distrust_until_wall_ms = NOON + 60000,
	};
}

static struct present present_of(uint32_t unit, uint64_t tick)
{
	struct present present = {
		.status = {
			.unit = unit, .kind = UNIT_KIND_SCOPE, .active = UNIT_ACTIVE_RELOADING,
			.flags = UNIT_SYNTHETIC | UNIT_MASKED, .n_restarts = 3, .main_pid = 99,
			.cgroup_id = UINT64_C(0xf000000000000001), .identity = UINT64_MAX,
			.changed_ms = 77, .invocation = { 1, [15] = 2 },
			.aliases = "a.service b.service", .cgroup = "/system.slice/\"x\"",
		},
		.verdict = {
			.unit = unit, .flags = SAMPLE_DISTURBED, .health = HEALTH_UNUSUAL,
			.since_ms = 5, .learn_left_s = 6, .score = 0.8125f, .threshold = 0.75f,
			.generation = 7, .lead = METRIC_PSI_IO_FULL, .lead_share = 0.5f,
			.lead_value = 0.4, .lead_expected = (double)NAN, .lead_deviation = -3.25f,
			.lead_limit = 512e6, .left_soonest_s = 540.5, .left_latest_s = 780.25,
			.rule = "leak", .class = FAULT_CLASS_HANG, .wants = ACTION_RESTART,
			.on_fact = true, .held_s = 8, .for_s = 20,
		},
		.why = WHY_UNTOUCHABLE, .age_s = 12345, .incident = 17,
	};

	(void)snprintf(present.status.name, UNIT_NAME_SIZE, "unit-%u.service", unit);
	present.sample = place_sample(unit, NOON + tick * 1000, 0.1 + unit);
	present.sample.flags = SAMPLE_LOSSY;
	present.sample.invocation[3] = 4;
	present.sample.age_s[METRIC_RSS] = UINT8_MAX;
	present.verdict.when_ms = present.sample.when_ms;
	present.verdict.wall_ms = present.sample.wall_ms;
	return present;
}

static char *present_text(const struct present *present)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reader_json_present(out, present);
	(void)fclose(out);
	return text;
}

Test(live, what_is_published_is_read_back_in_every_field)
{
	CLEANUP(live_closep) struct live *live = NULL;
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct present both[2] = { present_of(1, 0), present_of(2, 0) }, *seen = NULL;
	struct keeper keeper = keeper_at(0), kept;
	char *before, *after;
	size_t n = 0;

	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(zero(int, live_publish(live, &keeper, both, 2)));
	cr_assert(zero(int, reader_open(NULL, place("live.db"), &reader)), "%s", reader_problem());
	cr_assert(zero(int, reader_present(reader, &seen, &n)));
	cr_assert(eq(sz, n, 2));
	for (size_t i = 0; i < 2; i++) {
		before = present_text(&both[i]);
		after = present_text(&seen[i]);
		cr_assert(eq(str, after, before));
		free(before);
		free(after);
	}
	cr_assert(zero(int, reader_keeper(reader, &kept)));
	cr_assert(zero(int, memcmp(kept.limit, keeper.limit, sizeof(kept.limit))));
	cr_assert(eq(u64, kept.at_wall_ms, keeper.at_wall_ms));
	cr_assert(eq(u64, kept.distrust_until_wall_ms, keeper.distrust_until_wall_ms));
	cr_assert(eq(int, kept.store, STORE_FULL));
	cr_assert(eq(u32, kept.speed, 10));
	cr_assert(eq(u32, kept.n_units, 2));
	cr_assert(eq(u32, kept.n_unwatched, 3));
	cr_assert(eq(u32, kept.walk_every_ms, 3000));
	cr_assert(eq(u32, kept.tier, 2));
	free(seen);
}

Test(live, units_that_are_gone_leave_the_present)
{
	CLEANUP(live_closep) struct live *live = NULL;
	struct present both[2] = { present_of(1, 0), present_of(2, 0) };
	struct keeper keeper = keeper_at(0);

	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(zero(int, live_publish(live, &keeper, both, 2)));
	keeper = keeper_at(1);
	cr_assert(zero(int, live_publish(live, &keeper, both + 1, 1)));
	cr_assert(eq(i64, place_ask("live.db", "SELECT group_concat(unit) FROM unit_now"), 2));
	keeper = keeper_at(2);
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	cr_assert(eq(i64, place_ask("live.db", "SELECT count(*) FROM unit_now"), 0));
}

Test(live, the_ring_holds_ten_minutes)
{
	CLEANUP(live_closep) struct live *live = NULL;
	struct present present = present_of(1, 0);

	cr_assert(zero(int, live_open(place("live.db"), &live)));
	for (uint64_t tick = 0; tick < LIVE_TICKS + 5; tick++) {
		struct keeper keeper = keeper_at(tick);

		cr_assert(zero(int, live_publish(live, &keeper, &present, 1)));
	}
	cr_assert(eq(i64, place_ask("live.db", "SELECT count(*) FROM ring"), LIVE_TICKS));
	cr_assert(eq(i64, place_ask("live.db", "SELECT min(at_ms) FROM ring"), NOON + 5000));
	cr_assert(eq(i64, place_ask("live.db", "SELECT length(body) FROM ring"), 4 + 2 * METRIC_N));
}

Test(live, a_file_that_is_broken_or_not_ours_or_a_link_is_made_anew)
{
	static const char *const kinds[] = { "rubbish", "song", "link", "newer", "older" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		CLEANUP(live_closep) struct live *live = NULL;
		struct keeper keeper = keeper_at(0);

		(void)unlink(place("live.db"));
		if (strcmp(kinds[i], "rubbish") == 0)
			place_write("live.db", "this is no database at all, not at all", 38);
		if (strcmp(kinds[i], "link") == 0)
			cr_assert(zero(int, symlink("/etc/hostname", place("live.db"))));
		if (strcmp(kinds[i], "song") == 0) {
			place_write("live.db", "", 0);
			(void)place_ask("live.db", "CREATE TABLE song (title TEXT)");
		}
		if (strcmp(kinds[i], "newer") == 0) {
			cr_assert(zero(int, live_open(place("live.db"), &live)));
			live = live_close(live);
			(void)place_ask("live.db", "PRAGMA user_version = 99");
		}
		if (strcmp(kinds[i], "older") == 0) {
			cr_assert(zero(int, live_open(place("live.db"), &live)));
			live = live_close(live);
			(void)place_ask("live.db", "ALTER TABLE keeper DROP COLUMN n_unwatched");
		}
		cr_assert(zero(int, live_open(place("live.db"), &live)), "%s", kinds[i]);
		cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)), "%s", kinds[i]);
		cr_assert(eq(i64, place_ask("live.db", "SELECT pid FROM keeper"), 4711), "%s",
			  kinds[i]);
	}
}

Test(live, it_survives_its_writer_with_its_log_and_closed_to_others)
{
	CLEANUP(live_closep) struct live *live = NULL;
	struct keeper keeper = keeper_at(3);
	struct stat status;

	(void)umask(0);
	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	live = live_close(live);
	cr_assert(place_has("live.db-wal") && place_has("live.db-shm"));
	cr_assert(zero(int, stat(place("live.db-wal"), &status)));
	cr_assert(eq(u32, status.st_mode & 0777, 0640));
	cr_assert(eq(i64, place_ask("live.db", "SELECT n_ticks FROM keeper"), 3));
	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(eq(i64, place_ask("live.db", "SELECT n_ticks FROM keeper"), 3));
}

Test(live, a_strangers_lock_costs_a_tick_and_no_time)
{
	CLEANUP(live_closep) struct live *live = NULL;
	struct keeper keeper = keeper_at(1);
	sqlite3 *stranger = NULL;

	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(eq(int, sqlite3_open(place("live.db"), &stranger), SQLITE_OK));
	cr_assert(eq(int, sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK));
	cr_assert(eq(int, live_publish(live, &keeper, NULL, 0), -EBUSY));
	cr_assert(eq(int, sqlite3_exec(stranger, "COMMIT", NULL, NULL, NULL), SQLITE_OK));
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	(void)sqlite3_close(stranger);
}

static struct signals signals_of(struct reader *reader)
{
	struct signals signals;

	cr_assert(zero(int, reader_signals(reader, &signals)));
	return signals;
}

Test(live, sources_are_published_with_the_tick_and_those_before_are_gone)
{
	CLEANUP(live_closep) struct live *live = NULL;
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct keeper keeper = keeper_at(0);
	struct signals told, read;

	signals_clear(&told);
	told.n_units[METRIC_CPU][SIGNAL_ITERATORS] = 7;
	told.n_units[METRIC_CPU][SIGNAL_PROC] = 2;
	told.host[METRIC_CPU] = SIGNAL_PROC;
	told.host[METRIC_MEMORY] = SIGNAL_PROC;
	cr_assert(zero(int, live_open(place("live.db"), &live)));
	live_set_signals(live, &told);
	cr_assert(eq(i64, place_ask("live.db", "SELECT count(*) FROM signal"), 0), "not yet");
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	cr_assert(zero(int, reader_open(NULL, place("live.db"), &reader)), "%s", reader_problem());
	read = signals_of(reader);
	cr_assert(zero(int, memcmp(&read, &told, sizeof(read))));

	live = live_close(live); /* the next daemon knows nothing of them */
	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	cr_assert(eq(i64, place_ask("live.db", "SELECT count(*) FROM signal"), 0));
}

Test(live, sources_that_were_not_published_are_told_at_the_next_tick)
{
	CLEANUP(live_closep) struct live *live = NULL;
	struct keeper keeper = keeper_at(0);
	struct signals told;
	sqlite3 *stranger = NULL;

	signals_clear(&told);
	told.n_units[METRIC_CPU][SIGNAL_PROC] = 2;
	cr_assert(zero(int, live_open(place("live.db"), &live)));
	live_set_signals(live, &told);
	cr_assert(eq(int, sqlite3_open(place("live.db"), &stranger), SQLITE_OK));
	cr_assert(eq(int, sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK));
	cr_assert(eq(int, live_publish(live, &keeper, NULL, 0), -EBUSY));
	cr_assert(eq(int, sqlite3_exec(stranger, "COMMIT", NULL, NULL, NULL), SQLITE_OK));
	(void)sqlite3_close(stranger);
	live_set_signals(live, &told);
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	cr_assert(eq(i64, place_ask("live.db", "SELECT n_units FROM signal"), 2));
}

Test(live, sources_that_nobody_wrote_are_passed_over)
{
	CLEANUP(live_closep) struct live *live = NULL;
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct keeper keeper = keeper_at(0);
	struct signals read;

	cr_assert(zero(int, live_open(place("live.db"), &live)));
	cr_assert(zero(int, live_publish(live, &keeper, NULL, 0)));
	(void)place_ask("live.db", "INSERT INTO signal VALUES ('cpu', 'proc', 3, 0), "
				   "('cpu', 'hearsay', 3, 0), ('luck', 'proc', 3, 0), "
				   "('rss', 'proc', -1, 0), ('swap', 'proc', 5000000000, 1)");
	cr_assert(zero(int, reader_open(NULL, place("live.db"), &reader)), "%s", reader_problem());
	read = signals_of(reader);
	cr_assert(eq(u32, read.n_units[METRIC_CPU][SIGNAL_PROC], 3));
	cr_assert(zero(u32, read.n_units[METRIC_RSS][SIGNAL_PROC]));
	cr_assert(eq(u32, read.host[METRIC_SWAP], SIGNAL_SOURCE_N));
	cr_assert(ne(ptr, (void *)reader_notice(reader), NULL));
}
