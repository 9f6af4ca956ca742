/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of a unit: their state, what they wait for, and where they are in the kernel. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heal/scene_part.h"

#define THREADS_MOST 14336u /* bytes; 16 different stacks of 16 long names would be 12 KiB */
#define STACK_LINES  16
#define STACK_SIZE   1024
#define PATH_SIZE    512

struct thread {
	uint32_t pid, tid;
	char comm[64];
	char state;
	char wait[64];		/* "": it waits for nothing, or that is not known */
	char stack[STACK_SIZE]; /* a line for each function, the innermost first; "" */
};

struct threads {
	size_t n_all; /* there are so many */
	size_t n;
	struct thread thread[SCENE_THREADS];
	int no_stack, no_wait; /* -errno: why one was refused */
};

/* ---- what /proc says -------------------------------------------------------------------- */

/* The name may hold anything, also ") R 1"; the last parenthesis is the kernel's. */
static void parse_stat(char *text, struct thread *thread)
{
	char *name = strchr(text, '('), *end = strrchr(text, ')');

	if (!name || !end || end < name || end[1] != ' ')
		return;
	*end = '\0';
	(void)snprintf(thread->comm, sizeof(thread->comm), "%s", name + 1);
	thread->state = end[2];
}

/* "0": it runs, or we may not know. */
static bool is_place(const char *wait)
{
	return wait[0] && strcmp(wait, "0") != 0;
}

/* "[<0>] futex_wait+0x12/0x34" to "futex_wait+0x12/0x34", a line each. */
static void take_stack(const char *text, struct thread *thread)
{
	size_t length = 0;
	int n = 0;

	for (const char *line = text; *line && n < STACK_LINES; n++) {
		size_t size = strcspn(line, "\n");
		const char *name = memchr(line, ']', size);

		name = line[0] == '[' && name && name[1] == ' ' ? name + 2 : line;
		size -= (size_t)(name - line);
		if (length + size + 2 > sizeof(thread->stack))
			return;
		if (length)
			thread->stack[length++] = '\n';
		memcpy(thread->stack + length, name, size);
		length += size;
		thread->stack[length] = '\0';
		line = name + size;
		line += *line == '\n';
	}
}

static int read_of(const struct scene *scene, const struct thread *thread, const char *name,
		   char *buffer, size_t size)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/%" PRIu32 "/task/%" PRIu32 "/%s", scene->proc,
		       thread->pid, thread->tid, name);
	return part_read(path, buffer, size);
}

static void look_at(const struct scene *scene, struct thread *thread, struct threads *threads)
{
	char text[4096];
	int r;

	if (read_of(scene, thread, "stat", text, sizeof(text)) >= 0)
		parse_stat(text, thread);
	r = read_of(scene, thread, "wchan", text, sizeof(text));
	if (r > 0 && is_place(text))
		(void)snprintf(thread->wait, sizeof(thread->wait), "%.63s", text);
	else if (r < 0 || thread->state != 'R')
		threads->no_wait = r < 0 ? r : -EACCES;
	r = read_of(scene, thread, "stack", text, sizeof(text));
	if (r > 0)
		take_stack(text, thread);
	else if (r < 0)
		threads->no_stack = r;
}

static void add_threads(const struct scene *scene, uint32_t pid, struct threads *threads)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	struct thread *thread;
	unsigned long tid;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "%s/%" PRIu32 "/task", scene->proc, pid);
	folder = opendir(path);
	if (!folder)
		return; /* it ended */
	while ((entry = readdir(folder))) {
		tid = strtoul(entry->d_name, NULL, 10);
		if (tid == 0)
			continue;
		threads->n_all++;
		if (threads->n == SCENE_THREADS)
			continue;
		thread = &threads->thread[threads->n++];
		*thread = (struct thread) { .pid = pid, .tid = (uint32_t)tid, .state = '?' };
		look_at(scene, thread, threads);
	}
	(void)closedir(folder);
}

/* ---- what the kernel's side says ----------------------------------------------------------- */

static struct thread *find(struct threads *threads, uint32_t tid)
{
	for (size_t i = 0; i < threads->n; i++)
		if (threads->thread[i].tid == tid)
			return &threads->thread[i];
	return NULL;
}

static void add_line(struct thread *thread, const char *line)
{
	size_t length = strlen(thread->stack);
	size_t n = 1;

	for (const char *at = thread->stack; *at; at++)
		n += *at == '\n';
	if (n < STACK_LINES && length + strlen(line) + 2 <= sizeof(thread->stack))
		(void)snprintf(thread->stack + length, sizeof(thread->stack) - length, "%s%s",
			       length ? "\n" : "", line);
}

