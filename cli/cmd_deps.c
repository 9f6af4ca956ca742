/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deps: what a unit talks to and needs, and who talks to it and needs it. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/deps.h"

/* The relations that were asked for. */
struct listing {
	struct named_edge *relation;
	size_t n;
};

static void listing_clear(struct listing *listing)
{
	free(listing->relation);
}

/* -ENOENT: no unit of that name, nor, as with systemctl, a service that is called so. */
static int find_unit(const struct context *context, const char *name, char ret[UNIT_NAME_SIZE],
		     struct listing *ret_own)
{
	int r;

	r = text_format(ret, UNIT_NAME_SIZE, "%s", name);
	if (r >= 0)
		r = reader_edges(context->reader, ret, &ret_own->relation, &ret_own->n);
	if (r == -ENOENT) {
		r = text_format(ret, UNIT_NAME_SIZE, "%s.service", name);
		if (r >= 0)
			r = reader_edges(context->reader, ret, &ret_own->relation, &ret_own->n);
	}
	return r == -ENAMETOOLONG ? -ENOENT : r;
}

static void print_json(const struct context *context, const struct listing *listing)
{
	output_raw(context->output, "[");
	for (size_t i = 0; i < listing->n; i++) {
		output_raw(context->output, i ? ",\n" : "");
		reader_json_edge(context->output->file, &listing->relation[i]);
	}
	output_raw(context->output, "]\n");
}

/* A tree goes on at the other ends, so it takes all of them. */
static int print_text(const struct context *context, const char *unit)
{
	CLEANUP(listing_clear) struct listing all = { 0 };
	int r;

	r = reader_edges(context->reader, NULL, &all.relation, &all.n);
	if (r < 0)
		return log_error_errno(r, "cannot read who talks to whom");
	r = deps_print(context->output, all.relation, all.n, unit, clock_wall_ms());
	return r < 0 ? log_error_errno(r, "cannot draw a table") : 0;
}

static int deps_run(struct context *context, int argc, char **argv)
{
	CLEANUP(listing_clear) struct listing listing = { 0 };
	const char *asked = argc > 1 ? argv[1] : NULL;
	char unit[UNIT_NAME_SIZE];
	int r;

	if (argc > 2)
		return command_usage(&command_deps, "one unit at most");
	if (asked)
		r = find_unit(context, asked, unit, &listing);
	else
		r = reader_edges(context->reader, NULL, &listing.relation, &listing.n);
	if (r == -ENOENT) {
		log_error("no unit '%s' is or was watched", asked);
		log_info("those that are: selfhealctl status --all");
		return EXIT_USAGE;
	}
	if (r < 0)
		return log_error_errno(r, "cannot read who talks to whom");
	if (!context->json)
		return print_text(context, asked ? unit : NULL);
	print_json(context, &listing);
	return 0;
}

const struct command command_deps = {
	.name = "deps",
	.usage = "[UNIT]",
	.summary = "what a unit talks to and needs, and who talks to it and needs it",
	.details =
		"From systemd's own graph and from the connections that were seen. With a UNIT, "
		"a tree of\nwhat it talks to and needs, and of what these need; then who talks to "
		"it or needs it.\nWithout one, all pairs.\nExits with 0 when it could read, and "
		"with 2 if there is no such unit.\n\n"
		"  selfhealctl deps shop\n"
		"  selfhealctl deps --json\n",
	.accepts = ACCEPTS_JSON,
	.reads = true,
	.run = deps_run,
};
