/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the store: without daemon, without rights, and without trust in what is read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture_store.h"
#include "store/live.h"
#include "store/reader.h"
#include "store/writer.h"
#include "tests/unit/assertion.h"

#define LIVE place("live.db")

TestSuite(reader, .init = place_make, .fini = place_remove);

static struct writer *begin_past(void)
{
	struct writer *writer = NULL;
	struct writer_start start;

	cr_assert(zero(int, writer_open(PAST, BOUND, NOON, &writer, &start)));
	return writer;
}

/* Incidents 1 to n, in turn of two units, each with decision, attempt and outcome. */
static void write_past(uint64_t n)
{
	struct writer *writer = begin_past();
	uint32_t unit[2];

	unit[0] = writer_number("shop.service", writer);
	unit[1] = writer_number("bank.service", writer);
	for (uint64_t id = 1; id <= n; id++) {
		struct incident incident = place_incident(id, unit[id % 2]);
		struct verdict verdict = place_verdict(&incident);
		struct decision refused = place_decision(2 * id - 1, &incident);
		struct decision decision = place_decision(2 * id, &incident);
		struct attempt attempt = place_attempt(&decision);
		struct outcome outcome = place_outcome(&decision);

		incident.closed_ms = incident.opened_ms + 1000;
		incident.closed_wall_ms = incident.opened_wall_ms + 1000;
		refused.why = WHY_JOB_PENDING;
		cr_assert(zero(int, writer_incident(writer, &incident)));
		cr_assert(zero(int, writer_verdict(writer, id, &verdict)));
		cr_assert(zero(int, writer_decision(writer, &decision)));
		cr_assert(zero(int, writer_decision(writer, &refused)));
		cr_assert(zero(int, writer_attempt(writer, &attempt)));
		cr_assert(zero(int, writer_outcome(writer, &outcome)));
	}
	(void)writer_close(writer);
}

static void write_live(void)
{
	CLEANUP(live_closep) struct live *live = NULL;
	static const enum health healths[] = { HEALTH_HEALTHY, HEALTH_DOWN,	HEALTH_SICK,
					       HEALTH_UNUSUAL, HEALTH_LEARNING, HEALTH_SICK };
	struct present present[6] = { 0 };
	struct keeper keeper = { .pid = 1, .at_wall_ms = NOON, .mode = "mock" };

	for (uint32_t i = 0; i < 6; i++) {
		present[i].status.unit = present[i].sample.unit = i + 1;
		(void)snprintf(present[i].status.name, UNIT_NAME_SIZE, "u%u.service", 9 - i);
		present[i].verdict.health = healths[i];
	}
	cr_assert(zero(int, live_open(LIVE, &live)));
	cr_assert(zero(int, live_publish(live, &keeper, present, 6)));
}

Test(reader, stories_come_newest_first_and_whole)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct story *stories = NULL, expected = { .unit = "shop.service" };
	char *text, *wanted;
	size_t n = 0;

	write_past(4);
	cr_assert(zero(int, reader_open(PAST, LIVE, &reader)), "%s", reader_problem());
	cr_assert(zero(int, reader_stories(reader, NULL, 0, 0, &stories, &n)));
	cr_assert(eq(sz, n, 4));
	for (size_t i = 0; i < n; i++)
		cr_assert(eq(u64, stories[i].incident.id, 4 - i));
	expected.incident = place_incident(4, 1);
	expected.incident.closed_ms = expected.incident.opened_ms + 1000;
	expected.incident.closed_wall_ms = expected.incident.opened_wall_ms + 1000;
	expected.decision = place_decision(8, &expected.incident);
	expected.attempt = place_attempt(&expected.decision);
	expected.outcome = place_outcome(&expected.decision);
	expected.has_decision = expected.has_attempt = expected.has_outcome = true;
	text = place_story(&stories[0], NULL, 0);
	wanted = place_story(&expected, NULL, 0);
	cr_assert(eq(str, text, wanted), "the one that was allowed, in every field");
	cr_assert(eq(ptr, (void *)reader_notice(reader), NULL));
	free(text);
	free(wanted);
	free(stories);
}

