/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edges: their words, their order, and lists of them. */
#include <errno.h>
#include <stdlib.h>

#include "record/edge.h"

const char *edge_kind_word(enum edge_kind kind)
{
	static const char *const words[EDGE_KIND_N] = {
		[EDGE_TCP] = "tcp",
		[EDGE_UNIX] = "unix",
		[EDGE_REQUIRES] = "requires",
		[EDGE_WANTS] = "wants",
		[EDGE_BINDS_TO] = "binds-to",
		[EDGE_PART_OF] = "part-of",
		[EDGE_AFTER] = "after",
		[EDGE_TRIGGERED_BY] = "triggered-by",
		[EDGE_DEPENDS_ON] = "depends-on",
	};

	return kind < EDGE_KIND_N ? words[kind] : "unknown";
}

bool edge_is_declared(enum edge_kind kind)
{
	return kind != EDGE_TCP && kind != EDGE_UNIX;
}

bool edge_is_need(enum edge_kind kind)
{
	return kind != EDGE_AFTER && kind != EDGE_TRIGGERED_BY && kind != EDGE_PART_OF;
}

int edge_compare(const struct edge *a, const struct edge *b)
{
	if (a->client != b->client)
		return a->client < b->client ? -1 : 1;
	if (a->server != b->server)
		return a->server < b->server ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (int)a->port - (int)b->port;
}

void edge_list_clear(struct edge_list *list)
{
	free(list->edge);
	*list = (struct edge_list) { 0 };
}

int edge_list_add(struct edge_list *list, const struct edge *edge)
{
	size_t n_room = list->n_room ? list->n_room * 2 : 64;
	struct edge *grown;

	if (list->n == EDGES_MAX)
		return -ENOSPC;
	if (list->n == list->n_room) {
		grown = reallocarray(list->edge, n_room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->edge = grown;
		list->n_room = n_room;
	}
	list->edge[list->n++] = *edge;
	return 0;
}
