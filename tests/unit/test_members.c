/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroups of one unit, in a folder that looks like a cgroup hierarchy. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sense/members.h"
#include "tests/unit/assertion.h"

static char root[] = "/tmp/test_members_XXXXXX";

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_tree(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void remove_root(void)
{
	remove_tree(root);
}

static void write_file(const char *path, const char *name, const char *format, unsigned int value)
{
	char full[512];
	FILE *file;

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	(void)mkdir(full, 0755);
	(void)snprintf(full, sizeof(full), "%s%s/%s", root, path, name);
	file = fopen(full, "we");
	cr_assert(ne(ptr, file, NULL));
	(void)fprintf(file, format, value, value);
	(void)fclose(file);
}

/* A cgroup that has used so much CPU and memory. */
static void make_cgroup(const char *path, unsigned int cpu_s, unsigned int bytes)
{
	write_file(path, "cpu.stat", "usage_usec %u000000\nuser_usec %u000000\nsystem_usec 0\n",
		   cpu_s);
	write_file(path, "memory.current", "%u\n", bytes);
}

static void begin(struct members_ground *ground)
{
	*ground = (struct members_ground) { 0 };
	cr_assert(ne(ptr, mkdtemp(root), NULL));
	(void)snprintf(ground->roots.unified, sizeof(ground->roots.unified), "%s", root);
	cr_assert(eq(int, tally_new(&ground->tally), 0));
}

static void end(struct members *members, struct members_ground *ground)
{
	members_clear(members, ground);
	tally_free(ground->tally);
}

static void next(struct members_ground *ground)
{
	ground->tick++;
	tally_begin(ground->tally);
}

static void keep(struct members *members, struct members_ground *ground, const char *path)
{
	cr_assert(eq(int, members_keep(members, ground, 7, path, 0), 0));
}

static struct usage read_files(struct members *members, struct members_ground *ground,
			       uint64_t have)
{
	struct usage usage = { 0 };

	cr_assert(ge(int, members_read_files(members, ground, have, &usage), 0));
	members_part(members, ground);
	return usage;
}

Test(members, shared_row_is_the_sum_of_those_that_come_and_go, .fini = remove_root)
{
	struct members_ground ground;
	struct members members = { 0 };
	struct usage before, now;

	begin(&ground);
	make_cgroup("/a", 100, 5);
	make_cgroup("/b", 10, 7);
	next(&ground);
	keep(&members, &ground, "/a");
	keep(&members, &ground, "/b");
	cr_assert(eq(u64, members_id(&members, &ground), 0), "two have no one id");
	before = read_files(&members, &ground, 0);
	cr_assert(eq(dbl, before.total[METRIC_MEMORY], 12));

	next(&ground); /* a ends, c begins */
	make_cgroup("/b", 11, 8);
	make_cgroup("/c", 3, 2);
	keep(&members, &ground, "/b");
	keep(&members, &ground, "/c");
	now = read_files(&members, &ground, 0);
	cr_assert(eq(dbl, now.total[METRIC_MEMORY], 10));
	cr_assert(epsilon_eq(dbl, now.total[METRIC_CPU] - before.total[METRIC_CPU], 4, 1e-9));

	next(&ground);
	keep(&members, &ground, "/b");
	(void)read_files(&members, &ground, 0);
	cr_assert(ne(u64, members_id(&members, &ground), 0));
	cr_assert(not(members_are_watched(&members, &ground)), "there is no probe");

	next(&ground);
	cr_assert(eq(u64, read_files(&members, &ground, 0).have, 0), "it does not run");
	cr_assert(eq(u64, members_id(&members, &ground), 0));
	cr_assert(eq(sz, members.n, 1), "its counters are kept until it runs again");
	next(&ground);
	keep(&members, &ground, "/c");
	cr_assert(eq(dbl, read_files(&members, &ground, 0).total[METRIC_MEMORY], 2));
	cr_assert(eq(sz, members.n, 1));
	end(&members, &ground);
}

Test(members, folder_made_anew_is_read_as_another_one, .fini = remove_root)
{
	struct members_ground ground;
	struct members members = { 0 };
	struct usage before, now;
	char path[64];

	begin(&ground);
	make_cgroup("/a", 100, 5);
	next(&ground);
	keep(&members, &ground, "/a");
	before = read_files(&members, &ground, 0);
	(void)snprintf(path, sizeof(path), "%s/a", root);
	remove_tree(path);
	make_cgroup("/holder", 0, 0); /* so that the old inode is not used again at once */
	make_cgroup("/a", 2, 6);
	next(&ground);
	keep(&members, &ground, "/a");
	now = read_files(&members, &ground, 0);
	cr_assert(eq(dbl, now.total[METRIC_MEMORY], 6));
	cr_assert(ge(dbl, now.total[METRIC_CPU], before.total[METRIC_CPU]), "totals never fall");
	end(&members, &ground);
}

Test(members, files_are_left_alone_where_all_they_give_is_known, .fini = remove_root)
{
	struct members_ground ground;
	struct members members = { 0 };
	uint64_t gives;

	begin(&ground);
	make_cgroup("/a", 100, 5);
	next(&ground);
	keep(&members, &ground, "/a");
	gives = read_files(&members, &ground, UINT64_MAX).have;
	cr_assert(ne(u64, gives & METRIC_BIT(METRIC_MEMORY), 0),
		  "the first time nobody knows what they give");
	next(&ground);
	keep(&members, &ground, "/a");
	cr_assert(eq(u64, read_files(&members, &ground, gives).have, 0));
	next(&ground);
	keep(&members, &ground, "/a");
	cr_assert(eq(u64, read_files(&members, &ground, gives & ~METRIC_BIT(METRIC_CPU)).have,
		     gives));
	end(&members, &ground);
}

Test(members, cgroup_that_is_not_there_gives_nothing, .fini = remove_root)
{
	struct members_ground ground;
	struct members members = { 0 };
	struct usage usage;

	begin(&ground);
	next(&ground);
	keep(&members, &ground, "/a");
	cr_assert(eq(int, members_read_files(&members, &ground, 0, &usage), 0));
	cr_assert(eq(int, members_read_processes(&members, &ground, &usage), 0));
	end(&members, &ground);
}

Test(members, row_of_too_many_is_not_measured_in_part, .fini = remove_root)
{
	struct members_ground ground;
	struct members members = { 0 };
	struct usage usage;
	char path[32];

	begin(&ground);
	make_cgroup("/0", 1, 5);
	next(&ground);
	for (unsigned int i = 0; i <= MEMBERS_MAX; i++) {
		(void)snprintf(path, sizeof(path), "/%u", i);
		keep(&members, &ground, path);
	}
	cr_assert(eq(sz, members.n, MEMBERS_MAX));
	cr_assert(not(members_are_watched(&members, &ground)));
	cr_assert(eq(int, members_read_files(&members, &ground, 0, &usage), 0));
	members_part(&members, &ground);
	next(&ground);
	keep(&members, &ground, "/0");
	cr_assert(eq(dbl, read_files(&members, &ground, 0).total[METRIC_MEMORY], 5));
	cr_assert(eq(sz, members.n, 1));
	end(&members, &ground);
}
