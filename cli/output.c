/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, fields and tables on a terminal, or plain for whatever reads a pipe. */
#include <assert.h>
#include <errno.h>
#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/output.h"
#include "cli/wrap.h"

#define LABEL_WIDTH	 13 /* the longest label: "Only watched:" */
#define TERMINAL_WIDTH	 80 /* of one that does not tell */
#define TREE_WIDTH	 2  /* of the lines before a name, for each level */
#define COLUMN_WIDTH_MIN 16 /* narrower than this, broken text reads worse than a broken line */

/* A byte becomes four at most (\xNN). */
#define ESCAPED_SIZE(length) ((length)*4 + 1)

struct cell {
	char *text;
	enum paint paint;
	size_t depth; /* of its row in a tree; 0: not below another, */
	size_t below; /* else below this row */
};

struct table {
	const struct column *column;
	size_t n_columns;
	struct cell *cell;
	size_t n_cells, room;
	size_t depth, below; /* of the row that comes */
	bool is_tree;
	int error;
};

static const char *const paint_sequence[PAINT_N] = {
	[PAINT_STRONG] = "\033[1m",  [PAINT_FAINT] = "\033[2m",	 [PAINT_GOOD] = "\033[32m",
	[PAINT_NOTICE] = "\033[33m", [PAINT_BAD] = "\033[1;31m",
};

static size_t terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (columns && text_parse_u64(columns, &width) >= 0 && width > 0 && width < 10000)
		return (size_t)width;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return TERMINAL_WIDTH;
}

static bool colour_is_wanted(void)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: any text but none */
	const char *terminal = getenv("TERM");

	return !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") != 0;
}

void output_init(struct output *output, FILE *file)
{
	bool terminal = isatty(fileno(file)) == 1;

	*output = (struct output) {
		.file = file,
		.colour = terminal && colour_is_wanted(),
		.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.width = terminal ? terminal_width(fileno(file)) : 0,
	};
}

/* Formatted and harmless; NULL: no memory. */
static char *compose(const char *format, va_list arguments)
{
	CLEANUP(cleanup_free) char *text = NULL;
	char *escaped;
	size_t size;

	if (vasprintf(&text, format, arguments) < 0) {
		text = NULL; /* undefined after a failure */
		return NULL;
	}
	size = ESCAPED_SIZE(strlen(text));
	escaped = malloc(size);
	return escaped ? text_escape(escaped, size, text) : NULL;
}

static void put_painted(const struct output *output, enum paint paint, const char *text,
			size_t length)
{
	const char *sequence = output->colour ? paint_sequence[paint] : NULL;

	fprintf(output->file, "%s%.*s%s", sequence ? sequence : "", (int)length, text,
		sequence ? "\033[0m" : "");
}

/* The text from column `indent` on, broken at the terminal's edge, a newline at its end. */
static void put_wrapped(const struct output *output, size_t indent, enum paint paint,
			const char *text)
{
	size_t width = SIZE_MAX, length;

	if (output->width > 0)
		width = output->width > indent + COLUMN_WIDTH_MIN ? output->width - indent
								  : COLUMN_WIDTH_MIN;
	for (;;) {
		length = wrap_line(text, width);
		put_painted(output, paint, text, length);
		fputc('\n', output->file);
		text += length + strspn(text + length, " ");
		if (!*text)
			return;
		fprintf(output->file, "%*s", (int)indent, "");
	}
}

void output_line_of(const struct output *output, enum paint paint, const char *format,
		    va_list arguments)
{
	CLEANUP(cleanup_free) char *text = compose(format, arguments);

	if (text)
		put_wrapped(output, strspn(text, " "), paint, text);
}

void output_line(const struct output *output, enum paint paint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	output_line_of(output, paint, format, arguments);
	va_end(arguments);
}

void output_headline(const struct output *output, enum paint paint, const char *format, ...)
{
	CLEANUP(cleanup_free) char *text = NULL;
	const char *dot = output->unicode ? "●" : "*";
	va_list arguments;

	va_start(arguments, format);
	text = compose(format, arguments);
	va_end(arguments);
	if (!text)
		return;
	put_painted(output, paint, dot, strlen(dot));
	fputc(' ', output->file);
	put_wrapped(output, 2, PAINT_NONE, text);
}

void output_field(const struct output *output, const char *label, enum paint paint,
		  const char *format, ...)
{
	CLEANUP(cleanup_free) char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = compose(format, arguments);
	va_end(arguments);
	if (!text)
		return;
	fprintf(output->file, "%*s ", LABEL_WIDTH, label);
	put_wrapped(output, LABEL_WIDTH + 1, paint, text);
}

void output_raw(const struct output *output, const char *text)
{
	fputs(text, output->file);
}

int table_new(const struct column *columns, size_t n, struct table **ret)
{
	struct table *table = calloc(1, sizeof(*table));

	assert(n > 0 && n <= TABLE_COLUMNS_MAX);
	if (!table)
		return -ENOMEM;
	table->column = columns;
	table->n_columns = n;
	*ret = table;
	return 0;
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cell[i].text);
	free(table->cell);
	free(table);
	return NULL;
}

static int table_grow(struct table *table)
{
	size_t room = table->room ? table->room * 2 : 64;
	struct cell *cell;

	if (table->n_cells < table->room)
		return 0;
	cell = reallocarray(table->cell, room, sizeof(*cell));
	if (!cell)
		return -ENOMEM;
	table->cell = cell;
	table->room = room;
	return 0;
}

