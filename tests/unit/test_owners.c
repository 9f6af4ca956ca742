/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the id of a cgroup to the unit, in a folder that looks like a cgroup hierarchy. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "scratch.h"
#include "sense/owners.h"
#include "tests/unit/assertion.h"

static struct cgroup_roots roots;
static struct scratch scratch;

static void open_scratch(void)
{
	scratch = scratch_make();
	(void)snprintf(roots.unified, sizeof(roots.unified), "%s", scratch.folder);
}

static void close_scratch(void)
{
	scratch_remove(&scratch);
}

TestSuite(owners, .init = open_scratch, .fini = close_scratch);

static uint64_t make(const char *name)
{
	struct stat status;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", roots.unified, name);
	cr_assert(zero(int, mkdir(path, 0755)));
	cr_assert(zero(int, stat(path, &status)));
	return status.st_ino;
}

static struct owners *begin(void)
{
	struct owners *owners = NULL;

	cr_assert(zero(int, owners_new(&roots, &owners)));
	return owners;
}

/* The unit, after it was looked for; how many turns that took. */
static uint32_t owner(struct owners *owners, uint64_t id, unsigned int *ret_turns)
{
	uint32_t unit;

	for (*ret_turns = 0; !owners_find(owners, id, &unit); ++*ret_turns) {
		cr_assert(lt(u32, *ret_turns, 100), "it ends");
		(void)owners_turn(owners);
	}
	return unit;
}

Test(owners, the_nearest_watched_above_owns_a_cgroup)
{
	CLEANUP(owners_freep) struct owners *owners = begin();
	uint64_t slice = make("system.slice"), shop = make("system.slice/shop.service");
	uint64_t worker = make("system.slice/shop.service/worker");
	uint64_t deep = make("system.slice/shop.service/worker/deep"), other = make("other");
	unsigned int turns;

	owners_begin(owners);
	owners_add(owners, shop, 7);
	owners_add(owners, 0, 9);
	owners_end(owners);
	cr_assert(eq(u32, owner(owners, shop, &turns), 7));
	cr_assert(zero(u32, turns), "what is watched is not looked for");
	cr_assert(eq(u32, owner(owners, deep, &turns), 7));
	cr_assert(eq(u32, turns, 1));
	cr_assert(eq(u32, owner(owners, worker, &turns), 7));
	cr_assert(eq(u32, owner(owners, slice, &turns), 0), "what is above has no part in it");
	cr_assert(eq(u32, owner(owners, other, &turns), 0));
	cr_assert(eq(u32, owner(owners, UINT64_C(1) << 60, &turns), 0), "it is gone");
	cr_assert(eq(u32, owner(owners, 0, &turns), 0));
	cr_assert(zero(u32, turns));
	cr_assert(owners_turn(owners));
}

Test(owners, what_was_found_follows_whoever_is_watched)
{
	CLEANUP(owners_freep) struct owners *owners = begin();
	uint64_t shop = make("shop.service"), worker = make("shop.service/worker");
	unsigned int turns;

	owners_begin(owners);
	owners_end(owners);
	cr_assert(eq(u32, owner(owners, worker, &turns), 0));
	for (int i = 0; i < OWNERS_AGAIN; i++) {
		owners_begin(owners);
		owners_add(owners, shop, 7);
		owners_end(owners);
	}
	cr_assert(eq(u32, owner(owners, worker, &turns), 7), "nobody's is looked for again");
	cr_assert(eq(u32, turns, 1));
	owners_begin(owners);
	owners_add(owners, shop, 8);
	owners_end(owners);
	cr_assert(eq(u32, owner(owners, worker, &turns), 8));
	cr_assert(zero(u32, turns));
}

Test(owners, a_large_tree_is_looked_through_in_pieces)
{
	CLEANUP(owners_freep) struct owners *owners = begin();
	uint64_t last = 0, first = 0;
	unsigned int turns;
	char name[32];

	for (int i = 0; i < 3 * OWNERS_FOLDERS; i++) {
		(void)snprintf(name, sizeof(name), "c%d", i);
		last = make(name);
		first = i == 0 ? last : first;
	}
	owners_begin(owners);
	owners_end(owners);
	cr_assert(eq(u32, owner(owners, first, &turns), 0));
	cr_assert(ge(u32, turns, 3));
	cr_assert(le(u32, turns, 4));
}

Test(owners, without_a_hierarchy_nobody_owns_anything)
{
	CLEANUP(owners_freep) struct owners *owners = NULL;
	const struct cgroup_roots none = { 0 };
	unsigned int turns;

	cr_assert(zero(int, owners_new(&none, &owners)));
	cr_assert(eq(u32, owner(owners, 4711, &turns), 0));
}

Test(owners, more_ids_than_there_is_room_for_begin_anew)
{
	CLEANUP(owners_freep) struct owners *owners = begin();
	uint64_t shop = make("shop.service"), worker = make("shop.service/worker");
	unsigned int turns;
	uint32_t unit;

	owners_begin(owners);
	owners_add(owners, shop, 7);
	owners_end(owners);
	for (uint64_t i = 0; i < 3 * OWNERS_MAX; i++)
		(void)owners_find(owners, (UINT64_C(1) << 60) + i * 7919 % (3 * OWNERS_MAX), &unit);
	cr_assert(eq(u32, owner(owners, worker, &turns), 7));
}
