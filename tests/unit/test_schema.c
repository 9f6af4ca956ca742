/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of past and present: made once, and told from everybody else's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "store/schema.h"
#include "store/statement.h"
#include "tests/unit/assertion.h"

static sqlite3 *db;

static void open_db(void)
{
	cr_assert(eq(int, sqlite3_open(":memory:", &db), SQLITE_OK));
}

static void close_db(void)
{
	(void)sqlite3_close(db);
}

TestSuite(schema, .init = open_db, .fini = close_db);

static int64_t ask(const char *sql)
{
	int64_t answer = -1;

	cr_assert(zero(int, statement_number(db, sql, -1, &answer)), "%s: %s", sql,
		  sqlite3_errmsg(db));
	return answer;
}

Test(schema, a_new_database_is_made_once_and_then_left_alone)
{
	int changes;

	cr_assert(eq(int, schema_check(db), -ENODATA));
	cr_assert(zero(int, schema_prepare(db)));
	cr_assert(zero(int, schema_check(db)));
	cr_assert(eq(i64, ask("PRAGMA user_version"), SCHEMA_VERSION));
	cr_assert(eq(i64, ask("SELECT count(*) FROM metric"), METRIC_N));
	changes = sqlite3_total_changes(db);
	cr_assert(zero(int, schema_prepare(db)));
	cr_assert(eq(int, sqlite3_total_changes(db), changes));
}

Test(schema, stream_numbers_get_this_versions_names)
{
	cr_assert(zero(int, schema_prepare(db)));
	cr_assert(zero(int, schema_run(db, "UPDATE metric SET name = 'old' WHERE id = 3")));
	cr_assert(zero(int, schema_prepare(db)));
	cr_assert(eq(i64,
		     ask("SELECT name = 'rss' AND quantity = 'bytes' FROM metric WHERE id = 3"),
		     1));
}

Test(schema, a_newer_version_is_refused_and_unchanged)
{
	cr_assert(zero(int, schema_prepare(db)));
	cr_assert(zero(int, schema_run(db, "PRAGMA user_version = 99; DELETE FROM metric")));
	cr_assert(eq(int, schema_check(db), -EPROTONOSUPPORT));
	cr_assert(eq(int, schema_prepare(db), -EPROTONOSUPPORT));
	cr_assert(eq(i64, ask("SELECT count(*) FROM metric"), 0));
	cr_assert(ne(int, sqlite3_get_autocommit(db), 0));
}

/* All tables in words: columns, keys, and how they are kept. */
static void describe_tables(char *ret, size_t size)
{
	sqlite3_stmt *select = NULL;
	int length;

	cr_assert(zero(
		int,
		statement_new(db,
			      "SELECT group_concat(line, char(10)) FROM (SELECT t.name || "
			      "t.strict || t.wr || group_concat(c.cid || c.name || c.type || "
			      "c.\"notnull\" || ifnull(c.dflt_value, '') || c.pk) AS line FROM "
			      "pragma_table_list AS t, pragma_table_info(t.name) AS c "
			      "WHERE t.name NOT LIKE 'sqlite_%' GROUP BY t.name "
			      "ORDER BY t.name)",
			      &select)));
	cr_assert(eq(int, statement_next(select), 1));
	length = snprintf(ret, size, "%s", (const char *)sqlite3_column_text(select, 0));
	cr_assert(gt(int, length, 500));
	cr_assert(lt(int, length, (int)size));
	(void)statement_free(select);
}

/* schema.sql as it was in that version. */
static void make_version(int version)
{
	CLEANUP(cleanup_free) char *sql = NULL;
	char path[64], pragmas[96];
	FILE *file;
	size_t room = 0;

	(void)snprintf(path, sizeof(path), "tests/data/schema-%d.sql", version);
	file = fopen(path, "re");
	cr_assert(ne(ptr, file, NULL), "%s", path);
	cr_assert(gt(int, (int)getdelim(&sql, &room, '\0', file), 0));
	(void)fclose(file);
	cr_assert(zero(int, schema_run(db, sql)));
	(void)snprintf(pragmas, sizeof(pragmas),
		       "PRAGMA application_id = %d; PRAGMA user_version = %d",
		       SCHEMA_APPLICATION_ID, version);
	cr_assert(zero(int, schema_run(db, pragmas)));
}

Test(schema, every_older_version_is_brought_up_to_date_and_keeps_what_it_has)
{
	char made[8192], migrated[8192];

	cr_assert(zero(int, schema_prepare(db)));
	describe_tables(made, sizeof(made));
	for (int version = 1; version < SCHEMA_VERSION; version++) {
		close_db();
		open_db();
		make_version(version);
		cr_assert(zero(int, schema_run(db, "INSERT INTO unit VALUES (7, 'shop.service', 5);"
						   "INSERT INTO incident VALUES (3, 7, 0, 1, 2, 3, "
						   "4, 'sick', 0.5, 'memory', 'leak', 'rss', 2, 1, "
						   "1, 'healed', 'allowed')")));
		cr_assert(eq(int, schema_check(db), -ENODATA));
		cr_assert(zero(int, schema_prepare(db)), "version %d", version);
		cr_assert(zero(int, schema_check(db)));
		cr_assert(eq(i64, ask("SELECT id FROM unit"), 7));
		cr_assert(eq(i64, ask("SELECT id FROM incident WHERE outcome = 'healed'"), 3));
		describe_tables(migrated, sizeof(migrated));
		cr_assert(eq(str, migrated, made), "version %d", version);
	}
}

