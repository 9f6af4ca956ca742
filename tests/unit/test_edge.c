/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The noun of who needs whom: words, order, lists that are bounded. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/edge.h"
#include "tests/unit/assertion.h"

Test(edge, every_kind_has_a_word_of_its_own)
{
	for (int i = 0; i < EDGE_KIND_N; i++) {
		cr_assert(ne(str, (char *)edge_kind_word((enum edge_kind)i), "unknown"));
		for (int before = 0; before < i; before++)
			cr_assert(ne(str, (char *)edge_kind_word((enum edge_kind)i),
				     (char *)edge_kind_word((enum edge_kind)before)));
	}
	cr_assert(eq(str, (char *)edge_kind_word(EDGE_KIND_N), "unknown"));
}

Test(edge, only_connections_are_not_declared)
{
	for (int i = 0; i < EDGE_KIND_N; i++)
		cr_assert(eq(int, edge_is_declared((enum edge_kind)i),
			     i != EDGE_TCP && i != EDGE_UNIX));
}

Test(edge, client_server_kind_and_port_make_an_edge_and_nothing_else)
{
	static const struct edge ordered[] = {
		{ .client = 0, .server = 9, .kind = EDGE_UNIX, .port = 9 },
		{ .client = 1, .server = 2, .kind = EDGE_TCP, .port = 80 },
		{ .client = 1, .server = 2, .kind = EDGE_TCP, .port = 443 },
		{ .client = 1, .server = 2, .kind = EDGE_REQUIRES },
		{ .client = 1, .server = UINT32_MAX },
		{ .client = UINT32_MAX, .server = 0 },
	};
	struct edge other = ordered[1];

	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++) {
			int order = edge_compare(&ordered[i], &ordered[j]);

			cr_assert(eq(int, (order > 0) - (order < 0), (i > j) - (i < j)), "%d %d", i,
				  j);
		}
	other.n_connections = 5;
	other.first_wall_ms = other.last_wall_ms = 6;
	other.synthetic = true;
	cr_assert(zero(int, edge_compare(&ordered[1], &other)));
}

Test(edge, a_list_holds_so_many_and_no_more)
{
	CLEANUP(edge_list_clear) struct edge_list list = { 0 };
	struct edge edge = { .client = 1 };

	for (uint32_t i = 0; i < EDGES_MAX; i++) {
		edge.server = i;
		cr_assert(zero(int, edge_list_add(&list, &edge)));
	}
	cr_assert(eq(int, edge_list_add(&list, &edge), -ENOSPC));
	cr_assert(eq(sz, list.n, EDGES_MAX));
	cr_assert(eq(u32, list.edge[EDGES_MAX - 1].server, EDGES_MAX - 1));
}
