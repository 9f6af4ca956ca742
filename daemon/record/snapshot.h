/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What was seen of a unit just before it was disturbed: the noun, and how large it
 * may be. Its body is one JSON object, which travels beside it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a body. What is gathered stays below by its own bounds; beyond, whole parts are left out. */
#define SNAPSHOT_MOST_BYTES ((size_t)64 << 10)
/* The newest that are kept: 8 MiB at the most, of the 256 that the past may have. */
#define SNAPSHOTS_KEPT 128

struct snapshot {
	uint64_t incident;
	uint64_t decision; /* that it came before */
	uint64_t wall_ms;  /* when gathering began */
	uint32_t took_ms;
	bool is_whole; /* false: who gathered it was abandoned at the limit, or could not begin */
};
