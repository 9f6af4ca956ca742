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

/* One unit under the memory and the failed rule, and what was found last. */
struct ward {
	struct judge *judge;
	struct unit_status status;
	uint64_t at_s;
	uint8_t run;
	bool can_record;
	struct finding finding;
	unsigned int n_decided, n_allowed, n_healed;
};

static struct ward admit(void)
{
	static struct rulebook rulebook;
	struct judge_setup setup = { .config = fixture_config(),
				     .rulebook = &rulebook,
				     .seed = 1,
				     .next_incident = 10,
				     .next_decision = 20 };
	struct ward ward = { .status = fixture_status("shop.service", 1),
			     .run = 1,
			     .can_record = true };

	rulebook.n = 2;
	rulebook.rule[0] = fixture_failed_rule();
	rulebook.rule[1] = fixture_memory_rule();
	setup.config.learn_s = 30;
	setup.config.trust_s = 0;
	setup.can_act[WAY_SYSTEMD] = setup.can_act[WAY_MOCK] = true;
	cr_assert(zero(int, judge_new(&setup, &ward.judge)));
	return ward;
}

/* Seconds of the present run with a little noise around this rss. */
static void live(struct ward *ward, unsigned int n_s, double rss)
{
	for (unsigned int i = 0; i < n_s; i++) {
		double noise = (double)(++ward->at_s * 7 % 5) * MIB;
		struct sample sample = fixture_sample(SECONDS(ward->at_s), ward->run, rss + noise);

		memset(ward->status.invocation, ward->run, INVOCATION_SIZE);
		cr_assert(zero(int, judge_take(ward->judge, &sample, &ward->status,
					       ward->can_record, &ward->finding)));
		ward->n_decided += ward->finding.decided;
		ward->n_allowed +=
			ward->finding.decided && ward->finding.decision.why == WHY_ALLOWED;
		ward->n_healed +=
			ward->finding.concluded && ward->finding.outcome.result == OUTCOME_HEALED;
		if (ward->finding.decided && ward->finding.decision.why == WHY_ALLOWED)
			return;
	}
}

/* What the healer would say of the last decision. */
static void answer(struct ward *ward, enum attempt_result result)
{
	struct attempt attempt = { .decision = ward->finding.decision.id,
				   .unit = FIXTURE_UNIT,
				   .state = ATTEMPT_DONE,
				   .result = result };

	judge_attempt(ward->judge, &attempt);
}

Test(judge, a_leak_is_decided_upon_once_and_its_healing_is_proven_by_the_new_run)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	cr_assert(eq(u32, ward.n_decided, 0));
	live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u64, ward.finding.decision.id, 20));
	cr_assert(eq(u64, ward.finding.decision.incident, 10));
	cr_assert(eq(int, ward.finding.decision.way, WAY_SYSTEMD));
	answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run = 2;
	live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_healed, 1));
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u64, ward.finding.incident.id, 0));
	(void)judge_free(ward.judge);
}

Test(judge, while_an_attempt_is_under_way_there_is_no_second)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	live(&ward, 3000, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, a_restart_that_does_not_help_is_unchanged_and_the_next_waits_for_its_budget)
{
	struct ward ward = admit();
	uint64_t decided_s;

	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	decided_s = ward.at_s;
	answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run = 2;
	while (!ward.finding.concluded)
		live(&ward, 1, 200 * MIB);
	cr_assert(eq(int, ward.finding.outcome.result, OUTCOME_UNCHANGED));
	cr_assert(eq(u64, ward.finding.incident.closed_ms, 0));
	live(&ward, 4000, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 2));
	cr_assert(ge(u64, ward.at_s - decided_s, 3600), "statistics have one an hour");
	cr_assert(eq(u64, ward.finding.decision.incident, 10));
	(void)judge_free(ward.judge);
}

Test(judge, nothing_is_decided_where_nothing_can_be_recorded_and_that_is_said_once)
{
	struct ward ward = admit();

	ward.can_record = false;
	live(&ward, 120, 100 * MIB);
	live(&ward, 300, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(u32, ward.n_decided, 1));
	cr_assert(eq(int, ward.finding.why, WHY_CANNOT_RECORD));
	ward.can_record = true;
	live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, a_decision_that_did_not_reach_the_disk_leaves_nothing_under_way)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	ward.can_record = false;
	judge_not_recorded(ward.judge, &ward.finding.decision);
	live(&ward, 30, 200 * MIB);
	cr_assert(eq(int, ward.finding.why, WHY_CANNOT_RECORD));
	ward.can_record = true; /* nothing was done, so nothing has to cool down */
	live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 2));
	cr_assert(eq(u32, ward.finding.incident.n_attempts, 1));
	(void)judge_free(ward.judge);
}

