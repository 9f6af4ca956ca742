/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way into the past: order, durability, and what happens when it cannot be written. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture_store.h"
#include "store/schema.h"
#include "store/writer.h"
#include "store/writer_queue.h"
#include "tests/unit/assertion.h"

TestSuite(writer, .init = place_make, .fini = place_remove);

/* Somebody else who holds the write lock. */
static sqlite3 *stranger(void)
{
	sqlite3 *db = NULL;

	cr_assert(eq(int, sqlite3_open(PAST, &db), SQLITE_OK));
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	cr_assert(eq(int, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK));
	return db;
}

static void leave(sqlite3 *db)
{
	cr_assert(eq(int, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK));
	(void)sqlite3_close(db);
}

Test(writer, decisions_are_acknowledged_in_order_and_are_then_in_the_file)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);

	cr_assert(place_start.made);
	for (uint64_t id = 1; id <= 100; id++)
		place_decide(writer, id, &incident);
	place_await(writer, 1);
	cr_assert(ge(i64, place_ask("selfheal.db", "SELECT count(*) FROM decision"),
		     (int64_t)place_answers.n));
	place_await(writer, 100);
	for (uint64_t id = 1; id <= 100; id++) {
		cr_assert(eq(u64, place_answers.decision[id - 1], id));
		cr_assert(zero(int, place_answers.error[id - 1]));
	}
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM decision"), 100));
	cr_assert(eq(int, writer_state(writer, UINT64_MAX), STORE_WELL));
	cr_assert(zero(u64, writer_lost(writer)));
	(void)writer_close(writer);
}

Test(writer, what_was_seen_is_in_the_file_once_its_decision_is_acknowledged)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);
	struct verdict verdict = place_verdict(&incident);

	cr_assert(zero(int, writer_verdict(writer, 1, &verdict)));
	place_decide(writer, 1, &incident);
	place_await(writer, 1);
	cr_assert(eq(i64,
		     place_ask("selfheal.db", "SELECT count(*) FROM verdict, symptom ON "
					      "verdict = id WHERE incident = 1"),
		     VERDICT_SYMPTOMS));
	(void)writer_close(writer);
}

Test(writer, a_decision_without_its_incident_is_refused_and_harms_no_other)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1), missing = place_incident(9, 1);

	place_decide(writer, 1, &missing);
	place_decide(writer, 2, &incident);
	place_await(writer, 2);
	cr_assert(eq(int, place_answers.error[0], -EINVAL));
	cr_assert(zero(int, place_answers.error[1]));
	cr_assert(eq(int, writer_state(writer, 7000), STORE_WELL));
	(void)writer_close(writer);
}

Test(writer, a_full_queue_refuses_at_once_and_what_was_taken_is_written)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);
	sqlite3 *other;
	uint64_t id = 1;
	int r = 0;

	place_decide(writer, id++, &incident);
	place_await(writer, 1);
	other = stranger();
	for (; r == 0 && id < 3000; id++) {
		struct decision decision = place_decision(id, &incident);

		r = writer_decision(writer, &decision);
	}
	cr_assert(eq(int, r, -ENOBUFS));
	cr_assert(eq(u64, id - 3, QUEUE_MESSAGES));
	cr_assert(eq(u64, writer_lost(writer), 1));
	leave(other);
	place_await(writer, 1 + QUEUE_MESSAGES);
	for (size_t i = 0; i < place_answers.n; i++)
		cr_assert(zero(int, place_answers.error[i]));
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM decision"),
		     1 + QUEUE_MESSAGES));
}

Test(writer, a_decision_unanswered_for_five_seconds_means_stuck)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);
	sqlite3 *other;

	place_decide(writer, 1, &incident); /* at 6001 */
	place_await(writer, 1);
	other = stranger();
	place_decide(writer, 2, &incident); /* at 6002 */
	cr_assert(eq(int, writer_state(writer, 11002), STORE_WELL));
	cr_assert(eq(int, writer_state(writer, 11003), STORE_STUCK));
	leave(other);
	place_await(writer, 2);
	cr_assert(zero(int, place_answers.error[1]));
	cr_assert(eq(int, writer_state(writer, 11003), STORE_WELL));
	(void)writer_close(writer);
}

