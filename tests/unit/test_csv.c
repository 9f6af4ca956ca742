/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which text is read as rows of numbers, and what is said of any other. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "cli/csv.h"
#include "cli/lines.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct scratch scratch;

static void begin(void)
{
	scratch = scratch_make();
}

static void end(void)
{
	scratch_remove(&scratch);
}

TestSuite(csv, .init = begin, .fini = end);

static int load_bytes(const char *bytes, size_t size, struct csv *ret, struct csv_error *error)
{
	return csv_load(scratch_write_bytes(&scratch, "x.csv", bytes, size), CSV_BYTES_MAX, ret,
			error);
}

/* Everything that was read, as one text: names and then rows, each row behind its time. */
static const char *read_text(const char *text)
{
	static char told[1024];
	CLEANUP(csv_clear) struct csv csv = { 0 };
	struct csv_error error = { "" };
	size_t at = 0;

	if (load_bytes(text, strlen(text), &csv, &error) < 0) {
		(void)snprintf(told, sizeof(told), "%s", error.text);
		return told;
	}
	for (unsigned int i = 0; i < csv.n_columns; i++)
		at += (size_t)snprintf(told + at, sizeof(told) - at, "%s%s", i ? "," : "",
				       csv.name[i]);
	for (size_t i = 0; i < csv.n_rows; i++) {
		at += (size_t)snprintf(told + at, sizeof(told) - at, "|%s%s",
				       csv.time ? csv.time[i] : "", csv.time ? ": " : "");
		for (unsigned int j = 0; j < csv.n_columns; j++)
			at += (size_t)snprintf(told + at, sizeof(told) - at, "%s%g", j ? "," : "",
					       (double)fabsf(csv.value[i * csv.n_columns + j]));
	}
	return told;
}

/* What is said of a file of these bytes, behind its folder. */
static const char *refusal_of(const char *bytes, size_t size)
{
	static struct csv_error error;
	CLEANUP(csv_clear) struct csv csv = { 0 };

	error.text[0] = '\0';
	cr_assert(eq(int, load_bytes(bytes, size, &csv, &error), -EINVAL));
	cr_assert(zero(ptr, csv.value), "nothing is given out beside an error");
	cr_assert(eq(int, strncmp(error.text, scratch.folder, strlen(scratch.folder)), 0));
	return error.text + strlen(scratch.folder) + 1;
}

Test(csv, rows_are_read_as_rfc_4180_has_them)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "a,b\n1,2\n3,4\n", "a,b|1,2|3,4" },
		{ "a,b\n1,2\n3,4", "a,b|1,2|3,4" },
		{ "a,b\r\n1,2\r\n", "a,b|1,2" },
		{ "\xef\xbb\xbf"
		  "a,b\n1,2\n",
		  "a,b|1,2" },
		{ "a\n1\n", "a|1" },
		{ " a ,\tb\n 1 , 2 \n", "a,b|1,2" },
		{ "\"a\",\"b,\"\"c\"\"\"\n\"1\",2\n", "a,b,\"c\"|1,2" },
		{ " \"a\" ,\"\"\"\"\n1,2\n", "a,\"|1,2" },
		{ "a\"b\n1\n", "a\"b|1" },
		{ "\xc3\xbc,b\n1,2\n", "\xc3\xbc,b|1,2" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_expect(eq(str, (char *)read_text(cases[i].text), (char *)cases[i].told));
}

Test(csv, a_first_column_of_time_is_told_again_and_no_metric)
{
	cr_expect(eq(str, (char *)read_text("time,a\n2026-11-24 14:03,1\n\"1,5\",2\n,3\n"),
		     "a|2026-11-24 14:03: 1|1,5: 2|: 3"));
	cr_expect(eq(str, (char *)read_text("Timestamp,1,2\n17,3,4\n"), "1,2|17: 3,4"),
		  "below a time, names may be numbers");
	cr_expect(eq(str, (char *)read_text("times,a\n1,2\n"), "times,a|1,2"));
}

Test(csv, numbers_are_those_that_programs_write)
{
	cr_expect(eq(str,
		     (char *)read_text("a\n1\n-2\n+3\n1.5\n.5\n2.\n1e3\n1E+3\n5e-1\n00012\n"
				       "1e-60\n3.4e38\n"),
		     "a|1|2|3|1.5|0.5|2|1000|1000|0.5|12|0|3.4e+38"));
}

