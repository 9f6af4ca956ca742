/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of numbers out of lines of text, field by field. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/csv.h"
#include "cli/fields.h"
#include "cli/lines.h"

#define ROWS_INITIAL 1024

_Static_assert(FIELDS_MAX == CSV_METRICS_MAX + 1, "all metrics and the time find room");

/* A file while it is read. */
struct reading {
	struct lines *lines;
	uint64_t number; /* of the line, from 1 */
	size_t bytes_max;
	locale_t plain; /* has a decimal point */
	bool has_time, has_names;
	size_t room, most; /* for rows: there is, and may be */
	struct csv csv;
	struct csv_error *error;
};

/* ---- errors ----------------------------------------------------------------- */

int csv_fail(struct csv_error *error, const char *format, ...)
{
	char raw[sizeof(error->text) * 2];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	(void)text_escape(error->text, sizeof(error->text), raw);
	return -EINVAL;
}

__attribute__((format(printf, 2, 3))) static int fail_line(const struct reading *reading,
							   const char *format, ...)
{
	char text[sizeof(reading->error->text)];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return csv_fail(reading->error, "%s:%" PRIu64 ": %s", reading->csv.path, reading->number,
			text);
}

/* What was expected before the field, cut if it is long, and what it is behind it. Columns are counted as
 * in the file: from 1, with the time. */
static int fail_field(const struct reading *reading, size_t column, const char *before,
		      const char *field, const char *after)
{
	const char *name = "";
	char shown[48];

	if (reading->has_names && reading->has_time)
		name = column == 0 ? "time" : reading->csv.name[column - 1];
	else if (reading->has_names)
		name = reading->csv.name[column];
	return fail_line(reading, "column %zu%s%s%s: %s'%s'%s", column + 1, *name ? " (" : "", name,
			 *name ? ")" : "", before, text_escape(shown, sizeof(shown), field), after);
}

static int fail_read(const struct reading *reading, int r)
{
	const char *path = reading->csv.path;

	switch (r) {
	case -EMSGSIZE:
		return csv_fail(reading->error,
				"%s:%" PRIu64 ": expected at most %zu bytes, found more", path,
				reading->number + 1, LINES_LENGTH_MAX);
	case -ENODATA:
		return csv_fail(reading->error,
				"%s: expected all of the gzip data, found their beginning", path);
	case -EBADMSG:
		return csv_fail(reading->error, "%s: expected gzip data, found damaged ones", path);
	default:
		(void)csv_fail(reading->error, "%s: cannot be read: %s", path, strerrordesc_np(-r));
		return r;
	}
}

static int split(const struct reading *reading, char *line, struct fields *ret)
{
	int r;

	r = fields_split(line, ret);
	if (r < 0)
		(void)fail_line(reading,
				"column %zu: expected a quote at the end of the field, as there is "
				"one at its beginning",
				ret->n + 1);
	return r;
}

/* ---- the header ------------------------------------------------------------- */

static bool is_time(const struct reading *reading, const char *name)
{
	return strcasecmp_l(name, "time", reading->plain) == 0 ||
	       strcasecmp_l(name, "timestamp", reading->plain) == 0;
}

/* Into size bytes, and harmless already: so that whoever prints it may. */
static bool is_fit(const char *text, size_t size)
{
	char escaped[CSV_NAME_SIZE];

	return strlen(text) < size &&
	       strcmp(text_escape(escaped, sizeof(escaped), text), text) == 0;
}

/* Is it a row of values, and the header is missing? In one with a time, the first is none either. */
static bool is_values(const struct reading *reading, const struct fields *fields)
{
	bool has_value = false;
	float value;

	for (size_t i = fields->n > 1; i < fields->n; i++) {
		if (fields_value(fields->text[i], reading->plain, &value) == -EINVAL)
			return false;
		has_value = has_value || *fields->text[i] != '\0';
	}
	return has_value && !reading->has_time;
}

