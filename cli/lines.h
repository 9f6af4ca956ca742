/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The lines of a file of text, plain or gzip's, one after the other and none too long. */
#include <stddef.h>

#include "base/cleanup.h"

#define LINES_LENGTH_MAX ((size_t)64 * 1024) /* bytes, the end of the line among them */

struct lines;

/* Whether it is gzip's its first bytes say, not its name. -errno of open(). */
int lines_open(const char *path, struct lines **ret);
struct lines *lines_close(struct lines *lines);
DEFINE_CLEANUP(struct lines *, lines_close)

/*
 * 1: ret is the next line without its "\n" or "\r\n", with a NUL behind it, and stays the caller's to
 * change until the next call. 0: there is none, and all of the file was there. -EMSGSIZE: it is longer
 * than LINES_LENGTH_MAX; -ENODATA: the gzip data end too early; -EBADMSG: they are damaged; or what
 * read() said. Lines that came before an error are not yet known to be right.
 */
int lines_next(struct lines *lines, char **ret, size_t *ret_length);
