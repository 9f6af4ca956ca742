/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classes of units: whom they are about, what they say, and how several of them add up. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "record/classes.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MATCH	      "[Match]\nUnit=web-*.service\n"

static int load(struct scratch *scratch, const char *text, struct unit_class *class,
		struct ini_error *error)
{
	return class_load(scratch_write(scratch, "web.conf", text), class, error);
}

Test(classes, a_class_is_a_name_globs_and_what_is_said_of_those_that_match)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct unit_class class;
	int r;

	r = load(&scratch,
		 "# why\n[Match]\nUnit=web-*.service  shop.service\nUnit=api@?.service\n"
		 "[X-SelfHeal]\nMode=approve\nCooldown=5min\n",
		 &class, &error);
	cr_assert(zero(int, r), "%s", error.text);
	cr_assert(eq(str, class.name, "web"));
	cr_assert(eq(str, class.globs, "web-*.service shop.service api@?.service"));
	cr_assert(eq(u32, class.terms.says, 1u << TERM_MODE | 1u << TERM_COOLDOWN));
	cr_assert(eq(int, class.terms.mode, MODE_APPROVE));
	cr_assert(class_has(&class, "web-1.service"));
	cr_assert(class_has(&class, "web-.service"));
	cr_assert(class_has(&class, "shop.service"));
	cr_assert(class_has(&class, "api@7.service"));
	cr_assert(not(class_has(&class, "api@12.service")));
	cr_assert(not(class_has(&class, "web.service")));
	cr_assert(not(class_has(&class, "web-1.socket")));
	cr_assert(not(class_has(&class, "my-shop.service")));
}

Test(classes, an_empty_list_of_units_takes_back_those_before_it)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct unit_class class;

	cr_assert(zero(int, load(&scratch, MATCH "Unit=\nUnit=*\n", &class, &error)));
	cr_assert(eq(str, class.globs, "*"));
	cr_assert(eq(int, load(&scratch, MATCH "Unit=\n", &class, &error), -EINVAL));
}

#define EXPECTED_UNITS                                                                             \
	"; expected names of units with their types, which may have * and ? in them, such as "     \
	"'shop-*.service', 1023 bytes in all"

Test(classes, what_is_wrong_is_named_and_the_file_counts_for_nothing)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", ": expected Unit= in [Match], found none" },
		{ "[X-SelfHeal]\nMode=mock\n", ": expected Unit= in [Match], found none" },
		{ "[Match]\nUnit=web\n", ":2: Unit=web" EXPECTED_UNITS },
		{ "[Match]\nUnit=a.service web-[ab].service\n",
		  ":2: Unit=a.service web-[ab].service" EXPECTED_UNITS },
		{ "[Match]\nUnit=*.service,b.service\n",
		  ":2: Unit=*.service,b.service" EXPECTED_UNITS },
		{ "[Match]\nUnit=../*.service\n", ":2: Unit=../*.service" EXPECTED_UNITS },
		{ "[Match]\nUnit=\x1b[2J*\n", ":2: Unit=\\x1b[2J*" EXPECTED_UNITS },
		{ "[Match]\nName=x\n", ":2: unknown key 'Name' in [Match]; expected Unit" },
		{ "Unit=x\n", ":1: 'Unit=' in section []; expected [Match] or [X-SelfHeal]" },
		{ MATCH "[Healing]\nMode=mock\n",
		  ":4: 'Mode=' in section [Healing]; expected [Match] or [X-SelfHeal]" },
		{ MATCH "[X-SelfHeal]\nMode=never\n",
		  ":4: Mode=never; expected observe, mock, approve or enforce" },
		{ MATCH "[X-SelfHeal]\nMood=mock\n",
		  ":4: unknown key 'Mood' in [X-SelfHeal]; expected one of: Mode, HealOn, Ladder, "
		  "UnitBudget, Cooldown, Window, For, DependsOn, Ignore, Limits" },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct unit_class class = { .name = "before" };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct ini_error error = { "" };
		char expected[600];

		cr_expect(eq(int, load(&scratch, cases[i].text, &class, &error), -EINVAL), "%s",
			  cases[i].text);
		(void)snprintf(expected, sizeof(expected), "%s%s", scratch.path, cases[i].error);
		cr_expect(eq(str, error.text, expected));
		cr_expect(eq(str, class.name, "before"));
	}
}

Test(classes, there_is_room_for_1023_bytes_of_globs)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct unit_class class;
	char text[1200] = "[Match]\n";

	for (int i = 0; i < 8; i++) /* 127 and a blank each */
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "Unit=%0126d*\n",
			       i);
	cr_assert(zero(int, load(&scratch, text, &class, &error)), "%s", error.text);
	cr_assert(eq(sz, strlen(class.globs), CLASS_GLOBS_SIZE - 1));
	(void)strcat(text, "Unit=*\n");
	cr_assert(eq(int, load(&scratch, text, &class, &error), -EINVAL));
}

