/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the tables of past and present and checks whose and of which version they are. */
#include <errno.h>
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

/* 0: ours, of this version. -ENODATA: older, or nothing in it at all, which is version 0. */
static int identify(sqlite3 *db, int64_t expected, int64_t *ret_version)
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
	*ret_version = version;
	if (application == 0 && version == 0 && n_tables == 0)
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

/* From each older version to the next one. A step is of its time: schema.sql may go on to change. */
static const char *const steps[SCHEMA_VERSION] = {
	[1] = "CREATE TABLE edge ("
	      "client INTEGER NOT NULL, server INTEGER NOT NULL, kind TEXT NOT NULL, "
	      "port INTEGER NOT NULL, flags INTEGER NOT NULL, n_connections INTEGER NOT NULL, "
	      "first_wall_ms INTEGER NOT NULL, last_wall_ms INTEGER NOT NULL, "
	      "PRIMARY KEY (client, server, kind, port)) STRICT, WITHOUT ROWID;"
	      "PRAGMA user_version = 2",
	[2] = "CREATE TABLE verdict ("
	      "id INTEGER PRIMARY KEY, incident INTEGER NOT NULL REFERENCES incident (id), "
	      "unit INTEGER NOT NULL, flags INTEGER NOT NULL, when_ms INTEGER NOT NULL, "
	      "wall_ms INTEGER NOT NULL, health TEXT NOT NULL, since_ms INTEGER NOT NULL, "
	      "learn_left_s INTEGER NOT NULL, score REAL, threshold REAL, "
	      "generation INTEGER NOT NULL, lead TEXT, lead_share REAL, lead_value REAL, "
	      "lead_expected REAL, lead_deviation REAL, lead_limit REAL, left_soonest_s REAL, "
	      "left_latest_s REAL, rule TEXT NOT NULL, class TEXT NOT NULL, "
	      "wants TEXT NOT NULL, on_fact INTEGER NOT NULL, held_s INTEGER NOT NULL, "
	      "for_s INTEGER NOT NULL) STRICT;"
	      "CREATE INDEX verdict_of_incident ON verdict (incident);"
	      "CREATE TABLE symptom ("
	      "verdict INTEGER NOT NULL REFERENCES verdict (id), rank INTEGER NOT NULL, "
	      "expert TEXT NOT NULL, metric TEXT, value REAL, low REAL, high REAL, "
	      "expected REAL, share REAL, rare_h REAL, unseen INTEGER NOT NULL, left_s REAL, "
	      "PRIMARY KEY (verdict, rank)) STRICT, WITHOUT ROWID;"
	      "PRAGMA user_version = 3",
	[3] = "ALTER TABLE incident ADD COLUMN onset_ms INTEGER;"
	      "ALTER TABLE incident ADD COLUMN onset_wall_ms INTEGER;"
	      "ALTER TABLE decision ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE decision ADD COLUMN because INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE decision ADD COLUMN blast TEXT NOT NULL DEFAULT '';"
	      "ALTER TABLE outcome ADD COLUMN served_ms INTEGER;"
	      "ALTER TABLE outcome ADD COLUMN served_wall_ms INTEGER;"
	      "ALTER TABLE outcome ADD COLUMN hurt TEXT NOT NULL DEFAULT '';"
	      "CREATE TABLE evidence ("
	      "incident INTEGER NOT NULL REFERENCES incident (id), decision INTEGER NOT NULL, "
	      "wall_ms INTEGER NOT NULL, took_ms INTEGER NOT NULL, is_whole INTEGER NOT NULL, "
	      "body TEXT NOT NULL, PRIMARY KEY (incident, decision)) STRICT, WITHOUT ROWID;"
	      "PRAGMA user_version = 4",
};

/* A step that cannot be taken says nothing against the file, which would be moved aside as damaged. */
static int migrate(sqlite3 *db, int64_t version)
{
	int r = 0;

	for (; r >= 0 && version < SCHEMA_VERSION; version++)
		r = schema_run(db, steps[version]);
	return r == -EBADMSG ? -EIO : r;
}

static int prepare_past(sqlite3 *db)
{
	int64_t version = 0;
	int r;

	r = identify(db, SCHEMA_APPLICATION_ID, &version);
	if (r == -ENODATA)
		r = version == 0 ? create(db, schema_past_text, SCHEMA_APPLICATION_ID)
				 : migrate(db, version);
	return r < 0 ? r : fill_metrics(db);
}

/* Nothing in it must last, so nothing is migrated. */
static int prepare_live(sqlite3 *db)
{
	int64_t version = 0;
	int r;

	r = identify(db, SCHEMA_LIVE_ID, &version);
	if (r == -ENODATA && version == 0)
		r = create(db, schema_live_text, SCHEMA_LIVE_ID);
	return r == -ENODATA || r == -EPROTONOSUPPORT ? -EBADMSG : r;
}

static int in_transaction(sqlite3 *db, int (*prepare)(sqlite3 *db))
{
	int r;

	r = schema_run(db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = prepare(db);
	if (r >= 0)
		r = schema_run(db, "COMMIT");
	if (r < 0 && !sqlite3_get_autocommit(db))
		(void)schema_run(db, "ROLLBACK");
	return r;
}

int schema_prepare(sqlite3 *db)
{
	return in_transaction(db, prepare_past);
}

int schema_prepare_live(sqlite3 *db)
{
	return in_transaction(db, prepare_live);
}

int schema_check(sqlite3 *db)
{
	int64_t version;

	return identify(db, SCHEMA_APPLICATION_ID, &version);
}

int schema_check_live(sqlite3 *db)
{
	int64_t version;

	return identify(db, SCHEMA_LIVE_ID, &version);
}
