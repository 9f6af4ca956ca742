/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of both locks. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/enrolment.h"
#include "cli/rights.h"
#include "cli/whole_file.h"
#include "record/names.h"
#include "record/unitfile.h"

/* What we know our drop-ins by, in all versions. */
#define SIGNATURE "# Written by selfhealctl enroll, and removed by selfhealctl unenroll.\n"

static int folder_of(const struct enrolment *enrolment, const char *unit, char *ret, size_t size)
{
	return text_format(ret, size, "%s/%s.d", enrolment->unit_dir, unit);
}

/* Named before it is touched, so that a failure can tell which one it was. */
static int name_drop_in(struct enrolment *enrolment, const char *unit)
{
	return text_format(enrolment->file, sizeof(enrolment->file), "%s/%s.d/" NAME_UNIT_DROPIN,
			   enrolment->unit_dir, unit);
}

static int name_rules(struct enrolment *enrolment)
{
	return text_format(enrolment->file, sizeof(enrolment->file), "%s", enrolment->rules);
}

/* ---- the beginning and the end -------------------------------------------------- */

static int lock(struct enrolment *enrolment)
{
	int r;

	r = text_format(enrolment->file, sizeof(enrolment->file), "%s", enrolment->unit_dir);
	if (r < 0)
		return r;
	enrolment->lock_fd = open(enrolment->unit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (enrolment->lock_fd < 0)
		return -errno;
	return flock(enrolment->lock_fd, LOCK_EX) < 0 ? -errno : 0;
}

int enrolment_open(const char *rules, const char *unit_dir, struct enrolment *enrolment)
{
	int r;

	*enrolment = (struct enrolment) { .rules = rules, .unit_dir = unit_dir, .lock_fd = -1 };
	r = lock(enrolment);
	if (r < 0)
		return r;
	r = name_rules(enrolment);
	if (r < 0)
		return r;
	return rights_read(rules, &enrolment->allowed, &enrolment->as_written);
}

void enrolment_close(struct enrolment *enrolment)
{
	unit_set_clear(&enrolment->allowed);
	cleanup_close(&enrolment->lock_fd);
	enrolment->lock_fd = -1;
}

/* ---- looking ---------------------------------------------------------------------- */

static int look_at_drop_in(const char *path, struct enrolled *ret)
{
	CLEANUP(cleanup_free) char *text = NULL;
	struct terms terms = { 0 };
	struct ini_error error;
	mode_t permissions;
	int r;

	r = whole_file_read(path, &text, &permissions);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == -EBADMSG || r == -EFBIG) {
		ret->drop_in = DROP_IN_FOREIGN;
		return 0;
	}
	if (r < 0)
		return r;
	ret->drop_in =
		strncmp(text, SIGNATURE, strlen(SIGNATURE)) == 0 ? DROP_IN_OURS : DROP_IN_FOREIGN;
	if (unitfile_load(path, &terms, &error) < 0)
		return 0; /* says nothing */
	ret->says_mode = terms_say(&terms, TERM_MODE);
	ret->mode = terms.mode;
	return 0;
}

