/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that reads, a pipe, and a limit. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "heal/gatherer.h"
#include "record/snapshot.h"

/* Of a child that is as it should be: each part once, and what it could not read. */
#define RECEIVED_MOST (((size_t)SCENE_PARTS + 1) * SCENE_LINE_MOST)
/* Kept free for what could not be read: two dozen lines, and then what was left out. */
#define UNREADABLE_MOST ((size_t)4 << 10)
#define UNREADABLE_ITEM 256u
#define LAST_LINE	"end\t\n"

struct gatherer {
	pid_t pid; /* 0: it is gone */
	int fd;
	uint64_t began_ms, limit_ms;
	bool is_over, is_late;
	size_t size;
	char received[RECEIVED_MOST];
};

/* ---- the child -------------------------------------------------------------------------- */

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Above all the one that locks the store: a child that hangs must not keep the next daemon out. */
static void close_others(const struct scene *scene, int out_fd)
{
	int kept[] = { out_fd, scene->stacks_fd, scene->files_fd };
	unsigned int next = STDERR_FILENO + 1;

	qsort(kept, sizeof(kept) / sizeof(kept[0]), sizeof(kept[0]), compare_fds);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i] < (int)next)
			continue;
		if (kept[i] > (int)next)
			(void)close_range(next, (unsigned int)kept[i] - 1, 0);
		next = (unsigned int)kept[i] + 1;
	}
	(void)close_range(next, ~0u, 0);
}

/* The daemon is the last to be killed when memory is out; this is among the first. */
static void be_expendable(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "900", 3);
		(void)close(fd);
	}
	(void)setpriority(PRIO_PROCESS, 0, 19);
}

_Noreturn static void be_child(const struct scene *scene, gatherer_tell *tell, int out_fd,
			       pid_t parent)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	(void)prctl(PR_SET_NAME, "snapshot");
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	close_others(scene, out_fd);
	be_expendable();
	tell(scene, out_fd);
	(void)!write(out_fd, LAST_LINE, sizeof(LAST_LINE) - 1);
	_exit(EXIT_SUCCESS);
}

/* ---- its life --------------------------------------------------------------------------- */

static int start(struct gatherer *gatherer, const struct scene *scene, gatherer_tell *tell)
{
	pid_t self = getpid();
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	gatherer->fd = ends[0];
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	gatherer->pid = fork();
	if (gatherer->pid == 0)
		be_child(scene, tell, ends[1], self);
	r = gatherer->pid < 0 ? -errno : 0;
	(void)close(ends[1]);
	if (r < 0)
		gatherer->pid = 0;
	return r;
}

int gatherer_new(const struct scene *scene, gatherer_tell *tell, uint64_t now_ms, uint64_t limit_ms,
		 struct gatherer **ret)
{
	struct gatherer *gatherer = calloc(1, sizeof(*gatherer));
	int r;

	if (!gatherer)
		return -ENOMEM;
	gatherer->fd = -1;
	gatherer->began_ms = now_ms;
	gatherer->limit_ms = limit_ms;
	r = start(gatherer, scene, tell);
	if (r < 0)
		(void)gatherer_free(gatherer);
	else
		*ret = gatherer;
	return r;
}

bool gatherer_is_gone(struct gatherer *gatherer)
{
	/* Any answer but "not yet": somebody else may have asked before. */
	if (gatherer->pid > 0 && waitpid(gatherer->pid, NULL, WNOHANG) != 0)
		gatherer->pid = 0;
	return gatherer->pid == 0;
}

struct gatherer *gatherer_free(struct gatherer *gatherer)
{
	if (!gatherer)
		return NULL;
	if (!gatherer_is_gone(gatherer))
		(void)kill(gatherer->pid, SIGKILL);
	(void)gatherer_is_gone(gatherer);
	cleanup_close(&gatherer->fd);
	free(gatherer);
	return NULL;
}

int gatherer_fd(const struct gatherer *gatherer)
{
	return gatherer->fd;
}

static void end(struct gatherer *gatherer, bool is_late)
{
	gatherer->is_over = true;
	gatherer->is_late = is_late;
	if (!gatherer_is_gone(gatherer))
		(void)kill(gatherer->pid, SIGKILL);
}

bool gatherer_turn(struct gatherer *gatherer, uint64_t now_ms)
{
	ssize_t n = 1;

	while (!gatherer->is_over && n > 0) {
		n = read(gatherer->fd, gatherer->received + gatherer->size,
			 RECEIVED_MOST - gatherer->size);
		if (n > 0)
			gatherer->size += (size_t)n;
	}
	if (gatherer->is_over)
		return true;
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) /* also when there is no room for more */
		end(gatherer, false);
	else if (now_ms - gatherer->began_ms >= gatherer->limit_ms)
		end(gatherer, true);
	return gatherer->is_over;
}

