/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read, what is refused and where it says the trouble is. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ini.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Everything a handler was told, as one text. */
struct told {
	char text[1024];
};

static int tell(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	struct told *told = userdata;
	size_t at = strlen(told->text);

	if (strcmp(line->key, "Bad") == 0)
		return ini_fail(line, error, "unknown key '%s'", line->key);
	(void)snprintf(told->text + at, sizeof(told->text) - at, "%u %s.%s=%s|", line->number,
		       line->section, line->key, line->value);
	return 0;
}

Test(ini, lines_are_read_as_systemd_writes_them)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "# a\n; b\n  # c\n", "" },
		{ "[A]\nx=1\n", "2 A.x=1|" },
		{ "[A]\nx=1", "2 A.x=1|" },
		{ "[A]\r\nx=1\r\n", "2 A.x=1|" },
		{ "  [A]  \n\tx = 1 2  \n", "2 A.x=1 2|" },
		{ "x=1\n", "1 .x=1|" },
		{ "[A]\nx=\n", "2 A.x=|" },
		{ "[A]\nx=a=b # c ; d\n", "2 A.x=a=b # c ; d|" },
		{ "[A]\n[B b-1]\nx=\"q\"\nx=2\n", "3 B b-1.x=\"q\"|4 B b-1.x=2|" },
		{ "[A]\n# ends in a backslash \\\nx=a\\b\n", "3 A.x=a\\b|" },
		{ "[A]\nx=\xc3\xbc\n", "2 A.x=\xc3\xbc|" },
	};
	struct ini_error error;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct told told = { "" };

		cr_expect(eq(int,
			     ini_parse("f", cases[i].text, strlen(cases[i].text), tell, &told,
				       &error),
			     0),
			  "%s", cases[i].text);
		cr_expect(eq(str, told.text, (char *)cases[i].told));
	}
}

Test(ini, an_error_names_file_line_and_what_was_expected)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "[A]\nBad=1\n", "f:2: unknown key 'Bad'" },
		{ "\n[A\n", "f:2: expected [Section], found '[A'" },
		{ "[]\n", "f:1: expected [Section], found '[]'" },
		{ "[A]]\n", "f:1: expected [Section], found '[A]]'" },
		{ "[A] # b\n", "f:1: expected [Section], found '[A] # b'" },
		{ "[A]\nx\n", "f:2: expected [Section] or Key=Value, found 'x'" },
		{ "[A]\n=x\n", "f:2: expected [Section] or Key=Value, found '=x'" },
		{ "[A]\nx=1 \\\n  2\n",
		  "f:2: expected the whole value in one line, found '\\' at its end" },
		{ "[A]\nx=1 \\  \n",
		  "f:2: expected the whole value in one line, found '\\' at its end" },
		{ "[A]\nx=\xff\n", "f:2: expected UTF-8, found 'x=\\xff'" },
		{ "# \xc3\n", "f:1: expected UTF-8, found '# \\xc3'" },
		{ "\xef\xbb\xbf[A]\n",
		  "f:1: expected [Section] or Key=Value, found '\\xef\\xbb\\xbf[A]'" },
		{ "[A]\nx\x1b[31m\n", "f:2: expected [Section] or Key=Value, found 'x\\x1b[31m'" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct told told = { "" };
		struct ini_error error = { "" };

		cr_expect(eq(int,
			     ini_parse("f", cases[i].text, strlen(cases[i].text), tell, &told,
				       &error),
			     -EINVAL),
			  "%s", cases[i].text);
		cr_expect(eq(str, error.text, (char *)cases[i].error));
	}
}

Test(ini, a_nul_byte_is_refused_wherever_it_is)
{
	static const char text[] = "[A]\nx=1\0y\n";
	struct told told = { "" };
	struct ini_error error;

	cr_assert(eq(int, ini_parse("f", text, sizeof(text) - 1, tell, &told, &error), -EINVAL));
	cr_assert(eq(str, error.text, "f:2: expected text, found a NUL byte"));
	cr_assert(eq(int, ini_parse("f", "\0", 1, tell, &told, &error), -EINVAL));
	cr_assert(eq(str, error.text, "f:1: expected text, found a NUL byte"));
	cr_assert(eq(str, told.text, ""));
}

Test(ini, an_error_longer_than_its_room_is_cut_visibly)
{
	char text[2000];
	struct told told = { "" };
	struct ini_error error;

	memset(text, 'x', sizeof(text));
	cr_assert(eq(int, ini_parse("f", text, sizeof(text), tell, &told, &error), -EINVAL));
	cr_assert(eq(sz, strlen(error.text), sizeof(error.text) - 1));
	cr_assert(eq(str, error.text + sizeof(error.text) - 4, "..."));
}

