/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of units: against the kernel and ss in a network of the test's own, and against a kernel that
 * the test plays itself. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <math.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture_store.h"
#include "sense/diag.h"
#include "sense/listeners.h"
#include "tests/unit/assertion.h"

#define SHOP	7
#define SHOP_ID UINT64_C(4711)

static struct cgroup_roots roots;

static struct owners *owned_by_shop(uint64_t id)
{
	struct owners *owners = NULL;

	cr_assert(zero(int, owners_new(&roots, &owners)));
	owners_begin(owners);
	owners_add(owners, id, SHOP);
	owners_end(owners);
	return owners;
}

static struct usage usage_of(const struct listeners *listeners, uint32_t unit, uint64_t now_ms)
{
	struct usage usage = { 0 };

	listeners_usage(listeners, unit, now_ms, &usage);
	return usage;
}

static bool has(const struct usage *usage, enum metric metric)
{
	return usage->have & METRIC_BIT(metric);
}

/* ---- the kernel ------------------------------------------------------------------ */

/* Nobody else's sockets are in it. */
static void enter_own_network(void)
{
	CLEANUP(cleanup_close) int fd = -1;
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	cr_assert(zero(int, unshare(CLONE_NEWNET)));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(zero(int, ioctl(fd, SIOCSIFFLAGS, &request)));
}

static struct sockaddr_in6 address_of(int fd)
{
	struct sockaddr_in6 address;
	socklen_t size = sizeof(address);

	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&address, &size)));
	return address;
}

/* At a free port of ::, which takes both families. */
static int listen_with(int limit)
{
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(zero(int, bind(fd, (const struct sockaddr *)&any, sizeof(any))));
	cr_assert(zero(int, listen(fd, limit)));
	return fd;
}

/* Over IPv4; does not wait where nobody answers. */
static int connect_to(int listener)
{
	const struct sockaddr_in server = {
		.sin_family = AF_INET,
		.sin_port = address_of(listener).sin6_port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	cr_assert(ge(int, fd, 0));
	cr_assert(connect(fd, (const struct sockaddr *)&server, sizeof(server)) == 0 ||
		  errno == EINPROGRESS);
	return fd;
}

static double rtt_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	cr_assert(zero(int, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size)));
	return info.tcpi_rtt / 1e6;
}

/* TcpExt's ListenDrops, of this network. */
static double listen_drops(void)
{
	char names[8192], values[8192], *name, *value, *rest_names = names, *rest = values;
	FILE *file = fopen("/proc/self/net/netstat", "re");

	cr_assert(ne(ptr, file, NULL));
	cr_assert(ne(ptr, fgets(names, sizeof(names), file), NULL));
	cr_assert(ne(ptr, fgets(values, sizeof(values), file), NULL));
	(void)fclose(file);
	while ((name = strsep(&rest_names, " ")) && (value = strsep(&rest, " ")))
		if (strcmp(name, "ListenDrops") == 0)
			return strtod(value, NULL);
	cr_assert(false, "there is no ListenDrops");
	return 0;
}

static void ask_kernel(struct listeners *listeners, struct owners *owners, uint64_t now_ms)
{
	const struct listeners_ground ground = { .owners = owners };

	listeners_turn(listeners, &ground, now_ms);
}

Test(listeners, a_queue_that_nobody_empties_is_as_ss_has_it)
{
	if (!is_root_or_left_out("listeners a_queue_that_nobody_empties_is_as_ss_has_it"))
		return;
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	CLEANUP(listeners_freep) struct listeners *listeners = NULL;
	unsigned int waiting = 0, limit = 0;
	struct usage usage;
	FILE *ss;
	int fd;

	enter_own_network();
	cr_assert(zero(int, listeners_new(&listeners)));
	fd = listen_with(4);
	for (int i = 0; i < 3; i++)
		(void)connect_to(fd);
	ask_kernel(listeners, owners, SECONDS(1));
	usage = usage_of(listeners, 0, SECONDS(1));
	ss = popen("ss -Hltn", "re");
	cr_assert(eq(int, fscanf(ss, "LISTEN %u %u", &waiting, &limit), 2));
	(void)pclose(ss);
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], 3));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], waiting));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG_SHARE], (double)waiting / limit));
	cr_assert(eq(dbl, usage.total[METRIC_OVERFLOWS], 0));
	cr_assert(eq(dbl, usage.total[METRIC_CONNECTIONS], 6), "both ends of three");

	/* One more than the limit are taken; the others are refused, and counted. */
	for (int i = 0; i < 5; i++)
		(void)connect_to(fd);
	ask_kernel(listeners, owners, SECONDS(6));
	usage = usage_of(listeners, 0, SECONDS(6));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], 5));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG_SHARE], 1));
	cr_assert(ge(dbl, usage.total[METRIC_OVERFLOWS], 3));
	cr_assert(eq(dbl, usage.total[METRIC_OVERFLOWS], listen_drops()));
	cr_assert(zero(u64, listeners_lost(listeners)));
}

