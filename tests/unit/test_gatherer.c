/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that gathers: told to its end, abandoned, or dead; and never more than there is room for. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heal/gatherer.h"
#include "record/snapshot.h"
#include "tests/unit/assertion.h"

#define BEGAN_MS UINT64_C(5000)
#define LIMIT_MS UINT64_C(2000)

static const struct scene nothing = { .stacks_fd = -1, .files_fd = -1 };

static void put(int fd, const char *text)
{
	cr_assert(eq(int, (int)write(fd, text, strlen(text)), (int)strlen(text)));
}

static struct gatherer *begin(gatherer_tell *tell)
{
	struct gatherer *gatherer = NULL;

	cr_assert(zero(int, gatherer_new(&nothing, tell, BEGAN_MS, LIMIT_MS, &gatherer)));
	return gatherer;
}

/* As the loop does, with time standing still. */
static void await_end(struct gatherer *gatherer)
{
	struct pollfd fd = { .fd = gatherer_fd(gatherer), .events = POLLIN };

	do
		cr_assert(eq(int, poll(&fd, 1, 20000), 1));
	while (!gatherer_turn(gatherer, BEGAN_MS));
}

static void await_text(struct gatherer *gatherer)
{
	struct pollfd fd = { .fd = gatherer_fd(gatherer), .events = POLLIN };

	cr_assert(eq(int, poll(&fd, 1, 20000), 1));
}

static char *body_of(const struct gatherer *gatherer, bool *ret_is_whole)
{
	char *body = NULL;
	size_t size = 0;

	cr_assert(zero(int, gatherer_body(gatherer, ret_is_whole, &body, &size)));
	cr_assert(eq(sz, size, strlen(body)));
	cr_assert(le(sz, size, SNAPSHOT_MOST_BYTES));
	return body;
}

/* What a child that is let tell to its end has told; the caller frees it. */
static char *told_by(gatherer_tell *tell, bool *ret_is_whole)
{
	struct gatherer *gatherer = begin(tell);
	char *body;

	await_end(gatherer);
	body = body_of(gatherer, ret_is_whole);
	(void)gatherer_free(gatherer);
	return body;
}

/* What SQLite makes of it, which is what readers ask. */
static bool is_json(const char *text)
{
	sqlite3_stmt *select = NULL;
	sqlite3 *db = NULL;
	bool is;

	cr_assert(zero(int, sqlite3_open(":memory:", &db)));
	cr_assert(zero(int, sqlite3_prepare_v2(db, "SELECT json_valid(?)", -1, &select, NULL)));
	(void)sqlite3_bind_text(select, 1, text, -1, SQLITE_STATIC);
	cr_assert(eq(int, sqlite3_step(select), SQLITE_ROW));
	is = sqlite3_column_int(select, 0) == 1;
	(void)sqlite3_finalize(select);
	(void)sqlite3_close(db);
	return is;
}

static void tell_all(const struct scene *scene, int fd)
{
	(void)scene;
	put(fd, "cgroup\t\"cgroup\":[]\n");
	put(fd, "unreadable\t{\"what\":\"journal\",\"why\":\"no right\"}\n");
	put(fd, "threads\t\"n_threads\":0,\"threads\":[]\n");
}

Test(gatherer, what_a_child_tells_to_its_end_is_whole)
{
	bool is_whole = false;
	char *body = told_by(tell_all, &is_whole);

	cr_assert(is_whole);
	cr_assert(eq(str, body,
		     "{\"cgroup\":[],\"n_threads\":0,\"threads\":[],"
		     "\"unreadable\":[{\"what\":\"journal\",\"why\":\"no right\"}]}"));
	free(body);
}

static void tell_some_and_hang(const struct scene *scene, int fd)
{
	(void)scene;
	put(fd, "cgroup\t\"cgroup\":[]\nthreads\t\"threads\":[{\"half");
	for (;;)
		(void)pause();
}

