/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classes of units: whom they are about, and what they say. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "record/classes.h"
#include "record/names.h"
#include "record/record.h"
#include "record/value.h"

#define SUFFIX ".conf"

/* A name without a type would match nothing, for it is compared with whole names. */
static bool is_glob(const char *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@*?";

	return strpbrk(word, "*?") ? word[strspn(word, allowed)] == '\0' : text_is_unit_name(word);
}

static int add_globs(const struct ini_line *line, struct unit_class *class, struct ini_error *error)
{
	const char *value = line->value;
	char word[UNIT_NAME_SIZE];
	int r;

	if (!*value)
		class->globs[0] = '\0';
	while ((r = value_word(&value, word, sizeof(word))) > 0) {
		size_t length = strlen(class->globs);

		if (!is_glob(word))
			break;
		r = text_format(class->globs + length, sizeof(class->globs) - length, "%s%s",
				length ? " " : "", word);
		if (r < 0) {
			class->globs[length] = '\0';
			break;
		}
	}
	return r == 0 ? 0
		      : ini_fail(line, error,
				 "Unit=%s; expected names of units with their types, which may "
				 "have * and ? in them, such as 'shop-*.service', %d bytes in all",
				 line->value, CLASS_GLOBS_SIZE - 1);
}

struct reading {
	struct unit_class class;
	unitfile_told *told; /* NULL: nobody asks */
	void *userdata;
};

static int take_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	struct reading *reading = userdata;

	if (strcmp(line->section, NAME_UNIT_SECTION) == 0)
		return unitfile_take(line, reading->told, reading->userdata, &reading->class.terms,
				     error);
	if (strcmp(line->section, "Match") != 0)
		return ini_fail(line, error,
				"'%s=' in section [%s]; expected [Match] or [" NAME_UNIT_SECTION
				"]",
				line->key, line->section);
	if (strcmp(line->key, "Unit") != 0)
		return ini_fail(line, error, "unknown key '%s' in [Match]; expected Unit",
				line->key);
	return add_globs(line, &reading->class, error);
}

static int name_from_path(const char *path, char ret[CLASS_NAME_SIZE], struct ini_error *error)
{
	const struct ini_line whole = { .file = path };
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = strlen(name), end = strlen(SUFFIX);

	if (length <= end || length - end >= CLASS_NAME_SIZE ||
	    strcmp(name + length - end, SUFFIX) != 0)
		return ini_fail(&whole, error, "expected a name of 1 to %d bytes, then " SUFFIX,
				CLASS_NAME_SIZE - 1);
	*(char *)mempcpy(ret, name, length - end) = '\0';
	return 0;
}

int class_load_told(const char *path, unitfile_told *told, void *userdata, struct unit_class *ret,
		    struct ini_error *error)
{
	const struct ini_line whole = { .file = path };
	struct reading reading = { .told = told, .userdata = userdata };
	int r;

	r = name_from_path(path, reading.class.name, error);
	if (r < 0)
		return r;
	r = ini_load(path, take_line, &reading, error);
	if (r < 0)
		return r;
	if (!reading.class.globs[0])
		return ini_fail(&whole, error, "expected Unit= in [Match], found none");
	*ret = reading.class;
	return 0;
}

int class_load(const char *path, struct unit_class *ret, struct ini_error *error)
{
	return class_load_told(path, NULL, NULL, ret, error);
}

struct collection {
	struct classes *classes;
	struct ini_error *error;
};

static int collect(const char *path, void *userdata)
{
	const struct collection *collection = userdata;
	struct classes *classes = collection->classes;
	const struct ini_line whole = { .file = path };
	int r;

	if (classes->n == CLASSES_MAX)
		return ini_fail(&whole, collection->error, "expected at most %d classes",
				CLASSES_MAX);
	r = class_load(path, &classes->class[classes->n], collection -> error);
	if (r == -ENOENT)
		return ini_fail_errno(path, r, collection->error);
	classes->n += r >= 0;
	return r;
}

int classes_load(const char *const *folders, size_t n_folders, struct classes *ret,
		 struct ini_error *error)
{
	struct collection collection = { .classes = ret, .error = error };

	ret->n = 0;
	return ini_drop_ins(folders, n_folders, "conf", collect, &collection, error);
}

static const char *const installed[] = {
	NAME_CONFIG_DIR "/" NAME_CLASS_DIR,
	NAME_LOCAL_VENDOR_DIR "/" NAME_CLASS_DIR,
	NAME_VENDOR_DIR "/" NAME_CLASS_DIR,
};
#define INSTALLED_N (sizeof(installed) / sizeof(installed[0]))

int classes_load_installed(struct classes *ret, struct ini_error *error)
{
	return classes_load(installed, INSTALLED_N, ret, error);
}

int classes_files(int (*visit)(const char *path, void *userdata), void *userdata,
		  struct ini_error *error)
{
	return ini_drop_ins(installed, INSTALLED_N, "conf", visit, userdata, error);
}

bool class_has(const struct unit_class *class, const char *unit)
{
	const char *globs = class->globs;
	char glob[UNIT_NAME_SIZE];

	while (value_word(&globs, glob, sizeof(glob)) > 0)
		if (text_glob(glob, unit))
			return true;
	return false;
}

void classes_terms(const struct classes *classes, const char *unit, struct terms *terms)
{
	for (size_t i = 0; i < classes->n; i++)
		if (class_has(&classes->class[i], unit))
			(void)terms_overlay(terms, &classes->class[i].terms);
}
