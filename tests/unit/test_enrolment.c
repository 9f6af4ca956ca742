/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both locks of a service: what is written opens them, what is foreign stays, what is taken back is gone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/enrolment.h"
#include "cli/rights.h"
#include "cli/unit_set.h"
#include "cli/whole_file.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define RULES	      "rules.d/10-selfheal.rules"
#define DROP_IN	      "units/shop.service.d/50-selfheal.conf"

/* A host's two folders. */
struct place {
	struct scratch scratch;
	char rules[256], units[256];
	struct enrolment enrolment;
};

static void place_clear(struct place *place)
{
	enrolment_close(&place->enrolment);
	scratch_remove(&place->scratch);
}

/* As each run of the command begins. */
static int place_open(struct place *place)
{
	enrolment_close(&place->enrolment);
	return enrolment_open(place->rules, place->units, &place->enrolment);
}

/* Into the caller's struct, which the enrolment points into. */
static void place_make(struct place *place)
{
	place->scratch = scratch_make();
	(void)snprintf(place->rules, sizeof(place->rules), "%s/" RULES, place->scratch.folder);
	(void)snprintf(place->units, sizeof(place->units), "%s/units", place->scratch.folder);
	cr_assert(eq(int, mkdir(scratch_path(&place->scratch, "rules.d"), 0700), 0));
	cr_assert(eq(int, mkdir(place->units, 0755), 0));
	place->enrolment.lock_fd = -1;
	cr_assert(eq(int, place_open(place), 0));
}

static bool is_there(struct place *place, const char *name)
{
	return access(scratch_path(&place->scratch, name), F_OK) == 0;
}

static char *text_of(struct place *place, const char *name)
{
	mode_t permissions;
	char *text = NULL;

	cr_assert(eq(int, whole_file_read(scratch_path(&place->scratch, name), &text, &permissions),
		     0),
		  "%s", name);
	cr_assert(eq(u32, permissions, 0644), "%s", name);
	return text;
}

static struct unit_set set_of(const char *const *names, size_t n)
{
	struct unit_set set = { 0 };

	for (size_t i = 0; i < n; i++)
		cr_assert(eq(int, unit_set_add(&set, names[i]), 0), "%s", names[i]);
	return set;
}

static int allow(struct place *place, const char *unit)
{
	CLEANUP(unit_set_clear) struct unit_set set = set_of(&unit, 1);

	return enrolment_allow(&place->enrolment, &set);
}

static int forbid(struct place *place, const char *unit)
{
	CLEANUP(unit_set_clear) struct unit_set set = set_of(&unit, 1);

	return enrolment_forbid(&place->enrolment, &set);
}

static void enroll(struct place *place, const char *unit, enum mode mode)
{
	cr_assert(eq(int, enrolment_set_mode(&place->enrolment, unit, mode), 0), "%s", unit);
	cr_assert(eq(int, allow(place, unit), 0), "%s", unit);
}

static struct enrolled look(struct place *place, const char *unit)
{
	struct enrolled enrolled;

	cr_assert(eq(int, enrolment_look(&place->enrolment, unit, &enrolled), 0), "%s", unit);
	return enrolled;
}

/* ---- what is written ------------------------------------------------------------ */

Test(enrolment, what_is_enrolled_is_read_back_by_the_next_run)
{
	CLEANUP(place_clear) struct place place = { 0 };
	static const char *const names[] = { "a.service", "foo@1.service", "pat\\x2da.service",
					     "foo@a:b_c-d.e.service", "\\.service" };

	place_make(&place);
	for (size_t i = 0; i < LENGTH(names); i++)
		enroll(&place, names[i], i % 2 ? MODE_APPROVE : MODE_ENFORCE);
	cr_assert(eq(int, place_open(&place), 0));
	cr_assert(place.enrolment.as_written);
	cr_assert(eq(sz, place.enrolment.allowed.n, LENGTH(names)));
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct enrolled enrolled = look(&place, names[i]);

		cr_assert(enrolled.is_allowed, "%s", names[i]);
		cr_assert(eq(int, enrolled.drop_in, DROP_IN_OURS), "%s", names[i]);
		cr_assert(enrolled.says_mode, "%s", names[i]);
		cr_assert(eq(int, enrolled.mode, i % 2 ? MODE_APPROVE : MODE_ENFORCE), "%s",
			  names[i]);
	}
}