Test(judge, another_binary_is_learnt_anew_and_not_judged_by_the_old_ones_normal)
{
	struct ward ward = admit();

	ward.status.identity = 1111;
	live(&ward, 120, 100 * MIB);
	ward.status.identity = 2222;
	ward.run = 2;
	live(&ward, 1, 300 * MIB);
	cr_assert(eq(int, ward.finding.verdict.health, HEALTH_LEARNING));
	cr_assert(eq(u64, judge_age_s(ward.judge, FIXTURE_UNIT), 0));
	live(&ward, 600, 300 * MIB);
	cr_assert(eq(u32, ward.n_decided, 0));
	cr_assert(eq(int, ward.finding.verdict.health, HEALTH_HEALTHY));
	(void)judge_free(ward.judge);
}

Test(judge, a_failed_unit_that_was_well_is_restarted_even_while_it_is_learnt)
{
	struct ward ward = admit();

	live(&ward, 35, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 20, 0);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(str, ward.finding.decision.rule, "failed"));
	(void)judge_free(ward.judge);
}

Test(judge, a_unit_that_failed_from_the_start_is_left_alone)
{
	struct ward ward = admit();

	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 60, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_NEVER_WELL));
	(void)judge_free(ward.judge);
}

Test(judge, what_was_learnt_survives_a_restart_of_the_daemon)
{
	struct ward before = admit(), after = admit();
	struct judge_lesson lesson;

	before.status.identity = after.status.identity = 1111;
	cr_assert(eq(int, judge_lesson(before.judge, FIXTURE_UNIT, &lesson), -ENODATA));
	live(&before, 120, 100 * MIB);
	cr_assert(zero(int, judge_lesson(before.judge, FIXTURE_UNIT, &lesson)));
	cr_assert(eq(int, lesson.was_well, 1));
	cr_assert(zero(int, judge_remember_unit(after.judge, FIXTURE_UNIT, lesson.identity,
						lesson.was_well, lesson.bytes, lesson.size)));
	after.at_s = before.at_s;
	live(&after, 1, 100 * MIB);
	cr_assert(eq(int, after.finding.verdict.health, HEALTH_HEALTHY));
	live(&after, 60, 200 * MIB);
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
	struct ward ward = admit();

	judge_remember_attempt(ward.judge, &past);
	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_UNIT_BUDGET_SPENT));
	(void)judge_free(ward.judge);
}

Test(judge, a_fresh_run_is_given_time_before_statistics_speak)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	ward.run = 2; /* restarted by somebody else; it fills its caches */
	live(&ward, 29, 200 * MIB);
	cr_assert(ne(int, ward.finding.verdict.health, HEALTH_SICK));
	cr_assert(ne(u32, ward.finding.verdict.flags & SAMPLE_DISTURBED, 0));
	cr_assert(eq(u32, ward.n_decided, 0));
	(void)judge_free(ward.judge);
}

Test(judge, what_is_open_of_a_unit_that_is_gone_is_closed_and_not_called_healed)
{
	struct ward ward = admit();
	struct finding finding;
	uint64_t later_ms;

	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
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

/* ---- found by a hostile reader ------------------------------------------------ */

Test(judge, a_unit_that_was_started_again_in_time_is_not_restarted_for_its_failure)
{
	struct ward ward = admit();

	live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 4, 0);
	ward.status.active = UNIT_ACTIVE_ACTIVE;
	ward.run = 2; /* by its admin, a second before the rule was due */
	live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	(void)judge_free(ward.judge);
}

/* It fails, and 3 s later it runs again; then it fails for good. */
static void fail_twice(struct ward *ward)
{
	live(ward, 60, 100 * MIB);
	ward->status.active = UNIT_ACTIVE_FAILED;
	live(ward, 3, 0);
	ward->status.active = UNIT_ACTIVE_ACTIVE;
	ward->run++;
	live(ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward->n_allowed, 0));
	ward->status.active = UNIT_ACTIVE_FAILED;
}

