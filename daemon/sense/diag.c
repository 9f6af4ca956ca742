/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink messages, made and taken apart. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "sense/diag.h"

/* The kernel's macros of these are signed. */
#define ATTRIBUTE_HEAD sizeof(struct nlattr)
#define ATTRIBUTE_TYPE 0x3fff
#define RTT_AT	       offsetof(struct tcp_info, tcpi_rtt)
#define DROPS_AT       (SK_MEMINFO_DROPS * sizeof(uint32_t))
#define CGROUP_ID      21 /* INET_DIAG_CGROUP_ID, which headers before Linux 5.8 lack */

static void put_question(uint16_t type, const void *request, size_t size, uint32_t sequence,
			 struct diag_question *ret)
{
	const struct nlmsghdr header = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = sequence,
	};

	*ret = (struct diag_question) { .size = header.nlmsg_len };
	memcpy(ret->bytes, &header, sizeof(header));
	memcpy(ret->bytes + NLMSG_HDRLEN, request, size);
}

void diag_ask(uint8_t family, uint32_t states, uint32_t sequence, struct diag_question *ret)
{
	const uint8_t extensions = states & (1u << DIAG_LISTEN) ? 1u << (INET_DIAG_SKMEMINFO - 1)
								: 1u << (INET_DIAG_INFO - 1);
	const struct inet_diag_req_v2 of_family = {
		.sdiag_family = family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = extensions,
		.idiag_states = states,
	};
	const struct inet_diag_req of_all = { .idiag_ext = extensions, .idiag_states = states };

	_Static_assert(NLMSG_LENGTH(sizeof(of_all)) <= sizeof(ret->bytes), "a question has room");
	if (family == AF_UNSPEC)
		put_question(TCPDIAG_GETSOCK, &of_all, sizeof(of_all), sequence, ret);
	else
		put_question(SOCK_DIAG_BY_FAMILY, &of_family, sizeof(of_family), sequence, ret);
}

static void read_end(uint8_t family, const __be32 address[4], __be16 port, struct diag_end *ret)
{
	ret->port = ntohs(port);
	memset(ret->address, 0, sizeof(ret->address));
	if (family == AF_INET6) {
		memcpy(ret->address, address, sizeof(ret->address));
		return;
	}
	ret->address[10] = ret->address[11] = 0xff;
	memcpy(ret->address + 12, address, 4);
}

static void read_attribute(uint16_t type, const uint8_t *bytes, size_t size,
			   struct diag_socket *socket)
{
	if (type == CGROUP_ID && size >= sizeof(socket->cgroup_id)) {
		memcpy(&socket->cgroup_id, bytes, sizeof(socket->cgroup_id));
	} else if (type == INET_DIAG_SKMEMINFO && size >= DROPS_AT + sizeof(socket->drops)) {
		memcpy(&socket->drops, bytes + DROPS_AT, sizeof(socket->drops));
		socket->has_drops = true;
	} else if (type == INET_DIAG_INFO && size >= RTT_AT + sizeof(socket->rtt_us)) {
		memcpy(&socket->rtt_us, bytes + RTT_AT, sizeof(socket->rtt_us));
		socket->has_rtt = socket->rtt_us > 0; /* 0: it has measured none yet */
	}
}

static void read_attributes(const uint8_t *bytes, size_t size, struct diag_socket *socket)
{
	struct nlattr attribute;
	size_t whole;

	while (size >= ATTRIBUTE_HEAD) {
		memcpy(&attribute, bytes, sizeof(attribute));
		if (attribute.nla_len < ATTRIBUTE_HEAD || attribute.nla_len > size)
			return;
		read_attribute(attribute.nla_type & ATTRIBUTE_TYPE, bytes + ATTRIBUTE_HEAD,
			       attribute.nla_len - ATTRIBUTE_HEAD, socket);
		whole = ((size_t)attribute.nla_len + 3) / 4 * 4;
		if (whole >= size)
			return;
		bytes += whole;
		size -= whole;
	}
}

static int read_socket(const uint8_t *bytes, size_t size, struct diag_socket *ret)
{
	struct inet_diag_msg message;

	if (size < sizeof(message))
		return -EBADMSG;
	memcpy(&message, bytes, sizeof(message));
	if (message.idiag_family != AF_INET && message.idiag_family != AF_INET6)
		return -EBADMSG;
	*ret = (struct diag_socket) {
		.state = message.idiag_state,
		.cookie = (uint64_t)message.id.idiag_cookie[1] << 32 | message.id.idiag_cookie[0],
		.queued = message.idiag_rqueue,
		.limit = message.idiag_wqueue,
	};
	read_end(message.idiag_family, message.id.idiag_src, message.id.idiag_sport, &ret->local);
	read_end(message.idiag_family, message.id.idiag_dst, message.id.idiag_dport, &ret->remote);
	if (size > NLMSG_ALIGN(sizeof(message)))
		read_attributes(bytes + NLMSG_ALIGN(sizeof(message)),
				size - NLMSG_ALIGN(sizeof(message)), ret);
	return 0;
}

/* A dump ends with a number, by which the kernel may still say that it went wrong. */
static int read_number(const uint8_t *bytes, size_t size, int none)
{
	int32_t number;

	if (size < sizeof(number))
		return none;
	memcpy(&number, bytes, sizeof(number));
	return number < 0 && number > -4096 ? number : none;
}

static int read_message(const struct nlmsghdr *header, const uint8_t *bytes, size_t size,
			void (*take)(const struct diag_socket *socket, void *userdata),
			void *userdata)
{
	struct diag_socket socket;
	int r;

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	switch (header->nlmsg_type) {
	case NLMSG_DONE:
		return read_number(bytes, size, DIAG_DONE);
	case NLMSG_ERROR:
		return read_number(bytes, size, -EBADMSG);
	case TCPDIAG_GETSOCK:
	case SOCK_DIAG_BY_FAMILY:
		r = read_socket(bytes, size, &socket);
		if (r >= 0)
			take(&socket, userdata);
		return r < 0 ? r : DIAG_MORE;
	default:
		return DIAG_MORE;
	}
}

int diag_read(const void *bytes, size_t size, uint32_t sequence,
	      void (*take)(const struct diag_socket *socket, void *userdata), void *userdata)
{
	const uint8_t *at = bytes;
	struct nlmsghdr header;
	int r = DIAG_MORE;

	while (r == DIAG_MORE && size > 0) {
		if (size < NLMSG_HDRLEN)
			return -EBADMSG;
		memcpy(&header, at, sizeof(header));
		if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > size)
			return -EBADMSG;
		if (header.nlmsg_seq == sequence)
			r = read_message(&header, at + NLMSG_HDRLEN,
					 header.nlmsg_len - NLMSG_HDRLEN, take, userdata);
		if (NLMSG_ALIGN(header.nlmsg_len) >= size)
			break;
		at += NLMSG_ALIGN(header.nlmsg_len);
		size -= NLMSG_ALIGN(header.nlmsg_len);
	}
	return r;
}

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

bool diag_is_any(const uint8_t address[16])
{
	static const uint8_t none[16];

	return memcmp(address, none, 16) == 0 ||
	       (is_mapped(address) && memcmp(address + 12, none, 4) == 0);
}

bool diag_is_loopback(const uint8_t address[16])
{
	static const uint8_t one[16] = { [15] = 1 };

	return memcmp(address, one, 16) == 0 || (is_mapped(address) && address[12] == 127);
}

double diag_share(const struct diag_socket *socket)
{
	if (socket->queued == 0)
		return 0;
	return socket->queued < socket->limit ? (double)socket->queued / socket->limit : 1;
}
