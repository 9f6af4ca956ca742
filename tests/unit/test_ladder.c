/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rung is next. */
#include <criterion/criterion.h>

#include "fixture.h"
#include "judge/ladder.h"
#include "tests/unit/assertion.h"

static const struct ladder all = {
	.n = 4,
	.rung = { ACTION_RELOAD, ACTION_RESTART, ACTION_RESTART_DEPENDENTS, ACTION_NOTIFY },
};
static struct ledger ledger;
static struct unit_status status;

static void begin(void)
{
	ledger.n = 0;
	status = fixture_status("shop.service", 1);
	status.flags |= UNIT_CAN_RELOAD;
}

TestSuite(ladder, .init = begin);

/* The action of the next rung; ACTION_NONE: there is none left. */
static enum action next_from(uint32_t from, uint32_t *ret_rung)
{
	enum action action = ACTION_NONE;

	*ret_rung = UINT32_MAX;
	(void)ladder_next(&all, from, &status, &ledger, ledger_signature("hang"), ret_rung,
			  &action);
	return action;
}

static void fail(enum action action, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct ledger_entry entry = { .unit = FIXTURE_UNIT,
						    .signature = ledger_signature("hang"),
						    .action = action,
						    .result = OUTCOME_UNCHANGED };

		ledger_add(&ledger, &entry);
	}
}

Test(ladder, it_is_climbed_from_where_the_incident_stands_to_its_end)
{
	uint32_t rung;

	cr_assert(eq(int, next_from(0, &rung), ACTION_RELOAD));
	cr_assert(eq(u32, rung, 0));
	cr_assert(eq(int, next_from(1, &rung), ACTION_RESTART));
	cr_assert(eq(int, next_from(3, &rung), ACTION_NOTIFY));
	cr_assert(eq(int, next_from(4, &rung), ACTION_NONE));
	cr_assert(eq(u32, rung, UINT32_MAX), "untouched");
}

Test(ladder, what_is_down_or_cannot_reload_is_not_reloaded)
{
	uint32_t rung;

	status.active = UNIT_ACTIVE_FAILED;
	cr_assert(eq(int, next_from(0, &rung), ACTION_RESTART));
	status.active = UNIT_ACTIVE_ACTIVE;
	status.flags &= ~(uint32_t)UNIT_CAN_RELOAD;
	cr_assert(eq(int, next_from(0, &rung), ACTION_RESTART));
	cr_assert(eq(u32, rung, 1));
}

Test(ladder, a_rung_that_failed_three_times_for_this_trouble_is_passed_over)
{
	uint32_t rung;

	fail(ACTION_RESTART, 2);
	cr_assert(eq(int, next_from(1, &rung), ACTION_RESTART));
	fail(ACTION_RESTART, 1);
	cr_assert(eq(int, next_from(1, &rung), ACTION_RESTART_DEPENDENTS));
	fail(ACTION_RESTART_DEPENDENTS, 3);
	fail(ACTION_NOTIFY, 3);
	cr_assert(eq(int, next_from(1, &rung), ACTION_NOTIFY), "people are always told");
}
