/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The one place that prints: lines, labelled fields, tables, and the frame around
 * JSON. All text is made harmless here, so callers hand over names as they came
 * from the world.
 *
 * A terminal gets colours and lines broken at its width. Anything else gets the
 * same text, plain and never broken or cut, because grep and awk read it.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

enum paint { PAINT_NONE, PAINT_STRONG, PAINT_FAINT, PAINT_GOOD, PAINT_NOTICE, PAINT_BAD, PAINT_N };

struct output {
	FILE *file;
	bool colour;
	bool unicode; /* the locale can show more than ASCII */
	size_t width; /* columns; 0: no terminal */
};

/* Ask the file and the environment (NO_COLOR, TERM, COLUMNS); setlocale() comes before. */
void output_init(struct output *output, FILE *file);

/* One line; "" is an empty one. */
void output_line(const struct output *output, enum paint paint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of arguments that are listed already. */
void output_line_of(const struct output *output, enum paint paint, const char *format,
		    va_list arguments) __attribute__((format(printf, 3, 0)));
/* A line that begins with a dot in that paint: how something is, at a glance. */
void output_headline(const struct output *output, enum paint paint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "   Label: text" for the label "Label:", aligned at its end, the text broken below itself. */
void output_field(const struct output *output, const char *label, enum paint paint,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* As it is: our own fixed text, for help and the frame of JSON. */
void output_raw(const struct output *output, const char *text);

/* A table: cells are added from left to right, row by row. */
struct column {
	const char *head;
	bool right;
	bool wraps; /* may be broken into several lines where the terminal is narrow */
};
#define TABLE_COLUMNS_MAX 8

struct table;

/* columns are the caller's and stay valid as long as the table. */
int table_new(const struct column *columns, size_t n, struct table **ret);
struct table *table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free)
/* The next cell. Cannot fail here: a lack of memory is what output_table() returns. */
void table_add(struct table *table, enum paint paint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The row that begins with the next cell stands below that one (from 0, already there) in a tree, which is
 * drawn in the first column. */
void table_nest(struct table *table, size_t row);
/* How many rows there are. */
size_t table_rows(const struct table *table);
int output_table(const struct output *output, const struct table *table);
