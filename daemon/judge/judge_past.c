/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Across a restart: what is remembered before the first sample, and what is worth keeping. */
#include <errno.h>

#include "judge/patient.h"

void judge_remember_attempt(struct judge *judge, const struct past_attempt *past)
{
	const struct decision *decision = &past->decision;
	/* Of a rule that is there no more nobody knows what it spoke of: it may have been statistics. */
	const struct rule *rule = rulebook_named(&judge->rulebook, decision->rule);
	struct ledger_entry entry =
		policy_entry(decision, rule && policy_is_fact(rule_is_on_fact(rule), rule->class));

	entry.when_ms = 0; /* by the clock of another boot, for all that is known */
	entry.result = past->result;
	entry.down_ms = past->down_ms;
	ledger_add(&judge->policy.ledger, &entry);
}

void judge_ledger_lost(struct judge *judge, uint64_t until_wall_ms)
{
	judge->policy.distrust_until_ms = until_wall_ms;
}

int judge_remember_unit(struct judge *judge, uint32_t unit, uint64_t identity, bool was_well,
			const uint8_t *bytes, size_t size)
{
	struct learner *learner;
	struct patient *patient;
	int r;

	r = learner_load(bytes, size, judge->seed ^ unit, judge->config.learn_s, &learner);
	if (r < 0)
		return r;
	r = judge_meet(judge, unit, &patient);
	if (r < 0) {
		(void)learner_free(learner);
		return r;
	}
	(void)learner_free(patient->learner);
	patient->learner = learner;
	patient->identity = identity;
	patient->was_well = patient->told_well = was_well;
	patient->told_generation = learner_generation(learner);
	return 0;
}

int judge_lesson(struct judge *judge, uint32_t unit, struct judge_lesson *ret)
{
	struct patient *patient = judge_find(judge, unit);
	struct judge_lesson lesson;
	int r;

	if (!patient || learner_age_s(patient->learner) == 0 ||
	    (learner_generation(patient->learner) == patient->told_generation &&
	     patient->was_well == patient->told_well))
		return -ENODATA;
	lesson = (struct judge_lesson) {
		.unit = unit,
		.identity = patient->identity,
		.was_well = patient->was_well,
		.age_s = learner_age_s(patient->learner),
	};
	r = learner_save(patient->learner, &lesson.bytes, &lesson.size);
	if (r < 0)
		return r;
	patient->told_generation = learner_generation(patient->learner);
	patient->told_well = patient->was_well;
	*ret = lesson;
	return 0;
}

uint64_t judge_age_s(const struct judge *judge, uint32_t unit)
{
	if (unit >= judge->n_slots || !judge->slot[unit])
		return 0;
	return learner_age_s(judge->slot[unit]->learner);
}

uint32_t judge_cpu_wait_s(const struct judge *judge, uint32_t unit)
{
	if (unit >= judge->n_slots || !judge->slot[unit])
		return 0;
	return learner_cpu_wait_s(judge->slot[unit]->learner);
}
