/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another file, another identity; the same file, the same. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "scratch.h"
#include "sense/identity.h"
#include "tests/unit/assertion.h"

static void set_time(const char *path, long seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	cr_assert(eq(int, utimensat(AT_FDCWD, path, times, 0), 0));
}

Test(identity, a_file_keeps_its_identity_until_it_changes)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	const char *path = scratch_write(&scratch, "unit", "[Service]\n");
	uint64_t before, after;

	set_time(path, 1000);
	before = identity_of_file(IDENTITY_NONE, path);
	cr_assert(ne(u64, before, IDENTITY_NONE));
	cr_assert(eq(u64, identity_of_file(IDENTITY_NONE, path), before));

	set_time(path, 1001);
	after = identity_of_file(IDENTITY_NONE, path);
	cr_assert(ne(u64, after, before));

	(void)scratch_write(&scratch, "unit", "[Service]\nNice=1\n");
	set_time(path, 1001);
	cr_assert(ne(u64, identity_of_file(IDENTITY_NONE, path), after));
}

Test(identity, a_file_that_cannot_be_seen_is_told_by_its_path)
{
	uint64_t one = identity_of_file(IDENTITY_NONE, "/nowhere/one");

	cr_assert(ne(u64, one, IDENTITY_NONE));
	cr_assert(eq(u64, identity_of_file(IDENTITY_NONE, "/nowhere/one"), one));
	cr_assert(ne(u64, identity_of_file(IDENTITY_NONE, "/nowhere/two"), one));
}

Test(identity, order_and_number_of_drop_ins_count)
{
	uint64_t both = identity_of_file(identity_of_file(IDENTITY_NONE, "/no/a"), "/no/b");

	cr_assert(
		ne(u64, both, identity_of_file(identity_of_file(IDENTITY_NONE, "/no/b"), "/no/a")));
	cr_assert(ne(u64, both, identity_of_file(IDENTITY_NONE, "/no/a")));
}
