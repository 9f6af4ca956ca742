/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink messages: as the kernel makes them, and as nobody should. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "sense/diag.h"
#include "tests/unit/assertion.h"

#define SEQUENCE 77

struct datagram {
	size_t size;
	uint8_t bytes[8192];
};

static struct {
	size_t n;
	struct diag_socket last;
} taken;

static void take(const struct diag_socket *socket, void *userdata)
{
	(void)userdata;
	taken.n++;
	taken.last = *socket;
}

/* Append a message; the attributes are of what it has said last. */
static struct nlmsghdr *put(struct datagram *datagram, uint16_t type, const void *body, size_t size)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(datagram->bytes + datagram->size);

	*header = (struct nlmsghdr) {
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
		.nlmsg_type = type,
		.nlmsg_seq = SEQUENCE,
	};
	memcpy(NLMSG_DATA(header), body, size);
	datagram->size += NLMSG_ALIGN(header->nlmsg_len);
	return header;
}

static void put_attribute(struct datagram *datagram, struct nlmsghdr *header, uint16_t type,
			  const void *value, size_t size)
{
	struct nlattr *attribute = (struct nlattr *)(datagram->bytes + datagram->size);

	attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
	attribute->nla_type = type;
	memcpy((uint8_t *)attribute + NLA_HDRLEN, value, size);
	datagram->size += NLA_ALIGN(attribute->nla_len);
	header->nlmsg_len += (uint32_t)NLA_ALIGN(attribute->nla_len);
}

static struct inet_diag_msg listening(void)
{
	struct inet_diag_msg message = {
		.idiag_family = AF_INET,
		.idiag_state = DIAG_LISTEN,
		.id.idiag_sport = htons(7001),
		.id.idiag_cookie = { 5, 1 },
		.idiag_rqueue = 3,
		.idiag_wqueue = 128,
	};

	(void)inet_pton(AF_INET, "127.0.0.1", message.id.idiag_src);
	return message;
}

/* One listening socket with all that is asked of it, and the end of the dump. */
static struct datagram whole_dump(void)
{
	const uint32_t memory[SK_MEMINFO_VARS] = { [SK_MEMINFO_DROPS] = 9 };
	const uint64_t cgroup_id = UINT64_C(0x100000002);
	const struct tcp_info info = { .tcpi_rtt = 1234 };
	struct inet_diag_msg message = listening();
	struct datagram datagram = { 0 };
	struct nlmsghdr *header = put(&datagram, SOCK_DIAG_BY_FAMILY, &message, sizeof(message));
	int none = 0;

