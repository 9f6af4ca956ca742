/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole wheel on one unit: from samples to a healing that is proven, and what stops it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/judge.h"
#include "record/config.h"
#include "tests/unit/assertion.h"
#include "tests/unit/ward.h"

Test(judge, a_leak_is_decided_upon_once_and_its_healing_is_proven_by_the_new_run)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	cr_assert(eq(u32, ward.n_decided, 0));
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u64, ward.finding.decision.id, 20));
	cr_assert(eq(u64, ward.finding.decision.incident, 10));
	cr_assert(eq(int, ward.finding.decision.way, WAY_SYSTEMD));
	ward_answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run = 2;
	ward_live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_healed, 1));
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u64, ward.finding.incident.id, 0));
	(void)judge_free(ward.judge);
}

Test(judge, while_an_attempt_is_under_way_there_is_no_second)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	ward_live(&ward, 3000, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, a_restart_that_does_not_help_is_unchanged_and_the_next_waits_for_its_budget)
{
	struct ward ward = ward_admit();
	uint64_t decided_s;

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	decided_s = ward.at_s;
	ward_answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run = 2;
	while (!ward.finding.concluded)
		ward_live(&ward, 1, 200 * MIB);
	cr_assert(eq(int, ward.finding.outcome.result, OUTCOME_UNCHANGED));
	cr_assert(eq(u64, ward.finding.incident.closed_ms, 0));
	ward_live(&ward, 4000, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 2));
	cr_assert(ge(u64, ward.at_s - decided_s, 3600), "statistics have one an hour");
	cr_assert(eq(u64, ward.finding.decision.incident, 10));
	(void)judge_free(ward.judge);
}

Test(judge, nothing_is_decided_where_nothing_can_be_recorded_and_that_is_said_once)
{
	struct ward ward = ward_admit();

	ward.can_record = false;
	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 300, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(u32, ward.n_decided, 1));
	cr_assert(eq(int, ward.finding.why, WHY_CANNOT_RECORD));
	ward.can_record = true;
	ward_live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, a_decision_that_did_not_reach_the_disk_leaves_nothing_under_way)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	ward.can_record = false;
	judge_not_recorded(ward.judge, &ward.finding.decision);
	ward_live(&ward, 30, 200 * MIB);
	cr_assert(eq(int, ward.finding.why, WHY_CANNOT_RECORD));
	ward.can_record = true; /* nothing was done, so nothing has to cool down */
	ward_live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 2));
	cr_assert(eq(u32, ward.finding.incident.n_attempts, 1));
	(void)judge_free(ward.judge);
}

Test(judge, another_binary_is_learnt_anew_and_not_judged_by_the_old_ones_normal)
{
	struct ward ward = ward_admit();

	ward.status.identity = 1111;
	ward_live(&ward, 120, 100 * MIB);
	ward.status.identity = 2222;
	ward.run = 2;
	ward_live(&ward, 1, 300 * MIB);
	cr_assert(eq(int, ward.finding.verdict.health, HEALTH_LEARNING));
	cr_assert(eq(u64, judge_age_s(ward.judge, FIXTURE_UNIT), 0));
	ward_live(&ward, 600, 300 * MIB);
	cr_assert(eq(u32, ward.n_decided, 0));
	cr_assert(eq(int, ward.finding.verdict.health, HEALTH_HEALTHY));
	(void)judge_free(ward.judge);
}

Test(judge, a_failed_unit_that_was_well_is_restarted_even_while_it_is_learnt)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 35, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 20, 0);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(str, ward.finding.decision.rule, "failed"));
	(void)judge_free(ward.judge);
}

Test(judge, a_unit_that_failed_from_the_start_is_left_alone)
{
	struct ward ward = ward_admit();

	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 60, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_NEVER_WELL));
	(void)judge_free(ward.judge);
}

