/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To which daemon, and what its answer means for a person and a script. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/ordering.h"
#include "record/names.h"

/* The error in words, and what it means for a script. */
static int failed(int error, const char *socket_path, const struct bus_answer *answer)
{
	if (answer->words[0]) {
		log_error("%s", answer->words);
		return EXIT_REFUSED;
	}
	if (error == -EACCES || error == -EPERM) {
		log_error("no right to give orders at %s", socket_path);
		log_info("give them as root, or as the user who runs the daemon");
		return EXIT_REFUSED;
	}
	(void)log_error_errno(error, "no daemon answers at %s", socket_path);
	log_info(
		"start it: systemctl start selfhealed, or 'make run'; --state-dir names the folder "
		"of one that was started with that option");
	return EXIT_NO_STATE;
}

int ordering_give(const struct context *context, struct bus_answer *ret, const char *member,
		  const char *types, ...)
{
	char socket_path[PATH_MAX];
	va_list arguments;
	int r;

	if (context->db) {
		log_error("--db names a file; a running daemon is found by --state-dir");
		return EXIT_USAGE;
	}
	r = text_format(socket_path, sizeof(socket_path), "%s/" NAME_CONTROL,
			context->state_dir ? context->state_dir : NAME_RUNTIME_DIR);
	if (r < 0)
		return log_error_errno(r, "the path is too long");
	va_start(arguments, types);
	r = bus_order(socket_path, context->state_dir == NULL, ret, member, types, arguments);
	va_end(arguments);
	return r < 0 ? failed(r, socket_path, ret) : EXIT_WELL;
}

void ordering_done(const struct context *context, const struct bus_answer *answer,
		   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	output_line_of(context->output, PAINT_NONE, format, arguments);
	va_end(arguments);
	if (answer->words[0])
		output_line(context->output, PAINT_NONE, "%s", answer->words);
}

int ordering_unit(const struct command *command, const char *text, char ret[UNIT_NAME_SIZE])
{
	if (command_unit_name(text, ret, UNIT_NAME_SIZE) >= 0)
		return EXIT_WELL;
	return command_usage(command, "'%s' is no unit's name", text);
}

void ordering_hint(const struct context *context, const char *lead, const char *format, ...)
{
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	output_line(context->output, PAINT_FAINT, "%s: selfhealctl%s%s %s", lead,
		    context->state_dir ? " --state-dir " : "",
		    context->state_dir ? context->state_dir : "", command);
}
