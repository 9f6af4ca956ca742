/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads two maps of the network programs, and joins what network namespaces keep apart. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bpf/events.h"
#include "sense/calls.h"
#include "sense/maps.h"
#include "sense/passed.h"

#include "network.skel.h"

struct calls {
	struct network_bpf *network;
	uint32_t own_network; /* inode of our namespace; 0: not known */
	uint64_t lost;
	struct passed passed; /* as the kernel has it */
	size_t n_ports;	      /* in the next three */
	struct port port[PORTS_MAX];
	struct port_owner owner[PORTS_MAX];
	struct calls_port told_port[PORTS_MAX];
	struct call_key key[CALLS_MAX];
	__u64 connections[CALLS_MAX];
	struct call told[CALLS_MAX];
};

int calls_new(struct network_bpf *network, struct calls **ret)
{
	struct calls *calls = calloc(1, sizeof(*calls));
	struct stat status;

	if (!calls)
		return -ENOMEM;
	calls->network = network;
	if (stat("/proc/self/ns/net", &status) == 0)
		calls->own_network = (uint32_t)status.st_ino;
	*ret = calls;
	return 0;
}

struct calls *calls_free(struct calls *calls)
{
	free(calls);
	return NULL;
}

static int read_ports(struct calls *calls)
{
	int n = maps_read(bpf_map__fd(calls->network->maps.ports), calls->port, calls->owner,
			  PORTS_MAX);

	calls->n_ports = n < 0 ? 0 : (size_t)n;
	return n;
}

/* ---- calls ------------------------------------------------------------------ */

/* Who owns the port by now, if it was open when the connection came. */
static uint32_t server_of(const struct calls *calls, const struct call_key *key)
{
	if (key->server)
		return key->server;
	for (size_t i = 0; i < calls->n_ports; i++)
		if (calls->port[i].port == key->port && calls->port[i].network == key->network)
			return calls->owner[i].unit;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct call *a = left, *b = right;

	if (a->client != b->client)
		return a->client < b->client ? -1 : 1;
	if (a->server != b->server)
		return a->server < b->server ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

/* Make one of those that differ by the namespace alone. Their number. */
static size_t merge(struct call *told, size_t n_told)
{
	size_t n = 0;

	qsort(told, n_told, sizeof(*told), compare);
	for (size_t i = 0; i < n_told; i++) {
		if (n > 0 && compare(&told[n - 1], &told[i]) == 0)
			told[n - 1].connections += told[i].connections;
		else
			told[n++] = told[i];
	}
	return n;
}

int calls_read(struct calls *calls, const struct call **ret, size_t *ret_n)
{
	/* Before the map, or what is counted meanwhile would seem lost. */
	uint64_t counted = calls->network->bss->connections, sum = 0;
	int n;

	n = read_ports(calls);
	if (n >= 0)
		n = maps_read(bpf_map__fd(calls->network->maps.calls), calls->key,
			      calls->connections, CALLS_MAX);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		calls->told[i] = (struct call) {
			.client = calls->key[i].client,
			.server = server_of(calls, &calls->key[i]),
			.port = calls->key[i].port,
			.connections = calls->connections[i],
		};
		sum += calls->connections[i];
	}
	calls->lost = counted > sum ? counted - sum : 0;
	*ret = calls->told;
	*ret_n = merge(calls->told, (size_t)n);
	return 0;
}

uint64_t calls_lost(const struct calls *calls)
{
	return calls->lost;
}

/* ---- ports ------------------------------------------------------------------- */

void calls_set_activator(struct calls *calls, uint64_t cgroup_id)
{
	calls->network->bss->activator_id = cgroup_id;
}

/* The daemon may have been given a network of its own, and its host's is what counts. */
static uint32_t home_of(const struct calls *calls)
{
	uint32_t network = calls->network->bss->activator_network;

	return network ? network : calls->own_network;
}

int calls_ports(struct calls *calls, const struct calls_port **ret, size_t *ret_n)
{
	int n = read_ports(calls);

	if (n < 0)
		return n;
	for (size_t i = 0; i < calls->n_ports; i++)
		calls->told_port[i] = (struct calls_port) {
			.port = calls->port[i].port,
			.is_elsewhere = calls->port[i].network != home_of(calls),
			.unit = calls->owner[i].unit,
			.accepts = calls->owner[i].accepts,
		};
	*ret = calls->told_port;
	*ret_n = calls->n_ports;
	return 0;
}

int calls_own_port(struct calls *calls, uint16_t port, uint32_t unit)
{
	int fd = bpf_map__fd(calls->network->maps.ports);
	const struct port key = { .network = home_of(calls), .port = port };
	struct port_owner owner = { 0 };

	/* Accepts of this moment may be lost, since both sides write. */
	(void)bpf_map_lookup_elem(fd, &key, &owner);
	if (owner.unit == unit)
		return 0;
	owner.unit = unit;
	return bpf_map_update_elem(fd, &key, &owner, BPF_ANY);
}

/* Where it is passed on to nobody any more, its holder is its maker. */
static bool is_passed(const struct passed *passed, const struct made *made)
{
	return passed_to(passed, made->cgroup_id, made->port) != made->cgroup_id;
}

int calls_pass(struct calls *calls, const struct passed *passed)
{
	int fd = bpf_map__fd(calls->network->maps.passed), r = 0;

	for (size_t i = 0; i < calls->passed.n; i++)
		if (!is_passed(passed, &calls->passed.on[i].made))
			(void)bpf_map_delete_elem(fd, &calls->passed.on[i].made);
	for (size_t i = 0; r >= 0 && i < passed->n; i++)
		r = bpf_map_update_elem(fd, &passed->on[i].made, &passed->on[i].holder, BPF_ANY);
	calls->network->bss->n_passed = (uint32_t)passed->n;
	calls->passed = *passed;
	return r;
}
