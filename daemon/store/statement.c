/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prepared statements with errno errors. */
#include "store/schema.h"
#include "store/statement.h"

int statement_new(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *statement = NULL;
	int result;

	result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (result != SQLITE_OK)
		return schema_errno(result);
	*ret = statement;
	return 0;
}

sqlite3_stmt *statement_free(sqlite3_stmt *statement)
{
	(void)sqlite3_finalize(statement); /* its error was returned by the step */
	return NULL;
}

int statement_next(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	(void)sqlite3_reset(statement); /* repeats the step's error */
	return schema_errno(result);
}

int statement_run(sqlite3_stmt *statement)
{
	int r = statement_next(statement);

	if (r > 0)
		(void)sqlite3_reset(statement);
	return r < 0 ? r : 0;
}

int statement_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *ret)
{
	CLEANUP(statement_freep) sqlite3_stmt *statement = NULL;
	int r;

	r = statement_new(db, sql, &statement);
	if (r >= 0)
		r = statement_next(statement);
	if (r < 0)
		return r;
	*ret = r > 0 && sqlite3_column_type(statement, 0) != SQLITE_NULL
		       ? sqlite3_column_int64(statement, 0)
		       : fallback;
	return 0;
}

int statement_chunk(sqlite3 *db, uint32_t unit, uint32_t span_s, uint64_t from_s,
		    const uint8_t *bytes, size_t size)
{
	CLEANUP(statement_freep) sqlite3_stmt *insert = NULL;
	int r;

	r = statement_new(db,
			  "INSERT OR IGNORE INTO chunk (unit, span_s, from_s, body) "
			  "VALUES (?, ?, ?, ?)",
			  &insert);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(insert, 1, unit);
	(void)sqlite3_bind_int64(insert, 2, span_s);
	(void)sqlite3_bind_int64(insert, 3, (sqlite3_int64)from_s);
	(void)sqlite3_bind_blob64(insert, 4, bytes, size, SQLITE_STATIC);
	return statement_run(insert);
}
