/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain: one incident with its reasons, from the first evidence to the proof. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/story.h"

/* -ENOENT: none so far. */
static int newest(const struct context *context, struct story *ret)
{
	CLEANUP(cleanup_free) struct story *story = NULL;
	size_t n;
	int r;

	r = reader_stories(context->reader, NULL, 0, 1, &story, &n);
	if (r < 0)
		return r;
	if (n == 0)
		return -ENOENT;
	*ret = story[0];
	return 0;
}

static int say_missing(const struct context *context, uint64_t incident)
{
	struct story last;

	log_error("there is no incident %" PRIu64, incident);
	if (newest(context, &last) >= 0)
		log_info("the newest is %" PRIu64 "; all of them: selfhealctl history --limit 0",
			 last.incident.id);
	else
		log_info("there is none so far; what is going on now: selfhealctl status");
	return EXIT_USAGE;
}

static void mention_evidence(const struct context *context, const struct story *story)
{
	CLEANUP(snapshots_clear) struct snapshots snapshots = { 0 };

	if (reader_snapshots(context->reader, story->incident.id, &snapshots) >= 0 && snapshots.n)
		output_field(context->output, "Evidence:", PAINT_NONE,
			     "selfhealctl evidence %" PRIu64
			     " has what was seen before it was disturbed",
			     story->incident.id);
}

static int print(const struct context *context, const struct story *story)
{
	CLEANUP(cleanup_free) struct step *steps = NULL;
	size_t n;
	int r;

	r = reader_steps(context->reader, story->incident.id, &steps, &n);
	if (r < 0)
		return log_error_errno(r, "cannot read the steps of incident %" PRIu64,
				       story->incident.id);
	if (context->json) {
		reader_json_story(context->output->file, story, steps, n);
		output_raw(context->output, "\n");
	} else {
		story_explain(context->output, story, steps, n);
		mention_evidence(context, story);
	}
	return 0;
}

static int print_newest(const struct context *context)
{
	struct story story;
	int r;

	r = newest(context, &story);
	if (r == -ENOENT) {
		output_raw(context->output, context->json ? "null\n" : "No incident so far.\n");
		return 0;
	}
	return r < 0 ? log_error_errno(r, "cannot read the history") : print(context, &story);
}

static int explain_run(struct context *context, int argc, char **argv)
{
	struct story story;
	const char *number;
	uint64_t incident;
	int r;

	if (argc > 2)
		return command_usage(&command_explain, "one incident at most");
	if (argc < 2)
		return print_newest(context);
	number = argv[1][0] == '#' ? argv[1] + 1 : argv[1]; /* as history writes it */
	if (text_parse_u64(number, &incident) < 0) {
		log_error("explain: '%s' is no number of an incident", argv[1]);
		log_info("did you mean: selfhealctl history %s", argv[1]);
		return EXIT_USAGE;
	}
	r = reader_story(context->reader, incident, &story);
	if (r == -ENOENT)
		return say_missing(context, incident);
	return r < 0 ? log_error_errno(r, "cannot read the history") : print(context, &story);
}

const struct command command_explain = {
	.name = "explain",
	.usage = "[INCIDENT]",
	.summary = "why one incident was one, what was decided and why, and the proof",
	.details =
		"Tells an incident with its reasons: what was unusual, against what was to be "
		"expected, and\nwho says so; each answer of the policy; what was done, and "
		"whether it helped.\nINCIDENT is a number from history; if not given, the newest "
		"is meant.\nExits with 0 when it could read, and with 2 if there is no such "
		"incident.\n\n"
		"  selfhealctl explain 512\n"
		"  selfhealctl explain --json | jq '.steps[0].verdict.symptoms'\n",
	.accepts = ACCEPTS_JSON,
	.reads = true,
	.run = explain_run,
};