Test(csv, what_was_not_measured_is_missing_and_not_zero)
{
	cr_expect(eq(str, (char *)read_text("a,b\n,0\nnan,NaN\n\"\",-nan\n \t,1\n"),
		     "a,b|nan,0|nan,nan|nan,nan|nan,1"));
}

Test(csv, an_error_names_file_line_column_and_what_was_expected)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "", "x.csv: expected a header and rows below it, found nothing" },
		{ "a,b\n", "x.csv: expected a header and rows below it, found no row" },
		{ "\n1\n", "x.csv:1: column 1: expected the name of a metric, found none" },
		{ "a,,c\n1,2,3\n", "x.csv:1: column 2: expected the name of a metric, found none" },
		{ "a,b,\n1,2,3\n", "x.csv:1: column 3: expected the name of a metric, found none" },
		{ "0.5,2,nan\n1,2,3\n",
		  "x.csv:1: expected a header with the names of the metrics, found numbers" },
		{ "2026-11-24 14:03,2,3\n1,2,3\n",
		  "x.csv:1: expected a header with the names of the metrics, found numbers" },
		{ "7\n8\n",
		  "x.csv:1: expected a header with the names of the metrics, found numbers" },
		{ "time\n1\n", "x.csv:1: expected 1 to 64 metrics beside the time, found 0" },
		{ "a,b,a\n1,2,3\n", "x.csv:1: column 3: expected each name once, found 'a' again" },
		{ "time,a,a\n1,2,3\n",
		  "x.csv:1: column 3: expected each name once, found 'a' again" },
		{ "a,TIME\n1,2\n", "x.csv:1: column 2: expected the time in the first column, "
				   "found 'TIME' here" },
		{ "a\x1b[31m\n1\n",
		  "x.csv:1: column 1: expected a name of printable UTF-8, at most "
		  "255 bytes, found 'a\\x1b[31m'" },
		{ "a\xff\n1\n",
		  "x.csv:1: column 1: expected a name of printable UTF-8, at most 255 "
		  "bytes, found 'a\\xff'" },
		{ "a\tb\n1\t2\n",
		  "x.csv:1: column 1: expected a name of printable UTF-8, at most 255 "
		  "bytes, found 'a\\x09b'" },
		{ "a,\"b\n1,2\n", "x.csv:1: column 2: expected a quote at the end of the field, as "
				  "there is one at its beginning" },
		{ "\"a\"b,c\n1,2\n", "x.csv:1: column 1: expected a quote at the end of the field, "
				     "as there is one at its beginning" },
		{ "a,b\n1,2\n\"3,4\n",
		  "x.csv:3: column 1: expected a quote at the end of the field, "
		  "as there is one at its beginning" },
		{ "a,b\n1,2\n3\n", "x.csv:3: expected 2 columns, found 1" },
		{ "a,b\n1,2\n3,4,\n", "x.csv:3: expected 2 columns, found 3" },
		{ "a\n1\n\n2\n", "x.csv:3: expected 1 column, found an empty line" },
		{ "time,a\n1,2\n3\n", "x.csv:3: expected 2 columns, found 1" },
		{ "a,b,cpu\n1,2,abc\n", "x.csv:2: column 3 (cpu): 'abc' is not a number" },
		{ "time,cpu\n1,abc\n", "x.csv:2: column 2 (cpu): 'abc' is not a number" },
		{ "a\r1\r2\r", "x.csv:1: column 1: expected a name of printable UTF-8, at most 255 "
			       "bytes, found 'a\\x0d1\\x0d2\\x0d'" },
		{ "a\n\"0,5\"\n", "x.csv:2: column 1 (a): '0,5' is not a number" },
		{ "a;b\n1;2\n", "x.csv:2: column 1 (a;b): '1;2' is not a number" },
		{ "a\n1\xff\n", "x.csv:2: column 1 (a): '1\\xff' is not a number" },
		{ "time,a\n\a,1\n",
		  "x.csv:2: column 1 (time): expected printable UTF-8, at most 47 "
		  "bytes, found '\\x07'" },
		{ "time,a\n123456789012345678901234567890123456789012345678,1\n",
		  "x.csv:2: column 1 (time): expected printable UTF-8, at most 47 bytes, found "
		  "'12345678901234567890123456789012345678901234...'" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_expect(eq(str, (char *)refusal_of(cases[i].text, strlen(cases[i].text)),
			     (char *)cases[i].said));
}

