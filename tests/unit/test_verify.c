/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Healed is proven, or it is not said. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/verify.h"
#include "tests/unit/assertion.h"

/* A restart of run 1, decided at second 100 over 200M, whose job ended with `result`. */
static struct verify begun(const struct rule *rule, enum attempt_result result)
{
	struct sample sample = fixture_sample(SECONDS(100), 1, 200 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);
	struct decision decision = { .id = 5,
				     .unit = FIXTURE_UNIT,
				     .why = WHY_ALLOWED,
				     .lead = METRIC_RSS,
				     .lead_value = 200 * MIB };
	struct attempt attempt = { .decision = 5, .unit = FIXTURE_UNIT, .result = result };
	struct verify verify;

	memset(decision.invocation, 1, sizeof(decision.invocation));
	verify_begin(&verify, &decision, rule, &status, &evidence);
	if (result != ATTEMPT_RESULT_NONE)
		verify_attempt_ended(&verify, &attempt);
	return verify;
}

/* One second each of this run at this rss, until there is an outcome or n_s are over. */
static enum outcome_result run_for(struct verify *verify, uint64_t *at_s, unsigned int n_s,
				   uint8_t run, double rss, enum unit_active active,
				   struct outcome *ret)
{
	struct unit_status status = fixture_status("shop.service", run);

	status.active = active;
	for (unsigned int i = 0; i < n_s; i++) {
		struct sample sample = fixture_sample(SECONDS(++*at_s), run, rss);
		struct evidence evidence = fixture_evidence(&sample);

		if (verify_reach(verify, &sample, &status, &evidence, NULL, ret))
			return ret->result;
	}
	return OUTCOME_NONE;
}

Test(verify, values_back_in_range_in_the_new_run_are_healed)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 60, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
	cr_assert(ge(u64, outcome.when_ms, SECONDS(101) + VERIFY_CALM_MS));
	cr_assert(eq(dbl, outcome.value_after, 95 * MIB));
	cr_assert(eq(dbl, outcome.value_before, 200 * MIB));
	cr_assert(eq(dbl, outcome.normal_high, 110 * MIB));
	cr_assert(gt(u32, outcome.n_samples, 0));
	cr_assert(not(verify.running));
}

Test(verify, after_little_time_was_left_only_a_value_back_in_its_range_is_healed)
{
	struct rule rule = { .n_needs = 1,
			     .need = { { ASPECT_LEFT_S, METRIC_RSS, RELATION_BELOW, 900 } } };
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(ne(int, run_for(&verify, &at_s, 300, 2, 190 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
	verify = begun(&rule, ATTEMPT_RESULT_DONE);
	cr_assert(eq(int, run_for(&verify, &at_s, 60, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
}

Test(verify, without_a_rule_a_new_run_that_stays_up_is_restarted_and_never_healed)
{
	struct verify verify = begun(NULL, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 60, 2, 300 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_RESTARTED));
	cr_assert(ge(u64, outcome.when_ms, SECONDS(101) + VERIFY_CALM_MS));
	verify = begun(NULL, ATTEMPT_RESULT_DONE);
	cr_assert(eq(int, run_for(&verify, &at_s, 300, 1, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED));
	verify = begun(NULL, ATTEMPT_RESULT_DONE);
	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 95 * MIB, UNIT_ACTIVE_FAILED, &outcome),
		     OUTCOME_GONE));
}

Test(verify, the_old_run_can_never_be_healed_however_well_it_looks)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 1, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED));
	cr_assert(eq(u32, outcome.n_samples, 0));
}

Test(verify, a_unit_without_an_invocation_is_not_proven_healed)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 0, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED));
}

Test(verify, the_same_value_in_the_new_run_is_unchanged)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 190 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED));
	cr_assert(le(u64, outcome.when_ms, SECONDS(100) + VERIFY_PATIENCE_MS));
}

Test(verify, twice_the_value_is_worse)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 450 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_WORSE));
}

Test(verify, a_unit_that_does_not_come_back_is_gone)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 0, UNIT_ACTIVE_FAILED, &outcome),
		     OUTCOME_GONE));
}

Test(verify, a_failed_unit_that_fails_again_is_unchanged)
{
	struct rule rule = fixture_failed_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 0, UNIT_ACTIVE_FAILED, &outcome),
		     OUTCOME_UNCHANGED));
}

Test(verify, a_failed_unit_that_stays_up_is_healed)
{
	struct rule rule = fixture_failed_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 60, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
}

Test(verify, calm_that_is_broken_begins_again)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 15, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_NONE));
	cr_assert(eq(int, run_for(&verify, &at_s, 2, 2, 200 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_NONE));
	cr_assert(eq(int, run_for(&verify, &at_s, 19, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_NONE));
	cr_assert(eq(int, run_for(&verify, &at_s, 5, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
}

Test(verify, a_value_that_cannot_be_read_again_is_not_proven)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct unit_status status = fixture_status("shop.service", 2);
	struct outcome outcome = { 0 };

	for (uint64_t at_s = 101; at_s < 400 && outcome.result == OUTCOME_NONE; at_s++) {
		struct sample sample = fixture_sample(SECONDS(at_s), 2, 95 * MIB);
		struct evidence evidence;

		sample.have &= ~METRIC_BIT(METRIC_RSS);
		evidence = fixture_evidence(&sample);
		(void)verify_reach(&verify, &sample, &status, &evidence, NULL, &outcome);
	}
	cr_assert(eq(int, outcome.result, OUTCOME_UNCHANGED));
	cr_assert(isnan(outcome.value_after));
}

Test(verify, while_the_job_runs_there_is_no_outcome)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_NONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_NONE));
}

