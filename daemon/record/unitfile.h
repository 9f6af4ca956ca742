/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a unit says of its own healing: section [X-SelfHeal] of its unit file and
 * drop-ins, which systemd passes over. Files are read in systemd's order, the
 * unit file first, each over what those before it said: terms.h has the keys.
 */
#include <stdbool.h>

#include "base/ini.h"
#include "record/terms.h"

/* Told of each line that counts, for those who want to know where it stands. */
typedef void unitfile_told(enum term term, const struct ini_line *line, void *userdata);

/* A file without that section changes nothing, and so does one that is not there, or a link to /dev/null.
 * -EINVAL and others with `error` set; ret is then unchanged, though lines before that one were told of. */
int unitfile_load(const char *path, struct terms *ret, struct ini_error *error);
int unitfile_load_told(const char *path, unitfile_told *told, void *userdata, struct terms *ret,
		       struct ini_error *error);
/* One line of such a section, wherever it stands; told() may be NULL. */
int unitfile_take(const struct ini_line *line, unitfile_told *told, void *userdata,
		  struct terms *terms, struct ini_error *error);
/* Does the file say nothing but that, so that the service itself is the same with it and without? (Sections whose
 * names begin with X- are nothing to systemd.) One that cannot be read says more. */
bool unitfile_is_policy_alone(const char *path);
