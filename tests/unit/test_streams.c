/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix sockets against who made them, in cgroups made for it: with the rights of root. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bpf/events.h"
#include "sense/cgroup.h"
#include "sense/probe.h"
#include "sense/streams.h"
#include "tests/unit/assertion.h"

enum role { CLIENT, SERVER, ACTIVATOR, ROLE_N }; /* a cgroup and a unit each */
#define UNIT(role) ((uint32_t)(role) + 7)
#define PATH_SIZE  512
#define CALLS	   37
#define CHILDREN   8

static struct cgroup_roots roots;
static struct probe *probe;
static struct streams *streams;
static pid_t children[CHILDREN];
static size_t n_children;
static char folder[ROLE_N][PATH_SIZE];
static uint64_t cgroup[ROLE_N];
static struct sockaddr_un address;
static uint64_t now_ms = 1000;
static int said[2]; /* a pipe: a byte of each child that is where it should be */

static bool make_folders(void)
{
	struct stat status;

	for (int role = 0; role < ROLE_N; role++) {
		(void)snprintf(folder[role], PATH_SIZE, "%s/selfheal-test-%d-%d", roots.unified,
			       (int)getpid(), role);
		if (mkdir(folder[role], 0755) < 0 || stat(folder[role], &status) < 0)
			return false;
		cgroup[role] = status.st_ino;
	}
	return true;
}

static bool can_run(const char *what)
{
	bool can = cgroup_roots_read("/proc/self/mountinfo", &roots) >= 0 && roots.unified[0] &&
		   probe_new(PROBE_BY_CGROUP, &probe) >= 0 && probe_streams(probe) &&
		   make_folders();

	if (!can) {
		(void)fprintf(stderr,
			      "not run here: unit streams/%s (needs root, BTF and cgroup2)\n",
			      what);
		return false;
	}
	streams = probe_streams(probe);
	for (int role = 0; role < ROLE_N; role++)
		cr_assert(zero(int, probe_watch(probe, cgroup[role], UNIT(role))));
	cr_assert(zero(int, pipe(said)));
	address.sun_family = AF_UNIX;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/selfheal-test-%d",
		       (int)getpid());
	return true;
}

static void end_children(void)
{
	for (size_t i = 0; i < n_children; i++) {
		(void)kill(children[i], SIGKILL);
		(void)waitpid(children[i], NULL, 0);
	}
	n_children = 0;
}

static void clean(void)
{
	end_children();
	probe = probe_free(probe);
	if (address.sun_path[0])
		(void)unlink(address.sun_path);
	/* The kernel lets go of a process a moment after it was waited for. */
	for (int role = 0; role < ROLE_N; role++)
		for (int i = 0;
		     i < 100 && folder[role][0] && rmdir(folder[role]) < 0 && errno == EBUSY; i++)
			(void)usleep(10000);
}

TestSuite(streams, .fini = clean);

/* ---- children ------------------------------------------------------------------ */

static void join(enum role role)
{
	char file[PATH_SIZE + 16];
	int fd;

	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", folder[role]);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(3);
	(void)close(fd);
}

typedef void act(size_t n);

/* It says when it is there, and stays. */
static void stay(void)
{
	(void)!write(said[1], "", 1);
	for (;;)
		(void)pause();
}

static pid_t start(enum role role, act *body, size_t n)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		join(role);
		body(n);
		stay();
	}
	children[n_children++] = pid;
	cr_assert(eq(int, (int)read(said[0], &byte, 1), 1));
	return pid;
}

static int kind = SOCK_STREAM, listener = -1;

static void or_exit(bool is_well, int code)
{
	if (!is_well)
		_exit(code);
}

static void listen_there(size_t n)
{
	(void)n;
	listener = socket(AF_UNIX, kind, 0);
	or_exit(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			listen(listener, 4096) == 0,
		4);
}

/* In a child of its own, so that who called it is told first that it listens. */
static void accept_there(size_t n)
{
	(void)!write(said[1], "", 1);
	for (size_t i = 0; i < n; i++)
		or_exit(accept(listener, NULL, NULL) >= 0, 5);
}

static void listen_and_accept(size_t n)
{
	listen_there(n);
	accept_there(n);
}

static void call(size_t n)
{
	for (size_t i = 0; i < n; i++)
		or_exit(connect(socket(AF_UNIX, kind, 0), (struct sockaddr *)&address,
				sizeof(address)) == 0,
			6);
}

static void call_and_ask_who_sends(size_t n)
{
	const int yes = 1;

	for (size_t i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, kind, 0);

		(void)setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes));
		or_exit(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, 6);
	}
}

static void call_from_another_network(size_t n)
{
	or_exit(unshare(CLONE_NEWNET) == 0, 7);
	call(n);
}

/* The server has accepted all, as it says itself. */
static pid_t serve(enum role role, size_t n)
{
	return start(role, listen_and_accept, n);
}