Test(judge, what_was_learnt_survives_a_restart_of_the_daemon)
{
	struct ward before = ward_admit(), after = ward_admit();
	struct judge_lesson lesson;

	before.status.identity = after.status.identity = 1111;
	cr_assert(eq(int, judge_lesson(before.judge, FIXTURE_UNIT, &lesson), -ENODATA));
	ward_live(&before, 120, 100 * MIB);
	cr_assert(zero(int, judge_lesson(before.judge, FIXTURE_UNIT, &lesson)));
	cr_assert(eq(int, lesson.was_well, 1));
	cr_assert(zero(int, judge_remember_unit(after.judge, FIXTURE_UNIT, lesson.identity,
						lesson.was_well, lesson.bytes, lesson.size)));
	after.at_s = before.at_s;
	ward_live(&after, 1, 100 * MIB);
	cr_assert(eq(int, after.finding.verdict.health, HEALTH_HEALTHY));
	ward_live(&after, 60, 200 * MIB);
	cr_assert(eq(u32, after.n_allowed, 1));
	free(lesson.bytes);
	(void)judge_free(before.judge);
	(void)judge_free(after.judge);
}

Test(judge, a_budget_is_remembered_across_a_restart_of_the_daemon)
{
	const struct past_attempt past = {
		.decision = { .unit = FIXTURE_UNIT,
			      .action = ACTION_RESTART,
			      .rule = "memory-growth",
			      .wall_ms = fixture_sick(SECONDS(1)).wall_ms - MINUTES(20) },
	};
	struct ward ward = ward_admit();

	judge_remember_attempt(ward.judge, &past);
	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_UNIT_BUDGET_SPENT));
	(void)judge_free(ward.judge);
}

Test(judge, a_fresh_run_is_given_time_before_statistics_speak)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward.run = 2; /* restarted by somebody else; it fills its caches */
	ward_live(&ward, 29, 200 * MIB);
	cr_assert(ne(int, ward.finding.verdict.health, HEALTH_SICK));
	cr_assert(ne(u32, ward.finding.verdict.flags & SAMPLE_DISTURBED, 0));
	cr_assert(eq(u32, ward.n_decided, 0));
	(void)judge_free(ward.judge);
}

Test(judge, what_is_open_of_a_unit_that_is_gone_is_closed_and_not_called_healed)
{
	struct ward ward = ward_admit();
	struct finding finding;
	uint64_t later_ms;

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	later_ms = SECONDS(ward.at_s) + MINUTES(10);
	cr_assert(not(judge_sweep(ward.judge, later_ms - 1, later_ms, &finding)));
	cr_assert(judge_sweep(ward.judge, later_ms, later_ms, &finding));
	cr_assert(finding.concluded);
	cr_assert(eq(int, finding.outcome.result, OUTCOME_UNKNOWN));
	cr_assert(eq(u64, finding.incident.closed_ms, later_ms));
	cr_assert(not(judge_sweep(ward.judge, later_ms, later_ms, &finding)));
	cr_assert(gt(u64, judge_age_s(ward.judge, FIXTURE_UNIT), 0));
	cr_assert(not(judge_sweep(ward.judge, later_ms + DAYS(1), later_ms, &finding)));
	cr_assert(eq(u64, judge_age_s(ward.judge, FIXTURE_UNIT), 0), "forgotten after a day");
	(void)judge_free(ward.judge);
}

/* ---- who else acts, and what is over ----------------------------------------------- */

Test(judge, a_unit_that_was_started_again_in_time_is_not_restarted_for_its_failure)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 4, 0);
	ward.status.active = UNIT_ACTIVE_ACTIVE;
	ward.run = 2; /* by its admin, a second before the rule was due */
	ward_live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	(void)judge_free(ward.judge);
}

/* It fails, and 3 s later it runs again; then it fails for good. */
static void fail_twice(struct ward *ward)
{
	ward_live(ward, 60, 100 * MIB);
	ward->status.active = UNIT_ACTIVE_FAILED;
	ward_live(ward, 3, 0);
	ward->status.active = UNIT_ACTIVE_ACTIVE;
	ward->run++;
	ward_live(ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward->n_allowed, 0));
	ward->status.active = UNIT_ACTIVE_FAILED;
}

