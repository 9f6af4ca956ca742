/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Between the loop and the thread that writes: a bounded queue of messages one
 * way, answers to decisions the other. The order is kept. A message stays in the
 * queue until it is written, so what the disk refuses can be tried again. Part of
 * writer.h; knows nothing of SQL.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "record/snapshot.h"

#define QUEUE_MESSAGES	1024
#define QUEUE_BYTES_MAX ((size_t)8 << 20) /* of blobs: a stuck disk must not cost more */

enum message_kind {
	MESSAGE_NONE, /* was dropped where it stood */
	MESSAGE_UNIT,
	MESSAGE_INCIDENT,
	MESSAGE_VERDICT,
	MESSAGE_DECISION,
	MESSAGE_ATTEMPT,
	MESSAGE_OUTCOME,
	MESSAGE_LESSON,
	MESSAGE_MINUTE, /* telemetry of all units */
	MESSAGE_DETAIL, /* 1 Hz of one unit */
	MESSAGE_EDGES,	/* bytes: struct edge, one after the other */
	MESSAGE_EVIDENCE,
};

struct message {
	enum message_kind kind;
	union {
		struct {
			uint32_t id;
			uint64_t wall_ms;
			char name[UNIT_NAME_SIZE];
		} unit;
		struct incident incident;
		struct {
			uint64_t incident;
			struct verdict verdict;
		} told;
		struct decision decision;
		struct attempt attempt;
		struct outcome outcome;
		struct {
			uint32_t unit;
			bool was_well;
			uint64_t identity, wall_ms;
		} lesson;
		uint64_t minute; /* since 1970 */
		struct {
			uint32_t unit;
			uint64_t from_s;
		} detail;
		struct {
			uint64_t wall_ms;
		} edges;
		struct snapshot snapshot;
	};
	uint8_t *
		bytes; /* of lesson, minute, detail, edges and evidence; owned by the queue once it took it */
	size_t size;
};

struct queue;

int queue_new(struct queue **ret);
struct queue *queue_free(struct queue *queue);
DEFINE_CLEANUP(struct queue *, queue_free)

/* The loop's side; none of these waits for the disk. */

/* Takes message->bytes, also on failure. -ENOBUFS: full; counted as lost, but for units, which the
 * caller must bring again. */
int queue_push(struct queue *queue, const struct message *message);
/* Let the thread try again what failed. */
void queue_nudge(struct queue *queue);
/* No more will come. */
void queue_close(struct queue *queue);
/* Readable while answers wait. */
int queue_fd(const struct queue *queue);
/* Hands over the answers; how many there were. */
int queue_acknowledge(struct queue *queue,
		      void (*take)(uint64_t decision, int error, void *userdata), void *userdata);
/* STORE_STUCK: the oldest decision has had no answer for over 5 s. */
enum store_state queue_state(struct queue *queue, uint64_t when_ms);
uint64_t queue_lost(struct queue *queue);

/* The thread's side. */

/* Wait for something to do: messages; or, while the last write failed, a decision or a nudge. Returns
 * how many messages there are; 0 can mean a nudge, or with *ret_closing the end. */
size_t queue_wait(struct queue *queue, bool *ret_closing);
/* The i-th of them; stays where it is until dropped. */
const struct message *queue_at(const struct queue *queue, size_t i);
/* The first n are written; if the last of them is a decision, its answer is `error`. n_lost of them
 * were not written after all. */
void queue_done(struct queue *queue, size_t n, int error, uint64_t n_lost, enum store_state state);
/* Nothing can be written: decisions are answered with the error, telemetry, evidence and lessons are lost;
 * other records stay, to be tried again (with `all` they are lost too). */
void queue_failed(struct queue *queue, int error, enum store_state state, bool all);
