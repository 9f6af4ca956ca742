/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Small files of text that are read whole, and written whole or not at all. */
#include <stddef.h>
#include <sys/types.h>

#define WHOLE_FILE_MAX (4 << 20) /* bytes: 16000 names of the longest kind */

/* The caller frees ret, which ends with a NUL and has no other. -ENOENT: there is none; -EBADMSG: it is
 * no plain file of text, but a link, a device, or has a NUL in it; -EFBIG. */
int whole_file_read(const char *path, char **ret, mode_t *ret_permissions);
/* In its place, with 0644 whatever the umask: who reads it meanwhile, or after a power cut, gets the old
 * one or this. On failure the old one stays. */
int whole_file_write(const char *path, const char *text);
/* Also for good; one that is not there is no error. */
int whole_file_remove(const char *path);
