/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes what was learnt in half a minute as large as an hour would have made it:
 * the memory of each unit full of its own rows, again and again. With noise on them, each
 * column by itself, they would be moments that never are, and all that is would be odd.
 *
 *	age DATABASE
 *
 * The daemon must not run. Prints how many units there were.
 */
#include <err.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "judge/forest_blob.h"

#define HOUR_MS 3600000u

static void age(struct remembered *kept)
{
	const uint32_t n = kept->n_rows;

	for (uint32_t i = n; i < LEARNER_ROWS; i++) {
		struct moment moment;

		for (unsigned int column = 0; column < REMEMBERED_COLUMNS; column++)
			moment.column[column] = remembered_value(kept, i % n, column);
		if (remembered_put(kept, &moment) < 0)
			errx(1, "memory");
	}
	kept->taught_ms = HOUR_MS;
}

static void check(sqlite3 *db, int r, int expected)
{
	if (r != expected)
		errx(1, "the database: %s", sqlite3_errmsg(db));
}

static void age_row(sqlite3 *db, sqlite3_stmt *read, sqlite3_stmt *write)
{
	CLEANUP(remembered_clear) struct remembered kept = { 0 };
	struct conduct conduct = { 0 };
	struct tail tail;
	uint8_t *bytes = NULL;
	size_t size;

	if (forest_blob_read(sqlite3_column_blob(read, 1), (size_t)sqlite3_column_bytes(read, 1),
			     &kept, &conduct, &tail) < 0 ||
	    kept.n_rows == 0)
		return;
	age(&kept);
	if (forest_blob_write(&kept, &conduct, &tail, &bytes, &size) < 0)
		errx(1, "memory");
	(void)sqlite3_bind_blob(write, 1, bytes, (int)size, SQLITE_STATIC);
	(void)sqlite3_bind_int64(write, 2, sqlite3_column_int64(read, 0));
	check(db, sqlite3_step(write), SQLITE_DONE);
	check(db, sqlite3_reset(write), SQLITE_OK);
	free(bytes);
}

int main(int argc, char **argv)
{
	sqlite3_stmt *read, *write;
	sqlite3 *db;
	int r, n = 0;

	if (argc != 2)
		errx(2, "usage: age DATABASE");
	check(NULL, sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	check(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	check(db, sqlite3_prepare_v2(db, "SELECT unit, body FROM lesson", -1, &read, NULL),
	      SQLITE_OK);
	check(db,
	      sqlite3_prepare_v2(db, "UPDATE lesson SET body = ? WHERE unit = ?", -1, &write, NULL),
	      SQLITE_OK);
	for (; (r = sqlite3_step(read)) == SQLITE_ROW; n++)
		age_row(db, read, write);
	check(db, r, SQLITE_DONE);
	(void)sqlite3_finalize(read);
	(void)sqlite3_finalize(write);
	check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	check(db, sqlite3_close(db), SQLITE_OK);
	(void)printf("%d\n", n);
	return 0;
}
