/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The wire of NETLINK_SOCK_DIAG for TCP (linux/inet_diag.h, sock_diag(7)): what is
 * asked, and what the answers say. Pure: bytes in, sockets out. Whatever the bytes
 * are, nothing outside of them is read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's own numbers, include/net/tcp_states.h: a bit each in a question. */
#define DIAG_ESTABLISHED 1
#define DIAG_CLOSE_WAIT	 8 /* the peer has closed, we have not */
#define DIAG_LISTEN	 10

/* The kernel fills no datagram of a dump beyond that. */
#define DIAG_DATAGRAM_MAX 32768

struct diag_question {
	uint8_t bytes[80];
	size_t size;
};

/* Ask for all TCP sockets of that family (AF_INET, AF_INET6) in those states (1 << DIAG_...). AF_UNSPEC is
 * both in one walk of the kernel's table, which only the older form of the question can say. */
void diag_ask(uint8_t family, uint32_t states, uint32_t sequence, struct diag_question *ret);

/* An address as IPv6, with IPv4 mapped into it (::ffff:a.b.c.d), and a port. */
struct diag_end {
	uint8_t address[16];
	uint16_t port;
};

struct diag_socket {
	uint8_t state;
	struct diag_end local, remote;
	uint64_t cookie;    /* no other socket of this boot has it */
	uint64_t cgroup_id; /* 0: not told */
	uint32_t queued;    /* LISTEN: connections that wait; else bytes that do */
	uint32_t limit;	    /* LISTEN: of these */
	bool has_drops, has_rtt;
	uint32_t drops; /* LISTEN: connections refused so far; it wraps */
	uint32_t rtt_us;
};

enum diag_end_of {
	DIAG_MORE, /* the dump goes on in the next datagram */
	DIAG_DONE,
};

/* Take apart one datagram of the answer to that question; what answers another is passed over.
 * DIAG_MORE, DIAG_DONE; -EINTR: sockets came and went under the dump, so that it is not whole; what the
 * kernel refused the question with; -EBADMSG: it is no answer. */
int diag_read(const void *bytes, size_t size, uint32_t sequence,
	      void (*take)(const struct diag_socket *socket, void *userdata), void *userdata);

bool diag_is_any(const uint8_t address[16]);	  /* 0.0.0.0 or :: */
bool diag_is_loopback(const uint8_t address[16]); /* 127.0.0.0/8 or ::1 */

/* 0..1, how full the queue of a LISTEN is: it is full when it holds one more than its limit. */
double diag_share(const struct diag_socket *socket);
