/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's side of the past: hands records to the thread that writes, and never waits for it. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/column.h"
#include "store/retain.h"
#include "store/statement.h"
#include "store/writer.h"
#include "store/writer_course.h"
#include "store/writer_file.h"
#include "store/writer_numbers.h"
#include "store/writer_queue.h"
#include "store/writer_rows.h"
#include "store/writer_thread.h"

#define CLOSE_LIMIT_MS 5000
#define RETRY_MS       SECONDS(3)
/* Numbers of a writer without a file lie above those of any file (whose table holds 4096 names), so
 * that no one is taken for a unit of the past. The judge has a place for each number up to the highest. */
#define FIRST_PASSING_NUMBER (UINT32_C(1) << 16)

struct writer {
	struct writer_file file; /* its db is the thread's once there is one */
	struct queue *queue;
	struct writer_thread *thread; /* NULL: without a file, */
	int obstacle;		      /* for this reason */
	struct courses *courses;
	struct numbers numbers;
	size_t n_known;	    /* units of which the queue has heard */
	uint64_t wall_ms;   /* of the last tick */
	uint64_t nudged_ms; /* when writing was last tried again */
};

static int load_numbers(struct writer *writer)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	const char *name;
	uint32_t number;
	int r;

	r = statement_new(writer->file.db, "SELECT id, name FROM unit ORDER BY id", &select);
	if (r < 0)
		return r;
	numbers_clear(&writer->numbers);
	while ((r = statement_next(select)) > 0) {
		name = (const char *)sqlite3_column_text(select, 1);
		number = (uint32_t)sqlite3_column_int64(select, 0);
		if (!name)
			return -ENOMEM;
		r = numbers_add(&writer->numbers, number, name);
		if (r == -ENOMEM)
			return r;
		writer->numbers.next = number + 1; /* also if the name itself is of no use */
	}
	writer->n_known = writer->numbers.n;
	return r;
}

static int take_stock(struct writer *writer, struct writer_start *start)
{
	sqlite3 *db = writer->file.db;
	int64_t incident = 0, decision = 0;
	int r;

	r = rows_close_interrupted(db, writer->wall_ms, &start->n_interrupted);
	if (r >= 0)
		r = retain_units(db, writer->wall_ms);
	if (r >= 0)
		r = statement_number(db, "SELECT max(id) FROM incident", 0, &incident);
	if (r >= 0)
		r = statement_number(db, "SELECT max(id) FROM decision", 0, &decision);
	if (r >= 0)
		r = load_numbers(writer);
	start->next_incident = (uint64_t)incident + 1;
	start->next_decision = (uint64_t)decision + 1;
	return r;
}

/* A file that is within its bound by a hair still has old telemetry to give. */
static int take_stock_somehow(struct writer *writer, struct writer_start *start)
{
	int r;

	r = take_stock(writer, start);
	if (r == -ENOSPC && retain_make_room(writer->file.db) >= 0)
		r = take_stock(writer, start);
	return r;
}

int writer_find_room(struct writer *writer, const char *path, uint64_t max_size_bytes,
		     uint64_t wall_ms, struct writer_start *ret_start)
{
	struct writer_start start;
	int r;

	writer->wall_ms = wall_ms;
	r = writer_file_open(path, max_size_bytes, wall_ms, &writer->file, &start);
	if (r < 0)
		return r;
	r = take_stock_somehow(writer, &start);
	if (r < 0) {
		(void)sqlite3_close(TAKE(writer->file.db));
		return r;
	}
	r = writer_thread_start(writer->file.db, writer->queue, &writer->thread);
	if (r < 0) {
		writer->file.db = NULL;
		return r;
	}
	*ret_start = start;
	return 0;
}

int writer_open(const char *path, uint64_t max_size_bytes, uint64_t wall_ms, struct writer **ret,
		struct writer_start *ret_start)
{
	CLEANUP(writer_closep) struct writer *writer = calloc(1, sizeof(*writer));
	struct writer_start start;
	int r;

	if (!writer)
		return -ENOMEM;
	writer->file.lock_fd = -1;
	r = courses_new(&writer->courses);
	if (r >= 0)
		r = queue_new(&writer->queue);
	if (r >= 0)
		r = writer_find_room(writer, path, max_size_bytes, wall_ms, &start);
	if (r == -ENOSPC || r == -EROFS) {
		writer->numbers.next = FIRST_PASSING_NUMBER;
		writer->obstacle = r;
		start = (struct writer_start) { .obstacle = r,
						.next_incident = 1,
						.next_decision = 1 };
		r = 0;
	}
	if (r < 0)
		return r;
	*ret = TAKE(writer);
	*ret_start = start;
	return 0;
}