/* "PID TID", then lines with a space before each function. True: some were of ours. */
static bool add_stacks(const struct scene *scene, struct threads *threads, int out_fd)
{
	struct kernel_text text;
	struct thread *thread = NULL;
	bool found = false, fresh = false;
	const char *line;
	uint32_t tid;
	int error = 0;

	if (scene->stacks_fd < 0 || !kernel_text_open(&text, scene->stacks_fd, scene->cgroup_id))
		return false;
	while ((line = kernel_text_next(&text, &error))) {
		if (line[0] != ' ') {
			thread =
				sscanf(line, "%*u %" SCNu32, &tid) == 1 ? find(threads, tid) : NULL;
			fresh = thread != NULL;
			continue;
		}
		if (fresh) /* newer than what a file said, and of one moment */
			thread->stack[0] = '\0';
		fresh = false;
		if (thread)
			add_line(thread, line + 1);
		found |= thread != NULL;
	}
	kernel_text_close(&text);
	if (error < 0)
		part_unreadable_errno(out_fd, "kernel stacks", error);
	return found;
}

/* As the kernel's own wait channel has it: the innermost function that is not about waiting as such. */
static void name_wait(struct thread *thread)
{
	static const char *const waits[] = {
		"__schedule",
		"schedule",
		"io_schedule",
		"preempt_schedule",
		"__switch_to",
		"__mutex_lock",
		"mutex_lock",
		"__down",
		"down",
		"rwsem_down",
		"__wait_for_common",
		"wait_for_completion",
		"do_wait_for_common",
		"__wait_on_bit",
		"bit_wait",
		"out_of_line_wait",
		"__rt_mutex_slowlock",
		"do_nanosleep",
		"freezable_schedule",
	};
	const char *line = thread->stack;
	size_t size, i;

	if (thread->wait[0] || thread->state == 'R')
		return;
	for (; *line; line += size + (line[size] == '\n')) {
		size = strcspn(line, "\n");
		for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
			if (strncmp(line, waits[i], strlen(waits[i])) == 0)
				break;
		if (i < sizeof(waits) / sizeof(waits[0]))
			continue;
		(void)snprintf(thread->wait, sizeof(thread->wait), "%.*s",
			       (int)strcspn(line, "+\n"), line);
		return;
	}
}

/* ---- telling it ---------------------------------------------------------------------------- */

/* The first thread with that stack. */
static size_t first_alike(const struct threads *threads, size_t i)
{
	size_t first = 0;

	while (strcmp(threads->thread[first].stack, threads->thread[i].stack) != 0)
		first++;
	return first;
}

/* Most threads of a unit wait at one place, so a stack is told once, and others name who had it. */
static void tell_thread(struct part *part, const struct threads *threads, size_t i)
{
	const struct thread *thread = &threads->thread[i];
	size_t first = first_alike(threads, i);

	json_separate(&part->json);
	json_begin(&part->json, '{');
	json_number(&part->json, "pid", thread->pid);
	json_number(&part->json, "tid", thread->tid);
	json_text(&part->json, "comm", thread->comm);
	json_text(&part->json, "state", (char[]) { thread->state, '\0' });
	json_text_or_null(&part->json, "wait", thread->wait);
	if (thread->stack[0])
		json_number(&part->json, "stack_of", threads->thread[first].tid);
	else
		json_null(&part->json, "stack_of");
	json_text_or_null(&part->json, "stack", first == i ? thread->stack : "");
	json_end(&part->json, '}');
}

static void tell(const struct threads *threads, int out_fd)
{
	struct part part;
	size_t n = 0;

	if (!part_begin(&part, "threads", out_fd))
		return;
	json_number(&part.json, "n_threads", threads->n_all);
	json_key(&part.json, "threads");
	json_begin(&part.json, '[');
	for (; n < threads->n && !part_is_full(&part, THREADS_MOST); n++)
		tell_thread(&part, threads, n);
	json_end(&part.json, ']');
	part_end(&part);
}

void scene_threads(const struct scene *scene, const struct members *members, int out_fd)
{
	struct threads *threads = calloc(1, sizeof(*threads));
	bool has_waits = false, has_stacks;

	if (!threads)
		return;
	for (size_t i = 0; i < members->n; i++)
		add_threads(scene, members->pid[i], threads);
	has_stacks = add_stacks(scene, threads, out_fd);
	for (size_t i = 0; i < threads->n; i++) {
		name_wait(&threads->thread[i]);
		has_waits |= threads->thread[i].wait[0] != '\0';
	}
	if (!has_stacks && threads->no_stack < 0)
		part_unreadable(out_fd, "kernel stacks",
				scene->stacks_fd < 0 && scene->no_kernel
					? scene->no_kernel
					: strerror(-threads->no_stack));
	if (!has_waits && threads->no_wait < 0)
		part_unreadable_errno(out_fd, "wait channels", threads->no_wait);
	tell(threads, out_fd);
	free(threads);
}
