/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause, resume: when nothing is to be healed, for a while or until somebody says so. */
#include <stdint.h>

#include "base/text.h"
#include "cli/ordering.h"

#define INITIAL_MS  UINT64_C(3600000)
#define NO_REASON   "by hand"
#define A_SECOND_MS 1000u

/* ---- pause ----------------------------------------------------------------------- */

static int pause_all(const struct context *context, const char *reason)
{
	struct bus_answer answer;
	int r;

	if (context->for_span)
		return command_usage(&command_pause,
				     "--for wants a unit: all healing stops until 'resume'");
	r = ordering_give(context, &answer, "Stop", "s", reason);
	if (r != EXIT_WELL)
		return r;
	ordering_done(context, &answer, "all healing is stopped; units are watched on");
	ordering_hint(context, "let it go on", "resume");
	return EXIT_WELL;
}

static int pause_unit(const struct context *context, const char *text, const char *reason)
{
	char unit[UNIT_NAME_SIZE], span[32];
	struct bus_answer answer;
	uint64_t for_ms = INITIAL_MS;
	int r;

	r = ordering_unit(&command_pause, text, unit);
	if (r != EXIT_WELL)
		return r;
	if (context->for_span &&
	    (text_parse_span(context->for_span, &for_ms) < 0 || for_ms < A_SECOND_MS))
		return command_usage(&command_pause,
				     "--for: '%s' is no span of time, such as 30min or 2h",
				     context->for_span);
	r = ordering_give(context, &answer, "Pause", "sts", unit, for_ms / A_SECOND_MS, reason);
	if (r != EXIT_WELL)
		return r;
	ordering_done(context, &answer, "%s: not healed for %s", unit,
		      text_span(span, sizeof(span), for_ms));
	ordering_hint(context, "end it sooner", "resume %s", unit);
	return EXIT_WELL;
}

static int pause_run(struct context *context, int argc, char **argv)
{
	const char *reason = context->reason ? context->reason : NO_REASON;

	if (argc > 2)
		return command_usage(&command_pause, "which one unit, or all?");
	return argc == 1 ? pause_all(context, reason) : pause_unit(context, argv[1], reason);
}

const struct command command_pause = {
	.name = "pause",
	.usage = "[UNIT]",
	.summary = "heal a unit not, for a while; or nothing at all",
	.details =
		"Units are watched on, and the record says why nothing is done. Without UNIT all\n"
		"healing stops, until 'resume'. It does not outlast the daemon.\n"
		"root may, and who polkit lets (io.selfheal.pause, io.selfheal.stop); with\n"
		"--state-dir, also the user who runs that daemon.\n\n"
		"  selfhealctl pause shop --for 2h --reason 'a deployment'\n",
	.accepts = ACCEPTS_FOR | ACCEPTS_REASON,
	.run = pause_run,
};

/* ---- resume ------------------------------------------------------------------------ */

static int resume_run(struct context *context, int argc, char **argv)
{
	char unit[UNIT_NAME_SIZE] = "";
	struct bus_answer answer;
	int r = EXIT_WELL;

	if (argc > 2)
		return command_usage(&command_resume, "which one unit, or all?");
	if (argc == 2)
		r = ordering_unit(&command_resume, argv[1], unit);
	if (r == EXIT_WELL)
		r = ordering_give(context, &answer, "Resume", "s", unit);
	if (r != EXIT_WELL)
		return r;
	if (unit[0])
		ordering_done(context, &answer, "%s: its healing goes on", unit);
	else
		ordering_done(context, &answer, "all healing goes on");
	return EXIT_WELL;
}

const struct command command_resume = {
	.name = "resume",
	.usage = "[UNIT]",
	.summary = "end the pause of a unit; or all pauses, and the stop",
	.details =
		"root may, and who polkit lets (io.selfheal.resume); with --state-dir, also the\n"
		"user who runs that daemon.\n\n"
		"  selfhealctl resume shop\n",
	.run = resume_run,
};
