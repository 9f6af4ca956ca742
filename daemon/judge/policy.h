/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * May we? Everything that stands between a sick unit and an action: mode,
 * classes, the untouchables, the unit's nature and state, what goes on around it,
 * what it depends on, windows, the ladder, cool-down and budgets.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/hold.h"
#include "judge/ledger.h"
#include "record/config.h"
#include "record/record.h"
#include "record/surroundings.h"

struct policy {
	struct config config;
	bool can_act[WAY_N];	    /* which actuators there are */
	uint64_t distrust_until_ms; /* wall: the ledger was lost, budgets count as spent */
	const struct hold *hold;    /* borrowed: whom people have paused; NULL: nobody */
	struct surroundings around;
	struct ledger ledger;
};

/* What only the caller knows of the unit. */
struct policy_case {
	bool was_well;		  /* seen active, and healthy for a while, since it was learnt of */
	bool attempt_running;	  /* one of ours, not yet concluded */
	uint64_t theirs_until_ms; /* somebody else restarted it: until then it is theirs; 0 */
	bool can_record;
	bool is_approved;  /* somebody has agreed to what it waits for */
	uint32_t rung;	   /* where its incident stands on the ladder */
	uint32_t upstream; /* a unit that it depends on, and that is sick; 0 */
	bool is_storm;	   /* so many are sick that it must be the host */
};

void policy_init(struct policy *policy, const struct config *config);
/* New limits, the same ledger. */
void policy_limits(struct policy *policy, const struct config *config);

/* The answer for a verdict that wants something; also when it is no. Changes nothing. One BY_HAND is held
 * back by neither HealOn=, Mode=approve, the end of the ladder nor the quiet after a boot or a change, and by all
 * else. */
struct decision policy_decide(const struct policy *policy, const struct verdict *verdict,
			      const struct unit_status *status,
			      const struct policy_case *circumstance);
/* Is it a unit that may ever be healed? WHY_ALLOWED, or why it is only watched. */
enum why policy_by_nature(const struct unit_status *status);
/* Is it told by facts, so that the larger budget is for it? By a rule that speaks of nothing else, or a hang with
 * clients waiting. */
bool policy_is_fact(bool on_fact, enum fault_class class);
/* How an allowed decision counts in the ledger. on_fact: policy_is_fact() of what wanted it. */
struct ledger_entry policy_entry(const struct decision *decision, bool on_fact);