static int push_minute(struct writer *writer, struct course_minute *minute)
{
	const struct message message = {
		.kind = MESSAGE_MINUTE,
		.minute = minute->minute,
		.bytes = minute->bytes,
		.size = minute->size,
	};

	return queue_push(writer->queue, &message);
}

/* False: the thread hangs in the disk and keeps what it uses, for the process is about to end. */
static bool stop(struct writer *writer)
{
	struct course_minute minute;

	if (!writer->thread) {
		(void)sqlite3_close(writer->file.db);
		return true;
	}
	if (courses_finish(writer->courses, &minute) > 0)
		(void)push_minute(writer, &minute);
	queue_close(writer->queue);
	return writer_thread_stop(writer->thread, CLOSE_LIMIT_MS);
}

struct writer *writer_close(struct writer *writer)
{
	if (!writer)
		return NULL;
	if (stop(writer)) {
		(void)queue_free(writer->queue);
		if (writer->file.lock_fd >= 0)
			(void)close(writer->file.lock_fd);
	}
	(void)courses_free(writer->courses);
	numbers_clear(&writer->numbers);
	free(writer);
	return NULL;
}

/* Takes message->bytes, also on failure. */
static int push(struct writer *writer, const struct message *message)
{
	if (writer->thread)
		return queue_push(writer->queue, message);
	free(message->bytes);
	return message->kind == MESSAGE_DECISION ? writer->obstacle : 0;
}

/* Units come first: what follows points to their rows. */
static void push_units(struct writer *writer)
{
	struct message message = { .kind = MESSAGE_UNIT };

	for (; writer->thread && writer->n_known < writer->numbers.n; writer->n_known++) {
		message.unit.id = writer->numbers.entry[writer->n_known].number;
		message.unit.wall_ms = writer->wall_ms;
		(void)strncpy(message.unit.name, writer->numbers.entry[writer->n_known].name,
			      sizeof(message.unit.name) - 1);
		if (queue_push(writer->queue, &message) < 0)
			return;
	}
}

uint32_t writer_number(const char *name, void *userdata)
{
	struct writer *writer = userdata;
	uint32_t number = numbers_find(&writer->numbers, name);

	if (number != 0)
		return number;
	number = writer->numbers.next;
	if (numbers_add(&writer->numbers, number, name) < 0)
		return 0;
	push_units(writer);
	return number;
}

int writer_attempts_since(struct writer *writer, uint64_t wall_ms,
			  void (*visit)(const struct past_attempt *past, void *userdata),
			  void *userdata)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	if (!writer->thread)
		return 0;
	r = statement_new(writer->file.db,
			  "SELECT decision.unit, decision.flags, decision.wall_ms, action, rule, "
			  "coalesce(outcome.result, 'none'), "
			  "max(0, coalesce(ended_wall_ms - started_wall_ms, 0)) FROM decision "
			  "LEFT JOIN attempt ON attempt.decision = decision.id "
			  "LEFT JOIN outcome ON outcome.decision = decision.id "
			  "WHERE why = 'allowed' AND action <> 'notify' AND decision.wall_ms >= ? "
			  "ORDER BY decision.wall_ms",
			  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)wall_ms);
	while ((r = statement_next(select)) > 0) {
		struct columns columns = { .statement = select };
		struct past_attempt past = { 0 };

		past.decision.unit = column_get_u32(&columns);
		past.decision.flags = column_get_u32(&columns);
		past.decision.wall_ms = column_get_u64(&columns);
		past.decision.action =
			(enum action)column_get_word(&columns, action_word, ACTION_N);
		column_get_text(&columns, past.decision.rule, sizeof(past.decision.rule));
		past.result =
			(enum outcome_result)column_get_word(&columns, outcome_word, OUTCOME_N);
		past.down_ms = column_get_u64(&columns);
		visit(&past, userdata); /* also one that cannot be read in full: it counts */
	}
	return r;
}

int writer_lessons(struct writer *writer,
		   void (*visit)(uint32_t unit, uint64_t identity, bool was_well,
				 const uint8_t *bytes, size_t size, void *userdata),
		   void *userdata)
{
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	int r;

	if (!writer->thread)
		return 0;
	r = statement_new(writer->file.db, "SELECT unit, identity, was_well, body FROM lesson",
			  &select);
	if (r < 0)
		return r;
	while ((r = statement_next(select)) > 0)
		visit((uint32_t)sqlite3_column_int64(select, 0),
		      (uint64_t)sqlite3_column_int64(select, 1),
		      sqlite3_column_int64(select, 2) != 0, sqlite3_column_blob(select, 3),
		      (size_t)sqlite3_column_bytes(select, 3), userdata);
	return r;
}

