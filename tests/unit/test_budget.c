/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often: budgets of units, of the host and of statistics, cool-downs, and the ledger under them. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "fixture.h"
#include "tests/unit/assertion.h"
#include "tests/unit/fixture_policy.h"

static struct policy begin(void)
{
	struct config config = fixture_config();
	struct policy policy;

	fixture_policy(&config, &policy);
	return policy;
}

Test(budget, fourth_restart_in_an_hour_is_refused_and_allowed_again_later)
{
	struct policy policy = begin();

	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(1)).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(11)).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(21)).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(31)).why, WHY_UNIT_BUDGET_SPENT));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(62)).why, WHY_ALLOWED));
}

Test(budget, seventh_restart_in_a_day_is_refused)
{
	struct policy policy = begin();

	for (unsigned int i = 0; i < 6; i++)
		cr_assert(eq(int, fixture_sick_at(&policy, HOURS(i * 2 + 1)).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_sick_at(&policy, HOURS(20)).why, WHY_UNIT_BUDGET_SPENT));
}

Test(budget, budget_left_counts_down_to_nothing)
{
	struct policy policy = begin();

	cr_assert(eq(u32, fixture_sick_at(&policy, MINUTES(1)).budget_left, 2));
	cr_assert(eq(u32, fixture_sick_at(&policy, MINUTES(11)).budget_left, 1));
	cr_assert(eq(u32, fixture_sick_at(&policy, MINUTES(21)).budget_left, 0));
}

Test(budget, second_restart_within_the_cooldown_waits_and_says_until_when)
{
	struct policy policy = begin();
	struct decision decision;

	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(1)).why, WHY_ALLOWED));
	decision = fixture_sick_at(&policy, SECONDS(90));
	cr_assert(eq(int, decision.why, WHY_COOLING_DOWN));
	cr_assert(eq(u64, decision.until_ms, MINUTES(2)));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(2)).why, WHY_ALLOWED));
}

Test(budget, what_only_statistics_want_has_a_smaller_budget_and_takes_of_the_other)
{
	struct policy policy = begin();

	cr_assert(eq(int, fixture_wanted_at(&policy, MINUTES(1), false).why, WHY_ALLOWED));
	cr_assert(
		eq(int, fixture_wanted_at(&policy, MINUTES(11), false).why, WHY_UNIT_BUDGET_SPENT));
	cr_assert(eq(u32, fixture_wanted_at(&policy, MINUTES(11), true).budget_left, 1),
		  "of three");
	cr_assert(eq(int, fixture_wanted_at(&policy, MINUTES(62), false).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_wanted_at(&policy, HOURS(12), false).why, WHY_UNIT_BUDGET_SPENT),
		  "two a day");
	cr_assert(eq(int, fixture_wanted_at(&policy, HOURS(12), true).why, WHY_ALLOWED));
}

Test(budget, statistics_heal_two_units_of_a_host_in_an_hour)
{
	struct policy policy = begin();

	for (uint32_t unit = 100; unit < 102; unit++)
		fixture_past(&policy, unit, 0, fixture_sick(1000).wall_ms, false);
	cr_assert(
		eq(int, fixture_wanted_at(&policy, MINUTES(30), false).why, WHY_HOST_BUDGET_SPENT));
	cr_assert(eq(int, fixture_wanted_at(&policy, MINUTES(61), false).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_wanted_at(&policy, MINUTES(90), true).why, WHY_ALLOWED));
}

Test(budget, what_somebody_asked_for_takes_nothing_of_the_budget_of_statistics)
{
	struct policy policy = begin();

	for (uint32_t unit = 100; unit < 102; unit++)
		fixture_past(&policy, unit, SAMPLE_BY_HAND, fixture_sick(1000).wall_ms, false);
	cr_assert(eq(int, fixture_wanted_at(&policy, MINUTES(30), false).why, WHY_ALLOWED));
}

Test(budget, eleventh_heal_of_the_host_in_an_hour_is_refused)
{
	struct policy policy = begin();

	for (uint32_t unit = 100; unit < 110; unit++)
		fixture_past(&policy, unit, 0, fixture_sick(1000).wall_ms, true);
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(30)).why, WHY_HOST_BUDGET_SPENT));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(61)).why, WHY_ALLOWED));
}

Test(budget, simulated_heals_take_nothing_from_the_hosts_budget)
{
	struct policy policy = begin();

	for (uint32_t unit = 100; unit < 110; unit++)
		fixture_past(&policy, unit, SAMPLE_SYNTHETIC, fixture_sick(1000).wall_ms, true);
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(30)).why, WHY_ALLOWED));
}

Test(budget, an_attempt_that_seems_to_lie_in_the_future_counts_as_just_made)
{
	struct policy policy = begin();

	fixture_past(&policy, FIXTURE_UNIT, 0, fixture_sick(DAYS(30)).wall_ms, true);
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(1)).why, WHY_COOLING_DOWN));
}