Test(listeners, unread_bytes_and_round_trips_are_those_of_the_sockets)
{
	if (!is_root_or_left_out("listeners unread_bytes_and_round_trips_are_those_of_the_sockets"))
		return;
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	CLEANUP(listeners_freep) struct listeners *listeners = NULL;
	struct usage usage;
	char bytes[1000] = { 0 };
	int fd, server, client;

	enter_own_network();
	cr_assert(zero(int, listeners_new(&listeners)));
	fd = listen_with(4);
	client = connect_to(fd);
	server = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	cr_assert(eq(int, (int)write(client, bytes, sizeof(bytes)), 1000));
	cr_assert(eq(int, (int)read(server, bytes, 1), 1));
	ask_kernel(listeners, owners, SECONDS(1));
	usage = usage_of(listeners, 0, SECONDS(1));
	cr_assert(eq(dbl, usage.total[METRIC_CONNECTIONS], 2));
	cr_assert(eq(dbl, usage.total[METRIC_UNREAD], 999));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], 0));
	cr_assert(lt(dbl, fabs(usage.total[METRIC_RTT] - (rtt_of(client) + rtt_of(server)) / 2),
		     1e-6));
	cr_assert(gt(dbl, usage.total[METRIC_RTT], 0));

	/* The client is gone, and what it sent still waits. */
	(void)close(client);
	ask_kernel(listeners, owners, SECONDS(6));
	usage = usage_of(listeners, 0, SECONDS(6));
	cr_assert(eq(dbl, usage.total[METRIC_CONNECTIONS], 0));
	cr_assert(eq(dbl, usage.total[METRIC_UNREAD], 999));
	cr_assert(not(has(&usage, METRIC_RTT)));
}

/* Our own cgroup, in the unified hierarchy; "": there is none that we may make others in. */
static const char *make_cgroup(char path[1024])
{
	char line[512] = "", own[512] = "";
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "0::", 3) == 0)
			(void)snprintf(own, sizeof(own), "%s", line + 3);
	(void)fclose(file);
	own[strcspn(own, "\n")] = '\0';
	(void)cgroup_roots_read("/proc/self/mountinfo", &roots);
	(void)snprintf(path, 1024, "%s%s/selfheal-test-%d", roots.unified, own, (int)getpid());
	return roots.unified[0] && mkdir(path, 0755) == 0 ? path : "";
}

static uint64_t id_of(const char *path)
{
	struct stat status;

	cr_assert(zero(int, stat(path, &status)));
	return status.st_ino;
}

