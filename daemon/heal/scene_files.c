/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors of a unit, and of its sockets in which state they are. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heal/scene_part.h"

#define FILES_MOST 9216u
#define PATH_SIZE  512
#define WHAT_SIZE  160
#define COUNTS	   24 /* kinds, and kinds of sockets with their port: the first */

struct descriptor {
	uint32_t pid, fd;
	char kind[24]; /* "file", "pipe", "tcp listening", ... */
	char what[WHAT_SIZE];
};

struct count {
	char kind[24];
	uint32_t port; /* where it is served, for a socket that listens or came in there; 0 */
	uint64_t n;
};

struct descriptors {
	uint64_t n_all;
	size_t n;
	struct descriptor descriptor[SCENE_DESCRIPTORS];
	size_t n_counts;
	struct count count[COUNTS];
	int refused; /* -errno: why those of a process could not be read */
};

static void add_count(struct descriptors *all, const char *kind, uint32_t port)
{
	struct count *count = all->count;

	for (size_t i = 0; i < all->n_counts; i++, count++)
		if (count->port == port && strcmp(count->kind, kind) == 0) {
			count->n++;
			return;
		}
	if (all->n_counts == COUNTS)
		return; /* the sum of all still counts it */
	all->n_counts++;
	*count = (struct count) { .port = port, .n = 1 };
	(void)snprintf(count->kind, sizeof(count->kind), "%s", kind);
}

static void add(struct descriptors *all, const struct descriptor *descriptor, uint32_t port)
{
	all->n_all++;
	add_count(all, descriptor->kind, port);
	if (all->n < SCENE_DESCRIPTORS)
		all->descriptor[all->n++] = *descriptor;
}

/* ---- what the kernel's side says ----------------------------------------------------------- */

/* As include/net/tcp_states.h has them. */
static const char *tcp_state(unsigned int state)
{
	static const char *const words[] = {
		[1] = "tcp established", [2] = "tcp connecting", [3] = "tcp coming in",
		[7] = "tcp closed",	 [8] = "tcp close wait", [10] = "tcp listening",
	};

	return state < sizeof(words) / sizeof(words[0]) && words[state] ? words[state]
									: "tcp closing";
}

/* enum file_kind of bpf/stacks.bpf.c, by its letter. */
static void name_kind(struct descriptor *descriptor, char letter, unsigned int state)
{
	const char *kind = "file";

	if (letter == 't')
		kind = tcp_state(state);
	else if (letter == 'u')
		kind = state == 10 ? "unix listening" : "unix";
	else if (letter == 'd')
		kind = "udp";
	else if (letter == 's')
		kind = "socket";
	else if (letter == 'p')
		kind = "pipe";
	else if (letter == 'a')
		kind = "anonymous"; /* epoll, eventfd, timerfd: its name says which */
	(void)snprintf(descriptor->kind, sizeof(descriptor->kind), "%s", kind);
}

/* "PID FD KIND STATE PORT PATH"; false: it is none of that. */
static bool take_line(struct descriptors *all, const char *line)
{
	struct descriptor descriptor = { 0 };
	unsigned int state = 0, port = 0;
	char letter = 0;
	int at = 0;

	if (sscanf(line, "%" SCNu32 " %" SCNu32 " %c %u %u %n", &descriptor.pid, &descriptor.fd,
		   &letter, &state, &port, &at) < 5)
		return false;
	name_kind(&descriptor, letter, state);
	(void)snprintf(descriptor.what, sizeof(descriptor.what), "%s", at > 0 ? line + at : "");
	add(all, &descriptor, port);
	return true;
}

static bool ask_kernel(const struct scene *scene, struct descriptors *all, int out_fd)
{
	struct kernel_text text;
	const char *line;
	int error = 0;

	if (scene->files_fd < 0 || !kernel_text_open(&text, scene->files_fd, scene->cgroup_id))
		return false;
	while ((line = kernel_text_next(&text, &error)))
		(void)take_line(all, line);
	kernel_text_close(&text);
	if (error < 0)
		part_unreadable_errno(out_fd, "descriptors", error);
	return all->n_all > 0;
}

