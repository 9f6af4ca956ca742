/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed on a terminal and what into a pipe. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/wrap.h"
#include "tests/unit/assertion.h"

/* What was printed to an output of that width. */
struct paper {
	char *text;
	size_t size;
	struct output output;
};

static void paper_open(struct paper *paper, size_t width, bool colour)
{
	(void)setlocale(LC_ALL, "C.UTF-8");
	paper->output = (struct output) {
		.file = open_memstream(&paper->text, &paper->size),
		.colour = colour,
		.unicode = true,
		.width = width,
	};
}

static const char *paper_read(struct paper *paper)
{
	(void)fflush(paper->output.file);
	return paper->text;
}

static void paper_close(struct paper *paper)
{
	(void)fclose(paper->output.file);
	free(paper->text);
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;
	char line[1024];

	while (*text) {
		size_t length = strcspn(text, "\n");

		memcpy(line, text, length);
		line[length] = '\0';
		if (wrap_cells(line) > widest)
			widest = wrap_cells(line);
		text += length + (text[length] == '\n');
	}
	return widest;
}

static const char evidence[] = "memory-growth: rss 412.3M, normal 51.2M, and it has been rising "
			       "for longer than the rule asks for";

static void print_table(struct paper *paper, const char *name)
{
	static const struct column columns[] = {
		{ .head = "#", .right = true },
		{ .head = "UNIT", .wraps = true },
		{ .head = "WHAT", .wraps = true },
		{ .head = "OUTCOME" },
	};
	CLEANUP(table_freep) struct table *table = NULL;

	cr_assert(zero(int, table_new(columns, 4, &table)));
	table_add(table, PAINT_FAINT, "%d", 512);
	table_add(table, PAINT_NONE, "%s", name);
	table_add(table, PAINT_NONE, "%s", evidence);
	table_add(table, PAINT_BAD, "unchanged");
	cr_assert(zero(int, output_table(&paper->output, table)));
}

Test(output, a_terminal_breaks_a_table_and_a_pipe_does_not)
{
	struct paper terminal, pipe;

	paper_open(&terminal, 80, false);
	paper_open(&pipe, 0, false);
	print_table(&terminal, "systemd-networkd-wait-online.service");
	print_table(&pipe, "systemd-networkd-wait-online.service");
	cr_assert(le(sz, widest_line(paper_read(&terminal)), 80));
	cr_assert(strstr(paper_read(&pipe), evidence) != NULL, "%s", pipe.text);
	cr_assert(strstr(pipe.text, "unchanged") != NULL);
	paper_close(&terminal);
	paper_close(&pipe);
}

Test(output, a_hostile_name_cannot_send_escapes, .timeout = 10)
{
	struct paper paper;

	paper_open(&paper, 80, false);
	print_table(&paper, "evil\033[2J\r\n\xff.service");
	output_line(&paper.output, PAINT_NONE, "%s", "evil\033]0;x\a");
	output_field(&paper.output, "Unit:", PAINT_NONE, "%s", "evil\033c\t");
	output_headline(&paper.output, PAINT_NONE, "%s", "evil\033c");
	for (const char *at = paper_read(&paper); *at; at++) {
		bool harmless = *at == '\n' || (unsigned char)*at >= 0x20;

		cr_assert(harmless, "byte 0x%02x", (unsigned char)*at);
	}
	cr_assert(strstr(paper.text, "\\x1b") != NULL);
	paper_close(&paper);
}

Test(output, a_backslash_in_a_name_stays_one)
{
	static const char name[] = "dev-disk-by\\x2dlabel.service";
	struct paper paper;

	paper_open(&paper, 0, false);
	print_table(&paper, name);
	cr_assert(strstr(paper_read(&paper), name) != NULL, "%s", paper.text);
	paper_close(&paper);
}

Test(output, colours_come_only_where_they_are_wanted)
{
	struct paper plain, painted;

	paper_open(&plain, 80, false);
	paper_open(&painted, 80, true);
	output_headline(&plain.output, PAINT_BAD, "sick");
	print_table(&plain, "a.service");
	output_headline(&painted.output, PAINT_BAD, "sick");
	print_table(&painted, "a.service");
	cr_assert(strchr(paper_read(&plain), '\033') == NULL);
	cr_assert(strstr(paper_read(&painted), "\033[1;31m") != NULL);
	cr_assert(strstr(painted.text, "\033[1;31munchanged") != NULL, "%s", painted.text);
	paper_close(&plain);
	paper_close(&painted);
}

Test(output, a_field_is_broken_below_its_own_text)
{
	struct paper paper;

	paper_open(&paper, 40, false);
	output_field(&paper.output, "Telemetry:", PAINT_NONE,
		     "tier 0 of 2; not higher: no right to load programs");
	cr_assert(eq(str, (char *)paper_read(&paper),
		     "   Telemetry: tier 0 of 2; not higher:\n"
		     "              no right to load programs\n"));
	paper_close(&paper);
}

Test(output, an_ascii_locale_gets_no_other_characters)
{
	struct paper paper;

	paper_open(&paper, 0, false);
	paper.output.unicode = false;
	output_headline(&paper.output, PAINT_GOOD, "well");
	cr_assert(eq(str, (char *)paper_read(&paper), "* well\n"));
	paper_close(&paper);
}

Test(output, a_file_is_no_terminal_and_NO_COLOR_is_heeded)
{
	struct output output;
	FILE *file = tmpfile();
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	FILE *terminal;

	output_init(&output, file);
	cr_assert(zero(sz, output.width));
	cr_assert(not(output.colour));

	cr_assert(grantpt(master) == 0 && unlockpt(master) == 0);
	terminal = fdopen(open(ptsname(master), O_RDWR | O_NOCTTY), "r+");
	(void)setenv("TERM", "xterm", 1);
	(void)setenv("COLUMNS", "97", 1);
	(void)unsetenv("NO_COLOR");
	output_init(&output, terminal);
	cr_assert(eq(sz, output.width, 97));
	cr_assert(output.colour);
	(void)setenv("NO_COLOR", "1", 1);
	output_init(&output, terminal);
	cr_assert(not(output.colour));
	(void)fclose(terminal);
	(void)close(master);
	(void)fclose(file);
}

Test(wrap, breaks_at_spaces_then_at_joints_then_anywhere)
{
	static const struct {
		const char *text;
		size_t width, first;
	} cases[] = {
		{ "one two three", 9, 7 },
		{ "one two", 7, 7 },
		{ "one two", 3, 3 },
		{ "a-long-name.service", 13, 12 },
		{ "abcdefgh", 3, 3 },
		{ "äöü ß", 3, 6 },
		{ "日本語", 4, 6 },
		{ "日", 1, 3 },
		{ "", 5, 0 },
		{ "\xff\xfe\xfd", 2, 2 },
	};

	(void)setlocale(LC_ALL, "C.UTF-8");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(eq(sz, wrap_line(cases[i].text, cases[i].width), cases[i].first),
			  "'%s' at %zu", cases[i].text, cases[i].width);
}
