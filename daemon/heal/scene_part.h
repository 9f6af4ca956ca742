/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One part of a scene while it is written, and what the parts share. Of scene.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "heal/scene.h"

struct part {
	struct json json; /* of a stream in memory */
	char *text;
	size_t size;
	int out_fd;
	const char *name;
};

/* False: there is no memory for it, and nothing is to be ended. */
bool part_begin(struct part *part, const char *name, int out_fd);
/* No further item is to be put: it would have more than so many bytes. */
bool part_is_full(struct part *part, size_t most);
/* It leaves. */
void part_end(struct part *part);

/* What could not be read, and why. */
void part_unreadable(int out_fd, const char *what, const char *why);
void part_unreadable_errno(int out_fd, const char *what, int error);

/* The beginning of a file as text, without its last newlines; its length, or -errno. */
int part_read(const char *path, char *buffer, size_t size);

/* The processes of a unit. */
struct members {
	size_t n; /* at most SCENE_PROCESSES */
	uint32_t pid[SCENE_PROCESSES];
};
/* 0, or -errno: it has no cgroup. */
int members_find(const char *cgroup, struct members *ret);

/* Lines of the kernel's side that are about one cgroup, without its id; those between them that begin
 * with a space belong to the one before. */
struct kernel_text {
	FILE *file; /* owned */
	unsigned long long cgroup_id;
	bool is_ours;
	char *line; /* owned */
	size_t room;
};
/* The caller keeps fd. False: no memory. */
bool kernel_text_open(struct kernel_text *text, int fd, unsigned long long cgroup_id);
/* The next of our lines; NULL: that was the last, and *ret_error says if it broke off. */
const char *kernel_text_next(struct kernel_text *text, int *ret_error);
void kernel_text_close(struct kernel_text *text);

/* The parts that have a file of their own. */
void scene_threads(const struct scene *scene, const struct members *members, int out_fd);
void scene_descriptors(const struct scene *scene, const struct members *members, int out_fd);
void scene_journal(const struct scene *scene, int out_fd);
