/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inject: make a simulated service ill, to see what is done about it. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/command.h"
#include "record/names.h"

/* The error in words, and what it means for a script. */
static int inject_failed(int error, const char *socket_path, const char *message)
{
	if (*message) {
		log_error("%s", message);
		return EXIT_REFUSED;
	}
	if (error == -EACCES || error == -EPERM) {
		log_error("no right to give orders at %s", socket_path);
		log_info("give them as root, or as the user who runs the daemon");
		return EXIT_REFUSED;
	}
	(void)log_error_errno(error, "no daemon answers at %s", socket_path);
	log_info("start it: selfhealed --simulate, or 'make run'; --state-dir names its folder");
	return EXIT_NO_STATE;
}

static int inject_run(struct context *context, int argc, char **argv)
{
	char socket_path[PATH_MAX], unit[UNIT_NAME_SIZE], message[512] = "";
	int r;

	if (argc != 3)
		return command_usage(&command_inject, "which fault, and into which unit?");
	if (context->db)
		return command_usage(&command_inject,
				     "--db names a file; a running daemon is found by --state-dir");
	r = text_format(unit, sizeof(unit), "%s%s", argv[2],
			strchr(argv[2], '.') ? "" : ".service");
	if (r < 0 || !text_is_unit_name(unit))
		return command_usage(&command_inject, "'%s' is no unit's name", argv[2]);
	r = text_format(socket_path, sizeof(socket_path), "%s/" NAME_CONTROL,
			context->state_dir ? context->state_dir : NAME_RUNTIME_DIR);
	if (r < 0)
		return log_error_errno(r, "the path is too long");
	r = bus_inject(socket_path, context->state_dir == NULL, argv[1], unit, message,
		       sizeof(message));
	if (r < 0)
		return inject_failed(r, socket_path, message);

	output_line(context->output, PAINT_NONE, "%s",
		    *message ? message : "injected; the unit falls ill from now on");
	output_line(context->output, PAINT_FAINT, "watch it: selfhealctl%s%s status %s",
		    context->state_dir ? " --state-dir " : "",
		    context->state_dir ? context->state_dir : "", unit);
	output_line(context->output, PAINT_FAINT, "and then: selfhealctl%s%s history %s --steps",
		    context->state_dir ? " --state-dir " : "",
		    context->state_dir ? context->state_dir : "", unit);
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
