/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Who was connected to whom on this host at the first whole dump. Part of listeners.h. */
#include <stdbool.h>
#include <stddef.h>

#include "sense/listeners.h"
#include "sense/queues.h"

struct socket_edges {
	size_t n;
	bool are_whole; /* what comes then is not looked at any more */
	struct listeners_edge *edge;
};

int socket_edges_new(struct socket_edges *edges); /* -ENOMEM */
void socket_edges_clear(struct socket_edges *edges);

/* A dump of connections begins; add each of them, and keep all when it was whole. -ENOSPC: there are
 * so many queues that nothing will be told. */
int socket_edges_begin(struct socket_edges *edges, const struct queues *queues);
/* -ENOSPC: there is no room for another. */
int socket_edges_add(struct socket_edges *edges, const struct queues *queues,
		     const struct diag_socket *client);
void socket_edges_keep(struct socket_edges *edges);
/* NULL: not known yet. The edges' own, for their life. */
const struct listeners_edge *socket_edges_list(const struct socket_edges *edges, size_t *ret_n);
