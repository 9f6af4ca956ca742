/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on around the units, and the time of the week. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "around.h"
#include "base/clock.h"
#include "fake_manager.h"
#include "tests/unit/assertion.h"

#define MONDAY DAYS(4) /* 5 January 1970, 0:00 UTC */

static void set_zone(const char *zone)
{
	(void)setenv("TZ", zone, 1);
}

Test(around, a_week_begins_on_monday_at_midnight)
{
	set_zone("UTC");
	cr_assert(zero(u32, around_week_min(MONDAY)));
	cr_assert(eq(u32, around_week_min(MONDAY + MINUTES(1) + SECONDS(59)), 1));
	cr_assert(
		eq(u32, around_week_min(MONDAY + DAYS(6) + HOURS(23) + MINUTES(59)), WEEK_MIN - 1));
	cr_assert(zero(u32, around_week_min(MONDAY + DAYS(7))));
}

Test(around, the_time_of_the_week_is_the_local_one_and_follows_the_zone)
{
	set_zone("UTC");
	cr_assert(zero(u32, around_week_min(MONDAY)));
	set_zone("XST-2"); /* two hours east */
	cr_assert(eq(u32, around_week_min(MONDAY), 120));
	set_zone("XST+2");
	cr_assert(eq(u32, around_week_min(MONDAY), WEEK_MIN - 120));
	set_zone("XST-1XDT,M3.5.0,M10.5.0/3"); /* Central Europe: the clock skips 2:00 to 3:00 */
	cr_assert(eq(u32, around_week_min(UINT64_C(1774746000000)), 6 * 24 * 60 + 3 * 60),
		  "Sunday, 29 March 2026, 1:00 UTC");
}

Test(around, around_simulated_units_only_time_goes_on)
{
	struct parts parts = { 0 };
	struct surroundings surroundings;

	set_zone("UTC");
	memset(&surroundings, 0xff, sizeof(surroundings));
	around_look(&parts, SECONDS(1), MONDAY + HOURS(1), &surroundings);
	cr_assert(not(surroundings.shutting_down));
	cr_assert(not(surroundings.installs_packages));
	cr_assert(eq(u32, surroundings.week_min, 60));
}

static uint32_t number(const char *name, void *userdata)
{
	static char names[32][UNIT_NAME_SIZE];
	uint32_t i = 0;

	(void)userdata;
	while (i < 31 && names[i][0] && strcmp(names[i], name) != 0)
		i++;
	(void)snprintf(names[i], sizeof(names[i]), "%s", name);
	return i + 1;
}

Test(around, a_shutdown_and_a_package_manager_are_seen)
{
	CLEANUP(fake_close) struct fake_manager fake;
	struct surroundings surroundings;
	struct parts parts = { 0 };

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	fake_serve(&fake);
	cr_assert(zero(int, sampler_new(fake.client, number, NULL, &parts.sampler)));
	fake_serve_no_more(&fake);
	parts.packages =
		(struct packages) { .was_read = true, .is_busy = true, .read_ms = SECONDS(1) };
	around_look(&parts, SECONDS(1), MONDAY, &surroundings);
	cr_assert(not(surroundings.shutting_down));
	cr_assert(surroundings.installs_packages);
	fake.queued = "shutdown.target";
	fake.queued_type = "start";
	fake_job_new(&fake, "shutdown.target");
	around_look(&parts, SECONDS(1), MONDAY, &surroundings);
	cr_assert(surroundings.shutting_down);
	(void)sampler_free(parts.sampler);
}