static void await(void)
{
	char byte;

	cr_assert(eq(int, (int)read(said[0], &byte, 1), 1));
}

/* ---- what is seen ----------------------------------------------------------------- */

static const struct streams_ground *ground(uint32_t journal)
{
	static struct streams_ground known;

	known = (struct streams_ground) { cgroup[ACTIVATOR], journal };
	return &known;
}

static void look_but(uint32_t journal)
{
	now_ms += STREAMS_EVERY_MS;
	do
		cr_assert(ge(int, streams_turn(streams, ground(journal), now_ms), 0));
	while (streams_are_due(streams, now_ms));
}

static void look(void)
{
	look_but(0);
}

static struct stream between(enum role client, enum role server)
{
	const struct stream *found;
	size_t n;

	found = streams_list(streams, &n);
	cr_assert(found != NULL);
	for (size_t i = 0; i < n; i++)
		if (found[i].client == UNIT(client) && found[i].server == UNIT(server))
			return found[i];
	return (struct stream) { 0 };
}

#define expect(client, server, n, is_there)                                                        \
	do {                                                                                       \
		struct stream stream_ = between(client, server);                                   \
		cr_assert(eq(u64, stream_.connections, n));                                        \
		cr_assert(eq(int, stream_.stands, is_there));                                      \
	} while (0)

/* What is there in the first walk is not counted. */
static bool can_count(const char *test)
{
	bool can = can_run(test);

	if (can)
		look();
	return can;
}

Test(streams, client_and_server_are_those_who_hold_the_ends)
{
	if (!can_count("client_and_server"))
		return;
	(void)serve(SERVER, CALLS);
	(void)start(CLIENT, call, CALLS);
	await();
	look();
	expect(CLIENT, SERVER, CALLS, true);
	expect(SERVER, CLIENT, 0, false);
	look();
	expect(CLIENT, SERVER, CALLS, true);
	(void)start(CLIENT, call, 3); /* nobody accepts these */
	look();
	expect(CLIENT, SERVER, CALLS + 3, true);
	end_children();
	look();
	expect(CLIENT, SERVER, CALLS + 3, false);
	cr_assert(zero(u64, streams_lost(streams)));
}

/* Pairs of sockets of which one is the client's and the other the server's, as ss(8) has them. */
static size_t pairs_of_ss(pid_t client, pid_t server)
{
	FILE *out = popen("ss -Hxpn 2>/dev/null", "re");
	static unsigned int mine[4096], peer[4096];
	static bool is_client[4096];
	char line[4096], of_client[32], of_server[32];
	size_t n = 0, pairs = 0;

	(void)snprintf(of_client, sizeof(of_client), "pid=%d,", (int)client);
	(void)snprintf(of_server, sizeof(of_server), "pid=%d,", (int)server);
	cr_assert(out != NULL);
	while (fgets(line, sizeof(line), out) && n < 4096) {
		is_client[n] = strstr(line, of_client) != NULL;
		if ((is_client[n] || strstr(line, of_server)) &&
		    sscanf(line, "%*s %*s %*s %*s %*s %u %*s %u", &mine[n], &peer[n]) == 2)
			n++;
	}
	(void)pclose(out);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; is_client[i] && j < n; j++)
			pairs += !is_client[j] && mine[j] == peer[i] && peer[j] == mine[i];
	return pairs;
}

Test(streams, what_is_seen_is_what_ss_sees)
{
	pid_t client, server;

	if (!can_count("ss"))
		return;
	server = serve(SERVER, CALLS);
	client = start(CLIENT, call, CALLS);
	await();
	look();
	cr_assert(eq(sz, pairs_of_ss(client, server), CALLS));
	expect(CLIENT, SERVER, CALLS, true);
}

Test(streams, kinds_addresses_and_networks_make_no_difference)
{
	static const struct {
		int kind;
		bool is_abstract;
		act *call;
	} cases[] = {
		{ SOCK_SEQPACKET, false, call },
		{ SOCK_STREAM, true, call },
		{ SOCK_STREAM, false, call_and_ask_who_sends },
		{ SOCK_STREAM, false, call_from_another_network },
	};
	uint64_t n = 0;

	if (!can_count("kinds"))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)unlink(address.sun_path);
		kind = cases[i].kind;
		address.sun_path[0] = cases[i].is_abstract ? '\0' : '/';
		(void)serve(SERVER, CALLS);
		(void)start(CLIENT, cases[i].call, CALLS);
		await();
		look();
		n += CALLS;
		expect(CLIENT, SERVER, n, true);
		expect(SERVER, CLIENT, 0, false);
		end_children();
		address.sun_path[0] = '/';
	}
}

/* ---- who accepts what another listens at --------------------------------------------- */

static int go[2];