Test(judge, what_somebody_else_has_just_restarted_is_theirs_for_the_cooldown)
{
	struct ward ward = admit();

	fail_twice(&ward);
	live(&ward, 230, 0);
	cr_assert(eq(u32, ward.n_allowed, 0), "60 s are over, and 300 s is the cooldown");
	cr_assert(eq(u32, ward.n_decided, 1), "it is said once");
	cr_assert(eq(int, ward.finding.why, WHY_OTHER_HEALER));
	live(&ward, 20, 0);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, a_restart_by_systemd_itself_is_nobody_elses)
{
	struct ward ward = admit();

	ward.status.n_restarts = 1;
	live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 2, 0);
	ward.status.n_restarts = 2; /* it is counted before the new run is there */
	live(&ward, 1, 0);
	ward.status.active = UNIT_ACTIVE_ACTIVE;
	ward.run++;
	live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 20, 0);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, our_own_restart_holds_nothing_and_a_foreign_one_soon_after_it_does)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_healed, 1));
	ward.run++; /* by another hand, though all was well */
	live(&ward, 5, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 20, 0);
	cr_assert(eq(int, ward.finding.why, WHY_OTHER_HEALER));
	(void)judge_free(ward.judge);
}

Test(judge, with_mode_approve_it_waits_for_somebody_who_agrees_each_time)
{
	struct ward ward = admit();

	ward.status.terms.says |= 1u << TERM_MODE;
	ward.status.terms.mode = MODE_APPROVE;
	cr_assert(eq(int, judge_approve(ward.judge, 10), -ESRCH), "nothing waits yet");
	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	cr_assert(eq(int, judge_approve(ward.judge, 11), -ESRCH), "of another number");
	cr_assert(zero(int, judge_approve(ward.judge, 10)));
	live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	/* The disk did not take it: it was not used up. */
	judge_not_recorded(ward.judge, &ward.finding.decision);
	live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 2));
	ward.n_allowed = 1;
	cr_assert(eq(int, ward.finding.decision.way, WAY_SYSTEMD));
	cr_assert(eq(u64, ward.finding.decision.incident, 10));
	answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	live(&ward, 4000, 100 * MIB); /* healed, settled, and statistics have one an hour */
	cr_assert(eq(u32, ward.n_healed, 1));
	live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1), "each time anew");
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	(void)judge_free(ward.judge);
}

Test(judge, an_approval_is_good_for_a_quarter_of_an_hour)
{
	struct ward ward = admit();

	ward.status.terms.says |= 1u << TERM_MODE;
	ward.status.terms.mode = MODE_APPROVE;
	live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	live(&ward, 10, 0);
	cr_assert(zero(int, judge_approve(ward.judge, 10)));
	ward.status.flags |= UNIT_JOB_PENDING; /* something else is in the way meanwhile */
	live(&ward, 14 * 60, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	live(&ward, 2 * 60, 0);
	ward.status.flags &= ~(uint32_t)UNIT_JOB_PENDING;
	live(&ward, 10, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	(void)judge_free(ward.judge);
}

static uint64_t seen_ms(const struct ward *ward)
{
	return ward->finding.verdict.when_ms;
}

static enum why ask_for_heal(struct ward *ward)
{
	enum way way = WAY_NONE;
	enum why why = judge_heal(ward->judge, &ward->finding.verdict, &ward->status,
				  ward->can_record, &way);

	cr_assert(eq(int, way, why == WHY_ALLOWED ? WAY_SYSTEMD : WAY_NONE));
	return why;
}

Test(judge, what_somebody_asks_for_is_done_once_and_called_restarted_not_healed)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	cr_assert(eq(u32, ward.n_decided, 0), "asking alone does nothing");
	live(&ward, 1, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u32, ward.finding.decision.flags, SAMPLE_BY_HAND));
	cr_assert(eq(u32, ward.finding.incident.flags, SAMPLE_BY_HAND));
	cr_assert(eq(int, ward.finding.incident.worst, HEALTH_HEALTHY), "it was never called sick");
	cr_assert(eq(str, ward.finding.decision.rule, ""));
	cr_assert(eq(u32, ward.finding.decision.lead, METRIC_N));
	cr_assert(not(ward.finding.sick_began));
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ATTEMPT_RUNNING));
	answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	do
		live(&ward, 1, 100 * MIB);
	while (!ward.finding.concluded && ward.at_s < 300);
	cr_assert(eq(int, ward.finding.outcome.result, OUTCOME_RESTARTED));
	cr_assert(ne(u64, ward.finding.incident.closed_ms, 0));
	live(&ward, 5, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(int, ask_for_heal(&ward), WHY_COOLING_DOWN), "the same brakes");
	(void)judge_free(ward.judge);
}

