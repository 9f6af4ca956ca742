/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Is it still the same? A number for the files a unit is made of, so that what
 * was learnt of one is not held against another. It lasts over a reboot and a
 * daemon-reload.
 */
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_NONE UINT64_C(0) /* not known */

/* Add to an identity, beginning with IDENTITY_NONE; never IDENTITY_NONE itself. */
uint64_t identity_of_bytes(uint64_t identity, const void *bytes, size_t size);
/* A file, by path, inode, size and time of change; below /run, where generators write the same files
 * anew all the time, by path and content. One that cannot be seen is told by its path alone. */
uint64_t identity_of_file(uint64_t identity, const char *path);
