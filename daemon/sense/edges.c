/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads two maps of the network programs, and joins what network namespaces keep apart. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bpf/events.h"
#include "sense/edges.h"

#include "network.skel.h"

struct edges {
	struct network_bpf *network;
	uint32_t own_network; /* inode of our namespace; 0: not known */
	uint64_t lost;
	size_t n_ports; /* in the next three */
	struct port port[PORTS_MAX];
	struct port_owner owner[PORTS_MAX];
	struct edges_port told_port[PORTS_MAX];
	struct edge edge[EDGES_MAX];
	__u64 connections[EDGES_MAX];
	struct edge_found told[EDGES_MAX];
};

int edges_new(struct network_bpf *network, struct edges **ret)
{
	struct edges *edges = calloc(1, sizeof(*edges));
	struct stat status;

	if (!edges)
		return -ENOMEM;
	edges->network = network;
	if (stat("/proc/self/ns/net", &status) == 0)
		edges->own_network = (uint32_t)status.st_ino;
	*ret = edges;
	return 0;
}

struct edges *edges_free(struct edges *edges)
{
	free(edges);
	return NULL;
}

/* All records, since the arrays are as large as the map. The number. */
static int read_map(const struct bpf_map *map, void *keys, void *values, __u32 n_max)
{
	__u32 cursor, n = n_max;
	int r;

	r = bpf_map_lookup_batch(bpf_map__fd(map), NULL, &cursor, keys, values, &n, NULL);
	return r < 0 && r != -ENOENT ? r : (int)n; /* -ENOENT: that was the end */
}

static int read_ports(struct edges *edges)
{
	int n = read_map(edges->network->maps.ports, edges->port, edges->owner, PORTS_MAX);

	edges->n_ports = n < 0 ? 0 : (size_t)n;
	return n;
}

/* ---- edges ------------------------------------------------------------------ */

/* Who owns the port by now, if it was open when the connection came. */
static uint32_t server_of(const struct edges *edges, const struct edge *edge)
{
	if (edge->server)
		return edge->server;
	for (size_t i = 0; i < edges->n_ports; i++)
		if (edges->port[i].port == edge->port && edges->port[i].network == edge->network)
			return edges->owner[i].unit;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct edge_found *a = left, *b = right;

	if (a->client != b->client)
		return a->client < b->client ? -1 : 1;
	if (a->server != b->server)
		return a->server < b->server ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

/* Make one of those that differ by the namespace alone. Their number. */
static size_t merge(struct edge_found *told, size_t n_told)
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

int edges_read(struct edges *edges, const struct edge_found **ret, size_t *ret_n)
{
	/* Before the map, or what is counted meanwhile would seem lost. */
	uint64_t counted = edges->network->bss->connections, sum = 0;
	int n;

	n = read_ports(edges);
	if (n >= 0)
		n = read_map(edges->network->maps.edges, edges->edge, edges->connections,
			     EDGES_MAX);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		edges->told[i] = (struct edge_found) {
			.client = edges->edge[i].client,
			.server = server_of(edges, &edges->edge[i]),
			.port = edges->edge[i].port,
			.connections = edges->connections[i],
		};
		sum += edges->connections[i];
	}
	edges->lost = counted > sum ? counted - sum : 0;
	*ret = edges->told;
	*ret_n = merge(edges->told, (size_t)n);
	return 0;
}

uint64_t edges_lost(const struct edges *edges)
{
	return edges->lost;
}

/* ---- ports ------------------------------------------------------------------- */

void edges_set_activator(struct edges *edges, uint64_t cgroup_id)
{
	edges->network->bss->activator_id = cgroup_id;
}

int edges_ports(struct edges *edges, const struct edges_port **ret, size_t *ret_n)
{
	int n = read_ports(edges);

	if (n < 0)
		return n;
	for (size_t i = 0; i < edges->n_ports; i++)
		edges->told_port[i] = (struct edges_port) {
			.port = edges->port[i].port,
			.is_elsewhere = edges->port[i].network != edges->own_network,
			.unit = edges->owner[i].unit,
			.accepts = edges->owner[i].accepts,
		};
	*ret = edges->told_port;
	*ret_n = edges->n_ports;
	return 0;
}

int edges_own_port(struct edges *edges, uint16_t port, uint32_t unit)
{
	int fd = bpf_map__fd(edges->network->maps.ports);
	const struct port key = { .network = edges->own_network, .port = port };
	struct port_owner owner = { 0 };

	/* Accepts of this moment may be lost, since both sides write. */
	(void)bpf_map_lookup_elem(fd, &key, &owner);
	owner.unit = unit;
	return bpf_map_update_elem(fd, &key, &owner, BPF_ANY);
}
