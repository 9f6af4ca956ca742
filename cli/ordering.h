/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How a command gives the daemon an order, and says what came of it. */
#include "cli/bus.h"
#include "cli/command.h"

/* To the daemon of --state-dir, or to the installed one: bus_order(). EXIT_WELL: it was carried out, and *ret is what
 * the daemon said; else why not was said: EXIT_USAGE where --db names a file, which is no daemon, EXIT_NO_STATE
 * where none answers, EXIT_REFUSED. */
int ordering_give(const struct context *context, struct bus_answer *ret, const char *member,
		  const char *types, ...);
/* What is so now, and under it the daemon's own words, if any. */
void ordering_done(const struct context *context, const struct bus_answer *answer,
		   const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The unit that the command's one argument names; else EXIT_USAGE, and it was said. */
int ordering_unit(const struct command *command, const char *text, char ret[UNIT_NAME_SIZE]);
/* A line in faint print: a command to go on with, which gets this one's --state-dir. */
void ordering_hint(const struct context *context, const char *lead, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
