/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is new about edges that are told again and again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "edges.h"
#include "tests/unit/assertion.h"

#define NOON UINT64_C(1764590400000)

static struct edges edges;
static struct edge_list changes;

static void clear(void)
{
	edges_clear(&edges);
	edge_list_clear(&changes);
}

TestSuite(edges, .fini = clear);

static struct edge talk(uint32_t client, uint16_t port, uint64_t n)
{
	return (struct edge) {
		.client = client, .server = 9, .kind = EDGE_TCP, .port = port, .n_connections = n
	};
}

static struct edge need(uint32_t client)
{
	return (struct edge) {
		.client = client, .server = 9, .kind = EDGE_REQUIRES, .last_wall_ms = 1
	};
}

/* Tell these at that time; what changed is then in `changes`. */
static size_t hear(const struct edge *told, size_t n, uint64_t wall_ms)
{
	struct edge_list list = { 0 };

	for (size_t i = 0; i < n; i++)
		cr_assert(zero(int, edge_list_add(&list, &told[i])));
	edge_list_clear(&changes);
	cr_assert(zero(int, edges_merge(&edges, &list, wall_ms, &changes)));
	cr_assert(zero(sz, list.n));
	return changes.n;
}

Test(edges, what_is_told_for_the_first_time_is_new_in_the_order_of_edges)
{
	const struct edge told[] = { talk(2, 80, 5), need(1), talk(1, 443, 0), talk(1, 80, 7) };

	cr_assert(eq(sz, hear(told, 4, NOON), 4));
	cr_assert(eq(u64, changes.edge[0].n_connections, 7));
	cr_assert(eq(int, changes.edge[1].port, 443));
	cr_assert(eq(int, changes.edge[2].kind, EDGE_REQUIRES));
	cr_assert(eq(u32, changes.edge[3].client, 2));
	for (size_t i = 0; i < 4; i++) {
		cr_assert(eq(u64, changes.edge[i].first_wall_ms, NOON));
		cr_assert(eq(u64, changes.edge[i].last_wall_ms, NOON));
	}
}

Test(edges, only_what_came_since_last_time_is_told_on)
{
	const struct edge before[] = { talk(1, 80, 100), talk(2, 80, 5) };
	const struct edge after[] = { talk(1, 80, 103), talk(2, 80, 5) };

	(void)hear(before, 2, NOON);
	cr_assert(eq(sz, hear(after, 2, NOON + MINUTES(1)), 1));
	cr_assert(eq(u32, changes.edge[0].client, 1));
	cr_assert(eq(u64, changes.edge[0].n_connections, 3));
	cr_assert(zero(sz, hear(after, 2, NOON + MINUTES(2))));
}

Test(edges, a_source_that_began_anew_loses_no_connection)
{
	const struct edge before = talk(1, 80, 100), after = talk(1, 80, 4);

	(void)hear(&before, 1, NOON);
	cr_assert(eq(sz, hear(&after, 1, NOON + MINUTES(1)), 1));
	cr_assert(eq(u64, changes.edge[0].n_connections, 4));
}

Test(edges, what_stands_is_told_again_every_ten_minutes_and_what_only_once_spoke_is_not)
{
	const struct edge told[] = { need(1), talk(1, 80, 3) };

	(void)hear(told, 2, NOON);
	for (uint64_t minute = 1; minute < 10; minute++)
		cr_assert(zero(sz, hear(told, 2, NOON + MINUTES(minute))));
	cr_assert(eq(sz, hear(told, 2, NOON + MINUTES(10)), 1));
	cr_assert(eq(int, changes.edge[0].kind, EDGE_REQUIRES));
	cr_assert(eq(u64, changes.edge[0].last_wall_ms, NOON + MINUTES(10)));
	cr_assert(zero(sz, hear(told, 2, NOON + MINUTES(11))));
	cr_assert(eq(sz, hear(told, 2, NOON - HOURS(1)), 1), "the clock was set back");
}

Test(edges, what_was_away_is_new_when_it_is_back)
{
	const struct edge told[] = { talk(1, 80, 3), talk(2, 80, 3) };

	(void)hear(told, 2, NOON);
	cr_assert(zero(sz, hear(told + 1, 1, NOON + 1)));
	cr_assert(zero(sz, hear(NULL, 0, NOON + 2)));
	cr_assert(eq(sz, hear(told, 1, NOON + 3), 1));
	cr_assert(eq(u64, changes.edge[0].n_connections, 3));
}

Test(edges, the_same_edge_twice_is_one)
{
	const struct edge told[] = { talk(1, 80, 3), need(1), talk(1, 80, 4), need(1) };

	cr_assert(eq(sz, hear(told, 4, NOON), 2));
	cr_assert(eq(u64, changes.edge[0].n_connections, 7));
	cr_assert(zero(sz, hear(told, 4, NOON + 1)));
}

Test(edges, what_finds_no_room_is_new_again_next_time)
{
	struct edge_list full = { 0 }, told = { 0 };
	const struct edge one[] = { talk(1, 80, 3), talk(2, 80, 3) };

	for (uint32_t i = 0; i < EDGES_MAX - 1; i++) {
		struct edge edge = talk(100 + i, 80, 1);

		cr_assert(zero(int, edge_list_add(&full, &edge)));
	}
	(void)edge_list_add(&told, &one[0]);
	(void)edge_list_add(&told, &one[1]);
	cr_assert(eq(int, edges_merge(&edges, &told, NOON, &full), -ENOSPC));
	cr_assert(eq(sz, full.n, EDGES_MAX - 1));
	cr_assert(eq(sz, hear(one, 2, NOON + 1), 2));
	cr_assert(eq(u64, changes.edge[0].n_connections, 3));
	edge_list_clear(&full);
}