static int add_name(struct reading *reading, size_t column, const char *name)
{
	struct csv *csv = &reading->csv;

	if (*name == '\0')
		return fail_line(reading, "column %zu: expected the name of a metric, found none",
				 column + 1);
	if (!is_fit(name, CSV_NAME_SIZE))
		return fail_field(reading, column,
				  "expected a name of printable UTF-8, at most 255 bytes, found ",
				  name, "");
	if (is_time(reading, name))
		return fail_field(reading, column, "expected the time in the first column, found ",
				  name, " here");
	for (unsigned int i = 0; i < csv->n_columns; i++)
		if (strcmp(csv->name[i], name) == 0)
			return fail_field(reading, column, "expected each name once, found ", name,
					  " again");
	(void)text_format(csv->name[csv->n_columns++], CSV_NAME_SIZE, "%s", name);
	return 0;
}

static int read_header(struct reading *reading, char *line)
{
	struct fields fields;
	size_t n_metrics;
	int r;

	r = split(reading, line, &fields);
	if (r < 0)
		return r;
	reading->has_time = is_time(reading, fields.text[0]);
	n_metrics = fields.n - reading->has_time;
	if (n_metrics == 0 || n_metrics > CSV_METRICS_MAX)
		return fail_line(reading, "expected 1 to %d metrics beside the time, found %zu",
				 CSV_METRICS_MAX, n_metrics);
	if (is_values(reading, &fields))
		return fail_line(reading, "expected a header with the names of the metrics, found "
					  "numbers");
	for (size_t i = reading->has_time; i < fields.n; i++) {
		r = add_name(reading, i, fields.text[i]);
		if (r < 0)
			return r;
	}
	reading->has_names = true;
	reading->most = reading->bytes_max / (n_metrics * sizeof(*reading->csv.value) +
					      (reading->has_time ? sizeof(*reading->csv.time) : 0));
	return 0;
}

/* ---- rows ------------------------------------------------------------------- */

static int make_room(struct reading *reading)
{
	struct csv *csv = &reading->csv;
	size_t room = reading->room ? 2 * reading->room : ROWS_INITIAL;
	void *grown;

	if (csv->n_rows < reading->room)
		return 0;
	if (csv->n_rows >= reading->most)
		return fail_line(reading, "expected at most %zu rows of this width, found more",
				 reading->most);
	if (room > reading->most)
		room = reading->most;
	grown = reallocarray(csv->value, room, csv->n_columns * sizeof(*csv->value));
	if (!grown)
		return fail_read(reading, -ENOMEM);
	csv->value = grown;
	if (reading->has_time) {
		grown = reallocarray(csv->time, room, sizeof(*csv->time));
		if (!grown)
			return fail_read(reading, -ENOMEM);
		csv->time = grown;
	}
	reading->room = room;
	return 0;
}

static int add_row(struct reading *reading, const struct fields *fields)
{
	struct csv *csv = &reading->csv;
	float *value = &csv->value[csv->n_rows * csv->n_columns];
	int r;

	if (reading->has_time) {
		if (!is_fit(fields->text[0], CSV_TIME_SIZE))
			return fail_field(reading, 0,
					  "expected printable UTF-8, at most 47 bytes, found ",
					  fields->text[0], "");
		(void)text_format(csv->time[csv->n_rows], CSV_TIME_SIZE, "%s", fields->text[0]);
	}
	for (size_t i = reading->has_time; i < fields->n; i++) {
		r = fields_value(fields->text[i], reading->plain, value++);
		if (r < 0)
			return fail_field(reading, i, "", fields->text[i],
					  r == -ERANGE ? " is beyond the largest number, 3.4e38"
						       : " is not a number");
	}
	csv->n_rows++;
	return 0;
}