int writer_incident(struct writer *writer, const struct incident *incident)
{
	const struct message message = { .kind = MESSAGE_INCIDENT, .incident = *incident };

	push_units(writer); /* a record names its unit: that row must be there first */
	return push(writer, &message);
}

int writer_verdict(struct writer *writer, uint64_t incident, const struct verdict *verdict)
{
	const struct message message = { .kind = MESSAGE_VERDICT,
					 .told = { .incident = incident, .verdict = *verdict } };

	return push(writer, &message);
}

int writer_decision(struct writer *writer, const struct decision *decision)
{
	const struct message message = { .kind = MESSAGE_DECISION, .decision = *decision };

	push_units(writer); /* a record names its unit: that row must be there first */
	return push(writer, &message);
}

int writer_attempt(struct writer *writer, const struct attempt *attempt)
{
	const struct message message = { .kind = MESSAGE_ATTEMPT, .attempt = *attempt };

	return push(writer, &message);
}

int writer_outcome(struct writer *writer, const struct outcome *outcome)
{
	const struct message message = { .kind = MESSAGE_OUTCOME, .outcome = *outcome };

	return push(writer, &message);
}

int writer_lesson(struct writer *writer, uint32_t unit, uint64_t identity, bool was_well,
		  uint64_t wall_ms, uint8_t *bytes, size_t size)
{
	const struct message message = {
		.kind = MESSAGE_LESSON,
		.lesson = { .unit = unit,
			    .was_well = was_well,
			    .identity = identity,
			    .wall_ms = wall_ms },
		.bytes = bytes,
		.size = size,
	};

	return push(writer, &message);
}

int writer_evidence(struct writer *writer, const struct snapshot *snapshot, char *body, size_t size)
{
	const struct message message = {
		.kind = MESSAGE_EVIDENCE,
		.snapshot = *snapshot,
		.bytes = (uint8_t *)body,
		.size = size,
	};

	return push(writer, &message);
}

static void retry_when_due(struct writer *writer, uint64_t when_ms)
{
	if (when_ms - writer->nudged_ms < RETRY_MS ||
	    queue_state(writer->queue, when_ms) == STORE_WELL)
		return;
	writer->nudged_ms = when_ms;
	queue_nudge(writer->queue);
}

int writer_samples(struct writer *writer, const struct sample *samples, size_t n)
{
	struct course_minute minute;
	int r;

	if (n == 0 || !writer->thread)
		return 0;
	writer->wall_ms = samples[0].wall_ms;
	push_units(writer);
	retry_when_due(writer, samples[0].when_ms);
	r = courses_take(writer->courses, samples, n, &minute);
	return r > 0 ? push_minute(writer, &minute) : r;
}

int writer_edges(struct writer *writer, const struct edge *edges, size_t n, uint64_t wall_ms)
{
	struct message message = { .kind = MESSAGE_EDGES, .edges.wall_ms = wall_ms };

	if (n == 0 || !writer->thread)
		return 0;
	push_units(writer);
	message.size = n * sizeof(*edges);
	message.bytes = malloc(message.size);
	if (!message.bytes)
		return -ENOMEM;
	memcpy(message.bytes, edges, message.size);
	return push(writer, &message);
}

int writer_detail(struct writer *writer, uint32_t unit)
{
	struct message message = { .kind = MESSAGE_DETAIL, .detail.unit = unit };
	int r;

	r = courses_detail(writer->courses, unit, &message.detail.from_s, &message.bytes,
			   &message.size);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : push(writer, &message);
}

int writer_course(const struct writer *writer, uint32_t unit, enum metric metric,
		  uint64_t *ret_from_s, float ret[COURSE_SECONDS])
{
	return courses_metric(writer->courses, unit, metric, ret_from_s, ret);
}

int writer_fd(const struct writer *writer)
{
	return queue_fd(writer->queue);
}

int writer_acknowledge(struct writer *writer,
		       void (*take)(uint64_t decision, int error, void *userdata), void *userdata)
{
	return queue_acknowledge(writer->queue, take, userdata);
}

enum store_state writer_state(const struct writer *writer, uint64_t when_ms)
{
	if (!writer->thread)
		return writer->obstacle == -ENOSPC ? STORE_FULL : STORE_FAILED;
	return queue_state(writer->queue, when_ms);
}

uint64_t writer_lost(const struct writer *writer)
{
	return queue_lost(writer->queue);
}