Test(budget, the_ledger_forgets_only_what_no_window_can_see)
{
	struct policy policy = begin();

	for (uint32_t i = 0; i < LEDGER_MAX + 10; i++)
		fixture_past(&policy, 1000 + i, 0, fixture_sick(i).wall_ms, true);
	cr_assert(eq(sz, policy.ledger.n, LEDGER_MAX));
	cr_assert(eq(u32, policy.ledger.entry[LEDGER_MAX - 1].unit, 1000 + LEDGER_MAX + 9));
}

Test(budget, a_lost_ledger_counts_as_spent)
{
	struct policy policy = begin();

	policy.distrust_until_ms = fixture_sick(HOURS(1)).wall_ms;
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(59)).why, WHY_LEDGER_LOST));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(60)).why, WHY_ALLOWED));
}

Test(budget, a_wall_clock_that_steps_forward_gives_no_budget_back)
{
	struct policy policy = begin();

	for (unsigned int i = 0; i < 3; i++)
		cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(1 + 10 * i)).why, WHY_ALLOWED));
	for (size_t i = 0; i < policy.ledger.n; i++)
		policy.ledger.entry[i].wall_ms -= DAYS(30); /* as if the clock had been set since */
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(31)).why, WHY_UNIT_BUDGET_SPENT));
}

Test(budget, what_is_up_is_left_alone_for_a_minute_or_three_of_its_starts)
{
	struct policy policy = begin();
	struct verdict verdict = fixture_sick(MINUTES(10));
	struct unit_status status = fixture_status("shop.service", 1);
	struct decision decision;

	status.started_ms = MINUTES(9) + 1;
	decision = policy_decide(&policy, &verdict, &status, &fixture_fine);
	cr_assert(eq(int, decision.why, WHY_COOLING_DOWN));
	cr_assert(eq(u64, decision.until_ms, MINUTES(10) + 1));
	status.started_ms = MINUTES(9);
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	status.startup_ms = 30000;
	decision = policy_decide(&policy, &verdict, &status, &fixture_fine);
	cr_assert(eq(int, decision.why, WHY_COOLING_DOWN));
	cr_assert(eq(u64, decision.until_ms, MINUTES(9) + 90000));
	status.active = UNIT_ACTIVE_FAILED; /* it does not start any more */
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
}

Test(budget, heals_that_did_not_help_double_the_cool_down_up_to_an_hour)
{
	struct policy policy = begin();
	struct verdict verdict = fixture_sick(HOURS(3));
	struct unit_status status = fixture_status("shop.service", 1);
	const struct ladder ladder = { .n = 1, .rung = { ACTION_RESTART_DEPENDENTS } };
	uint64_t waits_min[] = { 2, 4, 8, 16, 32, 60, 60 };

	policy.config.ladder = ladder;
	policy.config.unit_budget = policy.config.host_budget =
		(struct budget) { UINT32_MAX, UINT32_MAX, UINT32_MAX };
	verdict.on_fact = true;
	for (size_t i = 0; i < sizeof(waits_min) / sizeof(waits_min[0]); i++) {
		fixture_past(&policy, FIXTURE_UNIT, 0, verdict.wall_ms, true);
		policy.ledger.entry[policy.ledger.n - 1].result = OUTCOME_UNCHANGED;
		cr_assert(eq(u64,
			     policy_decide(&policy, &verdict, &status, &fixture_fine).until_ms -
				     verdict.when_ms,
			     MINUTES(waits_min[i])),
			  "after %zu", i + 1);
	}
	policy.ledger.entry[policy.ledger.n - 1].result = OUTCOME_HEALED;
	cr_assert(eq(u64,
		     policy_decide(&policy, &verdict, &status, &fixture_fine).until_ms -
			     verdict.when_ms,
		     MINUTES(1)));
}

Test(budget, time_down_is_a_budget_too)
{
	struct policy policy = begin();
	struct verdict verdict = fixture_sick(HOURS(3));
	struct unit_status status = fixture_status("shop.service", 1);

	policy.config.unit_budget.down_s_per_day = 20;
	verdict.on_fact = true;
	fixture_past(&policy, FIXTURE_UNIT, 0, verdict.wall_ms - HOURS(2), true);
	policy.ledger.entry[0].down_ms = 19999;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	policy.ledger.entry[0].down_ms = 20000;
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why,
		     WHY_DOWNTIME_SPENT));
}

Test(budget, a_hang_with_clients_waiting_spends_of_what_is_for_facts)
{
	struct policy policy = begin();
	struct verdict verdict = fixture_sick(MINUTES(30));
	struct unit_status status = fixture_status("shop.service", 1);

	for (uint32_t unit = 100; unit < 102; unit++)
		fixture_past(&policy, unit, 0, verdict.wall_ms - MINUTES(10), false);
	verdict.on_fact = false;
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why,
		     WHY_HOST_BUDGET_SPENT));
	verdict.class = FAULT_CLASS_HANG;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
}
