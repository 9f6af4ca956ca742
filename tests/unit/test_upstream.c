/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who needs whom, also by way of others. */
#include <criterion/criterion.h>

#include "judge/graph.h"
#include "tests/unit/assertion.h"

static struct graph graph;

static void take_down(void)
{
	graph_clear(&graph);
}

TestSuite(upstream, .fini = take_down);

static void know(const struct edge *edges, size_t n)
{
	cr_assert(zero(int, graph_set(&graph, edges, n)));
}

static bool is_listed(uint32_t unit, bool by_stream, void *userdata)
{
	const uint32_t *list = userdata;

	(void)by_stream;
	for (; *list; list++)
		if (*list == unit)
			return true;
	return false;
}

Test(upstream, the_nearest_cause_is_found_also_by_way_of_others)
{
	static const struct edge edges[] = {
		{ .client = 1, .server = 2, .kind = EDGE_TCP },
		{ .client = 2, .server = 3, .kind = EDGE_REQUIRES },
		{ .client = 3, .server = 4, .kind = EDGE_DEPENDS_ON },
	};
	uint32_t far[] = { 4, 0 }, both[] = { 4, 2, 0 };

	know(edges, 3);
	cr_assert(eq(u32, graph_upstream(&graph, 1, is_listed, far), 4));
	cr_assert(eq(u32, graph_upstream(&graph, 1, is_listed, both), 2));
	cr_assert(zero(u32, graph_upstream(&graph, 4, is_listed, both)), "it needs nobody");
	cr_assert(graph_needs(&graph, 1, 4));
	cr_assert(not(graph_needs(&graph, 4, 1)));
}

Test(upstream, mere_order_and_sockets_that_wake_make_no_cause)
{
	static const struct edge edges[] = {
		{ .client = 1, .server = 2, .kind = EDGE_AFTER },
		{ .client = 1, .server = 3, .kind = EDGE_PART_OF },
		{ .client = 0, .server = 4, .kind = EDGE_TRIGGERED_BY },
		{ .client = 0, .server = 5, .kind = EDGE_TCP },
	};
	uint32_t all[] = { 2, 3, 4, 5, 0 };

	know(edges, 4);
	cr_assert(zero(sz, graph.n));
	cr_assert(zero(u32, graph_upstream(&graph, 1, is_listed, all)));
}

Test(upstream, a_circle_is_walked_once)
{
	static const struct edge edges[] = {
		{ .client = 1, .server = 2, .kind = EDGE_TCP },
		{ .client = 2, .server = 1, .kind = EDGE_TCP },
	};
	uint32_t other[] = { 9, 0 };

	know(edges, 2);
	cr_assert(zero(u32, graph_upstream(&graph, 1, is_listed, other)));
	cr_assert(graph_needs(&graph, 1, 2));
	cr_assert(graph_needs(&graph, 2, 1));
}

Test(upstream, a_chain_is_followed_so_far_and_no_further)
{
	struct edge edges[GRAPH_DEPTH_MOST + 2];
	const size_t n = sizeof(edges) / sizeof(edges[0]);

	for (size_t i = 0; i < n; i++)
		edges[i] = (struct edge) { .client = (uint32_t)i + 1,
					   .server = (uint32_t)i + 2,
					   .kind = EDGE_TCP };
	know(edges, n);
	cr_assert(graph_needs(&graph, 1, GRAPH_DEPTH_MOST + 1));
	cr_assert(not(graph_needs(&graph, 1, GRAPH_DEPTH_MOST + 2)));
}

Test(upstream, clients_are_told_once_each)
{
	static const struct edge edges[] = {
		{ .client = 1, .server = 9, .kind = EDGE_TCP, .port = 80 },
		{ .client = 1, .server = 9, .kind = EDGE_REQUIRES },
		{ .client = 2, .server = 9, .kind = EDGE_UNIX },
		{ .client = 3, .server = 8, .kind = EDGE_TCP },
	};
	uint32_t clients[8];

	know(edges, 4);
	cr_assert(eq(sz, graph_clients(&graph, 9, clients, 8), 2));
	cr_assert(eq(u32, clients[0], 1));
	cr_assert(eq(u32, clients[1], 2));
	cr_assert(eq(sz, graph_clients(&graph, 9, clients, 1), 1), "as far as there is room");
}
