/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all commands say alike. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
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

int command_unit_name(const char *text, char *ret, size_t size)
{
	char name[UNIT_NAME_SIZE];
	int r;

	r = text_format(name, sizeof(name), "%s%s", text,
			text_is_unit_name(text) ? "" : ".service");
	if (r < 0 || !text_is_unit_name(name))
		return -EINVAL;
	return text_format(ret, size, "%s", name);
}
