/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: a temporary one beside it, and a rename. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/whole_file.h"

/* Into size + 1 bytes. A file that shrinks meanwhile is as bad as one with a NUL. */
static int read_text(int fd, char *text, size_t size)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < size && n > 0) {
		n = read(fd, text + done, size - done);
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	text[done] = '\0';
	return strlen(text) == size ? 0 : -EBADMSG;
}

static int check_file(int fd, struct stat *ret)
{
	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, ret) < 0)
		return -errno;
	if (!S_ISREG(ret->st_mode))
		return -EBADMSG;
	return ret->st_size > WHOLE_FILE_MAX ? -EFBIG : 0;
}

int whole_file_read(const char *path, char **ret, mode_t *ret_permissions)
{
	CLEANUP(cleanup_close) int fd = -1;
	struct stat status = { 0 };
	char *text;
	int r;

	/* Not to wait for the other end of a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	r = check_file(fd, &status);
	if (r < 0)
		return r;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	r = read_text(fd, text, (size_t)status.st_size);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret = text;
	*ret_permissions = status.st_mode & 07777;
	return 0;
}

/* Begins with a dot and does not end as those names do which polkit and systemd look for. */
static int temporary_name(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path + 1) : 0;

	return text_format(ret, size, "%.*s.%s.new", folder, path, path + folder);
}

static int write_all(int fd, const char *text)
{
	size_t size = strlen(text), done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, text + done, size - done);
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	if (fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int write_new(const char *path, const char *text)
{
	CLEANUP(cleanup_close)
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (r < 0)
		(void)unlink(path);
	return r;
}

/* So that its entries are there after a power cut. */
static int sync_folder_of(const char *path)
{
	CLEANUP(cleanup_close) int fd = -1;
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int r;

	r = text_format(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
			slash ? path : ".");
	if (r < 0)
		return r;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int whole_file_write(const char *path, const char *text)
{
	char temporary[PATH_MAX];
	int r;

	r = temporary_name(path, temporary, sizeof(temporary));
	if (r < 0)
		return r;
	r = write_new(temporary, text);
	if (r < 0)
		return r;
	if (rename(temporary, path) < 0) {
		r = -errno;
		(void)unlink(temporary);
		return r;
	}
	return sync_folder_of(path);
}

int whole_file_remove(const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_folder_of(path);
}