Test(enrolment, a_backslash_is_written_as_javascript_wants_it)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *text = NULL;

	place_make(&place);
	enroll(&place, "pat\\x2da.service", MODE_ENFORCE);
	text = text_of(&place, RULES);
	cr_assert(ne(ptr, strstr(text, "\n        \"pat\\\\x2da.service\",\n"), NULL), "%s", text);
	cr_assert(eq(ptr, strstr(text, "pat\\x2d"), NULL), "%s", text);
}

Test(enrolment, everybody_can_read_both_files_whatever_the_umask)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *rules = NULL, *drop_in = NULL;
	struct stat status;

	place_make(&place);
	(void)umask(077);
	enroll(&place, "shop.service", MODE_ENFORCE);
	rules = text_of(&place, RULES); /* asserts 0644 */
	drop_in = text_of(&place, DROP_IN);
	cr_assert(eq(int, stat(scratch_path(&place.scratch, "units/shop.service.d"), &status), 0));
	cr_assert(eq(u32, status.st_mode & 07777, 0755));
}

Test(enrolment, enrolling_again_changes_the_mode_and_nothing_else)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *before = NULL, *after = NULL;

	place_make(&place);
	enroll(&place, "shop.service", MODE_ENFORCE);
	before = text_of(&place, RULES);
	enroll(&place, "shop.service", MODE_APPROVE);
	after = text_of(&place, RULES);
	cr_assert(eq(str, before, after));
	cr_assert(eq(int, look(&place, "shop.service").mode, MODE_APPROVE));
}

/* ---- one lock without the other ---------------------------------------------------- */

Test(enrolment, a_mode_alone_is_listed_as_not_allowed)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	struct enrolled enrolled;

	place_make(&place);
	enroll(&place, "a.service", MODE_ENFORCE);
	cr_assert(eq(int, enrolment_set_mode(&place.enrolment, "shop.service", MODE_ENFORCE), 0));
	cr_assert(eq(int, place_open(&place), 0)); /* interrupted: the rule was not written */
	cr_assert(eq(int, enrolment_units(&place.enrolment, &units), 0));
	cr_assert(eq(sz, units.n, 2));
	enrolled = look(&place, "shop.service");
	cr_assert(not(enrolled.is_allowed));
	cr_assert(eq(int, enrolled.drop_in, DROP_IN_OURS));
}

Test(enrolment, a_right_alone_is_listed_without_a_mode)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	struct enrolled enrolled;

	place_make(&place);
	cr_assert(eq(int, allow(&place, "shop.service"), 0));
	cr_assert(eq(int, enrolment_units(&place.enrolment, &units), 0));
	cr_assert(eq(sz, units.n, 1));
	enrolled = look(&place, "shop.service");
	cr_assert(enrolled.is_allowed);
	cr_assert(eq(int, enrolled.drop_in, DROP_IN_NONE));
	cr_assert(not(enrolled.says_mode));
}

Test(enrolment, other_folders_beside_the_units_are_none_of_ours)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };

	place_make(&place);
	(void)scratch_write(&place.scratch, "units/a.service", "[Service]\n");
	(void)mkdir(scratch_path(&place.scratch, "units/multi-user.target.wants"), 0755);
	(void)mkdir(scratch_path(&place.scratch, "units/.service.d"), 0755);
	(void)mkdir(scratch_path(&place.scratch, "units/b.service.d"), 0755);
	(void)scratch_write(&place.scratch, "units/b.service.d/50-selfheal.conf",
			    "[X-SelfHeal]\nMode=enforce\n");
	cr_assert(eq(int, enrolment_units(&place.enrolment, &units), 0));
	cr_assert(eq(sz, units.n, 0));
}

