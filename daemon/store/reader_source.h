/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Opens one database for reading, or says why not and what mends it. Part of reader.h. */
#include <sqlite3.h>
#include <stdbool.h>

struct source {
	sqlite3 *db;		   /* owned by the reader; NULL: not there */
	int (*check)(sqlite3 *db); /* whose it is, and of which version */
	bool stands_alone;	   /* without its log: something may be missing */
	bool is_cut;		   /* its log could not be read */
};

/* -ENOENT: there is none. Other errors as reader_open()'s; reader_problem() tells of them. */
int source_open(const char *path, int (*check)(sqlite3 *db), struct source *ret);
void source_close(struct source *source);
/* A short transaction, with the version checked in it: a daemon may have migrated meanwhile. End it
 * with source_end(), also after errors of its statements. */
int source_begin(struct source *source);
void source_end(struct source *source);
/* For CLEANUP() on a local that points to the source. */
static inline void source_endp(struct source **local)
{
	source_end(*local);
}
/* One reader: past and present, and whether a row had to be passed over. */
struct reader {
	struct source past, live;
	bool lost_past; /* selfheal.db is still empty, or too old: there is no space to mend that */
	bool lost_present; /* there is a live.db, but not one that we can read */
	bool found_bad_row;
};

/* For reader_problem(). */
void source_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
