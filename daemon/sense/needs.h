/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What systemd says that one unit needs: names of services and sockets, each with
 * the kind of the need. The names of targets, mounts and slices, which nearly every
 * unit has by default, are not kept, so that mostly this is a hundred bytes.
 */
#include <stdbool.h>
#include <stddef.h>

#include "record/edge.h"

#define NEEDS_MAX	64 /* of one unit; further ones are left out */
#define NEEDS_AFTER_MAX 40 /* of these may only tell an order, so that all others find room */

struct needs {
	char *text; /* owned: for each need a byte with its kind, the name, a NUL */
	size_t size, n, n_after;
};

/* { 0 } is none. */
void needs_clear(struct needs *needs);
/* A name that is not kept, no memory, or one too many: nothing happens. */
void needs_add(struct needs *needs, enum edge_kind kind, const char *name);
bool needs_are_equal(const struct needs *a, const struct needs *b);
/* From *at = 0 on, one after the other; false: no further one. The name is the needs' own. */
bool needs_next(const struct needs *needs, size_t *at, enum edge_kind *ret_kind,
		const char **ret_name);
