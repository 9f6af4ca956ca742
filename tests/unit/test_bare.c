/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The units of a host without systemd: cgroups of a folder, and process trees of a list. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/bare.h"
#include "tests/unit/assertion.h"

#define NUMBERS_MAX 2048

/* The table of units: a name's number is its place, from 1 on. */
static char names[NUMBERS_MAX][UNIT_NAME_SIZE];
static uint32_t n_names, n_names_max = NUMBERS_MAX;

static uint32_t number(const char *name, void *userdata)
{
	(void)userdata;
	for (uint32_t i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return i + 1;
	if (n_names == n_names_max)
		return 0;
	(void)snprintf(names[n_names++], UNIT_NAME_SIZE, "%s", name);
	return n_names;
}

static struct bare *trees(void)
{
	static const struct cgroup_roots none;
	struct bare *bare = NULL;

	cr_assert(eq(int, bare_new(&none, number, NULL, &bare), 0));
	cr_assert(bare_is_trees(bare));
	return bare;
}

static struct process process(uint32_t pid, uint32_t parent, const char *command, double cpu)
{
	struct process process = { .pid = pid, .parent = parent };

	memcpy(process.command, command, strnlen(command, sizeof(process.command) - 1));
	usage_set(&process.usage, METRIC_CPU, cpu);
	usage_set(&process.usage, METRIC_PROCESSES, 1);
	return process;
}

static const struct unit_status *find(const struct bare *bare, const char *name)
{
	size_t n;
	const struct unit_status *list = bare_list(bare, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

/* How many processes the unit of that name has; 0: it has none, or there is no such unit. */
static int processes_of(const struct bare *bare, const char *name)
{
	const struct unit_status *status = find(bare, name);
	struct usage usage;

	if (!status || !bare_usage(bare, status->unit, &usage))
		return 0;
	return (int)usage.total[METRIC_PROCESSES];
}

static double cpu_of(const struct bare *bare, const char *name)
{
	struct usage usage = { 0 };

	cr_assert(bare_usage(bare, find(bare, name)->unit, &usage), "%s", name);
	return usage.total[METRIC_CPU];
}

Test(bare, tree_is_the_child_of_pid_1_and_all_below_it)
{
	CLEANUP(bare_freep) struct bare *bare = trees();
	const struct process list[] = {
		process(60, 1, "nginx", 0),    process(13, 60, "late", 0),
		process(1, 0, "init", 1),      process(10, 1, "nginx", 2),
		process(11, 10, "worker", 4),  process(12, 11, "cgi", 8),
		process(20, 1, "nginx", 16),   process(30, 1, "sshd", 32),
		process(5, 12, "deep", 64),    process(40, 0, "entered", 128),
		process(50, 999, "orphan", 1),
	};
	size_t n;

	cr_assert(eq(int, bare_fold(bare, list, sizeof(list) / sizeof(list[0])), 0));
	(void)bare_list(bare, &n);
	cr_assert(eq(sz, n, 5));
	cr_assert(eq(int, processes_of(bare, "init"), 1));
	cr_assert(eq(int, processes_of(bare, "nginx"), 7));
	cr_assert(eq(dbl, cpu_of(bare, "nginx"), 94));
	cr_assert(eq(int, processes_of(bare, "sshd"), 1));
	cr_assert(eq(int, processes_of(bare, "entered"), 1));
	cr_assert(eq(int, processes_of(bare, "orphan"), 1));
	cr_assert(eq(int, find(bare, "nginx")->kind, UNIT_KIND_TREE));
	cr_assert(eq(int, find(bare, "nginx")->active, UNIT_ACTIVE_UNKNOWN));
	cr_assert(eq(ptr, (void *)find(bare, "worker"), NULL));
}

Test(bare, workers_that_come_and_go_do_not_hide_the_work)
{
	CLEANUP(bare_freep) struct bare *bare = trees();
	const struct process before[] = { process(10, 1, "make", 1), process(11, 10, "cc", 50) };
	const struct process after[] = { process(10, 1, "make", 2), process(12, 10, "cc", 3) };
	double cpu;

	cr_assert(eq(int, bare_fold(bare, before, 2), 0));
	cpu = cpu_of(bare, "make");
	cr_assert(eq(int, bare_fold(bare, after, 2), 0));
	cr_assert(eq(dbl, cpu_of(bare, "make") - cpu, 4));
}

Test(bare, hostile_commands_get_harmless_names)
{
	static const struct {
		const char *command, *name;
	} cases[] = {
		{ "", "unnamed" },
		{ "  ", "unnamed" },
		{ "a\x1b[2Jb\n", "a\\x1b[2Jb\\x0a" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "Web Content", "Web Content" },
		{ "host", "host (command)" },
		{ "others", "others (command)" },
		{ "sim-web.service", "sim-web.service (command)" },
		{ "/docker", "/docker (command)" },
	};
	CLEANUP(bare_freep) struct bare *bare = trees();

	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct process list[] = { process(10 + i, 1, cases[i].command, 1) };

		cr_assert(eq(int, bare_fold(bare, list, 1), 0));
		cr_assert(eq(int, processes_of(bare, cases[i].name), 1), "%s", cases[i].name);
	}
}

Test(bare, tree_without_processes_stays_a_while_and_has_no_usage)
{
	CLEANUP(bare_freep) struct bare *bare = trees();
	const struct process list[] = { process(10, 1, "sshd", 1), process(20, 1, "cron", 1) };

	cr_assert(eq(int, bare_fold(bare, list, 2), 0));
	for (int i = 0; i < 600; i++) {
		cr_assert(eq(int, bare_fold(bare, list, 1), 0));
		cr_assert(ne(ptr, (void *)find(bare, "cron"), NULL), "fold %d", i);
		cr_assert(eq(int, processes_of(bare, "cron"), 0));
	}
	cr_assert(eq(int, bare_fold(bare, list, 1), 0));
	cr_assert(eq(ptr, (void *)find(bare, "cron"), NULL));
	cr_assert(eq(int, processes_of(bare, "sshd"), 1));
	cr_assert(eq(int, bare_fold(bare, list, 2), 0));
	cr_assert(eq(int, processes_of(bare, "cron"), 1));
}

/* n processes, each the child of PID 1 with a command of its own. */
static struct process *crowd(uint32_t first, uint32_t n)
{
	struct process *list = calloc(n, sizeof(*list));
	char command[16];

	cr_assert(ne(ptr, list, NULL));
	for (uint32_t i = 0; i < n; i++) {
		(void)snprintf(command, sizeof(command), "p%u", first + i);
		list[i] = process(100 + first + i, 1, command, 1);
	}
	return list;
}

Test(bare, beyond_the_bound_the_rest_are_others)
{
	CLEANUP(bare_freep) struct bare *bare = trees();
	CLEANUP(cleanup_free) struct process *first = crowd(0, BARE_UNITS_MAX + 88);
	CLEANUP(cleanup_free) struct process *second = crowd(5000, 1);
	size_t n;

	cr_assert(eq(int, bare_fold(bare, first, BARE_UNITS_MAX + 88), 0));
	(void)bare_list(bare, &n);
	cr_assert(eq(sz, n, BARE_UNITS_MAX));
	cr_assert(eq(int, processes_of(bare, "p510"), 1));
	cr_assert(eq(int, processes_of(bare, "others"), 89));
	cr_assert(zero(sz, bare_unwatched(bare)), "the others are watched");
	cr_assert(eq(int, bare_fold(bare, second, 1), 0), "none of them was away before");
	cr_assert(eq(int, processes_of(bare, "others"), 1));
	cr_assert(eq(int, bare_fold(bare, second, 1), 0), "one of the absent makes room");
	cr_assert(eq(int, processes_of(bare, "p5000"), 1));
}

Test(bare, full_table_of_numbers_leaves_trees_out)
{
	CLEANUP(bare_freep) struct bare *bare = trees();
	const struct process list[] = { process(10, 1, "sshd", 1), process(20, 1, "cron", 1) };
	size_t n;

	n_names_max = n_names + 1;
	cr_assert(eq(int, bare_fold(bare, list, 2), 0));
	(void)bare_list(bare, &n);
	cr_assert(eq(sz, n, 1));
	cr_assert(eq(int, processes_of(bare, "sshd"), 1));
	cr_assert(eq(sz, bare_unwatched(bare), 1));
	cr_assert(eq(int, bare_fold(bare, list, 1), 0));
	cr_assert(zero(sz, bare_unwatched(bare)), "it has ended");
}

Test(bare, circle_of_parents_ends)
{
	CLEANUP(bare_freep) struct bare *bare = trees();
	const struct process list[] = {
		process(10, 12, "a", 1), process(11, 10, "b", 1), process(12, 11, "c", 1),
		process(13, 13, "d", 1), process(14, 12, "e", 1),
	};
	size_t n;

	cr_assert(eq(int, bare_fold(bare, list, 5), 0));
	(void)bare_list(bare, &n);
	cr_assert(eq(sz, n, 2), "the circle is one unit, the one that is its own parent another");
}

/* ---- cgroups ------------------------------------------------------------- */

static char root[] = "/tmp/test_bare_XXXXXX";

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_root(void)
{
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_cgroup(const char *path, const char *processes)
{
	char name[512];
	FILE *file;

	(void)snprintf(name, sizeof(name), "%s%s", root, path);
	(void)mkdir(name, 0755);
	(void)snprintf(name, sizeof(name), "%s%s/cgroup.procs", root, path);
	file = fopen(name, "we");
	cr_assert(ne(ptr, file, NULL));
	(void)fputs(processes, file);
	(void)fclose(file);
}

Test(bare, cgroups_with_processes_are_units_named_by_their_path, .fini = remove_root)
{
	CLEANUP(bare_freep) struct bare *bare = NULL;
	struct cgroup_roots roots = { 0 };
	struct usage usage;
	struct stat info;
	char path[64];

	cr_assert(ne(ptr, mkdtemp(root), NULL));
	(void)snprintf(roots.unified, sizeof(roots.unified), "%s", root);
	make_cgroup("", "1\n");
	make_cgroup("/web", "10\n");
	make_cgroup("/docker", "");
	make_cgroup("/docker/abc", "20\n21\n");

	cr_assert(eq(int, bare_new(&roots, number, NULL, &bare), 0));
	cr_assert(not(bare_is_trees(bare)));
	cr_assert(eq(ptr, (void *)find(bare, "/docker"), NULL), "it has no process");
	cr_assert(eq(int, find(bare, "/docker/abc")->kind, UNIT_KIND_CGROUP));
	cr_assert(eq(str, (char *)find(bare, "/docker/abc")->cgroup, "/docker/abc"));
	(void)snprintf(path, sizeof(path), "%s/web", root);
	cr_assert(eq(int, stat(path, &info), 0));
	cr_assert(eq(u64, find(bare, "/web")->cgroup_id, info.st_ino));
	cr_assert(not(bare_usage(bare, find(bare, "/web")->unit, &usage)), "trees only");

	make_cgroup("/web", "");
	make_cgroup("/batch", "30\n");
	cr_assert(eq(int, bare_refresh(bare), 0));
	cr_assert(eq(ptr, (void *)find(bare, "/web"), NULL));
	cr_assert(ne(ptr, (void *)find(bare, "/batch"), NULL));
}

struct visited {
	size_t n;
	uint64_t ids;
	char last[64];
};

static int visit(const char *cgroup, uint64_t id, void *userdata)
{
	struct visited *visited = userdata;

	visited->n++;
	visited->ids += id;
	(void)snprintf(visited->last, sizeof(visited->last), "%.12s", cgroup);
	return 0;
}

static struct visited members_of(const struct bare *bare, const char *name)
{
	struct visited visited = { 0 };

	cr_assert(ne(ptr, (void *)find(bare, name), NULL), "%s", name);
	cr_assert(zero(int, bare_members(bare, find(bare, name)->unit, visit, &visited)));
	return visited;
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

Test(bare, containers_share_a_row_and_need_no_new_name, .fini = remove_root)
{
	CLEANUP(bare_freep) struct bare *bare = NULL;
	struct cgroup_roots roots = { 0 };
	uint32_t n_before;

	cr_assert(ne(ptr, mkdtemp(root), NULL));
	(void)snprintf(roots.unified, sizeof(roots.unified), "%s", root);
	make_cgroup("/web", "10\n");
	make_cgroup("/docker", "");
	make_cgroup("/docker/" ID "1", "20\n");
	make_cgroup("/docker/" ID "2", "21\n");
	cr_assert(zero(int, bare_new(&roots, number, NULL, &bare)));
	cr_assert(eq(int, find(bare, "/docker/*")->kind, UNIT_KIND_SHARED));
	cr_assert(eq(str, (char *)find(bare, "/docker/*")->cgroup, ""));
	cr_assert(eq(sz, members_of(bare, "/docker/*").n, 2));
	cr_assert(eq(sz, members_of(bare, "/web").n, 1));
	cr_assert(eq(str, members_of(bare, "/web").last, "/web"));
	cr_assert(eq(u64, members_of(bare, "/web").ids, find(bare, "/web")->cgroup_id));

	n_before = n_names;
	make_cgroup("/docker/" ID "1", "");
	make_cgroup("/docker/" ID "2", "");
	make_cgroup("/docker/" ID "3", "22\n");
	cr_assert(zero(int, bare_refresh(bare)));
	cr_assert(zero(int, bare_refresh(bare)));
	cr_assert(eq(sz, members_of(bare, "/docker/*").n, 1));
	cr_assert(eq(u32, n_names, n_before));
	make_cgroup("/docker/" ID "3", "");
	cr_assert(zero(int, bare_refresh(bare)));
	cr_assert(eq(ptr, (void *)find(bare, "/docker/*"), NULL));
}

static void make_numbered(uint32_t first, uint32_t n, const char *processes)
{
	char path[32];

	for (uint32_t i = first; i < first + n; i++) {
		(void)snprintf(path, sizeof(path), "/slot-%u", i);
		make_cgroup(path, processes);
	}
}

Test(bare, cgroups_without_a_row_are_counted_while_they_are_there, .fini = remove_root)
{
	CLEANUP(bare_freep) struct bare *bare = NULL;
	struct cgroup_roots roots = { 0 };
	size_t n;

	cr_assert(ne(ptr, mkdtemp(root), NULL));
	(void)snprintf(roots.unified, sizeof(roots.unified), "%s", root);
	make_numbered(0, BARE_UNITS_MAX + 3, "10\n");
	cr_assert(zero(int, bare_new(&roots, number, NULL, &bare)));
	(void)bare_list(bare, &n);
	cr_assert(eq(sz, n, BARE_UNITS_MAX));
	cr_assert(eq(sz, bare_unwatched(bare), 3));

	make_numbered(0, 10, "");
	cr_assert(zero(int, bare_refresh(bare)));
	cr_assert(zero(int, bare_refresh(bare)), "what the last one freed is taken");
	(void)bare_list(bare, &n);
	cr_assert(eq(sz, n, BARE_UNITS_MAX - 7));
	cr_assert(zero(sz, bare_unwatched(bare)));

	n_names_max = n_names;
	make_cgroup("/nameless", "11\n");
	cr_assert(zero(int, bare_refresh(bare)));
	cr_assert(eq(sz, bare_unwatched(bare), 1));
	make_cgroup("/nameless", "");
	cr_assert(zero(int, bare_refresh(bare)));
	cr_assert(zero(sz, bare_unwatched(bare)));
}

Test(bare, single_cgroup_means_trees, .fini = remove_root)
{
	CLEANUP(bare_freep) struct bare *bare = NULL;
	struct cgroup_roots roots = { 0 };

	cr_assert(ne(ptr, mkdtemp(root), NULL));
	(void)snprintf(roots.unified, sizeof(roots.unified), "%s", root);
	make_cgroup("", "1\n");
	make_cgroup("/web", "10\n");
	cr_assert(eq(int, bare_new(&roots, number, NULL, &bare), 0));
	cr_assert(bare_is_trees(bare));
	cr_assert(eq(int, bare_refresh(bare), 0));
}
