/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A folder of a test's own, for those who read files; gone with its scope. */
#include <stddef.h>

#include "base/cleanup.h"

struct scratch {
	char folder[64];
	char path[256]; /* what the last call made */
};

/* Use: CLEANUP(scratch_remove) struct scratch scratch = scratch_make(); */
struct scratch scratch_make(void);
void scratch_remove(struct scratch *scratch);

/* Make the file `name`, which may lie in one folder more ("a/b"); returns its path, which stays until
 * the next call. */
const char *scratch_write(struct scratch *scratch, const char *name, const char *text);
const char *scratch_write_bytes(struct scratch *scratch, const char *name, const void *bytes,
				size_t size);
const char *scratch_link(struct scratch *scratch, const char *name, const char *target);
/* Only the path. */
const char *scratch_path(struct scratch *scratch, const char *name);