	put_attribute(&datagram, header, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	put_attribute(&datagram, header, 21, &cgroup_id, sizeof(cgroup_id));
	put_attribute(&datagram, header, INET_DIAG_INFO, &info, sizeof(info));
	(void)put(&datagram, NLMSG_DONE, &none, sizeof(none));
	return datagram;
}

static int read_all(const struct datagram *datagram)
{
	taken.n = 0;
	return diag_read(datagram->bytes, datagram->size, SEQUENCE, take, NULL);
}

Test(diag, a_socket_is_read_with_all_that_was_asked)
{
	const struct datagram datagram = whole_dump();
	uint8_t local[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };

	cr_assert(eq(int, read_all(&datagram), DIAG_DONE));
	cr_assert(eq(sz, taken.n, 1));
	cr_assert(eq(int, taken.last.state, DIAG_LISTEN));
	cr_assert(zero(int, memcmp(taken.last.local.address, local, sizeof(local))));
	cr_assert(eq(u16, taken.last.local.port, 7001));
	cr_assert(eq(u64, taken.last.cookie, UINT64_C(0x100000005)));
	cr_assert(eq(u64, taken.last.cgroup_id, UINT64_C(0x100000002)));
	cr_assert(eq(u32, taken.last.queued, 3));
	cr_assert(eq(u32, taken.last.limit, 128));
	cr_assert(taken.last.has_drops && taken.last.has_rtt);
	cr_assert(eq(u32, taken.last.drops, 9));
	cr_assert(eq(u32, taken.last.rtt_us, 1234));
	cr_assert(diag_is_loopback(taken.last.local.address));
	cr_assert(diag_is_any(taken.last.remote.address));
}

Test(diag, what_is_not_told_is_not_0)
{
	struct inet_diag_msg message = listening();
	struct datagram datagram = { 0 };

	message.idiag_family = AF_INET6;
	(void)inet_pton(AF_INET6, "::1", message.id.idiag_src);
	(void)put(&datagram, SOCK_DIAG_BY_FAMILY, &message, sizeof(message));
	cr_assert(eq(int, read_all(&datagram), DIAG_MORE));
	cr_assert(eq(u64, taken.last.cgroup_id, 0));
	cr_assert(not(taken.last.has_drops));
	cr_assert(not(taken.last.has_rtt));
	cr_assert(diag_is_loopback(taken.last.local.address));
}

Test(diag, an_end_is_told_as_what_it_is)
{
	static const struct {
		const char *name;
		uint16_t type, flags;
		uint32_t sequence;
		int32_t number;
		size_t size;
		int expected;
	} cases[] = {
		{ "done", NLMSG_DONE, 0, SEQUENCE, 0, 4, DIAG_DONE },
		{ "done without a number", NLMSG_DONE, 0, SEQUENCE, 0, 0, DIAG_DONE },
		{ "done, and it failed", NLMSG_DONE, 0, SEQUENCE, -ENOENT, 4, -ENOENT },
		{ "refused", NLMSG_ERROR, 0, SEQUENCE, -EPERM, 4, -EPERM },
		{ "refused without a reason", NLMSG_ERROR, 0, SEQUENCE, 0, 4, -EBADMSG },
		{ "refused, cut short", NLMSG_ERROR, 0, SEQUENCE, -EPERM, 2, -EBADMSG },
		{ "refused with nonsense", NLMSG_ERROR, 0, SEQUENCE, INT32_MIN, 4, -EBADMSG },
		{ "interrupted", NLMSG_DONE, NLM_F_DUMP_INTR, SEQUENCE, 0, 4, -EINTR },
		{ "of another question", NLMSG_DONE, 0, SEQUENCE - 1, 0, 4, DIAG_MORE },
		{ "interrupted, of another", NLMSG_DONE, NLM_F_DUMP_INTR, 1, 0, 4, DIAG_MORE },
		{ "of an unknown kind", 999, 0, SEQUENCE, 0, 4, DIAG_MORE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct datagram datagram = { 0 };
		struct nlmsghdr *header =
			put(&datagram, cases[i].type, &cases[i].number, cases[i].size);

		header->nlmsg_flags = cases[i].flags;
		header->nlmsg_seq = cases[i].sequence;
		cr_assert(eq(int, read_all(&datagram), cases[i].expected), "%s", cases[i].name);
	}
}

Test(diag, lengths_that_lie_lead_nowhere)
{
	static const uint32_t lengths[] = { 0, 1, 15, 16, 17, 40, 87, 100, 4096, UINT32_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct datagram datagram = whole_dump();

		memcpy(datagram.bytes, &lengths[i], sizeof(lengths[i]));
		(void)read_all(&datagram);
		cr_assert(le(sz, taken.n, 1), "%u", lengths[i]);
	}
	for (uint32_t length = 0; length <= UINT16_MAX; length += 3) {
		struct datagram datagram = whole_dump();
		uint16_t short_length = (uint16_t)length;

		memcpy(datagram.bytes + NLMSG_HDRLEN + sizeof(struct inet_diag_msg), &short_length,
		       2);
		cr_assert(eq(int, read_all(&datagram), DIAG_DONE));
		cr_assert(eq(sz, taken.n, 1));
	}
}

/* Each in memory of its own size, so that the sanitizer sees a read beyond it. */
Test(diag, no_bytes_make_it_read_beyond_them)
{
	const struct datagram datagram = whole_dump();

	for (size_t size = 0; size <= datagram.size; size++) {
		uint8_t *cut = malloc(size ? size : 1);

		memcpy(cut, datagram.bytes, size);
		(void)diag_read(cut, size, SEQUENCE, take, NULL);
		free(cut);
	}
	srand(4);
	for (int i = 0; i < 20000; i++) {
		uint8_t *broken = malloc(datagram.size);

		memcpy(broken, datagram.bytes, datagram.size);
		for (int n = 0; n < 1 + i % 4; n++)
			broken[(size_t)rand() % datagram.size] = (uint8_t)rand();
		(void)diag_read(broken, datagram.size, SEQUENCE, take, NULL);
		free(broken);
	}
}

Test(diag, a_question_is_what_the_kernel_understands)
{
	struct diag_question question;
	struct inet_diag_req_v2 request;
	struct inet_diag_req of_all;
	struct nlmsghdr header;

	diag_ask(AF_INET6, 1u << DIAG_LISTEN, 5, &question);
	memcpy(&header, question.bytes, sizeof(header));
	memcpy(&request, question.bytes + NLMSG_HDRLEN, sizeof(request));
	cr_assert(eq(sz, question.size, NLMSG_LENGTH(sizeof(request))));
	cr_assert(eq(u32, header.nlmsg_len, (uint32_t)question.size));
	cr_assert(eq(u16, header.nlmsg_type, SOCK_DIAG_BY_FAMILY));
	cr_assert(eq(u16, header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP));
	cr_assert(eq(u32, header.nlmsg_seq, 5));
	cr_assert(eq(u8, request.sdiag_family, AF_INET6));
	cr_assert(eq(u8, request.sdiag_protocol, IPPROTO_TCP));
	cr_assert(eq(u32, request.idiag_states, 1u << 10));
	cr_assert(eq(u8, request.idiag_ext, 1u << (INET_DIAG_SKMEMINFO - 1)));

	diag_ask(AF_UNSPEC, 1u << DIAG_ESTABLISHED, 6, &question);
	memcpy(&header, question.bytes, sizeof(header));
	memcpy(&of_all, question.bytes + NLMSG_HDRLEN, sizeof(of_all));
	cr_assert(eq(u16, header.nlmsg_type, TCPDIAG_GETSOCK));
	cr_assert(eq(u32, of_all.idiag_states, 1u << 1));
	cr_assert(eq(u8, of_all.idiag_ext, 1u << (INET_DIAG_INFO - 1)));
}
