/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Listening sockets from dump to dump: what each has refused, and who is behind an address. Part of
 * listeners.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sense/diag.h"

#define QUEUES_MAX 8192

struct queue {
	uint64_t cookie;
	uint64_t cgroup_id;
	struct diag_end end;
	uint32_t drops, drops_read; /* as counted so far; as the dump under way has it */
	bool is_there;		    /* in that dump */
};

/* In the order of their cookies. */
struct queues {
	size_t n;
	bool are_known; /* a whole dump was read: who is new now is new */
	struct queue *queue;
};

int queues_new(struct queues *queues); /* -ENOMEM */
void queues_clear(struct queues *queues);

/* A dump begins; take each of its sockets, and keep all when it was whole. One that was broken off counts
 * nothing. */
void queues_begin(struct queues *queues);
/* How many more it has refused since the last whole dump. -ENOSPC: there is no room to know. */
int queues_take(struct queues *queues, const struct diag_socket *socket, uint32_t *ret_grown);
void queues_keep(struct queues *queues);

/* Who listens where that socket is connected to; NULL: nobody, or the other end is elsewhere. */
const struct queue *queues_server(const struct queues *queues, const struct diag_socket *client);