static int read_row(struct reading *reading, char *line)
{
	size_t n_expected = reading->csv.n_columns + reading->has_time;
	const char *plural = n_expected == 1 ? "" : "s";
	struct fields fields;
	int r;

	if (*line == '\0')
		return fail_line(reading, "expected %zu column%s, found an empty line", n_expected,
				 plural);
	r = split(reading, line, &fields);
	if (r < 0)
		return r;
	if (fields.n != n_expected)
		return fail_line(reading, "expected %zu column%s, found %zu", n_expected, plural,
				 fields.n);
	r = make_room(reading);
	return r < 0 ? r : add_row(reading, &fields);
}

static int read_line(struct reading *reading, char *line, size_t length)
{
	static const char bom[] = "\xef\xbb\xbf";

	if (strlen(line) != length)
		return fail_line(reading, "expected text, found a NUL byte");
	if (reading->number > 1)
		return read_row(reading, line);
	if (strncmp(line, bom, strlen(bom)) == 0)
		line += strlen(bom);
	return read_header(reading, line);
}

static int read_all(struct reading *reading)
{
	size_t length;
	char *line;
	int r;

	while ((r = lines_next(reading->lines, &line, &length)) > 0) {
		reading->number++;
		r = read_line(reading, line, length);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return fail_read(reading, r);
	if (reading->csv.n_rows == 0)
		return csv_fail(reading->error, "%s: expected a header and rows below it, found %s",
				reading->csv.path, reading->has_names ? "no row" : "nothing");
	return 0;
}

int csv_load(const char *path, size_t bytes_max, struct csv *ret, struct csv_error *error)
{
	struct reading reading = { .csv.path = path, .bytes_max = bytes_max, .error = error };
	int r;

	reading.plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (reading.plain == (locale_t)0)
		return fail_read(&reading, -errno);
	r = lines_open(path, &reading.lines);
	r = r < 0 ? fail_read(&reading, r) : read_all(&reading);
	(void)lines_close(reading.lines);
	freelocale(reading.plain);
	if (r < 0) {
		csv_clear(&reading.csv);
		return r;
	}
	*ret = reading.csv;
	return 0;
}

void csv_clear(struct csv *csv)
{
	free(csv->value);
	free(csv->time);
	*csv = (struct csv) { 0 };
}

/* ---- two files -------------------------------------------------------------- */

/* n_columns: there is none of that name. */
static unsigned int find_column(const struct csv *csv, const char *name)
{
	unsigned int i = 0;

	while (i < csv->n_columns && strcmp(csv->name[i], name) != 0)
		i++;
	return i;
}

/* Has the other all of these columns? */
static int check_columns(const struct csv *csv, const struct csv *other, struct csv_error *error)
{
	for (unsigned int i = 0; i < csv->n_columns; i++) {
		if (find_column(other, csv->name[i]) < other->n_columns)
			continue;
		(void)csv_fail(error, "%s:1: expected a column '%s', as %s has one", other->path,
			       csv->name[i], csv->path);
		return -EINVAL;
	}
	return 0;
}

int csv_arrange(struct csv *csv, const struct csv *like, struct csv_error *error)
{
	unsigned int from[CSV_METRICS_MAX];
	float row[CSV_METRICS_MAX];
	int r;

	r = check_columns(like, csv, error);
	if (r >= 0)
		r = check_columns(csv, like, error);
	if (r < 0)
		return r;
	assert(csv->n_columns == like->n_columns); /* each name once, and each in both */
	for (unsigned int i = 0; i < csv->n_columns; i++)
		from[i] = find_column(csv, like->name[i]);
	for (size_t i = 0; i < csv->n_rows; i++) {
		float *value = &csv->value[i * csv->n_columns];

		memcpy(row, value, csv->n_columns * sizeof(*row));
		for (unsigned int j = 0; j < csv->n_columns; j++)
			value[j] = row[from[j]];
	}
	memcpy(csv->name, like->name, sizeof(csv->name));
	return 0;
}
