/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From all that is told of edges to rows in the store. */
#include <errno.h>

#include "base/clock.h"
#include "sense/network.h"
#include "topology.h"

#define TURN_MS MINUTES(1)

void topology_clear(struct topology *topology)
{
	for (size_t i = 0; i < TOPOLOGY_SOURCE_N; i++)
		edges_clear(&topology->edges[i]);
	*topology = (struct topology) { 0 };
}

/* A source appends all that it knows; 1: it has nothing new to say and was not asked. */
typedef int tell(struct topology *topology, const struct parts *parts, uint64_t when_ms,
		 uint64_t wall_ms, struct edge_list *ret);

/* Hundreds of units have thousands of edges and change them once a week. */
static int tell_systemd(struct topology *topology, const struct parts *parts, uint64_t when_ms,
			uint64_t wall_ms, struct edge_list *ret)
{
	uint64_t version;

	if (!parts->sampler || !sampler_is_known(parts->sampler))
		return 1;
	version = sampler_edges_version(parts->sampler);
	if (topology->read_ms > 0 && version == topology->version &&
	    when_ms - topology->read_ms < EDGES_AGAIN_MS)
		return 1;
	topology->version = version;
	topology->read_ms = when_ms;
	return sampler_edges(parts->sampler, wall_ms, ret);
}

static int tell_calls(struct topology *topology, const struct parts *parts, uint64_t when_ms,
		      uint64_t wall_ms, struct edge_list *ret)
{
	(void)topology, (void)when_ms, (void)wall_ms;
	return parts->sampler ? network_calls(sampler_network(parts->sampler), ret) : 1;
}

static int tell_older_calls(struct topology *topology, const struct parts *parts, uint64_t when_ms,
			    uint64_t wall_ms, struct edge_list *ret)
{
	(void)topology, (void)when_ms, (void)wall_ms;
	return parts->sampler ? network_older_calls(sampler_network(parts->sampler), ret) : 1;
}

static int tell_streams(struct topology *topology, const struct parts *parts, uint64_t when_ms,
			uint64_t wall_ms, struct edge_list *ret)
{
	(void)topology;
	return parts->sampler
		       ? network_streams(sampler_network(parts->sampler), when_ms, wall_ms, ret)
		       : 1;
}

static int tell_simulation(struct topology *topology, const struct parts *parts, uint64_t when_ms,
			   uint64_t wall_ms, struct edge_list *ret)
{
	(void)topology, (void)when_ms, (void)wall_ms;
	return parts->simulation ? simulation_edges(parts->simulation, ret) : 1;
}

static tell *const tellers[TOPOLOGY_SOURCE_N] = {
	[TOPOLOGY_SYSTEMD] = tell_systemd,	   [TOPOLOGY_CALLS] = tell_calls,
	[TOPOLOGY_OLDER_CALLS] = tell_older_calls, [TOPOLOGY_STREAMS] = tell_streams,
	[TOPOLOGY_SIMULATION] = tell_simulation,
};

static int turn(struct topology *topology, const struct parts *parts, uint64_t when_ms,
		uint64_t wall_ms, struct edge_list *changes)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < TOPOLOGY_SOURCE_N; i++) {
		CLEANUP(edge_list_clear) struct edge_list told = { 0 };

		r = tellers[i](topology, parts, when_ms, wall_ms, &told);
		if (r == 0)
			r = edges_merge(&topology->edges[i], &told, wall_ms, changes);
		if (r == -ENOSPC) /* of the others, what is left has its turn in a minute */
			r = 0;
	}
	return r < 0 ? r : writer_edges(parts->past.writer, changes->edge, changes->n, wall_ms);
}

/* All that the sources know now, so that the judge can tell a cause from its effects. */
static int tell_judge(const struct topology *topology, const struct parts *parts)
{
	CLEANUP(edge_list_clear) struct edge_list all = { 0 };
	int r = 0;

	for (size_t i = 0; i < TOPOLOGY_SOURCE_N; i++)
		for (size_t j = 0; r >= 0 && j < topology->edges[i].known.n; j++)
			r = edge_list_add(&all, &topology->edges[i].known.edge[j]);
	return r < 0 && r != -ENOSPC ? r : judge_edges(parts->judge, all.edge, all.n);
}

int topology_turn(struct topology *topology, const struct parts *parts, uint64_t when_ms,
		  uint64_t wall_ms)
{
	CLEANUP(edge_list_clear) struct edge_list changes = { 0 };
	int r, told;

	if (topology->turned_ms > 0 && when_ms - topology->turned_ms < TURN_MS)
		return 0;
	topology->turned_ms = when_ms;
	r = turn(topology, parts, when_ms, wall_ms, &changes);
	told = tell_judge(topology, parts);
	return r < 0 ? r : told;
}
