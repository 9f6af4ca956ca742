/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is new about the edges that one source tells. A source tells all that it
 * knows, each time anew; here is remembered what it said last, and no more.
 */
#include <stddef.h>
#include <stdint.h>

#include "record/edge.h"

/* An edge that stands all the time is told again after this long, so that its row is not forgotten. */
#define EDGES_AGAIN_MS UINT64_C(600000)

/* { 0 } knows nothing yet. */
struct edges {
	struct edge_list known; /* sorted; last_wall_ms: when it was last among the changes */
};

void edges_clear(struct edges *edges);

/*
 * Take `told`, which is empty afterwards, and append what is new to ret: edges that were not told last
 * time, those that have more connections now, and from time to time those that stand.
 *
 * Of a told edge n_connections counts since its source began (fewer than last time: it began anew), and
 * last_wall_ms is not 0 if it stands: it is there now, whether or not its count tells that. first_wall_ms
 * does not matter. The same edge twice is one, with the sum of the counts.
 *
 * In ret n_connections is what came since last time; first and last are wall_ms. -ENOMEM, -ENOSPC: ret
 * is as it was, and the same is new again next time.
 */
int edges_merge(struct edges *edges, struct edge_list *told, uint64_t wall_ms,
		struct edge_list *ret);