/* ---- taking back ---------------------------------------------------------------------- */

Test(enrolment, unenrolling_one_leaves_the_others)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	enroll(&place, "a.service", MODE_ENFORCE);
	enroll(&place, "shop.service", MODE_ENFORCE);
	cr_assert(eq(int, forbid(&place, "shop.service"), 0));
	cr_assert(eq(int, enrolment_unset_mode(&place.enrolment, "shop.service"), 0));
	cr_assert(eq(int, place_open(&place), 0));
	cr_assert(not(look(&place, "shop.service").is_allowed));
	cr_assert(eq(int, look(&place, "shop.service").drop_in, DROP_IN_NONE));
	cr_assert(look(&place, "a.service").is_allowed);
	cr_assert(eq(int, look(&place, "a.service").drop_in, DROP_IN_OURS));
}

Test(enrolment, unenrolling_the_last_leaves_no_file_and_no_folder)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	enroll(&place, "shop.service", MODE_ENFORCE);
	for (int i = 0; i < 2; i++) { /* twice is no error */
		cr_assert(eq(int, forbid(&place, "shop.service"), 0));
		cr_assert(eq(int, enrolment_unset_mode(&place.enrolment, "shop.service"), 0));
		cr_assert(not(is_there(&place, RULES)));
		cr_assert(not(is_there(&place, "units/shop.service.d")));
		cr_assert(eq(int, place_open(&place), 0));
		cr_assert(eq(sz, place.enrolment.allowed.n, 0));
	}
}

Test(enrolment, a_folder_with_drop_ins_of_others_stays)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	enroll(&place, "shop.service", MODE_ENFORCE);
	(void)scratch_write(&place.scratch, "units/shop.service.d/10-limits.conf", "[Service]\n");
	cr_assert(eq(int, enrolment_unset_mode(&place.enrolment, "shop.service"), 0));
	cr_assert(not(is_there(&place, DROP_IN)));
	cr_assert(is_there(&place, "units/shop.service.d/10-limits.conf"));
}

/* ---- what somebody else wrote ------------------------------------------------------------ */

/* The rules as we write them, with one thing changed. */
static void spoil(char *text, const char *what, const char *into)
{
	char *place = strstr(text, what);

	cr_assert(ne(ptr, place, NULL), "%s", what);
	cr_assert(eq(sz, strlen(what), strlen(into)), "%s", what);
	memcpy(place, into, strlen(into));
}

Test(enrolment, rules_of_somebody_else_are_never_overwritten)
{
	static const struct {
		const char *what, *into;
	} cases[] = {
		{ "// Written", "// written" },
		{ "var enrolled", "var enroiled" },
		{ "\"a.service\",", "'a.service'," },
		{ "\"a.service\",", "\"a.service\";" },
		{ "\"a.service\",", "\"a.serv*ce\"," },
		{ "\"a.service\",", "\"\\a.servic\"," },
		{ "        \"a", "       \"\"a" },
		{ "    ]; // enrolled", "    ];            " },
		{ "\"b.service\",", "\"a.service\"," },
		{ "\"a.service\",", "\"a.service\"+" },
		{ "\"a.service\",", "\"a\",\"b.svc\"," },
		{ "\"a.service\",", "// a.service" },
	};
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		CLEANUP(cleanup_free) char *text = NULL, *now = NULL;

		cr_assert(eq(int, place_open(&place), 0));
		enroll(&place, "a.service", MODE_ENFORCE);
		enroll(&place, "b.service", MODE_ENFORCE);
		text = text_of(&place, RULES);
		spoil(text, cases[i].what, cases[i].into);
		(void)scratch_write(&place.scratch, RULES, text);
		cr_assert(eq(int, place_open(&place), -EBADMSG), "%zu: %s", i, cases[i].into);
		cr_assert(eq(str, place.enrolment.file, place.rules));
		now = text_of(&place, RULES);
		cr_assert(eq(str, now, text));
		cr_assert(eq(int, unlink(place.rules), 0));
	}
}

