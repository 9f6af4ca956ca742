/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stored history through the judge, beside what really happened. */
#include <criterion/criterion.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/replay_lines.h"
#include "cli/replay_report.h"
#include "fixture.h"
#include "fixture_store.h"
#include "store/chunk.h"
#include "store/schema.h"
#include "store/statement.h"
#include "tests/unit/assertion.h"

#define BEGIN  UINT64_C(1764576000) /* an hour begins */
#define HOUR   UINT64_C(3600)
#define LEAK_S (BEGIN + 3 * HOUR) /* the rss grows by 1 MiB a second for ten minutes */

static sqlite3 *db;
static struct reader *reader;
static struct config config;
static struct rulebook rulebook;
static struct replay replay;
static char *text;

static void begin(void)
{
	place_make();
	cr_assert(eq(int, sqlite3_open(PAST, &db), SQLITE_OK));
	cr_assert(zero(int, schema_prepare(db)));
	config = fixture_config();
	config.trust_s =
		0; /* in its first day a rule on statistics waits for longer than that leak lasts */
	rulebook = (struct rulebook) { .n = 1, .rule = { fixture_memory_rule() } };
	replay = (struct replay) { .config = &config,
				   .rulebook = &rulebook,
				   .until_ms = (BEGIN + 24 * HOUR) * 1000 };
}

static void end(void)
{
	replay_clear(&replay);
	reader = reader_close(reader);
	(void)sqlite3_close(db);
	free(text);
	place_remove();
}

TestSuite(replay, .init = begin, .fini = end);

static void run(const char *sql)
{
	cr_assert(zero(int, schema_run(db, sql)), "%s: %s", sql, sqlite3_errmsg(db));
}

/* A number below 1 that looks like chance, the same for the same i. */
static double noise(size_t i)
{
	return (double)(i * 7919 % 101) / 101;
}

static void put_points(uint32_t unit, uint32_t span_s, uint64_t from_s, uint64_t leak_s)
{
	static struct chunk_stream streams[3];
	static uint8_t bytes[16 * 1024];

	streams[0].metric = METRIC_CPU;
	streams[1].metric = METRIC_RSS;
	streams[2].metric = METRIC_THREADS;
	for (size_t i = 0; i < CHUNK_POINTS; i++) {
		uint64_t at_s = from_s + i * span_s;
		double leaked = at_s >= leak_s && at_s < leak_s + 600 ? (double)(at_s - leak_s) : 0;

		streams[0].point[i] = small_from_float((float)(0.1 + 0.02 * noise(i)));
		streams[1].point[i] =
			small_from_float((float)(MIB * (100 + 4 * noise(i + unit) + leaked)));
		streams[2].point[i] = small_from_float(4);
	}
	cr_assert(zero(int, statement_chunk(db, unit, span_s, from_s, bytes,
					    chunk_encode(streams, 3, CHUNK_POINTS, bytes))));
}

static void add_unit(uint32_t unit, const char *name)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO unit VALUES (%u, '%s', 0)", unit, name);
	run(sql);
	replay.unit = reallocarray(replay.unit, replay.n_units + 1, sizeof(*replay.unit));
	replay.unit[replay.n_units] = (struct replay_unit) { .unit = unit };
	(void)snprintf(replay.unit[replay.n_units++].name, UNIT_NAME_SIZE, "%s", name);
}

/* Five hours at 10 s; a leak after three of them, if it leaks. */
static void add_history(uint32_t unit, const char *name, bool leaks)
{
	add_unit(unit, name);
	for (uint64_t hour = 0; hour < 5; hour++)
		put_points(unit, 10, BEGIN + hour * HOUR, leaks ? LEAK_S : UINT64_MAX / 2);
}

static void add_real(uint64_t id, uint32_t unit, uint64_t opened_s, uint64_t closed_s)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO incident VALUES (%lu, %u, 0, 1, %lu, 2, %lu, 'sick', 0.7, "
		       "'memory', 'memory-growth', 'rss', 2e8, 1e8, 0, 'none', 'observing', "
		       "NULL, NULL)",
		       id, unit, opened_s * 1000, closed_s * 1000);
	run(sql);
}

static void add_attempt(uint32_t unit, int took_ms)
{
	char sql[256];

	run("PRAGMA foreign_keys = OFF");
	(void)snprintf(
		sql, sizeof(sql),
		"INSERT INTO attempt VALUES (1, %u, 'systemd', 2, 'done', 1, 1000, 9, 2, %d, '')",
		unit, 1000 + took_ms);
	run(sql);
}

static int judge(void)
{
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)), "%s", reader_problem());
	return replay_run(&replay, reader);
}

static void judge_well(void)
{
	cr_assert(zero(int, judge()));
}

static const char *table(void)
{
	size_t size;
	struct output output = { .file = open_memstream(&text, &size), .unicode = true };

	(void)setlocale(LC_ALL, "C.UTF-8");
	cr_assert(zero(int, replay_report_table(&output, &replay)));
	(void)fclose(output.file);
	return text;
}

static void expect(const char *part)
{
	cr_expect(ne(ptr, strstr(text, part), NULL), "no '%s' in:\n%s", part, text);
}

