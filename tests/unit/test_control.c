/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders over the direct socket, both ends of it: daemon/control.c and cli/bus.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/bus.h"
#include "control.h"
#include "direct.h"
#include "scratch.h"
#include "tests/unit/assertion.h"

/* A daemon of the test's own. */
struct bench {
	struct scratch scratch;
	sd_event *event;
	struct control *control;
	int answer; /* of the handler */
	const char *words;
	char heard[64]; /* what reached it */
};

static int on_order(void *userdata, const struct order *order, const char **ret_words)
{
	struct bench *bench = userdata;

	if (bench->words)
		*ret_words = bench->words;
	cr_assert(eq(int, order->kind, ORDER_INJECT));
	cr_assert(eq(uint, order->who, geteuid()));
	(void)snprintf(bench->heard, sizeof(bench->heard), "%s %s", order->fault, order->unit);
	return bench->answer;
}

static const struct control_handler handler = { .obey = on_order };

static const char *socket_path(struct bench *bench)
{
	return scratch_path(&bench->scratch, "control");
}

static void bench_open(struct bench *bench)
{
	*bench = (struct bench) { .scratch = scratch_make() };
	cr_assert(ge(int, sd_event_new(&bench->event), 0));
	cr_assert(eq(int, control_new(bench->event, &handler, bench, &bench->control), 0));
	cr_assert(eq(int, control_listen(bench->control, socket_path(bench)), 0));
}

static void bench_close(struct bench *bench)
{
	bench->control = control_free(bench->control);
	bench->event = sd_event_unref(bench->event);
	scratch_remove(&bench->scratch);
}

#define BENCH(bench)                                                                               \
	CLEANUP(bench_close) struct bench bench;                                                   \
	bench_open(&bench)

/* A client, which waits for its answer, in a thread of its own. */
struct client {
	const char *path, *fault, *unit;
	struct bus_answer answer;
	int result;
	atomic_bool done;
};

static int order(const char *path, struct bus_answer *ret, const char *member, const char *types,
		 ...)
{
	va_list arguments;
	int r;

	va_start(arguments, types);
	r = bus_order(path, false, ret, member, types, arguments);
	va_end(arguments);
	return r;
}

static void *client_run(void *userdata)
{
	struct client *client = userdata;

	client->result =
		order(client->path, &client->answer, "Inject", "ss", client->fault, client->unit);
	client->done = true;
	return NULL;
}

static struct client ask(struct bench *bench, const char *fault, const char *unit)
{
	struct client client = { .path = socket_path(bench), .fault = fault, .unit = unit };
	pthread_t thread;

	bench->heard[0] = '\0';
	cr_assert(eq(int, pthread_create(&thread, NULL, client_run, &client), 0));
	while (!client.done)
		(void)sd_event_run(bench->event, 1000);
	cr_assert(eq(int, pthread_join(thread, NULL), 0));
	return client;
}

static int connect_raw(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert(eq(int, connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0));
	return fd;
}

static void settle(struct bench *bench)
{
	while (sd_event_run(bench->event, 0) > 0)
		;
}

Test(control, an_order_reaches_the_handler_and_its_answer_the_client)
{
	BENCH(bench);
	struct client client = ask(&bench, "cpu-spike", "shop.service");

	cr_assert(eq(int, client.result, 0));
	cr_assert(eq(str, bench.heard, "cpu-spike shop.service"));
	cr_assert(eq(str, client.answer.words, ""));
}

Test(control, each_refusal_arrives_as_the_errno_it_was_with_words)
{
	static const int errors[] = { -ENOENT, -EINVAL, -EALREADY, -EOPNOTSUPP };
	BENCH(bench);

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		bench.answer = errors[i];
		struct client client = ask(&bench, "cpu-spike", "shop.service");

		cr_assert(eq(int, client.result, errors[i]));
		cr_assert(gt(sz, strlen(client.answer.words), 0));
	}
	bench.answer = -EPERM;
	bench.words = "its budget is spent"; /* in place of the table's */
	struct client held = ask(&bench, "cpu-spike", "shop.service");
	cr_assert(eq(int, held.result, -EPERM));
	cr_assert(eq(str, held.answer.words, "its budget is spent"));
	bench.answer = -ENOSPC; /* one that no order expects */
	struct client client = ask(&bench, "cpu-spike", "shop.service");
	cr_assert(lt(int, client.result, 0));
	cr_assert(eq(str, client.answer.words, "that failed: No space left on device"));
}

