/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text as systemd writes it, read whole and line by line. Our own, because the
 * readers at hand cut long lines and stop at NUL bytes without a word.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/ini.h"
#include "base/text.h"

/* ---- one text --------------------------------------------------------------- */

int ini_fail(const struct ini_line *line, struct ini_error *error, const char *format, ...)
{
	char raw[sizeof(error->text) * 2];
	va_list arguments;
	size_t length;

	if (line->number > 0)
		(void)snprintf(raw, sizeof(error->text), "%s:%u: ", line->file, line->number);
	else
		(void)snprintf(raw, sizeof(error->text), "%s: ", line->file);
	length = strlen(raw);
	va_start(arguments, format);
	(void)vsnprintf(raw + length, sizeof(raw) - length, format, arguments);
	va_end(arguments);
	(void)text_escape(error->text, sizeof(error->text), raw);
	return -EINVAL;
}

int ini_fail_errno(const char *path, int r, struct ini_error *error)
{
	const struct ini_line line = { .file = path };

	(void)ini_fail(&line, error, "cannot be read: %s", strerrordesc_np(-r));
	return r;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cut the blanks off both ends, in place. */
static char *trim(char *text)
{
	size_t length;

	while (is_space(*text))
		text++;
	length = strlen(text);
	while (length > 0 && is_space(text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

static int parse_section(struct ini_line *line, char *text, struct ini_error *error)
{
	size_t length = strlen(text);

	if (length < 3 || text[length - 1] != ']' || strcspn(text + 1, "[]") != length - 2)
		return ini_fail(line, error, "expected [Section], found '%s'", text);
	text[length - 1] = '\0';
	line->section = text + 1;
	return 0;
}

/* One line without its end. The section it may begin stays in `line`. */
static int parse_line(struct ini_line *line, char *text, size_t length, ini_handler *handler,
		      void *userdata, struct ini_error *error)
{
	char *equals;

	if (strlen(text) != length)
		return ini_fail(line, error, "expected text, found a NUL byte");
	if (!text_is_utf8(text, length))
		return ini_fail(line, error, "expected UTF-8, found '%s'", text);

	text = trim(text);
	if (*text == '\0' || *text == '#' || *text == ';')
		return 0;
	if (text[strlen(text) - 1] == '\\')
		return ini_fail(line, error,
				"expected the whole value in one line, found '\\' "
				"at its end");
	if (*text == '[')
		return parse_section(line, text, error);

	equals = strchr(text, '=');
	if (!equals || equals == text)
		return ini_fail(line, error, "expected [Section] or Key=Value, found '%s'", text);
	*equals = '\0';
	line->key = trim(text);
	line->value = trim(equals + 1);
	return handler(line, userdata, error);
}

/* Which lines are ours. */
struct filter {
	const char *section; /* NULL: all */
	bool is_inside, is_continued;
};

/* One that is not escaped itself; a blank behind it makes it one of many. */
static bool ends_with_backslash(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[length - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

/* As systemd does it: a comment neither continues nor ends a line that goes on. */
static bool is_wanted(struct filter *filter, const char *text, size_t length)
{
	const char *start = text + strspn(text, " \t");
	size_t n = filter->section ? strlen(filter->section) : 0;

	if (!filter->section)
		return true;
	if (*start == '#' || *start == ';')
		return false;
	if (!filter->is_continued && *start == '[')
		filter->is_inside =
			strncmp(start + 1, filter->section, n) == 0 && start[n + 1] == ']';
	if (!filter->is_inside || filter->is_continued) {
		filter->is_continued = ends_with_backslash(text, length);
		return false;
	}
	return true;
}

/* All lines of `text`, which has room for a NUL behind its end and is cut into pieces. */
static int parse_lines(struct ini_line *line, char *text, size_t size, struct filter *filter,
		       ini_handler *handler, void *userdata, struct ini_error *error)
{
	size_t length;
	char *end;
	int r;

	for (size_t at = 0; at < size; at += length + 1) {
		end = memchr(text + at, '\n', size - at);
		length = end ? (size_t)(end - text) - at : size - at;
		text[at + length] = '\0';
		line->number++;
		if (!is_wanted(filter, text + at, length))
			continue;
		r = parse_line(line, text + at, length, handler, userdata, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse(const char *file, const char *text, size_t size, const char *section,
		 ini_handler *handler, void *userdata, struct ini_error *error)
{
	struct filter filter = { .section = section };
	struct ini_line line = { .file = file, .section = "" };
	char *copy;
	int r;

	if (size > INI_SIZE_MAX)
		return ini_fail(&line, error, "expected at most %zu bytes, found more",
				INI_SIZE_MAX);
	copy = malloc(size + 1);
	if (!copy)
		return ini_fail_errno(file, -ENOMEM, error);
	memcpy(copy, text, size);
	r = parse_lines(&line, copy, size, &filter, handler, userdata, error);
	free(copy);
	return r;
}

int ini_parse(const char *file, const char *text, size_t size, ini_handler *handler, void *userdata,
	      struct ini_error *error)
{
	return parse(file, text, size, NULL, handler, userdata, error);
}

/* ---- one file --------------------------------------------------------------- */

/* Read to the end or to `size`; returns the bytes read. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while (at < size) {
		n = read(fd, buffer + at, size - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	return (ssize_t)at;
}

static int load(const char *path, const char *section, ini_handler *handler, void *userdata,
		struct ini_error *error)
{
	const struct ini_line whole = { .file = path };
	CLEANUP(cleanup_close) int fd = -1;
	CLEANUP(cleanup_free) char *text = NULL;
	struct stat status;
	ssize_t size;

	/* O_NONBLOCK: to open a FIFO would wait for its other end. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : ini_fail_errno(path, -errno, error);
	if (fstat(fd, &status) < 0)
		return ini_fail_errno(path, -errno, error);
	if (!S_ISREG(status.st_mode))
		return ini_fail(&whole, error, "expected a regular file");
	text = malloc(INI_SIZE_MAX + 1); /* one byte more tells that there is more */
	if (!text)
		return ini_fail_errno(path, -ENOMEM, error);
	size = read_all(fd, text, INI_SIZE_MAX + 1);
	if (size < 0)
		return ini_fail_errno(path, (int)size, error);
	return parse(path, text, (size_t)size, section, handler, userdata, error);
}

int ini_load(const char *path, ini_handler *handler, void *userdata, struct ini_error *error)
{
	return load(path, NULL, handler, userdata, error);
}

int ini_load_section(const char *path, const char *section, ini_handler *handler, void *userdata,
		     struct ini_error *error)
{
	return load(path, section, handler, userdata, error);
}

/* ---- folders of them -------------------------------------------------------- */

struct drop_in {
	char name[NAME_MAX + 1];
	const char *folder;
};

struct drop_ins {
	struct drop_in *entry;
	size_t n;
};

static void drop_ins_clear(struct drop_ins *list)
{
	free(list->entry);
}

static bool has_suffix(const char *name, const char *suffix)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && name[0] != '.' && strcmp(dot + 1, suffix) == 0;
}

/* The first folder that has a name wins it. */
static int drop_ins_add(struct drop_ins *list, const char *folder, const char *name)
{
	struct drop_in *grown;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->entry[i].name, name) == 0)
			return 0;
	grown = reallocarray(list->entry, list->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->entry = grown;
	grown[list->n].folder = folder;
	(void)snprintf(grown[list->n].name, sizeof(grown->name), "%s", name);
	list->n++;
	return 0;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

static int drop_ins_collect(struct drop_ins *list, const char *path, const char *suffix)
{
	CLEANUP(close_folder) DIR *folder = opendir(path);
	const struct dirent *entry;
	int r;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	/* Only errno tells an error from the end. */
	while (errno = 0, (entry = readdir(folder)) != NULL) {
		if (!has_suffix(entry->d_name, suffix))
			continue;
		r = drop_ins_add(list, path, entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

static int by_name(const void *left, const void *right)
{
	const struct drop_in *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static bool is_null_device(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(1, 3);
}

int ini_drop_ins(const char *const *folders, size_t n, const char *suffix,
		 int (*visit)(const char *path, void *userdata), void *userdata,
		 struct ini_error *error)
{
	CLEANUP(drop_ins_clear) struct drop_ins list = { 0 };
	char path[PATH_MAX];
	int r;

	for (size_t i = 0; i < n; i++) {
		r = drop_ins_collect(&list, folders[i], suffix);
		if (r < 0)
			return ini_fail_errno(folders[i], r, error);
	}
	if (list.n > 0)
		qsort(list.entry, list.n, sizeof(*list.entry), by_name);
	for (size_t i = 0; i < list.n; i++) {
		r = text_format(path, sizeof(path), "%s/%s", list.entry[i].folder,
				list.entry[i].name);
		if (r < 0)
			return ini_fail_errno(list.entry[i].folder, r, error);
		if (is_null_device(path))
			continue;
		r = visit(path, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}
