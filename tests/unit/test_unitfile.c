/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a unit says of its own healing, and what is none of our business in its files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "record/unitfile.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

Test(unitfile, only_its_own_section_is_read)
{
	static const struct {
		const char *text;
		bool resets, says;
		enum mode mode;
	} cases[] = {
		{ "[Service]\nExecStart=/bin/true\nMode=enforce\n", false, false, 0 },
		{ "[X-SelfHeal]\nMode=enforce\n", false, true, MODE_ENFORCE },
		{ "[Unit]\nrubbish that systemd minds\n[X-SelfHeal]\nMode=mock\n[Install]\n=\n",
		  false, true, MODE_MOCK },
		{ "[X-SelfHeal]\n# Mode=mock\n;Mode=mock\nMode=approve", false, true,
		  MODE_APPROVE },
		{ "[X-SelfHeal]\nMode=enforce\nMode=observe\n", false, true, MODE_OBSERVE },
		{ "[X-SelfHeal]\nMode=enforce\nMode=\n", true, false, MODE_ENFORCE },
		/* A line that goes on begins no section, whatever it looks like. */
		{ "[Service]\nExecStart=/bin/echo \\\n[X-SelfHeal]\nMode=enforce\n", false, false,
		  0 },
		{ "[Service]\nExecStart=/bin/echo \\\n# a comment between\n[X-SelfHeal] \\\nx\n"
		  "[X-SelfHeal]\nMode=mock\n",
		  false, true, MODE_MOCK },
		{ "[Service]\nExecStart=/bin/echo \\\\\n[X-SelfHeal]\nMode=observe\n", false, true,
		  MODE_OBSERVE },
		{ "[Service]\nExecStart=/bin/echo \\ \n[X-SelfHeal]\nMode=observe\n", false, true,
		  MODE_OBSERVE },
		{ "[X-SelfHealer]\nMode=enforce\n[X-Self]\nMode=enforce\n", false, false, 0 },
		{ "", false, false, 0 },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct terms terms = { 0 };
		const char *path = scratch_write(&scratch, "a.service", cases[i].text);

		cr_assert(zero(int, unitfile_load(path, &terms, &error)), "case %zu: %s", i,
			  error.text);
		cr_assert(eq(int, terms.resets != 0, cases[i].resets), "case %zu", i);
		cr_assert(eq(int, terms_say(&terms, TERM_MODE), cases[i].says), "case %zu", i);
		if (cases[i].says)
			cr_assert(eq(int, terms.mode, cases[i].mode), "case %zu", i);
	}
}

Test(unitfile, what_is_wrong_there_is_named_and_changes_nothing)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "[X-SelfHeal]\nMode=enforec\n", "a.service:2: Mode=enforec; expected observe" },
		{ "[Unit]\n\n[X-SelfHeal]\nMode=mock\nMood=mock\n",
		  "a.service:5: unknown key 'Mood'" },
		{ "[X-SelfHeal]\nMode\n", "a.service:2: expected" },
		{ "[X-SelfHeal]\nMode=enforce \\\n", "a.service:2: expected the whole value" },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	const struct terms before = { .says = 1u << TERM_MODE, .mode = MODE_OBSERVE };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *path = scratch_write(&scratch, "a.service", cases[i].text);
		struct terms terms = before;
		struct ini_error error = { "" };

		cr_assert(eq(int, unitfile_load(path, &terms, &error), -EINVAL), "case %zu", i);
		cr_assert(ne(ptr, strstr(error.text, cases[i].word), NULL), "%s", error.text);
		cr_assert(eq(int, terms.mode, before.mode));
	}
}

Test(unitfile, a_file_that_is_not_there_or_a_mask_says_nothing)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct terms terms = { 0 };
	struct ini_error error;

	cr_assert(zero(int, unitfile_load(scratch_path(&scratch, "none"), &terms, &error)));
	cr_assert(zero(int, unitfile_load("/dev/null", &terms, &error)));
	cr_assert(zero(int, (int)terms.says));
}

struct told {
	char text[256];
};

static void take_told(enum term term, const struct ini_line *line, void *userdata)
{
	struct told *told = userdata;
	size_t length = strlen(told->text);

	(void)snprintf(told->text + length, sizeof(told->text) - length, "%s:%u=%s ",
		       term_key(term), line->number, line->value);
}

Test(unitfile, who_asks_is_told_of_each_line_that_counts)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct terms terms = { 0 };
	struct told told = { "" };
	const char *path = scratch_write(&scratch, "a.service",
					 "[Service]\nMode=no\n[X-SelfHeal]\nMode=mock\nFor=\n");

	cr_assert(zero(int, unitfile_load_told(path, take_told, &told, &terms, &error)));
	cr_assert(eq(str, told.text, "Mode:4=mock For:5= "));
}

Test(unitfile, files_are_read_one_over_the_other)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	struct ini_error error = { "" };
	struct terms terms = { 0 };
	char text[TERMS_TEXT_SIZE];

	(void)scratch_write(&scratch, "a.service",
			    "[X-SelfHeal]\nMode=enforce\nWindow=01:00-02:00\nLimits=rss=1G\n");
	cr_assert(zero(int, unitfile_load(scratch.path, &terms, &error)));
	(void)scratch_write(&scratch, "10.conf",
			    "[X-SelfHeal]\nMode=\nWindow=\nWindow=03:00-04:00\nLimits=rss=2G\n");
	cr_assert(zero(int, unitfile_load(scratch.path, &terms, &error)));
	cr_assert(not(terms_say(&terms, TERM_MODE)));
	cr_assert(eq(str, terms_text(text, sizeof(text), &terms, TERM_WINDOW), "03:00-04:00"));
	cr_assert(eq(str, terms_text(text, sizeof(text), &terms, TERM_LIMITS), "rss=2G"));
}

Test(unitfile, a_file_is_policy_alone_if_it_says_nothing_to_systemd)
{
	static const struct {
		const char *text;
		bool alone;
	} cases[] = {
		{ "# a word\n\n[X-SelfHeal]\nMode=mock\n", true },
		{ "[X-SelfHeal]\nFor=20s\n[X-Other]\nA=b\n[Unit]\n; no line\n", true },
		{ "", true },
		{ "[X-SelfHeal]\nMode=mock\n[Service]\nRestart=no\n", false },
		{ "[Service]\n  Restart=no\n", false },
		{ "Restart=no\n", false },
	};
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_assert(eq(int,
			     unitfile_is_policy_alone(
				     scratch_write(&scratch, "a.conf", cases[i].text)),
			     cases[i].alone),
			  "case %zu", i);
	cr_assert(not(unitfile_is_policy_alone(scratch_path(&scratch, "none"))));
}