/* A server in a cgroup of its own below that of the unit, with one connection. */
static void serve_in(const char *cgroup, int to_parent)
{
	char path[1200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	(void)!write(fd, "0", 1);
	(void)close(fd);
	fd = listen_with(4);
	(void)connect_to(fd);
	(void)!write(to_parent, "", 1);
	for (;;)
		(void)pause();
}

Test(listeners, a_socket_of_a_cgroup_further_down_is_the_units)
{
	if (!is_root_or_left_out("listeners a_socket_of_a_cgroup_further_down_is_the_units"))
		return;
	CLEANUP(listeners_freep) struct listeners *listeners = NULL;
	CLEANUP(owners_freep) struct owners *owners = NULL;
	const struct listeners_edge *edges;
	char unit[1024], below[1100], byte;
	uint64_t below_id;
	struct usage usage;
	int ready[2];
	size_t n;
	pid_t pid;

	enter_own_network();
	if (!*make_cgroup(unit)) {
		(void)fprintf(stderr, "not run here: unit listeners "
				      "a_socket_of_a_cgroup_further_down_is_the_units "
				      "(needs a writable cgroup2)\n");
		return;
	}
	(void)snprintf(below, sizeof(below), "%s/below", unit);
	cr_assert(zero(int, mkdir(below, 0755)));
	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	if (pid == 0)
		serve_in(below, ready[1]);
	cr_assert(eq(int, (int)read(ready[0], &byte, 1), 1));

	owners = owned_by_shop(id_of(unit));
	below_id = id_of(below);
	cr_assert(zero(int, listeners_new(&listeners)));
	ask_kernel(listeners, owners, SECONDS(1));
	for (uint64_t i = 2; i < 20 && !usage_of(listeners, 0, SECONDS(i)).have; i++)
		ask_kernel(listeners, owners, SECONDS(i)); /* a large tree takes a few */
	usage = usage_of(listeners, SHOP, SECONDS(20));
	edges = listeners_edges(listeners, &n);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)rmdir(below);
	(void)rmdir(unit);
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], 1));
	cr_assert(eq(dbl, usage.total[METRIC_CONNECTIONS], 2));
	cr_assert(eq(sz, n, 1));
	cr_assert(eq(u64, edges[0].client_cgroup, below_id));
	cr_assert(eq(u64, edges[0].server_cgroup, below_id));
	cr_assert(eq(u32, edges[0].n, 1));
}

/* ---- a kernel of the test's own ------------------------------------------------------ */

struct fake_kernel {
	int fd;
	uint32_t sequence;
	uint8_t family;
	uint32_t states;
};

static struct listeners *listen_to(struct fake_kernel *fake)
{
	struct listeners *listeners = NULL;
	int fd[2];

	cr_assert(zero(int, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd)));
	*fake = (struct fake_kernel) { .fd = fd[0] };
	cr_assert(zero(int, listeners_new_fd(fd[1], &listeners)));
	return listeners;
}

/* Is there a question? Then it is the present one. */
static bool is_asked(struct fake_kernel *fake)
{
	struct inet_diag_req_v2 request;
	struct inet_diag_req of_all;
	uint8_t question[256];
	struct nlmsghdr header;

	if (recv(fake->fd, question, sizeof(question), MSG_DONTWAIT) <= 0)
		return false;
	memcpy(&header, question, sizeof(header));
	memcpy(&request, question + NLMSG_HDRLEN, sizeof(request));
	fake->sequence = header.nlmsg_seq;
	fake->family = request.sdiag_family;
	fake->states = request.idiag_states;
	if (header.nlmsg_type == TCPDIAG_GETSOCK) {
		memcpy(&of_all, question + NLMSG_HDRLEN, sizeof(of_all));
		fake->family = AF_UNSPEC;
		fake->states = of_all.idiag_states;
	}
	return true;
}

static void answer(const struct fake_kernel *fake, uint16_t type, uint16_t flags, const void *body,
		   size_t size, uint64_t cgroup_id)
{
	struct {
		struct nlmsghdr header;
		uint8_t rest[256];
	} message = { .header = { .nlmsg_type = type, .nlmsg_flags = flags } };
	struct nlattr attribute = { .nla_len = NLA_HDRLEN + 8, .nla_type = 21 };
	uint8_t *at = message.rest;

	memcpy(at, body, size);
	at += NLMSG_ALIGN(size);
	if (cgroup_id) {
		memcpy(at, &attribute, sizeof(attribute));
		memcpy(at + NLA_HDRLEN, &cgroup_id, sizeof(cgroup_id));
		at += NLA_HDRLEN + sizeof(cgroup_id);
	}
	message.header.nlmsg_seq = fake->sequence;
	message.header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + (size_t)(at - message.rest));
	cr_assert(gt(int, (int)send(fake->fd, &message, message.header.nlmsg_len, 0), 0));
}

