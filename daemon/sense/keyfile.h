/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Small text files of the kernel: read whole, and looked up by the first word of a line. */
#include <stddef.h>
#include <stdint.h>

/* Read a file below the directory (or AT_FDCWD) and end it with NUL. Of one that is too long, the
 * lines that fit. Returns the length. */
int keyfile_read(int directory_fd, const char *name, char *buffer, size_t size);
/* The same of an open file, from its start. */
int keyfile_read_fd(int fd, char *buffer, size_t size);

/* The number that a text begins with; -ENOENT: none. */
int keyfile_value(const char *text, uint64_t *ret);
/* The number after "key " or "key:" at the start of a line; -ENOENT: no such line, or no
 * number. */
int keyfile_number(const char *text, const char *key, uint64_t *ret);
/* Of a pressure file: the total of its line "some" or "full", in us. */
int keyfile_pressure(const char *text, const char *line, uint64_t *ret_us);
