/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all commands say alike. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/command.h"

int command_usage(const struct command *command, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_error("%s: %s", command->name, text);
	log_info("usage: selfhealctl %s %s", command->name, command->usage);
	return EXIT_USAGE;
}
