/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heal, approve: what somebody wants done, or agrees to. */
#include <inttypes.h>

#include "base/text.h"
#include "cli/ordering.h"

/* ---- heal ------------------------------------------------------------------------- */

static int heal_run(struct context *context, int argc, char **argv)
{
	char unit[UNIT_NAME_SIZE];
	struct bus_answer answer;
	int r;

	if (argc != 2)
		return command_usage(&command_heal, "which unit?");
	r = ordering_unit(&command_heal, argv[1], unit);
	if (r == EXIT_WELL)
		r = ordering_give(context, &answer, "Heal", "s", unit);
	if (r != EXIT_WELL)
		return r;
	ordering_done(context, &answer, "%s: to be restarted, and looked after", unit);
	ordering_hint(context, "see whether it helped", "history %s --steps", unit);
	return EXIT_WELL;
}

const struct command command_heal = {
	.name = "heal",
	.usage = "UNIT",
	.summary = "restart a unit as if it were sick, and prove that it helped",
	.details =
		"It goes through the same brakes as any other heal, and counts in the same\n"
		"budgets; what holds it back is said. In mock mode all is done but the restart.\n"
		"root may, and who polkit lets (io.selfheal.heal); with --state-dir, also the\n"
		"user who runs that daemon.\n\n"
		"  selfhealctl heal shop\n",
	.run = heal_run,
};

/* ---- approve ------------------------------------------------------------------------ */

static int approve_run(struct context *context, int argc, char **argv)
{
	struct bus_answer answer;
	uint64_t incident;
	int r;

	if (argc != 2)
		return command_usage(&command_approve, "which incident?");
	if (text_parse_u64(argv[1], &incident) < 0 || incident == 0)
		return command_usage(&command_approve, "'%s' is no incident's number", argv[1]);
	r = ordering_give(context, &answer, "Approve", "t", incident);
	if (r != EXIT_WELL)
		return r;
	ordering_done(context, &answer,
		      "incident %" PRIu64 ": approved for 15 minutes, once, if the evidence still "
		      "stands",
		      incident);
	ordering_hint(context, "see what is done", "explain %" PRIu64, incident);
	return EXIT_WELL;
}

const struct command command_approve = {
	.name = "approve",
	.usage = "INCIDENT",
	.summary = "agree to what a unit with Mode=approve waits for",
	.details =
		"For 15 minutes, and once, it may then be done, if the evidence still stands and\n"
		"nothing else is in the way.\n"
		"root may, and who polkit lets (io.selfheal.approve); with --state-dir, also the\n"
		"user who runs that daemon.\n\n"
		"  selfhealctl approve 7\n",
	.run = approve_run,
};
