/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's side tells of single threads and files of a cgroup, and of no other; for who has the
 * rights to load it and to make a cgroup. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/events.h"
#include "pen.h"
#include "sense/closeup.h"
#include "tests/unit/assertion.h"

#define TEXT_SIZE (64 << 10)

static void *rest(void *unused)
{
	(void)unused;
	for (;;)
		(void)pause();
	return NULL;
}

/* Two threads, and a file by a name that looks like lines of its own. */
static void live(void *userdata)
{
	(void)userdata;
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
	(void)memfd_create("held\n1 1 1 f 0 0 forged", 0);
	pen_begin_thread(rest, NULL);
}

static char *read_text(int fd)
{
	char *text = calloc(1, TEXT_SIZE);
	size_t length = 0;
	ssize_t n = 1;

	while ((n > 0 || (n < 0 && errno == EAGAIN)) && length < TEXT_SIZE - 1) {
		n = read(fd, text + length, TEXT_SIZE - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	}
	cr_assert(zero(i64, (int64_t)n));
	(void)close(fd);
	return text;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* Until both threads and all files are there. */
static struct closeup_text look(struct closeup *closeup, const struct pen *pen, char **ret_stacks,
				char **ret_files)
{
	struct closeup_text text = { -1, -1 };
	char head[32];

	(void)snprintf(head, sizeof(head), "%" PRIu64 " ", pen->id);
	for (double until_s = pen_clock_s() + 10; pen_clock_s() < until_s;) {
		cr_assert(zero(int, closeup_begin(closeup, pen->id, &text)));
		*ret_stacks = read_text(text.stacks_fd);
		*ret_files = read_text(text.files_fd);
		if (count(*ret_stacks, head) == 2 && strstr(*ret_files, "held") &&
		    count(*ret_stacks, "sys_pause+") >= 2)
			return text;
		free(*ret_stacks);
		free(*ret_files);
	}
	cr_fatal("the threads or the file are not told");
	return text;
}

Test(closeup, threads_and_files_of_one_cgroup_are_told_and_of_no_other)
{
	CLEANUP(pen_remove) struct pen pen;
	struct closeup *closeup;
	char *stacks, *files, head[64];
	struct closeup_text none;
	pid_t pid;

	if (!pen_make(&pen, "closeup/threads_and_files_of_one_cgroup_are_told_and_of_no_other"))
		return;
	closeup = probe_closeup(pen.probe);
	cr_assert(ne(ptr, closeup, NULL));
	pid = pen_fork(&pen, live, NULL);
	(void)look(closeup, &pen, &stacks, &files);

	(void)snprintf(head, sizeof(head), "%" PRIu64 " %d %d\n ", pen.id, (int)pid, (int)pid);
	cr_assert(eq(ptr, strstr(stacks, head), stacks), "%s", stacks);
	(void)snprintf(head, sizeof(head), "%" PRIu64 " %d ", pen.id, (int)pid);
	for (const char *line = files; *line; line = strchr(line, '\n') + 1)
		cr_assert(zero(int, strncmp(line, head, strlen(head))), "%s", line);
	cr_assert(eq(sz, count(files, " u 7 0 socket:["), 1), "%s", files);
	free(stacks);
	free(files);

	closeup_end(closeup, pen.id);
	cr_assert(zero(int, closeup_begin(closeup, pen.id + 1000000, &none)));
	stacks = read_text(none.stacks_fd);
	files = read_text(none.files_fd);
	cr_assert(eq(str, stacks, ""));
	cr_assert(eq(str, files, ""));
	free(stacks);
	free(files);
	pen_end(pid);
}

Test(closeup, there_is_an_end_to_how_many_cgroups_are_looked_at)
{
	CLEANUP(pen_remove) struct pen pen;
	struct closeup_text text;
	struct closeup *closeup;

	if (!pen_make(&pen, "closeup/there_is_an_end_to_how_many_cgroups_are_looked_at"))
		return;
	closeup = probe_closeup(pen.probe);
	for (uint64_t id = 1; id <= WANTED_MAX; id++) {
		cr_assert(zero(int, closeup_begin(closeup, 1000000 + id, &text)));
		(void)close(text.stacks_fd);
		(void)close(text.files_fd);
	}
	cr_assert(eq(int, closeup_begin(closeup, 2000000, &text), -ENOSPC));
	closeup_end(closeup, 1000001);
	cr_assert(zero(int, closeup_begin(closeup, 2000000, &text)));
	(void)close(text.stacks_fd);
	(void)close(text.files_fd);
}