Test(verify, what_was_not_done_is_never_healed)
{
	static const struct {
		enum attempt_result attempt;
		enum outcome_result outcome;
	} cases[] = {
		{ ATTEMPT_RESULT_MOCKED, OUTCOME_MOCKED },
		{ ATTEMPT_RESULT_FAILED, OUTCOME_JOB_FAILED },
		{ ATTEMPT_RESULT_REFUSED, OUTCOME_JOB_FAILED },
		{ ATTEMPT_RESULT_TIMEOUT, OUTCOME_JOB_FAILED },
		{ ATTEMPT_RESULT_LOST, OUTCOME_UNKNOWN },
	};
	struct rule rule = fixture_memory_rule();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verify verify = begun(&rule, cases[i].attempt);
		struct outcome outcome;
		uint64_t at_s = 100;

		cr_assert(eq(int,
			     run_for(&verify, &at_s, 60, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
			     cases[i].outcome));
	}
}

Test(verify, a_rule_about_too_little_is_not_healed_by_too_little)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify;
	struct outcome outcome;
	uint64_t at_s = 100;

	rule.n_needs = 1;
	rule.need[0] = (struct need) { ASPECT_VALUE, METRIC_RSS, RELATION_BELOW, 50 * MIB };
	verify = begun(&rule, ATTEMPT_RESULT_DONE);
	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 20 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED));
	verify = begun(&rule, ATTEMPT_RESULT_DONE);
	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 100 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
}

Test(verify, calm_is_counted_in_one_run_only)
{
	struct rule rule = fixture_failed_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 12, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_NONE));
	cr_assert(eq(int, run_for(&verify, &at_s, 12, 3, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_NONE));
	cr_assert(eq(int, run_for(&verify, &at_s, 12, 4, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED));
}

Test(verify, a_unit_out_of_sight_or_stopped_by_its_admin_has_an_unknown_outcome)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct unit_status status = fixture_status("shop.service", 2);
	struct outcome outcome = { 0 };
	uint64_t at_s = 100;

	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 95 * MIB, UNIT_ACTIVE_UNKNOWN, &outcome),
		     OUTCOME_UNKNOWN));
	verify = begun(&rule, ATTEMPT_RESULT_DONE);
	status.active = UNIT_ACTIVE_INACTIVE;
	status.flags |= UNIT_STOPPED_BY_HAND;
	outcome.result = OUTCOME_NONE;
	for (at_s = 101; at_s < 400 && outcome.result == OUTCOME_NONE; at_s++) {
		struct sample sample = fixture_sample(SECONDS(at_s), 2, 0);
		struct evidence evidence = fixture_evidence(&sample);

		(void)verify_reach(&verify, &sample, &status, &evidence, NULL, &outcome);
	}
	cr_assert(eq(int, outcome.result, OUTCOME_UNKNOWN));
}

Test(verify, a_reload_is_proven_by_the_run_that_was_there_before)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	verify.decision.action = ACTION_RELOAD;
	cr_assert(eq(int, run_for(&verify, &at_s, 60, 1, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
	verify = begun(&rule, ATTEMPT_RESULT_DONE);
	verify.decision.action = ACTION_RELOAD;
	cr_assert(eq(int, run_for(&verify, &at_s, 300, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_UNCHANGED),
		  "somebody restarted it");
}

Test(verify, it_is_told_from_when_on_it_was_well_again)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct outcome outcome;
	uint64_t at_s = 100;

	(void)run_for(&verify, &at_s, 7, 2, 190 * MIB, UNIT_ACTIVE_ACTIVE, &outcome);
	cr_assert(eq(int, run_for(&verify, &at_s, 60, 2, 95 * MIB, UNIT_ACTIVE_ACTIVE, &outcome),
		     OUTCOME_HEALED));
	cr_assert(eq(u64, outcome.served_ms, SECONDS(108)));
	cr_assert(eq(u64, outcome.wall_ms - outcome.served_wall_ms,
		     outcome.when_ms - outcome.served_ms));
}

Test(verify, while_clients_wait_nothing_is_proven)
{
	struct rule rule = fixture_memory_rule();
	struct verify verify = begun(&rule, ATTEMPT_RESULT_DONE);
	struct unit_status status = fixture_status("shop.service", 2);
	struct outcome outcome = { 0 };

	for (uint64_t at_s = 101; at_s < 160; at_s++) {
		struct sample sample = fixture_sample(SECONDS(at_s), 2, 95 * MIB);
		struct evidence evidence = fixture_evidence(&sample);

		evidence.backlog_waiting_s = 10;
		(void)verify_reach(&verify, &sample, &status, &evidence, NULL, &outcome);
	}
	cr_assert(ne(int, outcome.result, OUTCOME_HEALED));
}
