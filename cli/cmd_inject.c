/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inject: make a simulated service ill, to see what is done about it. */
#include "cli/ordering.h"

static int inject_run(struct context *context, int argc, char **argv)
{
	char unit[UNIT_NAME_SIZE];
	struct bus_answer answer;
	int r;

	if (argc != 3)
		return command_usage(&command_inject, "which fault, and into which unit?");
	r = ordering_unit(&command_inject, argv[2], unit);
	if (r == EXIT_WELL)
		r = ordering_give(context, &answer, "Inject", "ss", argv[1], unit);
	if (r != EXIT_WELL)
		return r;
	ordering_done(context, &answer, "injected; the unit falls ill from now on");
	ordering_hint(context, "watch it", "status %s", unit);
	ordering_hint(context, "and then", "history %s --steps", unit);
	return EXIT_WELL;
}

const struct command command_inject = {
	.name = "inject",
	.usage = "FAULT UNIT",
	.summary = "make a simulated service ill, to see what is done about it",
	.details = "Puts a fault into a service of the simulator; real units cannot be chosen.\n"
		   "Faults: cpu-spike, memory-leak. A restart ends one.\n"
		   "root may, and who polkit lets (io.selfheal.inject); with --state-dir,\n"
		   "also the user who runs that daemon.\n\n"
		   "  selfhealctl --state-dir build/state-0 inject memory-leak sim-web.service\n",
	.run = inject_run,
};