static void answer_done(const struct fake_kernel *fake, uint16_t flags)
{
	int32_t number = 0;

	answer(fake, NLMSG_DONE, flags, &number, sizeof(number), 0);
}

static void answer_socket(const struct fake_kernel *fake, uint8_t state, uint16_t port,
			  uint32_t queued, uint64_t cgroup_id)
{
	struct inet_diag_msg message = {
		.idiag_family = AF_INET,
		.idiag_state = state,
		.id.idiag_sport = htons(port),
		.id.idiag_cookie = { port, 0 },
		.idiag_rqueue = queued,
		.idiag_wqueue = 10,
	};

	answer(fake, SOCK_DIAG_BY_FAMILY, 0, &message, sizeof(message), cgroup_id);
}

/* One listening socket and one connection, both IPv4. */
static void answer_well(const struct fake_kernel *fake, uint64_t cgroup_id)
{
	bool of_queues = fake->states & 1u << DIAG_LISTEN;

	if (fake->family != AF_INET6 && of_queues)
		answer_socket(fake, DIAG_LISTEN, 80, 4, cgroup_id);
	else if (fake->family != AF_INET6)
		answer_socket(fake, DIAG_ESTABLISHED, 80, 100, cgroup_id);
	answer_done(fake, 0);
}

static void whole_round(struct fake_kernel *fake, struct listeners *listeners,
			const struct listeners_ground *ground, uint64_t now_ms, uint64_t cgroup_id)
{
	listeners_turn(listeners, ground, now_ms);
	while (is_asked(fake)) {
		answer_well(fake, cgroup_id);
		listeners_turn(listeners, ground, now_ms);
	}
}

Test(listeners, values_have_the_age_of_their_dump_and_end_with_it)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	struct fake_kernel fake;
	CLEANUP(listeners_freep) struct listeners *listeners = listen_to(&fake);
	struct usage usage;

	whole_round(&fake, listeners, &ground, SECONDS(10), SHOP_ID);
	usage = usage_of(listeners, SHOP, SECONDS(10));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], 4));
	cr_assert(eq(dbl, usage.total[METRIC_CONNECTIONS], 1));
	cr_assert(eq(u8, usage.age_s[METRIC_BACKLOG], 0));
	usage = usage_of(listeners, SHOP, SECONDS(14));
	cr_assert(eq(u8, usage.age_s[METRIC_BACKLOG], 4));
	cr_assert(eq(u8, usage.age_s[METRIC_UNREAD], 4));
	usage = usage_of(listeners, 8, SECONDS(14));
	cr_assert(zero(u64, usage.have), "its sockets may be in a network namespace of its own");
	usage = usage_of(listeners, SHOP, SECONDS(10) + LISTENERS_STALE_MS);
	cr_assert(zero(u64, usage.have));
	cr_assert(not(listeners_are_due(listeners, SECONDS(14))));
	cr_assert(listeners_are_due(listeners, SECONDS(15)));
}

Test(listeners, a_kernel_that_tells_no_cgroups_tells_of_the_host_alone)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	struct fake_kernel fake;
	CLEANUP(listeners_freep) struct listeners *listeners = listen_to(&fake);

	whole_round(&fake, listeners, &ground, SECONDS(10), 0);
	cr_assert(zero(u64, usage_of(listeners, SHOP, SECONDS(10)).have));
	cr_assert(eq(dbl, usage_of(listeners, 0, SECONDS(10)).total[METRIC_BACKLOG], 4));
}

Test(listeners, an_interrupted_dump_is_thrown_away_and_counted)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	struct fake_kernel fake;
	CLEANUP(listeners_freep) struct listeners *listeners = listen_to(&fake);
	unsigned int n_asked = 0;

	listeners_turn(listeners, &ground, SECONDS(10));
	while (is_asked(&fake)) {
		n_asked++;
		answer_socket(&fake, DIAG_LISTEN, 80, 4, SHOP_ID);
		answer_done(&fake, NLM_F_DUMP_INTR);
		listeners_turn(listeners, &ground, SECONDS(10));
	}
	cr_assert(eq(u32, n_asked, 3));
	cr_assert(eq(u64, listeners_lost(listeners), 3));
	cr_assert(zero(u64, usage_of(listeners, 0, SECONDS(10)).have));
	whole_round(&fake, listeners, &ground, SECONDS(15), SHOP_ID);
	cr_assert(eq(dbl, usage_of(listeners, SHOP, SECONDS(15)).total[METRIC_BACKLOG], 4));
}

