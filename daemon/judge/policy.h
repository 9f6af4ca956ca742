/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * May we? Everything that stands between a sick unit and an action: mode,
 * classes, the untouchables, the unit's nature, jobs in the way, the
 * host's own start, cool-down, budgets. The ledger of past attempts is kept in wall time, because it must be
 * true after a reboot; an attempt that seems to lie in the future counts as just
 * made, and one of this boot is never older than the boot clock says, however the wall clock steps.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/hold.h"
#include "record/config.h"
#include "record/record.h"

/* A budget is at most 1000 a day (config.c), and simulated heals are counted apart: no window sees more
 * than twice that. */
#define POLICY_LEDGER_MAX 2048

struct ledger_entry {
	uint32_t unit;
	bool synthetic;	    /* a simulated heal takes nothing from the host's budget */
	bool by_statistics; /* neither a fact nor a person wanted it */
	uint64_t when_ms;   /* of this boot; 0: of another one, or by a daemon before us */
	uint64_t wall_ms;
};

struct policy {
	struct config config;
	bool can_act[WAY_N];	    /* which actuators there are */
	uint64_t distrust_until_ms; /* wall: the ledger was lost, budgets count as spent */
	const struct hold *hold;    /* borrowed: whom people have paused; NULL: nobody */
	size_t n_entries;
	struct ledger_entry entry[POLICY_LEDGER_MAX]; /* oldest first */
};

/* What only the caller knows of the unit. */
struct policy_case {
	bool was_well;		  /* seen active, and healthy for a while, since it was learnt of */
	bool attempt_running;	  /* one of ours, not yet concluded */
	uint64_t theirs_until_ms; /* somebody else restarted it: until then it is theirs; 0 */
	bool can_record;
	bool is_approved; /* somebody has agreed to what it waits for */
};

void policy_init(struct policy *policy, const struct config *config);
/* New limits, the same ledger. */
void policy_limits(struct policy *policy, const struct config *config);

/* The answer for a verdict that wants something; also when it is no. Changes nothing. One BY_HAND is held
 * back by neither HealOn= nor Mode=approve, and by all else. */
struct decision policy_decide(const struct policy *policy, const struct verdict *verdict,
			      const struct unit_status *status,
			      const struct policy_case *circumstance);
/* Is it a unit that may ever be healed? WHY_ALLOWED, or why it is only watched. */
enum why policy_by_nature(const struct unit_status *status);
/* An allowed decision goes out: it counts from now on. */
void policy_note(struct policy *policy, const struct ledger_entry *entry);
/* How it counts. on_fact: the rule that wanted it speaks of facts. */
struct ledger_entry policy_entry(const struct decision *decision, bool on_fact);
/* It did not go out after all: nothing was done, so nothing has to cool down. */
void policy_unnote(struct policy *policy, uint32_t unit);

/* PID 1's own units, the bus, the journal, polkit, login, ourselves, display managers, udev, network,
 * name resolution, ssh, container runtimes, storage, cluster agents: compiled in. */
bool policy_is_untouchable(const char *name);
