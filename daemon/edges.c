/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told now against what was told last: two sorted lists, read side by side. */
#include <stdbool.h>
#include <stdlib.h>

#include "edges.h"

void edges_clear(struct edges *edges)
{
	edge_list_clear(&edges->known);
}

static int compare(const void *a, const void *b)
{
	return edge_compare(a, b);
}

/* In order, each once. */
static void settle(struct edge_list *told)
{
	struct edge *edge = told->edge, *last = edge;

	if (told->n == 0)
		return;
	qsort(edge, told->n, sizeof(*edge), compare);
	for (size_t i = 1; i < told->n; i++) {
		if (edge_compare(last, &edge[i]) != 0) {
			*++last = edge[i];
			continue;
		}
		last->n_connections += edge[i].n_connections;
		if (last->last_wall_ms == 0)
			last->last_wall_ms = edge[i].last_wall_ms;
	}
	told->n = (size_t)(last - edge) + 1;
}

/* Also after the wall clock went back. */
static bool is_due_again(uint64_t changed_ms, uint64_t wall_ms)
{
	return wall_ms < changed_ms || wall_ms - changed_ms >= EDGES_AGAIN_MS;
}

/* 1: it changed, and `ret` is that; before NULL: it was not told last time. */
static int look(struct edge *now, const struct edge *before, uint64_t wall_ms, struct edge *ret)
{
	bool stands = now->last_wall_ms != 0;
	uint64_t n_new = now->n_connections;

	if (before && before->n_connections <= n_new)
		n_new -= before->n_connections;
	if (before && n_new == 0 && !(stands && is_due_again(before->last_wall_ms, wall_ms))) {
		now->last_wall_ms = before->last_wall_ms;
		return 0;
	}
	now->last_wall_ms = wall_ms;
	*ret = *now;
	ret->n_connections = n_new;
	ret->first_wall_ms = wall_ms;
	return 1;
}

int edges_merge(struct edges *edges, struct edge_list *told, uint64_t wall_ms,
		struct edge_list *ret)
{
	const struct edge *known = edges->known.edge, *end = known + edges->known.n;
	size_t n_before = ret->n;
	struct edge change;
	int r = 0;

	settle(told);
	for (size_t i = 0; r >= 0 && i < told->n; i++) {
		struct edge *now = &told->edge[i];
		bool is_known;

		while (known < end && edge_compare(known, now) < 0)
			known++;
		is_known = known < end && edge_compare(known, now) == 0;
		if (look(now, is_known ? known : NULL, wall_ms, &change))
			r = edge_list_add(ret, &change);
	}
	if (r >= 0) {
		edge_list_clear(&edges->known);
		edges->known = *told;
		*told = (struct edge_list) { 0 };
		return 0;
	}
	ret->n = n_before;
	edge_list_clear(told);
	return r;
}
