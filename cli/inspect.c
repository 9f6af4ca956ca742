/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kind of file is it, and is it right? */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/inspect.h"
#include "record/classes.h"
#include "record/config.h"
#include "record/names.h"
#include "record/rulefile.h"

/* ---- its kind ------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* "web.service.d", "web-.service.d", "service.d": systemd looks into all of these. */
static bool is_drop_in_folder(const char *folder)
{
	char unit[UNIT_NAME_SIZE + 2];

	if (!ends_with(folder, ".d"))
		return false;
	return text_format(unit, sizeof(unit), "x.%.*s", (int)(strlen(folder) - 2), folder) >= 0 &&
	       text_is_unit_name(unit);
}

static int find_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	bool *found = userdata;

	(void)line;
	(void)error;
	*found = true;
	return 0;
}

/* What else is in the file, and whether it is right, does not matter yet. */
static bool has_section(const char *path, const char *section)
{
	struct ini_error error;
	bool found = false;

	(void)ini_load_section(path, section, find_line, &found, &error);
	return found;
}

static bool has_option_section(const char *path)
{
	struct option_text option;

	for (size_t i = 0; config_option(i, &option) >= 0; i++)
		if (has_section(path, option.section))
			return true;
	return false;
}

static enum file_kind kind_by_sections(const char *path)
{
	if (has_section(path, "Match"))
		return FILE_KIND_CLASS;
	if (has_section(path, NAME_UNIT_SECTION))
		return FILE_KIND_UNIT;
	return has_option_section(path) ? FILE_KIND_CONFIG : FILE_KIND_UNKNOWN;
}

/* The name of the folder that the file lies in; "": it is not told. */
static void folder_of(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/'), *from = slash;

	ret[0] = '\0';
	if (!slash)
		return;
	while (from > path && from[-1] != '/')
		from--;
	if (text_format(ret, size, "%.*s", (int)(slash - from), from) < 0)
		ret[0] = '\0';
}

enum file_kind file_kind_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char folder[NAME_MAX + 1];

	folder_of(path, folder, sizeof(folder));
	if (ends_with(name, ".rule"))
		return FILE_KIND_RULE;
	if (text_is_unit_name(name))
		return FILE_KIND_UNIT;
	if (!ends_with(name, ".conf"))
		return FILE_KIND_UNKNOWN;
	if (strcmp(name, NAME_CONFIG_FILE) == 0 || strcmp(folder, NAME_CONFIG_DROPINS) == 0)
		return FILE_KIND_CONFIG;
	if (strcmp(folder, NAME_CLASS_DIR) == 0)
		return FILE_KIND_CLASS;
	return is_drop_in_folder(folder) ? FILE_KIND_UNIT : kind_by_sections(path);
}

/* ---- is it right --------------------------------------------------------------------- */

static int inspect_config(const char *path, struct ini_error *error)
{
	struct config config;

	config_defaults(&config);
	return config_load_file(path, &config, error);
}

static int inspect_rule(const char *path, struct ini_error *error)
{
	struct rule rule;

	return rule_load(path, &rule, error);
}

static int inspect_class(const char *path, struct ini_error *error)
{
	struct unit_class class;

	return class_load(path, &class, error);
}

static int inspect_unit(const char *path, struct ini_error *error)
{
	struct terms terms = { 0 };

	return unitfile_load(path, &terms, error);
}

static int inspect_unknown(const char *path, struct ini_error *error)
{
	const struct ini_line whole = { .file = path };

	return ini_fail(&whole, error,
			"expected NAME.rule, " NAME_CONFIG_FILE
			", the name of a unit, or NAME.conf with a section [Match], "
			"[" NAME_UNIT_SECTION "] or one of " NAME_CONFIG_FILE);
}

int inspect_file(const char *path, enum file_kind kind, struct ini_error *error)
{
	static int (*const inspect[])(const char *path, struct ini_error *error) = {
		[FILE_KIND_UNKNOWN] = inspect_unknown, [FILE_KIND_CONFIG] = inspect_config,
		[FILE_KIND_RULE] = inspect_rule,       [FILE_KIND_CLASS] = inspect_class,
		[FILE_KIND_UNIT] = inspect_unit,
	};
	int r;

	/* A unit file that is not there says nothing to the daemon; here somebody has named it. */
	if (access(path, R_OK) < 0)
		return ini_fail_errno(path, -errno, error);
	r = inspect[kind](path, error);
	return r == -ENOENT ? ini_fail_errno(path, r, error) : r;
}
