/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the cpu.stat of the top-level cgroups open, and follows their coming and going. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/flush.h"

DEFINE_CLEANUP(DIR *, closedir)

struct flush {
	int root_fd;
	nlink_t n_links; /* of the root, when its folders were listed: one each, and two */
	bool is_stale;	 /* list them again */
	size_t n, n_max;
	int *fd; /* of cpu.stat in the root and in each folder */
};

int flush_new(const char *root, struct flush **ret)
{
	struct flush *flush;
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	flush = calloc(1, sizeof(*flush));
	if (!flush) {
		(void)close(fd);
		return -ENOMEM;
	}
	flush->is_stale = true;
	flush->root_fd = fd;
	*ret = flush;
	return 0;
}

static void close_all(struct flush *flush)
{
	while (flush->n > 0)
		(void)close(flush->fd[--flush->n]);
}

struct flush *flush_free(struct flush *flush)
{
	if (flush) {
		close_all(flush);
		cleanup_close(&flush->root_fd);
		free(flush->fd);
		free(flush);
	}
	return NULL;
}

int flush_root_fd(const struct flush *flush)
{
	return flush->root_fd;
}

static int keep(struct flush *flush, int directory_fd)
{
	int fd;

	if (flush->n == flush->n_max) {
		size_t n_max = flush->n_max ? 2 * flush->n_max : 16;
		int *grown = reallocarray(flush->fd, n_max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		flush->fd = grown;
		flush->n_max = n_max;
	}
	fd = openat(directory_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	flush->fd[flush->n++] = fd;
	return 0;
}

static int keep_folder(struct flush *flush, const char *name)
{
	CLEANUP(cleanup_close)
	int fd = openat(flush->root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) /* a file, or gone meanwhile */
		return errno == ENOTDIR || errno == ENOENT ? 0 : -errno;
	return keep(flush, fd);
}

static int list(struct flush *flush)
{
	CLEANUP(closedirp) DIR *directory = NULL;
	int r, fd = openat(flush->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		(void)close(fd);
		return -ENOMEM;
	}
	close_all(flush);
	r = keep(flush, fd);
	for (struct dirent *entry; r >= 0 && (entry = readdir(directory));)
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG)
			r = keep_folder(flush, entry->d_name);
	return r;
}

static int refresh(struct flush *flush)
{
	struct stat status;
	int r;

	if (fstat(flush->root_fd, &status) < 0)
		return -errno;
	if (!flush->is_stale && status.st_nlink == flush->n_links)
		return 0;
	flush->is_stale = true;
	r = list(flush);
	if (r < 0)
		return r;
	flush->n_links = status.st_nlink;
	flush->is_stale = false;
	return 0;
}

static int read_all(struct flush *flush)
{
	char start[64]; /* reading any of it brings all up to date */

	for (size_t i = 0; i < flush->n; i++)
		if (pread(flush->fd[i], start, sizeof(start), 0) <= 0) {
			flush->is_stale = true; /* its folder has gone, another may have come */
			return -ENODEV;
		}
	return 0;
}

int flush_all(struct flush *flush)
{
	int r = -ENODEV;

	for (int tries = 0; tries < 2 && r == -ENODEV; tries++) {
		r = refresh(flush);
		if (r >= 0)
			r = read_all(flush);
	}
	return r;
}
