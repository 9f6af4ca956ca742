/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How the past's file is taken: whose it is, whether it is whole, and one daemon only. Part of
 * writer.h. */
#include <sqlite3.h>

#include "store/writer.h"

struct writer_file {
	int lock_fd; /* holds the lock while open */
	sqlite3 *db;
};

/* See writer_open() for what is refused, moved aside and made anew. file is the caller's to close:
 * first db, then lock_fd (-1 before the first call). -ENOSPC, -EROFS: there is no db, but the lock is held if
 * there was space for that, and it can be called again. */
int writer_file_open(const char *path, uint64_t max_size_bytes, uint64_t wall_ms,
		     struct writer_file *file, struct writer_start *ret_start);