Test(reader, stories_are_chosen_by_unit_time_and_number)
{
	static const struct {
		const char *unit;
		uint64_t since;
		size_t limit, n;
		uint64_t first;
	} cases[] = {
		{ NULL, 0, 3, 3, 6 },
		{ "bank.service", 0, 0, 3, 5 },
		{ "bank.service", 0, 1, 1, 5 },
		{ NULL, NOON + 5000 + 1000, 0, 2, 6 },
		{ "nobody.service", 0, 0, 0, 0 },
		{ NULL, NOON + 86400000, 0, 0, 0 },
		{ "' OR 1=1 --", 0, 0, 0, 0 },
	};
	CLEANUP(reader_closep) struct reader *reader = NULL;

	write_past(6);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story *stories = NULL;
		size_t n = 99;

		cr_assert(zero(int, reader_stories(reader, cases[i].unit, cases[i].since,
						   cases[i].limit, &stories, &n)));
		cr_assert(eq(sz, n, cases[i].n), "case %zu", i);
		if (n > 0)
			cr_assert(eq(u64, stories[0].incident.id, cases[i].first), "case %zu", i);
		free(stories);
	}
}

Test(reader, a_story_knows_when_its_first_heal_was_begun)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct writer *writer = begin_past();
	struct incident incident = place_begin_incident(writer, 1);
	struct story story;

	for (uint64_t id = 1; id <= 4; id++) {
		struct decision decision = place_decision(id, &incident);
		struct attempt attempt = place_attempt(&decision);

		if (id == 1)
			decision.why = WHY_COOLING_DOWN;
		if (id == 4)
			decision.action = ACTION_NOTIFY;
		cr_assert(zero(int, writer_decision(writer, &decision)));
		if (id == 2 || id == 3)
			cr_assert(zero(int, writer_attempt(writer, &attempt)));
	}
	(void)writer_close(writer);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(zero(int, reader_story(reader, 1, &story)));
	cr_assert(eq(u64, story.acted_wall_ms, NOON + 2000 + 10));
	cr_assert(eq(u64, story.decision.id, 3),
		  "the last heal, not what people were told after it");
}

Test(reader, a_story_names_the_unit_that_it_was_held_for)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	CLEANUP(cleanup_free) struct step *steps = NULL;
	struct writer *writer = begin_past();
	struct incident incident = place_begin_incident(writer, 1);
	struct decision decision = place_decision(1, &incident),
			other = place_decision(2, &incident);
	struct story story;
	size_t n;

	decision.why = other.why = WHY_UPSTREAM_SICK;
	decision.because = 4711; /* of which there is no name */
	other.because = writer_number("db.service", writer);
	cr_assert(zero(int, writer_decision(writer, &decision)));
	cr_assert(zero(int, writer_decision(writer, &other)));
	(void)writer_close(writer);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(zero(int, reader_story(reader, 1, &story)));
	cr_assert(eq(str, story.because, "db.service"));
	cr_assert(zero(u64, story.acted_wall_ms));
	cr_assert(zero(int, reader_steps(reader, 1, &steps, &n)));
	cr_assert(eq(sz, n, 2));
	cr_assert(eq(str, steps[0].because, ""));
	cr_assert(eq(str, steps[1].because, "db.service"));
}

Test(reader, steps_come_in_the_order_of_time)
{
	static const enum step_kind kinds[] = { STEP_VERDICT, STEP_DECISION, STEP_DECISION,
						STEP_ATTEMPT, STEP_OUTCOME };
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct step *steps = NULL;
	size_t n = 0;

	write_past(2);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(zero(int, reader_steps(reader, 2, &steps, &n)));
	cr_assert(eq(sz, n, 5));
	for (size_t i = 0; i < n; i++)
		cr_assert(eq(int, steps[i].kind, kinds[i]));
	cr_assert(eq(int, steps[1].decision.why, WHY_JOB_PENDING));
	cr_assert(eq(int, steps[4].outcome.result, OUTCOME_HEALED));
	free(steps);
	cr_assert(zero(int, reader_steps(reader, 77, &steps, &n)));
	cr_assert(zero(sz, n));
}

