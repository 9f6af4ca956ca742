/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wheel: each sample through evidence, verdict, incident, policy and proof. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "judge/evidence.h"
#include "judge/judge.h"
#include "judge/patient.h"

/* After a start caches are cold and a service is not itself: statistics are silent, and nothing is
 * learnt. Five minutes, or as long as learning takes where that is less. */
#define SETTLE_MOST_MS MINUTES(5)
/* Active and untroubled for so long: it was well. */
#define WELL_MS SECONDS(30)
/* What has been merely unusual for so long is the new normal, and is learnt. */
#define ADOPT_MS MINUTES(30)
/* Rates are smoothed like this each second: the kernel's pressure totals move in steps of 2 s. */
#define SMOOTH_KEEP 0.7
#define KEEP_LEAST  1e-6 /* what was before a night's sleep is forgotten in less than a minute */
/* Not sampled for so long: gone. */
#define ABSENT_MS MINUTES(10)
/* And for so long: what was learnt of it makes room. (It was kept when it was last saved.) */
#define FORGET_MS DAYS(1)
/* A floor of memory that has been rising for so long is not taught as normal, since a leak that is
 * learnt is never found; but caches fill as well, so not for longer than this. */
#define GROWING_S	60u
#define GROWING_MOST_MS HOURS(2)

int judge_new(const struct judge_setup *setup, struct judge **ret)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	judge->config = setup->config;
	judge->rulebook = *setup->rulebook;
	judge->seed = setup->seed;
	judge->next_incident = setup->next_incident;
	judge->next_decision = setup->next_decision;
	policy_init(&judge->policy, &setup->config);
	memcpy(judge->policy.can_act, setup->can_act, sizeof(judge->policy.can_act));
	*ret = judge;
	return 0;
}

struct judge *judge_free(struct judge *judge)
{
	if (!judge)
		return NULL;
	for (size_t i = 0; i < judge->n_slots; i++)
		(void)patient_free(judge->slot[i]);
	free(judge->slot);
	graph_clear(&judge->graph);
	free(judge);
	return NULL;
}

void judge_reconfigure(struct judge *judge, const struct config *config,
		       const struct rulebook *rulebook)
{
	judge->config = *config;
	policy_limits(&judge->policy, config);
	judge->rulebook = *rulebook;
	for (size_t i = 0; i < judge->n_slots; i++)
		if (judge->slot[i]) /* the rules' places may have changed: count anew */
			memset(&judge->slot[i]->verdict.standing, 0, sizeof(struct standing));
}

void judge_hold(struct judge *judge, const struct hold *hold)
{
	judge->policy.hold = hold;
}

void judge_surroundings(struct judge *judge, const struct surroundings *around)
{
	judge->policy.around = *around;
}

int judge_edges(struct judge *judge, const struct edge *edges, size_t n)
{
	return graph_set(&judge->graph, edges, n);
}

/* ---- what the unit is, before what it does -------------------------------- */

static void follow_identity(struct patient *patient, const struct unit_status *status)
{
	if (status->identity == 0)
		return;
	if (patient->identity != status->identity) {
		learner_forget(patient->learner); /* another binary or unit file: another unit */
		patient->was_well = false;
		patient->well_since_ms = 0;
	}
	patient->identity = status->identity;
}

static uint64_t settle_ms(const struct judge *judge)
{
	uint64_t learn_ms = SECONDS(judge->config.learn_s);

	return learn_ms < SETTLE_MOST_MS ? learn_ms : SETTLE_MOST_MS;
}

/* Returns true when this is another run of the unit than that of the sample before. */
static bool follow_invocation(const struct judge *judge, struct patient *patient,
			      const struct sample *sample, const struct unit_status *status)
{
	bool anew = patient->seen && unit_has_invocation(status) &&
		    memcmp(patient->invocation, status->invocation, INVOCATION_SIZE) != 0;

	if (!patient->seen || anew) {
		uint64_t began_ms = sample->when_ms;

		/* At our own start the unit may have been up for long. */
		if (!patient->seen && status->changed_ms != 0 && status->changed_ms < began_ms)
			began_ms = status->changed_ms;
		patient->quiet_until_ms = began_ms + settle_ms(judge);
		if (!patient->seen && status->changed_ms == 0)
			patient->quiet_until_ms = 0; /* nobody knows: it just is */
		memcpy(patient->invocation, status->invocation, INVOCATION_SIZE);
		patient->seen = true;
	}
	if (anew) { /* evidence of the old run is none against the new one */
		memset(&patient->verdict.standing, 0, sizeof(patient->verdict.standing));
		memset(&patient->hang, 0, sizeof(patient->hang));
	}
	return anew;
}

/* A new run in the middle of a trouble, or soon after a heal of ours, that neither we nor its Restart=
 * began: an administrator, or a second supervisor. Who heals the same unit would fight them. */
