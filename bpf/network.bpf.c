// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP connections made, retransmits, resets, UDP drops: per unit; and which unit calls which.
 *
 * All of it happens in whatever context a packet came, so the current task says nothing. Whose a socket
 * is says the cgroup of who made it; a connection that came in has that of its listening socket.
 */
#include "kernel.h"
#include "sockets.h"
#include "traffic.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define HALVES_MAX 8192

/* Set before loading: tcp_retransmit_skb is told of attempts that failed too. */
const volatile bool retransmit_may_fail;

/* The cgroup whose listening sockets are for others to accept from: systemd's own. 0: none. */
__u64 activator_id;
__u32 activator_network; /* where its sockets are; 0: none was met */
__u64 connections;	 /* counted in calls, those since dropped included */
__u32 n_passed;		 /* in the map of these */

/* Sockets that are held by another unit than made them: its cgroup. User space fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PASSED_MAX);
	__type(key, struct made);
	__type(value, __u64);
} passed SEC(".maps");

/* The sockets of an activator, and of nobody who is watched. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PORTS_MAX);
	__type(key, struct port);
	__type(value, struct port_owner);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CALLS_MAX);
	__type(key, struct call_key);
	__type(value, __u64);
} calls SEC(".maps");

/* A connection of which one end is established: both have the same key. IPv4 is written as IPv6. */
struct connection {
	__u32 client[4], server[4];
	__u16 client_port, server_port;
	__u32 network;
};

struct half {
	__u32 unit;
	__u32 is_client;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HALVES_MAX);
	__type(key, struct connection);
	__type(value, struct half);
} halves SEC(".maps");

static __always_inline void add_to(__u32 unit, enum traffic what)
{
	struct unit_traffic *found = bpf_map_lookup_elem(&traffic, &unit);

	if (found)
		__sync_fetch_and_add(&found->of[what], 1);
}

/* For the unit, unless it is 0, and for the host. */
static __always_inline void count(__u32 unit, enum traffic what)
{
	if (unit)
		add_to(unit, what);
	add_to(0, what);
}

/* ---- whose is a socket ---- */

static __always_inline __u32 network_of(const struct sock *socket)
{
	return bpf_core_field_exists(socket->__sk_common.skc_net.net)
		       ? socket->__sk_common.skc_net.net->ns.inum
		       : 0;
}

/* Whose is what that cgroup made at that port: the unit that it was passed on to, else this one. */
static __always_inline __u32 holder_of(__u64 cgroup_id, __u16 port, __u32 unit)
{
	const struct made key = { cgroup_id, port };
	__u64 *holder;
	__u32 *found;

	if (!n_passed)
		return unit;
	holder = bpf_map_lookup_elem(&passed, &key);
	found = holder ? bpf_map_lookup_elem(&watched, holder) : NULL;
	return found ? *found : unit;
}

static __always_inline __u32 unit_of_end(const struct sock *socket)
{
	return holder_of(cgroup_id_of_socket(socket), socket->__sk_common.skc_num,
			 unit_of_socket(socket));
}

/* The same of a pointer that the verifier does not know. Whoever resets a connection has closed it before,
 * and then its port is only where headers are made from. */
static __always_inline __u32 unit_of_unknown_end(struct sock *socket)
{
	__u16 port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)socket, inet_sport));
	struct cgroup *cgroup;

	if (is_old(socket))
		return holder_of(cgroup_id_of_socket(socket), port, unit_of_old(socket));
	cgroup = BPF_CORE_READ(socket, sk_cgrp_data.cgroup);
	return holder_of(BPF_CORE_READ(cgroup, kn, id), port, unit_of_unknown(cgroup));
}

/* The unit that accepts at a port where the socket does not tell; 0: not known, but counted. */
static __always_inline __u32 unit_of_port(const struct sock *socket)
{
	static const struct port_owner nobody;
	struct port key = { network_of(socket), socket->__sk_common.skc_num, 0 };
	struct port_owner *owner = bpf_map_lookup_elem(&ports, &key);

	if (!owner) {
		bpf_map_update_elem(&ports, &key, &nobody, BPF_NOEXIST);
		owner = bpf_map_lookup_elem(&ports, &key);
	}
	if (!owner)
		return 0;
	if (!owner->unit)
		__sync_fetch_and_add(&owner->accepts, 1);
	return owner->unit;
}

static __always_inline __u32 unit_of_server(const struct sock *socket)
{
	__u64 maker = cgroup_id_of_socket(socket);
	bool is_activators = activator_id && activator_id == maker;
	__u32 unit = is_activators ? 0 : unit_of_socket(socket);

	if (is_activators)
		activator_network = network_of(socket);
	unit = holder_of(maker, socket->__sk_common.skc_num, unit);
	return unit ? unit : unit_of_port(socket);
}

