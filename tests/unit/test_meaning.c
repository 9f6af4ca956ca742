/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What columns mean: by their names, by a map; and what is no map. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lines.h"
#include "cli/meaning.h"
#include "scratch.h"
#include "tests/unit/assertion.h"

static struct csv csv = { .path = "x.csv",
			  .n_columns = 4,
			  .name = { "cpu", "mem_kb", "a = b", "other" } };
static struct scratch scratch;
static struct meaning meaning;
static struct csv_error error;

static void begin(void)
{
	scratch = scratch_make();
}

static void end(void)
{
	scratch_remove(&scratch);
}

TestSuite(meaning, .init = begin, .fini = end);

static int find(const char *map, size_t size)
{
	return meaning_find(&csv, scratch_write_bytes(&scratch, "m.map", map, size), &meaning,
			    &error);
}

static void expect_meaning(const char *map)
{
	cr_assert(zero(int, find(map, strlen(map))), "%s: %s", map, error.text);
}

/* What it says of the map, without the folder. */
static const char *refusal_of(const char *map)
{
	cr_assert(eq(int, find(map, strlen(map)), -EINVAL), "%s", map);
	return error.text + strlen(scratch.folder) + 1;
}

Test(meaning, a_column_called_as_a_metric_is_that_metric)
{
	cr_assert(zero(int, meaning_find(&csv, NULL, &meaning, &error)));
	cr_assert(eq(uint, meaning.n, 1));
	cr_assert(eq(u32, meaning.metric[0], METRIC_CPU));
	cr_assert(eq(dbl, meaning.factor[0], 1));
	cr_assert(eq(u32, meaning.metric[1], METRIC_N));
}

Test(meaning, a_map_gives_a_meaning_to_others_and_a_factor)
{
	expect_meaning("# a comment\n\n \t mem_kb=rss*1024 \n  a = b = accepts\n");
	cr_assert(eq(uint, meaning.n, 3));
	cr_assert(eq(u32, meaning.metric[1], METRIC_RSS));
	cr_assert(eq(dbl, meaning.factor[1], 1024));
	cr_assert(eq(u32, meaning.metric[2], METRIC_ACCEPTS));
	cr_assert(eq(dbl, meaning.factor[2], 1));
}

Test(meaning, a_map_goes_before_a_column_s_own_name)
{
	expect_meaning("cpu = rss * 0.5\nother = cpu");
	cr_assert(eq(u32, meaning.metric[0], METRIC_RSS));
	cr_assert(eq(u32, meaning.metric[3], METRIC_CPU));
}

Test(meaning, an_empty_map_changes_nothing)
{
	expect_meaning("");
	cr_assert(eq(uint, meaning.n, 1));
}

Test(meaning, an_error_names_file_line_and_what_was_expected)
{
	static const char *const errors[][2] = {
		{ "#\nmem_kb\n", "m.map:2: expected COLUMN = METRIC, found 'mem_kb'" },
		{ "mem_kb = rrs\n",
		  "m.map:1: expected the name of a metric, found 'rrs'; did you mean rss?" },
		{ "mem_kb = \n", "m.map:1: expected the name of a metric, found ''" },
		{ "mem = rss\n", "m.map:1: expected a column of x.csv, found 'mem'" },
		{ " = rss\n", "m.map:1: expected a column of x.csv, found ''" },
		{ "mem_kb = rss\nmem_kb = swap\n",
		  "m.map:2: expected each column once, found 'mem_kb' again" },
		{ "mem_kb = rss * \n", "m.map:1: expected a factor above 0, found ''" },
		{ "mem_kb = rss * 0\n", "m.map:1: expected a factor above 0, found '0'" },
		{ "mem_kb = rss * -1\n", "m.map:1: expected a factor above 0, found '-1'" },
		{ "mem_kb = rss * 2 * 3\n", "m.map:1: expected a factor above 0, found '2 * 3'" },
		{ "mem_kb = rss * nan\n", "m.map:1: expected a factor above 0, found 'nan'" },
		{ "mem_kb = rss\nother = rss\n",
		  "m.map: expected each metric once, found rss in the columns 'mem_kb' and "
		  "'other'" },
		{ "other = cpu\n", "m.map: expected each metric once, found cpu in the columns "
				   "'cpu' and 'other'" },
		{ "a\x1b[2Jb = rss\n", "m.map:1: expected a column of x.csv, found 'a\\x1b[2Jb'" },
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		cr_expect(eq(str, (char *)refusal_of(errors[i][0]), (char *)errors[i][1]));
}

Test(meaning, a_nul_byte_and_a_line_without_end_are_refused)
{
	char *endless = malloc(LINES_LENGTH_MAX + 1);

	cr_assert(eq(int, find("mem_kb = rss\0", 13), -EINVAL));
	cr_assert(ne(ptr, strstr(error.text, "m.map:1: expected text, found a NUL byte"), NULL));
	memset(endless, 'a', LINES_LENGTH_MAX + 1);
	cr_assert(lt(int, find(endless, LINES_LENGTH_MAX + 1), 0));
	cr_assert(ne(ptr, strstr(error.text, "m.map: cannot be read"), NULL));
	free(endless);
}

/* Any bytes: an answer or an error with a text, and nothing else. */
Test(meaning, hostile_bytes_are_an_error_or_a_meaning)
{
	static const char parts[] = "cpu=rss*1024\nmem_kb other#\t \x80\xff\x1b\"'%n*=-.0eK";
	uint64_t chance = 1;
	char map[64];
	size_t size;
	int r;

	for (int i = 0; i < 2000; i++) {
		for (size = 0; size < sizeof(map); size++) {
			chance = chance * UINT64_C(6364136223846793005) + 1442695041;
			map[size] = parts[(chance >> 33) % (sizeof(parts) - 1)];
		}
		r = find(map, size);
		cr_assert(le(int, r, 0));
		cr_assert(eq(int, error.text[0] != '\0', r < 0));
	}
}

Test(meaning, a_map_that_is_not_there_is_an_error)
{
	cr_assert(eq(int, meaning_find(&csv, scratch_path(&scratch, "none.map"), &meaning, &error),
		     -ENOENT));
	cr_assert(ne(ptr, strstr(error.text, "none.map: cannot be read: No such file"), NULL));
}
