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
struct calls;
struct passed;

/* The programs are borrowed, and have to outlive it. -ENOMEM. */
int calls_new(struct network_bpf *network, struct calls **ret);
struct calls *calls_free(struct calls *calls);
DEFINE_CLEANUP(struct calls *, calls_free)

struct call {
	uint32_t client, server; /* unit; 0: none that is known */
	uint16_t port;		 /* the server's */
	uint64_t connections;	 /* so far; begins anew where it was lost in between */
};
/* All there are, in order of client, server and port; they live until the next call. Not for every
 * tick: it reads two maps of thousands. */
int calls_read(struct calls *calls, const struct call **ret, size_t *ret_n);
/* Connections that are in no call of the last reading, since the map was too small. */
uint64_t calls_lost(const struct calls *calls);

/* The cgroup of a manager that listens for others; 0: none. What was counted before stays. */
void calls_set_activator(struct calls *calls, uint64_t cgroup_id);

struct calls_port {
	uint16_t port;
	bool is_elsewhere; /* in another network namespace than the activator's */
	uint32_t unit;	   /* as calls_own_port() said; 0: open */
	uint64_t accepts;  /* connections that came in while it was open: of no unit */
};
/* The ports whose listening socket belongs to the activator or to no watched unit, and that were
 * called. As above. */
int calls_ports(struct calls *calls, const struct calls_port **ret, size_t *ret_n);
/* From now on what comes in at that port of the activator's network namespace (while none of its sockets
 * was met: of our own) is the unit's (0: open again), but
 * only where the socket itself does not tell. Edges told before are told as the unit's too. */
int calls_own_port(struct calls *calls, uint16_t port, uint32_t unit);
/* From now on what comes in by these sockets is their holders', and by no others'. Half of it may be done
 * after a negative errno. */
int calls_pass(struct calls *calls, const struct passed *passed);
