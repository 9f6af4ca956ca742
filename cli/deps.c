/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relations between two units become one tie, and ties a tree. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/deps.h"
#include "cli/phrase.h"

#define DEPTH_MAX 16 /* deeper, no terminal is wide enough */

/* All relations between one client and one server. */
struct tie {
	const struct named_edge *relation;
	size_t n;
	bool is_order; /* they only start one after the other */
	/* Of its client, in the first tie of each: */
	enum { NOT_TOLD, BEING_TOLD, TOLD } told;
};

struct ties {
	struct tie *tie; /* owned; in the order of clients */
	size_t n;
	const struct output *output;
	uint64_t now_ms;
};

static bool is_of_tie(const struct tie *tie, const struct named_edge *relation)
{
	return strcmp(tie->relation->client, relation->client) == 0 &&
	       strcmp(tie->relation->server, relation->server) == 0;
}

static int ties_read(struct ties *ties, const struct named_edge *all, size_t n)
{
	struct tie *tie;

	ties->tie = calloc(n + 1, sizeof(*ties->tie));
	if (!ties->tie)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		tie = ties->n > 0 ? &ties->tie[ties->n - 1] : NULL;
		if (!tie || !is_of_tie(tie, &all[i])) {
			tie = &ties->tie[ties->n++];
			*tie = (struct tie) { .relation = &all[i], .is_order = true };
		}
		tie->n++;
		tie->is_order &= all[i].edge.kind == EDGE_AFTER;
	}
	return 0;
}

/* ---- cells ------------------------------------------------------------------- */

static bool is_synthetic(const struct tie *tie)
{
	for (size_t i = 0; i < tie->n; i++)
		if (!tie->relation[i].edge.synthetic)
			return false;
	return true;
}

static char *name_of(char *buffer, size_t size, const struct tie *tie, const char *name)
{
	return phrase_unit(buffer, size, name[0] ? name : "(outside)",
			   name[0] && is_synthetic(tie));
}

/* "tcp 5432, requires, after": what is done before what was meant. */
static char *how(char *buffer, size_t size, const struct tie *tie)
{
	size_t at = 0;

	buffer[0] = '\0';
	for (int kind = 0; kind < EDGE_KIND_N; kind++) {
		for (size_t i = 0; i < tie->n; i++) {
			const struct edge *edge = &tie->relation[i].edge;
			char port[16] = "";

			if ((int)edge->kind != kind)
				continue;
			if (edge->port)
				(void)text_format(port, sizeof(port), " %u", edge->port);
			if (text_format(buffer + at, size - at, "%s%s%s", at ? ", " : "",
					edge_kind_word(edge->kind), port) < 0)
				return buffer;
			at += strlen(buffer + at);
		}
	}
	return buffer;
}

static void add_facts(const struct ties *ties, struct table *table, const struct tie *tie)
{
	uint64_t n_connections = 0, seen_ms = 0;
	bool are_declared = true;
	char text[PHRASE_SIZE];

	for (size_t i = 0; i < tie->n; i++) {
		const struct edge *edge = &tie->relation[i].edge;

		are_declared &= edge_is_declared(edge->kind);
		n_connections += edge->n_connections;
		if (seen_ms < edge->last_wall_ms)
			seen_ms = edge->last_wall_ms;
	}
	table_add(table, PAINT_NONE, "%s", how(text, sizeof(text), tie));
	if (are_declared)
		table_add(table, PAINT_FAINT, "-");
	else
		table_add(table, PAINT_NONE, "%" PRIu64, n_connections);
	table_add(
		table, PAINT_NONE, "%s",
		text_ago(text, sizeof(text), ties->now_ms > seen_ms ? ties->now_ms - seen_ms : 0));
}

static const struct column columns[] = {
	{ .head = "UNIT" },
	{ .head = "HOW", .wraps = true },
	{ .head = "CONNECTIONS", .right = true },
	{ .head = "SEEN", .right = true },
};
#define COLUMNS_N (sizeof(columns) / sizeof(columns[0]))

/* ---- what a unit needs --------------------------------------------------------- */

/* The first tie of that client that is more than an order; NULL: none. */
static struct tie *ties_of(const struct ties *ties, const char *client)
{
	for (size_t i = 0; i < ties->n; i++)
		if (!ties->tie[i].is_order && strcmp(ties->tie[i].relation->client, client) == 0)
			return &ties->tie[i];
	return NULL;
}

/* Why what it needs is not told below it; "": it is, or there is nothing to tell. */
static const char *why_not_below(const struct tie *first, size_t depth)
{
	if (!first)
		return "";
	if (first->told == BEING_TOLD)
		return " (a cycle)";
	if (first->told == TOLD)
		return " (see above)";
	return depth == DEPTH_MAX ? " (and more)" : "";
}

static void add_server(const struct ties *ties, struct table *table, const struct tie *tie,
		       const char *note)
{
	char name[PHRASE_SIZE];

	table_add(table, PAINT_NONE, "%s%s",
		  name_of(name, sizeof(name), tie, tie->relation->server), note);
	add_facts(ties, table, tie);
}

/* All that `first`, the client's first tie, begins; below the row. Each client is told once, so this ends,
 * whatever the edges are. */
static void tell_needs(const struct ties *ties, struct table *table, struct tie *first, size_t row,
		       size_t depth)
{
	const char *client = first->relation->client, *note;
	const struct tie *end = ties->tie + ties->n;
	struct tie *below;

	first->told = BEING_TOLD;
	for (const struct tie *tie = first; tie < end && strcmp(tie->relation->client, client) == 0;
	     tie++) {
		if (tie->is_order)
			continue;
		below = tie->relation->server[0] ? ties_of(ties, tie->relation->server) : NULL;
		note = why_not_below(below, depth);
		table_nest(table, row);
		add_server(ties, table, tie, note);
		if (below && !*note)
			tell_needs(ties, table, below, table_rows(table) - 1, depth + 1);
	}
	first->told = TOLD;
}

