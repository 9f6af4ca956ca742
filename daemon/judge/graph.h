/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Who needs whom, as the policy asks it: is something sick that this unit depends
 * on, and who depends on it? From systemd's graph, DependsOn= and the connections
 * that were seen.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/edge.h"

/* So many steps away a trouble is still taken for the cause. */
#define GRAPH_DEPTH_MOST 4
/* And so many units are looked at on the way. */
#define GRAPH_SEEN_MOST 256

struct graph_need {
	uint32_t client, server;
	bool is_stream; /* only a unix socket says so */
};

/* { 0 } knows nobody. */
struct graph {
	struct graph_need *need; /* owned; in the order of clients */
	size_t n;
};

void graph_clear(struct graph *graph);
/* These are all edges that are known now. -ENOMEM: it knows those before. */
int graph_set(struct graph *graph, const struct edge *edges, size_t n);

/* The nearest unit that `unit` needs, also by way of others, of which `is_it` is true; 0: there is none. is_it is
 * asked of each once, with whether nothing but unix sockets leads to it. */
typedef bool graph_question(uint32_t unit, bool by_stream, void *userdata);
uint32_t graph_upstream(const struct graph *graph, uint32_t unit, graph_question *is_it,
			void *userdata);
/* Does `unit` need `other`, also by way of others? */
bool graph_needs(const struct graph *graph, uint32_t unit, uint32_t other);
/* Those that need `unit` directly, as far as there is room; returns how many. */
size_t graph_clients(const struct graph *graph, uint32_t unit, uint32_t *ret, size_t n_most);
