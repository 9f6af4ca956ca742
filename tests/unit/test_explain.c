/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What speaks of trouble, in the order of what it tells. */
#include <criterion/criterion.h>
#include <math.h>

#include "fixture.h"
#include "judge/explain.h"
#include "judge/hang.h"
#include "tests/unit/assertion.h"

/* 200M where 90M to 110M are normal, and a little of everything else. */
static struct evidence found(void)
{
	struct sample sample = fixture_sample(100000, 1, 200 * MIB);

	return fixture_evidence(&sample);
}

/* The metric lasts as it never did, so far above the 10 that are expected. */
static void note(struct evidence *evidence, enum metric metric, double excess)
{
	evidence->noted |= METRIC_BIT(metric);
	evidence->expected[metric] = 10;
	evidence->known[metric] = 12;
	evidence->excess[metric] = excess;
	evidence->value[metric] = 10 + excess;
	evidence->have |= METRIC_BIT(metric);
}

static struct verdict explained(const struct rule *rule, const struct evidence *evidence)
{
	struct verdict verdict = { .n_symptoms = 99 };

	explain_verdict(rule, evidence, &verdict);
	return verdict;
}

Test(explain, what_the_rule_needs_is_told_once_and_held_against_the_units_own_range)
{
	struct rule rule = fixture_memory_rule(); /* which needs rss twice */
	struct evidence evidence = found();
	struct verdict verdict = explained(&rule, &evidence);
	const struct symptom *symptom = &verdict.symptom[0];

	cr_assert(eq(u32, verdict.n_symptoms, 1));
	cr_assert(eq(int, symptom->expert, EXPERT_RULE));
	cr_assert(eq(u32, symptom->metric, METRIC_RSS));
	cr_assert(eq(flt, symptom->value, 200 * (float)MIB));
	cr_assert(eq(flt, symptom->expected, 100 * (float)MIB));
	cr_assert(eq(flt, symptom->low, 90 * (float)MIB));
	cr_assert(eq(flt, symptom->high, 110 * (float)MIB));
	cr_assert(isnan(symptom->left_s));
}

Test(explain, what_its_work_does_not_explain_is_held_against_its_work)
{
	struct rule rule = fixture_memory_rule();
	struct evidence evidence = found();
	struct verdict verdict;

	note(&evidence, METRIC_RSS, 30);
	verdict = explained(&rule, &evidence);
	cr_assert(eq(int, verdict.symptom[0].expert, EXPERT_WORK));
	cr_assert(eq(flt, verdict.symptom[0].expected, 10));
	cr_assert(eq(flt, verdict.symptom[0].high, 12));
	cr_assert(isnan(verdict.symptom[0].low), "its work says nothing of too little");
	evidence.growth[METRIC_RSS] = 30;
	cr_assert(eq(int, explained(&rule, &evidence).symptom[0].expert, EXPERT_GROWTH));
}

Test(explain, a_fact_about_the_unit_has_no_value)
{
	struct rule rule = fixture_failed_rule();
	struct evidence evidence = found();
	struct verdict verdict = explained(&rule, &evidence);

	cr_assert(eq(u32, verdict.n_symptoms, 1));
	cr_assert(eq(u32, verdict.symptom[0].metric, METRIC_N));
	cr_assert(isnan(verdict.symptom[0].value));
}

Test(explain, of_a_count_over_the_last_minutes_the_sum_is_told)
{
	struct rule rule = {
		.n_needs = 1,
		.need = { { ASPECT_RECENT, METRIC_RESTARTS, RELATION_AT_LEAST, 3 } },
	};
	struct evidence evidence = found();

	evidence.recent[METRIC_RESTARTS] = 4;
	cr_assert(eq(flt, explained(&rule, &evidence).symptom[0].value, 4));
}

Test(explain, a_value_that_was_not_read_is_not_told_as_zero)
{
	struct rule rule = {
		.n_needs = 1,
		.need = { { ASPECT_VALUE, METRIC_BACKLOG, RELATION_ABOVE, 3 } },
	};
	struct evidence evidence = found();

	cr_assert(isnan(explained(&rule, &evidence).symptom[0].value));
}