Test(schema, a_step_that_fails_leaves_the_older_version_as_it_was)
{
	cr_assert(zero(int, schema_prepare(db)));
	cr_assert(zero(int, schema_run(db, "PRAGMA user_version = 1"))); /* with the table there */
	cr_assert(eq(int, schema_prepare(db), -EIO), "and does not call it damaged");
	cr_assert(eq(i64, ask("PRAGMA user_version"), 1));
	cr_assert(ne(int, sqlite3_get_autocommit(db), 0));
}

Test(schema, the_present_is_not_migrated)
{
	cr_assert(zero(int, schema_prepare_live(db)));
	cr_assert(zero(int, schema_run(db, "PRAGMA user_version = 1")));
	cr_assert(eq(int, schema_check_live(db), -ENODATA));
	cr_assert(eq(int, schema_prepare_live(db), -EBADMSG));
}

Test(schema, somebody_elses_database_is_none_of_ours)
{
	cr_assert(zero(int, schema_run(db, "CREATE TABLE song (title TEXT)")));
	cr_assert(eq(int, schema_check(db), -EBADMSG));
	cr_assert(eq(int, schema_prepare(db), -EBADMSG));
	cr_assert(eq(int, schema_prepare_live(db), -EBADMSG));
	cr_assert(eq(i64, ask("SELECT count(*) FROM sqlite_schema"), 1));
}

Test(schema, past_and_present_are_told_apart)
{
	cr_assert(zero(int, schema_prepare_live(db)));
	cr_assert(zero(int, schema_check_live(db)));
	cr_assert(eq(int, schema_check(db), -EBADMSG));
	cr_assert(eq(int, schema_prepare(db), -EBADMSG));
	cr_assert(zero(int, schema_run(db, "PRAGMA user_version = 99")));
	cr_assert(eq(int, schema_prepare_live(db), -EBADMSG));
}

Test(schema, partial_indexes_and_words_agree)
{
	cr_assert(eq(str, (char *)why_word(WHY_ALLOWED), "allowed"));
}

Test(schema, every_question_is_answered_by_a_key)
{
	static const char *const questions[] = {
		"SELECT body FROM chunk WHERE unit = 1 AND span_s = 10 AND from_s >= 5",
		"SELECT 1 FROM incident WHERE unit = 1 AND id > 5",
		"SELECT id FROM incident WHERE closed_wall_ms IS NULL",
		"SELECT unit FROM decision WHERE why = 'allowed' AND wall_ms >= 5",
		"SELECT 1 FROM decision WHERE incident = 5",
		"SELECT 1 FROM verdict WHERE incident = 5",
		"SELECT 1 FROM symptom WHERE verdict = 5 ORDER BY rank",
		"UPDATE attempt SET state = 2 WHERE ended_wall_ms IS NULL",
		"DELETE FROM tail WHERE minute < 5",
		"DELETE FROM chunk WHERE unit IN (1, 2) AND span_s = 10 AND from_s < 5",
	};
	char sql[512];

	cr_assert(zero(int, schema_prepare(db)));
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		sqlite3_stmt *plan = NULL;
		const char *detail;

		(void)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", questions[i]);
		cr_assert(zero(int, statement_new(db, sql, &plan)), "%s", sql);
		cr_assert(eq(int, statement_next(plan), 1));
		detail = (const char *)sqlite3_column_text(plan, 3);
		cr_assert(strstr(detail, "SEARCH") == detail || strstr(detail, "USING INDEX") ||
				  strstr(detail, "USING COVERING INDEX"),
			  "%s: %s", questions[i], detail);
		(void)statement_free(plan);
	}
}

Test(schema, errors_have_their_errno)
{
	static const struct {
		int result, error;
	} cases[] = {
		{ SQLITE_OK, 0 },
		{ SQLITE_ROW, 0 },
		{ SQLITE_FULL, -ENOSPC },
		{ SQLITE_NOTADB, -EBADMSG },
		{ SQLITE_CORRUPT, -EBADMSG },
		{ SQLITE_BUSY, -EBUSY },
		{ SQLITE_READONLY, -EROFS },
		{ SQLITE_CANTOPEN, -EACCES },
		{ SQLITE_CONSTRAINT, -EINVAL },
		{ SQLITE_IOERR_FSYNC, -EIO },
		{ SQLITE_IOERR_SHMSIZE, -ENOSPC },
		{ SQLITE_NOMEM, -ENOMEM },
		{ SQLITE_PERM, -EPERM },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(eq(int, schema_errno(cases[i].result), cases[i].error), "%d",
			  cases[i].result);
}