Test(writer, a_strangers_lock_fails_decisions_and_passes)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);
	struct verdict verdict = place_verdict(&incident);
	struct sample sample = place_sample(1, NOON, 1);
	sqlite3 *other;

	place_decide(writer, 1, &incident);
	place_await(writer, 1);
	other = stranger();
	place_decide(writer, 2, &incident);
	cr_assert(zero(int, writer_incident(writer, &incident)));
	cr_assert(zero(int, writer_verdict(writer, 1, &verdict)));
	place_await(writer, 2); /* after the thread's patience of two seconds */
	cr_assert(eq(int, place_answers.error[1], -EBUSY));
	cr_assert(eq(int, writer_state(writer, 7000), STORE_FAILED));
	leave(other);
	cr_assert(zero(int, writer_samples(writer, &sample, 1)), "nudges");
	place_decide(writer, 3, &incident);
	place_await(writer, 3);
	cr_assert(zero(int, place_answers.error[2]));
	cr_assert(eq(int, writer_state(writer, 7000), STORE_WELL));
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM verdict"), 1),
		  "what was seen waits, and comes once");
	(void)writer_close(writer);
}

/* Open incidents may not be deleted, so in the end there is no room at all. */
Test(writer, at_the_bound_decisions_are_refused_records_wait_and_room_heals_it)
{
	struct writer *writer = place_begin(0); /* the least there is: 64 pages */
	struct incident incident = place_begin_incident(writer, 1);
	struct sample sample = place_sample(1, NOON, 1);
	uint64_t n_open = 1;

	do {
		for (size_t i = 0; i < 50; i++)
			incident = place_begin_incident(writer, ++n_open);
		place_decide(writer, n_open, &incident);
		place_await(writer, place_answers.n + 1);
	} while (place_answers.error[place_answers.n - 1] == 0 && n_open < 3000);
	cr_assert(eq(int, place_answers.error[place_answers.n - 1], -ENOSPC));
	cr_assert(eq(int, writer_state(writer, 7000), STORE_FULL));
	cr_assert(zero(u64, writer_lost(writer)), "the incidents wait");

	/* Somebody makes room; then a retry of the samples' is enough, no decision needed. */
	(void)place_ask("selfheal.db", "DELETE FROM decision");
	(void)place_ask("selfheal.db", "DELETE FROM incident WHERE id <= 300");
	for (int i = 0; i < 2000 && writer_state(writer, 7000) != STORE_WELL; i++) {
		(void)poll(NULL, 0, 5);
		sample.when_ms += 5000;
		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	cr_assert(eq(int, writer_state(writer, 7000), STORE_WELL));
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM incident"),
		     (int64_t)n_open - 300));
}

Test(writer, at_the_bound_old_telemetry_makes_way)
{
	struct writer *writer = place_begin(0);
	struct incident incident;
	char sql[256];

	(void)writer_close(writer);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(sql, sizeof(sql),
			       "INSERT INTO chunk VALUES (1, 10, %d, randomblob(2000))", i);
		(void)place_ask("selfheal.db", sql);
	}
	writer = place_begin(0);
	for (uint64_t id = 1; id <= 400; id++) {
		incident = place_begin_incident(writer, id);
		if (id % 20 == 0)
			place_decide(writer, id, &incident);
	}
	place_await(writer, 20);
	for (size_t i = 0; i < 20; i++)
		cr_assert(zero(int, place_answers.error[i]));
	(void)writer_close(writer);
	cr_assert(lt(i64, place_ask("selfheal.db", "SELECT count(*) FROM chunk"), 40));
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM incident"), 400));
}

Test(writer, an_older_version_that_fills_its_bound_is_brought_up_to_date)
{
	static const char *const newer[] = {
		"DROP TABLE evidence",
		"ALTER TABLE incident DROP COLUMN onset_ms",
		"ALTER TABLE incident DROP COLUMN onset_wall_ms",
		"ALTER TABLE decision DROP COLUMN rung",
		"ALTER TABLE decision DROP COLUMN because",
		"ALTER TABLE decision DROP COLUMN blast",
		"ALTER TABLE outcome DROP COLUMN served_ms",
		"ALTER TABLE outcome DROP COLUMN served_wall_ms",
		"ALTER TABLE outcome DROP COLUMN hurt",
	};
	struct writer *writer = place_begin(0);
	int64_t n_pages;

	(void)writer_close(writer);
	(void)place_ask("selfheal.db", "DROP TABLE edge");
	(void)place_ask("selfheal.db", "DROP TABLE symptom");
	(void)place_ask("selfheal.db", "DROP TABLE verdict");
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		(void)place_ask("selfheal.db", newer[i]);
	(void)place_ask("selfheal.db", "PRAGMA user_version = 1");
	do {
		(void)place_ask("selfheal.db", "INSERT INTO chunk SELECT 1, 10, count(*), "
					       "randomblob(3000) FROM chunk");
		n_pages = place_ask("selfheal.db", "PRAGMA page_count");
	} while (n_pages < 64);
	cr_assert(zero(i64, place_ask("selfheal.db", "PRAGMA freelist_count")));
	writer = place_begin(0);
	cr_assert(not(place_start.made));
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "PRAGMA user_version"), SCHEMA_VERSION));
	cr_assert(zero(i64, place_ask("selfheal.db", "SELECT count(*) FROM edge")));
}

