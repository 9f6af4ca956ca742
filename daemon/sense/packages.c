/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The locks of package managers, as far as anybody may see them. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sense/packages.h"

#define MOUNTS "/proc/self/mountinfo"

/* Held for writing while packages are changed. apt holds dpkg's all through, also between two runs of dpkg. */
static const char *const locks[] = {
	"/var/lib/dpkg/lock-frontend",
	"/var/lib/dpkg/lock",
	"/var/lib/rpm/.rpm.lock",
	"/usr/lib/sysimage/rpm/.rpm.lock",
};
#define LOCKS (sizeof(locks) / sizeof(locks[0]))

#define PACMAN "/var/lib/pacman/db.lck"

DEFINE_CLEANUP(FILE *, fclose)

struct lock_file {
	uint64_t inode; /* 0: there is none */
	unsigned int major, minor;
	uint64_t mount;
};

static void find(const char *root, const char *name, struct lock_file *ret)
{
	struct statx file;
	char path[PATH_MAX];

	*ret = (struct lock_file) { 0 };
	if (text_format(path, sizeof(path), "%s%s", root, name) < 0 ||
	    statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_INO | STATX_MNT_ID, &file) < 0)
		return;
	ret->inode = file.stx_ino;
	ret->major = file.stx_dev_major;
	ret->minor = file.stx_dev_minor;
	ret->mount = file.stx_mask & STATX_MNT_ID ? file.stx_mnt_id : 0;
}

/* btrfs and overlayfs tell stat() a device of their own making, and /proc/locks the file system's. */
static bool is_mounted_from(uint64_t mount, unsigned int major, unsigned int minor)
{
	CLEANUP(fclosep) FILE *file = fopen(MOUNTS, "re");
	CLEANUP(cleanup_free) char *line = NULL;
	unsigned int its_major, its_minor;
	unsigned long long id;
	size_t size = 0;

	while (mount && file && getline(&line, &size, file) > 0)
		if (sscanf(line, "%llu %*u %u:%u", &id, &its_major, &its_minor) == 3 && id == mount)
			return its_major == major && its_minor == minor;
	return false;
}

/* "3: POSIX  ADVISORY  WRITE 4711 fe:00:408225 0 EOF"; one that waits has "->" behind its number. */
static bool is_held(const char *line, const struct lock_file *files)
{
	unsigned int major, minor;
	unsigned long long inode;

	if (sscanf(line, "%*u: %*[A-Z] %*s WRITE %*d %x:%x:%llu", &major, &minor, &inode) != 3)
		return false;
	for (size_t i = 0; i < LOCKS; i++)
		if (files[i].inode && files[i].inode == inode &&
		    ((files[i].major == major && files[i].minor == minor) ||
		     is_mounted_from(files[i].mount, major, minor)))
			return true;
	return false;
}

static bool is_locked(const struct packages *packages)
{
	CLEANUP(fclosep) FILE *file = NULL;
	CLEANUP(cleanup_free) char *line = NULL;
	struct lock_file files[LOCKS];
	bool is_any = false;
	size_t size = 0;

	for (size_t i = 0; i < LOCKS; i++) {
		find(packages->root, locks[i], &files[i]);
		is_any |= files[i].inode != 0;
	}
	if (is_any)
		file = fopen(packages->locks, "re");
	while (file && getline(&line, &size, file) > 0)
		if (is_held(line, files))
			return true;
	return false;
}

static bool is_left_there(const struct packages *packages, uint64_t wall_ms)
{
	char path[PATH_MAX];
	struct stat file;
	uint64_t made_ms;

	if (text_format(path, sizeof(path), "%s" PACMAN, packages->root) < 0 ||
	    stat(path, &file) < 0)
		return false;
	made_ms = (uint64_t)file.st_mtim.tv_sec * 1000;
	return wall_ms < made_ms + PACKAGES_STALE_MS;
}

void packages_init(struct packages *packages, const char *root, const char *locks_file)
{
	*packages = (struct packages) { .root = root, .locks = locks_file };
}

bool packages_busy(struct packages *packages, uint64_t when_ms, uint64_t wall_ms)
{
	if (packages->was_read && when_ms - packages->read_ms < PACKAGES_EVERY_MS)
		return packages->is_busy;
	packages->is_busy = is_locked(packages) || is_left_there(packages, wall_ms);
	packages->read_ms = when_ms;
	packages->was_read = true;
	return packages->is_busy;
}
