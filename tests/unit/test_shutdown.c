/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which jobs mean that the host goes down. */
#include <criterion/criterion.h>

#include "sense/shutdown.h"
#include "tests/unit/assertion.h"

Test(shutdown, each_way_down_begins_with_a_job_of_its_target)
{
	static const char *const targets[] = { "shutdown.target", "reboot.target",
					       "poweroff.target", "halt.target",
					       "kexec.target",	  "soft-reboot.target",
					       "rescue.target",	  "emergency.target" };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct shutdown shutdown = { 0 };

		cr_assert(shutdown_job_new(&shutdown, 7, targets[i]), "%s", targets[i]);
		cr_assert(shutdown_is_under_way(&shutdown), "%s", targets[i]);
	}
}

Test(shutdown, other_jobs_mean_nothing)
{
	struct shutdown shutdown = { 0 };

	cr_assert(not(shutdown_job_new(&shutdown, 7, "multi-user.target")));
	shutdown_list(&shutdown);
	shutdown_listed(&shutdown, 7, "a.service", "start");
	shutdown_listed(&shutdown, 8, "shutdown.target", "stop");
	cr_assert(not(shutdown_is_under_way(&shutdown)));
}

Test(shutdown, a_job_that_the_list_knows_for_a_stop_is_none)
{
	struct shutdown shutdown = { 0 };

	(void)shutdown_job_new(&shutdown, 7, "shutdown.target");
	shutdown_list(&shutdown);
	shutdown_listed(&shutdown, 7, "shutdown.target", "stop");
	cr_assert(not(shutdown_is_under_way(&shutdown)));
}

Test(shutdown, a_job_that_is_taken_back_ends_it_and_one_that_is_done_does_not)
{
	struct shutdown shutdown = { 0 };

	shutdown_listed(&shutdown, 7, "shutdown.target", "start");
	shutdown_job_removed(&shutdown, 6, "shutdown.target", "canceled");
	cr_assert(shutdown_is_under_way(&shutdown), "that was another job");
	shutdown_job_removed(&shutdown, 7, "shutdown.target", "canceled");
	cr_assert(not(shutdown_is_under_way(&shutdown)));
	shutdown_listed(&shutdown, 8, "shutdown.target", "start");
	shutdown_job_removed(&shutdown, 8, "shutdown.target", "done");
	cr_assert(shutdown_is_under_way(&shutdown));
}

Test(shutdown, a_host_that_was_rescued_is_not_down)
{
	struct shutdown shutdown = { 0 };

	shutdown_listed(&shutdown, 7, "rescue.target", "start");
	shutdown_job_removed(&shutdown, 7, "rescue.target", "done");
	cr_assert(not(shutdown_is_under_way(&shutdown)));
}

Test(shutdown, a_job_that_ended_before_anybody_said_it_was_a_start_is_no_end)
{
	struct shutdown shutdown = { 0 };

	(void)shutdown_job_new(&shutdown, 7, "shutdown.target");
	shutdown_job_removed(&shutdown, 7, "shutdown.target", "done");
	cr_assert(not(shutdown_is_under_way(&shutdown)));
}
