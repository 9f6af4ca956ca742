/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The present as one reading of it, and what can be asked of that. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output.h"
#include "store/reader.h"

struct view {
	const struct output *output;
	struct reader *reader;
	uint64_t wall_ms; /* when it was read */
	bool has_keeper;  /* false: no present here, and no units then */
	struct keeper keeper;
	struct present *unit; /* sickest first */
	size_t n_units;
};

/* output and reader stay the caller's. view_clear() it also after a failure. */
int view_read(const struct output *output, struct reader *reader, struct view *ret);
void view_clear(struct view *view);

/* By its name; as with systemctl, one without a type is a service. NULL: not there now. */
const struct present *view_find(const struct view *view, const char *name);

/* Something that a person should see at once: sick, unusual, or an open incident. */
bool view_is_trouble(const struct present *present);
/* Sick, or healed in vain. Simulated units count: a demonstration wants to see it. */
bool view_is_bad(const struct view *view, const struct present *present);
/* The newest story of a unit; -ENOENT: none. */
int view_last_story(const struct view *view, const char *unit, struct story *ret);
/* What is wrong with it, and what is being done now, in words. */
char *view_trouble(char *buffer, size_t size, const struct view *view,
		   const struct present *present);
char *view_answer(char *buffer, size_t size, const struct view *view,
		  const struct present *present);
