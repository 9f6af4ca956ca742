/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the tables of past and present and checks whose and of which version they are. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "store/schema.h"
#include "store/statement.h"

/* schema_text.S: schema.sql and live.sql. */
extern const char schema_past_text[], schema_live_text[];

int schema_errno(int sqlite_result)
{
	if (sqlite_result == SQLITE_IOERR_SHMSIZE) /* the log's index could not grow */
		return -ENOSPC;
	switch (sqlite_result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EPERM;
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_ERROR: /* "no such table": the version promised it */
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return -EINVAL;
	case SQLITE_TOOBIG:
		return -E2BIG;
	default:
		return -EIO;
	}
}

int schema_run(sqlite3 *db, const char *sql)
{
	return schema_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* 0: ours, of this version. -ENODATA: nothing in it at all, or older; ret_is_empty tells. */
static int identify(sqlite3 *db, int64_t expected, bool *ret_is_empty)
{
	int64_t application = 0, version = 0, n_tables = 0;
	int r;

	r = statement_number(db, "PRAGMA application_id", 0, &application);
	if (r >= 0)
		r = statement_number(db, "PRAGMA user_version", 0, &version);
	if (r >= 0)
		r = statement_number(db, "SELECT count(*) FROM sqlite_schema", 0, &n_tables);
	if (r < 0)
		return r;
	*ret_is_empty = application == 0 && version == 0 && n_tables == 0;
	if (*ret_is_empty)
		return -ENODATA;
	if (application != expected || version < 1)
		return -EBADMSG;
	if (version > SCHEMA_VERSION)
		return -EPROTONOSUPPORT;
	return version == SCHEMA_VERSION ? 0 : -ENODATA;
}

static int create(sqlite3 *db, const char *text, int application)
{
	char pragmas[96];
	int r;

	r = schema_run(db, text);
	if (r < 0)
		return r;
	(void)snprintf(pragmas, sizeof(pragmas),
		       "PRAGMA application_id = %d; PRAGMA user_version = %d", application,
		       SCHEMA_VERSION);
	return schema_run(db, pragmas);
}

/* The names that this version gives to stream numbers; an unchanged row is not written again. */
static int fill_metrics(sqlite3 *db)
{
	CLEANUP(statement_freep) sqlite3_stmt *statement = NULL;
	int r;

	r = statement_new(db,
			  "INSERT INTO metric (id, name, quantity) VALUES (?1, ?2, ?3) "
			  "ON CONFLICT (id) DO UPDATE SET name = ?2, quantity = ?3 "
			  "WHERE name <> ?2 OR quantity <> ?3",
			  &statement);
	for (int i = 0; r >= 0 && i < METRIC_N; i++) {
		(void)sqlite3_bind_int(statement, 1, i);
		(void)sqlite3_bind_text(statement, 2, metric_table[i].name, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 3, metric_table[i].quantity, -1, SQLITE_STATIC);
		r = statement_run(statement);
	}
	return r;
}

static int prepare(sqlite3 *db, const char *text, int application, bool with_metrics)
{
	bool is_empty = false;
	int r;

	r = identify(db, application, &is_empty);
	if (r == -ENODATA && is_empty)
		r = create(db, text, application);
	if (r >= 0 && with_metrics)
		r = fill_metrics(db);
	return r == -ENODATA ? -EBADMSG : r; /* there is no older version yet */
}

static int prepare_in_transaction(sqlite3 *db, const char *text, int application, bool with_metrics)
{
	int r;

	r = schema_run(db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = prepare(db, text, application, with_metrics);
	if (r >= 0)
		r = schema_run(db, "COMMIT");
	if (r < 0 && !sqlite3_get_autocommit(db))
		(void)schema_run(db, "ROLLBACK");
	return r;
}

int schema_prepare(sqlite3 *db)
{
	return prepare_in_transaction(db, schema_past_text, SCHEMA_APPLICATION_ID, true);
}

int schema_prepare_live(sqlite3 *db)
{
	int r;

	r = prepare_in_transaction(db, schema_live_text, SCHEMA_LIVE_ID, false);
	return r == -EPROTONOSUPPORT ? -EBADMSG : r;
}

int schema_check(sqlite3 *db)
{
	bool is_empty;

	return identify(db, SCHEMA_APPLICATION_ID, &is_empty);
}

int schema_check_live(sqlite3 *db)
{
	bool is_empty;

	return identify(db, SCHEMA_LIVE_ID, &is_empty);
}
