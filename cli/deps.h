/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Who needs whom and who talks to whom, for people: of one unit as a tree, of all as a table. */
#include <stddef.h>
#include <stdint.h>

#include "cli/output.h"
#include "store/reader.h"

/*
 * What that unit talks to or needs, with what these need in turn, each unit told once; then who talks to
 * it or needs it; then mere order. unit NULL: one row for each pair of client and server, and how many
 * are only ordered. `all` are the relations of all units in the reader's order. -ENOMEM.
 */
int deps_print(const struct output *output, const struct named_edge *all, size_t n,
	       const char *unit, uint64_t now_ms);
