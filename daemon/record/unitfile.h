/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a unit says of its own healing: section [X-SelfHeal] of its unit file and
 * drop-ins, which systemd passes over. Files are read in systemd's order, the
 * unit file first, each over what those before it said.
 */
#include <stdbool.h>

#include "base/ini.h"
#include "record/config.h"

struct unitfile {
	bool mentions_mode; /* Mode= stands there */
	bool says_mode;	    /* and is not empty, which takes back what was said before */
	enum mode mode;
};

/* A file without that section changes nothing, and so does one that is not there, or a
 * link to /dev/null. -EINVAL and others
 * with `error` set; ret is then unchanged. */
int unitfile_load(const char *path, struct unitfile *ret, struct ini_error *error);
