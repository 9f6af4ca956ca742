/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders to a systemd of the test's own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_manager.h"
#include "heal/systemd.h"
#include "tests/unit/assertion.h"

#define JOB "/org/freedesktop/systemd1/job/1"

struct bench {
	struct fake_manager fake;
	struct systemd *systemd;
	struct actuator actuator;
	struct unit_status status;
	struct decision decision;
	struct attempt attempt;
};

static void bench_open(struct bench *bench)
{
	fake_open(&bench->fake);
	cr_assert(eq(int, systemd_new(bench->fake.client, &bench->systemd), 0));
	fake_settle(&bench->fake);
	bench->fake.asked[0] = '\0';
	bench->actuator = systemd_actuator(bench->systemd);
	bench->status = (struct unit_status) {
		.unit = 7,
		.kind = UNIT_KIND_SERVICE,
		.active = UNIT_ACTIVE_ACTIVE,
		.name = "a.service",
	};
	bench->decision = (struct decision) { .id = 1, .unit = 7, .action = ACTION_RESTART };
	bench->attempt = (struct attempt) { .decision = 1, .unit = 7, .way = WAY_SYSTEMD };
}

static void bench_close(struct bench *bench)
{
	bench->systemd = systemd_free(bench->systemd);
	fake_close(&bench->fake);
}

static int start(struct bench *bench)
{
	int r = bench->actuator.start(bench->actuator.self, &bench->decision, &bench->status,
				      &bench->attempt);

	fake_settle(&bench->fake);
	return r;
}

static int poll_it(struct bench *bench)
{
	return bench->actuator.poll(bench->actuator.self, &bench->attempt);
}

#define BENCH(bench)                                                                               \
	CLEANUP(bench_close) struct bench bench;                                                   \
	bench_open(&bench)

Test(systemd, a_restart_ends_with_its_own_job)
{
	BENCH(bench);

	cr_assert(eq(int, start(&bench), 0));
	cr_assert(eq(str, bench.fake.asked, "TryRestartUnit:a.service:fail"));
	cr_assert(eq(int, poll_it(&bench), 0));
	cr_assert(eq(str, bench.attempt.job, JOB));
	fake_job_removed(&bench.fake, JOB "2", "a.service", "done", FAKE_OWNER);
	fake_job_removed(&bench.fake, JOB, "a.service", "done", FAKE_OTHER);
	cr_assert(eq(int, poll_it(&bench), 0), "another job, and another program");
	fake_job_removed(&bench.fake, JOB, "a.service", "done", FAKE_OWNER);
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
	cr_assert(eq(str, bench.attempt.job, JOB));
}

Test(systemd, a_job_that_is_not_done_has_failed_and_says_how)
{
	static const char *const words[] = { "failed", "canceled", "timeout", "dependency" };
	char said[JOB_NAME_SIZE];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		BENCH(bench);

		(void)start(&bench);
		fake_job_removed(&bench.fake, JOB, "a.service", words[i], FAKE_OWNER);
		cr_assert(eq(int, poll_it(&bench), 1));
		cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_FAILED), "%s", words[i]);
		(void)snprintf(said, sizeof(said), JOB ": %s", words[i]);
		cr_assert(eq(str, bench.attempt.job, said));
	}
}

Test(systemd, a_failed_unit_is_started_without_hiding_its_failure_first)
{
	BENCH(bench);

	bench.status.active = UNIT_ACTIVE_FAILED;
	(void)start(&bench);
	cr_assert(eq(str, bench.fake.asked, "RestartUnit:a.service:fail"));
}

Test(systemd, a_start_limit_is_reset_before_the_unit_is_started)
{
	BENCH(bench);

	bench.status.active = UNIT_ACTIVE_FAILED;
	bench.status.flags |= UNIT_START_LIMITED;
	(void)start(&bench);
	cr_assert(
		eq(str, bench.fake.asked, "ResetFailedUnit:a.service RestartUnit:a.service:fail"));
	fake_job_removed(&bench.fake, JOB, "a.service", "done", FAKE_OWNER);
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
}

Test(systemd, a_job_that_ended_before_its_path_was_told_is_not_missed)
{
	BENCH(bench);

	bench.fake.done_before = "done";
	(void)start(&bench);
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
}

