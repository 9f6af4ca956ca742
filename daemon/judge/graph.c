/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over needs, breadth first, so that the nearest cause is found first. */
#include <errno.h>
#include <stdlib.h>

#include "judge/graph.h"

void graph_clear(struct graph *graph)
{
	free(graph->need);
	*graph = (struct graph) { 0 };
}

static int compare(const void *a, const void *b)
{
	const struct graph_need *left = a, *right = b;

	if (left->client != right->client)
		return left->client < right->client ? -1 : 1;
	if (left->server != right->server)
		return left->server < right->server ? -1 : 1;
	return (int)left->is_stream - (int)right->is_stream;
}

int graph_set(struct graph *graph, const struct edge *edges, size_t n)
{
	struct graph_need *need = calloc(n > 0 ? n : 1, sizeof(*need));
	size_t n_needs = 0;

	if (!need)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (edge_is_need(edges[i].kind) && edges[i].client && edges[i].server &&
		    edges[i].client != edges[i].server)
			need[n_needs++] = (struct graph_need) { edges[i].client, edges[i].server,
								edges[i].kind == EDGE_UNIX };
	qsort(need, n_needs, sizeof(*need), compare);
	graph_clear(graph);
	graph->need = need;
	graph->n = n_needs;
	return 0;
}

static size_t first_of(const struct graph *graph, uint32_t client)
{
	size_t low = 0, high = graph->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->need[middle].client < client)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whom a walk has met, in the order in which it met them. */
struct walk {
	size_t n;
	struct {
		uint32_t unit;
		uint8_t depth;
		bool by_stream;
	} met[GRAPH_SEEN_MOST];
};

static bool has_met(const struct walk *walk, uint32_t unit)
{
	for (size_t i = 0; i < walk->n; i++)
		if (walk->met[i].unit == unit)
			return true;
	return false;
}

static void meet_servers(const struct graph *graph, struct walk *walk, size_t from)
{
	uint32_t client = walk->met[from].unit;

	for (size_t i = first_of(graph, client); i < graph->n && graph->need[i].client == client;
	     i++) {
		const struct graph_need *need = &graph->need[i];

		if (walk->n == GRAPH_SEEN_MOST || has_met(walk, need->server))
			continue;
		walk->met[walk->n].unit = need->server;
		walk->met[walk->n].depth = (uint8_t)(walk->met[from].depth + 1);
		walk->met[walk->n++].by_stream = need->is_stream;
	}
}

uint32_t graph_upstream(const struct graph *graph, uint32_t unit, graph_question *is_it,
			void *userdata)
{
	struct walk walk = { .n = 1, .met[0].unit = unit };

	for (size_t i = 0; i < walk.n; i++) {
		if (i > 0 && is_it(walk.met[i].unit, walk.met[i].by_stream, userdata))
			return walk.met[i].unit;
		if (walk.met[i].depth < GRAPH_DEPTH_MOST)
			meet_servers(graph, &walk, i);
	}
	return 0;
}

static bool is_wanted(uint32_t unit, bool by_stream, void *wanted)
{
	(void)by_stream;
	return unit == *(const uint32_t *)wanted;
}

bool graph_needs(const struct graph *graph, uint32_t unit, uint32_t other)
{
	return graph_upstream(graph, unit, is_wanted, &other) != 0;
}

size_t graph_clients(const struct graph *graph, uint32_t unit, uint32_t *ret, size_t n_most)
{
	size_t n = 0;

	for (size_t i = 0; i < graph->n && n < n_most; i++)
		if (graph->need[i].server == unit &&
		    (n == 0 || ret[n - 1] != graph->need[i].client))
			ret[n++] = graph->need[i].client;
	return n;
}
