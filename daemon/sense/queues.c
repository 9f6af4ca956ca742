/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted array of listening sockets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sense/queues.h"

int queues_new(struct queues *queues)
{
	*queues = (struct queues) { 0 };
	/* At full size, since it costs only what is touched. */
	queues->queue = calloc(QUEUES_MAX, sizeof(*queues->queue));
	return queues->queue ? 0 : -ENOMEM;
}

void queues_clear(struct queues *queues)
{
	free(queues->queue);
	*queues = (struct queues) { 0 };
}

/* Where the queue of that cookie is, or would be. */
static size_t place_of_queue(const struct queues *queues, uint64_t cookie)
{
	size_t low = 0, high = queues->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (queues->queue[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* One that is new has refused all of it since the last dump. */
static struct queue *make_queue(struct queues *queues, const struct diag_socket *socket)
{
	size_t at = place_of_queue(queues, socket->cookie);
	struct queue *queue = &queues->queue[at];

	if (at < queues->n && queue->cookie == socket->cookie)
		return queue;
	if (queues->n == QUEUES_MAX)
		return NULL;
	memmove(queue + 1, queue, (queues->n - at) * sizeof(*queue));
	queues->n++;
	*queue = (struct queue) {
		.cookie = socket->cookie,
		.end = socket->local,
		.drops = queues->are_known ? 0 : socket->drops,
	};
	return queue;
}

int queues_take(struct queues *queues, const struct diag_socket *socket, uint32_t *ret_grown)
{
	struct queue *queue = make_queue(queues, socket);

	if (!queue)
		return -ENOSPC;
	queue->cgroup_id = socket->cgroup_id; /* it may have been passed on */
	queue->drops_read = socket->drops;
	queue->is_there = true;
	*ret_grown = queue->drops_read - queue->drops;
	return 0;
}

/* The dump is whole: what it counted is counted, and who is not in it is gone. */
void queues_keep(struct queues *queues)
{
	size_t n = 0;

	for (size_t i = 0; i < queues->n; i++)
		if (queues->queue[i].is_there) {
			queues->queue[n] = queues->queue[i];
			queues->queue[n].drops = queues->queue[n].drops_read;
			n++;
		}
	queues->n = n;
	queues->are_known = true;
}

void queues_begin(struct queues *queues)
{
	for (size_t i = 0; i < queues->n; i++)
		queues->queue[i].is_there = false;
}

const struct queue *queues_server(const struct queues *queues, const struct diag_socket *client)
{
	const struct queue *any = NULL;

	if (!diag_is_loopback(client->remote.address) &&
	    memcmp(client->local.address, client->remote.address, 16) != 0)
		return NULL;
	for (size_t i = 0; i < queues->n; i++) {
		const struct queue *queue = &queues->queue[i];

		if (queue->end.port != client->remote.port)
			continue;
		if (memcmp(queue->end.address, client->remote.address, 16) == 0)
			return queue;
		if (diag_is_any(queue->end.address))
			any = queue;
	}
	return any;
}