static int print_needs(const struct ties *ties, const char *unit)
{
	CLEANUP(table_freep) struct table *table = NULL;
	struct tie *first = ties_of(ties, unit);
	char name[PHRASE_SIZE];
	int r;

	if (!first) {
		output_line(ties->output, PAINT_NONE,
			    "%s: nothing is known that it talks to or needs.", unit);
		return 0;
	}
	r = table_new(columns, COLUMNS_N, &table);
	if (r < 0)
		return r;
	table_add(table, PAINT_STRONG, "%s", name_of(name, sizeof(name), first, unit));
	for (size_t i = 1; i < COLUMNS_N; i++)
		table_add(table, PAINT_NONE, "%s", "");
	output_line(ties->output, PAINT_NONE, "It talks to, or needs:");
	tell_needs(ties, table, first, 0, 1);
	return output_table(ties->output, table);
}

/* ---- who needs it ---------------------------------------------------------------- */

static int print_clients(const struct ties *ties, const char *unit)
{
	CLEANUP(table_freep) struct table *table = NULL;
	char name[PHRASE_SIZE];
	int r;

	r = table_new(columns, COLUMNS_N, &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ties->n; i++) {
		const struct tie *tie = &ties->tie[i];

		if (tie->is_order || strcmp(tie->relation->server, unit) != 0)
			continue;
		table_add(table, PAINT_NONE, "%s",
			  name_of(name, sizeof(name), tie, tie->relation->client));
		add_facts(ties, table, tie);
	}
	output_raw(ties->output, "\n");
	if (table_rows(table) == 0) {
		output_line(ties->output, PAINT_NONE,
			    "Nothing is known to talk to it or to need it.");
		return 0;
	}
	output_line(ties->output, PAINT_NONE, "Talks to it, or needs it:");
	return output_table(ties->output, table);
}

/* ---- mere order -------------------------------------------------------------------- */

static const char *client_of(const struct tie *tie)
{
	return tie->relation->client;
}

static const char *server_of(const struct tie *tie)
{
	return tie->relation->server;
}

/* The other ends of those whose one end is that unit, as one line. */
static void print_order(const struct ties *ties, const char *unit, const char *label,
			const char *(*one)(const struct tie *),
			const char *(*other)(const struct tie *))
{
	CLEANUP(cleanup_free) char *names = NULL;
	size_t size, n = 0;
	FILE *file = open_memstream(&names, &size);

	if (!file)
		return;
	for (size_t i = 0; i < ties->n; i++)
		if (ties->tie[i].is_order && strcmp(one(&ties->tie[i]), unit) == 0)
			(void)fprintf(file, "%s%s", n++ ? ", " : "", other(&ties->tie[i]));
	if (fclose(file) != 0 || n == 0)
		return;
	output_raw(ties->output, "\n");
	output_field(ties->output, label, PAINT_NONE, "%s", names);
}

static int print_unit(const struct ties *ties, const char *unit)
{
	int r;

	r = print_needs(ties, unit);
	if (r >= 0)
		r = print_clients(ties, unit);
	if (r < 0)
		return r;
	print_order(ties, unit, "Starts after:", client_of, server_of);
	print_order(ties, unit, "Comes before:", server_of, client_of);
	return 0;
}

/* ---- all of them --------------------------------------------------------------------- */

static void add_pair(const struct ties *ties, struct table *table, const struct tie *tie)
{
	char name[PHRASE_SIZE];

	table_add(table, PAINT_NONE, "%s", name_of(name, sizeof(name), tie, tie->relation->client));
	table_add(table, PAINT_NONE, "%s", name_of(name, sizeof(name), tie, tie->relation->server));
	add_facts(ties, table, tie);
}

static int print_pairs(const struct ties *ties)
{
	static const struct column pair_columns[] = {
		{ .head = "CLIENT", .wraps = true }, { .head = "SERVER", .wraps = true },
		{ .head = "HOW", .wraps = true },    { .head = "CONNECTIONS", .right = true },
		{ .head = "SEEN", .right = true },
	};
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	r = table_new(pair_columns, sizeof(pair_columns) / sizeof(pair_columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ties->n; i++)
		if (!ties->tie[i].is_order)
			add_pair(ties, table, &ties->tie[i]);
	if (table_rows(table) > 0)
		return output_table(ties->output, table);
	output_line(ties->output, PAINT_NONE,
		    "Nothing is known yet of who needs or talks to whom.");
	return 0;
}

static int print_all(const struct ties *ties)
{
	size_t n_order = 0;
	int r;

	r = print_pairs(ties);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ties->n; i++)
		n_order += ties->tie[i].is_order;
	if (n_order > 0)
		output_line(ties->output, PAINT_FAINT,
			    "Pairs that only start one after the other: %zu; each unit's own list "
			    "and --json have them.",
			    n_order);
	return 0;
}

int deps_print(const struct output *output, const struct named_edge *all, size_t n,
	       const char *unit, uint64_t now_ms)
{
	struct ties ties = { .output = output, .now_ms = now_ms };
	int r;

	r = ties_read(&ties, all, n);
	if (r >= 0)
		r = unit ? print_unit(&ties, unit) : print_all(&ties);
	free(ties.tie);
	return r;
}
