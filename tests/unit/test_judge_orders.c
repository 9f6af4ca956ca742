/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people order: approvals, and heals by hand. */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/clock.h"
#include "fixture.h"
#include "tests/unit/assertion.h"
#include "tests/unit/ward.h"

Test(judge_orders, with_mode_approve_it_waits_for_somebody_who_agrees_each_time)
{
	struct ward ward = ward_admit();

	ward.status.terms.says |= 1u << TERM_MODE;
	ward.status.terms.mode = MODE_APPROVE;
	cr_assert(eq(int, judge_approve(ward.judge, 10), -ESRCH), "nothing waits yet");
	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	cr_assert(eq(int, judge_approve(ward.judge, 11), -ESRCH), "of another number");
	cr_assert(zero(int, judge_approve(ward.judge, 10)));
	ward_live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	/* The disk did not take it: it was not used up. */
	judge_not_recorded(ward.judge, &ward.finding.decision);
	ward_live(&ward, 5, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 2));
	ward.n_allowed = 1;
	cr_assert(eq(int, ward.finding.decision.way, WAY_SYSTEMD));
	cr_assert(eq(u64, ward.finding.decision.incident, 10));
	ward_answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	ward_live(&ward, 4000, 100 * MIB); /* healed, settled, and statistics have one an hour */
	cr_assert(eq(u32, ward.n_healed, 1));
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1), "each time anew");
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	(void)judge_free(ward.judge);
}

Test(judge_orders, an_approval_is_good_for_a_quarter_of_an_hour)
{
	struct ward ward = ward_admit();

	ward.status.terms.says |= 1u << TERM_MODE;
	ward.status.terms.mode = MODE_APPROVE;
	ward_live(&ward, 60, 100 * MIB);
	ward.status.active = UNIT_ACTIVE_FAILED;
	ward_live(&ward, 10, 0);
	cr_assert(zero(int, judge_approve(ward.judge, 10)));
	ward.status.flags |= UNIT_JOB_PENDING; /* something else is in the way meanwhile */
	ward_live(&ward, 14 * 60, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	ward_live(&ward, 2 * 60, 0);
	ward.status.flags &= ~(uint32_t)UNIT_JOB_PENDING;
	ward_live(&ward, 10, 0);
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

Test(judge_orders, what_somebody_asks_for_is_done_once_and_called_restarted_not_healed)
{
	struct ward ward = ward_admit();

	ward_live(&ward, 120, 100 * MIB);
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	cr_assert(eq(u32, ward.n_decided, 0), "asking alone does nothing");
	ward_live(&ward, 1, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u32, ward.finding.decision.flags, SAMPLE_BY_HAND));
	cr_assert(eq(u32, ward.finding.incident.flags, SAMPLE_BY_HAND));
	cr_assert(eq(int, ward.finding.incident.worst, HEALTH_HEALTHY), "it was never called sick");
	cr_assert(eq(str, ward.finding.decision.rule, ""));
	cr_assert(eq(u32, ward.finding.decision.lead, METRIC_N));
	cr_assert(not(ward.finding.sick_began));
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ATTEMPT_RUNNING));
	ward_answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	do
		ward_live(&ward, 1, 100 * MIB);
	while (!ward.finding.concluded && ward.at_s < 300);
	cr_assert(eq(int, ward.finding.outcome.result, OUTCOME_RESTARTED));
	cr_assert(ne(u64, ward.finding.incident.closed_ms, 0));
	ward_live(&ward, 5, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(int, ask_for_heal(&ward), WHY_COOLING_DOWN), "the same brakes");
	(void)judge_free(ward.judge);
}

Test(judge_orders, asked_for_in_a_trouble_it_is_proven_by_the_rule_that_held)
{
	struct ward ward = ward_admit();

	ward.status.terms.says |= 1u << TERM_MODE;
	ward.status.terms.mode = MODE_APPROVE; /* who asks has agreed */
	ward_live(&ward, 120, 100 * MIB);
	ward_live(&ward, 60, 200 * MIB);
	cr_assert(eq(int, ward.finding.why, WHY_NOT_APPROVED));
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	ward_live(&ward, 1, 200 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 1));
	cr_assert(eq(u64, ward.finding.decision.incident, 10), "the incident that is open");
	cr_assert(ne(str, ward.finding.decision.rule, ""));
	ward_answer(&ward, ATTEMPT_RESULT_DONE);
	ward.run++;
	ward_live(&ward, 60, 100 * MIB);
	cr_assert(eq(u32, ward.n_healed, 1));
	(void)judge_free(ward.judge);
}

Test(judge_orders, what_was_asked_is_forgotten_when_no_sample_comes_or_a_brake_came_between)
{
	struct ward ward = ward_admit();
	uint32_t unit = 0;

	ward_live(&ward, 120, 100 * MIB);
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	cr_assert(not(judge_lapsed(ward.judge, seen_ms(&ward) + JUDGE_ASKED_MS - 1, &unit)));
	ward.at_s += JUDGE_ASKED_MS / 1000;
	ward_live(&ward, 5, 100 * MIB);
	cr_assert(eq(u32, ward.n_decided, 0), "too late");
	cr_assert(judge_lapsed(ward.judge, seen_ms(&ward), &unit), "which is told");
	cr_assert(eq(u32, unit, ward.finding.verdict.unit));
	cr_assert(not(judge_lapsed(ward.judge, seen_ms(&ward), &unit)), "once");
	cr_assert(eq(int, ask_for_heal(&ward), WHY_ALLOWED));
	ward.status.flags |= UNIT_STOPPED_BY_HAND;
	ward.status.active = UNIT_ACTIVE_INACTIVE;
	ward_live(&ward, 1, 0);
	cr_assert(eq(u32, ward.n_allowed, 0));
	cr_assert(eq(u32, ward.n_decided, 1), "that nothing is done is on record");
	cr_assert(eq(int, ward.finding.decision.why, WHY_STOPPED_BY_HAND));
	cr_assert(not(judge_lapsed(ward.judge, seen_ms(&ward) + JUDGE_ASKED_MS, &unit)));
	ward.status = fixture_status("shop.service", ward.run);
	ward_live(&ward, 30, 100 * MIB);
	cr_assert(eq(u32, ward.n_allowed, 0), "and not done later");
	(void)judge_free(ward.judge);
}
