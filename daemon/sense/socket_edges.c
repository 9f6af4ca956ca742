/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to queues of this host, summed by who has the two ends. */
#include <errno.h>
#include <stdlib.h>

#include "sense/socket_edges.h"

/* At full size, since it costs only what is touched. */
int socket_edges_new(struct socket_edges *edges)
{
	*edges = (struct socket_edges) { .edge = calloc(LISTENERS_EDGES, sizeof(*edges->edge)) };
	return edges->edge ? 0 : -ENOMEM;
}

void socket_edges_clear(struct socket_edges *edges)
{
	free(edges->edge);
	*edges = (struct socket_edges) { 0 };
}

/* Each is looked for among the queues, so of very many of these they are not told. */
int socket_edges_begin(struct socket_edges *edges, const struct queues *queues)
{
	if (edges->are_whole)
		return 0;
	edges->n = 0;
	if (queues->n <= LISTENERS_EDGES)
		return 0;
	edges->are_whole = true;
	return -ENOSPC;
}

int socket_edges_add(struct socket_edges *edges, const struct queues *queues,
		     const struct diag_socket *client)
{
	struct listeners_edge *edge = edges->edge;
	const struct queue *server;

	if (edges->are_whole)
		return 0;
	server = queues_server(queues, client);
	if (!server || server->cgroup_id == 0 || client->cgroup_id == 0)
		return 0;
	for (size_t i = 0; i < edges->n; i++, edge++)
		if (edge->client_cgroup == client->cgroup_id &&
		    edge->server_cgroup == server->cgroup_id &&
		    edge->server_port == server->end.port) {
			edge->n++;
			return 0;
		}
	if (edges->n == LISTENERS_EDGES)
		return -ENOSPC;
	edges->edge[edges->n++] = (struct listeners_edge) {
		.client_cgroup = client->cgroup_id,
		.server_cgroup = server->cgroup_id,
		.server_port = server->end.port,
		.n = 1,
	};
	return 0;
}

void socket_edges_keep(struct socket_edges *edges)
{
	edges->are_whole = true;
}

const struct listeners_edge *socket_edges_list(const struct socket_edges *edges, size_t *ret_n)
{
	*ret_n = edges->are_whole ? edges->n : 0;
	return edges->are_whole ? edges->edge : NULL;
}
