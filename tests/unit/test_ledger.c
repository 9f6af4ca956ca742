/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done, and what counts of it. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "judge/ledger.h"
#include "tests/unit/assertion.h"

#define WALL UINT64_C(1700000000000)

static struct ledger ledger;

/* A restart for that rule, at that minute. */
static void attempt(uint64_t decision, uint32_t unit, const char *rule, uint64_t at_min,
		    enum outcome_result result)
{
	const struct ledger_entry entry = {
		.decision = decision,
		.unit = unit,
		.signature = ledger_signature(rule),
		.action = ACTION_RESTART,
		.when_ms = MINUTES(at_min),
		.wall_ms = WALL + MINUTES(at_min),
	};

	ledger_add(&ledger, &entry);
	ledger_conclude(&ledger, decision, result);
}

static struct ledger_account at(uint32_t unit, uint64_t min)
{
	return (struct ledger_account) { .unit = unit,
					 .when_ms = MINUTES(min),
					 .wall_ms = WALL + MINUTES(min) };
}

static void forget(void)
{
	ledger.n = 0;
}

TestSuite(ledger, .init = forget);

Test(ledger, failures_count_up_to_the_last_heal_that_helped)
{
	attempt(1, 7, "hang", 1, OUTCOME_UNCHANGED);
	attempt(2, 7, "hang", 2, OUTCOME_HEALED);
	cr_assert(eq(u32, ledger_failures(&ledger, 7), 0));
	attempt(3, 7, "hang", 3, OUTCOME_WORSE);
	attempt(4, 7, "leak", 4, OUTCOME_JOB_FAILED);
	attempt(5, 8, "leak", 5, OUTCOME_JOB_FAILED);
	cr_assert(eq(u32, ledger_failures(&ledger, 7), 2));
	attempt(6, 7, "leak", 6, OUTCOME_RESTARTED);
	cr_assert(eq(u32, ledger_failures(&ledger, 7), 0));
}

Test(ledger, what_proves_nothing_is_neither_failure_nor_success)
{
	attempt(1, 7, "hang", 1, OUTCOME_GONE);
	attempt(2, 7, "hang", 2, OUTCOME_MOCKED);
	attempt(3, 7, "hang", 3, OUTCOME_UNKNOWN);
	attempt(4, 7, "hang", 4, OUTCOME_NONE);
	cr_assert(eq(u32, ledger_failures(&ledger, 7), 1));
}

Test(ledger, a_rung_fails_against_one_trouble_of_one_unit)
{
	uint32_t hang = ledger_signature("hang"), leak = ledger_signature("leak");

	attempt(1, 7, "hang", 1, OUTCOME_UNCHANGED);
	attempt(2, 7, "hang", 2, OUTCOME_UNCHANGED);
	attempt(3, 8, "hang", 3, OUTCOME_UNCHANGED);
	attempt(4, 7, "leak", 4, OUTCOME_HEALED);
	cr_assert(eq(u32, ledger_failures_of(&ledger, 7, hang, ACTION_RESTART), 2));
	cr_assert(eq(u32, ledger_failures_of(&ledger, 7, hang, ACTION_RELOAD), 0));
	cr_assert(eq(u32, ledger_failures_of(&ledger, 7, leak, ACTION_RESTART), 0));
	attempt(5, 7, "hang", 5, OUTCOME_HEALED);
	cr_assert(eq(u32, ledger_failures_of(&ledger, 7, hang, ACTION_RESTART), 0));
}

Test(ledger, time_down_is_summed_over_a_day_and_of_one_unit)
{
	struct ledger_account now = at(7, 25 * 60);

	attempt(1, 7, "hang", 30, OUTCOME_HEALED); /* more than a day ago */
	attempt(2, 7, "hang", 120, OUTCOME_HEALED);
	attempt(3, 8, "hang", 121, OUTCOME_HEALED);
	attempt(4, 7, "hang", 122, OUTCOME_HEALED);
	for (uint64_t decision = 1; decision <= 4; decision++)
		ledger_was_down(&ledger, decision, 1000 * decision);
	cr_assert(eq(u64, ledger_down_ms(&ledger, &now), 6000));
}

Test(ledger, what_did_not_go_out_is_taken_back_alone)
{
	struct ledger_account now = at(7, 10);

	attempt(1, 7, "hang", 1, OUTCOME_NONE);
	attempt(2, 7, "hang", 2, OUTCOME_NONE);
	ledger_take_back(&ledger, 1);
	ledger_take_back(&ledger, 9);
	cr_assert(eq(sz, ledger.n, 1));
	cr_assert(eq(u64, ledger_age_ms(&ledger, &now), MINUTES(8)));
	now.unit = 9;
	cr_assert(eq(u64, ledger_age_ms(&ledger, &now), UINT64_MAX), "there was none");
}
