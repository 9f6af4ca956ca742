/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of its own for each test's databases, and records with every field set. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_store.h"
#include "tests/unit/assertion.h"

static char folder[256];

void place_make(void)
{
	/* Where a sync costs nothing, if there is such a place: a slow disk is not what is tested. */
	const char *parent = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(folder, sizeof(folder), "%s/selfheal-XXXXXX", parent);
	cr_assert(ne(ptr, mkdtemp(folder), NULL));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *position)
{
	(void)status;
	(void)type;
	(void)position;
	return remove(path);
}

void place_remove(void)
{
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *place(const char *name)
{
	static char buffer[4][512];
	static unsigned int turn;
	char *path = buffer[turn++ % 4];

	(void)snprintf(path, sizeof(buffer[0]), "%s%s%s", folder, name[0] ? "/" : "", name);
	return path;
}

void place_write(const char *name, const void *bytes, size_t size)
{
	int fd = open(place(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(sz, (size_t)write(fd, bytes, size), size));
	(void)close(fd);
}

bool place_has(const char *name)
{
	struct stat status;

	return lstat(place(name), &status) == 0;
}

int64_t place_ask(const char *name, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t answer = -1;

	cr_assert(
		eq(int, sqlite3_open_v2(place(name), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK));
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_busy_timeout(db, 2000);
	cr_assert(eq(int, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK), "%s: %s",
		  sql, sqlite3_errmsg(db));
	if (sqlite3_step(statement) == SQLITE_ROW)
		answer = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return answer;
}

struct incident place_incident(uint64_t id, uint32_t unit)
{
	return (struct incident) {
		.id = id,
		.unit = unit,
		.flags = SAMPLE_SYNTHETIC,
		.opened_ms = 5000 + id,
		.opened_wall_ms = NOON + id * 1000,
		.worst = HEALTH_SICK,
		.score = 0.75f,
		.class = FAULT_CLASS_THREADS,
		.rule = "thread-leak",
		.lead = METRIC_THREADS,
		.lead_value = 512,
		.lead_expected = 12.5,
		.n_attempts = 1,
		.outcome = OUTCOME_WORSE,
		.why = WHY_COOLING_DOWN,
	};
}

struct verdict place_verdict(const struct incident *incident)
{
	struct verdict verdict = {
		.unit = incident->unit,
		.flags = SAMPLE_SYNTHETIC,
		.when_ms = incident->opened_ms,
		.wall_ms = incident->opened_wall_ms,
		.health = HEALTH_SICK,
		.since_ms = incident->opened_ms - 3000,
		.score = 0.75f,
		.threshold = 0.625f,
		.generation = 130,
		.lead = METRIC_THREADS,
		.lead_share = 0.5f,
		.lead_value = 512,
		.lead_expected = 12.5,
		.lead_deviation = 40,
		.rule = "thread-leak",
		.class = FAULT_CLASS_THREADS,
		.wants = ACTION_RESTART,
		.held_s = 20,
		.for_s = 20,
		.n_symptoms = VERDICT_SYMPTOMS,
	};

	for (uint32_t i = 0; i < VERDICT_SYMPTOMS; i++)
		verdict.symptom[i] = (struct symptom) {
			.expert = (enum expert)i,
			.metric = i ? METRIC_THREADS + i : METRIC_N,
			.value = 512,
			.low = i ? 10 : (float)NAN,
			.high = 14.5f,
			.expected = 12.5f,
			.share = 0.5f,
			.rare_h = 40,
			.unseen = i == 1,
			.left_s = i ? (float)NAN : 90,
		};
	return verdict;
}

struct decision place_decision(uint64_t id, const struct incident *incident)
{
	return (struct decision) {
		.id = id,
		.incident = incident->id,
		.unit = incident->unit,
		.flags = SAMPLE_SYNTHETIC | SAMPLE_LOSSY,
		.when_ms = 6000 + id,
		.wall_ms = NOON + id * 1000,
		.action = ACTION_RESTART,
		.why = WHY_ALLOWED,
		.way = WAY_SIMULATOR,
		.budget_left = 2,
		.until_ms = 60000,
		.class = FAULT_CLASS_THREADS,
		.rule = "thread-leak",
		.lead = METRIC_THREADS,
		.lead_value = 512,
		.lead_expected = 12.5,
		.score = 0.5f,
		.invocation = { 1, 2, 3, [15] = 0xff },
	};
}

struct attempt place_attempt(const struct decision *decision)
{
	return (struct attempt) {
		.decision = decision->id,
		.unit = decision->unit,
		.way = decision->way,
		.state = ATTEMPT_DONE,
		.result = ATTEMPT_RESULT_DONE,
		.started_ms = decision->when_ms + 10,
		.started_wall_ms = decision->wall_ms + 10,
		.deadline_ms = decision->when_ms + 90000,
		.ended_ms = decision->when_ms + 800,
		.ended_wall_ms = decision->wall_ms + 800,
		.job = "/org/freedesktop/systemd1/job/4711",
	};
}

struct outcome place_outcome(const struct decision *decision)
{
	return (struct outcome) {
		.decision = decision->id,
		.unit = decision->unit,
		.flags = decision->flags,
		.when_ms = decision->when_ms + 30000,
		.wall_ms = decision->wall_ms + 30000,
		.result = OUTCOME_HEALED,
		.score_before = 0.5f,
		.score_after = 0.25f,
		.lead = METRIC_THREADS,
		.value_before = 512,
		.value_after = 12,
		.normal_low = 10,
		.normal_high = 14.5,
		.n_samples = 20,
		.invocation = { 9, [15] = 1 },
	};
}

struct sample place_sample(uint32_t unit, uint64_t wall_ms, double value)
{
	struct sample sample = {
		.unit = unit,
		.when_ms = wall_ms - NOON + 1000000,
		.wall_ms = wall_ms,
		.span_ms = 1000,
	};

	sample_set(&sample, METRIC_CPU, value);
	sample_set(&sample, METRIC_RSS, value * 1000);
	sample_set(&sample, METRIC_FORKS, 2);
	return sample;
}

bool is_root_or_left_out(const char *test)
{
	if (geteuid() == 0)
		return true;
	(void)fprintf(stderr, "not run here: unit %s (needs root)\n", test);
	return false;
}

struct writer_start place_start;

int place_open(struct writer **ret)
{
	return writer_open(PAST, BOUND, NOON, ret, &place_start);
}

struct writer *place_begin(uint64_t bound)
{
	struct writer *writer = NULL;

	cr_assert(zero(int, writer_open(PAST, bound, NOON, &writer, &place_start)));
	return writer;
}

struct place_answers place_answers;

void place_take(uint64_t decision, int error, void *userdata)
{
	(void)userdata;
	place_answers.decision[place_answers.n] = decision;
	place_answers.error[place_answers.n++] = error;
}

/* The eventfd wakes us. */
void place_await(struct writer *writer, size_t n)
{
	while (place_answers.n < n) {
		struct pollfd wait = { .fd = writer_fd(writer), .events = POLLIN };

		cr_assert(eq(int, poll(&wait, 1, 20000), 1), "no answer");
		cr_assert(ge(int, writer_acknowledge(writer, place_take, NULL), 0));
	}
}

void place_decide(struct writer *writer, uint64_t id, const struct incident *incident)
{
	struct decision decision = place_decision(id, incident);

	cr_assert(zero(int, writer_decision(writer, &decision)));
}

struct incident place_begin_incident(struct writer *writer, uint64_t id)
{
	struct incident incident = place_incident(id, writer_number("shop.service", writer));

	cr_assert(zero(int, writer_incident(writer, &incident)));
	return incident;
}

char *place_story(const struct story *story, const struct step *steps, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reader_json_story(out, story, steps, n);
	(void)fclose(out);
	return text;
}
