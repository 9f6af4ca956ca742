/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads our section of a unit file, and of nothing else in it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "record/names.h"
#include "record/unitfile.h"

static int take_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	struct unitfile *unitfile = userdata;

	if (strcmp(line->key, "Mode") != 0)
		return ini_fail(line, error,
				"unknown key '%s' in [" NAME_UNIT_SECTION "]; expected Mode",
				line->key);
	unitfile->mentions_mode = true;
	unitfile->says_mode = *line->value != '\0';
	if (!unitfile->says_mode || mode_from_word(line->value, &unitfile->mode) == 0)
		return 0;
	return ini_fail(line, error, "Mode=%s; expected observe, mock, approve or enforce",
			line->value);
}

int unitfile_load(const char *path, struct unitfile *ret, struct ini_error *error)
{
	struct unitfile unitfile = *ret;
	struct stat status;
	int r;

	if (stat(path, &status) == 0 && S_ISCHR(status.st_mode))
		return 0; /* a mask */
	r = ini_load_section(path, NAME_UNIT_SECTION, take_line, &unitfile, error);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*ret = unitfile;
	return 0;
}