Test(reader, what_was_seen_comes_back_whole_with_its_symptoms)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct incident incident = place_incident(2, 1);
	struct story story = { .unit = "shop.service" };
	struct step *steps = NULL, wanted = { .kind = STEP_VERDICT };
	char *text, *wanted_text;
	size_t n = 0;

	write_past(2);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(zero(int, reader_steps(reader, 2, &steps, &n)));
	cr_assert(gt(sz, n, 0));
	wanted.verdict = place_verdict(&incident);
	wanted.wall_ms = wanted.verdict.wall_ms;
	text = place_story(&story, steps, 1);
	wanted_text = place_story(&story, &wanted, 1);
	cr_assert(eq(str, text, wanted_text), "in every field, and in this order");
	free(text);
	free(wanted_text);
	free(steps);
}

Test(reader, damaged_symptoms_are_passed_over_and_said)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct step *steps = NULL;
	size_t n = 0;

	write_past(1);
	(void)place_ask("selfheal.db", "UPDATE symptom SET expert = 'oracle' WHERE rank = 0");
	(void)place_ask("selfheal.db", "UPDATE symptom SET metric = 'mood' WHERE rank = 1");
	(void)place_ask("selfheal.db", "INSERT INTO symptom SELECT verdict, rank + 100, expert, "
				       "metric, 7, low, high, expected, share, rare_h, unseen, "
				       "left_s FROM symptom WHERE rank > 1");
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(zero(int, reader_steps(reader, 1, &steps, &n)));
	cr_assert(eq(u32, steps[0].verdict.n_symptoms, VERDICT_SYMPTOMS), "never more than fit");
	cr_assert(eq(u32, steps[0].verdict.symptom[0].metric, METRIC_THREADS + 2));
	cr_assert(ne(ptr, (void *)reader_notice(reader), NULL));
	free(steps);
}

Test(reader, one_story_is_found_by_its_number)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct story story = { 0 };

	write_past(3);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(zero(int, reader_story(reader, 2, &story)));
	cr_assert(eq(u64, story.incident.id, 2));
	cr_assert(eq(str, story.unit, "shop.service"));
	cr_assert(story.has_outcome);
	cr_assert(eq(int, reader_story(reader, 4, &story), -ENOENT));
	cr_assert(eq(int, reader_story(reader, UINT64_MAX, &story), -ENOENT));
}

Test(reader, the_sickest_come_first)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	static const uint32_t order[] = { 6, 3, 4, 5, 1, 2 };
	char name[UNIT_NAME_SIZE];
	struct present *present = NULL;
	size_t n = 0;

	write_live();
	cr_assert(zero(int, reader_open(PAST, LIVE, &reader)));
	cr_assert(zero(int, reader_present(reader, &present, &n)));
	cr_assert(eq(sz, n, 6));
	for (size_t i = 0; i < n; i++)
		cr_assert(eq(u32, present[i].status.unit, order[i]));
	free(present);
	cr_assert(zero(int, reader_unit_name(reader, 3, name)));
	cr_assert(eq(str, name, "u7.service"));
	cr_assert(eq(int, reader_unit_name(reader, 70, name), -ENOENT));
}

Test(reader, what_is_not_there_is_empty_and_nothing_at_all_is_said)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct present *present;
	struct keeper keeper;
	struct story *stories;
	size_t n = 5;

	cr_assert(eq(int, reader_open(PAST, LIVE, &reader), -ENOENT));
	cr_assert(ne(ptr, strstr(reader_problem(), "selfheal.db"), NULL), "%s", reader_problem());
	write_live();
	cr_assert(zero(int, reader_open(PAST, LIVE, &reader)));
	cr_assert(zero(int, reader_stories(reader, NULL, 0, 0, &stories, &n)));
	cr_assert(zero(sz, n));
	reader = reader_close(reader);
	write_past(1);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
	cr_assert(eq(int, reader_keeper(reader, &keeper), -ENODATA));
	cr_assert(eq(int, reader_present(reader, &present, &n), -ENODATA));
}