Test(gatherer, a_child_that_hangs_is_abandoned_at_the_limit_and_what_it_told_counts)
{
	struct gatherer *gatherer = begin(tell_some_and_hang);
	bool is_whole = true;
	char *body;

	await_text(gatherer);
	cr_assert(not(gatherer_turn(gatherer, BEGAN_MS + LIMIT_MS - 1)), "it has time left");
	cr_assert(gatherer_turn(gatherer, BEGAN_MS + LIMIT_MS));
	body = body_of(gatherer, &is_whole);
	cr_assert(not(is_whole));
	cr_assert(is_json(body), "%s", body);
	cr_assert(eq(ptr, strstr(body, "{\"cgroup\":[],\"unreadable\":["), body), "%s", body);
	cr_assert(eq(ptr, strstr(body, "half"), NULL));
	cr_assert(ne(ptr, strstr(body, "{\"what\":\"threads\",\"why\":\"it was not read within"),
		     NULL));
	while (!gatherer_is_gone(gatherer))
		(void)sched_yield();
	free(body);
	(void)gatherer_free(gatherer);
	cr_assert(eq(int, waitpid(-1, NULL, WNOHANG), -1), "a child is left behind");
}

static void die(const struct scene *scene, int fd)
{
	(void)scene;
	put(fd, "cgroup\t\"cgroup\":[]\n");
	(void)raise(SIGKILL);
}

Test(gatherer, of_a_child_that_is_killed_it_is_said_what_is_missing)
{
	bool is_whole = true;
	char *body = told_by(die, &is_whole);

	cr_assert(not(is_whole));
	cr_assert(ne(ptr, strstr(body, "{\"what\":\"journal\",\"why\":\"who was to read it ended"),
		     NULL));
	free(body);
}

static void tell_too_much(const struct scene *scene, int fd)
{
	static char text[16384];

	(void)scene;
	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < SCENE_PARTS; i++) {
		put(fd, scene_part[i]);
		put(fd, "\t\"");
		put(fd, scene_part[i]);
		put(fd, "\":\"");
		put(fd, text);
		put(fd, "\"\n");
	}
}

Test(gatherer, what_is_too_much_is_left_out_whole_and_named)
{
	bool is_whole = false;
	char *body = told_by(tell_too_much, &is_whole);

	cr_assert(is_json(body));
	cr_assert(ne(ptr, strstr(body, "\"threads\":\"xx"), NULL));
	cr_assert(ne(ptr, strstr(body, "{\"what\":\"journal\",\"why\":\"it is too long\"}"), NULL));
	free(body);
}

static void tell_without_end(const struct scene *scene, int fd)
{
	(void)scene;
	for (;;)
		put(fd, "unreadable\t{\"what\":\"this\",\"why\":\"and that\"}\n");
}

Test(gatherer, a_child_that_never_ends_its_tale_is_cut_off)
{
	bool is_whole = true;
	char *body = told_by(tell_without_end, &is_whole);

	cr_assert(not(is_whole));
	cr_assert(is_json(body));
	free(body);
}

static void tell_descriptors(const struct scene *scene, int fd)
{
	(void)scene;
	for (int other = STDERR_FILENO + 1; other < 256; other++)
		if (other != fd && fcntl(other, F_GETFD) >= 0)
			put(fd, "cgroup\t\"open\":true\n");
}

Test(gatherer, the_child_has_no_descriptor_of_the_daemon)
{
	int lock = open("/", O_RDONLY);
	struct gatherer *gatherer = begin(tell_descriptors);
	bool is_whole = false;
	char *body;

	cr_assert(ge(int, lock, 0));
	await_end(gatherer);
	body = body_of(gatherer, &is_whole);
	cr_assert(eq(str, body, "{\"unreadable\":[]}"));
	free(body);
	(void)gatherer_free(gatherer);
	(void)close(lock);
}
