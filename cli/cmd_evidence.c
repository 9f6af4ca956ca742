/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence: what was seen of a unit just before it was disturbed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/scene.h"

/* One document, also of none. */
static void print_json(const struct context *context, const struct snapshots *snapshots)
{
	output_raw(context->output, "[");
	for (size_t i = 0; i < snapshots->n; i++) {
		output_raw(context->output, i ? ",\n" : "\n");
		reader_json_snapshot(context->output->file, &snapshots->kept[i]);
	}
	output_raw(context->output, snapshots->n ? "\n]\n" : "]\n");
}

static int print_all(const struct context *context, uint64_t incident,
		     const struct snapshots *snapshots)
{
	CLEANUP(cleanup_free) struct step *steps = NULL;
	size_t n;
	int r;

	r = reader_steps(context->reader, incident, &steps, &n);
	if (r >= 0 && snapshots->n == 0)
		output_line(context->output, PAINT_NONE, "No evidence of incident %" PRIu64 ": %s.",
			    incident, scene_absence(steps, n));
	for (size_t i = 0; r >= 0 && i < snapshots->n; i++) {
		if (i > 0)
			output_raw(context->output, "\n");
		r = scene_print(context->output, context->reader, &snapshots->kept[i], steps, n);
	}
	return r;
}

static int evidence_run(struct context *context, int argc, char **argv)
{
	CLEANUP(snapshots_clear) struct snapshots snapshots = { 0 };
	struct story story;
	uint64_t incident;
	int r;

	if (argc != 2)
		return command_usage(&command_evidence, "one incident");
	if (text_parse_u64(argv[1] + (argv[1][0] == '#'), &incident) < 0) {
		log_error("evidence: '%s' is no number of an incident", argv[1]);
		log_info("did you mean: selfhealctl history %s", argv[1]);
		return EXIT_USAGE;
	}
	r = reader_story(context->reader, incident, &story);
	if (r == -ENOENT) {
		log_error("there is no incident %" PRIu64, incident);
		log_info("all of them: selfhealctl history --limit 0");
		return EXIT_USAGE;
	}
	if (r >= 0)
		r = reader_snapshots(context->reader, incident, &snapshots);
	if (r >= 0 && context->json)
		print_json(context, &snapshots);
	else if (r >= 0)
		r = print_all(context, incident, &snapshots);
	return r < 0 ? log_error_errno(r, "cannot read the evidence of incident %" PRIu64, incident)
		     : EXIT_WELL;
}

const struct command command_evidence = {
	.name = "evidence",
	.usage = "INCIDENT",
	.summary = "what was seen of a unit just before it was disturbed",
	.details =
		"Tells what was gathered of the unit before each time it was restarted for real:\n"
		"what its threads waited for, what it held open, what it said, how it had been, "
		"and\n"
		"what of all that could not be read. INCIDENT is a number from history.\n"
		"Exits with 0 when it could read, and with 2 if there is no such incident.\n\n"
		"  selfhealctl evidence 512\n"
		"  selfhealctl evidence 512 --json | jq '.[0].seen.threads'\n",
	.accepts = ACCEPTS_JSON,
	.reads = true,
	.run = evidence_run,
};
