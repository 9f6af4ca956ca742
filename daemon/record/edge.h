/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Who needs whom, and who talks to whom: one edge from a client to its server.
 * systemd's own graph says what was meant, connections say what is done.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define EDGES_MAX 4096u /* that are told at once, or kept */

enum edge_kind {
	EDGE_TCP,
	EDGE_UNIX,
	EDGE_REQUIRES, /* Requires= and Requisite=; as the next ones, of the client's unit */
	EDGE_WANTS,
	EDGE_BINDS_TO,
	EDGE_PART_OF,
	EDGE_AFTER,	   /* only the order of their starts */
	EDGE_TRIGGERED_BY, /* the server starts when somebody, client 0, talks to its socket */
	EDGE_DEPENDS_ON,   /* DependsOn= of its [X-SelfHeal], or of its class */
	EDGE_KIND_N
};

struct edge {
	uint32_t client, server; /* units; 0: the world outside of them, or not known */
	enum edge_kind kind;
	uint16_t port;		/* the server's; 0: of a kind that has none */
	bool synthetic;		/* simulated */
	uint64_t n_connections; /* so far; 0 where it is systemd that says it */
	uint64_t first_wall_ms, last_wall_ms;
};

/* "tcp", "requires": for JSON, rows and people. Never NULL. */
const char *edge_kind_word(enum edge_kind kind);
/* Can the client not be well while the server is not? Mere order and propagated stops say nothing of that. */
bool edge_is_need(enum edge_kind kind);
/* Does systemd say it, rather than a connection? */
bool edge_is_declared(enum edge_kind kind);
/* The order of client, server, kind and port, which tell an edge from all others: <0, 0, >0. */
int edge_compare(const struct edge *a, const struct edge *b);

/* Edges as they are told. { 0 } is the empty list. */
struct edge_list {
	struct edge *edge; /* owned */
	size_t n, n_room;
};

void edge_list_clear(struct edge_list *list);
/* -ENOSPC: there are EDGES_MAX already; -ENOMEM. */
int edge_list_add(struct edge_list *list, const struct edge *edge);