/* ---- what it told ------------------------------------------------------------------------ */

/* One line that came whole. */
struct told {
	const char *name, *text;
	size_t name_size, size;
};

/* False: there is no further one. */
static bool next_line(const struct gatherer *gatherer, size_t *at, struct told *ret)
{
	const char *from = gatherer->received + *at;
	const char *newline = memchr(from, '\n', gatherer->size - *at);
	const char *tab = newline ? memchr(from, '\t', (size_t)(newline - from)) : NULL;

	if (!tab)
		return false;
	*ret = (struct told) { .name = from,
			       .name_size = (size_t)(tab - from),
			       .text = tab + 1,
			       .size = (size_t)(newline - tab - 1) };
	*at += (size_t)(newline - from) + 1;
	return true;
}

static bool is_called(const struct told *told, const char *name)
{
	return told->name_size == strlen(name) && memcmp(told->name, name, told->name_size) == 0;
}

static bool has_told(const struct gatherer *gatherer, const char *name)
{
	struct told told;
	size_t at = 0;

	while (next_line(gatherer, &at, &told))
		if (is_called(&told, name))
			return true;
	return false;
}

/* A body while it is put together. */
struct body {
	struct json json;
	char *text;
	size_t size; /* as far as it was flushed */
};

static bool has_room(struct body *body, size_t size, size_t most)
{
	return fflush(body->json.out) == 0 && body->size + size + 64 <= most;
}

static void put_unreadable(struct body *body, const char *what, const char *why)
{
	if (!has_room(body, strlen(what) + strlen(why), SNAPSHOT_MOST_BYTES))
		return;
	json_separate(&body->json);
	json_begin(&body->json, '{');
	json_text(&body->json, "what", what);
	json_text(&body->json, "why", why);
	json_end(&body->json, '}');
}

/* Each part once; what is too long is left out whole, and named. */
static void put_parts(const struct gatherer *gatherer, struct body *body, bool is_left_out[])
{
	struct told told;
	size_t at = 0;

	while (next_line(gatherer, &at, &told))
		for (size_t i = 0; i < SCENE_PARTS; i++) {
			if (told.size == 0 || !is_called(&told, scene_part[i]))
				continue;
			is_left_out[i] =
				!has_room(body, told.size, SNAPSHOT_MOST_BYTES - UNREADABLE_MOST);
			if (is_left_out[i])
				continue;
			json_separate(&body->json);
			(void)fwrite(told.text, 1, told.size, body->json.out);
		}
}

static void put_what_is_missing(const struct gatherer *gatherer, struct body *body,
				const bool is_left_out[])
{
	const char *why = gatherer->is_late ? "it was not read within the limit"
					    : "who was to read it ended before";
	struct told told;
	size_t at = 0;

	for (size_t i = 0; i < SCENE_PARTS; i++) {
		if (is_left_out[i])
			put_unreadable(body, scene_part[i], "it is too long");
		else if (!has_told(gatherer, scene_part[i]) && !has_told(gatherer, "end"))
			put_unreadable(body, scene_part[i], why);
	}
	while (next_line(gatherer, &at, &told)) {
		if (!is_called(&told, "unreadable") || told.size > UNREADABLE_ITEM ||
		    !has_room(body, told.size, SNAPSHOT_MOST_BYTES))
			continue;
		json_separate(&body->json);
		(void)fwrite(told.text, 1, told.size, body->json.out);
	}
}

int gatherer_body(const struct gatherer *gatherer, bool *ret_is_whole, char **ret, size_t *ret_size)
{
	bool is_left_out[SCENE_PARTS] = { false };
	struct body body = { 0 };

	body.json.out = open_memstream(&body.text, &body.size);
	if (!body.json.out)
		return -ENOMEM;
	json_begin(&body.json, '{');
	put_parts(gatherer, &body, is_left_out);
	json_key(&body.json, "unreadable");
	json_begin(&body.json, '[');
	put_what_is_missing(gatherer, &body, is_left_out);
	json_end(&body.json, ']');
	json_end(&body.json, '}');
	if (fclose(body.json.out) != 0) {
		free(body.text);
		return -ENOMEM;
	}
	*ret_is_whole = has_told(gatherer, "end");
	*ret = body.text;
	*ret_size = body.size;
	return 0;
}
