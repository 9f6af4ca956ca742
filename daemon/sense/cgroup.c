/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads cgroup folders; which files there are decides what is known. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sense/cgroup.h"
#include "sense/keyfile.h"

#define DEPTH_MAX     32
#define FILEID_KERNFS 0xfe /* linux/exportfs.h: the handle is the 64-bit id */

DEFINE_CLEANUP(DIR *, closedir)
DEFINE_CLEANUP(FILE *, fclose)

/* ---- where the hierarchies are ------------------------------------------- */

/* Undo mountinfo's octal escapes of blanks and backslashes, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

struct mount {
	char *root, *point, *type, *options;
};

/* "30 22 0:27 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw"; the line is cut up. */
static bool parse_mount(char *line, struct mount *ret)
{
	char *field[6], *rest = line, *tail = strstr(line, " - ");
	struct mount mount;

	if (!tail)
		return false;
	*tail = '\0';
	tail += strlen(" - ");
	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		field[i] = strsep(&rest, " ");
		if (!field[i])
			return false;
	}
	mount.root = field[3];
	mount.point = field[4];
	mount.type = strsep(&tail, " ");
	(void)strsep(&tail, " "); /* the source */
	mount.options = strsep(&tail, " \n");
	if (!mount.options)
		return false;
	unescape(mount.point);
	*ret = mount;
	return true;
}

static bool has_option(const char *options, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = options; (at = strstr(at, name)); at += length)
		if ((at == options || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
			return true;
	return false;
}

static void take_root(char root[256], const char *point)
{
	if (root[0] == '\0' && text_format(root, 256, "%s", point) < 0)
		root[0] = '\0'; /* a path cut short is another path */
}

/* A mount of a folder further down ("/docker/1a2b") shows paths that we could not name. */
static void take_mount(struct cgroup_roots *roots, const struct mount *mount)
{
	if (strcmp(mount->root, "/") != 0)
		return;
	if (strcmp(mount->type, "cgroup2") == 0)
		take_root(roots->unified, mount->point);
	if (strcmp(mount->type, "cgroup") != 0)
		return;
	if (has_option(mount->options, "name=systemd"))
		take_root(roots->named, mount->point);
	if (has_option(mount->options, "cpuacct"))
		take_root(roots->cpuacct, mount->point);
	if (has_option(mount->options, "memory"))
		take_root(roots->memory, mount->point);
	if (has_option(mount->options, "pids"))
		take_root(roots->pids, mount->point);
	if (has_option(mount->options, "blkio"))
		take_root(roots->blkio, mount->point);
}

int cgroup_roots_read(const char *mountinfo, struct cgroup_roots *ret)
{
	CLEANUP(fclosep) FILE *file = fopen(mountinfo, "re");
	CLEANUP(cleanup_free) char *line = NULL;
	struct cgroup_roots roots = { 0 };
	struct mount mount;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) >= 0)
		if (parse_mount(line, &mount))
			take_mount(&roots, &mount);
	if (ferror(file))
		return -EIO;
	*ret = roots;
	return 0;
}

/* Paths come from systemd and the kernel, and are still checked: ".." would leave the root. */
static bool is_path(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || at[3] == '\0')
			return false;
	return path[0] == '/';
}

