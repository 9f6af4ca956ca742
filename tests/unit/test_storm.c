/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When many are sick at once. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "judge/storm.h"
#include "tests/unit/assertion.h"

static const struct storm_brake brake = { .n_units = 3, .share = 0.2 };
static struct storm storm;

static void begin(void)
{
	storm = (struct storm) { .state = STORM_NONE };
}

TestSuite(storm, .init = begin);

static bool falls_sick(uint32_t unit, uint64_t at_s, size_t n_services)
{
	return storm_follow(&storm, &brake, unit, true, SECONDS(at_s), n_services);
}

static bool is_well(uint32_t unit, uint64_t at_s)
{
	return storm_follow(&storm, &brake, unit, false, SECONDS(at_s), 100);
}

/* Three of a hundred within a minute, the last at 120 s. */
static void rage(void)
{
	cr_assert(not(falls_sick(1, 100, 100)));
	cr_assert(not(falls_sick(2, 110, 100)));
	cr_assert(falls_sick(3, 120, 100));
}

Test(storm, three_units_within_a_minute_are_one_and_all_are_held)
{
	rage();
	cr_assert(storm_binds(&storm, 1, SECONDS(121)));
	cr_assert(storm_binds(&storm, 99, SECONDS(121)), "who falls sick later too");
}

Test(storm, three_over_a_longer_time_are_none)
{
	for (uint32_t unit = 1; unit <= 5; unit++)
		cr_assert(not(falls_sick(unit, 100 + 40 * unit, 100)));
	cr_assert(not(storm_binds(&storm, 5, SECONDS(301))));
}

Test(storm, a_fifth_of_all_services_is_one_but_one_alone_never)
{
	cr_assert(not(falls_sick(1, 100, 2)));
	cr_assert(falls_sick(2, 130, 10));
}

Test(storm, one_that_stays_sick_counts_once)
{
	for (uint64_t at_s = 100; at_s < 200; at_s++)
		cr_assert(not(falls_sick(1, at_s, 100)));
}

Test(storm, after_a_calm_minute_one_is_tried_and_only_its_proof_frees_the_others)
{
	rage();
	cr_assert(storm_binds(&storm, 1, SECONDS(179)));
	cr_assert(not(storm_binds(&storm, 1, SECONDS(180))));
	storm_heals(&storm, 1);
	cr_assert(storm_binds(&storm, 2, SECONDS(181)));
	cr_assert(not(storm_concluded(&storm, 2, true, SECONDS(190))), "that was another one");
	cr_assert(storm_concluded(&storm, 1, true, SECONDS(200)));
	cr_assert(not(storm_binds(&storm, 2, SECONDS(200))));
}

Test(storm, a_try_that_did_not_help_freezes_again)
{
	rage();
	storm_heals(&storm, 1);
	cr_assert(not(storm_concluded(&storm, 1, false, SECONDS(200))));
	cr_assert(storm_binds(&storm, 2, SECONDS(259)));
	cr_assert(not(storm_binds(&storm, 2, SECONDS(260))));
}

Test(storm, who_falls_sick_meanwhile_lengthens_the_wait)
{
	rage();
	cr_assert(not(falls_sick(4, 170, 100)), "it was said");
	cr_assert(storm_binds(&storm, 1, SECONDS(229)));
	cr_assert(not(storm_binds(&storm, 1, SECONDS(230))));
}

Test(storm, it_is_over_when_no_crowd_is_sick_any_more)
{
	rage();
	cr_assert(not(is_well(1, 130)));
	cr_assert(is_well(2, 131));
	cr_assert(not(storm_binds(&storm, 3, SECONDS(131))));
}

Test(storm, without_a_brake_there_is_none_and_one_that_was_ends)
{
	const struct storm_brake off = { 0 };

	rage();
	cr_assert(storm_follow(&storm, &off, 3, true, SECONDS(121), 100));
	cr_assert(not(storm_binds(&storm, 3, SECONDS(122))));
}