void table_add(struct table *table, enum paint paint, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = compose(format, arguments);
	va_end(arguments);
	if (!text || table_grow(table) < 0) {
		free(text);
		table->error = -ENOMEM;
		return;
	}
	table->cell[table->n_cells++] = (struct cell) {
		.text = text, .paint = paint, .depth = table->depth, .below = table->below
	};
	table->depth = table->below = 0;
}

void table_nest(struct table *table, size_t row)
{
	size_t first = row * table->n_columns;

	assert(table->n_cells % table->n_columns == 0);
	if (first >= table->n_cells)
		return; /* for lack of memory, which output_table() says */
	table->is_tree = true;
	table->depth = table->cell[first].depth + 1;
	table->below = row;
}

size_t table_rows(const struct table *table)
{
	return table->n_cells / table->n_columns;
}

/* Columns as wide as their widest cell, then the widest of those that wrap made narrower until all
 * fit. libsmartcols could do this, but each of its versions does it differently. */
static void table_fit(const struct table *table, size_t width, size_t *ret_widths)
{
	size_t sum = table->n_columns - 1, cells, widest;

	assert(table->n_columns > 0);
	for (size_t i = 0; i < table->n_columns; i++)
		ret_widths[i] = wrap_cells(table->column[i].head);
	for (size_t i = 0; i < table->n_cells; i++) {
		cells = wrap_cells(table->cell[i].text) + TREE_WIDTH * table->cell[i].depth;
		if (ret_widths[i % table->n_columns] < cells)
			ret_widths[i % table->n_columns] = cells;
	}
	for (size_t i = 0; i < table->n_columns; i++)
		sum += ret_widths[i];
	for (; width > 0 && sum > width; sum--) {
		widest = table->n_columns;
		for (size_t i = 0; i < table->n_columns; i++)
			if (table->column[i].wraps && ret_widths[i] > COLUMN_WIDTH_MIN &&
			    (widest == table->n_columns || ret_widths[i] > ret_widths[widest]))
				widest = i;
		if (widest == table->n_columns)
			return;
		ret_widths[widest]--;
	}
}

/* The text with newlines where it is to be broken; the caller's to free(). */
static char *cell_break(const char *text, size_t width)
{
	char *broken = malloc(2 * strlen(text) + 1); /* at worst a line for each character */
	size_t at = 0, length;

	if (!broken)
		return NULL;
	for (;;) {
		length = wrap_line(text, width);
		memcpy(broken + at, text, length);
		at += length;
		text += length + strspn(text + length, " ");
		if (!*text)
			break;
		broken[at++] = '\n';
	}
	broken[at] = '\0';
	return broken;
}

static int table_columns(const struct table *table, struct libscols_table *drawn)
{
	struct libscols_column *column;
	int flags;

	for (size_t i = 0; i < table->n_columns; i++) {
		flags = (table->column[i].right ? SCOLS_FL_RIGHT : 0) |
			(table->column[i].wraps ? SCOLS_FL_WRAP : 0) |
			(table->is_tree && i == 0 ? SCOLS_FL_TREE : 0);
		column = scols_table_new_column(drawn, table->column[i].head, 0, flags);
		if (!column)
			return -ENOMEM;
		if (table->column[i].wraps)
			scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
						  scols_wrapnl_nextchunk, NULL);
	}
	return 0;
}

static int table_line(const struct table *table, size_t first, const size_t *widths,
		      struct libscols_table *drawn)
{
	const struct cell *cell = &table->cell[first];
	struct libscols_line *line = scols_table_new_line(
		drawn, cell->depth ? scols_table_get_line(drawn, cell->below) : NULL);
	char *text;
	int r;

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_columns && first + i < table->n_cells; i++) {
		cell = &table->cell[first + i];
		text = cell_break(cell->text, table->column[i].wraps ? widths[i] : SIZE_MAX);
		if (!text)
			return -ENOMEM;
		r = scols_line_set_data(line, i, text);
		free(text);
		if (r >= 0 && paint_sequence[cell->paint])
			r = scols_cell_set_color(scols_line_get_cell(line, i),
						 paint_sequence[cell->paint]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int table_draw(const struct output *output, const struct table *table,
		      struct libscols_table *drawn)
{
	size_t widths[TABLE_COLUMNS_MAX];
	int r;

	table_fit(table, output->width, widths);
	r = table_columns(table, drawn);
	if (r < 0)
		return r;
	for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
		r = table_line(table, i, widths, drawn);
		if (r < 0)
			return r;
	}
	scols_table_set_stream(drawn, output->file);
	scols_table_enable_noencoding(drawn, 1); /* done, and it would escape our backslashes */
	scols_table_enable_ascii(drawn, !output->unicode);
	scols_table_enable_colors(drawn, output->colour);
	scols_table_set_termforce(drawn,
				  output->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (output->width)
		scols_table_set_termwidth(drawn, output->width);
	return scols_print_table(drawn);
}

int output_table(const struct output *output, const struct table *table)
{
	struct libscols_table *drawn;
	int r;

	if (table->error < 0)
		return table->error;
	drawn = scols_new_table();
	if (!drawn)
		return -ENOMEM;
	r = table_draw(output, table, drawn);
	scols_unref_table(drawn);
	return r;
}