Test(writer, reopening_goes_on_with_numbers)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident;
	uint32_t shop = writer_number("shop.service", writer);
	uint32_t bank = writer_number("bank.service", writer);

	cr_assert(eq(u64, place_start.next_incident, 1));
	cr_assert(eq(u64, place_start.next_decision, 1));
	cr_assert(ne(u32, shop, bank));
	cr_assert(eq(u32, writer_number("shop.service", writer), shop));
	incident = place_begin_incident(writer, 7);
	place_decide(writer, 12, &incident);
	(void)writer_close(writer);
	writer = place_begin(BOUND);
	cr_assert(not(place_start.made));
	cr_assert(eq(u64, place_start.next_incident, 8));
	cr_assert(eq(u64, place_start.next_decision, 13));
	cr_assert(eq(u32, writer_number("bank.service", writer), bank));
	cr_assert(eq(u32, writer_number("new.service", writer), 3));
	(void)writer_close(writer);
}

Test(writer, names_that_are_none_and_a_full_table_get_no_number)
{
	struct writer *writer = place_begin(BOUND);
	char name[400] = "";

	cr_assert(eq(u32, writer_number("", writer), 0));
	memset(name, 'x', 399);
	cr_assert(eq(u32, writer_number(name, writer), 0));
	name[255] = '\0';
	cr_assert(eq(u32, writer_number(name, writer), 1));
	for (uint32_t i = 2; i <= 4096; i++) {
		(void)snprintf(name, sizeof(name), "u%u.service", i);
		cr_assert(eq(u32, writer_number(name, writer), i));
	}
	cr_assert(eq(u32, writer_number("one-more.service", writer), 0));
	cr_assert(eq(u32, writer_number("u77.service", writer), 77));
	/* More than the queue takes at once: the rest comes with the samples. */
	for (int i = 0; i < 4000 && place_ask("selfheal.db", "SELECT count(*) FROM unit") < 4096;
	     i++) {
		struct sample sample = place_sample(1, NOON + (uint64_t)i * 10, 1);

		cr_assert(zero(int, writer_samples(writer, &sample, 1)));
	}
	(void)writer_close(writer);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT count(*) FROM unit"), 4096));
}

static size_t n_visits;
static uint32_t last_visit;

static void visit_attempt(const struct past_attempt *past, void *userdata)
{
	cr_assert(past->decision.flags & SAMPLE_SYNTHETIC);
	cr_assert(zero(int, strcmp(past->decision.rule, "thread-leak")));
	(void)userdata;
	n_visits++;
	last_visit = past->decision.unit;
}

Test(writer, what_was_under_way_is_closed_as_not_proven_and_still_counts)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);
	struct decision decision = place_decision(1, &incident);
	struct attempt attempt = place_attempt(&decision);

	/* 1 has no end, 2 no row for its attempt, 3 an end but no outcome, 4 was refused. */
	attempt.ended_ms = attempt.ended_wall_ms = 0;
	attempt.state = ATTEMPT_RUNNING;
	attempt.result = ATTEMPT_RESULT_NONE;
	place_decide(writer, 1, &incident);
	cr_assert(zero(int, writer_attempt(writer, &attempt)));
	place_decide(writer, 2, &incident);
	decision = place_decision(3, &incident);
	attempt = place_attempt(&decision);
	place_decide(writer, 3, &incident);
	cr_assert(zero(int, writer_attempt(writer, &attempt)));
	decision = place_decision(4, &incident);
	decision.why = WHY_COOLING_DOWN;
	cr_assert(zero(int, writer_decision(writer, &decision)));
	(void)writer_close(writer);

	writer = place_begin(BOUND);
	cr_assert(eq(u64, place_start.n_interrupted, 3));
	cr_assert(zero(int, writer_attempts_since(writer, NOON + 2000, visit_attempt, NULL)));
	cr_assert(eq(sz, n_visits, 2), "those of the last hours that were allowed");
	cr_assert(eq(u32, last_visit, 1));
	(void)writer_close(writer);
	cr_assert(eq(i64,
		     place_ask("selfheal.db", "SELECT count(*) FROM outcome "
					      "WHERE result = 'unknown'"),
		     3));
	cr_assert(eq(i64,
		     place_ask("selfheal.db", "SELECT group_concat(decision, '') FROM attempt "
					      "WHERE result = 'lost' AND state = 2 "
					      "AND ended_wall_ms IS NOT NULL"),
		     12));
	cr_assert(eq(i64,
		     place_ask("selfheal.db", "SELECT closed_wall_ms FROM incident "
					      "WHERE outcome = 'unknown'"),
		     NOON));
	writer = place_begin(BOUND);
	cr_assert(zero(u64, place_start.n_interrupted), "once is enough");
	(void)writer_close(writer);
}

