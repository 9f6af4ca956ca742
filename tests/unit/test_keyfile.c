/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's small text files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>

#include "sense/keyfile.h"
#include "tests/unit/assertion.h"

static const char events[] = "low 0\noom 2\noom_kill 7\noom_group_kill 9\nlast 5";

Test(keyfile, number_belongs_to_the_whole_word_at_the_start_of_a_line)
{
	static const struct {
		const char *text, *key;
		int r;
		uint64_t number;
	} cases[] = {
		{ events, "oom", 0, 2 },
		{ events, "oom_kill", 0, 7 },
		{ events, "last", 0, 5 },
		{ events, "kill", -ENOENT, 0 },
		{ events, "oom_", -ENOENT, 0 },
		{ "VmSwap:\t      16 kB\n", "VmSwap", 0, 16 },
		{ "Name:\tVmSwap: 9\nVmSwap:\t1 kB\n", "VmSwap", 0, 1 },
		{ "key\nkey 3\n", "key", 0, 3 },
		{ "key -3\n", "key", -ENOENT, 0 },
		{ "key max\n", "key", -ENOENT, 0 },
		{ "key 99999999999999999999\n", "key", -ENOENT, 0 },
		{ "key \n3\n", "key", -ENOENT, 0 },
		{ "", "key", -ENOENT, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t number = 0;
		int r = keyfile_number(cases[i].text, cases[i].key, &number);

		cr_assert(eq(int, r, cases[i].r), "case %zu", i);
		cr_assert(eq(u64, number, cases[i].number), "case %zu", i);
	}
}

Test(keyfile, pressure_is_the_total_of_its_own_line)
{
	static const char text[] = "some avg10=1.00 avg60=0.00 avg300=0.00 total=12\n"
				   "full avg10=0.00 avg60=0.00 avg300=0.00 total=34\n";
	static const char cut[] = "some avg10=1.00 avg60=0.00\nfull avg10=0.00 total=34\n";
	uint64_t total_us = 0;

	cr_assert(eq(int, keyfile_pressure(text, "some", &total_us), 0));
	cr_assert(eq(u64, total_us, 12));
	cr_assert(eq(int, keyfile_pressure(text, "full", &total_us), 0));
	cr_assert(eq(u64, total_us, 34));
	cr_assert(eq(int, keyfile_pressure(cut, "some", &total_us), -ENOENT));
	cr_assert(eq(int, keyfile_pressure("", "some", &total_us), -ENOENT));
	cr_assert(eq(u64, total_us, 34), "written only on success");
}

Test(keyfile, file_that_is_too_long_ends_with_a_whole_line)
{
	char text[16]; /* "oom_kill 2\n" would end within its number */

	cr_assert(eq(int, keyfile_read(AT_FDCWD, "tests/data/proc/vmstat", text, sizeof(text)), 0),
		  "its first line alone is longer");
	cr_assert(eq(str, text, ""));
	cr_assert(gt(int,
		     keyfile_read(AT_FDCWD,
				  "tests/data/cgroup-v2/system.slice/shop.service/memory.events",
				  text, sizeof(text)),
		     0));
	cr_assert(eq(str, text, "low 0\nhigh 12\n"));
	cr_assert(eq(int, keyfile_read(AT_FDCWD, "tests/data/none", text, sizeof(text)), -ENOENT));
}
