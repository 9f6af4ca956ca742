/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Who needs whom and who talks to whom: asks every source once a minute and has
 * the store keep what changed, and the judge know all of it. Nothing is decided by it here.
 */
#include <stdint.h>

#include "edges.h"
#include "parts.h"

enum topology_source {
	TOPOLOGY_SYSTEMD,
	TOPOLOGY_CALLS,	      /* TCP, as it happens */
	TOPOLOGY_OLDER_CALLS, /* TCP, connections older than the daemon */
	TOPOLOGY_STREAMS,     /* unix sockets */
	TOPOLOGY_SIMULATION,
	TOPOLOGY_SOURCE_N
};

/* { 0 } to begin, and whenever the units got other numbers. */
struct topology {
	struct edges edges[TOPOLOGY_SOURCE_N];
	uint64_t turned_ms;	   /* boot time; 0: never */
	uint64_t version, read_ms; /* of systemd's graph, when it was last read */
};

void topology_clear(struct topology *topology);
/* At each tick; does nothing but once a minute. The store's refusal costs this minute's changes. -ENOMEM
 * and what writer_edges() says. */
int topology_turn(struct topology *topology, const struct parts *parts, uint64_t when_ms,
		  uint64_t wall_ms);
