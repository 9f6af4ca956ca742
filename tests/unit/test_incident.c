/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One trouble, one thread. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/incident.h"
#include "tests/unit/assertion.h"

static struct verdict verdict_at(uint64_t at_s, enum health health, uint64_t since_s)
{
	struct verdict verdict = fixture_sick(SECONDS(at_s));

	verdict.health = health;
	verdict.since_ms = SECONDS(since_s);
	if (health != HEALTH_SICK)
		verdict.wants = ACTION_NONE;
	return verdict;
}

static enum incident_change follow(struct incident_memory *memory, uint64_t at_s,
				   enum health health, uint64_t since_s)
{
	static uint64_t next_id = 41;
	struct verdict verdict = verdict_at(at_s, health, since_s);

	return incident_follow(memory, &verdict, &next_id);
}

Test(incident, sickness_opens_at_once_and_takes_the_next_number)
{
	struct incident_memory memory = { 0 };

	cr_assert(eq(int, follow(&memory, 10, HEALTH_SICK, 10), INCIDENT_OPENED));
	cr_assert(eq(u64, memory.incident.id, 41));
	cr_assert(eq(str, memory.incident.rule, "memory-growth"));
	cr_assert(eq(int, follow(&memory, 11, HEALTH_SICK, 10), INCIDENT_SAME));
}

Test(incident, oddness_opens_only_when_it_lasts)
{
	struct incident_memory memory = { 0 };

	cr_assert(eq(int, follow(&memory, 10, HEALTH_UNUSUAL, 10), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 69, HEALTH_UNUSUAL, 10), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 70, HEALTH_UNUSUAL, 10), INCIDENT_OPENED));
	cr_assert(eq(int, follow(&memory, 71, HEALTH_SICK, 71), INCIDENT_GREW));
	cr_assert(eq(int, memory.incident.worst, HEALTH_SICK));
}

Test(incident, what_has_lasted_as_it_never_did_opens_at_once)
{
	struct incident_memory memory = { 0 };
	struct verdict verdict = verdict_at(10, HEALTH_UNUSUAL, 10);
	uint64_t next_id = 1;

	verdict.is_news = true;
	cr_assert(eq(int, incident_follow(&memory, &verdict, &next_id), INCIDENT_OPENED));
	cr_assert(eq(int, memory.incident.worst, HEALTH_UNUSUAL));
}

Test(incident, it_closes_after_a_minute_of_calm_and_not_for_a_flicker)
{
	struct incident_memory memory = { 0 };

	(void)follow(&memory, 10, HEALTH_SICK, 10);
	cr_assert(eq(int, follow(&memory, 20, HEALTH_HEALTHY, 20), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 60, HEALTH_SICK, 60), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 61, HEALTH_HEALTHY, 61), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 120, HEALTH_HEALTHY, 61), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 121, HEALTH_HEALTHY, 61), INCIDENT_CLOSED));
	cr_assert(eq(u64, memory.incident.closed_ms, SECONDS(121)));
}

Test(incident, while_an_attempt_runs_only_its_outcome_closes)
{
	struct incident_memory memory = { 0 };
	struct decision decision = { .why = WHY_ALLOWED };
	struct outcome outcome = { .result = OUTCOME_HEALED, .when_ms = SECONDS(300) };

	(void)follow(&memory, 10, HEALTH_SICK, 10);
	incident_decided(&memory, &decision);
	cr_assert(eq(u32, memory.incident.n_attempts, 1));
	cr_assert(eq(int, follow(&memory, 20, HEALTH_HEALTHY, 20), INCIDENT_SAME));
	cr_assert(eq(int, follow(&memory, 200, HEALTH_HEALTHY, 20), INCIDENT_SAME));
	cr_assert(incident_concluded(&memory, &outcome));
	cr_assert(not(memory.open));
	cr_assert(eq(u64, memory.incident.closed_ms, SECONDS(300)));
}

Test(incident, an_outcome_other_than_healed_leaves_it_open)
{
	static const enum outcome_result others[] = { OUTCOME_UNCHANGED, OUTCOME_WORSE,
						      OUTCOME_GONE,	 OUTCOME_JOB_FAILED,
						      OUTCOME_MOCKED,	 OUTCOME_UNKNOWN };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct incident_memory memory = { 0 };
		struct decision decision = { .why = WHY_ALLOWED };
		struct outcome outcome = { .result = others[i] };

		(void)follow(&memory, 10, HEALTH_SICK, 10);
		incident_decided(&memory, &decision);
		cr_assert(not(incident_concluded(&memory, &outcome)));
		cr_assert(memory.open);
		cr_assert(eq(int, memory.incident.outcome, others[i]));
	}
}

Test(incident, a_decision_that_was_not_recorded_holds_nothing_open)
{
	struct incident_memory memory = { 0 };
	struct decision decision = { .why = WHY_ALLOWED };

	(void)follow(&memory, 10, HEALTH_SICK, 10);
	incident_decided(&memory, &decision);
	incident_undecided(&memory);
	cr_assert(eq(int, memory.incident.why, WHY_CANNOT_RECORD));
	(void)follow(&memory, 20, HEALTH_HEALTHY, 20);
	cr_assert(eq(int, follow(&memory, 90, HEALTH_HEALTHY, 20), INCIDENT_CLOSED));
}

Test(incident, its_onset_is_where_the_oldest_evidence_begins)
{
	struct incident_memory memory = { 0 };
	struct verdict verdict = verdict_at(100, HEALTH_UNUSUAL, 100);
	uint64_t next_id = 1;

	verdict.is_news = true;
	verdict.lasted_s = 12;
	(void)incident_follow(&memory, &verdict, &next_id);
	cr_assert(eq(u64, memory.incident.onset_ms, SECONDS(88)));
	cr_assert(eq(u64, memory.incident.opened_wall_ms - memory.incident.onset_wall_ms,
		     SECONDS(12)));
	verdict = verdict_at(130, HEALTH_SICK, 130);
	verdict.held_s = 50;
	cr_assert(eq(int, incident_follow(&memory, &verdict, &next_id), INCIDENT_GREW));
	cr_assert(eq(u64, memory.incident.onset_ms, SECONDS(80)));
}

Test(incident, what_was_opened_by_order_has_no_onset)
{
	struct incident_memory memory = { 0 };
	struct verdict verdict = verdict_at(100, HEALTH_HEALTHY, 10);
	uint64_t next_id = 1;

	incident_begin(&memory, &verdict, &next_id);
	cr_assert(zero(u64, memory.incident.onset_ms));
}
