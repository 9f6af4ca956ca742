/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that one unit made and another holds: the table of them, and real ones, with the rights of root. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "roles.h"
#include "sense/calls.h"
#include "sense/listeners.h"
#include "sense/passed.h"
#include "sense/streams.h"
#include "tests/unit/assertion.h"

#define CALLS 7

TestSuite(passed, .fini = roles_clean);

/* ---- the table --------------------------------------------------------------- */

Test(passed, what_one_other_holds_is_its_and_what_several_hold_is_its_makers)
{
	static struct passed passed;
	const struct made made[] = { { .cgroup_id = 9, .port = 80 },
				     { .cgroup_id = 3, .port = 443 },
				     { .cgroup_id = 3, .port = 80 } };
	const struct made_holder holder[] = { { .cgroup_id = 20, .unit = 2 },
					      { .cgroup_id = 20, .unit = 2, .is_several = 1 },
					      { .cgroup_id = 30, .unit = 3 } };

	cr_assert(zero(sz, passed_fill(&passed, made, holder, 3)));
	cr_assert(eq(u64, passed_to(&passed, 9, 80), 20));
	cr_assert(eq(u64, passed_to(&passed, 3, 80), 30));
	cr_assert(eq(u64, passed_to(&passed, 3, 443), 3));
	cr_assert(eq(u64, passed_to(&passed, 9, 443), 9), "not at another port");
	cr_assert(eq(u64, passed_to(NULL, 9, 80), 9), "nothing is known");
	cr_assert(zero(sz, passed_fill(&passed, made + 1, holder + 1, 1)));
	cr_assert(eq(u64, passed_to(&passed, 9, 80), 9), "no more");
}

Test(passed, what_finds_no_room_is_counted)
{
	static struct passed passed;
	static struct made made[PASSED_MAX + 3];
	static struct made_holder holder[PASSED_MAX + 3];

	for (size_t i = 0; i < PASSED_MAX + 3; i++) {
		made[i] = (struct made) { .cgroup_id = 1000 - i, .port = 80 };
		holder[i] = (struct made_holder) { .cgroup_id = 1, .unit = 1 };
	}
	cr_assert(eq(sz, passed_fill(&passed, made, holder, PASSED_MAX + 3), 3));
	for (size_t i = 0; i < PASSED_MAX; i++)
		cr_assert(eq(u64, passed_to(&passed, 1000 - i, 80), 1));
}

/* ---- real ones ----------------------------------------------------------------- */

static struct streams *streams;
static uint64_t now_ms;

static bool can_run(const char *test)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "passed/%s", test);
	if (!roles_make(name, METRIC_ACCEPTS))
		return false;
	streams = probe_streams(roles.probe);
	if (streams)
		return true;
	(void)fprintf(stderr, "not run here: unit %s (needs a walk of open files)\n", name);
	return false;
}

/* Its socket is made in one cgroup, and held in the server's; also by a process that stays, if it is
 * shared. 0 is any port. Nobody accepts. */
static uint16_t listen_as(const char *made_in, bool is_shared, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t size = sizeof(address);
	const int yes = 1;
	int ready[2];
	pid_t pid;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	if (pid == 0) {
		int fd = -1;

		roles_join(made_in);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 64) < 0 ||
		    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
			_exit(4);
		if (is_shared && fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				(void)pause();
		}
		roles_join(roles.inner);
		port = ntohs(address.sin_port);
		(void)!write(ready[1], &port, sizeof(port));
		for (;;)
			(void)pause();
	}
	roles.child[roles.n_children++] = pid;
	cr_assert(eq(int, (int)read(ready[0], &port, sizeof(port)), (int)sizeof(port)));
	return port;
}

/* Connections that stay, until whoever made them is ended. */
static void call(uint16_t port)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(port) };
	int ready[2];
	char byte;
	pid_t pid;

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	if (pid == 0) {
		roles_join(roles.folder[CLIENT]);
		for (int i = 0; i < CALLS; i++)
			if (connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
				    (struct sockaddr *)&server, sizeof(server)) < 0)
				_exit(6);
		(void)!write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	roles.child[roles.n_children++] = pid;
	cr_assert(eq(int, (int)read(ready[0], &byte, 1), 1), "a call to %d", port);
}

static void end(size_t child)
{
	(void)kill(roles.child[child], SIGKILL);
	(void)waitpid(roles.child[child], NULL, 0);
}

