/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded cgroup folders: unified, hybrid and v1 hosts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sense/cgroup.h"
#include "tests/unit/assertion.h"

#define SHOP "/system.slice/shop.service"

static const struct cgroup_roots v2 = { .unified = "tests/data/cgroup-v2" };
static const struct cgroup_roots hybrid = {
	.unified = "tests/data/cgroup-hybrid/unified",
	.named = "tests/data/cgroup-hybrid/memory",
	.cpuacct = "tests/data/cgroup-hybrid/cpuacct",
	.memory = "tests/data/cgroup-hybrid/memory",
	.pids = "tests/data/cgroup-hybrid/pids",
};
static const struct cgroup_roots v1 = {
	.named = "tests/data/cgroup-v1/systemd",
	.cpuacct = "tests/data/cgroup-v1/cpuacct",
	.memory = "tests/data/cgroup-v1/memory",
	.blkio = "tests/data/cgroup-v1/blkio",
};

static double value(const struct usage *usage, enum metric metric)
{
	cr_assert(ne(u64, usage->have & METRIC_BIT(metric), 0), "%s is absent",
		  metric_table[metric].name);
	return usage->total[metric];
}

static struct usage read_once(const struct cgroup_roots *roots, const char *path)
{
	CLEANUP(cgroup_files_closep) struct cgroup_files *files = NULL;
	struct usage usage = { 0 };

	cr_assert(eq(int, cgroup_files_open(roots, path, &files), 0));
	cr_assert(eq(int, cgroup_files_read(files, &usage), 0));
	return usage;
}

Test(cgroup, first_mount_of_each_hierarchys_root_is_found)
{
	struct cgroup_roots roots;

	cr_assert(eq(int, cgroup_roots_read("tests/data/mountinfo/v2", &roots), 0));
	cr_assert(eq(str, roots.unified, "/sys/fs/cgroup"));
	cr_assert(eq(str, roots.named, ""));
	cr_assert(eq(str, roots.memory, ""));

	cr_assert(eq(int, cgroup_roots_read("tests/data/mountinfo/hybrid", &roots), 0));
	cr_assert(eq(str, roots.unified, "/sys/fs/cgroup/unified"));
	cr_assert(eq(str, roots.named, "/sys/fs/cgroup/systemd"));
	cr_assert(eq(str, roots.cpuacct, "/sys/fs/cgroup/cpu,cpuacct"));
	cr_assert(eq(str, roots.memory, "/sys/fs/cgroup/memory"));
	cr_assert(eq(str, roots.pids, "/sys/fs/cgroup/pids"));
	cr_assert(eq(str, roots.blkio, "/sys/fs/cgroup/blkio"));
}

Test(cgroup, odd_mounts_are_read_for_what_they_are)
{
	struct cgroup_roots roots;

	cr_assert(eq(int, cgroup_roots_read("tests/data/mountinfo/odd", &roots), 0));
	cr_assert(eq(str, roots.cpuacct, "/mnt/a b\\c"), "octal escapes");
	cr_assert(eq(str, roots.memory, ""), "a mount of a folder further down");
	cr_assert(eq(str, roots.unified, ""), "a device of that name");
	cr_assert(eq(int, cgroup_roots_read("tests/data/none", &roots), -ENOENT));
}

Test(cgroup, unified_folder_tells_everything)
{
	struct usage shop = read_once(&v2, SHOP);

	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_CPU), 2.5, 1e-9));
	cr_assert(eq(dbl, value(&shop, METRIC_MEMORY), 104857600));
	cr_assert(eq(dbl, value(&shop, METRIC_SWAP), 4096));
	cr_assert(eq(dbl, value(&shop, METRIC_OOM_KILLS), 1));
	cr_assert(eq(dbl, value(&shop, METRIC_THREADS), 17));
	cr_assert(eq(dbl, value(&shop, METRIC_READ_BYTES), 9192));
	cr_assert(eq(dbl, value(&shop, METRIC_WRITE_BYTES), 4120));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_CPU_SOME), 2, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_MEMORY_SOME), 0.3, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_MEMORY_FULL), 0.1, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_IO_SOME), 0.04, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_IO_FULL), 0.02, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_CPU_FULL), 0.7, 1e-9));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_THROTTLED), 1.5, 1e-9));
	cr_assert(eq(dbl, value(&shop, METRIC_MEMORY_HIGH), 12));
	cr_assert(eq(dbl, value(&shop, METRIC_MEMORY_MAX), 3));
}

Test(cgroup, controller_that_is_not_there_leaves_its_metrics_absent)
{
	struct usage idle = read_once(&v2, "/system.slice/idle.service");

	cr_assert(eq(u64, idle.have,
		     METRIC_BIT(METRIC_CPU) | METRIC_BIT(METRIC_READ_BYTES) |
			     METRIC_BIT(METRIC_WRITE_BYTES)));
	cr_assert(eq(dbl, value(&idle, METRIC_READ_BYTES), 0), "no I/O yet is known");
}