/* ---- who calls whom ---- */

static __always_inline void read_address(__u32 *ret, __be32 v4, const struct in6_addr *v6,
					 bool is_v4)
{
	if (!is_v4) {
		bpf_core_read(ret, sizeof(*v6), v6);
		return;
	}
	ret[0] = ret[1] = 0;
	ret[2] = bpf_htonl(0xffff);
	ret[3] = v4;
}

static __always_inline void read_connection(const struct sock *socket, bool is_client,
					    struct connection *ret)
{
	const struct sock_common *common = &socket->__sk_common;
	bool is_v4 = common->skc_family == AF_INET;
	__u16 remote_port = bpf_ntohs(common->skc_dport);

	read_address(is_client ? ret->client : ret->server, common->skc_rcv_saddr,
		     &common->skc_v6_rcv_saddr, is_v4);
	read_address(is_client ? ret->server : ret->client, common->skc_daddr,
		     &common->skc_v6_daddr, is_v4);
	ret->client_port = is_client ? common->skc_num : remote_port;
	ret->server_port = is_client ? remote_port : common->skc_num;
	ret->network = network_of(socket);
}

/* Else remote clients would fill the map with halves that nothing completes. */
static __always_inline bool is_local(const struct connection *connection)
{
	const __u32 *client = connection->client, *server = connection->server;
	bool is_below_mapped = !(server[0] | server[1]);

	if (client[0] == server[0] && client[1] == server[1] && client[2] == server[2] &&
	    client[3] == server[3])
		return true;
	return is_below_mapped && server[2] == bpf_htonl(0xffff) &&
	       (server[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
}

static __always_inline void count_call(const struct call_key *key)
{
	static const __u64 none;
	__u64 *n = bpf_map_lookup_elem(&calls, key);

	if (!n) {
		bpf_map_update_elem(&calls, key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&calls, key);
	}
	if (n)
		__sync_fetch_and_add(n, 1);
	__sync_fetch_and_add(&connections, 1);
}

/* The first end to be established waits for the other. */
static __always_inline void join_ends(const struct sock *socket, bool is_client, __u32 unit)
{
	const struct half half = { unit, is_client };
	struct connection connection;
	struct half *other;

	read_connection(socket, is_client, &connection);
	if (!is_local(&connection))
		return;
	other = bpf_map_lookup_elem(&halves, &connection);
	/* The same end again: that before it never met its other, as when a queue for accept() is full. */
	if (!other || other->is_client == half.is_client) {
		bpf_map_update_elem(&halves, &connection, &half, 0);
		return;
	}
	const struct call_key key = {
		.client = is_client ? unit : other->unit,
		.server = is_client ? other->unit : unit,
		.network = connection.network,
		.port = connection.server_port,
	};
	bpf_map_delete_elem(&halves, &connection);
	count_call(&key);
}

/* ---- what happens ---- */

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(network_state, const struct sock *socket, int before, int now)
{
	bool is_client = before == TCP_SYN_SENT;
	__u32 unit;

	if (now != TCP_ESTABLISHED || (!is_client && before != TCP_SYN_RECV) ||
	    socket->sk_protocol != IPPROTO_TCP)
		return 0;
	unit = is_client ? unit_of_socket(socket) : unit_of_server(socket);
	count(unit, is_client ? TRAFFIC_CONNECTS : TRAFFIC_ACCEPTS);
	join_ends(socket, is_client, unit);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(network_retransmit, const struct sock *socket)
{
	if (retransmit_may_fail && (int)ctx[2] != 0)
		return 0;
	count(unit_of_end(socket), TRAFFIC_RETRANSMITS);
	return 0;
}

/*
 * The socket may be NULL (nobody listens there), or no whole socket. Verifiers of 6.5 to 6.12 hold a
 * typed argument for never NULL and delete the question, so that the next load is a crash: here
 * it is a plain number.
 */
SEC("raw_tp/tcp_send_reset")
int network_reset_sent(struct bpf_raw_tracepoint_args *context)
{
	struct sock *socket = (void *)context->args[0];
	unsigned char state;

	if (!socket)
		return 0;
	state = BPF_CORE_READ(socket, __sk_common.skc_state);
	if (state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV)
		return 0;
	count(unit_of_unknown_end(socket), TRAFFIC_RESETS_SENT);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(network_reset_received, const struct sock *socket)
{
	count(unit_of_end(socket), TRAFFIC_RESETS_RECEIVED);
	return 0;
}

SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(network_udp_drop, int error, const struct sock *socket)
{
	count(unit_of_socket(socket), TRAFFIC_UDP_DROPS);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
