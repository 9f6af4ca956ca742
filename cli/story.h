/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Incidents told: many as a table, one step by step, or with its reasons. */
#include <stddef.h>
#include <stdint.h>

#include "cli/output.h"
#include "store/reader.h"

/* A table, a row each. now_ms: a terminal's reader knows what day it is. */
int story_table(const struct output *output, const struct story *stories, size_t n,
		uint64_t now_ms);
/* One incident in the order of time, from first evidence to what came of it. */
int story_tell(const struct output *output, struct reader *reader, const struct story *story);
/* One with its reasons: what was seen and who says so, each answer of the policy, and what came of
 * it; then the times between. The steps are its own. */
void story_explain(const struct output *output, const struct story *story, const struct step *steps,
		   size_t n);