Test(replay, of_a_time_that_is_not_stored_there_is_nothing_to_say)
{
	add_unit(7, "shop.service");
	cr_assert(eq(int, judge(), -ENODATA));
}

Test(replay, a_healthy_past_has_no_incident)
{
	add_history(7, "shop.service", false);
	judge_well();
	cr_assert(zero(sz, replay.n_incidents));
	cr_assert(zero(sz, replay.n_heals));
	cr_assert(eq(u64, replay.unit[0].judged_s[1], 5 * HOUR));
	cr_assert(not(replay.unit[0].is_learning));
}

Test(replay, a_stored_leak_is_one_incident_with_a_heal)
{
	const struct replay_incident *incident;

	add_history(7, "shop.service", true);
	judge_well();
	cr_assert(eq(sz, replay.n_incidents, 1));
	incident = &replay.incident[0];
	cr_assert(eq(str, (char *)incident->incident.rule, "memory-growth"));
	cr_assert(eq(int, incident->incident.worst, HEALTH_SICK));
	cr_assert(ge(u64, incident->incident.opened_wall_ms, LEAK_S * 1000));
	cr_assert(le(u64, incident->incident.opened_wall_ms, (LEAK_S + 120) * 1000));
	cr_assert(ge(u64, incident->healed_wall_ms, incident->incident.opened_wall_ms));
	cr_assert(ne(u64, incident->incident.closed_wall_ms, 0));
	cr_assert(eq(u32, incident->span_s, 10));
	cr_assert(eq(u64, incident->from_wall_ms, incident->incident.opened_wall_ms - 10000));
	cr_assert(ge(sz, replay.n_heals, 1));
	cr_assert(eq(u64, replay.heal[0].wall_ms, incident->healed_wall_ms));
	cr_assert(eq(u64, replay.heal[0].incident, 0));
}

Test(replay, heals_cool_down_and_spend_their_budget)
{
	add_history(7, "shop.service", true);
	config.cooldown_ms = SECONDS(60);
	config.unit_statistics_budget = (struct budget) { .per_hour = 2, .per_day = 6 };
	config.ladder =
		(struct ladder) { .n = 3,
				  .rung = { ACTION_RESTART, ACTION_RESTART, ACTION_RESTART } };
	judge_well();
	cr_assert(eq(sz, replay.n_heals, 2));
	cr_assert(ge(u64, replay.heal[1].wall_ms - replay.heal[0].wall_ms, SECONDS(60)));
	cr_assert(eq(u32, replay.heal[1].budget_left, 0));
	cr_assert(eq(int, replay.incident[0].incident.why, WHY_UNIT_BUDGET_SPENT));
}

Test(replay, units_share_the_budget_of_their_host)
{
	add_history(7, "shop.service", true);
	add_history(8, "bank.service", true);
	config.host_budget = (struct budget) { .per_hour = 1, .per_day = 1 };
	judge_well();
	cr_assert(eq(sz, replay.n_incidents, 2));
	cr_assert(eq(sz, replay.n_heals, 1));
}

Test(replay, who_only_observes_heals_nothing)
{
	add_history(7, "shop.service", true);
	config.mode = MODE_OBSERVE;
	judge_well();
	cr_assert(eq(sz, replay.n_incidents, 1));
	cr_assert(zero(sz, replay.n_heals));
	cr_assert(eq(int, replay.incident[0].incident.why, WHY_OBSERVING));
}

Test(replay, what_is_no_service_is_not_healed)
{
	add_history(7, "session-3.scope", true);
	judge_well();
	cr_assert(eq(sz, replay.n_incidents, 1));
	cr_assert(eq(int, replay.incident[0].incident.why, WHY_NOT_LONG_RUNNING));
}

Test(replay, a_real_incident_of_the_time_is_met_again)
{
	add_history(7, "shop.service", true);
	add_real(42, 7, LEAK_S + 60, LEAK_S + 700);
	judge_well();
	cr_assert(eq(sz, replay.n_real, 1));
	cr_assert(replay.real[0].is_found);
	cr_assert(eq(sz, replay.incident[0].n_real, 1));
	cr_assert(zero(sz, replay_sum(&replay).n_new));
}

Test(replay, a_real_incident_of_another_unit_is_not)
{
	add_history(7, "shop.service", true);
	add_history(8, "bank.service", false);
	add_real(42, 8, LEAK_S + 60, LEAK_S + 700);
	judge_well();
	cr_assert(not(replay.real[0].is_found));
	cr_assert(eq(str, (char *)replay_missed_word(&replay.real[0]), "not-noticed"));
	cr_assert(eq(sz, replay_sum(&replay).n_new, 1));
}

Test(replay, a_real_incident_without_samples_could_not_be_met)
{
	add_history(7, "shop.service", false);
	add_real(42, 7, BEGIN - 300, BEGIN - 200);
	add_real(43, 7, BEGIN + 20, BEGIN + 60);
	judge_well();
	cr_assert(eq(str, (char *)replay_missed_word(&replay.real[0]), "not-judged"));
	cr_assert(eq(str, (char *)replay_missed_word(&replay.real[1]), "learning"));
}

