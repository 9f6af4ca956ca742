/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kind of file it is, and that it is read as the daemon reads it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/inspect.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

Test(inspect, a_file_is_known_by_its_name_its_folder_or_its_sections)
{
	static const struct {
		const char *name, *text;
		enum file_kind kind;
	} cases[] = {
		{ "a.rule", "", FILE_KIND_RULE },
		{ "selfhealed.conf", "[Match]\nUnit=*\n", FILE_KIND_CONFIG },
		{ "selfhealed.conf.d/10.conf", "", FILE_KIND_CONFIG },
		{ "units.d/shop.conf", "", FILE_KIND_CLASS },
		{ "shop.service", "", FILE_KIND_UNIT },
		{ "shop@.service", "", FILE_KIND_UNIT },
		{ "shop.service.d/10.conf", "", FILE_KIND_UNIT },
		{ "shop-.service.d/10.conf", "", FILE_KIND_UNIT },
		{ "service.d/10.conf", "", FILE_KIND_UNIT },
		{ "draft/a.conf", "[Match]\nUnit=*\n[X-SelfHeal]\nMode=mock\n", FILE_KIND_CLASS },
		{ "draft/a.conf", "[Service]\nUser=x\n[X-SelfHeal]\nMode=mock\n", FILE_KIND_UNIT },
		{ "draft/a.conf", "[Judge]\nLearnSec=60\n", FILE_KIND_CONFIG },
		{ "draft/a.conf", "[Service]\nUser=x\n", FILE_KIND_UNKNOWN },
		{ "draft.d/a.conf", "", FILE_KIND_UNKNOWN },
		{ "shop.txt", "[Match]\nUnit=*\n", FILE_KIND_UNKNOWN },
		{ "conf", "[Match]\nUnit=*\n", FILE_KIND_UNKNOWN },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_expect(eq(int,
			     file_kind_of(scratch_write(&scratch, cases[i].name, cases[i].text)),
			     cases[i].kind),
			  "%s: %s", cases[i].name, cases[i].text);
	cr_assert(eq(int, file_kind_of("a.rule"), FILE_KIND_RULE), "without a folder");
	cr_assert(eq(int, file_kind_of(""), FILE_KIND_UNKNOWN));
	cr_assert(eq(int, file_kind_of("/"), FILE_KIND_UNKNOWN));
}

Test(inspect, each_kind_is_read_by_its_own_rules_and_an_error_names_the_line)
{
	static const struct {
		const char *name, *text, *error; /* NULL: it is right */
	} cases[] = {
		{ "a.rule", "[Rule]\nClass=cpu\nAction=none\nNeed=score > 1\n", NULL },
		{ "a.rule", "[Rule]\nClass=cups\n", ":2: Class= is 'cups'; " },
		{ "selfhealed.conf", "[Healing]\nMode=enforce\n", NULL },
		{ "selfhealed.conf", "[Healing]\nMode=approve\n", ":2: Mode= is 'approve'; " },
		{ "units.d/a.conf", "[Match]\nUnit=*\n", NULL },
		{ "units.d/a.conf", "[Match]\nUnit=a\n", ":2: Unit=a; " },
		{ "a.service", "[Service]\nrubbish\n", NULL },
		{ "a.service", "[X-SelfHeal]\n\nWindow=late\n", ":3: Window=late; " },
		{ "a.service.d/b.conf", "[X-SelfHeal]\nMode=mock \\\n", ":2: expected the whole" },
		{ "a.txt", "[Healing]\nMode=mock\n", ": expected NAME.rule, selfhealed.conf, " },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *path = scratch_write(&scratch, cases[i].name, cases[i].text);
		struct ini_error error = { "" };
		char expected[400];
		int r = inspect_file(path, file_kind_of(path), &error);

		(void)snprintf(expected, sizeof(expected), "%s%s", path,
			       cases[i].error ? cases[i].error : "");
		cr_expect(eq(int, r, cases[i].error ? -EINVAL : 0), "%s: %s", cases[i].name,
			  error.text);
		if (cases[i].error)
			cr_expect(zero(int, strncmp(error.text, expected, strlen(expected))), "%s",
				  error.text);
	}
}

Test(inspect, a_file_that_is_not_there_is_an_error_of_every_kind)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	const char *path = scratch_path(&scratch, "none.service");

	for (enum file_kind kind = FILE_KIND_UNKNOWN; kind <= FILE_KIND_UNIT; kind++) {
		struct ini_error error = { "" };

		cr_expect(eq(int, inspect_file(path, kind, &error), -ENOENT));
		cr_expect(ne(ptr, strstr(error.text, "none.service: cannot be read: No such file"),
			     NULL),
			  "%s", error.text);
	}
}