static void visit_lesson(uint32_t unit, uint64_t identity, bool was_well, const uint8_t *bytes,
			 size_t size, void *userdata)
{
	(void)userdata;
	n_visits++;
	cr_assert(eq(u32, unit, 1));
	cr_assert(eq(u64, identity, UINT64_MAX - 1));
	cr_assert(was_well);
	cr_assert(eq(sz, size, 3));
	cr_assert(zero(int, memcmp(bytes, "new", 3)));
}

Test(writer, what_was_learnt_last_is_remembered)
{
	struct writer *writer = place_begin(BOUND);
	uint32_t unit = writer_number("shop.service", writer);

	cr_assert(zero(int,
		       writer_lesson(writer, unit, 5, false, NOON, (uint8_t *)strdup("old"), 3)));
	cr_assert(zero(int, writer_lesson(writer, unit, UINT64_MAX - 1, true, NOON,
					  (uint8_t *)strdup("new"), 3)));
	(void)writer_close(writer);
	writer = place_begin(BOUND);
	cr_assert(zero(int, writer_lessons(writer, visit_lesson, NULL)));
	cr_assert(eq(sz, n_visits, 1));
	(void)writer_close(writer);
}

Test(writer, blobs_are_bounded_even_if_the_disk_is_stuck)
{
	struct writer *writer = place_begin(BOUND);
	struct incident incident = place_begin_incident(writer, 1);
	size_t size = (size_t)3 << 20;
	sqlite3 *other;

	place_decide(writer, 1, &incident);
	place_await(writer, 1);
	other = stranger();
	cr_assert(zero(int, writer_lesson(writer, 1, 0, true, 0, calloc(1, size), size)));
	cr_assert(zero(int, writer_lesson(writer, 1, 0, true, 0, calloc(1, size), size)));
	cr_assert(eq(int, writer_lesson(writer, 1, 0, true, 0, calloc(1, size), size), -ENOBUFS));
	leave(other);
	(void)writer_close(writer);
}

/* A daemon under load, which tells of each acknowledged decision through the pipe. */
static int told_fd;

static void tell(uint64_t decision, int error, void *userdata)
{
	(void)userdata;
	if (error == 0 && write(told_fd, &decision, sizeof(decision)) < 0)
		_exit(1);
}

static void work_until_killed(void)
{
	struct writer *writer = NULL;
	struct incident incident;
	uint32_t unit;

	if (place_open(&writer) < 0)
		_exit(1);
	unit = writer_number("shop.service", writer);
	incident = place_incident(place_start.next_incident, unit);
	(void)writer_incident(writer, &incident);
	for (uint64_t i = 0;; i++) {
		struct sample sample = place_sample(unit, NOON + i * 7000, (double)i);
		struct decision decision = place_decision(place_start.next_decision + i, &incident);
		struct attempt attempt = place_attempt(&decision);
		struct pollfd wait = { .fd = writer_fd(writer), .events = POLLIN };

		(void)writer_samples(writer, &sample, 1);
		(void)writer_decision(writer, &decision);
		(void)writer_attempt(writer, &attempt);
		if (poll(&wait, 1, 10000) > 0)
			(void)writer_acknowledge(writer, tell, NULL);
	}
}

/* Kills it after n answers; returns the last decision that was acknowledged. */
static uint64_t kill_after(size_t n)
{
	uint64_t last = 0;
	int ends[2];
	pid_t child;

	cr_assert(zero(int, pipe(ends)));
	child = fork();
	cr_assert(ge(int, child, 0));
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also if the test fails before it does */
		told_fd = ends[1];
		work_until_killed();
	}
	(void)close(ends[1]);
	for (size_t i = 0; i < n; i++)
		cr_assert(eq(int, (int)read(ends[0], &last, sizeof(last)), sizeof(last)));
	cr_assert(zero(int, kill(child, SIGKILL)));
	cr_assert(eq(int, waitpid(child, NULL, 0), child));
	while (read(ends[0], &last, sizeof(last)) > 0)
		; /* told before it died */
	(void)close(ends[0]);
	return last;
}

Test(writer, a_killed_daemon_loses_no_acknowledged_decision)
{
	for (size_t round = 1; round <= 8; round++) {
		uint64_t last = kill_after(round * 17);
		char sql[128];

		cr_assert(eq(i64,
			     place_ask("selfheal.db", "SELECT count(*) FROM "
						      "pragma_integrity_check "
						      "WHERE integrity_check = 'ok'"),
			     1));
		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM decision WHERE id <= %llu",
			       (unsigned long long)last);
		cr_assert(eq(i64, place_ask("selfheal.db", sql), (int64_t)last), "round %zu",
			  round);
	}
}