Test(csv, what_looks_like_a_number_is_refused_if_it_is_none)
{
	static const char *const cases[] = { "0x10", "1e",     "1e+",  "e5", ".",     "-",    "+",
					     "--1",  "1 2",    "1_0",  "1f", "1.2.3", "1e5.", "1k",
					     "12%",  "nan(1)", "nanx", "na", "null",  "true" };
	char text[64], expected[128];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		(void)snprintf(text, sizeof(text), "a\n%s\n", cases[i]);
		(void)snprintf(expected, sizeof(expected),
			       "x.csv:2: column 1 (a): '%s' is not a number", cases[i]);
		cr_expect(eq(str, (char *)refusal_of(text, strlen(text)), expected));
	}
}

Test(csv, a_number_without_end_is_refused)
{
	static const char *const cases[] = {
		"inf", "-Inf", "+infinity", "1e39", "-1e999", "3.5e38"
	};
	char text[64], expected[128];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		(void)snprintf(text, sizeof(text), "a\n%s\n", cases[i]);
		(void)snprintf(expected, sizeof(expected),
			       "x.csv:2: column 1 (a): '%s' is beyond the largest number, 3.4e38",
			       cases[i]);
		cr_expect(eq(str, (char *)refusal_of(text, strlen(text)), expected));
	}
}

Test(csv, a_nul_byte_is_refused_wherever_it_is)
{
	static const char late[] = "a\n1\n2\0\n", utf_16[] = "\xff\xfe\0a\0\n\0";

	cr_expect(eq(str, (char *)refusal_of(late, sizeof(late) - 1),
		     "x.csv:3: expected text, found a NUL byte"));
	cr_expect(eq(str, (char *)refusal_of(utf_16, sizeof(utf_16) - 1),
		     "x.csv:1: expected text, found a NUL byte"));
	cr_expect(eq(str, (char *)refusal_of("\0", 1), "x.csv:1: expected text, found a NUL byte"));
}

/* A header of n names, a time before them, and one row. */
static char *wide(unsigned int n)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)fprintf(file, "time");
	for (unsigned int i = 0; i < n; i++)
		(void)fprintf(file, ",m%u", i);
	(void)fprintf(file, "\n0");
	for (unsigned int i = 0; i < n; i++)
		(void)fprintf(file, ",%u", i);
	(void)fclose(file);
	return text;
}

Test(csv, sixty_four_metrics_are_taken_and_no_more)
{
	CLEANUP(cleanup_free) char *most = wide(CSV_METRICS_MAX);
	CLEANUP(cleanup_free) char *more = wide(CSV_METRICS_MAX + 1);
	CLEANUP(csv_clear) struct csv csv = { 0 };
	struct csv_error error;

	cr_assert(eq(int, load_bytes(most, strlen(most), &csv, &error), 0));
	cr_assert(eq(uint, csv.n_columns, CSV_METRICS_MAX));
	cr_assert(eq(str, csv.name[63], "m63"));
	cr_assert(eq(flt, csv.value[63], 63));
	cr_assert(eq(str, (char *)refusal_of(more, strlen(more)),
		     "x.csv:1: expected 1 to 64 metrics beside the time, found 65"));
	cr_assert(eq(str, (char *)refusal_of(more + strlen("time,"), strlen(more) - 5),
		     "x.csv:1: expected 1 to 64 metrics beside the time, found 65"));
}

Test(csv, a_row_that_is_too_wide_by_thousands_is_counted)
{
	char text[8000];

	memset(text, ',', sizeof(text));
	text[0] = 'a';
	text[1] = '\n';
	cr_assert(eq(str, (char *)refusal_of(text, sizeof(text)),
		     "x.csv:2: expected 1 column, found 7999"));
}

Test(csv, a_name_has_255_bytes_at_most)
{
	char text[300];

	memset(text, 'n', sizeof(text));
	(void)strcpy(text + 255, "\n1\n");
	cr_assert(eq(sz, strlen(read_text(text)), 255 + strlen("|1")));
	(void)strcpy(text + 255, "n\n1\n");
	cr_assert(eq(str, (char *)refusal_of(text, strlen(text)),
		     "x.csv:1: column 1: expected a name of printable UTF-8, at most 255 bytes, "
		     "found 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...'"));
}