Test(judge, what_somebody_else_has_just_restarted_is_theirs_for_five_minutes)
{
	struct ward ward = ward_admit();

	fail_twice(&ward);
	ward_live(&ward, 230, 0);
	cr_assert(eq(u32, ward.n_allowed, 0), "60 s are over, and 300 s is the cooldown");
	cr_assert(eq(u32, ward.n_decided, 1), "it is said once");
	cr_assert(eq(int, ward.finding.why, WHY_OTHER_HEALER));
	ward_live(&ward, 20, 0);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, a_restart_by_systemd_itself_is_nobody_elses)
{
	struct ward ward = ward_admit();

	ward.status.n_restarts = 1;
	ward_live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 2, 0);
	ward.status.n_restarts = 2; /* it is counted before the new run is there */
	ward_live(&ward, 1, 0);
	ward.status.active = UNIT_ACTIVE_ACTIVE;
	ward.run++;
	ward_live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 20, 0);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, our_own_restart_holds_nothing_and_a_foreign_one_soon_after_it_does)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	ward_answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	ward_live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_healed, 1));
	ward.run++; /* by another hand, though all was well */
	ward_live(&ward, 5, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 20, 0);
	cr_assert(eq(int, ward.finding.why, WHY_OTHER_HEALER));
	(void)judge_free(ward.judge);
}

Test(judge, evidence_of_an_old_run_restarts_no_new_one)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 19, 200 * MIB);
	ward.run = 2; /* its admin was quicker */
	ward_live(&ward, 120, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	(void)judge_free(ward.judge);
}

Test(judge, a_value_that_is_back_at_the_last_moment_restarts_nothing)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 20, 200 * MIB);
	ward_live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	(void)judge_free(ward.judge);
}

Test(judge, an_oom_kill_of_the_run_before_restarts_nothing)
{
	struct rule rule = { .name = "oom-kill",
			     .class = FAULT_CLASS_CRASH,
			     .action = ACTION_RESTART,
			     .for_s = 10,
			     .n_needs = 1,
			     .need = {
				     { ASPECT_RECENT, METRIC_OOM_KILLS, RELATION_AT_LEAST, 1 } } };
	struct rulebook rulebook = { .n = 1, .rule = { rule } };
	struct config config = fixture_config();
	struct ward ward = ward_admit();
	struct finding finding;
	struct sample sample;

	config.learn_s = 30;
	judge_reconfigure(ward.judge, &config, &rulebook);
	ward_live(&ward, 60, 100 * MIB);
	sample = fixture_sample(SECONDS(++ward.at_s), ++ward.run, 100 * MIB);
	sample_set(&sample, METRIC_OOM_KILLS, 1); /* told together with the new run */
	memset(ward.status.invocation, ward.run, INVOCATION_SIZE);
	cr_assert(zero(int, judge_take(ward.judge, &sample, &ward.status, true, &finding)));
	ward_live(&ward, 120, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));

	sample = fixture_sample(SECONDS(++ward.at_s), ward.run, 100 * MIB);
	sample_set(&sample, METRIC_OOM_KILLS, 1); /* and this one crippled the run that goes on */
	cr_assert(zero(int, judge_take(ward.judge, &sample, &ward.status, true, &finding)));
	ward_live(&ward, 20, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, an_old_verdict_does_not_stand_for_ever_in_a_unit_that_always_begins_anew)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 30, 200 * MIB);
	ward_answer(&ward, ATTEMPT_RESULT_FAILED);
	for (unsigned int i = 0; i < 60; i++) {
		ward.run = (uint8_t)(ward.run + 1);
		ward_live(&ward, 20, 100 * MIB);
	}
	cr_assert(ne(int, ward.finding.verdict.health, HEALTH_SICK));
	(void)judge_free(ward.judge);
}

Test(judge, a_leak_that_must_be_waited_for_is_not_learnt_meanwhile)
{
	struct ward ward = ward_admit();
	struct config config = fixture_config();
	struct rulebook rulebook = { .n = 1, .rule = { fixture_memory_rule() } };

	config.learn_s = 30;
	config.trust_s = 86400; /* half an hour of patience on the first day */
	judge_reconfigure(ward.judge, &config, &rulebook);
	ward_live(&ward, 900, 100 * MIB);
	for (unsigned int i = 0; i < 7200 && ward.n_allowed == 0; i++)
		ward_live(&ward, 1, (100 + i) * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}
