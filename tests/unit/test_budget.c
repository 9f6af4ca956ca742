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
