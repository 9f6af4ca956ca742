/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The daemon's only way into the past. A thread owns the database; the loop puts
 * messages into a bounded queue and never waits for the disk. A decision is
 * committed with synchronous=FULL and then acknowledged through an eventfd;
 * without that acknowledgement nothing may be done (no record, no action).
 *
 * When writing fails (the disk is full, or another error) incidents, verdicts, attempts and
 * outcomes stay in the queue and are tried again, with each further decision and
 * every few seconds of samples; decisions are answered with the error, and
 * telemetry, evidence and lessons of that time are lost.
 *
 * A disk that is full or read-only already at the start leaves a writer without a
 * file: it gives numbers, keeps nothing, and its state is STORE_FULL or STORE_FAILED
 * until writer_find_room() succeeds.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/edge.h"
#include "record/record.h"
#include "record/snapshot.h"

#define COURSE_SECONDS 120u /* of 1 Hz are in memory, for each unit */

struct writer;

/* What was found at the start. */
struct writer_start {
	int obstacle;  /* 0; -ENOSPC, -EROFS: there is no file yet, and nothing below is known */
	bool made;     /* a new file */
	bool replaced; /* what lay there was damaged; it is kept as `kept_as` */
	char kept_as[512];
	uint64_t
		damaged_wall_ms; /* when something was last moved aside here, also before; 0: never */
	uint64_t next_incident, next_decision;
	uint64_t n_interrupted; /* attempts whose outcome was not known yet: not proven, and those
				   under way lost. Their incidents, and all others, are closed */
};

/* path is the database, in a folder that exists; max_size_bytes bounds it; wall_ms is now (names of
 * what is moved aside, closing of what was interrupted). What is damaged or no database of ours is
 * moved aside, if file and folder belong to this user.
 * -EALREADY: another daemon has it (flock on `lock` beside it). -EBUSY: somebody else is writing to it. -EPROTONOSUPPORT: a newer schema; -EPERM:
 * it is broken and another user's; -EACCES: no right to it; -ELOOP: a symbolic link; -EINVAL:
 * no regular file. Nothing is touched then. A full or read-only disk is no error: see obstacle. */
int writer_open(const char *path, uint64_t max_size_bytes, uint64_t wall_ms, struct writer **ret,
		struct writer_start *ret_start);
/* Try a writer without a file again: -ENOSPC, -EROFS: it stays without, and nothing happened; otherwise
 * as writer_open(). All
 * numbers it gave before are void then, and other units have them. */
int writer_find_room(struct writer *writer, const char *path, uint64_t max_size_bytes,
		     uint64_t wall_ms, struct writer_start *ret_start);
/* Waits for what is queued, at most 5 s. */
struct writer *writer_close(struct writer *writer);
DEFINE_CLEANUP(struct writer *, writer_close)

/* A unit's number for ever (without a file: until there is one), from memory; a new name gets its row
 * in the background. 0: the table is full, or that is no name. Fits the sampler's `number`. */
uint32_t writer_number(const char *name, void *writer);

/* What the daemon must remember across a restart; call before the first submit. A decision that was
 * allowed counts as an attempt even if nothing more is known of it: its unit, flags, action, rule and wall_ms are
 * set. */
int writer_attempts_since(struct writer *writer, uint64_t wall_ms,
			  void (*visit)(const struct past_attempt *past, void *userdata),
			  void *userdata);
int writer_lessons(struct writer *writer,
		   void (*visit)(uint32_t unit, uint64_t identity, bool was_well,
				 const uint8_t *bytes, size_t size, void *userdata),
		   void *userdata);

/* Records, in this order of time; an incident, attempt or outcome that is there already is written
 * over. -ENOBUFS: the queue is full (the disk is stuck): the record is lost and counted; a decision
 * must then not be carried out, and is not acknowledged. Without a file a decision is refused with its obstacle, and all
 * else is dropped without a word. */
int writer_incident(struct writer *writer, const struct incident *incident);
/* What the incident is about now, its symptoms included; each is kept. Handed over before a
 * decision, it is durable with that. */
int writer_verdict(struct writer *writer, uint64_t incident, const struct verdict *verdict);
int writer_decision(struct writer *writer, const struct decision *decision);
int writer_attempt(struct writer *writer, const struct attempt *attempt);
int writer_outcome(struct writer *writer, const struct outcome *outcome);
/* What was seen before the incident's unit is disturbed; body is JSON of `size` bytes, at most
 * SNAPSHOT_MOST_BYTES. Takes it over, also on failure. */
int writer_evidence(struct writer *writer, const struct snapshot *snapshot, char *body,
		    size_t size);
/* Takes bytes over, also on failure. */
int writer_lesson(struct writer *writer, uint32_t unit, uint64_t identity, bool was_well,
		  uint64_t wall_ms, uint8_t *bytes, size_t size);
/* One tick's samples: kept as 10 s means in memory; a row of `tail` each minute, a chunk a unit and
 * hour. */
int writer_samples(struct writer *writer, const struct sample *samples, size_t n);
/* Edges that were seen since the last call: n_connections is how many came since then, and is added to
 * those of its row. Of those not seen for 30 days, and of the oldest beyond EDGES_MAX, none are kept. */
int writer_edges(struct writer *writer, const struct edge *edges, size_t n, uint64_t wall_ms);
/* Keep a unit's last two minutes at 1 Hz: when its incident opens, when it is disturbed, and when it
 * closes. */
int writer_detail(struct writer *writer, uint32_t unit);
/* One metric of these, oldest first, NaN where it is unknown: COURSE_SECONDS of them. Of the wall clock's
 * second *ret_from_s on; -ENOENT: the unit has none. */
int writer_course(const struct writer *writer, uint32_t unit, enum metric metric,
		  uint64_t *ret_from_s, float ret[COURSE_SECONDS]);

/* Acknowledgements: readable when some wait. In the order of the decisions; error 0: durable. Returns
 * how many there were. take may submit. */
int writer_fd(const struct writer *writer);
int writer_acknowledge(struct writer *writer,
		       void (*take)(uint64_t decision, int error, void *userdata), void *userdata);

/* Can a decision be recorded now? when_ms is boot time, as in the decisions: one of them that has no
 * answer for over 5 s makes it STORE_STUCK. */
enum store_state writer_state(const struct writer *writer, uint64_t when_ms);
/* Records that were lost, and minutes of telemetry. */
uint64_t writer_lost(const struct writer *writer);