Test(cgroup, hybrid_host_takes_from_v1_what_the_unified_folder_lacks)
{
	struct usage shop = read_once(&hybrid, SHOP);

	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_CPU), 1, 1e-9), "not cpuacct's 77");
	cr_assert(eq(dbl, value(&shop, METRIC_MEMORY), 52428800));
	cr_assert(eq(dbl, value(&shop, METRIC_OOM_KILLS), 5));
	cr_assert(eq(dbl, value(&shop, METRIC_THREADS), 3));
	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_PSI_CPU_SOME), 1e-5, 1e-12));
	cr_assert(zero(u64, shop.have & METRIC_BIT(METRIC_SWAP)));
	cr_assert(zero(u64, shop.have & METRIC_BIT(METRIC_THROTTLED)));
	cr_assert(zero(u64, shop.have & METRIC_BIT(METRIC_MEMORY_MAX)));
}

Test(cgroup, v1_host_has_no_pressure_and_no_ids)
{
	struct usage shop = read_once(&v1, SHOP);
	uint64_t id = 7;

	cr_assert(epsilon_eq(dbl, value(&shop, METRIC_CPU), 77, 1e-9));
	cr_assert(eq(dbl, value(&shop, METRIC_MEMORY), 52428800));
	cr_assert(eq(dbl, value(&shop, METRIC_READ_BYTES), 4196));
	cr_assert(eq(dbl, value(&shop, METRIC_WRITE_BYTES), 522));
	cr_assert(zero(u64, shop.have & METRIC_BIT(METRIC_PSI_CPU_SOME)));
	cr_assert(eq(int, cgroup_id(&v1, SHOP, &id), -ENOENT));
	cr_assert(eq(u64, id, 7));
}

Test(cgroup, path_that_leaves_the_root_is_refused)
{
	static const char *const paths[] = { "",       "system.slice", "/..",
					     "/../v1", "/a/../b",      "/system.slice/.." };
	struct cgroup_files *files;
	uint64_t id;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		cr_assert(eq(int, cgroup_files_open(&v2, paths[i], &files), -EINVAL), "%s",
			  paths[i]);
		cr_assert(eq(int, cgroup_id(&v2, paths[i], &id), -EINVAL), "%s", paths[i]);
	}
	cr_assert(eq(int, cgroup_id(&v2, "/..x", &id), -ENOENT), "dots within a name are fine");
}

Test(cgroup, folder_that_is_not_there_is_said_so)
{
	struct cgroup_files *files;
	uint32_t *pids;
	size_t n;

	cr_assert(eq(int, cgroup_files_open(&v2, "/none.service", &files), -ENOENT));
	cr_assert(eq(int, cgroup_processes(&v2, "/none.service", &pids, &n), -ENOENT));
}

Test(cgroup, id_is_the_inode_of_the_unified_folder)
{
	struct stat status;
	uint64_t id = 0;

	cr_assert(zero(int, stat("tests/data/cgroup-v2" SHOP, &status)));
	cr_assert(eq(int, cgroup_id(&v2, SHOP, &id), 0));
	cr_assert(eq(u64, id, status.st_ino));
}

Test(cgroup, processes_are_those_of_all_folders_below)
{
	CLEANUP(cleanup_free) uint32_t *pids = NULL;
	uint32_t sum = 0;
	size_t n = 0;

	cr_assert(eq(int, cgroup_processes(&v2, SHOP, &pids, &n), 0));
	for (size_t i = 0; i < n; i++)
		sum += pids[i];
	cr_assert(eq(sz, n, 4), "0, which is of another namespace, is none");
	cr_assert(eq(u32, sum, 101 + 102 + 103 + 104));
}

Test(cgroup, v1_host_lists_processes_by_the_named_hierarchy)
{
	CLEANUP(cleanup_free) uint32_t *pids = NULL;
	size_t n = 0;

	cr_assert(eq(int, cgroup_processes(&v1, SHOP, &pids, &n), 0));
	cr_assert(eq(sz, n, 2));
}

struct visited {
	size_t n, stop_at;
	char paths[8][128];
};

static int visit(const char *path, void *userdata)
{
	struct visited *visited = userdata;

	(void)snprintf(visited->paths[visited->n++], sizeof(visited->paths[0]), "%s", path);
	return visited->n == visited->stop_at ? 5 : 0;
}

static bool is_visited(const struct visited *visited, const char *path)
{
	for (size_t i = 0; i < visited->n; i++)
		if (strcmp(visited->paths[i], path) == 0)
			return true;
	return false;
}

Test(cgroup, walk_visits_each_folder_with_processes_of_its_own)
{
	struct visited visited = { 0 };

	cr_assert(eq(int, cgroup_walk(&v2, visit, &visited), 0));
	cr_assert(eq(sz, visited.n, 4), "not the root, not the empty ones");
	cr_assert(is_visited(&visited, SHOP));
	cr_assert(is_visited(&visited, SHOP "/worker"));
	cr_assert(is_visited(&visited, SHOP "/worker/deep"));
	cr_assert(is_visited(&visited, "/user.slice/user-1000.slice/session-2.scope"));
}

Test(cgroup, walk_ends_when_told)
{
	struct visited stopped = { .stop_at = 1 };

	cr_assert(eq(int, cgroup_walk(&v2, visit, &stopped), 5));
	cr_assert(eq(sz, stopped.n, 1));
}
