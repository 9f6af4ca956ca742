/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * TCP sockets of units, asked of the kernel (sock_diag) over the descriptor that
 * selfhealed.socket hands over: queues of connections that wait for accept(), and
 * established connections with their round trips and unread bytes.
 *
 * A dump is read in pieces, so many sockets a tick, and its numbers are used when it
 * is whole. Each value has the age of the moment when its dump began. Asked of the
 * kernel both are every LISTENERS_EVERY_MS, connections half as often where there are
 * many.
 *
 * What sockets say of their owner is the cgroup that made them. Those that PID 1 made
 * are the service's that their .socket unit triggers: activation.h. Those that were passed on
 * are whose they are now: passed.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/activation.h"
#include "sense/owners.h"
#include "sense/passed.h"
#include "sense/usage.h"

#define LISTENERS_EVERY_MS (uint64_t)5000
#define LISTENERS_MANY	   20000u /* connections from which they are asked for half as often */
#define LISTENERS_A_TICK   16384u /* sockets, some 18 ms */
#define LISTENERS_STALE_MS (uint64_t)60000 /* what is older is not told any more */
#define LISTENERS_EDGES	   1024

struct listeners;

/* -ENOMEM only; without a descriptor, or rights, nothing is known. */
int listeners_new(struct listeners **ret);
/* The same with this descriptor, which becomes the listeners'. */
int listeners_new_fd(int fd, struct listeners **ret);
struct listeners *listeners_free(struct listeners *listeners);
DEFINE_CLEANUP(struct listeners *, listeners_free)

/* Whom to ask whose a socket is. */
struct listeners_ground {
	struct owners *owners;
	const struct activation *activation; /* NULL: nobody knows */
	const struct passed *passed;	     /* NULL: the same */
	uint64_t manager_cgroup;	     /* of PID 1; 0: not known */
};

/* Will the next turn ask, or go on reading? Then the owners must be up to date. */
bool listeners_are_due(const struct listeners *listeners, uint64_t now_ms);
/* One tick's share of the work. Never waits. */
void listeners_turn(struct listeners *listeners, const struct listeners_ground *ground,
		    uint64_t now_ms);

/* Set what is known of the unit's sockets; of 0, which is the whole host. The dumps see one network
 * namespace, so of a unit of which no socket was ever seen nothing is known: it may have a namespace of its
 * own. Without a connection, or a queue, its round trips and queues are not known. */
void listeners_usage(const struct listeners *listeners, uint32_t unit, uint64_t now_ms,
		     struct usage *usage);

/* Listening sockets at the last dump that are nobody's, or PID 1's: activation may know more. */
size_t listeners_unowned(const struct listeners *listeners);

/* Who was connected to whom on this host when we began: once, after the first whole dump. The cgroups
 * are those that the sockets say. NULL: not known yet. */
struct listeners_edge {
	uint64_t client_cgroup, server_cgroup;
	uint16_t server_port;
	uint32_t n; /* connections */
};
const struct listeners_edge *listeners_edges(const struct listeners *listeners, size_t *ret_n);

/* Sockets, and dumps, that found no room or were interrupted: values that miss something. */
uint64_t listeners_lost(const struct listeners *listeners);
