/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Samples of anybody's metrics, from a file of text: a header with their names,
 * then one row a sample. RFC 4180, plain or gzip's, with or without a BOM; but
 * quotes end in their own line, and blanks around a field are not part of it.
 *
 * A first column that is called "time" or "timestamp" is told again and not
 * looked into. All others are numbers with a decimal point, whatever the locale;
 * nothing, or "nan", is a value that was not measured.
 *
 * Nothing is guessed, cut or passed over: every error names file, line, column
 * and what was expected, and after an error the whole file counts as unread.
 */
#include <stddef.h>

#define CSV_METRICS_MAX 64  /* beside the time */
#define CSV_NAME_SIZE	256 /* of a metric, with the final NUL */
#define CSV_TIME_SIZE	48  /* "2026-11-24T14:03:20.123456789+01:00" and more */

/* What one file may take in memory: a week of 64 metrics, once a second, takes 148 MiB. */
#define CSV_BYTES_MAX ((size_t)256 << 20)

/* What was wrong, ready to print: "x.csv:17: column 3 (cpu): 'abc' is not a number". */
struct csv_error {
	char text[1024];
};

/* Set its text, made harmless; returns -EINVAL. For all that reads files of this kind. */
int csv_fail(struct csv_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct csv {
	const char *path; /* the caller's */
	unsigned int n_columns;
	char name[CSV_METRICS_MAX][CSV_NAME_SIZE]; /* of the metrics, harmless to a terminal */
	size_t n_rows;				   /* at least 1 */
	float *value;				   /* n_columns a row; NaN: missing */
	char (*time)[CSV_TIME_SIZE]; /* of each row, as harmless; NULL: the file has none */
};

/* bytes_max bounds the rows. -EINVAL: it is not as it should be; -ENOMEM; or why it cannot be read.
 * error is set by each. csv_clear() ret after a success. */
int csv_load(const char *path, size_t bytes_max, struct csv *ret, struct csv_error *error);
void csv_clear(struct csv *csv);

/* Put the columns of csv into the order of those of `like`. -EINVAL, with the name in error: one of
 * them has a column that the other does not have. */
int csv_arrange(struct csv *csv, const struct csv *like, struct csv_error *error);
