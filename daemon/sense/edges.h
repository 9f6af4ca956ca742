/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which unit calls which over TCP on this host, and at which port; and the ports
 * of which the kernel cannot tell whose they are.
 *
 * A connection is told when both its ends were established since the probe was
 * loaded, lie in one network namespace, and talk over a loopback address or from
 * an address to the same. Its server is whose listening socket it came in by. What systemd
 * listens at for others carries systemd's own cgroup; such a port is an open one,
 * until somebody says who accepts there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct network_bpf;
struct edges;

/* The programs are borrowed, and have to outlive it. -ENOMEM. */
int edges_new(struct network_bpf *network, struct edges **ret);
struct edges *edges_free(struct edges *edges);
DEFINE_CLEANUP(struct edges *, edges_free)

struct edge_found {
	uint32_t client, server; /* unit; 0: none that is known */
	uint16_t port;		 /* the server's */
	uint64_t connections;	 /* so far; begins anew where it was lost in between */
};
/* All there are, in order of client, server and port; they live until the next call. Not for every
 * tick: it reads two maps of thousands. */
int edges_read(struct edges *edges, const struct edge_found **ret, size_t *ret_n);
/* Connections that are in no edge of the last reading, since the map was too small. */
uint64_t edges_lost(const struct edges *edges);

/* The cgroup of a manager that listens for others; 0: none. What was counted before stays. */
void edges_set_activator(struct edges *edges, uint64_t cgroup_id);

struct edges_port {
	uint16_t port;
	bool is_elsewhere; /* in another network namespace than ours */
	uint32_t unit;	   /* as edges_own_port() said; 0: open */
	uint64_t accepts;  /* connections that came in while it was open: of no unit */
};
/* The ports whose listening socket belongs to the activator or to no watched unit, and that were
 * called. As above. */
int edges_ports(struct edges *edges, const struct edges_port **ret, size_t *ret_n);
/* From now on what comes in at that port of our network namespace is the unit's (0: open again), but
 * only where the socket itself does not tell. Edges told before are told as the unit's too. */
int edges_own_port(struct edges *edges, uint16_t port, uint32_t unit);