Test(ini, a_file_is_whole_regular_and_bounded_or_refused)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct told told = { "" };
	struct ini_error error = { "untouched" };
	char *big = malloc(INI_SIZE_MAX + 1);
	char expected[512];

	cr_assert(eq(int, ini_load(scratch_path(&scratch, "none"), tell, &told, &error), -ENOENT));
	cr_assert(eq(str, error.text, "untouched"));

	cr_assert(eq(int, ini_load(scratch.folder, tell, &told, &error), -EINVAL));
	(void)snprintf(expected, sizeof(expected), "%s: expected a regular file", scratch.folder);
	cr_assert(eq(str, error.text, expected));
	cr_assert(eq(int, ini_load("/dev/zero", tell, &told, &error), -EINVAL));
	cr_assert(eq(int, mkfifo(scratch_path(&scratch, "pipe"), 0600), 0));
	cr_assert(eq(int, ini_load(scratch.path, tell, &told, &error), -EINVAL), "does not hang");

	memset(big, '\n', INI_SIZE_MAX + 1);
	(void)scratch_write_bytes(&scratch, "big", big, INI_SIZE_MAX);
	cr_assert(eq(int, ini_load(scratch.path, tell, &told, &error), 0));
	(void)scratch_write_bytes(&scratch, "big", big, INI_SIZE_MAX + 1);
	cr_assert(eq(int, ini_load(scratch.path, tell, &told, &error), -EINVAL));
	free(big);

	(void)scratch_write(&scratch, "good", "[A]\nx=1\n");
	cr_assert(eq(int, ini_load(scratch.path, tell, &told, &error), 0));
	cr_assert(eq(str, told.text, "2 A.x=1|"));
	(void)scratch_link(&scratch, "loop", "loop");
	cr_assert(eq(int, ini_load(scratch.path, tell, &told, &error), -ELOOP));
	(void)snprintf(expected, sizeof(expected), "%s: cannot be read: %s", scratch.path,
		       strerrordesc_np(ELOOP));
	cr_assert(eq(str, error.text, expected));
}

struct visited {
	size_t skip; /* of the scratch folder's name */
	char text[512];
};

static int visit(const char *path, void *userdata)
{
	struct visited *visited = userdata;
	size_t at = strlen(visited->text);

	(void)snprintf(visited->text + at, sizeof(visited->text) - at, "%s|",
		       path + visited->skip + 1);
	return strstr(path, "stop") ? -ECANCELED : 0;
}

Test(ini, drop_ins_are_merged_by_name)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct visited visited = { .skip = strlen(scratch.folder) };
	char admin[128], vendor[128];
	const char *const folders[] = { admin, "/nowhere/at/all", vendor };
	struct ini_error error;

	(void)snprintf(admin, sizeof(admin), "%s/admin", scratch.folder);
	(void)snprintf(vendor, sizeof(vendor), "%s/vendor", scratch.folder);
	cr_assert(eq(int, ini_drop_ins(folders, 3, "conf", visit, &visited, &error), 0));
	cr_assert(eq(str, visited.text, ""), "missing folders are none");

	(void)scratch_write(&scratch, "vendor/20-b.conf", "");
	(void)scratch_write(&scratch, "vendor/10-a.conf", "");
	(void)scratch_write(&scratch, "vendor/40-hidden.conf", "");
	(void)scratch_write(&scratch, "admin/20-b.conf", "");
	(void)scratch_write(&scratch, "admin/15-c.conf", "");
	(void)scratch_link(&scratch, "admin/40-hidden.conf", "/dev/null");
	(void)scratch_write(&scratch, "admin/50-d.conf~", "");
	(void)scratch_write(&scratch, "admin/.60-e.conf", "");
	(void)scratch_write(&scratch, "admin/.conf", "");
	(void)scratch_write(&scratch, "admin/conf", "");
	(void)scratch_write(&scratch, "admin/70-f.conf.bak", "");
	cr_assert(eq(int, ini_drop_ins(folders, 3, "conf", visit, &visited, &error), 0));
	cr_assert(eq(str, visited.text, "vendor/10-a.conf|admin/15-c.conf|admin/20-b.conf|"));

	visited.text[0] = '\0';
	(void)scratch_write(&scratch, "admin/12-stop.conf", "");
	cr_assert(eq(int, ini_drop_ins(folders, 3, "conf", visit, &visited, &error), -ECANCELED));
	cr_assert(eq(str, visited.text, "vendor/10-a.conf|admin/12-stop.conf|"));
}

Test(ini, a_folder_that_cannot_be_read_is_an_error)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct visited visited = { .skip = strlen(scratch.folder) };
	const char *file = scratch_write(&scratch, "file", "");
	struct ini_error error;
	char expected[512];

	cr_assert(eq(int, ini_drop_ins(&file, 1, "conf", visit, &visited, &error), -ENOTDIR));
	(void)snprintf(expected, sizeof(expected), "%s: cannot be read: %s", file,
		       strerrordesc_np(ENOTDIR));
	cr_assert(eq(str, error.text, expected));
}