Test(control, hostile_arguments_do_not_reach_the_handler)
{
	static const struct {
		const char *fault, *unit;
	} cases[] = {
		{ "", "shop.service" },
		{ "CPU", "shop.service" },
		{ "cpu spike", "shop.service" },
		{ "cpu\x1b[31m", "shop.service" },
		{ "a-fault-with-a-name-that-goes-on-and-on-and-on-and-on-and-on-and-on",
		  "a.service" },
		{ "cpu-spike", "" },
		{ "cpu-spike", "shop" },
		{ "cpu-spike", "../shop.service" },
		{ "cpu-spike", "shop\n.service" },
	};
	BENCH(bench);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client = ask(&bench, cases[i].fault, cases[i].unit);

		cr_assert(lt(int, client.result, 0), "%zu", i);
		cr_assert(eq(str, client.answer.words, "expected a fault and the name of a unit"));
		cr_assert(eq(str, bench.heard, ""));
	}
}

Test(control, nobody_there_is_an_error_without_words)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct bus_answer answer = { "old" };
	char long_path[300];

	cr_assert(eq(int,
		     order(scratch_path(&scratch, "control"), &answer, "Heal", "s", "a.service"),
		     -ENOENT));
	cr_assert(eq(str, answer.words, ""));
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	cr_assert(eq(int, order(long_path, &answer, "Heal", "s", "a.service"), -ENAMETOOLONG));
}

Test(control, only_its_user_may_open_the_socket_whatever_the_umask)
{
	mode_t before = umask(0);
	BENCH(bench);
	struct stat file;

	(void)umask(before);
	cr_assert(eq(int, lstat(socket_path(&bench), &file), 0));
	cr_assert(eq(int, file.st_mode & 07777, 0600));
}

Test(control, a_socket_left_behind_is_replaced_and_a_living_one_is_not)
{
	BENCH(bench);
	CLEANUP(control_freep) struct control *second = NULL;
	struct stat file;

	cr_assert(eq(int, control_new(bench.event, &handler, &bench, &second), 0));
	cr_assert(eq(int, control_listen(second, socket_path(&bench)), -EADDRINUSE));
	cr_assert(eq(int, lstat(socket_path(&bench), &file), 0), "it is still the first one's");

	bench.control = control_free(bench.control);
	cr_assert(ne(int, lstat(socket_path(&bench), &file), 0));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path(&bench));
	cr_assert(eq(int, bind(dead, (const struct sockaddr *)&address, sizeof(address)), 0));
	(void)close(dead);
	cr_assert(eq(int, control_listen(second, socket_path(&bench)), 0));
	cr_assert(eq(int, ask(&bench, "cpu-spike", "shop.service").result, 0));
}

Test(control, a_file_in_the_way_is_left_alone)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(sd_event_unrefp) sd_event *event = NULL;
	CLEANUP(control_freep) struct control *control = NULL;
	const char *path = scratch_write(&scratch, "control", "mine");
	struct stat file;

	cr_assert(ge(int, sd_event_new(&event), 0));
	cr_assert(eq(int, control_new(event, &handler, NULL, &control), 0));
	cr_assert(eq(int, control_listen(control, path), -EADDRINUSE));
	cr_assert(eq(int, lstat(path, &file), 0));
	cr_assert(eq(int, (int)file.st_size, 4));
}

Test(control, rubbish_and_too_many_connections_do_no_harm)
{
	static const char rubbish[] = "\0AUTH EXTERNAL 41414141\r\nBEGIN\r\n\xff\xff\xff\xff....";
	BENCH(bench);
	int fd[DIRECT_CONNECTIONS_MAX + 4];

	for (size_t i = 0; i < DIRECT_CONNECTIONS_MAX + 4; i++) {
		fd[i] = connect_raw(socket_path(&bench));
		settle(&bench);
		if (i % 2)
			(void)send(fd[i], rubbish, sizeof(rubbish) - 1, MSG_NOSIGNAL);
		settle(&bench);
	}
	for (size_t i = 0; i < DIRECT_CONNECTIONS_MAX + 4; i++)
		(void)close(fd[i]);
	settle(&bench);
	cr_assert(eq(int, ask(&bench, "cpu-spike", "shop.service").result, 0));
}
