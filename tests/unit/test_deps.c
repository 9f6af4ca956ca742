/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of who needs whom: told once each, whatever the edges are, and harmless to a terminal. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/deps.h"
#include "cli/wrap.h"
#include "tests/unit/assertion.h"

#define NOW UINT64_C(1764590400000)

static struct named_edge all[8192];
static size_t n;
static char *text;

static void forget(void)
{
	free(text);
}

TestSuite(deps, .fini = forget);

/* Names come in the order in which the reader tells them. */
static void tie(const char *client, enum edge_kind kind, const char *server)
{
	struct named_edge *relation = &all[n++];

	(void)snprintf(relation->client, sizeof(relation->client), "%s", client);
	(void)snprintf(relation->server, sizeof(relation->server), "%s", server);
	relation->edge = (struct edge) {
		.kind = kind,
		.port = kind == EDGE_TCP ? 5432 : 0,
		.n_connections = kind == EDGE_TCP ? 12 : 0,
		.last_wall_ms = NOW - MINUTES(3),
	};
}

/* What is printed of that unit, or of all; width 0: into a pipe. */
static const char *print_within(size_t width, const char *unit, bool unicode)
{
	struct output output = { .unicode = unicode, .width = width };
	size_t size;

	(void)setlocale(LC_ALL, "C.UTF-8");
	free(text);
	output.file = open_memstream(&text, &size);
	cr_assert(zero(int, deps_print(&output, all, n, unit, NOW)));
	(void)fclose(output.file);
	return text;
}

static const char *print(const char *unit, bool unicode)
{
	return print_within(0, unit, unicode);
}

static void expect(const char *part)
{
	cr_assert(ne(ptr, strstr(text, part), NULL), "no '%s' in:\n%s", part, text);
}

static size_t count(const char *part)
{
	size_t times = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		times++;
	return times;
}

Test(deps, a_tree_goes_on_to_what_the_needed_ones_need)
{
	tie("", EDGE_TCP, "web.service");
	tie("shop.service", EDGE_AFTER, "db.service");
	tie("shop.service", EDGE_REQUIRES, "db.service");
	tie("shop.service", EDGE_TCP, "db.service");
	tie("shop.service", EDGE_AFTER, "log.service");
	tie("web.service", EDGE_WANTS, "shop.service");
	(void)print("web.service", true);
	expect("\u2514\u2500shop.service");
	expect("  \u2514\u2500db.service");
	expect("tcp 5432, requires, after");
	expect("3min ago");
	expect("(outside)");
	cr_assert(zero(sz, count("log.service")), "an order is no need");
	(void)print("shop.service", false);
	expect("`-db.service");
	expect(" 12 ");
	expect("Starts after: log.service");
	(void)print("log.service", false);
	expect("nothing is known that it talks to or needs");
	expect("Nothing is known to talk to it or to need it");
	expect("Comes before: shop.service");
}

Test(deps, a_cycle_is_cut_and_said)
{
	tie("a.service", EDGE_TCP, "a.service");
	tie("a.service", EDGE_REQUIRES, "b.service");
	tie("b.service", EDGE_REQUIRES, "c.service");
	tie("c.service", EDGE_REQUIRES, "a.service");
	(void)print("a.service", true);
	cr_assert(eq(sz, count("a.service (a cycle)"), 2));
	cr_assert(eq(sz, count("b.service"), 1));
	(void)print("b.service", true);
	expect("b.service (a cycle)");
}

Test(deps, what_many_need_is_told_once)
{
	char name[32], other[32];

	/* Each layer of two needs both of the next: 2^200 ways through it. */
	for (int i = 100; i < 300; i++)
		for (int j = 0; j < 4; j++) {
			(void)snprintf(name, sizeof(name), "u%d-%d.service", i, j / 2);
			(void)snprintf(other, sizeof(other), "u%d-%d.service", i + 1, j % 2);
			tie(name, EDGE_WANTS, other);
		}
	(void)print("u100-0.service", true);
	expect("(see above)");
	expect("(and more)");
	cr_assert(lt(sz, count("\n"), 500));
}

Test(deps, a_long_chain_ends_where_no_terminal_is_wide_enough, .timeout = 60)
{
	char name[32], other[32];

	for (int i = 1000; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "u%d.service", i);
		(void)snprintf(other, sizeof(other), "u%d.service", i + 1);
		tie(name, EDGE_REQUIRES, other);
	}
	(void)print("u1000.service", true);
	expect("u1016.service (and more)");
	cr_assert(zero(sz, count("u1017")));
}

Test(deps, a_terminal_gets_a_tree_that_fits)
{
	char line[1024];
	size_t length;

	tie("a.service", EDGE_AFTER, "b.service");
	tie("a.service", EDGE_BINDS_TO, "b.service");
	for (int port = 1; port < 30; port++) {
		tie("a.service", EDGE_TCP, "b.service");
		all[n - 1].edge.port = (uint16_t)port;
	}
	tie("b.service", EDGE_WANTS, "c-with-a-longer-name.service");
	for (const char *at = print_within(72, "a.service", true); *at; at += length + 1) {
		length = strcspn(at, "\n");
		cr_assert(lt(sz, length, sizeof(line)));
		memcpy(line, at, length);
		line[length] = '\0';
		cr_assert(le(sz, wrap_cells(line), 72), "%s", line);
	}
	expect("348"); /* connections */
	expect("  \u2514\u2500c-with-a-longer-name.service");
}

Test(deps, hostile_names_are_shown_and_not_obeyed)
{
	tie("evil\033[2J\r\n\xff.service", EDGE_REQUIRES, "\033]0;x\a.service");
	(void)print("evil\033[2J\r\n\xff.service", true);
	for (const char *at = text; *at; at++)
		cr_assert(ge(int, (unsigned char)*at, *at == '\n' ? '\n' : 0x20));
	expect("\\x1b[2J");
	(void)print(NULL, true);
	expect("\\x1b]0;x\\x07.service");
}

Test(deps, all_of_them_are_a_row_a_pair_and_mere_order_is_counted)
{
	(void)print(NULL, true);
	expect("Nothing is known yet");
	tie("", EDGE_TRIGGERED_BY, "woken.service");
	tie("a.service", EDGE_AFTER, "b.service");
	tie("a.service", EDGE_TCP, "c.service");
	tie("a.service", EDGE_UNIX, "c.service");
	all[2].edge.synthetic = all[3].edge.synthetic = true;
	(void)print(NULL, true);
	expect("triggered-by");
	expect("tcp 5432, unix");
	expect("c.service (simulated)");
	expect("one after the other: 1;");
	cr_assert(zero(sz, count("b.service")));
}