Test(enrolment, what_is_no_file_of_text_is_not_ours)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	(void)scratch_write(&place.scratch, RULES, "");
	cr_assert(eq(int, place_open(&place), -EBADMSG));
	(void)scratch_write_bytes(&place.scratch, RULES, "// Writ\0en", 10);
	cr_assert(eq(int, place_open(&place), -EBADMSG));
	(void)unlink(place.rules);
	enroll(&place, "a.service", MODE_ENFORCE);
	cr_assert(eq(int, rename(place.rules, scratch_path(&place.scratch, "elsewhere")), 0));
	(void)scratch_link(&place.scratch, RULES, "../elsewhere");
	cr_assert(eq(int, place_open(&place), -EBADMSG));
	(void)unlink(place.rules);
	cr_assert(eq(int, mkfifo(place.rules, 0644), 0));
	cr_assert(eq(int, place_open(&place), -EBADMSG));
	(void)unlink(place.rules);
	cr_assert(eq(int, mkdir(place.rules, 0755), 0));
	cr_assert(eq(int, place_open(&place), -EBADMSG));
}

Test(enrolment, a_change_outside_of_the_list_is_noticed)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *text = NULL;

	place_make(&place);
	enroll(&place, "a.service", MODE_ENFORCE);
	cr_assert(eq(int, chmod(place.rules, 0600), 0)); /* polkitd could not read it */
	cr_assert(eq(int, place_open(&place), 0));
	cr_assert(not(place.enrolment.as_written));
	cr_assert(eq(int, chmod(place.rules, 0644), 0));
	text = text_of(&place, RULES);
	spoil(text, "reset-failed", "stop        ");
	(void)scratch_write(&place.scratch, RULES, text);
	cr_assert(eq(int, place_open(&place), 0));
	cr_assert(not(place.enrolment.as_written));
	cr_assert(place.enrolment.allowed.n == 1);
}

Test(enrolment, rules_of_an_older_version_are_ours_and_the_next_change_lets_reload)
{
	static const char now[] = "\"restart\", \"reload\", \"reset-failed\"";
	static const char then[] = "\"restart\", \"reset-failed\"";
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *text = NULL, *after = NULL;
	char *verbs;

	place_make(&place);
	enroll(&place, "a.service", MODE_ENFORCE);
	text = text_of(&place, RULES);
	verbs = strstr(text, now);
	cr_assert(ne(ptr, verbs, NULL));
	memcpy(verbs, then, strlen(then));
	memmove(verbs + strlen(then), verbs + strlen(now), strlen(verbs + strlen(now)) + 1);
	(void)scratch_write(&place.scratch, RULES, text);
	(void)chmod(place.rules, 0644);
	cr_assert(eq(int, place_open(&place), 0));
	cr_assert(place.enrolment.as_written);
	cr_assert(look(&place, "a.service").is_allowed);
	enroll(&place, "b.service", MODE_ENFORCE);
	after = text_of(&place, RULES);
	cr_assert(ne(ptr, strstr(after, now), NULL));
}

Test(enrolment, a_drop_in_of_somebody_else_is_neither_overwritten_nor_removed)
{
	static const char theirs[] = "[X-SelfHeal]\nMode=observe\n";
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *text = NULL;

	place_make(&place);
	(void)mkdir(scratch_path(&place.scratch, "units/shop.service.d"), 0755);
	(void)scratch_write(&place.scratch, DROP_IN, theirs);
	(void)chmod(scratch_path(&place.scratch, DROP_IN), 0644);
	cr_assert(eq(int, look(&place, "shop.service").drop_in, DROP_IN_FOREIGN));
	cr_assert(eq(int, enrolment_set_mode(&place.enrolment, "shop.service", MODE_ENFORCE),
		     -EBADMSG));
	cr_assert(eq(int, enrolment_unset_mode(&place.enrolment, "shop.service"), -EBADMSG));
	text = text_of(&place, DROP_IN);
	cr_assert(eq(str, text, (char *)theirs));
	cr_assert(eq(str, place.enrolment.file, (char *)scratch_path(&place.scratch, DROP_IN)));
}

