/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The brake that people have. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/hold.h"
#include "tests/unit/assertion.h"

static bool binds(const struct hold *hold, const char *name)
{
	struct unit_status status = fixture_status(name, 1);

	return hold_binds(hold, &status);
}

Test(hold, nobody_is_held_at_first)
{
	struct hold hold = { 0 };
	struct held held;

	cr_assert(not(binds(&hold, "a.service")));
	cr_assert(not(binds(NULL, "a.service")));
	cr_assert(not(hold_lapse(&hold, UINT64_MAX, &held)));
}

Test(hold, a_unit_is_held_until_its_time_is_up)
{
	struct hold hold = { 0 };
	struct held held;

	cr_assert(zero(int, hold_unit(&hold, "a.service", 5000, "a deployment")));
	cr_assert(binds(&hold, "a.service"));
	cr_assert(not(binds(&hold, "b.service")));
	cr_assert(not(hold_lapse(&hold, 4999, &held)));
	cr_assert(hold_lapse(&hold, 5000, &held));
	cr_assert(eq(str, held.unit, "a.service"));
	cr_assert(eq(str, held.reason, "a deployment"));
	cr_assert(not(hold_lapse(&hold, 5000, &held)));
	cr_assert(not(binds(&hold, "a.service")));
}

Test(hold, a_unit_is_held_by_each_of_its_whole_names)
{
	struct unit_status status = fixture_status("mysql.service", 1);
	struct hold hold = { 0 };

	(void)snprintf(status.aliases, sizeof(status.aliases), "mysqld.service db.service");
	(void)hold_unit(&hold, "b.service", 5000, "");
	(void)hold_unit(&hold, "mysqld.servic", 5000, "");
	cr_assert(not(hold_binds(&hold, &status)));
	(void)hold_unit(&hold, "db.service", 5000, "");
	cr_assert(hold_binds(&hold, &status));
}

Test(hold, a_second_pause_replaces_the_first)
{
	struct hold hold = { 0 };
	struct held held;

	(void)hold_unit(&hold, "a.service", 5000, "one");
	(void)hold_unit(&hold, "a.service", 3000, "two");
	cr_assert(eq(sz, hold.n, 1));
	cr_assert(hold_lapse(&hold, 3000, &held));
	cr_assert(eq(str, held.reason, "two"));
}

Test(hold, what_is_released_is_free_and_what_was_not_held_is_said)
{
	struct hold hold = { 0 };

	(void)hold_unit(&hold, "a.service", 5000, "");
	(void)hold_unit(&hold, "b.service", 5000, "");
	cr_assert(zero(int, hold_release(&hold, "a.service")));
	cr_assert(eq(int, hold_release(&hold, "a.service"), -ENODATA));
	cr_assert(not(binds(&hold, "a.service")));
	cr_assert(binds(&hold, "b.service"));
}

Test(hold, all_are_held_until_all_are_released)
{
	struct hold hold = { 0 };

	(void)hold_unit(&hold, "a.service", 5000, "");
	hold_all(&hold, "a fire");
	cr_assert(binds(&hold, "b.service"));
	cr_assert(zero(int, hold_release(&hold, "a.service")));
	cr_assert(binds(&hold, "a.service"), "one of many is not the end of it");
	hold_release_all(&hold);
	cr_assert(not(binds(&hold, "a.service")));
	cr_assert(not(binds(&hold, "b.service")));
}

Test(hold, the_list_is_bounded)
{
	struct hold hold = { 0 };
	char name[32];

	for (unsigned int i = 0; i < HOLD_UNITS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "unit-%u.service", i);
		cr_assert(zero(int, hold_unit(&hold, name, 5000, "")));
	}
	cr_assert(eq(int, hold_unit(&hold, "more.service", 5000, ""), -ENOBUFS));
	cr_assert(zero(int, hold_unit(&hold, "unit-5.service", 6000, "")), "that is no more");
	hold_release_all(&hold);
	cr_assert(zero(int, hold_unit(&hold, "more.service", 5000, "")));
}
