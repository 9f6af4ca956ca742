/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Text as systemd writes it: [Section], Key=Value, # and ; comments at the
 * start of a line. Every error names file, line and what was expected.
 *
 * Nothing is cut, guessed or joined in silence: a NUL byte, broken UTF-8, a
 * file over INI_SIZE_MAX, a line that is none of the above: each is an error,
 * and after an error the whole file counts as unread. A `\` at the end of a
 * line is an error too, since systemd would join there and we do not.
 */
#include <stddef.h>

#define INI_SIZE_MAX ((size_t)64 * 1024)

/* What was wrong, ready to print: "selfhealed.conf:12: unknown key 'Foo', ..." */
struct ini_error {
	char text[512];
};

/* One Key=Value. section is "" before the first [Section]; the texts live for the call only.
 * Returns 0, or a negative errno after ini_fail() said what was expected. */
struct ini_line {
	const char *file;
	unsigned int number; /* 0: of the file as a whole; ini_fail() then names the file alone */
	const char *section;
	const char *key;
	const char *value;
};
typedef int ini_handler(const struct ini_line *line, void *userdata, struct ini_error *error);

/* Write "file:line: <text>" into error; returns -EINVAL, so that handlers end with it. */
int ini_fail(const struct ini_line *line, struct ini_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a file or folder that cannot be read at all: "path: cannot be read: <reason>"; returns
 * r, a negative errno. */
int ini_fail_errno(const char *path, int r, struct ini_error *error);

/* Read text of `size` bytes that is called `file` in errors. */
int ini_parse(const char *file, const char *text, size_t size, ini_handler *handler, void *userdata,
	      struct ini_error *error);
/* The same from a file; -ENOENT (error untouched) if there is none. A directory or a device is an
 * error like any other. */
int ini_load(const char *path, ini_handler *handler, void *userdata, struct ini_error *error);

/* The same for one section of a file whose rest is somebody else's, as a unit file is: all else is passed
 * over as systemd reads it, so that a line which continues the one before begins no section. */
int ini_load_section(const char *path, const char *section, ini_handler *handler, void *userdata,
		     struct ini_error *error);

/* Every NAME.suffix of the folders, each name once (earlier folders win), in the order of names, as
 * systemd reads its drop-ins. An entry that is a link to /dev/null hides that name; names that begin
 * with a dot are none. visit() is called with each path until it returns a negative errno, which is
 * then the result. A missing folder is none; one that cannot be read is an error, and set as such. */
int ini_drop_ins(const char *const *folders, size_t n, const char *suffix,
		 int (*visit)(const char *path, void *userdata), void *userdata,
		 struct ini_error *error);
