/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Files of settings, checked by the very functions that the daemon reads them with. */
#include "base/ini.h"

enum file_kind {
	FILE_KIND_UNKNOWN,
	FILE_KIND_CONFIG, /* selfhealed.conf and its drop-ins */
	FILE_KIND_RULE,
	FILE_KIND_CLASS,
	FILE_KIND_UNIT, /* a unit file, or a drop-in to one */
};

/* By its name and the folder it lies in; where these say nothing, as of any NAME.conf, by its sections. */
enum file_kind file_kind_of(const char *path);

/* 0: it can be used. Else a negative errno with error set; also where there is no such file, or
 * nothing tells what it is. */
int inspect_file(const char *path, enum file_kind kind, struct ini_error *error);
