/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history: what went wrong, what was done about it, and whether it helped. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/story.h"

/* The stories that were asked for. */
struct listing {
	struct story *story;
	size_t n;
	bool more; /* there are older ones */
};

static void listing_clear(struct listing *listing)
{
	free(listing->story);
}

/* One more than asked for, to know whether there are more. */
static int listing_read(const struct context *context, const char *unit, uint64_t since_ms,
			struct listing *ret)
{
	size_t limit = context->limit ? context->limit + 1 : 0;
	char service[UNIT_NAME_SIZE];
	int r;

	r = reader_stories(context->reader, unit, since_ms, limit, &ret->story, &ret->n);
	/* As with systemctl, a name without a type is a service. */
	if (unit && (r == -ENOENT || (r >= 0 && ret->n == 0)) &&
	    text_format(service, sizeof(service), "%s.service", unit) >= 0) {
		free(TAKE(ret->story));
		r = reader_stories(context->reader, service, since_ms, limit, &ret->story, &ret->n);
	}
	if (r == -ENOENT) {
		ret->n = 0;
		return 0;
	}
	if (r >= 0 && context->limit && ret->n > context->limit) {
		ret->n = context->limit;
		ret->more = true;
	}
	return r;
}

static int print_table(const struct context *context, const struct listing *listing)
{
	int r;

	r = story_table(context->output, listing->story, listing->n, clock_wall_ms());
	return r < 0 ? log_error_errno(r, "cannot draw a table") : 0;
}

static int print_stories(const struct context *context, const struct listing *listing)
{
	int r;

	for (size_t i = 0; i < listing->n; i++) {
		if (i > 0)
			output_raw(context->output, "\n");
		r = story_tell(context->output, context->reader, &listing->story[i]);
		if (r < 0)
			return log_error_errno(r, "cannot read the steps of incident %" PRIu64,
					       listing->story[i].incident.id);
	}
	return 0;
}

static int print_json(const struct context *context, const struct listing *listing)
{
	CLEANUP(cleanup_free) struct step *steps = NULL;
	size_t n_steps;
	int r;

	output_raw(context->output, "[");
	for (size_t i = 0; i < listing->n; i++) {
		free(TAKE(steps));
		r = reader_steps(context->reader, listing->story[i].incident.id, &steps, &n_steps);
		if (r < 0)
			return log_error_errno(r, "cannot read the steps of incident %" PRIu64,
					       listing->story[i].incident.id);
		output_raw(context->output, i ? ",\n" : "");
		reader_json_story(context->output->file, &listing->story[i], steps, n_steps);
	}
	output_raw(context->output, "]\n");
	return 0;
}

static int history_run(struct context *context, int argc, char **argv)
{
	CLEANUP(listing_clear) struct listing listing = { 0 };
	const struct output *output = context->output;
	uint64_t since_ms = 0;
	int r;

	if (argc > 2)
		return command_usage(&command_history, "one unit at most");
	if (context->since && text_parse_moment(context->since, clock_wall_ms(), &since_ms) < 0)
		return command_usage(&command_history,
				     "--since: cannot read '%s' (try '2h ago', today, "
				     "'2026-11-24 14:03')",
				     context->since);
	r = listing_read(context, argc > 1 ? argv[1] : NULL, since_ms, &listing);
	if (r < 0)
		return log_error_errno(r, "cannot read the history");

	if (context->json)
		return print_json(context, &listing);
	if (listing.n == 0) {
		output_line(output, PAINT_NONE, "No incident%s%s%s.", argc > 1 ? " of " : "",
			    argc > 1 ? argv[1] : "", context->since ? " since then" : " so far");
		return 0;
	}
	r = context->steps ? print_stories(context, &listing) : print_table(context, &listing);
	if (r >= 0 && listing.more)
		output_line(output, PAINT_FAINT,
			    "There are older ones: --limit N shows more, --limit 0 all.");
	return r;
}

const struct command command_history = {
	.name = "history",
	.usage = "[UNIT]",
	.summary = "what went wrong, what was done about it, and whether it helped",
	.details = "Lists incidents, the newest first. TOOK is from the first evidence to the "
		   "outcome.\nExits with 0 when it could read, whatever it found.\n\n"
		   "  selfhealctl history shop --since yesterday\n"
		   "  selfhealctl history --steps --limit 1\n",
	.accepts = ACCEPTS_SINCE | ACCEPTS_LIMIT | ACCEPTS_STEPS | ACCEPTS_JSON,
	.reads = true,
	.run = history_run,
};