Test(systemd, a_refusal_says_why)
{
	static const struct {
		const char *error, *words;
		enum attempt_result result;
	} cases[] = {
		{ SD_BUS_ERROR_ACCESS_DENIED, "not allowed: no polkit rule lets this user do it",
		  ATTEMPT_RESULT_REFUSED },
		{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
		  "not allowed: no polkit rule lets this user do it", ATTEMPT_RESULT_REFUSED },
		{ "org.freedesktop.systemd1.TransactionIsDestructive",
		  "another job of it is in the way", ATTEMPT_RESULT_REFUSED },
		{ "org.freedesktop.systemd1.NoSuchUnit", "no, because", ATTEMPT_RESULT_REFUSED },
		{ SD_BUS_ERROR_NO_REPLY, "no, because", ATTEMPT_RESULT_LOST },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		BENCH(bench);

		bench.fake.no = cases[i].error;
		cr_assert(eq(int, start(&bench), 0));
		cr_assert(eq(int, poll_it(&bench), 1));
		cr_assert(eq(int, bench.attempt.result, cases[i].result), "%s", cases[i].error);
		cr_assert(eq(str, bench.attempt.job, (char *)cases[i].words));
	}
}

Test(systemd, what_is_no_service_of_systemd_never_reaches_it)
{
	BENCH(bench);
	const struct unit_status service = bench.status;

	bench.status.flags = UNIT_SYNTHETIC;
	cr_assert(eq(int, start(&bench), -EINVAL));
	bench.status = service;
	bench.status.kind = UNIT_KIND_SHARED;
	cr_assert(eq(int, start(&bench), -EINVAL));
	bench.status = service;
	strcpy(bench.status.name, "a.scope");
	cr_assert(eq(int, start(&bench), -EINVAL));
	strcpy(bench.status.name, "a b.service");
	cr_assert(eq(int, start(&bench), -EINVAL));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_REFUSED));
	cr_assert(eq(str, bench.fake.asked, ""));
}

static void end_job(struct bench *bench, const char *path, const char *name, const char *result)
{
	fake_job_removed(&bench->fake, path, name, result, FAKE_OWNER);
	fake_settle(&bench->fake);
}

Test(systemd, people_are_told_by_a_unit_named_after_the_incident_whatever_it_is_about)
{
	BENCH(bench);

	bench.decision.action = ACTION_NOTIFY;
	cr_assert(eq(int, start(&bench), -EINVAL), "of no incident there is nothing to tell");
	bench.decision.incident = UINT64_MAX;
	bench.status = (struct unit_status) { .kind = UNIT_KIND_HOST, .name = "host" };
	cr_assert(eq(int, start(&bench), 0));
	cr_assert(eq(str, bench.fake.asked,
		     "StartUnit:selfheal-notify@18446744073709551615.service:fail"));
	end_job(&bench, JOB, "selfheal-notify@18446744073709551615.service", "done");
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
}

Test(systemd, a_reload_is_asked_only_of_who_can)
{
	BENCH(bench);

	bench.decision.action = ACTION_RELOAD;
	cr_assert(eq(int, start(&bench), -EOPNOTSUPP));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_REFUSED));
	cr_assert(eq(str, bench.attempt.job, "it cannot be reloaded"));
	bench.status.flags |= UNIT_CAN_RELOAD;
	cr_assert(eq(int, start(&bench), 0));
	cr_assert(eq(str, bench.fake.asked, "ReloadUnit:a.service:fail"));
	end_job(&bench, JOB, "a.service", "done");
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
}

/* b.service and c.service are up, d.service has failed. */
static void chain(struct bench *bench, const char *blast)
{
	static const char *const names[] = { "b.service", "c.service", "d.service" };

	for (size_t i = 0; i < 3; i++)
		bench->fake.unit[i] = fake_service(names[i]);
	bench->fake.unit[2].active = "failed";
	bench->decision.action = ACTION_RESTART_DEPENDENTS;
	(void)snprintf(bench->decision.blast, sizeof(bench->decision.blast), "%s", blast);
}

/* Look once more, and let what goes out be answered: with that job. */
static int go_on(struct bench *bench, const char *job)
{
	int r;

	bench->fake.asked[0] = '\0';
	bench->fake.job_path = job;
	r = poll_it(bench);
	fake_settle(&bench->fake);
	return r;
}