Test(judge, asked_for_in_a_trouble_it_is_proven_by_the_rule_that_held)
{
	struct ward ward = admit();

	ward.status.terms.says |= 1u << TERM_MODE;
	ward.status.terms.mode = MODE_APPROVE; /* who asks has agreed */
	live(&ward, 120, 100 * MIB);
	live(&ward, 60, 200 * MIB);
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	live(&ward, 1, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u64, ward.finding.decision.incident, 10), "the incident that is open");
	cr_assert(ne(str, ward.finding.decision.rule, ""));
	answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_healed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, what_was_asked_is_forgotten_when_no_sample_comes_or_a_brake_came_between)
{
	struct ward ward = admit();
	uint32_t unit = 0;

	live(&ward, 120, 100 * MIB);
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	cr_assert(not(judge_lapsed(ward.judge, seen_ms(&ward) + JUDGE_ASKED_MS - 1, &unit)));
	ward.at_s += JUDGE_ASKED_MS / 1000;
	live(&ward, 5, 100 * MIB);
	cr_assert(eq(u32, ward.n_decided, 0), "too late");
	cr_assert(judge_lapsed(ward.judge, seen_ms(&ward), &unit), "which is told");
	cr_assert(eq(u32, unit, ward.finding.verdict.unit));
	cr_assert(not(judge_lapsed(ward.judge, seen_ms(&ward), &unit)), "once");
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	ward.status.flags |= UNIT_STOPPED_BY_HAND;
	ward.status.active = UNIT_ACTIVE_INACTIVE;
	live(&ward, 1, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(u32, ward.n_decided, 1), "that nothing is done is on record");
	cr_assert(eq(int, ward.finding.decision.why, WHY_STOPPED_BY_HAND));
	cr_assert(not(judge_lapsed(ward.judge, seen_ms(&ward) + JUDGE_ASKED_MS, &unit)));
	ward.status = fixture_status("shop.service", ward.run);
	live(&ward, 30, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0), "and not done later");
	(void)judge_free(ward.judge);
}

Test(judge, evidence_of_an_old_run_restarts_no_new_one)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	live(&ward, 19, 200 * MIB);
	ward.run = 2; /* its admin was quicker */
	live(&ward, 120, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	(void)judge_free(ward.judge);
}

Test(judge, a_value_that_is_back_at_the_last_moment_restarts_nothing)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	live(&ward, 20, 200 * MIB);
	live(&ward, 60, 100 * MIB);
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
	struct ward ward = admit();
	struct finding finding;
	struct sample sample;

	config.learn_s = 30;
	judge_reconfigure(ward.judge, &config, &rulebook);
	live(&ward, 60, 100 * MIB);
	sample = fixture_sample(SECONDS(++ward.at_s), ++ward.run, 100 * MIB);
	sample_set(&sample, METRIC_OOM_KILLS, 1); /* told together with the new run */
	memset(ward.status.invocation, ward.run, INVOCATION_SIZE);
	cr_assert(zero(int, judge_take(ward.judge, &sample, &ward.status, true, &finding)));
	live(&ward, 120, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));

	sample = fixture_sample(SECONDS(++ward.at_s), ward.run, 100 * MIB);
	sample_set(&sample, METRIC_OOM_KILLS, 1); /* and this one crippled the run that goes on */
	cr_assert(zero(int, judge_take(ward.judge, &sample, &ward.status, true, &finding)));
	live(&ward, 20, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}

Test(judge, an_old_verdict_does_not_stand_for_ever_in_a_unit_that_always_begins_anew)
{
	struct ward ward = admit();

	live(&ward, 120, 100 * MIB);
	live(&ward, 30, 200 * MIB);
	answer(&ward, ATTEMPT_RESULT_FAILED);
	for (unsigned int i = 0; i < 60; i++) {
		ward.run = (uint8_t)(ward.run + 1);
		live(&ward, 20, 100 * MIB);
	}
	cr_assert(ne(int, ward.finding.verdict.health, HEALTH_SICK));
	(void)judge_free(ward.judge);
}

Test(judge, a_leak_that_must_be_waited_for_is_not_learnt_meanwhile)
{
	struct ward ward = admit();
	struct config config = fixture_config();
	struct rulebook rulebook = { .n = 1, .rule = { fixture_memory_rule() } };

	config.learn_s = 30;
	config.trust_s = 86400; /* half an hour of patience on the first day */
	judge_reconfigure(ward.judge, &config, &rulebook);
	live(&ward, 900, 100 * MIB);
	for (unsigned int i = 0; i < 7200 && ward.n_allowed == 0; i++)
		live(&ward, 1, (100 + i) * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	(void)judge_free(ward.judge);
}