/* ---- what /proc says ------------------------------------------------------------------------- */

static const char *kind_of(const char *what)
{
	if (strncmp(what, "socket:", 7) == 0)
		return "socket";
	if (strncmp(what, "pipe:", 5) == 0)
		return "pipe";
	return strncmp(what, "anon_inode:", 11) == 0 ? "anonymous" : "file";
}

static void add_process(const struct scene *scene, uint32_t pid, struct descriptors *all)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *folder;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/%" PRIu32 "/fd", scene->proc, pid);
	folder = opendir(path);
	if (!folder) {
		if (errno != ENOENT && errno != ESRCH)
			all->refused = -errno;
		return;
	}
	while ((entry = readdir(folder))) {
		struct descriptor descriptor = { .pid = pid };

		if (entry->d_name[0] == '.')
			continue;
		descriptor.fd = (uint32_t)strtoul(entry->d_name, NULL, 10);
		n = readlinkat(dirfd(folder), entry->d_name, descriptor.what,
			       sizeof(descriptor.what) - 1);
		if (n < 0)
			continue; /* it was closed */
		(void)snprintf(descriptor.kind, sizeof(descriptor.kind), "%s",
			       kind_of(descriptor.what));
		add(all, &descriptor, 0);
	}
	(void)closedir(folder);
}

/* ---- telling it ---------------------------------------------------------------------------- */

static void tell_descriptor(struct part *part, const struct descriptor *descriptor)
{
	json_separate(&part->json);
	json_begin(&part->json, '{');
	json_number(&part->json, "pid", descriptor->pid);
	json_number(&part->json, "fd", descriptor->fd);
	json_text(&part->json, "kind", descriptor->kind);
	json_text_or_null(&part->json, "what", descriptor->what);
	json_end(&part->json, '}');
}

/* Most of them first, since that is what a leak of descriptors looks like. */
static int compare_counts(const void *a, const void *b)
{
	const struct count *left = a, *right = b;

	if (left->n != right->n)
		return left->n < right->n ? 1 : -1;
	return strcmp(left->kind, right->kind);
}

static void tell_counts(struct part *part, struct descriptors *all)
{
	qsort(all->count, all->n_counts, sizeof(all->count[0]), compare_counts);
	json_key(&part->json, "descriptor_kinds");
	json_begin(&part->json, '[');
	for (size_t i = 0; i < all->n_counts; i++) {
		json_separate(&part->json);
		json_begin(&part->json, '{');
		json_text(&part->json, "kind", all->count[i].kind);
		json_number_or_null(&part->json, "port", all->count[i].port);
		json_number(&part->json, "n", all->count[i].n);
		json_end(&part->json, '}');
	}
	json_end(&part->json, ']');
}

static void tell(struct descriptors *all, int out_fd)
{
	struct part part;

	if (!part_begin(&part, "descriptors", out_fd))
		return;
	json_number(&part.json, "n_descriptors", all->n_all);
	tell_counts(&part, all);
	json_key(&part.json, "descriptors");
	json_begin(&part.json, '[');
	for (size_t i = 0; i < all->n && !part_is_full(&part, FILES_MOST); i++)
		tell_descriptor(&part, &all->descriptor[i]);
	json_end(&part.json, ']');
	part_end(&part);
}

void scene_descriptors(const struct scene *scene, const struct members *members, int out_fd)
{
	struct descriptors *all = calloc(1, sizeof(*all));

	if (!all)
		return;
	if (!ask_kernel(scene, all, out_fd)) {
		for (size_t i = 0; i < members->n; i++)
			add_process(scene, members->pid[i], all);
		if (all->refused < 0)
			part_unreadable_errno(out_fd, "descriptors", all->refused);
		if (all->n_all > 0)
			part_unreadable(out_fd, "states of sockets",
					scene->no_kernel ? scene->no_kernel
							 : "there is no walk of open files");
	}
	tell(all, out_fd);
	free(all);
}