Test(replay, a_short_real_incident_within_a_coarse_span_is_the_same)
{
	const struct replay_incident *incident;

	add_unit(7, "shop.service");
	put_points(7, 60, BEGIN, LEAK_S);
	add_real(42, 7, LEAK_S + 65, LEAK_S + 70);
	judge_well();
	cr_assert(replay.real[0].is_found);
	for (incident = replay.incident; incident->n_real == 0; incident++)
		; /* chance may have shown something before */
	cr_assert(gt(u64, incident->incident.opened_wall_ms, (LEAK_S + 70) * 1000));
	cr_assert(le(u64, incident->from_wall_ms, (LEAK_S + 65) * 1000));
	cr_assert(eq(u32, incident->span_s, 60));
	cr_assert(eq(u64, replay.unit[0].judged_s[2], 6 * HOUR));
}

Test(replay, the_downtime_is_that_of_recorded_restarts_or_not_known)
{
	uint64_t ms = 0;

	add_history(7, "shop.service", true);
	add_attempt(7, 800);
	judge_well();
	cr_assert(replay_downtime_ms(&replay, &replay.incident[0], &ms));
	cr_assert(eq(u64, ms, 800 * replay.n_heals));
	replay.unit[0].has_restart_ms = false;
	cr_assert(not(replay_downtime_ms(&replay, &replay.incident[0], &ms)));
	cr_assert(eq(sz, replay_sum(&replay).n_unknown, replay.n_heals));
}

Test(replay, an_incident_ends_when_nothing_is_measured_any_more)
{
	add_unit(7, "shop.service");
	for (uint64_t hour = 0; hour < 4; hour++)
		put_points(7, 10, BEGIN + hour * HOUR, BEGIN + 4 * HOUR - 300);
	add_history(8, "bank.service", false);
	judge_well();
	cr_assert(eq(sz, replay.n_incidents, 1));
	cr_assert(ge(u64, replay.incident[0].incident.closed_wall_ms, (BEGIN + 4 * HOUR) * 1000));
	cr_assert(le(u64, replay.incident[0].incident.closed_wall_ms,
		     (BEGIN + 4 * HOUR + 720) * 1000));
}

Test(replay, what_is_learnt_too_late_is_said)
{
	add_unit(7, "shop.service");
	put_points(7, 1, BEGIN, LEAK_S);
	config.learn_s = 3600;
	judge_well();
	cr_assert(replay.unit[0].is_learning);
	(void)table();
	expect("1 unit never got there");
}

Test(replay, the_table_says_how_finely_and_on_what_assumptions)
{
	add_history(7, "shop.service", true);
	add_real(42, 7, LEAK_S + 60, LEAK_S + 700);
	add_real(43, 7, BEGIN - 300, BEGIN - 200);
	(void)setenv("TZ", "UTC", 1);
	judge_well();
	(void)table();
	expect("2025-12-01 08:00:00 to 2025-12-01 13:00:00, 1 unit\n");
	expect("at 10s for 5h, over all units; what is shorter than such a span is not seen");
	expect("from nothing: statistics speak of a unit after");
	expect("of the 1 that are not there now, as long-running, Mode=enforce");
	expect("no restart of the unit is on record");
	expect("2 incidents: 1 met again, 1 not (1 for want of samples, 0 while still learning)");
	expect("#42: nothing: Mode=observe lets us only look");
	expect("not judged: no samples of the time");
}

Test(replay, json_tells_both_sides_in_the_shape_of_history)
{
	size_t size;
	struct output output = { .file = NULL };

	add_history(7, "shop.service", true);
	add_real(42, 7, LEAK_S + 60, LEAK_S + 700);
	judge_well();
	output.file = open_memstream(&text, &size);
	replay_report_json(&output, &replay);
	(void)fclose(output.file);
	expect("\"judged_s\":{\"1\":0,\"10\":18000,\"60\":0,\"600\":0}");
	expect("\"n_incidents\":1,\"n_sick\":1,\"n_new\":0");
	expect("{\"story\":{\"name\":\"shop.service\",\"unit\":7,");
	expect("\"n_really\":1,\"really\":42}");
	expect("\"is_met\":true,\"why_not\":null}");
	expect("\"restart_ms\":null");
}

Test(replay, csv_has_a_line_for_each_incident_of_either_side)
{
	size_t size;
	struct output output = { .file = NULL };

	add_history(7, "shop, \"the\" service", false);
	add_real(42, 7, BEGIN + 2 * HOUR, BEGIN + 2 * HOUR + 60);
	judge_well();
	output.file = open_memstream(&text, &size);
	cr_assert(zero(int, replay_report_csv(&output, &replay)));
	(void)fclose(output.file);
	cr_assert(eq(str, text,
		     "replay,unit,opened_wall_ms,closed_wall_ms,health,rule,lead,span_s,heals,"
		     "first_heal_wall_ms,downtime_ms,why,really,really_heals,really_outcome\n"
		     "missed,\"shop, \"\"the\"\" service\",1764583200000,1764583260000,sick,"
		     "memory-growth,rss,,,,,not-noticed,42,0,\n"));
}
