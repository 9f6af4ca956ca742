/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets against what their users know, in cgroups made for it: with the rights of root. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roles.h"
#include "sense/calls.h"
#include "tests/unit/assertion.h"

#define CALLS	37
#define WAIT_MS 10000 /* for what takes microseconds on an idle machine */

TestSuite(network, .fini = roles_clean);

/* ---- servers and clients ----------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union address address_of(const char *text)
{
	union address address = { 0 };

	if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1)
		address.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1)
		address.any.sa_family = AF_INET6;
	return address;
}

static socklen_t size_of(const union address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

/* The port lies at the same place in both. */
static int open_at(const char *text, uint16_t port, int type, union address *ret)
{
	*ret = address_of(text);
	ret->v4.sin_port = htons(port);
	return socket(ret->any.sa_family, type | SOCK_CLOEXEC, 0);
}

typedef void serve(int connection);

/* Whoever calls is established at once, the server only when something was said. */
static bool defers_accept;

static void say_nothing(int connection)
{
	(void)connection;
}

/* Each connection is cut off, once the client said something. */
static void cut_off(int connection)
{
	const struct linger none = { .l_onoff = 1 };
	struct pollfd readable = { .fd = connection, .events = POLLIN };

	(void)poll(&readable, 1, WAIT_MS);
	(void)setsockopt(connection, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static int deaf[2]; /* a pipe: told past the connection, of which nothing is answered any more */

static void turn_deaf(int connection)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &drop };

	(void)setsockopt(connection, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
	(void)!write(deaf[1], "", 1);
	(void)pause();
}

/* Listens as one, and accepts as another. Its port. */
static uint16_t start_server(const char *text, const char *listens_in, serve *serve_one)
{
	const int patience_s = WAIT_MS / 1000;
	union address address;
	socklen_t size = sizeof(address);
	uint16_t port = 0;
	int ready[2];
	pid_t pid;

	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	if (pid == 0) {
		int fd, connection;

		roles_join(listens_in);
		fd = open_at(text, 0, SOCK_STREAM, &address);
		if (defers_accept && setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &patience_s,
						sizeof(patience_s)) < 0)
			_exit(7);
		if (bind(fd, &address.any, size_of(&address)) < 0 || listen(fd, CALLS) < 0 ||
		    getsockname(fd, &address.any, &size) < 0)
			_exit(4);
		roles_join(roles.inner);
		port = ntohs(address.v4.sin_port);
		(void)!write(ready[1], &port, sizeof(port));
		while ((connection = accept(fd, NULL, NULL)) >= 0) {
			serve_one(connection);
			(void)close(connection);
		}
		_exit(5);
	}
	roles.child[roles.n_children++] = pid;
	(void)close(ready[1]);
	cr_assert(eq(int, (int)read(ready[0], &port, sizeof(port)), (int)sizeof(port)));
	(void)close(ready[0]);
	return port;
}

/* Returns when the server has accepted, and closed. */
static bool call(const char *text, uint16_t port)
{
	union address address;
	int fd = open_at(text, port, SOCK_STREAM, &address);
	char byte;
	bool is_done = connect(fd, &address.any, size_of(&address)) == 0 && read(fd, &byte, 1) == 0;

	(void)close(fd);
	return is_done;
}

static bool call_and_be_cut_off(const char *text, uint16_t port)
{
	union address address;
	int fd = open_at(text, port, SOCK_STREAM, &address);
	char byte;
	bool is_done = connect(fd, &address.any, size_of(&address)) == 0 &&
		       send(fd, "", 1, MSG_NOSIGNAL) == 1 && read(fd, &byte, 1) < 0 &&
		       errno == ECONNRESET;

	(void)close(fd);
	return is_done;
}

/* From one port twice: the first time the server never gets to know of it. */
static bool call_in_vain_and_again(const char *text, uint16_t port)
{
	const struct linger none = { .l_onoff = 1 };
	union address address, own = { 0 };
	socklen_t size = sizeof(own);
	bool is_done = true;

	for (int i = 0; i < 2 && is_done; i++) {
		int fd = open_at(text, port, SOCK_STREAM, &address);
		char byte;

		is_done = (i == 0 || bind(fd, &own.any, size) == 0) &&
			  connect(fd, &address.any, size_of(&address)) == 0 &&
			  getsockname(fd, &own.any, &size) == 0;
		if (i == 1)
			is_done = is_done && send(fd, "", 1, MSG_NOSIGNAL) == 1 &&
				  read(fd, &byte, 1) >= -1;
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		(void)close(fd);
	}
	return is_done;
}

static void calls(bool (*one)(const char *, uint16_t), const char *text, uint16_t port, size_t n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		roles_join(roles.folder[CLIENT]);
		for (size_t i = 0; i < n; i++)
			if (!one(text, port))
				_exit(6);
		_exit(0);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(zero(int, status), "a call to %s", text);
}