Test(csv, a_line_has_64_kib_at_most_and_may_lie_across_what_is_read_at_once)
{
	CLEANUP(cleanup_free) char *text = malloc(3 * LINES_LENGTH_MAX);
	CLEANUP(csv_clear) struct csv csv = { 0 };
	struct csv_error error;

	/* Two rows that are as long as may be, each with a number at its end. */
	memset(text, ' ', 3 * LINES_LENGTH_MAX);
	memcpy(text, "a\n", 2);
	memcpy(text + LINES_LENGTH_MAX, "1\n", 2);
	memcpy(text + 2 * LINES_LENGTH_MAX, "2\n", 2);
	cr_assert(eq(int, load_bytes(text, 2 * LINES_LENGTH_MAX + 2, &csv, &error), 0), "%s",
		  error.text);
	cr_assert(eq(sz, csv.n_rows, 2));
	cr_assert(eq(flt, csv.value[1], 2));
	cr_assert(eq(str, (char *)refusal_of(text + 1, LINES_LENGTH_MAX * 2 + 1),
		     "x.csv:1: column 1: expected the name of a metric, found none"));

	memcpy(text + 2 * LINES_LENGTH_MAX, " 2\n", 3);
	cr_assert(eq(str, (char *)refusal_of(text, 2 * LINES_LENGTH_MAX + 3),
		     "x.csv:3: expected at most 65536 bytes, found more"));
}

Test(csv, rows_are_bounded_by_the_memory_they_take)
{
	const char *path = scratch_write(&scratch, "x.csv", "time,a\n1,2\n3,4\n5,6\n");
	size_t row_bytes = sizeof(float) + CSV_TIME_SIZE;
	CLEANUP(csv_clear) struct csv csv = { 0 };
	struct csv_error error;

	cr_assert(eq(int, csv_load(path, 3 * row_bytes - 1, &csv, &error), -EINVAL));
	cr_assert(eq(str, error.text + strlen(scratch.folder) + 1,
		     "x.csv:4: expected at most 2 rows of this width, found more"));
	cr_assert(eq(int, csv_load(path, 3 * row_bytes, &csv, &error), 0));
	cr_assert(eq(sz, csv.n_rows, 3));
}

Test(csv, many_rows_are_all_there)
{
	CLEANUP(csv_clear) struct csv csv = { 0 };
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	struct csv_error error;

	(void)fprintf(file, "time,a,b\n");
	for (int i = 0; i < 5000; i++)
		(void)fprintf(file, "t%d,%d,%d\n", i, i, -i);
	(void)fclose(file);
	cr_assert(eq(int, load_bytes(text, size, &csv, &error), 0));
	free(text);
	cr_assert(eq(sz, csv.n_rows, 5000));
	for (int i = 0; i < 5000; i++)
		cr_assert(eq(flt, csv.value[2 * i + 1], (float)-i));
	cr_assert(eq(str, csv.time[4999], "t4999"));
}

/* ---- gzip -------------------------------------------------------------------- */

/* So many rows of noise, which no compression makes small; returns the size of the file. */
static size_t write_gzip(const char *name, int n_rows)
{
	gzFile file = gzopen(scratch_path(&scratch, name), "wb");
	uint32_t noise = 1;
	struct stat status;

	cr_assert(gzprintf(file, "a,b\n") > 0);
	for (int i = 0; i < n_rows; i++) {
		noise = noise * 1664525u + 1013904223u;
		cr_assert(gzprintf(file, "%u,%d\n", noise, i) > 0);
	}
	cr_assert(eq(int, gzclose(file), Z_OK));
	cr_assert(eq(int, stat(scratch.path, &status), 0));
	return (size_t)status.st_size;
}

static size_t read_bytes(const char *path, char *ret, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n = fread(ret, 1, size, file);

	(void)fclose(file);
	return n;
}

Test(csv, a_gzip_file_is_read_by_any_name)
{
	CLEANUP(csv_clear) struct csv csv = { 0 };
	struct csv_error error;

	(void)write_gzip("x.csv", 10000);
	cr_assert(eq(int, csv_load(scratch.path, CSV_BYTES_MAX, &csv, &error), 0));
	cr_assert(eq(sz, csv.n_rows, 10000));
	cr_assert(eq(flt, csv.value[2 * 9999 + 1], 9999));
	csv_clear(&csv);
	(void)scratch_write(&scratch, "plain.csv.gz", "a\n1\n");
	cr_assert(eq(int, csv_load(scratch.path, CSV_BYTES_MAX, &csv, &error), 0));
}

