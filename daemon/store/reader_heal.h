/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What became of a decision: its attempt and its outcome, looked up for many decisions in turn. Part of reader.h. */
#include <sqlite3.h>
#include <stdbool.h>

#include "store/column.h"
#include "store/reader.h"

/* { 0 } until heal_rows_init(). */
struct heal_rows {
	sqlite3_stmt *attempt, *outcome; /* owned */
};

/* What there is of one; rows that no writer of this version wrote are none, and the reader's notice says so. */
struct heal {
	bool has_attempt, has_outcome;
	struct attempt attempt;
	struct outcome outcome;
};

int heal_rows_init(sqlite3 *db, struct heal_rows *ret);
void heal_rows_clear(struct heal_rows *rows);
int heal_rows_find(struct reader *reader, struct heal_rows *rows, uint64_t decision,
		   struct heal *ret);

/* Ask a prepared statement anew about the one number it wants. 1: a row is there, and *columns begins with its
 * first; 0: none is. */
int heal_look_up(sqlite3_stmt *select, uint64_t id, struct columns *columns);
