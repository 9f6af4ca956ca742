/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From evidence and its duration to a verdict. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/verdict.h"
#include "tests/unit/assertion.h"

/* One unit under one rule; learnt if it was taught for ten minutes. */
struct bench {
	struct verdict_memory memory;
	struct verdict_limits limits;
	struct rulebook rulebook;
	struct learner *learner;
	struct unit_status status;
	uint32_t flags;
};

static struct bench make(const struct rule *rule, bool learnt)
{
	struct bench bench = {
		.limits = { .trust_s = 0, .heal_on = fixture_config().heal_on },
		.rulebook = { .n = 1, .rule = { *rule } },
		.status = fixture_status("shop.service", 1),
	};

	cr_assert(zero(int, learner_new(1, 30, &bench.learner)));
	for (uint64_t at_s = 1; learnt && at_s <= 60; at_s++) {
		struct sample sample =
			fixture_sample(SECONDS(at_s), 1, (98 + (double)(at_s % 5)) * MIB);

		cr_assert(zero(int, learner_teach(bench.learner, &sample)));
	}
	return bench;
}

static struct verdict reach(struct bench *bench, uint64_t at_s, double rss)
{
	struct sample sample = fixture_sample(SECONDS(at_s), 1, rss);
	struct evidence evidence = fixture_evidence(&sample);
	struct verdict verdict;

	sample.flags = bench->flags;
	verdict_reach(&bench->memory, &bench->limits, &bench->rulebook, bench->learner, &sample,
		      &bench->status, &evidence, &verdict);
	return verdict;
}

Test(verdict, a_rule_must_stand_for_its_time_before_the_unit_is_sick)
{
	struct rule rule = fixture_memory_rule();
	struct bench bench = make(&rule, true);
	struct verdict verdict;

	for (uint64_t at_s = 100; at_s < 120; at_s++) {
		verdict = reach(&bench, at_s, 200 * MIB);
		cr_assert(eq(int, verdict.health, HEALTH_UNUSUAL), "second %u", (unsigned)at_s);
		cr_assert(eq(int, verdict.wants, ACTION_NONE));
	}
	verdict = reach(&bench, 120, 200 * MIB);
	cr_assert(eq(int, verdict.health, HEALTH_SICK));
	cr_assert(eq(int, verdict.wants, ACTION_RESTART));
	cr_assert(eq(str, verdict.rule, "memory-growth"));
	cr_assert(eq(u32, verdict.lead, METRIC_RSS));
	cr_assert(eq(u32, verdict.held_s, 20));
	(void)learner_free(bench.learner);
}

Test(verdict, statistics_never_speak_of_a_unit_that_is_being_learnt)
{
	struct rule rule = fixture_memory_rule();
	struct bench bench = make(&rule, false);

	for (uint64_t at_s = 100; at_s < 200; at_s++)
		cr_assert(eq(int, reach(&bench, at_s, 900 * MIB).health, HEALTH_LEARNING));
	(void)learner_free(bench.learner);
}

Test(verdict, facts_speak_of_a_unit_that_is_being_learnt)
{
	struct rule rule = fixture_failed_rule();
	struct bench bench = make(&rule, false);

	bench.status.active = UNIT_ACTIVE_FAILED;
	cr_assert(eq(int, reach(&bench, 100, 0).health, HEALTH_UNUSUAL));
	cr_assert(eq(int, reach(&bench, 103, 0).wants, ACTION_NONE));
	cr_assert(eq(int, reach(&bench, 105, 0).health, HEALTH_SICK));
	(void)learner_free(bench.learner);
}

Test(verdict, a_young_model_asks_for_more_patience)
{
	cr_assert(eq(u32, verdict_patience_s(20, 0, 86400), 20 + 1800));
	cr_assert(eq(u32, verdict_patience_s(20, 43200, 86400), 20 + 900));
	cr_assert(eq(u32, verdict_patience_s(20, 86400, 86400), 20));
	cr_assert(eq(u32, verdict_patience_s(20, 900000, 86400), 20));
}

