/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the readers of sockets, and tells each whose a socket is. */
#include <errno.h>
#include <stdlib.h>

#include "sense/activation.h"
#include "sense/adopted.h"
#include "sense/calls.h"
#include "sense/listeners.h"
#include "sense/network.h"
#include "sense/streams.h"

#define JOURNAL_UNIT "systemd-journald.service"

struct network {
	const struct cgroup_roots *roots;
	struct probe *probe;
	struct calls *calls;	 /* the probe's; NULL: the kernel tells none */
	struct streams *streams; /* the same */
	struct listeners *listeners;
	struct owners *owners;
	struct activation *activation; /* NULL: without systemd */
	struct adopted adopted;
};

/* ---- whose is a socket ------------------------------------------------------- */

static void own(uint64_t id, uint32_t unit, void *owners)
{
	owners_add(owners, id, unit);
}

static void own_port(uint16_t port, uint32_t unit, void *calls)
{
	(void)calls_own_port(calls, port, unit);
}

/* Returns the cgroup of systemd itself; 0: not known. */
static uint64_t list_owners(struct network *network, const struct network_ground *ground)
{
	uint64_t manager;

	owners_begin(network->owners);
	manager = ground->list(network->owners, ground->userdata);
	if (network->activation) {
		activation_number(network->activation, ground->row_of, ground->userdata);
		activation_cgroups(network->activation, own, network->owners);
	}
	owners_end(network->owners);
	if (network->calls && manager != 0)
		calls_set_activator(network->calls, manager);
	return manager;
}

/* With systemd, its sockets cannot be told from others' before its cgroup is known. */
static void turn_streams(struct network *network, const struct network_ground *ground,
			 uint64_t now_ms)
{
	struct streams_ground known = { 0 };

	if (!network->streams || !streams_are_due(network->streams, now_ms))
		return;
	if (network->activation) {
		known.manager_cgroup = list_owners(network, ground);
		known.journal = ground->row_of(JOURNAL_UNIT, ground->userdata);
		if (known.manager_cgroup == 0)
			return;
	}
	/* Or again in a minute. */
	if (streams_turn(network->streams, &known, now_ms) > 0 && network->calls)
		(void)calls_pass(network->calls, streams_passed(network->streams));
}

static void turn_queues(struct network *network, const struct network_ground *ground,
			uint64_t now_ms)
{
	struct listeners_ground known = { .owners = network->owners,
					  .activation = network->activation };

	if (!listeners_are_due(network->listeners, now_ms))
		return;
	known.manager_cgroup = list_owners(network, ground);
	if (network->streams)
		known.passed = streams_passed(network->streams);
	listeners_turn(network->listeners, &known, now_ms);
	if (!network->activation)
		return;
	activation_turn(network->activation, listeners_unowned(network->listeners), now_ms);
	adopted_turn(&network->adopted, network->activation, network->probe);
	if (network->calls)
		activation_ports(network->activation, own_port, network->calls);
}

void network_turn(struct network *network, const struct network_ground *ground, uint64_t now_ms)
{
	turn_streams(network, ground, now_ms);
	turn_queues(network, ground, now_ms);
}

/* ---- what is told ------------------------------------------------------------- */

void network_usage(const struct network *network, uint32_t unit, uint64_t now_ms,
		   struct usage *usage)
{
	listeners_usage(network->listeners, unit, now_ms, usage);
}

/* Who talks to itself, or is as unknown as whom it talks to, is no edge between units. */
static int tell(struct edge_list *list, const struct edge *edge)
{
	return edge->client == edge->server ? 0 : edge_list_add(list, edge);
}

int network_calls(struct network *network, struct edge_list *ret)
{
	const struct call *call;
	size_t n;
	int r;

	if (!network->calls)
		return 1;
	r = calls_read(network->calls, &call, &n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = tell(ret, &(struct edge) { .kind = EDGE_TCP,
					       .client = call[i].client,
					       .server = call[i].server,
					       .port = call[i].port,
					       .n_connections = call[i].connections });
	return r;
}

int network_older_calls(struct network *network, struct edge_list *ret)
{
	const struct listeners_edge *found;
	struct edge edge = { .kind = EDGE_TCP };
	size_t n;
	int r = 0;

	found = listeners_edges(network->listeners, &n);
	if (!found)
		return 1;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		edge.port = found[i].server_port;
		if (owners_find(network->owners, found[i].client_cgroup, &edge.client) &&
		    owners_find(network->owners, found[i].server_cgroup, &edge.server))
			r = tell(ret, &edge);
	}
	return r;
}

int network_streams(struct network *network, uint64_t now_ms, uint64_t wall_ms,
		    struct edge_list *ret)
{
	const struct stream *stream;
	bool is_fresh;
	size_t n;
	int r = 0;

	stream = network->streams ? streams_list(network->streams, &n) : NULL;
	if (!stream)
		return 1;
	is_fresh = streams_are_fresh(network->streams, now_ms);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = tell(ret, &(struct edge) {
				      .kind = EDGE_UNIX,
				      .client = stream[i].client,
				      .server = stream[i].server,
				      .n_connections = stream[i].connections,
				      .last_wall_ms = stream[i].stands && is_fresh ? wall_ms : 0 });
	return r;
}

uint64_t network_calls_lost(const struct network *network)
{
	return (network->calls ? calls_lost(network->calls) : 0) +
	       (network->streams ? streams_lost(network->streams) : 0);
}

uint64_t network_lost(const struct network *network)
{
	return listeners_lost(network->listeners);
}

/* ---- life ----------------------------------------------------------------------- */

int network_set_bus(struct network *network, sd_bus *bus)
{
	struct activation *activation;
	int r;

	r = activation_new(bus, network->roots, &activation);
	if (r < 0)
		return r;
	activation_free(network->activation);
	network->activation = activation;
	return 0;
}

int network_new(sd_bus *bus, const struct cgroup_roots *roots, struct probe *probe,
		struct network **ret)
{
	CLEANUP(network_freep) struct network *network = calloc(1, sizeof(*network));
	int r;

	if (!network)
		return -ENOMEM;
	network->roots = roots;
	network->probe = probe;
	network->calls = probe_calls(probe);
	network->streams = probe_streams(probe);
	r = listeners_new(&network->listeners);
	if (r >= 0)
		r = owners_new(roots, &network->owners);
	if (r >= 0 && bus)
		r = network_set_bus(network, bus);
	if (r < 0)
		return r;
	*ret = TAKE(network);
	return 0;
}

struct network *network_free(struct network *network)
{
	if (!network)
		return NULL;
	listeners_free(network->listeners);
	owners_free(network->owners);
	activation_free(network->activation);
	free(network);
	return NULL;
}
