/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for polkit: written from a set of names, and that set read back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/rights.h"
#include "cli/whole_file.h"
#include "record/names.h"

/* What we know our files and the list in them by, in all versions. */
#define SIGNATURE                                                                                  \
	"// Written by \"selfhealctl enroll\" and \"selfhealctl unenroll\": edits are lost.\n"
#define LIST_BEGIN "    var enrolled = [ // one service a line\n"
#define LIST_END   "    ]; // enrolled\n"
#define NAME_BEGIN "        \""
#define NAME_END   "\",\n"

static const char before[] =
	SIGNATURE "// What the daemon's user may ask of systemd; all else is refused to it.\n"
		  "(function () {\n" LIST_BEGIN;
#define VERBS_BEGIN "    var verbs = ["
#define VERBS_END   "];\n"
/* The first is written. The others are what was, and is still as we wrote it: who enrolled before may do
 * less, and no more. */
static const char *const verbs[] = {
	"\"try-restart\", \"restart\", \"reload\", \"reset-failed\"",
	"\"try-restart\", \"restart\", \"reset-failed\"",
};
static const char after[] =
	"\n"
	"    polkit.addRule(function (action, subject) {\n"
	"        if (subject.user !== \"" NAME_USER "\")\n"
	"            return polkit.Result.NOT_HANDLED;\n"
	"        if (action.id === \"org.freedesktop.systemd1.manage-units\" &&\n"
	"            enrolled.indexOf(action.lookup(\"unit\")) >= 0 &&\n"
	"            verbs.indexOf(action.lookup(\"verb\")) >= 0)\n"
	"            return polkit.Result.YES;\n"
	"        return polkit.Result.NO;\n"
	"    });\n"
	"})();\n";

/* ---- writing ------------------------------------------------------------------- */

/* A unit's name has no other character that means something within quotes. */
static void put_name(FILE *file, const char *name)
{
	(void)fputs(NAME_BEGIN, file);
	for (; *name; name++)
		(void)fprintf(file, *name == '\\' ? "\\%c" : "%c", *name);
	(void)fputs(NAME_END, file);
}

static int rights_text(const struct unit_set *units, const char *may, char **ret)
{
	CLEANUP(cleanup_free) char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -ENOMEM;
	(void)fputs(before, file);
	for (size_t i = 0; i < units->n; i++)
		put_name(file, units->name[i]);
	(void)fprintf(file, LIST_END VERBS_BEGIN "%s" VERBS_END "%s", may, after);
	if (fclose(file) != 0)
		return -ENOMEM;
	*ret = TAKE(text);
	return 0;
}

int rights_write(const char *path, const struct unit_set *units)
{
	CLEANUP(cleanup_free) char *text = NULL;
	int r;

	if (units->n == 0)
		return whole_file_remove(path);
	r = rights_text(units, verbs[0], &text);
	if (r < 0)
		return r;
	return whole_file_write(path, text);
}

/* ---- reading ------------------------------------------------------------------- */

/* If the text begins with that, what comes behind it; else NULL. */
static const char *skip(const char *text, const char *start)
{
	size_t length = strlen(start);

	return strncmp(text, start, length) == 0 ? text + length : NULL;
}

/* One line of the list; *text is then behind it. */
static int take_name(const char **text, struct unit_set *units)
{
	const char *from = skip(*text, NAME_BEGIN);
	char name[UNIT_NAME_SIZE];
	size_t n = 0;

	if (!from)
		return -EBADMSG;
	for (; *from && *from != '"' && n < sizeof(name) - 1; from++) {
		if (*from == '\\' && *++from != '\\')
			return -EBADMSG;
		name[n++] = *from;
	}
	name[n] = '\0';
	*text = skip(from, NAME_END);
	if (!*text || unit_set_has(units, name) || !text_is_unit_name(name))
		return -EBADMSG;
	return unit_set_add(units, name);
}

static int take_list(const char *text, struct unit_set *units)
{
	const char *list;
	int r;

	if (!skip(text, SIGNATURE))
		return -EBADMSG;
	list = strstr(text, "\n" LIST_BEGIN);
	if (!list)
		return -EBADMSG;
	list += strlen("\n" LIST_BEGIN);
	while (!skip(list, LIST_END)) {
		r = take_name(&list, units);
		if (r < 0)
			return r;
	}
	return 0;
}

/* 1: that is what we write for these units, or wrote once; 0: it is not. */
static int is_ours(const char *text, const struct unit_set *units)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		CLEANUP(cleanup_free) char *expected = NULL;

		r = rights_text(units, verbs[i], &expected);
		if (r == 0)
			r = strcmp(text, expected) == 0;
	}
	return r;
}

int rights_read(const char *path, struct unit_set *ret, bool *ret_as_written)
{
	CLEANUP(cleanup_free) char *text = NULL;
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	mode_t permissions = 0;
	int r;

	r = whole_file_read(path, &text, &permissions);
	if (r == -ENOENT) {
		*ret_as_written = true;
		return 0;
	}
	if (r < 0)
		return r;
	r = take_list(text, &units);
	if (r < 0)
		return r;
	r = is_ours(text, &units);
	if (r < 0)
		return r;
	*ret_as_written = permissions == 0644 && r > 0;
	*ret = units;
	units = (struct unit_set) { 0 };
	return 0;
}
