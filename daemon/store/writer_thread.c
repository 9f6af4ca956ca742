/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread that writes the past, and what it does when it cannot. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "store/minute.h"
#include "store/retain.h"
#include "store/schema.h"
#include "store/statement.h"
#include "store/writer_rows.h"
#include "store/writer_thread.h"

#define BATCH_MAX	   64u
#define CHECKPOINT_MINUTES 5u
#define HOUR		   60u

struct writer_thread {
	pthread_t id;
	sqlite3 *db;
	struct queue *queue; /* borrowed */
	struct rows *rows;
	int ended_fd;	     /* readable when the thread is through */
	uint64_t newest;     /* the minute kept last; 0: none. The thread asks no clock */
	uint64_t checkpoint; /* the minute of the last checkpoint */
};

/* Hours that ended while nobody was there to keep minutes; then the minute; then the hours it ends. */
static int write_minute(struct writer_thread *thread, const struct message *message)
{
	uint64_t minute = message->minute, newest = thread->newest;
	int r = 0;

	if (newest > 0)
		for (uint64_t end = newest + 2; r >= 0 && end <= newest + HOUR && end <= minute;
		     end++)
			r = minute_gather(thread->db, end);
	if (r >= 0)
		r = minute_keep(thread->db, minute, message->bytes, message->size);
	if (r >= 0)
		r = minute_gather(thread->db, minute + 1);
	if (r >= 0)
		r = retain_thin(thread->db, minute * MINUTES(1));
	if (r >= 0)
		thread->newest = minute;
	return r;
}

static int write_edges(struct writer_thread *thread, const struct message *message)
{
	struct edge edge;
	int r = 0;

	for (size_t at = 0; r >= 0 && at < message->size; at += sizeof(edge)) {
		memcpy(&edge, message->bytes + at, sizeof(edge));
		r = rows_edge(thread->rows, &edge);
	}
	return r < 0 ? r : retain_edges(thread->db, message->edges.wall_ms);
}

static int write_evidence(struct writer_thread *thread, const struct message *message)
{
	int r;

	r = rows_evidence(thread->rows, &message->snapshot, message->bytes, message->size);
	return r < 0 ? r : retain_evidence(thread->db);
}

static int write_message(struct writer_thread *thread, const struct message *message)
{
	struct rows *rows = thread->rows;

	switch (message->kind) {
	case MESSAGE_NONE:
		return 0;
	case MESSAGE_UNIT:
		return rows_unit(rows, message->unit.id, message->unit.name, message->unit.wall_ms);
	case MESSAGE_INCIDENT:
		return rows_incident(rows, &message->incident);
	case MESSAGE_VERDICT:
		return rows_verdict(rows, message->told.incident, &message->told.verdict);
	case MESSAGE_DECISION:
		return rows_decision(rows, &message->decision);
	case MESSAGE_ATTEMPT:
		return rows_attempt(rows, &message->attempt);
	case MESSAGE_OUTCOME:
		return rows_outcome(rows, &message->outcome);
	case MESSAGE_LESSON:
		return rows_lesson(rows, message->lesson.unit, message->lesson.identity,
				   message->lesson.was_well, message->lesson.wall_ms,
				   message->bytes, message->size);
	case MESSAGE_MINUTE:
		return write_minute(thread, message);
	case MESSAGE_DETAIL:
		return statement_chunk(thread->db, message->detail.unit, 1, message->detail.from_s,
				       message->bytes, message->size);
	case MESSAGE_EDGES:
		return write_edges(thread, message);
	case MESSAGE_EVIDENCE:
		return write_evidence(thread, message);
	}
	return -EINVAL;
}

/* Is it this one record that is wrong, and not the disk? Then the others go on without it. */
static bool is_of_record(sqlite3 *db, int r)
{
	return !sqlite3_get_autocommit(db) && (r == -EINVAL || r == -E2BIG || r == -EBADMSG);
}

struct batch {
	size_t n;
	bool decides; /* the last of them is a decision */
	int error;    /* of that decision alone */
	uint64_t n_lost;
	bool damaged;
};

static int write_messages(struct writer_thread *thread, struct batch *batch)
{
	const struct message *message;
	int r;

	batch->error = 0;
	batch->n_lost = 0;
	batch->damaged = false;
	for (size_t i = 0; i < batch->n; i++) {
		message = queue_at(thread->queue, i);
		r = write_message(thread, message);
		if (r >= 0)
			continue;
		if (!is_of_record(thread->db, r))
			return r;
		batch->damaged |= r == -EBADMSG;
		if (message->kind == MESSAGE_DECISION)
			batch->error = r;
		else
			batch->n_lost++;
	}
	return 0;
}

/* Somebody moved or removed the file under us: what is written now, nobody will ever read. */
static bool is_elsewhere(sqlite3 *db)
{
	int moved = 0;

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	       moved;
}

