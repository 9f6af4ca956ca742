/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd's graph: names of needs to numbers of units. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/value.h"
#include "sense/graph.h"

/* A socket and the unit that it triggers. */
struct trigger {
	const char *socket; /* the follower's */
	uint32_t unit;
};

struct graph {
	const struct roll *roll;
	uint64_t wall_ms;
	struct edge_list *edges;
	struct trigger *trigger; /* owned; in the order of sockets */
	size_t n_triggers;
};

static void graph_clear(struct graph *graph)
{
	free(graph->trigger);
}

/* 0: it is not shown, or not there any more. */
static uint32_t unit_of(const struct roll *roll, const struct follower *follower)
{
	if (!follower || follower->row == ROLL_NO_ROW || follower->gone_ms)
		return 0;
	return roll->unit[follower->row];
}

static int compare_triggers(const void *a, const void *b)
{
	const struct trigger *left = a, *right = b;

	return strcmp(left->socket, right->socket);
}

/* Calls visit() for each need of each unit that is shown; what it returns below 0 ends that. */
static int each_need(struct graph *graph, int (*visit)(struct graph *graph, uint32_t unit,
						       enum edge_kind kind, const char *name))
{
	const struct roll *roll = graph->roll;
	enum edge_kind kind;
	const char *name;
	int r = 0;

	for (size_t i = 0; i < roll->n; i++) {
		const struct needs *needs = &roll->follower[i]->facts.needs;
		uint32_t unit = unit_of(roll, roll->follower[i]);
		size_t at = 0;

		while (unit && r >= 0 && needs_next(needs, &at, &kind, &name))
			r = visit(graph, unit, kind, name);
	}
	return r;
}

static int count_trigger(struct graph *graph, uint32_t unit, enum edge_kind kind, const char *name)
{
	(void)unit, (void)name;
	graph->n_triggers += kind == EDGE_TRIGGERED_BY;
	return 0;
}

static int note_trigger(struct graph *graph, uint32_t unit, enum edge_kind kind, const char *name)
{
	if (kind == EDGE_TRIGGERED_BY)
		graph->trigger[graph->n_triggers++] =
			(struct trigger) { .socket = name, .unit = unit };
	return 0;
}

static int find_triggers(struct graph *graph)
{
	(void)each_need(graph, count_trigger);
	if (graph->n_triggers == 0)
		return 0;
	graph->trigger = calloc(graph->n_triggers, sizeof(*graph->trigger));
	if (!graph->trigger)
		return -ENOMEM;
	graph->n_triggers = 0;
	(void)each_need(graph, note_trigger);
	qsort(graph->trigger, graph->n_triggers, sizeof(*graph->trigger), compare_triggers);
	return 0;
}

/* 0: no unit that is shown. */
static uint32_t server_of(const struct graph *graph, const char *name)
{
	const struct trigger wanted = { .socket = name }, *found = NULL;

	if (strcmp(strrchr(name, '.'), ".service") == 0)
		return unit_of(graph->roll, roll_find(graph->roll, name));
	if (graph->n_triggers > 0)
		found = bsearch(&wanted, graph->trigger, graph->n_triggers, sizeof(wanted),
				compare_triggers);
	return found ? found->unit : 0;
}

static int add(struct graph *graph, uint32_t client, uint32_t server, enum edge_kind kind)
{
	const struct edge edge = {
		.client = client,
		.server = server,
		.kind = kind,
		.last_wall_ms = graph->wall_ms,
	};
	int r;

	if (server == 0 || client == server)
		return 0;
	r = edge_list_add(graph->edges, &edge);
	return r == -ENOSPC ? 0 : r;
}

static int add_need(struct graph *graph, uint32_t unit, enum edge_kind kind, const char *name)
{
	if (kind == EDGE_AFTER)
		return 0;
	if (kind == EDGE_TRIGGERED_BY)
		return add(graph, 0, unit, kind);
	return add(graph, unit, server_of(graph, name), kind);
}

static int add_order(struct graph *graph, uint32_t unit, enum edge_kind kind, const char *name)
{
	return kind == EDGE_AFTER ? add(graph, unit, server_of(graph, name), kind) : 0;
}

/* What people say of it, beside what systemd knows. */
static int add_said(struct graph *graph)
{
	const struct roll *roll = graph->roll;
	char name[UNIT_NAME_SIZE];
	int r = 0;

	for (size_t row = 0; row < roll->n_rows; row++) {
		const struct terms *terms = &roll->status[row].terms;
		const char *names = terms->depends_on;

		if (!terms_say(terms, TERM_DEPENDS_ON))
			continue;
		while (r >= 0 && value_word(&names, name, sizeof(name)) > 0)
			r = add(graph, roll->unit[row], server_of(graph, name), EDGE_DEPENDS_ON);
	}
	return r;
}

int graph_edges(const struct roll *roll, uint64_t wall_ms, struct edge_list *ret)
{
	CLEANUP(graph_clear)
	struct graph graph = { .roll = roll, .wall_ms = wall_ms, .edges = ret };
	int r;

	r = find_triggers(&graph);
	if (r >= 0)
		r = add_said(&graph);
	if (r >= 0)
		r = each_need(&graph, add_need);
	if (r >= 0)
		r = each_need(&graph, add_order);
	return r;
}
