/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The naive scan of /proc. */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/scan.h"

static void read_file(const char *pid, const char *file)
{
	char path[64], text[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* it ended meanwhile */
	while (read(fd, text, sizeof(text)) > 0)
		;
	(void)close(fd);
}

static void list_descriptors(const char *pid)
{
	char path[64];
	DIR *directory;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	directory = opendir(path);
	if (!directory)
		return;
	while (readdir(directory))
		;
	(void)closedir(directory);
}

static void size_descriptors(const char *pid)
{
	struct stat status;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	(void)stat(path, &status);
}

static bool folder_has_size(void)
{
	struct stat status;

	return stat("/proc/self/fd", &status) == 0 && status.st_size > 0;
}

static size_t scan(bool with_cgroup, void (*count_descriptors)(const char *pid))
{
	DIR *directory = opendir("/proc");
	size_t n = 0;

	if (!directory)
		err(1, "/proc");
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		read_file(entry->d_name, "stat");
		read_file(entry->d_name, "status");
		read_file(entry->d_name, "io");
		if (with_cgroup)
			read_file(entry->d_name, "cgroup");
		count_descriptors(entry->d_name);
		n++;
	}
	(void)closedir(directory);
	return n;
}

size_t scan_four(void)
{
	return scan(false, folder_has_size() ? size_descriptors : list_descriptors);
}

size_t scan_full(void)
{
	return scan(true, list_descriptors);
}