int cgroup_open_folder(const char *root, const char *path)
{
	char joined[PATH_MAX];
	int r;

	if (!is_path(path))
		return -EINVAL;
	if (root[0] == '\0')
		return -ENOENT;
	r = text_format(joined, sizeof(joined), "%s%s", root, path);
	if (r < 0)
		return r;
	r = open(joined, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int cgroup_id(const struct cgroup_roots *roots, const char *path, uint64_t *ret)
{
	CLEANUP(cleanup_close) int fd = cgroup_open_folder(roots->unified, path);
	union {
		struct file_handle head;
		char bytes[sizeof(struct file_handle) + sizeof(uint64_t)];
	} handle = { .head.handle_bytes = sizeof(uint64_t) };
	struct stat status;
	int mount;

	if (fd < 0)
		return fd;
	/* The inode's number is cut where it has 32 bits; the handle never is. */
	if (name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH) == 0 &&
	    handle.head.handle_type == FILEID_KERNFS &&
	    handle.head.handle_bytes == sizeof(uint64_t)) {
		memcpy(ret, handle.head.f_handle, sizeof(uint64_t));
		return 0;
	}
	if (fstat(fd, &status) < 0)
		return -errno;
	*ret = status.st_ino;
	return 0;
}

/* ---- walks --------------------------------------------------------------- */

struct walk {
	/* Of each folder, parents first; what is not 0 ends the walk. */
	int (*at)(struct walk *walk, int fd);
	char path[PATH_MAX]; /* of the folder, below the root; "" is the root */
	uint32_t *pids;
	size_t n, n_max;
	int (*visit)(const char *path, void *userdata);
	void *userdata;
};

static int walk_folder(struct walk *walk, int fd, int depth);

static int walk_child(struct walk *walk, int parent_fd, const char *name, int depth)
{
	CLEANUP(cleanup_close) int fd = -1;
	size_t length = strlen(walk->path);
	int r;

	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) /* a file, or gone meanwhile */
		return 0;
	r = text_format(walk->path + length, sizeof(walk->path) - length, "/%s", name);
	r = r < 0 ? 0 : walk_folder(walk, fd, depth); /* the kernel makes no path that long */
	walk->path[length] = '\0';
	return r;
}

static int walk_folder(struct walk *walk, int fd, int depth)
{
	CLEANUP(closedirp) DIR *directory = NULL;
	int r, own_fd;

	r = walk->at(walk, fd);
	if (r != 0 || depth == DEPTH_MAX)
		return r;
	own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own_fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	directory = fdopendir(own_fd);
	if (!directory) {
		(void)close(own_fd);
		return -ENOMEM;
	}
	for (struct dirent *entry; r == 0 && (entry = readdir(directory));)
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG)
			r = walk_child(walk, fd, entry->d_name, depth + 1);
	return r;
}

static int walk_from(struct walk *walk, const struct cgroup_roots *roots, const char *path)
{
	CLEANUP(cleanup_close)
	int fd = cgroup_open_folder(roots->unified[0] ? roots->unified : roots->named, path);

	return fd < 0 ? fd : walk_folder(walk, fd, 0);
}

static int append_pid(struct walk *walk, uint32_t pid)
{
	if (walk->n == walk->n_max) {
		size_t n_max = walk->n_max ? 2 * walk->n_max : 64;
		uint32_t *grown = reallocarray(walk->pids, n_max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		walk->pids = grown;
		walk->n_max = n_max;
	}
	walk->pids[walk->n++] = pid;
	return 0;
}

/* A threaded cgroup refuses to list processes: they are listed above it. */
static int collect_pids(struct walk *walk, int fd)
{
	CLEANUP(fclosep) FILE *file = NULL;
	unsigned int pid;
	int r = 0, file_fd = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);

	if (file_fd < 0)
		return 0;
	file = fdopen(file_fd, "r");
	if (!file) {
		(void)close(file_fd);
		return -ENOMEM;
	}
	while (r == 0 && fscanf(file, "%u", &pid) == 1)
		if (pid != 0) /* 0: of another pid namespace */
			r = append_pid(walk, pid);
	return r;
}

int cgroup_processes(const struct cgroup_roots *roots, const char *path, uint32_t **ret,
		     size_t *ret_n)
{
	struct walk walk = { .at = collect_pids };
	int r;

	r = walk_from(&walk, roots, path);
	if (r < 0) {
		free(walk.pids);
		return r;
	}
	*ret = walk.pids;
	*ret_n = walk.n;
	return 0;
}

static int visit_populated(struct walk *walk, int fd)
{
	char start[16];

	if (walk->path[0] == '\0' || keyfile_read(fd, "cgroup.procs", start, sizeof(start)) <= 0)
		return 0;
	return walk->visit(walk->path, walk->userdata);
}

int cgroup_walk(const struct cgroup_roots *roots, int (*visit)(const char *path, void *userdata),
		void *userdata)
{
	struct walk walk = { .at = visit_populated, .visit = visit, .userdata = userdata };

	return walk_from(&walk, roots, "/");
}
