/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the daemon tells people as it happens, a line each with fields for
 * machines: an incident begins, a decision, how it ended. What the catalog
 * explains carries its MESSAGE_ID. Loud (warning) only for
 * what is sick, refused or not healed.
 */
#include "judge/judge.h"
#include "judge/notices.h"
#include "record/record.h"

/* Notices about what is merely unusual are bounded: the rarest of a day; the rest is in the
 * history. */
struct announcer {
	uint32_t notices_per_day;
	struct notices notices;
};

void announce_finding(struct announcer *announcer, const struct finding *finding, const char *name);
/* The first lines: what is watched, how, and what to type in a second terminal. */
void announce_start(const struct keeper *keeper, const char *state_dir);
void announce_attempt(const struct attempt *attempt, const char *name);
/* The past can be written again (STORE_WELL), or cannot any more. */
void announce_store(enum store_state state, const char *state_dir);