static int write_transaction(struct writer_thread *thread, struct batch *batch)
{
	uint64_t newest = thread->newest;
	int r;

	r = schema_run(thread->db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = write_messages(thread, batch);
	if (r >= 0)
		r = schema_run(thread->db, "COMMIT");
	if (r >= 0)
		return 0;
	if (!sqlite3_get_autocommit(thread->db))
		(void)schema_run(thread->db, "ROLLBACK");
	thread->newest = newest;
	return r;
}

/* One sync for the decision, which makes all before it durable too. The switch is refused inside a
 * transaction, so its result matters. */
static int write_batch(struct writer_thread *thread, struct batch *batch)
{
	int r, restored;

	if (is_elsewhere(thread->db))
		return -ESTALE;
	if (!batch->decides)
		return write_transaction(thread, batch);
	r = schema_run(thread->db, "PRAGMA synchronous = FULL");
	if (r >= 0)
		r = write_transaction(thread, batch);
	restored = schema_run(thread->db, "PRAGMA synchronous = NORMAL");
	return r < 0 ? r : restored;
}

static enum store_state state_of(int r)
{
	return r == -ENOSPC ? STORE_FULL : STORE_FAILED;
}

/* Up to the first decision: that one wants its sync, and its answer, now. */
static struct batch choose(const struct queue *queue, size_t n)
{
	struct batch batch = { 0 };

	while (batch.n < n && batch.n < BATCH_MAX && !batch.decides)
		batch.decides = queue_at(queue, batch.n++)->kind == MESSAGE_DECISION;
	return batch;
}

static int write_some(struct writer_thread *thread, size_t n)
{
	struct batch batch = choose(thread->queue, n);
	int r;

	r = write_batch(thread, &batch);
	if (r == -ENOSPC && retain_make_room(thread->db) >= 0)
		r = write_batch(thread, &batch);
	if (r >= 0)
		queue_done(thread->queue, batch.n, batch.error, batch.n_lost,
			   batch.damaged ? STORE_FAILED : STORE_WELL);
	return r;
}

/* Also the smallest write there is: it shows whether writing works again. */
static int checkpoint(struct writer_thread *thread)
{
	thread->checkpoint = thread->newest;
	return retain_checkpoint(thread->db, thread->newest * MINUTES(1));
}

static bool is_checkpoint_due(const struct writer_thread *thread)
{
	return thread->newest - thread->checkpoint >=
	       CHECKPOINT_MINUTES; /* also after a step back */
}

static void *run(void *userdata)
{
	struct writer_thread *thread = userdata;
	bool closing = false;
	size_t n;
	int r;

	(void)privilege_drop(NULL, NULL); /* our maker may still need its own */
	do {
		n = queue_wait(thread->queue, &closing);
		if (n > 0) {
			r = write_some(thread, n);
		} else {
			r = checkpoint(thread);
			if (r >= 0)
				queue_done(thread->queue, 0, 0, 0, STORE_WELL);
		}
		if (r >= 0 && is_checkpoint_due(thread))
			r = checkpoint(thread);
		if (r < 0)
			queue_failed(thread->queue, r, state_of(r), closing);
	} while (!closing || n > 0);
	(void)rows_free(thread->rows);
	(void)sqlite3_close(thread->db);
	(void)eventfd_write(thread->ended_fd, 1);
	return NULL;
}

static void thread_free(struct writer_thread *thread)
{
	if (thread->ended_fd >= 0)
		(void)close(thread->ended_fd);
	free(thread);
}

/* Signals are for the loop's thread. */
static int create(struct writer_thread *thread)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread->id, NULL, run, thread);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		(void)pthread_setname_np(thread->id, "store");
	return -r;
}

static int prepare(sqlite3 *db, struct writer_thread *thread)
{
	int64_t newest;
	int r;

	thread->ended_fd = eventfd(0, EFD_CLOEXEC);
	if (thread->ended_fd < 0)
		return -errno;
	r = statement_number(db, "SELECT max(minute) FROM tail", 0, &newest);
	if (r >= 0)
		r = rows_new(db, &thread->rows);
	if (r < 0)
		return r;
	thread->newest = thread->checkpoint = (uint64_t)newest;
	return 0;
}

int writer_thread_start(sqlite3 *db, struct queue *queue, struct writer_thread **ret)
{
	struct writer_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (!thread) {
		(void)sqlite3_close(db);
		return -ENOMEM;
	}
	thread->db = db;
	thread->queue = queue;
	thread->ended_fd = -1;
	r = prepare(db, thread);
	if (r >= 0)
		r = create(thread);
	if (r < 0) {
		(void)rows_free(thread->rows);
		(void)sqlite3_close(db);
		thread_free(thread);
		return r;
	}
	*ret = thread;
	return 0;
}

bool writer_thread_stop(struct writer_thread *thread, int timeout_ms)
{
	struct pollfd ended = { .fd = thread->ended_fd, .events = POLLIN };
	int r;

	do
		r = poll(&ended, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r <= 0) {
		(void)pthread_detach(thread->id);
		return false;
	}
	(void)pthread_join(thread->id, NULL);
	thread_free(thread);
	return true;
}
