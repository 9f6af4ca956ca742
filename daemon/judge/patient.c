/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is known: units by their numbers; and what all experts find in one of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "judge/patient.h"

/* Numbers are given in order and never reused; a higher one was read from a damaged file. */
#define UNIT_NUMBER_MAX (1u << 20)

struct patient *patient_free(struct patient *patient)
{
	if (patient) {
		(void)learner_free(patient->learner);
		(void)cohort_leave(patient->cohort);
	}
	free(patient);
	return NULL;
}
static int make_room(struct judge *judge, uint32_t unit)
{
	size_t n = judge->n_slots ? judge->n_slots : 64;
	struct patient **slot;

	if (unit > UNIT_NUMBER_MAX)
		return -ERANGE;
	while (n <= unit)
		n *= 2;
	slot = reallocarray(judge->slot, n, sizeof(struct patient *));
	if (!slot)
		return -ENOMEM;
	memset(slot + judge->n_slots, 0, (n - judge->n_slots) * sizeof(struct patient *));
	judge->slot = slot;
	judge->n_slots = n;
	return 0;
}

struct patient *judge_find(struct judge *judge, uint32_t unit)
{
	return unit < judge->n_slots ? judge->slot[unit] : NULL;
}

int judge_meet(struct judge *judge, uint32_t unit, struct patient **ret)
{
	CLEANUP(patient_freep) struct patient *patient = NULL;
	int r;

	*ret = judge_find(judge, unit);
	if (*ret)
		return 0;
	if (unit >= judge->n_slots) {
		r = make_room(judge, unit);
		if (r < 0)
			return r;
	}
	patient = calloc(1, sizeof(*patient));
	if (!patient)
		return -ENOMEM;
	patient->unit = unit;
	patient->why = WHY_NOTHING_WANTED;
	r = learner_new(judge->seed ^ unit, judge->config.learn_s, &patient->learner);
	if (r < 0)
		return r;
	*ret = judge->slot[unit] = TAKE(patient);
	return 0;
}

static bool may_be_compared(const struct patient *patient, const struct unit_status *status)
{
	return status->active == UNIT_ACTIVE_ACTIVE &&
	       !(patient->smooth.flags & SAMPLE_DISTURBED) && learner_is_learnt(patient->learner);
}

void patient_look(struct patient *patient, const struct verdict_limits *limits,
		  const struct sample *sample, const struct unit_status *status, bool anew,
		  struct evidence *ret)
{
	uint32_t patience_s =
		verdict_notice_patience_s(learner_trust_s(patient->learner), limits->trust_s);

	hang_follow(&patient->hang, sample);
	learner_look(patient->learner, &patient->smooth, patience_s, ret);
	hang_tell(&patient->hang, ret);
	forecast_take(&patient->forecast, &patient->smooth, anew);
	forecast_tell(&patient->forecast, &patient->smooth, status, ret);
	if (patient->cohort)
		cohort_look(patient->cohort, &patient->smooth, may_be_compared(patient, status),
			    patience_s, ret);
}

void patient_know(struct patient *patient, const struct unit_status *status)
{
	(void)text_format(patient->name, sizeof(patient->name), "%s", status->name);
	patient->is_up =
		status->active == UNIT_ACTIVE_ACTIVE || status->active == UNIT_ACTIVE_RELOADING;
	/* Of one that was down before we looked, or that somebody stopped, nobody knows that it fell sick now. */
	patient->may_be_healed = policy_by_nature(status) == WHY_ALLOWED &&
				 !(status->flags & (UNIT_DOWN_BEFORE | UNIT_STOPPED_BY_HAND));
}

uint64_t patient_ignores(const struct unit_status *status)
{
	return terms_say(&status->terms, TERM_IGNORE) ? status->terms.ignore : 0;
}
