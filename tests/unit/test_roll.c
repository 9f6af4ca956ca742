/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roll of units: bounded, in order, and rid of those that are gone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "sense/roll.h"
#include "tests/unit/assertion.h"

/* Names are "NUMBER.service"; 0 from 2000 on, as of a full table. */
static uint32_t number(const char *name, void *userdata)
{
	uint32_t unit = (uint32_t)atoi(name);

	(void)userdata;
	return unit < 2000 ? unit : 0;
}

static struct follower *add_running(struct roll *roll, unsigned int unit)
{
	struct follower *follower;
	char name[32];

	(void)snprintf(name, sizeof(name), "%u.service", unit);
	cr_assert(eq(int, roll_add(roll, name, &follower), 0));
	follower->facts.was_read = follower->facts.was_running = true;
	follower->facts.active = UNIT_ACTIVE_ACTIVE;
	roll_show(roll, follower, HOURS(1), HOURS(1));
	return follower;
}

Test(roll, every_follower_is_found_by_name)
{
	CLEANUP(roll_clear) struct roll roll = { .number = number };
	char name[32];

	for (unsigned int i = 0; i < 500; i++)
		(void)add_running(&roll, 1 + i * 7 % 500);
	cr_assert(eq(sz, roll.n, 500));
	for (unsigned int i = 1; i <= 500; i++) {
		(void)snprintf(name, sizeof(name), "%u.service", i);
		cr_assert(eq(str, roll_find(&roll, name)->name, name));
	}
	cr_assert(eq(ptr, roll_find(&roll, "501.service"), NULL));
}

Test(roll, followers_and_rows_are_bounded)
{
	CLEANUP(roll_clear) struct roll roll = { .number = number };
	struct follower *follower;

	for (unsigned int i = 1; i <= UNITS_MEMBERS_MAX; i++)
		follower = add_running(&roll, i);
	cr_assert(eq(sz, follower->row, ROLL_NO_ROW));
	cr_assert(eq(sz, roll.n_rows, UNITS_MAX));
	cr_assert(eq(sz, roll_unwatched(&roll), UNITS_MEMBERS_MAX - UNITS_MAX));
	cr_assert(eq(int, roll_add(&roll, "9999.service", &follower), -ENOSPC));
}

Test(roll, a_gone_unit_is_shown_for_ten_minutes_and_the_others_stay)
{
	CLEANUP(roll_clear) struct roll roll = { .number = number };

	for (unsigned int i = 1; i <= 3; i++)
		(void)add_running(&roll, i);
	roll_drop(&roll, roll_find(&roll, "1.service"), HOURS(1), HOURS(1));
	roll_sweep(&roll, HOURS(1) + UNITS_GONE_MS - 1, HOURS(1));
	cr_assert(eq(sz, roll.n_rows, 3));
	cr_assert(eq(int, roll.status[0].active, UNIT_ACTIVE_GONE));

	roll_sweep(&roll, HOURS(1) + UNITS_GONE_MS, HOURS(1));
	cr_assert(eq(sz, roll.n_rows, 2));
	cr_assert(eq(ptr, roll_find(&roll, "1.service"), NULL));
	for (unsigned int i = 2; i <= 3; i++) {
		struct follower *follower = add_running(&roll, i); /* shown where it is already */

		cr_assert(lt(sz, follower->row, roll.n_rows));
		cr_assert(eq(u32, roll.status[follower->row].unit, i));
		cr_assert(eq(str, roll.status[follower->row].name, follower->name));
	}
	cr_assert(eq(sz, roll.n_rows, 2));
}

Test(roll, a_unit_beyond_the_rows_gets_the_first_that_becomes_free)
{
	CLEANUP(roll_clear) struct roll roll = { .number = number };
	const struct follower *last;

	for (unsigned int i = 1; i <= UNITS_MAX; i++)
		(void)add_running(&roll, i);
	last = add_running(&roll, UNITS_MAX + 1);
	roll_drop(&roll, roll_find(&roll, "7.service"), HOURS(1), HOURS(1));
	roll_sweep(&roll, HOURS(1) + UNITS_GONE_MS - 1, HOURS(1));
	cr_assert(eq(sz, roll_unwatched(&roll), 1));
	roll_sweep(&roll, HOURS(1) + UNITS_GONE_MS, HOURS(1));
	cr_assert(zero(sz, roll_unwatched(&roll)));
	cr_assert(eq(str, roll.status[last->row].name, (char *)last->name));
	cr_assert(eq(int, roll.status[last->row].active, UNIT_ACTIVE_ACTIVE));
}

Test(roll, a_unit_without_a_number_is_unwatched_until_it_ends)
{
	CLEANUP(roll_clear) struct roll roll = { .number = number };
	struct follower *idle;

	cr_assert(eq(int, roll_add(&roll, "2001.service", &idle), 0));
	roll_show(&roll, idle, HOURS(1), HOURS(1));
	cr_assert(zero(sz, roll_unwatched(&roll)), "it never ran: nobody asked for a row");
	(void)add_running(&roll, 2000);
	cr_assert(eq(sz, roll_unwatched(&roll), 1));
	cr_assert(zero(sz, roll.n_rows));
	roll_drop(&roll, roll_find(&roll, "2000.service"), HOURS(1), HOURS(1));
	cr_assert(zero(sz, roll_unwatched(&roll)));
}

Test(roll, one_that_was_never_shown_leaves_at_once)
{
	CLEANUP(roll_clear) struct roll roll = { .number = number };
	struct follower *follower;

	cr_assert(eq(int, roll_add(&roll, "1.service", &follower), 0));
	roll_drop(&roll, follower, HOURS(1), HOURS(1));
	cr_assert(eq(sz, roll.n, 0));
}
