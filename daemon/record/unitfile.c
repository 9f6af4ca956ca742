/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads our section of a unit file, and of nothing else in it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "record/names.h"
#include "record/unitfile.h"

struct reading {
	struct terms terms;
	unitfile_told *told; /* NULL: nobody asks */
	void *userdata;
};

static int unknown_key(const struct ini_line *line, struct ini_error *error)
{
	char keys[160] = "";

	for (enum term term = 0; term < TERM_N; term++)
		(void)snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%s%s",
			       keys[0] ? ", " : "", term_key(term));
	return ini_fail(line, error,
			"unknown key '%s' in [" NAME_UNIT_SECTION "]; expected one of: %s",
			line->key, keys);
}

static void tell(const struct ini_line *line, unitfile_told *told, void *userdata)
{
	for (enum term term = 0; term < TERM_N; term++)
		if (strcmp(term_key(term), line->key) == 0)
			told(term, line, userdata);
}

int unitfile_take(const struct ini_line *line, unitfile_told *told, void *userdata,
		  struct terms *terms, struct ini_error *error)
{
	const char *expected = NULL;
	int r;

	r = terms_set(terms, line->key, line->value, &expected);
	if (r == -ENOENT)
		return unknown_key(line, error);
	if (r < 0)
		return ini_fail(line, error, "%s=%s; expected %s", line->key, line->value,
				expected);
	if (told)
		tell(line, told, userdata);
	return 0;
}

static int take_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	struct reading *reading = userdata;

	return unitfile_take(line, reading->told, reading->userdata, &reading->terms, error);
}

int unitfile_load_told(const char *path, unitfile_told *told, void *userdata, struct terms *ret,
		       struct ini_error *error)
{
	struct reading reading = { .terms = *ret, .told = told, .userdata = userdata };
	struct stat status;
	int r;

	if (stat(path, &status) == 0 && S_ISCHR(status.st_mode))
		return 0; /* a mask */
	r = ini_load_section(path, NAME_UNIT_SECTION, take_line, &reading, error);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*ret = reading.terms;
	return 0;
}

int unitfile_load(const char *path, struct terms *ret, struct ini_error *error)
{
	return unitfile_load_told(path, NULL, NULL, ret, error);
}

static void close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

bool unitfile_is_policy_alone(const char *path)
{
	CLEANUP(close_file) FILE *file = fopen(path, "re");
	CLEANUP(cleanup_free) char *line = NULL;
	bool is_extension = false;
	size_t size = 0;

	if (!file)
		return false;
	while (getline(&line, &size, file) > 0) {
		const char *text = line + strspn(line, " \t\r\n");

		if (*text == '[')
			is_extension = strncmp(text, "[X-", 3) == 0;
		else if (*text && *text != '#' && *text != ';' && !is_extension)
			return false;
	}
	return ferror(file) == 0;
}