Test(listeners, a_refusal_is_no_value_and_no_loss)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	struct fake_kernel fake;
	CLEANUP(listeners_freep) struct listeners *listeners = listen_to(&fake);
	int32_t error = -ENOENT;

	listeners_turn(listeners, &ground, SECONDS(10));
	cr_assert(is_asked(&fake));
	answer(&fake, NLMSG_ERROR, 0, &error, sizeof(error), 0);
	listeners_turn(listeners, &ground, SECONDS(11));
	cr_assert(not(is_asked(&fake)), "only in the next round");
	cr_assert(zero(u64, listeners_lost(listeners)));
	cr_assert(zero(u64, usage_of(listeners, 0, SECONDS(11)).have));

	/* It may know the newer question alone, and no IPv6. */
	listeners_turn(listeners, &ground, SECONDS(15));
	while (is_asked(&fake)) {
		cr_assert(ne(u8, fake.family, AF_UNSPEC));
		if (fake.family == AF_INET6)
			answer(&fake, NLMSG_ERROR, 0, &error, sizeof(error), 0);
		else
			answer_well(&fake, SHOP_ID);
		listeners_turn(listeners, &ground, SECONDS(15));
	}
	cr_assert(eq(dbl, usage_of(listeners, SHOP, SECONDS(15)).total[METRIC_BACKLOG], 4));
	cr_assert(eq(dbl, usage_of(listeners, SHOP, SECONDS(15)).total[METRIC_CONNECTIONS], 1));
	cr_assert(zero(u64, listeners_lost(listeners)));
}

Test(listeners, what_is_left_of_a_daemon_before_us_is_passed_over)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	struct fake_kernel fake;
	CLEANUP(listeners_freep) struct listeners *listeners = listen_to(&fake);

	fake.sequence = 4;
	for (int i = 0; i < 5; i++)
		answer_socket(&fake, DIAG_LISTEN, 81, 9, SHOP_ID);
	whole_round(&fake, listeners, &ground, SECONDS(10), SHOP_ID);
	cr_assert(eq(dbl, usage_of(listeners, SHOP, SECONDS(10)).total[METRIC_BACKLOG], 4));
}

Test(listeners, a_dump_is_read_over_as_many_ticks_as_it_takes)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	struct fake_kernel fake;
	CLEANUP(listeners_freep) struct listeners *listeners = listen_to(&fake);
	struct usage usage;

	listeners_turn(listeners, &ground, SECONDS(10));
	cr_assert(is_asked(&fake));
	answer_socket(&fake, DIAG_LISTEN, 80, 4, SHOP_ID);
	listeners_turn(listeners, &ground, SECONDS(11));
	cr_assert(zero(u64, usage_of(listeners, SHOP, SECONDS(11)).have), "half of it is nothing");
	answer_socket(&fake, DIAG_LISTEN, 81, 5, SHOP_ID);
	answer_done(&fake, 0);
	listeners_turn(listeners, &ground, SECONDS(12));
	usage = usage_of(listeners, SHOP, SECONDS(12));
	cr_assert(eq(dbl, usage.total[METRIC_BACKLOG], 9));
	cr_assert(eq(u8, usage.age_s[METRIC_BACKLOG], 2), "as old as its first socket");
}

Test(listeners, without_a_descriptor_nothing_is_known)
{
	CLEANUP(owners_freep) struct owners *owners = owned_by_shop(SHOP_ID);
	const struct listeners_ground ground = { .owners = owners };
	CLEANUP(listeners_freep) struct listeners *listeners = NULL;

	cr_assert(zero(int, listeners_new_fd(-1, &listeners)));
	cr_assert(not(listeners_are_due(listeners, SECONDS(10))));
	listeners_turn(listeners, &ground, SECONDS(10));
	cr_assert(zero(u64, usage_of(listeners, 0, SECONDS(10)).have));
}
