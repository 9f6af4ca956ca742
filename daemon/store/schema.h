/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The tables of past and present: made, migrated, and their version checked, by both sides. */
#include <sqlite3.h>

#define SCHEMA_VERSION	      4
#define SCHEMA_APPLICATION_ID 0x73686564 /* "shed" */
#define SCHEMA_LIVE_ID	      0x73686c76 /* "shlv" */

/* Make or migrate in one transaction. -EPROTONOSUPPORT: a newer version wrote it; -EBADMSG: not ours,
 * or not a database. */
int schema_prepare(sqlite3 *db);
/* For readers: is it ours and of this version? Errors as above; -ENODATA: empty, or older and to be
 * migrated by the daemon. Changes nothing. */
int schema_check(sqlite3 *db);
/* The present's tables, in live.db; -EBADMSG: not ours, damaged, or of another version: begin a new
 * file, since nothing in it must last. */
int schema_prepare_live(sqlite3 *db);
int schema_check_live(sqlite3 *db);

/* Run statements that return no rows; a negative errno. */
int schema_run(sqlite3 *db, const char *sql);
/* SQLite's result as a negative errno; 0 for OK, ROW and DONE. -ENOSPC: the disk or the bound;
 * -EBADMSG: damaged, or not the tables we know; -EINVAL: a constraint; -EACCES: cannot be opened;
 * -EROFS, -EPERM, -EBUSY, -ENOMEM, -E2BIG, -EIO. */
int schema_errno(int sqlite_result);