Test(verdict, what_lasts_as_it_never_did_is_unusual_at_once_and_named)
{
	struct rule rule = fixture_failed_rule();
	struct bench bench = make(&rule, true);
	struct sample sample = fixture_sample(SECONDS(100), 1, 100 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct verdict verdict;

	evidence.noted = METRIC_BIT(METRIC_RSS) | METRIC_BIT(METRIC_CPU);
	evidence.excess[METRIC_RSS] = 10 * MIB;
	evidence.expected[METRIC_RSS] = 90 * MIB;
	evidence.excess[METRIC_CPU] = 1;
	evidence.expected[METRIC_CPU] = 0.5;
	verdict_reach(&bench.memory, &bench.limits, &bench.rulebook, bench.learner, &sample,
		      &bench.status, &evidence, &verdict);
	cr_assert(eq(int, verdict.health, HEALTH_UNUSUAL));
	cr_assert(verdict.is_news);
	cr_assert(eq(u32, verdict.lead, METRIC_CPU),
		  "three times what is expected, not a tenth more");
	cr_assert(eq(dbl, verdict.lead_expected, 0.5));
	sample.flags = SAMPLE_DISTURBED;
	verdict_reach(&bench.memory, &bench.limits, &bench.rulebook, bench.learner, &sample,
		      &bench.status, &evidence, &verdict);
	cr_assert(not(verdict.is_news));
	(void)learner_free(bench.learner);
}

Test(verdict, what_speaks_of_trouble_is_told_and_of_health_nothing_is)
{
	struct rule rule = fixture_memory_rule();
	struct bench bench = make(&rule, true);
	struct verdict verdict = reach(&bench, 100, 200 * MIB);

	cr_assert(eq(u32, verdict.n_symptoms, 1));
	cr_assert(eq(u32, verdict.symptom[0].metric, verdict.lead));
	cr_assert(zero(u32, reach(&bench, 200, 100 * MIB).n_symptoms));
	(void)learner_free(bench.learner);
}

Test(verdict, a_young_model_notes_later_too)
{
	cr_assert(eq(u32, verdict_notice_patience_s(0, 86400), 180));
	cr_assert(zero(u32, verdict_notice_patience_s(86400, 86400)));
}

Test(verdict, cpu_that_hurts_nobody_is_unusual_unless_somebody_opted_in)
{
	struct rule rule = fixture_memory_rule();
	struct bench bench;

	rule.class = FAULT_CLASS_CPU;
	bench = make(&rule, true);
	(void)reach(&bench, 100, 200 * MIB);
	for (uint64_t at_s = 101; at_s < 130; at_s++)
		cr_assert(eq(int, reach(&bench, at_s, 200 * MIB).health, HEALTH_UNUSUAL));
	bench.limits.heal_on |= 1u << FAULT_CLASS_CPU;
	cr_assert(eq(int, reach(&bench, 130, 200 * MIB).health, HEALTH_SICK));
	(void)learner_free(bench.learner);
}

Test(verdict, what_is_not_one_service_is_noted_and_never_sick_by_statistics)
{
	static const enum unit_kind kinds[] = { UNIT_KIND_SCOPE, UNIT_KIND_SHARED, UNIT_KIND_CGROUP,
						UNIT_KIND_TREE, UNIT_KIND_HOST };
	struct rule rule = fixture_memory_rule();

	for (size_t i = 0; i <= sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct bench bench = make(&rule, true);

		if (i < sizeof(kinds) / sizeof(kinds[0]))
			bench.status.kind = kinds[i];
		else
			bench.status = fixture_status("user@1000.service", 1);
		(void)reach(&bench, 100, 200 * MIB);
		for (uint64_t at_s = 101; at_s < 160; at_s++)
			cr_assert(eq(int, reach(&bench, at_s, 200 * MIB).health, HEALTH_UNUSUAL));
		(void)learner_free(bench.learner);
	}
}

Test(verdict, a_rule_on_what_is_left_tells_the_limit_and_when_it_is_met)
{
	struct rule rule = { .name = "memory-limit",
			     .class = FAULT_CLASS_MEMORY,
			     .action = ACTION_RESTART,
			     .n_needs = 1,
			     .need = { { ASPECT_LEFT_S, METRIC_RSS, RELATION_BELOW, 900 } } };
	struct bench bench = make(&rule, true);
	struct sample sample = fixture_sample(SECONDS(100), 1, 200 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct verdict verdict;

	evidence.have_left = METRIC_BIT(METRIC_RSS);
	evidence.limit[METRIC_RSS] = 256 * MIB;
	evidence.left_soonest_s[METRIC_RSS] = 300;
	evidence.left_latest_s[METRIC_RSS] = 800;
	verdict_reach(&bench.memory, &bench.limits, &bench.rulebook, bench.learner, &sample,
		      &bench.status, &evidence, &verdict);
	cr_assert(eq(int, verdict.health, HEALTH_SICK));
	cr_assert(eq(dbl, verdict.lead_limit, 256 * MIB));
	cr_assert(eq(dbl, verdict.left_soonest_s, 300));
	cr_assert(eq(dbl, verdict.left_latest_s, 800));

	/* What another rule speaks of has a limit too, but that is not what it is about. */
	bench.rulebook.rule[0].need[0] =
		(struct need) { ASPECT_VALUE, METRIC_RSS, RELATION_ABOVE, 0 };
	verdict_reach(&bench.memory, &bench.limits, &bench.rulebook, bench.learner, &sample,
		      &bench.status, &evidence, &verdict);
	cr_assert(zero(dbl, verdict.lead_limit));
	(void)learner_free(bench.learner);
}

Test(verdict, silence_after_a_restart_is_not_health)
{
	struct rule rule = fixture_memory_rule();
	struct bench bench = make(&rule, true);

	for (uint64_t at_s = 100; at_s <= 121; at_s++)
		(void)reach(&bench, at_s, 200 * MIB);
	bench.flags = SAMPLE_DISTURBED;
	cr_assert(eq(int, reach(&bench, 140, 100 * MIB).health, HEALTH_SICK));
	bench.flags = 0;
	cr_assert(eq(int, reach(&bench, 150, 100 * MIB).health, HEALTH_HEALTHY), "it speaks again");
	(void)learner_free(bench.learner);
}

Test(verdict, a_stopped_unit_is_down_and_not_sick)
{
	struct rule rule = fixture_memory_rule();
	struct bench bench = make(&rule, true);

	bench.status.active = UNIT_ACTIVE_INACTIVE;
	for (uint64_t at_s = 100; at_s < 200; at_s++)
		cr_assert(eq(int, reach(&bench, at_s, 900 * MIB).health, HEALTH_DOWN));
	(void)learner_free(bench.learner);
}
