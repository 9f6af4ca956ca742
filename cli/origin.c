/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of places, one for each key. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/origin.h"

static void append(char from[ORIGIN_SIZE], const char *more)
{
	size_t length = strlen(from);

	if (text_format(from + length, ORIGIN_SIZE - length, "%s", more) < 0)
		from[length] = '\0';
}

static void append_line(char from[ORIGIN_SIZE], const struct ini_line *line)
{
	size_t length = strlen(from);

	if (text_format(from + length, ORIGIN_SIZE - length, "%s:%u\n", line->file, line->number) <
	    0)
		from[length] = '\0';
}

void origin_set(char from[ORIGIN_SIZE], const struct ini_line *line)
{
	from[0] = '\0';
	append_line(from, line);
}

void origins_take(enum term term, const struct ini_line *line, void *userdata)
{
	struct origins *origins = userdata;

	if (!*line->value || !term_is_list(term))
		origins->from[term][0] = '\0';
	if (*line->value)
		append_line(origins->from[term], line);
}

void origins_overlay(struct origins *origins, const struct origins *over,
		     const struct terms *over_terms)
{
	for (enum term term = 0; term < TERM_N; term++) {
		bool says = terms_say(over_terms, term);

		if ((over_terms->resets & (1u << term)) || (says && !term_is_list(term)))
			origins->from[term][0] = '\0';
		if (says)
			append(origins->from[term], over->from[term]);
	}
}