int enrolment_look(struct enrolment *enrolment, const char *unit, struct enrolled *ret)
{
	struct enrolled enrolled = { .is_allowed = unit_set_has(&enrolment->allowed, unit) };
	int r;

	r = name_drop_in(enrolment, unit);
	if (r < 0)
		return r;
	r = look_at_drop_in(enrolment->file, &enrolled);
	if (r < 0)
		return r;
	*ret = enrolled;
	return 0;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

/* "shop.service.d" may have a drop-in of ours; other folders have not. */
static int add_if_ours(struct enrolment *enrolment, const char *folder, struct unit_set *units)
{
	const char *end = strstr(folder, ".service.d");
	char unit[UNIT_NAME_SIZE];
	struct enrolled enrolled;
	int r;

	if (!end || strcmp(end, ".service.d") != 0 ||
	    text_format(unit, sizeof(unit), "%.*s.service", (int)(end - folder), folder) < 0 ||
	    !text_is_unit_name(unit))
		return 0;
	r = enrolment_look(enrolment, unit, &enrolled);
	if (r < 0 || enrolled.drop_in != DROP_IN_OURS)
		return r;
	return unit_set_add(units, unit);
}

static int add_drop_ins(struct enrolment *enrolment, struct unit_set *units)
{
	CLEANUP(close_folder) DIR *folder = opendir(enrolment->unit_dir);
	const struct dirent *entry;
	int r;

	if (!folder)
		return -errno;
	while ((errno = 0, entry = readdir(folder))) {
		r = add_if_ours(enrolment, entry->d_name, units);
		if (r < 0)
			return r;
	}
	return -errno;
}

int enrolment_units(struct enrolment *enrolment, struct unit_set *ret)
{
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	int r;

	for (size_t i = 0; i < enrolment->allowed.n; i++) {
		r = unit_set_add(&units, enrolment->allowed.name[i]);
		if (r < 0)
			return r;
	}
	r = add_drop_ins(enrolment, &units);
	if (r < 0)
		return r;
	*ret = units;
	units = (struct unit_set) { 0 };
	return 0;
}

/* ---- the policy's lock -------------------------------------------------------------- */

/* The daemon has to read in there, whatever the umask. One that is there already is somebody's, with
 * the permissions he wants. */
static int make_folder(const struct enrolment *enrolment, const char *folder)
{
	if (mkdir(folder, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(folder, 0755) < 0 || fsync(enrolment->lock_fd) < 0 ? -errno : 0;
}

/* -EBADMSG: the drop-in there is somebody else's. */
static int claim_drop_in(struct enrolment *enrolment, const char *unit, char *ret_folder,
			 size_t size)
{
	struct enrolled enrolled;
	int r;

	r = enrolment_look(enrolment, unit, &enrolled);
	if (r < 0)
		return r;
	if (enrolled.drop_in == DROP_IN_FOREIGN)
		return -EBADMSG;
	return folder_of(enrolment, unit, ret_folder, size);
}

int enrolment_set_mode(struct enrolment *enrolment, const char *unit, enum mode mode)
{
	char folder[PATH_MAX], text[256];
	int r;

	r = claim_drop_in(enrolment, unit, folder, sizeof(folder));
	if (r < 0)
		return r;
	r = text_format(text, sizeof(text), SIGNATURE "[" NAME_UNIT_SECTION "]\nMode=%s\n",
			mode_word(mode));
	if (r < 0)
		return r;
	r = make_folder(enrolment, folder);
	if (r < 0)
		return r;
	return whole_file_write(enrolment->file, text);
}

int enrolment_unset_mode(struct enrolment *enrolment, const char *unit)
{
	char folder[PATH_MAX];
	int r;

	r = claim_drop_in(enrolment, unit, folder, sizeof(folder));
	if (r < 0)
		return r;
	r = whole_file_remove(enrolment->file);
	if (r < 0)
		return r;
	if (rmdir(folder) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		return -errno;
	return 0;
}

/* ---- polkit's lock -------------------------------------------------------------------- */

/* What is written is known to be so; what could not be written is not. */
static int change_rules(struct enrolment *enrolment, const struct unit_set *units, bool allow)
{
	CLEANUP(unit_set_clear) struct unit_set changed = { 0 };
	int r = name_rules(enrolment);

	for (size_t i = 0; r >= 0 && i < enrolment->allowed.n; i++)
		r = unit_set_add(&changed, enrolment->allowed.name[i]);
	for (size_t i = 0; r >= 0 && i < units->n; i++) {
		if (allow)
			r = unit_set_add(&changed, units->name[i]);
		else
			unit_set_remove(&changed, units->name[i]);
	}
	if (r >= 0)
		r = rights_write(enrolment->rules, &changed);
	if (r < 0)
		return r;
	unit_set_clear(&enrolment->allowed);
	enrolment->allowed = changed;
	enrolment->as_written = true;
	changed = (struct unit_set) { 0 };
	return 0;
}

int enrolment_allow(struct enrolment *enrolment, const struct unit_set *units)
{
	return change_rules(enrolment, units, true);
}

int enrolment_forbid(struct enrolment *enrolment, const struct unit_set *units)
{
	return change_rules(enrolment, units, false);
}
