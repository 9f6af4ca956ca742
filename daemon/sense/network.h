/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Sockets of units, from all that tells it: queues and connections of TCP that are asked for
 * now and then (listeners.h), calls that the kernel counts as they happen (calls.h),
 * whose a socket is that systemd opened for others (activation.h), and who holds the
 * ends of unix sockets (streams.h).
 */
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "record/edge.h"
#include "sense/owners.h"
#include "sense/probe.h"
#include "sense/usage.h"

struct network;

/* bus NULL: without systemd. The roots and the probe are borrowed. */
int network_new(sd_bus *bus, const struct cgroup_roots *roots, struct probe *probe,
		struct network **ret);
struct network *network_free(struct network *network);
DEFINE_CLEANUP(struct network *, network_free)
/* Another bus, after the first was lost. On failure nothing has changed. */
int network_set_bus(struct network *network, sd_bus *bus);

/* Who is watched, asked when it is needed. */
struct network_ground {
	/* owners_add() each watched cgroup; returns that of systemd itself, 0: not known. */
	uint64_t (*list)(struct owners *owners, void *userdata);
	/* The unit of that name; 0: it has no row. */
	uint32_t (*row_of)(const char *name, void *userdata);
	void *userdata;
};
/* One tick's share of the work. Never waits. */
void network_turn(struct network *network, const struct network_ground *ground, uint64_t now_ms);

/* Of a unit, and of 0, which is the host: as listeners_usage(). */
void network_usage(const struct network *network, uint32_t unit, uint64_t now_ms,
		   struct usage *usage);

/* TCP connections between units, as counted since the probe was loaded; and between whom there were older
 * ones, without a count, since a daemon before us may have counted them. All of them each time, appended to
 * ret. 1: not known, or not yet. Not for every tick. */
int network_calls(struct network *network, struct edge_list *ret);
int network_older_calls(struct network *network, struct edge_list *ret);
/* The same of unix sockets, as met by now: what was there at the last look stands (its last_wall_ms is
 * wall_ms). */
int network_streams(struct network *network, uint64_t now_ms, uint64_t wall_ms,
		    struct edge_list *ret);
/* Connections that network_calls() and network_streams() do not tell, for want of room. */
uint64_t network_calls_lost(const struct network *network);
/* Sockets, and dumps, that found no room or were interrupted. */
uint64_t network_lost(const struct network *network);
