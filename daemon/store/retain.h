/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Keeps the past within its bounds: thins old samples, deletes the oldest first
 * when the file nears its limit, checkpoints the log. On the writer's thread only.
 */
#include <sqlite3.h>
#include <stdint.h>

/* Fold what is complete by now into coarser chunks; then delete what is older than its resolution is
 * kept: 1 s for 7 days, 10 s for 1 day, 60 s for 30 days, 600 s for 90 days. Looks at a sixtieth of the
 * units a call, those whose number is the minute's modulo 60, also those that are gone. */
int retain_thin(sqlite3 *db, uint64_t wall_ms);
/* Forget units that were not seen for 90 days and of which nothing else is kept. Before their numbers
 * are handed out only. */
int retain_units(sqlite3 *db, uint64_t wall_ms);
/* Forget edges that were not seen for 30 days, and the oldest beyond EDGES_MAX. */
int retain_edges(sqlite3 *db, uint64_t wall_ms);
/* Of what was seen before units were disturbed, keep the newest SNAPSHOTS_KEPT. */
int retain_evidence(sqlite3 *db);
/* Build the coarser chunk (span_s 60 or 600) of a unit from what finer ones there are between from_s
 * and from_s + 360 * span_s: mean, max and min. None: nothing is written. One that is there already is
 * left alone. */
int retain_fold(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s);
/* Make room after SQLITE_FULL: the oldest chunks of all, in a batch; when there are none, the oldest
 * edges; then the oldest closed incidents and what belongs to them. -ENOSPC: nothing is left that may go. */
int retain_make_room(sqlite3 *db);
/* A passive checkpoint, and then the one row that keeps its sync off the next commit. */
int retain_checkpoint(sqlite3 *db, uint64_t wall_ms);
