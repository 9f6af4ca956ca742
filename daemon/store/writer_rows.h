/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Records to rows: every statement that the writer makes on them. Part of writer.h;
 * used by the thread, and before it starts.
 */
#include <sqlite3.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "record/edge.h"
#include "record/record.h"
#include "record/snapshot.h"

struct rows;

int rows_new(sqlite3 *db, struct rows **ret);
struct rows *rows_free(struct rows *rows);
DEFINE_CLEANUP(struct rows *, rows_free)

/* An incident, attempt, outcome or lesson that is there already is written over. -EINVAL: what it
 * belongs to is not there. Other errors: schema.h. */
int rows_unit(struct rows *rows, uint32_t id, const char *name, uint64_t wall_ms);
int rows_incident(struct rows *rows, const struct incident *incident);
/* What that incident is about, with its symptoms. */
int rows_verdict(struct rows *rows, uint64_t incident, const struct verdict *verdict);
int rows_decision(struct rows *rows, const struct decision *decision);
int rows_attempt(struct rows *rows, const struct attempt *attempt);
int rows_outcome(struct rows *rows, const struct outcome *outcome);
int rows_edge(struct rows *rows, const struct edge *edge); /* its connections are added */
/* What was seen before the incident's unit was disturbed: a text of so many bytes. */
int rows_evidence(struct rows *rows, const struct snapshot *snapshot, const uint8_t *body,
		  size_t size);
int rows_lesson(struct rows *rows, uint32_t unit, uint64_t identity, bool was_well,
		uint64_t wall_ms, const uint8_t *bytes, size_t size);

/* What an earlier run left open is closed, in one transaction: attempts without an end are lost,
 * outcomes that are missing unknown, incidents over. A decision whose attempt has no row may have
 * left too, so it gets one. Tells how many outcomes stay unknown. */
int rows_close_interrupted(sqlite3 *db, uint64_t wall_ms, uint64_t *ret_n);