Test(systemd, dependents_are_restarted_one_after_the_other_each_after_the_job_before)
{
	BENCH(bench);

	chain(&bench, "b.service a.service d.service c.service");
	cr_assert(eq(int, start(&bench), 0));
	cr_assert(eq(str, bench.fake.asked, "TryRestartUnit:a.service:fail"));
	cr_assert(eq(int, go_on(&bench, JOB "2"), 0));
	cr_assert(eq(str, bench.fake.asked, ""), "its own job is under way");
	end_job(&bench, JOB, "a.service", "done");
	cr_assert(eq(str, bench.fake.asked, ""), "nobody asked for more");
	cr_assert(eq(int, go_on(&bench, JOB "2"), 0));
	cr_assert(eq(str, bench.fake.asked, "Get TryRestartUnit:b.service:fail"));
	end_job(&bench, JOB "2", "b.service", "done");
	cr_assert(eq(int, go_on(&bench, JOB "3"), 0));
	cr_assert(eq(str, bench.fake.asked, "Get"), "d.service is down");
	cr_assert(eq(int, go_on(&bench, JOB "3"), 0));
	cr_assert(eq(str, bench.fake.asked, "Get TryRestartUnit:c.service:fail"));
	end_job(&bench, JOB "3", "c.service", "done");
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
	cr_assert(eq(str, bench.attempt.job, JOB "3"));
}

Test(systemd, a_dependent_whose_job_fails_ends_it_by_name)
{
	BENCH(bench);

	chain(&bench, "b.service c.service");
	(void)start(&bench);
	end_job(&bench, JOB, "a.service", "done");
	(void)go_on(&bench, JOB "2");
	end_job(&bench, JOB "2", "b.service", "failed");
	cr_assert(eq(int, go_on(&bench, JOB "3"), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_FAILED));
	cr_assert(eq(str, bench.attempt.job, "b.service: " JOB "2: failed"));
	cr_assert(eq(str, bench.fake.asked, ""), "the rest is left alone");
}

Test(systemd, a_dependent_that_is_not_enrolled_is_a_failure_by_name)
{
	BENCH(bench);

	chain(&bench, "b.service");
	(void)start(&bench);
	end_job(&bench, JOB, "a.service", "done");
	bench.fake.no = SD_BUS_ERROR_ACCESS_DENIED;
	(void)go_on(&bench, JOB "2");
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_FAILED));
	cr_assert(eq(str, bench.attempt.job,
		     "b.service: not allowed: no polkit rule lets this user do it"));
}

Test(systemd, without_its_own_restart_no_dependent_is_touched)
{
	BENCH(bench);

	chain(&bench, "b.service");
	(void)start(&bench);
	end_job(&bench, JOB, "a.service", "failed");
	cr_assert(eq(int, go_on(&bench, JOB "2"), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_FAILED));
	cr_assert(eq(str, bench.fake.asked, ""));
}

Test(systemd, a_list_of_dependents_that_is_none_is_refused_before_anything_is_done)
{
	BENCH(bench);

	chain(&bench, "b.service nonsense");
	cr_assert(eq(int, start(&bench), -EINVAL));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_REFUSED));
	cr_assert(eq(str, bench.fake.asked, ""));
}

Test(systemd, a_lost_bus_means_an_unknown_end)
{
	BENCH(bench);

	(void)start(&bench);
	bench.fake.server = sd_bus_close_unref(bench.fake.server);
	fake_settle(&bench.fake);
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_LOST));
	cr_assert(lt(int, start(&bench), 0));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_REFUSED));
}

Test(systemd, a_job_outlives_the_manager_that_executes_itself_anew)
{
	BENCH(bench);

	(void)start(&bench);
	fake_owner(&bench.fake, "", FAKE_DRIVER);
	fake_owner(&bench.fake, ":1.2", FAKE_DRIVER);
	fake_job_removed(&bench.fake, JOB, "a.service", "done", FAKE_OWNER);
	cr_assert(eq(int, poll_it(&bench), 1));
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_DONE));
}

Test(systemd, orders_that_nobody_polls_any_more_make_room)
{
	BENCH(bench);

	for (uint64_t i = 1; i <= 200; i++) {
		bench.decision.id = bench.attempt.decision = i;
		bench.attempt.started_ms = i;
		cr_assert(eq(int, start(&bench), 0));
	}
	cr_assert(eq(int, poll_it(&bench), 0), "the newest is there");
	bench.attempt.decision = 1;
	cr_assert(eq(int, poll_it(&bench), 1), "the oldest is not");
	cr_assert(eq(int, bench.attempt.result, ATTEMPT_RESULT_LOST));
}
