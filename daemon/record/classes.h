/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the admin says of whole classes of units: a file each, NAME.conf in units.d,
 *
 *	[Match]
 *	Unit=shop-*.service web@*.service
 *	[X-SelfHeal]
 *	Mode=approve
 *
 * A unit is of every class one of whose globs matches its name. Files count in the
 * order of their names, each over what those before it said; what the unit itself
 * says is laid over all of them.
 */
#include <stddef.h>

#include "base/ini.h"
#include "record/terms.h"
#include "record/unitfile.h"

#define CLASSES_MAX	 64
#define CLASS_NAME_SIZE	 64
#define CLASS_GLOBS_SIZE 1024

struct unit_class {
	char name[CLASS_NAME_SIZE];   /* of the file, without .conf */
	char globs[CLASS_GLOBS_SIZE]; /* one space between them */
	struct terms terms;
};

struct classes {
	size_t n;
	struct unit_class class[CLASSES_MAX];
};

/* Read one file. -ENOENT if there is none, with error untouched; any other failure, mostly -EINVAL, with error
 * set. */
int class_load(const char *path, struct unit_class *ret, struct ini_error *error);
/* The same, and told() of each line of [X-SelfHeal]. */
int class_load_told(const char *path, unitfile_told *told, void *userdata, struct unit_class *ret,
		    struct ini_error *error);
/* All *.conf of the folders (earlier folders win by name, a link to /dev/null removes one). After a failure
 * error is set, and ret is not to be used. */
int classes_load(const char *const *folders, size_t n_folders, struct classes *ret,
		 struct ini_error *error);
/* The same of the installed folders: the admin's, then the vendor's. */
int classes_load_installed(struct classes *ret, struct ini_error *error);
/* Each of these files, in the order in which they count, as ini_drop_ins(). */
int classes_files(int (*visit)(const char *path, void *userdata), void *userdata,
		  struct ini_error *error);

bool class_has(const struct unit_class *class, const char *unit);
/* Lay what all its classes say upon terms; a list that has become too long is cut. */
void classes_terms(const struct classes *classes, const char *unit, struct terms *terms);