static void follow_others(struct patient *patient, bool anew, const struct sample *sample,
			  const struct unit_status *status)
{
	bool by_systemd = status->n_restarts > patient->n_restarts;
	bool in_trouble = patient->incident.open || patient->had_failed ||
			  sample->when_ms < patient->ours_until_ms;

	if (anew && !by_systemd && in_trouble && !patient->verify.running)
		patient->theirs_until_ms = sample->when_ms + PATIENT_THEIRS_MS;
	/* It is counted up before the new run is there: a sample in between must not take it in. */
	if (anew || !patient->is_counted)
		patient->n_restarts = status->n_restarts;
	patient->is_counted = true;
	patient->had_failed = status->active == UNIT_ACTIVE_FAILED;
}

static void smooth(struct patient *patient, const struct sample *sample, bool anew)
{
	struct sample before = patient->smooth;
	double keep = 1;

	patient->smooth = *sample;
	if (anew)
		return;
	for (uint64_t ms = 0; ms + 500 < sample->span_ms && keep > KEEP_LEAST; ms += 1000)
		keep *= SMOOTH_KEEP;
	for (uint32_t metric = 0; metric < METRIC_N; metric++)
		if (metric_table[metric].kind == METRIC_KIND_RATE && sample_has(&before, metric) &&
		    sample_has(sample, metric))
			patient->smooth.value[metric] =
				keep * before.value[metric] + (1 - keep) * sample->value[metric];
}

/* ---- what it comes to ------------------------------------------------------- */

static void follow_wellness(struct patient *patient, const struct verdict *verdict,
			    const struct unit_status *status)
{
	bool well = status->active == UNIT_ACTIVE_ACTIVE &&
		    (verdict->health == HEALTH_HEALTHY || verdict->health == HEALTH_LEARNING);

	if (!well) {
		patient->well_since_ms = 0;
		return;
	}
	if (patient->well_since_ms == 0)
		patient->well_since_ms = verdict->when_ms;
	if (verdict->when_ms - patient->well_since_ms >= WELL_MS)
		patient->was_well = true;
}

/* Is its memory climbing, and has not been for too long to be a leak? */
static bool is_growing(struct patient *patient, const struct evidence *evidence, uint64_t when_ms)
{
	if (evidence->rising_s[METRIC_RSS] < GROWING_S) {
		patient->growing_since_ms = 0;
		return false;
	}
	if (patient->growing_since_ms == 0)
		patient->growing_since_ms = when_ms;
	return learner_is_learnt(patient->learner) &&
	       when_ms - patient->growing_since_ms < GROWING_MOST_MS;
}

/* May what is unusual become the new normal? Not while a rule stands that would be acted on. */
static bool may_be_adopted(const struct judge *judge, const struct verdict *verdict,
			   const struct unit_status *status)
{
	bool acts = verdict->rule[0] &&
		    (config_heal_on(&judge->config, status) & (1u << verdict->class));

	return !acts && verdict->when_ms - verdict->since_ms >= ADOPT_MS;
}

static bool teaches(const struct judge *judge, struct patient *patient,
		    const struct verdict *verdict, const struct unit_status *status,
		    const struct evidence *evidence)
{
	if (is_growing(patient, evidence, verdict->when_ms))
		return false;
	if ((verdict->flags & SAMPLE_DISTURBED) || patient->verify.running)
		return false;
	if (status->active != UNIT_ACTIVE_ACTIVE && status->active != UNIT_ACTIVE_UNKNOWN)
		return false;
	switch (verdict->health) {
	case HEALTH_LEARNING:
	case HEALTH_HEALTHY:
		return true;
	case HEALTH_UNUSUAL:
		return may_be_adopted(judge, verdict, status);
	default:
		return false;
	}
}

/* What is left to try when that did not help; a mock heal cannot, and of one whose end nobody saw the same is
 * tried again. */
static void climb(struct patient *patient, const struct outcome *outcome)
{
	const struct decision *decision = &patient->verify.decision;

	if ((decision->flags & SAMPLE_BY_HAND) || outcome->result == OUTCOME_UNKNOWN)
		return;
	patient->rung = decision->rung + 1;
}

static void conclude(struct judge *judge, struct patient *patient, const struct unit_status *status,
		     const struct evidence *evidence, struct finding *finding)
{
	struct outcome *outcome = &finding->outcome;
	bool helped;

	if (!verify_reach(&patient->verify, &patient->smooth, status, evidence,
			  judge_hurt_by(judge, &patient->verify.decision), outcome))
		return;
	helped = outcome->result == OUTCOME_HEALED || outcome->result == OUTCOME_RESTARTED;
	finding->concluded = true;
	finding->incident_changed = true;
	climb(patient, outcome);
	ledger_conclude(&judge->policy.ledger, outcome->decision, outcome->result);
	judge_storm_concluded(judge, patient, outcome, finding);
	judge_tell_outcome(patient, outcome);
	(void)incident_concluded(&patient->incident, outcome);
	if (helped) {
		patient->rung = 0;
		patient->well_again_ms = outcome->when_ms;
	}
	if (outcome->result != OUTCOME_HEALED)
		return;
	memset(&patient->verdict, 0, sizeof(patient->verdict));
	learner_calm(patient->learner);
	finding->verdict.health = HEALTH_HEALTHY; /* just proven */
	finding->verdict.since_ms = finding->verdict.when_ms;
}