Test(classes, the_name_is_that_of_the_file_and_has_bounds)
{
	static const struct {
		const char *name;
		int r;
	} cases[] = {
		{ "a.conf", 0 },
		{ "a.b.conf", 0 },
		{ "0123456789012345678901234567890123456789012345678901234567890-2.conf", 0 },
		{ "0123456789012345678901234567890123456789012345678901234567890-23.conf",
		  -EINVAL },
		{ ".conf", -EINVAL },
		{ "a.config", -EINVAL },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "untouched" };
	struct unit_class class;

	cr_assert(
		eq(int, class_load(scratch_path(&scratch, "none.conf"), &class, &error), -ENOENT));
	cr_assert(eq(str, error.text, "untouched"));
	for (size_t i = 0; i < LENGTH(cases); i++) {
		(void)scratch_write(&scratch, cases[i].name, MATCH);
		cr_expect(eq(int, class_load(scratch.path, &class, &error), cases[i].r), "%s",
			  cases[i].name);
	}
}

Test(classes, the_admin_replaces_adds_and_removes_classes_by_name)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	static struct classes classes;
	char admin[128], vendor[128];
	const char *const folders[] = { admin, vendor };
	struct ini_error error = { "" };
	struct terms terms = { 0 };

	(void)snprintf(admin, sizeof(admin), "%s/admin", scratch.folder);
	(void)snprintf(vendor, sizeof(vendor), "%s/vendor", scratch.folder);
	cr_assert(zero(int, classes_load(folders, 2, &classes, &error)), "none are none");
	cr_assert(zero(sz, classes.n));

	(void)scratch_write(&scratch, "vendor/10.conf",
			    MATCH "[X-SelfHeal]\nMode=enforce\nWindow=01:00-02:00\nFor=1min\n");
	(void)scratch_write(&scratch, "vendor/20.conf", MATCH "[X-SelfHeal]\nMode=enforce\n");
	(void)scratch_write(&scratch, "vendor/30.conf", MATCH "[X-SelfHeal]\nMode=observe\n");
	(void)scratch_write(&scratch, "admin/20.conf",
			    MATCH "[X-SelfHeal]\nMode=approve\nWindow=03:00-04:00\nFor=\n");
	(void)scratch_link(&scratch, "admin/30.conf", "/dev/null");
	(void)scratch_write(&scratch, "admin/40.conf",
			    "[Match]\nUnit=other.service\n[X-SelfHeal]\nMode=observe\n");
	cr_assert(zero(int, classes_load(folders, 2, &classes, &error)), "%s", error.text);
	cr_assert(eq(sz, classes.n, 3));
	cr_assert(eq(str, classes.class[1].name, "20"));

	/* In the order of names, each over what those before it said. */
	classes_terms(&classes, "web-1.service", &terms);
	cr_assert(eq(int, terms.mode, MODE_APPROVE));
	cr_assert(eq(u32, terms.n_windows, 2));
	cr_assert(not(terms_say(&terms, TERM_FOR)));
	terms = (struct terms) { 0 };
	classes_terms(&classes, "nobody.service", &terms);
	cr_assert(zero(int, (int)terms.says));

	(void)scratch_link(&scratch, "admin/50.conf", "gone");
	cr_assert(eq(int, classes_load(folders, 2, &classes, &error), -ENOENT));
	cr_assert(ne(ptr, strstr(error.text, "50.conf: cannot be read: "), NULL));
}

Test(classes, there_is_room_for_64_classes_and_the_next_is_refused)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	static struct classes classes;
	const char *const folder = scratch.folder;
	struct ini_error error = { "" };
	char name[32];

	for (int i = 0; i < CLASSES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "c%02d.conf", i);
		(void)scratch_write(&scratch, name, MATCH);
	}
	cr_assert(zero(int, classes_load(&folder, 1, &classes, &error)), "%s", error.text);
	cr_assert(eq(sz, classes.n, CLASSES_MAX));
	(void)scratch_write(&scratch, "d.conf", MATCH);
	cr_assert(eq(int, classes_load(&folder, 1, &classes, &error), -EINVAL));
	cr_assert(ne(ptr, strstr(error.text, "d.conf: expected at most 64 classes"), NULL));
}

static void count_told(enum term term, const struct ini_line *line, void *userdata)
{
	unsigned int *numbers = userdata;

	numbers[term] = line->number;
}

Test(classes, who_asks_is_told_where_each_line_stands)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	unsigned int numbers[TERM_N] = { 0 };
	struct ini_error error = { "" };
	struct unit_class class;

	(void)scratch_write(&scratch, "a.conf", MATCH "[X-SelfHeal]\nMode=mock\n\nFor=1\n");
	cr_assert(zero(int, class_load_told(scratch.path, count_told, numbers, &class, &error)));
	cr_assert(eq(u32, numbers[TERM_MODE], 4));
	cr_assert(eq(u32, numbers[TERM_FOR], 6));
	cr_assert(zero(int, (int)numbers[TERM_WINDOW]));
}
