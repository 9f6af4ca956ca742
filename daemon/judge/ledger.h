/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What was done to whom, when, and what came of it: the ground on which budgets,
 * cool-downs, back-off and the ladder stand. Kept in wall time, because it must be
 * true after a reboot; an attempt that seems to lie in the future counts as just
 * made, and one of this boot is never older than the boot clock says, however the
 * wall clock steps.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

/* A budget is at most 1000 a day (value.h), and simulated heals are counted apart: no window sees more
 * than twice that. */
#define LEDGER_MAX 2048

struct ledger_entry {
	uint64_t decision; /* 0: by a daemon before us */
	uint32_t unit;
	uint32_t signature; /* of the trouble: ledger_signature() */
	enum action action;
	enum outcome_result result; /* OUTCOME_NONE: not known yet */
	bool synthetic;		    /* a simulated heal takes nothing from the host's budget */
	bool by_statistics;	    /* neither a fact nor a person wanted it */
	uint64_t down_ms;	    /* that it had the unit down */
	uint64_t when_ms;	    /* of this boot; 0: of another one, or by a daemon before us */
	uint64_t wall_ms;
};

struct ledger {
	size_t n;
	struct ledger_entry entry[LEDGER_MAX]; /* oldest first */
};

/* By what is counted: which attempts, seen from when. */
struct ledger_account {
	uint32_t unit; /* 0: all of the host */
	bool of_statistics, synthetic;
	uint64_t when_ms, wall_ms; /* now */
};

/* The same for the same kind of trouble of a unit: the rule that spoke. */
uint32_t ledger_signature(const char *rule);

/* An attempt goes out: it counts from now on. Of a full ledger the oldest is forgotten, which is beyond any window. */
void ledger_add(struct ledger *ledger, const struct ledger_entry *entry);
/* It did not go out after all: nothing was done, so nothing has to cool down. */
void ledger_take_back(struct ledger *ledger, uint64_t decision);
/* What came of it; and how long it had the unit down. */
void ledger_conclude(struct ledger *ledger, uint64_t decision, enum outcome_result result);
void ledger_was_down(struct ledger *ledger, uint64_t decision, uint64_t down_ms);

uint32_t ledger_count(const struct ledger *ledger, const struct ledger_account *account,
		      uint64_t window_ms);
/* The time for which heals had the unit down within the last day. */
uint64_t ledger_down_ms(const struct ledger *ledger, const struct ledger_account *account);
/* The age of the unit's last attempt; UINT64_MAX: there was none. */
uint64_t ledger_age_ms(const struct ledger *ledger, const struct ledger_account *account);
/* How many of the unit's last attempts in a row did not help, as far as is known. */
uint32_t ledger_failures(const struct ledger *ledger, uint32_t unit);
/* How often that action did not help against that trouble of the unit, since it last did. */
uint32_t ledger_failures_of(const struct ledger *ledger, uint32_t unit, uint32_t signature,
			    enum action action);