static void follow_incident(struct judge *judge, struct patient *patient, struct finding *finding)
{
	enum incident_change change =
		incident_follow(&patient->incident, &finding->verdict, &judge->next_incident);

	if (change == INCIDENT_OPENED)
		patient_begin_incident(patient);
	if (change == INCIDENT_OPENED || change == INCIDENT_CLOSED)
		patient->approved_until_ms = 0;
	finding->sick_began = change == INCIDENT_OPENED || change == INCIDENT_GREW;
	finding->incident_changed = change != INCIDENT_SAME || patient->incident_is_stale;
	patient->incident_is_stale = false;
}

int judge_take(struct judge *judge, const struct sample *sample, const struct unit_status *status,
	       bool can_record, struct finding *ret)
{
	const struct verdict_limits limits = {
		.trust_s = judge->config.trust_s,
		.heal_on = config_heal_on(&judge->config, status),
		.says_for = terms_say(&status->terms, TERM_FOR),
		.for_s = status->terms.for_s,
	};
	struct evidence evidence;
	struct patient *patient;
	bool anew;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = judge_meet(judge, sample->unit, &patient);
	if (r < 0)
		return r;
	if (!patient->seen) {
		r = cohort_join(&judge->cohorts, status, &patient->cohort);
		if (r < 0)
			return r;
	}
	patient->seen_ms = sample->when_ms;
	patient_know(patient, status);
	follow_identity(patient, status);
	anew = follow_invocation(judge, patient, sample, status);
	follow_others(patient, anew, sample, status);
	smooth(patient, sample, anew);
	patient->smooth.have &= ~patient_ignores(status);
	if (sample->when_ms < patient->quiet_until_ms || patient->verify.running)
		patient->smooth.flags |= SAMPLE_DISTURBED;

	patient_look(patient, &limits, sample, status, anew, &evidence);
	verdict_reach(&patient->verdict, &limits, &judge->rulebook, patient->learner,
		      &patient->smooth, status, &evidence, &ret->verdict);
	follow_wellness(patient, &ret->verdict, status);
	follow_incident(judge, patient, ret);
	conclude(judge, patient, status, &evidence, ret);
	judge_follow_sickness(judge, patient, ret);
	judge_decide(judge, patient, status, &evidence, can_record, ret);
	ret->why = patient->why;
	ret->incident = patient->incident.incident;
	if (!patient->incident.open && !ret->incident_changed)
		ret->incident.id = 0;
	if (!teaches(judge, patient, &ret->verdict, status, &evidence))
		return 0;
	return learner_teach(patient->learner, &patient->smooth);
}

void judge_attempt(struct judge *judge, const struct attempt *attempt)
{
	struct patient *patient = judge_find(judge, attempt->unit);

	if (!patient || !patient->verify.running ||
	    patient->verify.decision.id != attempt->decision || attempt->state != ATTEMPT_DONE)
		return;
	verify_attempt_ended(&patient->verify, attempt);
	patient->was_refused = attempt->result == ATTEMPT_RESULT_REFUSED;
	if (attempt->way != WAY_MOCK && attempt->ended_ms > attempt->started_ms)
		ledger_was_down(&judge->policy.ledger, attempt->decision,
				attempt->ended_ms - attempt->started_ms);
}

/* A unit that is not sampled any more: what is under way will never be proven. */
static void close_absent(struct patient *patient, uint64_t when_ms, uint64_t wall_ms,
			 struct finding *finding)
{
	*finding = (struct finding) { .verdict = { .unit = patient->unit,
						   .when_ms = when_ms,
						   .wall_ms = wall_ms,
						   .health = HEALTH_DOWN },
				      .incident_changed = true };
	if (patient->verify.running) {
		finding->concluded = true;
		verify_give_up(&patient->verify, when_ms, wall_ms, &finding->outcome);
		(void)incident_concluded(&patient->incident, &finding->outcome);
	}
	incident_close(&patient->incident, when_ms, wall_ms);
	finding->incident = patient->incident.incident;
}

bool judge_sweep(struct judge *judge, uint64_t when_ms, uint64_t wall_ms, struct finding *ret)
{
	for (size_t i = 0; i < judge->n_slots; i++) {
		struct patient *patient = judge->slot[i];

		if (!patient)
			continue;
		if (patient->seen_ms == 0) /* remembered, and not met yet: counted from now */
			patient->seen_ms = when_ms;
		if (patient->seen_ms > when_ms || when_ms - patient->seen_ms < ABSENT_MS)
			continue;
		if (!patient->incident.open) {
			if (when_ms - patient->seen_ms >= FORGET_MS)
				judge->slot[i] = patient_free(patient);
			continue;
		}
		close_absent(patient, when_ms, wall_ms, ret);
		return true;
	}
	return false;
}
