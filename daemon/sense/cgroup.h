/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Facts from a unit's cgroup folders, on unified, hybrid and v1 hosts. A
 * controller that is not there leaves its metrics absent.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/usage.h"

/* Where the hierarchies are mounted; "" where there is none. */
struct cgroup_roots {
	char unified[256]; /* cgroup2: ids, pressure, processes */
	char named[256];   /* v1 name=systemd, where there is no cgroup2 */
	char cpuacct[256], memory[256], pids[256], blkio[256]; /* v1 controllers */
};

/* From the text of /proc/self/mountinfo (the path is an argument for tests). Where a hierarchy is
 * mounted more than once, the first mount of its root counts. */
int cgroup_roots_read(const char *mountinfo, struct cgroup_roots *ret);

/* Open a folder below one of the roots. -ENOENT: no such folder or no such hierarchy; -EINVAL: not a
 * path below a root. */
int cgroup_open_folder(const char *root, const char *path);

/* The kept-open files of one cgroup, read by pread() each tick. */
struct cgroup_files;
/* path is below the roots, "/system.slice/x.service". -ENOENT: no such folder in any hierarchy, or
 * no file in it that we know; -EINVAL: not such a path. It holds up to 9 descriptors. */
int cgroup_files_open(const struct cgroup_roots *roots, const char *path,
		      struct cgroup_files **ret);
struct cgroup_files *cgroup_files_close(struct cgroup_files *files);
DEFINE_CLEANUP(struct cgroup_files *, cgroup_files_close)
/* cpu.stat, memory.current (and swap), pids.current, io.stat, pressure, memory.events (with those
 * of the cgroups below); whatever of them is there. Of a v1 hierarchy only what the unified one does not tell. -ENODEV: the
 * cgroup is gone. */
int cgroup_files_read(struct cgroup_files *files, struct usage *ret);

/* The id of a cgroup: its folder's inode in the unified hierarchy. -ENOENT: no such folder, or no
 * unified hierarchy. */
int cgroup_id(const struct cgroup_roots *roots, const char *path, uint64_t *ret);

/* Process ids of the folder and all below it (32 levels), in the unified hierarchy or else in that of
 * name=systemd; ret is the caller's to free(). -ENOENT: no such folder. */
int cgroup_processes(const struct cgroup_roots *roots, const char *path, uint32_t **ret,
		     size_t *ret_n);

/* Every cgroup below the root that has processes of its own, parents before their children; a path
 * each. visit() returns 0 to go on; what else it returns is returned. */
int cgroup_walk(const struct cgroup_roots *roots, int (*visit)(const char *path, void *userdata),
		void *userdata);