/* As systemd does it: it keeps what it listens at, and has another accept there when it is time to. */
static void activate(size_t n)
{
	char byte;

	listen_there(n);
	(void)!write(said[1], "", 1);
	(void)!read(go[0], &byte, 1);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		join(SERVER);
		for (size_t i = 0; i < n; i++)
			or_exit(accept(listener, NULL, NULL) >= 0, 5);
		stay();
	}
	(void)pause();
}

Test(streams, what_systemd_opened_is_of_who_accepts)
{
	if (!can_count("activation"))
		return;
	cr_assert(zero(int, pipe(go)));
	(void)start(ACTIVATOR, activate, CALLS);
	(void)start(CLIENT, call, CALLS);
	look();
	expect(CLIENT, SERVER, 0, false);
	expect(CLIENT, ACTIVATOR, 0, false);
	cr_assert(eq(int, (int)write(go[1], "", 1), 1));
	await();
	(void)start(CLIENT, call, 1); /* to be accepted by a server that is there */
	look();
	expect(CLIENT, SERVER, CALLS + 1, true);
	expect(CLIENT, ACTIVATOR, 0, false);
}

/* ---- what is left out ------------------------------------------------------------------ */

Test(streams, systemd_and_the_journal_are_left_out)
{
	if (!can_count("left_out"))
		return;
	(void)serve(SERVER, CALLS);
	(void)start(CLIENT, call, CALLS - 1);
	(void)start(ACTIVATOR, call, 1);
	await();
	look_but(UNIT(SERVER));
	expect(CLIENT, SERVER, 0, false);
	look();
	expect(CLIENT, SERVER, CALLS - 1, true);
	expect(ACTIVATOR, SERVER, 0, false);
}

static void accept_and_close(size_t n)
{
	listen_there(n);
	(void)!write(said[1], "", 1);
	for (size_t i = 0; i < n; i++) {
		int fd = accept(listener, NULL, NULL);

		or_exit(fd >= 0, 5);
		(void)close(fd);
	}
}

Test(streams, what_one_end_closed_is_no_connection)
{
	if (!can_count("closed"))
		return;
	(void)start(SERVER, accept_and_close, CALLS);
	(void)start(CLIENT, call, CALLS);
	await();
	look();
	expect(CLIENT, SERVER, 0, false);
}

static void make_pair(size_t n)
{
	int pair[2];

	(void)n;
	or_exit(socketpair(AF_UNIX, kind, 0, pair) == 0, 8);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		join(SERVER);
		(void)close(pair[0]);
		stay();
	}
	(void)close(pair[1]);
}

Test(streams, a_pair_of_sockets_has_no_server)
{
	if (!can_count("pair"))
		return;
	(void)start(CLIENT, make_pair, 0);
	await();
	look();
	expect(CLIENT, SERVER, 0, false);
	expect(SERVER, CLIENT, 0, false);
}

/* ---- bounds ------------------------------------------------------------------------------ */

static bool may_open(size_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < n)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void open_files(size_t n)
{
	for (size_t i = 0; i < n; i++)
		or_exit(dup(said[1]) >= 0, 9);
}

Test(streams, many_files_are_walked_in_pieces)
{
	const size_t n = 2 * STREAM_FILES / 5;
	size_t turns = 0, n_told;

	if (!can_run("pieces"))
		return;
	if (!may_open(n + 100)) {
		(void)fprintf(stderr, "not run here: unit streams/pieces (needs %zu files)\n", n);
		return;
	}
	(void)serve(SERVER, CALLS);
	for (int i = 0; i < 5; i++)
		(void)start(ACTIVATOR, open_files, n);
	(void)start(CLIENT, call, CALLS);
	await();
	while (streams_are_due(streams, now_ms)) {
		cr_assert(streams_list(streams, &n_told) == NULL, "it is not whole yet");
		cr_assert(ge(int, streams_turn(streams, ground(0), now_ms), 0));
		turns++;
	}
	cr_assert(ge(sz, turns, 3));
	expect(CLIENT, SERVER, 0, true); /* a daemon before us may have counted them */
}

Test(streams, what_finds_no_room_is_counted)
{
	const size_t n = STREAMS_MAX / 2 + 100;

	if (!can_count("room"))
		return;
	if (!may_open(n + 100)) {
		(void)fprintf(stderr, "not run here: unit streams/room (needs %zu files)\n", n);
		return;
	}
	(void)serve(SERVER, n);
	(void)start(CLIENT, call, n);
	await();
	look();
	cr_assert(ge(u64, streams_lost(streams), 200));
	cr_assert(gt(u64, between(CLIENT, SERVER).connections, 0));
	end_children();
	(void)unlink(address.sun_path);
	(void)serve(SERVER, CALLS);
	(void)start(CLIENT, call, CALLS);
	await();
	look();
	cr_assert(ge(u64, between(CLIENT, SERVER).connections, CALLS));
}
