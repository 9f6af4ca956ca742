/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Prepared statements with errno errors, and the one statement that several files share. */
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* The caller owns ret. */
int statement_new(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
sqlite3_stmt *statement_free(sqlite3_stmt *statement);
DEFINE_CLEANUP(sqlite3_stmt *, statement_free)

/* Run one that returns no rows, and make it ready for the next run. */
int statement_run(sqlite3_stmt *statement);
/* 1: a row; 0: no further one, and ready for the next run. */
int statement_next(sqlite3_stmt *statement);
/* The first column of the first row as a number; the fallback if there is none or it is NULL. */
int statement_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *ret);
/* Keep a chunk; one that has this key already stays (the wall clock went back). */
int statement_chunk(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s,
		    const uint8_t *bytes, size_t size);
