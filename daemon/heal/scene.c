/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what is there of a unit in trouble: its cgroup here, the rest in the files beside this. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heal/scene_part.h"

#define CGROUP_FILE_MOST 2048u /* io.stat of a host with twenty disks */
#define CGROUP_MOST	 6144u
#define CGROUP_DEPTH	 8
#define PATH_SIZE	 1024

const char *const scene_part[SCENE_PARTS] = { "course", "cgroup", "threads", "descriptors",
					      "journal" };

/* ---- parts ------------------------------------------------------------------------ */

bool part_begin(struct part *part, const char *name, int out_fd)
{
	*part = (struct part) { .name = name, .out_fd = out_fd };
	part->json.out = open_memstream(&part->text, &part->size);
	return part->json.out != NULL;
}

bool part_is_full(struct part *part, size_t most)
{
	return fflush(part->json.out) != 0 || part->size > most;
}

/* Nobody is left to hear of an error: who reads it finds that the part is not there. */
static void write_line(int fd, const char *name, const char *text, size_t size)
{
	char *line = NULL;
	int length = asprintf(&line, "%s\t%.*s\n", name, (int)size, text);
	ssize_t n;

	for (int at = 0; length > 0 && at < length; at += (int)n) {
		n = write(fd, line + at, (size_t)(length - at));
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			break;
	}
	free(line);
}

void part_end(struct part *part)
{
	if (fclose(part->json.out) == 0)
		write_line(part->out_fd, part->name, part->text, part->size);
	free(part->text);
}

void part_unreadable(int out_fd, const char *what, const char *why)
{
	struct part part;

	if (!part_begin(&part, "unreadable", out_fd))
		return;
	json_begin(&part.json, '{');
	json_text(&part.json, "what", what);
	json_text(&part.json, "why", why);
	json_end(&part.json, '}');
	part_end(&part);
}

void part_unreadable_errno(int out_fd, const char *what, int error)
{
	part_unreadable(out_fd, what, strerror(-error));
}

int part_read(const char *path, char *buffer, size_t size)
{
	CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && length < size - 1) {
		n = read(fd, buffer + length, size - 1 - length);
		if (n > 0)
			length += (size_t)n;
	}
	if (n < 0)
		return -errno;
	while (length > 0 && buffer[length - 1] == '\n')
		length--;
	buffer[length] = '\0';
	return (int)length;
}

/* ---- the cgroup --------------------------------------------------------------------- */

/* A controller that is off has no file, which is no wonder; one that refuses is. */
static void tell_file(struct part *part, const char *folder, const char *name)
{
	char path[PATH_SIZE], text[CGROUP_FILE_MOST];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return;
	r = part_read(path, text, sizeof(text));
	if (r < 0 && r != -ENOENT)
		part_unreadable_errno(part->out_fd, name, r);
	if (r < 0 || part_is_full(part, CGROUP_MOST))
		return;
	json_separate(&part->json);
	json_begin(&part->json, '{');
	json_text(&part->json, "file", name);
	json_text(&part->json, "text", text);
	json_end(&part->json, '}');
}

static void scene_cgroup(const struct scene *scene, int out_fd)
{
	static const char *const names[] = {
		"cgroup.events", "memory.current",  "memory.high",	   "memory.max",
		"memory.events", "memory.pressure", "memory.swap.current", "cpu.max",
		"cpu.stat",	 "cpu.pressure",    "io.pressure",	   "pids.current",
		"pids.max",	 "io.stat",
	};
	struct part part;

	if (!part_begin(&part, "cgroup", out_fd))
		return;
	json_key(&part.json, "cgroup");
	json_begin(&part.json, '[');
	for (size_t i = 0; scene->cgroup && i < sizeof(names) / sizeof(names[0]); i++)
		tell_file(&part, scene->cgroup, names[i]);
	json_end(&part.json, ']');
	part_end(&part);
}

static void add_processes(int folder_fd, struct members *members)
{
	int fd = openat(folder_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned int pid;

	while (file && members->n < SCENE_PROCESSES && fscanf(file, "%u", &pid) == 1)
		if (pid > 0) /* 0: of another process id namespace */
			members->pid[members->n++] = pid;
	if (file)
		(void)fclose(file);
	else if (fd >= 0)
		(void)close(fd);
}

static bool is_folder(int parent_fd, const char *name)
{
	struct stat status;

	return name[0] != '.' && fstatat(parent_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}

/* Takes fd. Of a tree as deep as nobody makes one, the upper part will do. */
static void add_below(int fd, int depth, struct members *members)
{
	DIR *folder = fdopendir(fd);
	struct dirent *entry;
	int child_fd;

	if (!folder) {
		(void)close(fd);
		return;
	}
	add_processes(fd, members);
	while (depth < CGROUP_DEPTH && (entry = readdir(folder))) {
		if (!is_folder(fd, entry->d_name))
			continue;
		child_fd = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child_fd >= 0)
			add_below(child_fd, depth + 1, members);
	}
	(void)closedir(folder);
}

int members_find(const char *cgroup, struct members *ret)
{
	int fd = cgroup ? open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	ret->n = 0;
	if (fd < 0)
		return cgroup ? -errno : -ENOENT;
	add_below(fd, 0, ret);
	return 0;
}

/* ---- the kernel's text --------------------------------------------------------------- */

bool kernel_text_open(struct kernel_text *text, int fd, unsigned long long cgroup_id)
{
	int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	*text = (struct kernel_text) { .cgroup_id = cgroup_id };
	text->file = own_fd < 0 ? NULL : fdopen(own_fd, "r");
	if (!text->file && own_fd >= 0)
		(void)close(own_fd);
	return text->file != NULL;
}

const char *kernel_text_next(struct kernel_text *text, int *ret_error)
{
	unsigned long long id;
	char *rest;

	for (;;) {
		errno = 0;
		if (getline(&text->line, &text->room, text->file) < 0) {
			if (errno != EAGAIN && errno != EINTR) { /* the walk goes on after these */
				*ret_error = -errno;
				return NULL;
			}
			clearerr(text->file);
			continue;
		}
		text->line[strcspn(text->line, "\n")] = '\0';
		if (text->line[0] == ' ') {
			if (text->is_ours)
				return text->line;
			continue;
		}
		id = strtoull(text->line, &rest, 10);
		text->is_ours = id == text->cgroup_id && *rest == ' ';
		if (text->is_ours)
			return rest + 1;
	}
}

void kernel_text_close(struct kernel_text *text)
{
	if (text->file)
		(void)fclose(text->file);
	free(text->line);
}

/* ---- all of it ------------------------------------------------------------------------ */

static void scene_course(const struct scene *scene, int out_fd)
{
	if (scene->course)
		write_line(out_fd, "course", scene->course, strlen(scene->course));
	else
		part_unreadable(out_fd, "course", "nothing was measured of it yet");
}

void scene_tell(const struct scene *scene, int out_fd)
{
	struct members members = { 0 };
	int r;

	scene_course(scene, out_fd);
	scene_cgroup(scene, out_fd);
	r = members_find(scene->cgroup, &members);
	if (r < 0)
		part_unreadable(out_fd, "processes",
				scene->cgroup ? strerror(-r) : "none is left of it");
	scene_threads(scene, &members, out_fd);
	scene_descriptors(scene, &members, out_fd);
	scene_journal(scene, out_fd);
}
