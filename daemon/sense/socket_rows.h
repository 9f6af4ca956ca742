/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is known of the sockets of each unit, from dump to dump. Part of listeners.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sense/sums.h"
#include "sense/usage.h"

struct socket_row {
	uint32_t unit;
	struct sums queues, connected; /* at the last dump of each */
	uint64_t overflows;	       /* so far */
};

/* In the order of units; the first is 0, the host. A unit that ever had a socket keeps its row. */
struct socket_rows {
	size_t n;
	struct socket_row *row;
};

int socket_rows_new(struct socket_rows *rows); /* -ENOMEM */
void socket_rows_clear(struct socket_rows *rows);

/* Before those of a new dump are added: forget all queues, or all connections. What overflowed stays. */
void socket_rows_forget(struct socket_rows *rows, bool of_queues);
/* -ENOSPC: as many units have had sockets as there can be units. */
int socket_rows_add(struct socket_rows *rows, uint32_t unit, const struct sums *sums,
		    bool of_queues);
/* NULL: of that unit no socket was ever seen. */
const struct socket_row *socket_rows_find(const struct socket_rows *rows, uint32_t unit);

/* Set what the row has; without a queue, or a connection with a round trip, what those would have is
 * left alone. */
void socket_row_tell_queues(const struct socket_row *row, uint64_t age_ms, struct usage *usage);
void socket_row_tell_connected(const struct socket_row *row, uint64_t age_ms, struct usage *usage);