/* Who holds what. */
static void look(void)
{
	const struct streams_ground ground = { 0 };
	int r;

	now_ms += STREAMS_EVERY_MS;
	do
		r = streams_turn(streams, &ground, now_ms);
	while (r == 0);
	cr_assert(eq(int, r, 1));
	cr_assert(zero(int, calls_pass(probe_calls(roles.probe), streams_passed(streams))));
}

static uint64_t calls_to(enum role server, uint16_t port)
{
	const struct call *found;
	uint64_t n_calls = 0;
	size_t n;

	cr_assert(zero(int, calls_read(probe_calls(roles.probe), &found, &n)));
	for (size_t i = 0; i < n; i++)
		if (found[i].client == UNIT(CLIENT) && found[i].server == UNIT(server) &&
		    found[i].port == port)
			n_calls += found[i].connections;
	return n_calls;
}

Test(passed, connections_to_what_was_passed_on_are_the_holders)
{
	uint16_t port;

	if (!can_run("connections"))
		return;
	port = listen_as(roles.folder[ACTIVATOR], false, 0);
	look();
	call(port);
	cr_assert(eq(dbl, roles_total(SERVER, METRIC_ACCEPTS), CALLS));
	cr_assert(zero(dbl, roles_total(ACTIVATOR, METRIC_ACCEPTS)));
	cr_assert(eq(u64, calls_to(SERVER, port), CALLS));
	cr_assert(zero(u64, calls_to(ACTIVATOR, port)));
	end(0);
	cr_assert(eq(dbl, roles_total(SERVER, METRIC_RESETS_SENT), CALLS), "nobody accepted");
	cr_assert(zero(dbl, roles_total(ACTIVATOR, METRIC_RESETS_SENT)));
}

Test(passed, what_its_maker_holds_too_stays_its_makers)
{
	uint16_t port;

	if (!can_run("maker_too"))
		return;
	port = listen_as(roles.folder[ACTIVATOR], true, 0);
	look();
	call(port);
	cr_assert(eq(dbl, roles_total(ACTIVATOR, METRIC_ACCEPTS), CALLS));
	cr_assert(zero(dbl, roles_total(SERVER, METRIC_ACCEPTS)));
}

Test(passed, what_its_holder_has_closed_is_its_makers_again)
{
	uint16_t port;

	if (!can_run("closed"))
		return;
	port = listen_as(roles.folder[ACTIVATOR], false, 0);
	look();
	end(0);
	(void)listen_as(roles.folder[ACTIVATOR], true, port);
	look();
	call(port);
	cr_assert(eq(dbl, roles_total(ACTIVATOR, METRIC_ACCEPTS), CALLS));
	cr_assert(zero(dbl, roles_total(SERVER, METRIC_ACCEPTS)));
}

static void own(struct owners *owners, enum role role)
{
	struct stat status;

	cr_assert(zero(int, stat(roles.folder[role], &status)));
	owners_add(owners, status.st_ino, UNIT(role));
}

Test(passed, clients_that_wait_wait_for_the_holder)
{
	const struct cgroup_roots none = { 0 };
	CLEANUP(owners_freep) struct owners *owners = NULL;
	CLEANUP(listeners_freep) struct listeners *listeners = NULL;
	struct usage maker = { 0 }, holder = { 0 };
	struct listeners_ground ground;

	if (!can_run("queues"))
		return;
	call(listen_as(roles.folder[ACTIVATOR], false, 0));
	look();
	cr_assert(zero(int, listeners_new(&listeners)));
	cr_assert(zero(int, owners_new(&none, &owners)));
	owners_begin(owners);
	for (int role = 0; role < ROLE_N; role++)
		own(owners, (enum role)role);
	owners_end(owners);
	ground = (struct listeners_ground) { .owners = owners, .passed = streams_passed(streams) };
	for (uint64_t i = 1; i < 10 && !listeners_edges(listeners, &(size_t) { 0 }); i++)
		listeners_turn(listeners, &ground, SECONDS(i));
	listeners_usage(listeners, UNIT(SERVER), SECONDS(10), &holder);
	listeners_usage(listeners, UNIT(ACTIVATOR), SECONDS(10), &maker);
	cr_assert(eq(dbl, holder.total[METRIC_BACKLOG], CALLS));
	cr_assert(eq(dbl, holder.total[METRIC_CONNECTIONS], CALLS));
	cr_assert(zero(u64, maker.have & METRIC_BIT(METRIC_BACKLOG)));
}
