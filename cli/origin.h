/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where the lines of [X-SelfHeal] stand that count: followed as the values themselves are, so that what is
 * replaced or taken back is forgotten, and lists have several. */
#include "record/unitfile.h"

#define ORIGIN_SIZE 4096

struct origins {
	char from
		[TERM_N]
		[ORIGIN_SIZE]; /* "file:line", a newline after each; what does not fit is left out */
};

/* A unitfile_told; userdata is the struct origins. */
void origins_take(enum term term, const struct ini_line *line, void *userdata);
/* As terms_overlay(): over is where the lines of over_terms stand. */
void origins_overlay(struct origins *origins, const struct origins *over,
		     const struct terms *over_terms);
/* Nothing but that line. */
void origin_set(char from[ORIGIN_SIZE], const struct ini_line *line);
