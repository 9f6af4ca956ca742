/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One policy, asked. */
#include "fixture.h"
#include "tests/unit/fixture_policy.h"

const struct policy_case fixture_fine = { .was_well = true, .can_record = true };

void fixture_policy(const struct config *config, struct policy *ret)
{
	policy_init(ret, config);
	ret->can_act[WAY_MOCK] = ret->can_act[WAY_SYSTEMD] = true;
	ret->can_act[WAY_SIMULATOR] = true;
}

static void note(struct policy *policy, const struct decision *decision, bool on_fact)
{
	struct ledger_entry entry = policy_entry(decision, on_fact);

	ledger_add(&policy->ledger, &entry);
}

void fixture_past(struct policy *policy, uint32_t unit, uint32_t flags, uint64_t wall_ms,
		  bool on_fact)
{
	const struct decision decision = {
		.unit = unit, .action = ACTION_RESTART, .flags = flags, .wall_ms = wall_ms
	};

	note(policy, &decision, on_fact);
}

struct decision fixture_wanted_at(struct policy *policy, uint64_t when_ms, bool on_fact)
{
	struct verdict verdict = fixture_sick(when_ms);
	struct unit_status status = fixture_status("shop.service", 1);
	struct decision decision;

	verdict.on_fact = on_fact;
	decision = policy_decide(policy, &verdict, &status, &fixture_fine);
	if (decision.why == WHY_ALLOWED)
		note(policy, &decision, on_fact);
	return decision;
}

struct decision fixture_sick_at(struct policy *policy, uint64_t when_ms)
{
	return fixture_wanted_at(policy, when_ms, true);
}