Test(reader, a_file_that_cannot_be_read_is_named_with_what_mends_it)
{
	static const struct {
		const char *kind;
		int error;
		const char *word;
	} cases[] = {
		{ "rubbish", -EBADMSG, "moves it aside" },
		{ "folder", -EBADMSG, "not a database" },
		{ "pipe", -EBADMSG, "not a database" },
		{ "empty", -ENODATA, "start the daemon" },
		{ "song", -EBADMSG, "not a database" },
		{ "newer", -EPROTONOSUPPORT, "upgrade selfhealctl" },
	};
	struct reader *reader = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *kind = cases[i].kind;

		(void)remove(PAST);
		if (strcmp(kind, "rubbish") == 0)
			place_write("selfheal.db", "no database, but some text of thirty bytes",
				    42);
		if (strcmp(kind, "folder") == 0)
			cr_assert(zero(int, mkdir(PAST, 0755)));
		if (strcmp(kind, "pipe") == 0)
			cr_assert(zero(int, mkfifo(PAST, 0644)));
		if (strcmp(kind, "empty") == 0 || strcmp(kind, "song") == 0)
			place_write("selfheal.db", "", 0);
		if (strcmp(kind, "song") == 0)
			(void)place_ask("selfheal.db", "CREATE TABLE song (title TEXT)");
		if (strcmp(kind, "newer") == 0) {
			write_past(1);
			(void)place_ask("selfheal.db", "PRAGMA user_version = 99");
		}
		cr_assert(eq(int, reader_open(PAST, NULL, &reader), cases[i].error), "%s", kind);
		cr_assert(ne(ptr, strstr(reader_problem(), cases[i].word), NULL), "%s: %s", kind,
			  reader_problem());
		cr_assert(ne(ptr, strstr(reader_problem(), PAST), NULL), "%s", kind);
	}
}

Test(reader, a_past_that_is_still_empty_does_not_hide_the_present)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct story *stories = NULL;
	struct keeper keeper;
	size_t n = 5;

	write_live();
	place_write("selfheal.db", "", 0);
	cr_assert(zero(int, reader_open(PAST, LIVE, &reader)));
	cr_assert(zero(int, reader_keeper(reader, &keeper)));
	cr_assert(zero(int, reader_stories(reader, NULL, 0, 0, &stories, &n)));
	cr_assert(zero(sz, n));
	cr_assert(ne(ptr, strstr(reader_notice(reader), "the past is missing"), NULL));
	reader = reader_close(reader);
	(void)remove(LIVE);
	place_write("live.db", "", 0);
	cr_assert(eq(int, reader_open(PAST, LIVE, &reader), -ENODATA));
	cr_assert(ne(ptr, strstr(reader_problem(), "space"), NULL), "%s", reader_problem());
}

Test(reader, a_word_nobody_knows_costs_its_row_alone)
{
	static const char *const damages[] = {
		"UPDATE incident SET why = 'because' WHERE id = 2",
		"UPDATE incident SET worst = x'00' WHERE id = 2",
		"UPDATE incident SET rule = hex(zeroblob(4000)) WHERE id = 2",
		"UPDATE incident SET lead = 'weather' WHERE id = 2",
		"UPDATE incident SET score = -5 WHERE id = 2",
		"UPDATE incident SET n_attempts = -1 WHERE id = 2",
		"UPDATE incident SET opened_wall_ms = -1 WHERE id = 2",
		"UPDATE incident SET rule = 'a' || char(0) || 'b' WHERE id = 2",
		"UPDATE unit SET name = 'a' || char(0) || 'b' WHERE id = 1",
	};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		CLEANUP(reader_closep) struct reader *reader = NULL;
		struct story *stories = NULL;
		size_t n = 0;

		(void)remove(PAST);
		(void)remove(place("selfheal.db-wal"));
		(void)remove(place("selfheal.db-shm"));
		write_past(3);
		/* A hostile file need not be STRICT. */
		(void)place_ask("selfheal.db", damages[i]);
		cr_assert(zero(int, reader_open(PAST, NULL, &reader)));
		cr_assert(zero(int, reader_stories(reader, NULL, 0, 0, &stories, &n)), "%s",
			  damages[i]);
		if (i == 1) /* STRICT refused it */
			cr_assert(eq(sz, n, 3));
		else
			cr_assert(eq(sz, n, 2), "%s", damages[i]);
		cr_assert(eq(int, reader_notice(reader) != NULL, i != 1), "%s", damages[i]);
		free(stories);
	}
}