/* ---- failures ------------------------------------------------------------------------------ */

/* No file grows beyond so many bytes from now on, as on a full disk. */
static void limit_files(rlim_t size)
{
	const struct rlimit limit = { size, RLIM_INFINITY };

	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
}

Test(enrolment, a_write_that_fails_leaves_the_old_file_and_nothing_else)
{
	CLEANUP(place_clear) struct place place = { 0 };
	CLEANUP(cleanup_free) char *before = NULL, *after = NULL;
	int r;

	place_make(&place);
	enroll(&place, "a.service", MODE_ENFORCE);
	before = text_of(&place, RULES);
	limit_files(100);
	r = allow(&place, "shop.service");
	limit_files(RLIM_INFINITY);
	cr_assert(eq(int, r, -EFBIG));
	cr_assert(eq(str, place.enrolment.file, place.rules));
	after = text_of(&place, RULES);
	cr_assert(eq(str, before, after));
	cr_assert(not(is_there(&place, "rules.d/.10-selfheal.rules.new")));
	cr_assert(not(look(&place, "shop.service").is_allowed));
}

Test(enrolment, what_an_interrupted_run_left_is_in_nobodys_way)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	(void)scratch_write(&place.scratch, "rules.d/.10-selfheal.rules.new",
			    "a half-written file that is much longer than what comes, "
			    "(function () { var enrolled = [");
	(void)mkdir(scratch_path(&place.scratch, "units/shop.service.d"), 0755);
	(void)scratch_write(&place.scratch, "units/shop.service.d/.50-selfheal.conf.new", "# Wr");
	cr_assert(eq(int, place_open(&place), 0));
	enroll(&place, "shop.service", MODE_ENFORCE);
	cr_assert(eq(int, place_open(&place), 0));
	cr_assert(place.enrolment.as_written);
	cr_assert(not(is_there(&place, "rules.d/.10-selfheal.rules.new")));
	cr_assert(eq(int, enrolment_unset_mode(&place.enrolment, "shop.service"), 0));
	cr_assert(not(is_there(&place, "units/shop.service.d")));
}

Test(enrolment, without_the_folder_of_rules_nothing_is_allowed)
{
	CLEANUP(place_clear) struct place place = { 0 };

	place_make(&place);
	(void)rmdir(scratch_path(&place.scratch, "rules.d"));
	cr_assert(eq(int, place_open(&place), 0)); /* so that unenroll can do its part */
	cr_assert(eq(int, allow(&place, "shop.service"), -ENOENT));
	cr_assert(eq(int, forbid(&place, "shop.service"), 0));
}

/* ---- names ------------------------------------------------------------------------------------ */

Test(enrolment, what_is_no_units_name_gets_into_no_rule)
{
	static const char *const hostile[] = {
		"",
		"a\".service",
		"a\n.service",
		"a'.service",
		"../a.service",
		"a b.service",
		"a\r.service",
		"*.service",
		"a?.service",
		"\xff.service",
		"a.service\"",
		"\",\"x.service",
		"a",
		"a\u2028.service",
	};
	CLEANUP(unit_set_clear) struct unit_set set = { 0 };

	for (size_t i = 0; i < LENGTH(hostile); i++)
		cr_assert(eq(int, unit_set_add(&set, hostile[i]), -EINVAL), "%s", hostile[i]);
	cr_assert(eq(sz, set.n, 0));
}