Test(explain, first_the_rule_then_what_is_noted_then_the_blame)
{
	static const uint32_t metrics[] = { METRIC_RSS, METRIC_CPU, METRIC_THREADS, METRIC_N,
					    METRIC_FORKS };
	static const enum expert experts[] = { EXPERT_RULE, EXPERT_WORK, EXPERT_WORK, EXPERT_FOREST,
					       EXPERT_FOREST };
	struct rule rule = fixture_memory_rule();
	struct evidence evidence = found();
	struct verdict verdict;

	note(&evidence, METRIC_THREADS, 20);
	note(&evidence, METRIC_CPU, 40);
	evidence.is_score_noted = true;
	evidence.share[METRIC_RSS] = 0.3f;
	evidence.share[METRIC_FORKS] = 0.6f;
	evidence.share[METRIC_EXITS] = 0.1f;
	evidence.have_normal = METRIC_BIT(METRIC_RSS) | METRIC_BIT(METRIC_CPU) |
			       METRIC_BIT(METRIC_THREADS); /* so an even part is a third */
	verdict = explained(&rule, &evidence);
	cr_assert(eq(u32, verdict.n_symptoms, 5));
	for (size_t i = 0; i < 5; i++) {
		cr_assert(eq(u32, verdict.symptom[i].metric, metrics[i]), "%zu", i);
		cr_assert(eq(int, verdict.symptom[i].expert, experts[i]), "%zu", i);
	}
	cr_assert(eq(flt, verdict.symptom[0].share, 0.3f), "whoever speaks of it");
	cr_assert(eq(flt, verdict.symptom[3].value, evidence.score));
	cr_assert(eq(flt, verdict.symptom[3].high, evidence.threshold));
}

Test(explain, a_hang_is_told_with_its_seconds)
{
	struct evidence evidence = found();
	struct verdict verdict;

	evidence.still_s = HANG_ODD_S + 1;
	evidence.backlog_waiting_s = HANG_ODD_S;
	evidence.value[METRIC_BACKLOG] = 5;
	evidence.have |= METRIC_BIT(METRIC_BACKLOG);
	evidence.have_normal |= METRIC_BIT(METRIC_BACKLOG);
	verdict = explained(NULL, &evidence);
	cr_assert(eq(int, verdict.symptom[0].expert, EXPERT_HANG));
	cr_assert(eq(flt, verdict.symptom[0].value, HANG_ODD_S + 1));
}

Test(explain, there_are_never_more_than_there_is_room_for)
{
	struct evidence evidence = found();
	struct verdict verdict;

	for (enum metric metric = 0; metric < METRIC_N; metric++)
		note(&evidence, metric, 10 + metric);
	verdict = explained(NULL, &evidence);
	cr_assert(eq(u32, verdict.n_symptoms, VERDICT_SYMPTOMS));
}

Test(explain, nothing_is_told_of_an_ordinary_sample)
{
	struct evidence evidence = found();

	cr_assert(zero(u32, explained(NULL, &evidence).n_symptoms));
}

Test(explain, how_rare_it_is_is_told_as_far_as_it_is_known)
{
	static const struct {
		float rare_h;
		bool unseen;
		const char *told;
	} cases[] = {
		{ NAN, false, "" },
		{ 0, true, "" },
		{ 40, false, "seen once in 40 h of its health" },
		{ 12, true, "never before in 12 h of its health" },
		{ 0.5f, false, "seen once in 30min of its health" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct symptom symptom = { .rare_h = cases[i].rare_h, .unseen = cases[i].unseen };

		cr_assert(eq(str, explain_rarity(text, sizeof(text), &symptom),
			     (char *)cases[i].told));
	}
}

Test(explain, the_rarest_is_chosen_among_those_whose_rarity_is_known)
{
	struct verdict verdict = { .n_symptoms = 3 };

	verdict.symptom[0].rare_h = verdict.symptom[1].rare_h = verdict.symptom[2].rare_h = NAN;
	cr_assert(eq(ptr, (void *)explain_rarest(&verdict), NULL));
	verdict.symptom[1].rare_h = 3;
	verdict.symptom[2].rare_h = 2;
	cr_assert(eq(ptr, (void *)explain_rarest(&verdict), &verdict.symptom[1]));
}