Test(csv, a_gzip_file_that_ends_too_early_is_refused_wherever_it_ends)
{
	static char bytes[4096];
	size_t size = write_gzip("whole.gz", 100);

	cr_assert(eq(sz, read_bytes(scratch.path, bytes, sizeof(bytes)), size));
	for (size_t n = 3; n < size; n++)
		cr_assert(eq(str, (char *)refusal_of(bytes, n),
			     "x.csv: expected all of the gzip data, found their beginning"),
			  "%zu of %zu bytes", n, size);
	cr_assert(eq(str, (char *)refusal_of(bytes, 1),
		     "x.csv:1: column 1: expected a name of printable UTF-8, at most 255 bytes, "
		     "found '\\x1f'"));
}

Test(csv, no_damaged_byte_of_a_gzip_file_goes_unseen)
{
	static char bytes[4096];
	size_t size = write_gzip("whole.gz", 20);

	cr_assert(eq(sz, read_bytes(scratch.path, bytes, sizeof(bytes)), size));
	for (size_t i = 10; i < size; i++) { /* the bytes before are a date and the like */
		bytes[i] ^= 1; /* of the data's last byte, the others may mean nothing */
		(void)refusal_of(bytes, size);
		bytes[i] ^= 1;
	}
}

Test(csv, what_cannot_be_read_is_an_error_with_its_reason)
{
	CLEANUP(csv_clear) struct csv csv = { 0 };
	struct csv_error error;
	char expected[512];

	cr_assert(eq(int, csv_load(scratch_path(&scratch, "none"), CSV_BYTES_MAX, &csv, &error),
		     -ENOENT));
	(void)snprintf(expected, sizeof(expected), "%s: cannot be read: %s", scratch.path,
		       strerrordesc_np(ENOENT));
	cr_assert(eq(str, error.text, expected));
	cr_assert(eq(int, csv_load(scratch.folder, CSV_BYTES_MAX, &csv, &error), -EISDIR));
	(void)snprintf(expected, sizeof(expected), "%s: cannot be read: %s", scratch.folder,
		       strerrordesc_np(EISDIR));
	cr_assert(eq(str, error.text, expected));
	cr_assert(eq(int, csv_load("/dev/zero", CSV_BYTES_MAX, &csv, &error), -EINVAL));
	cr_assert(eq(str, error.text, "/dev/zero:1: expected at most 65536 bytes, found more"));
}

/* ---- two files --------------------------------------------------------------- */

static void load_named(const char *name, const char *text, struct csv *ret)
{
	struct csv_error error;

	cr_assert(eq(int, csv_load(scratch_write(&scratch, name, text), CSV_BYTES_MAX, ret, &error),
		     0));
	ret->path = name;
}

Test(csv, columns_of_two_files_are_joined_by_name)
{
	CLEANUP(csv_clear) struct csv train = { 0 };
	CLEANUP(csv_clear) struct csv test = { 0 };
	struct csv_error error;

	load_named("train", "a,b,c\n1,2,3\n", &train);
	load_named("test", "time,c,a,b\n0,3,1,2\n0,6,4,5\n", &test);
	cr_assert(eq(int, csv_arrange(&test, &train, &error), 0));
	for (unsigned int i = 0; i < 3; i++)
		cr_assert(eq(str, test.name[i], train.name[i]));
	for (int i = 0; i < 6; i++)
		cr_assert(eq(flt, test.value[i], (float)(i + 1)));
}

Test(csv, a_column_that_only_one_of_two_files_has_is_named)
{
	CLEANUP(csv_clear) struct csv train = { 0 };
	CLEANUP(csv_clear) struct csv more = { 0 };
	CLEANUP(csv_clear) struct csv other = { 0 };
	struct csv_error error;

	load_named("train", "a,b\n1,2\n", &train);
	load_named("more", "a,b,c\n1,2,3\n", &more);
	load_named("other", "a,B\n1,2\n", &other);
	cr_assert(eq(int, csv_arrange(&more, &train, &error), -EINVAL));
	cr_assert(eq(str, error.text, "train:1: expected a column 'c', as more has one"));
	cr_assert(eq(int, csv_arrange(&train, &more, &error), -EINVAL));
	cr_assert(eq(str, error.text, "train:1: expected a column 'c', as more has one"));
	cr_assert(eq(int, csv_arrange(&other, &train, &error), -EINVAL));
	cr_assert(eq(str, error.text, "other:1: expected a column 'b', as train has one"));
	cr_assert(eq(flt, other.value[1], 2), "left as it was");
}