Test(reader, a_copy_without_its_log_is_read_and_what_is_missing_is_said)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct story *stories = NULL;
	char command[1200];
	size_t n = 0;

	write_past(3); /* all of it is in the log: nothing made a checkpoint but the close */
	(void)snprintf(command, sizeof(command), "cp %s %s", PAST, place("copy%41?#.db"));
	cr_assert(zero(int, system(command)));
	cr_assert(zero(int, reader_open(place("copy%41?#.db"), NULL, &reader)), "%s",
		  reader_problem());
	cr_assert(zero(int, reader_stories(reader, NULL, 0, 0, &stories, &n)));
	cr_assert(eq(sz, n, 3));
	free(stories);
}

/* As another user in the folder's group, who may write nothing: the number of stories, 50 more if
 * something was said to be missing, or 100 and the errno. */
static int read_and_exit_code(void)
{
	struct reader *reader = NULL;
	struct story *stories = NULL;
	size_t n = 0;
	int r;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return 99;
	r = reader_open(PAST, NULL, &reader);
	if (r >= 0)
		r = reader_stories(reader, NULL, 0, 0, &stories, &n);
	if (r < 0)
		return 100 - r;
	return (int)n + (reader_notice(reader) ? 50 : 0);
}

/* The stranger is born before the writer, whose thread would not survive a fork in good order. */
static int read_as_stranger(bool beside_writer)
{
	struct writer *writer = NULL;
	int status, ends[2];
	pid_t child;

	cr_assert(zero(int, pipe(ends)));
	child = fork();
	cr_assert(ge(int, child, 0));
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!read(ends[0], &status, 1);
		_exit(read_and_exit_code());
	}
	if (beside_writer)
		writer = begin_past();
	cr_assert(eq(int, (int)write(ends[1], "", 1), 1));
	cr_assert(eq(int, waitpid(child, &status, 0), child));
	(void)writer_close(writer);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(reader, a_stranger_without_any_right_to_write_reads_all)
{
	sqlite3 *db = NULL;

	if (!is_root_or_left_out("reader/a_stranger_without_any_right_to_write_reads_all"))
		return;
	cr_assert(zero(int, chown(place(""), 0, 65534)));
	cr_assert(zero(int, chmod(place(""), 02750)));
	write_past(3);
	cr_assert(eq(int, read_as_stranger(false), 3), "after a clean close");
	cr_assert(eq(int, read_as_stranger(true), 3), "beside the writer");

	/* Somebody ran sqlite3 on it as root: log and index are gone, all is in the file. */
	cr_assert(eq(int, sqlite3_open(PAST, &db), SQLITE_OK));
	cr_assert(eq(int, sqlite3_exec(db, "SELECT * FROM unit", NULL, NULL, NULL), SQLITE_OK));
	(void)sqlite3_close(db);
	cr_assert(not(place_has("selfheal.db-shm")));
	cr_assert(eq(int, read_as_stranger(false), 53), "all is read, and the doubt is said");

	/* The index alone is gone: what is in the log cannot be read, and that is said. */
	write_past(4);
	cr_assert(zero(int, unlink(place("selfheal.db-shm"))));
	cr_assert(ge(int, read_as_stranger(false), 50));

	cr_assert(zero(int, chmod(PAST, 0600)));
	cr_assert(eq(int, read_as_stranger(false), 100 + EACCES));
	cr_assert(zero(int, chmod(place(""), 0700)));
	cr_assert(eq(int, read_as_stranger(false), 100 + EACCES));
}