static uint64_t calls_between(uint32_t client, uint32_t server, uint16_t port)
{
	const struct call *found;
	size_t n;

	cr_assert(zero(int, calls_read(probe_calls(roles.probe), &found, &n)));
	for (size_t i = 0; i < n; i++)
		if (found[i].client == client && found[i].server == server && found[i].port == port)
			return found[i].connections;
	return 0;
}

/* An address of this host beyond loopback; false: there is none. */
static bool own_address(char *ret)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	(void)getifaddrs(&all);
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		found = i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
			!(i->ifa_flags & IFF_LOOPBACK) &&
			inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr,
				  ret, INET6_ADDRSTRLEN);
	freeifaddrs(all);
	return found;
}

/* By all of this network namespace; on a loaded machine a timer may be quicker than an answer. */
static uint64_t retransmits_of_all(void)
{
	FILE *in = fopen("/proc/net/snmp", "re");
	unsigned long long n = 0;
	char line[1024];

	cr_assert(in != NULL);
	while (fgets(line, sizeof(line), in) &&
	       sscanf(line, "Tcp: %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu", &n) != 1)
		;
	(void)fclose(in);
	return n;
}

/* ---- connections -------------------------------------------------------------- */

Test(network, connections_and_calls_are_exact_in_all_families)
{
	static char own[INET6_ADDRSTRLEN];
	const struct {
		const char *listens_at, *called_at;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "::ffff:127.0.0.1" },
		{ "0.0.0.0", "127.9.8.7" },
		{ "::", "127.0.0.1" },
		{ "::1", "::1" },
		{ "0.0.0.0", own },
	};
	uint64_t retransmits = retransmits_of_all();
	size_t n_run = 0;

	if (!roles_make("network/connections_and_calls", METRIC_ACCEPTS))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t port;

		if (cases[i].called_at == own && !own_address(own)) {
			(void)fprintf(stderr, "not run here: unit network/own_address (needs an "
					      "address beyond loopback)\n");
			continue;
		}
		port = start_server(cases[i].listens_at, roles.inner, say_nothing);
		calls(call, cases[i].called_at, port, CALLS);
		n_run++;
		cr_assert(eq(u64, calls_between(UNIT(CLIENT), UNIT(SERVER), port), CALLS), "%s",
			  cases[i].called_at);
	}
	cr_assert(eq(dbl, roles_total(SERVER, METRIC_ACCEPTS), (double)(n_run * CALLS)));
	cr_assert(eq(dbl, roles_total(CLIENT, METRIC_CONNECTS), (double)(n_run * CALLS)));
	cr_assert(zero(dbl, roles_total(SERVER, METRIC_CONNECTS)));
	cr_assert(zero(dbl, roles_total(CLIENT, METRIC_ACCEPTS)));
	cr_assert(le(dbl, roles_total(CLIENT, METRIC_RETRANSMITS),
		     (double)(retransmits_of_all() - retransmits)));
	cr_assert(zero(dbl, roles_total(CLIENT, METRIC_RESETS_RECEIVED)));
	cr_assert(zero(u64, calls_lost(probe_calls(roles.probe))));
}

Test(network, call_that_never_met_its_server_is_not_taken_for_one)
{
	uint16_t port;

	if (!roles_make("network/call_in_vain", METRIC_ACCEPTS))
		return;
	defers_accept = true;
	port = start_server("127.0.0.1", roles.inner, say_nothing);
	calls(call_in_vain_and_again, "127.0.0.1", port, 1);
	cr_assert(zero(u64, calls_between(UNIT(CLIENT), UNIT(CLIENT), port)));
	cr_assert(eq(u64, calls_between(UNIT(CLIENT), UNIT(SERVER), port), 1));
}

static struct calls_port port_of(uint16_t port)
{
	const struct calls_port *ports;
	size_t n;

	cr_assert(zero(int, calls_ports(probe_calls(roles.probe), &ports, &n)));
	for (size_t i = 0; i < n; i++)
		if (ports[i].port == port && !ports[i].is_elsewhere)
			return ports[i];
	return (struct calls_port) { 0 };
}

Test(network, port_of_an_activator_is_nobodys_until_somebody_says_whose)
{
	struct stat status;
	uint16_t port;

	if (!roles_make("network/port_of_an_activator", METRIC_ACCEPTS))
		return;
	cr_assert(zero(int, stat(roles.folder[ACTIVATOR], &status)));
	calls_set_activator(probe_calls(roles.probe), status.st_ino);
	port = start_server("127.0.0.1", roles.folder[ACTIVATOR], say_nothing);
	calls(call, "127.0.0.1", port, CALLS);
	cr_assert(zero(dbl, roles_total(ACTIVATOR, METRIC_ACCEPTS)));
	cr_assert(zero(dbl, roles_total(SERVER, METRIC_ACCEPTS)));
	cr_assert(eq(dbl, roles_total(CLIENT, METRIC_CONNECTS), CALLS));
	cr_assert(eq(u64, calls_between(UNIT(CLIENT), 0, port), CALLS));
	cr_assert(eq(u64, port_of(port).accepts, CALLS));
	cr_assert(zero(u32, port_of(port).unit));

	cr_assert(zero(int, calls_own_port(probe_calls(roles.probe), port, UNIT(SERVER))));
	calls(call, "127.0.0.1", port, CALLS);
	cr_assert(eq(dbl, roles_total(SERVER, METRIC_ACCEPTS), CALLS));
	cr_assert(eq(u64, port_of(port).accepts, CALLS), "no more");
	cr_assert(eq(u32, port_of(port).unit, UNIT(SERVER)));
	cr_assert(eq(u64, calls_between(UNIT(CLIENT), UNIT(SERVER), port), 2 * CALLS));
	cr_assert(zero(u64, calls_between(UNIT(CLIENT), 0, port)));
}

Test(network, resets_are_counted_at_both_ends)
{
	uint16_t port;

	if (!roles_make("network/resets", METRIC_RESETS_SENT))
		return;
	port = start_server("::1", roles.inner, cut_off);
	calls(call_and_be_cut_off, "::1", port, CALLS);
	cr_assert(eq(dbl, roles_total(SERVER, METRIC_RESETS_SENT), CALLS));
	cr_assert(eq(dbl, roles_total(CLIENT, METRIC_RESETS_RECEIVED), CALLS));
	cr_assert(zero(dbl, roles_total(SERVER, METRIC_RESETS_RECEIVED)));
	cr_assert(zero(dbl, roles_total(CLIENT, METRIC_RESETS_SENT)));
}

/* Until the kernel has sent it again twice; what it says of that. */
static bool send_to_the_deaf(const char *text, uint16_t port)
{
	union address address;
	int fd = open_at(text, port, SOCK_STREAM, &address);
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);
	char byte;

	if (connect(fd, &address.any, size_of(&address)) < 0 || read(deaf[0], &byte, 1) != 1 ||
	    send(fd, "", 1, 0) != 1)
		return false;
	for (int i = 0; i < WAIT_MS / 10 && info.tcpi_total_retrans < 2; i++) {
		(void)usleep(10000);
		(void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
	}
	return info.tcpi_total_retrans == 2;
}

Test(network, retransmits_are_those_of_the_connection)
{
	uint16_t port;

	if (!roles_make("network/retransmits", METRIC_RETRANSMITS))
		return;
	cr_assert(zero(int, pipe(deaf)));
	port = start_server("127.0.0.1", roles.inner, turn_deaf);
	calls(send_to_the_deaf, "127.0.0.1", port, 1);
	cr_assert(eq(dbl, roles_total(CLIENT, METRIC_RETRANSMITS), 2));
	cr_assert(zero(dbl, roles_total(SERVER, METRIC_RETRANSMITS)));
}

/* ---- datagrams ----------------------------------------------------------------- */

/* RcvbufErrors, which is the fifth. */
static uint64_t drops_of_all(void)
{
	FILE *in = fopen("/proc/net/snmp", "re");
	unsigned long long drops = 0;
	char line[1024];

	cr_assert(in != NULL);
	while (fgets(line, sizeof(line), in) &&
	       sscanf(line, "Udp: %*u %*u %*u %*u %llu", &drops) != 1)
		;
	(void)fclose(in);
	return drops;
}

Test(network, dropped_datagrams_are_those_of_the_socket)
{
	uint64_t before, drops;
	union address address;
	socklen_t size = sizeof(address);
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	int ready[2], status;
	pid_t pid;

	if (!roles_make("network/dropped_datagrams", METRIC_UDP_DROPS))
		return;
	before = drops_of_all();
	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	if (pid == 0) {
		int least = 1, fd, from;

		roles_join(roles.inner);
		fd = open_at("127.0.0.1", 0, SOCK_DGRAM, &address);
		from = open_at("127.0.0.1", 0, SOCK_DGRAM, &address);
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
		if (bind(fd, &address.any, sizeof(address.v4)) < 0 ||
		    getsockname(fd, &address.any, &size) < 0)
			_exit(4);
		for (int i = 0; i < 1000; i++)
			(void)sendto(from, "a datagram", 10, 0, &address.any, sizeof(address.v4));
		size = sizeof(memory);
		if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) < 0)
			_exit(5);
		(void)!write(ready[1], memory, sizeof(memory));
		_exit(0);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(zero(int, status));
	cr_assert(eq(int, (int)read(ready[0], memory, sizeof(memory)), (int)sizeof(memory)));
	drops = drops_of_all() - before;
	cr_assert(gt(u32, memory[SK_MEMINFO_DROPS], 500));
	cr_assert(eq(dbl, roles_total(SERVER, METRIC_UDP_DROPS), memory[SK_MEMINFO_DROPS]));
	cr_assert(ge(u64, drops, memory[SK_MEMINFO_DROPS]), "others may drop too");
	cr_assert(zero(dbl, roles_total(CLIENT, METRIC_UDP_DROPS)));
}
