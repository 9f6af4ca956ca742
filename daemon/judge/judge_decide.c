/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a verdict to a decision: who asks, what holds it back, who is told. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "judge/patient.h"

/* Who else falls sick at the same time, as its cause or as one of many, is known so long after. */
#define TOGETHER_MS SECONDS(2)

/* ---- who asks ---------------------------------------------------------------------------- */

/* What somebody asked for: a restart, because of the rule that holds, or of nothing that was measured. */
static struct verdict asked_for(const struct verdict *verdict)
{
	struct verdict asked = *verdict;

	asked.flags |= SAMPLE_BY_HAND;
	asked.wants = ACTION_RESTART;
	if (asked.rule[0])
		return asked;
	asked.lead = METRIC_N;
	asked.lead_value = asked.lead_expected = NAN;
	return asked;
}

/* Once, and soon or not at all: what was asked a while ago may not be wanted any more. */
static bool take_order(struct judge *judge, struct patient *patient, struct verdict *verdict)
{
	if (verdict->when_ms >= patient->asked_until_ms)
		return false; /* where somebody had asked, judge_lapsed() tells it */
	patient->asked_until_ms = 0;
	*verdict = asked_for(verdict);
	if (!patient->incident.open) {
		incident_begin(&patient->incident, verdict, &judge->next_incident);
		patient_begin_incident(patient);
	}
	return true;
}

static struct policy_case case_of(struct judge *judge, const struct patient *patient,
				  uint64_t when_ms, bool can_record)
{
	return (struct policy_case) {
		.was_well = patient->was_well,
		.attempt_running = patient->verify.running,
		.theirs_until_ms = patient->theirs_until_ms,
		.can_record = can_record,
		.is_approved = when_ms < patient->approved_until_ms,
		.rung = patient->rung,
		.upstream = patient->upstream,
		.is_storm = storm_binds(judge_storm_of(judge, patient), patient->unit, when_ms),
	};
}

/* ---- who is told --------------------------------------------------------------------------- */

static void tell(struct patient *patient, enum occasion occasion)
{
	patient->tell_due |= (1u << occasion) & ~patient->told;
	patient->tell_incident = patient->incident.incident.id;
}

void judge_tell_outcome(struct patient *patient, const struct outcome *outcome)
{
	switch (outcome->result) {
	case OUTCOME_HEALED:
	case OUTCOME_RESTARTED:
		tell(patient, OCCASION_HEALED);
		break;
	case OUTCOME_MOCKED: /* nothing was done */
	case OUTCOME_UNKNOWN:
		break;
	default:
		tell(patient, patient->was_refused ? OCCASION_REFUSED : OCCASION_FAILED);
		break;
	}
}

static void tell_no(struct patient *patient, enum why why)
{
	switch (why) {
	case WHY_NOT_APPROVED:
		tell(patient, OCCASION_APPROVAL);
		break;
	case WHY_LADDER_ENDED:
		tell(patient, OCCASION_FAILED);
		break;
	case WHY_UNIT_BUDGET_SPENT:
	case WHY_HOST_BUDGET_SPENT:
	case WHY_DOWNTIME_SPENT:
	case WHY_STORM:
		tell(patient, OCCASION_REFUSED);
		break;
	default:
		break;
	}
}

/* A decision like any other, so that it is on record before anybody is called; but it disturbs nobody, so nothing
 * has to be proven and nothing is spent. */
static void call_people(struct judge *judge, struct patient *patient,
			const struct unit_status *status, bool can_record, struct finding *finding)
{
	const struct verdict *verdict = &finding->verdict;
	enum mode mode = config_mode(&judge->config, status);
	bool synthetic = (verdict->flags & SAMPLE_SYNTHETIC) != 0;
	enum way way = mode == MODE_MOCK || synthetic ? WAY_MOCK : WAY_SYSTEMD;

	if (!(patient->tell_due & judge->config.notify_on) || mode == MODE_OBSERVE ||
	    !judge->policy.can_act[way])
		patient->tell_due = 0;
	if (!patient->tell_due || !can_record)
		return; /* they are told when it can be recorded */
	patient->told |= patient->tell_due;
	patient->tell_due = 0;
	finding->decided = true;
	finding->decision = (struct decision) {
		.id = judge->next_decision++,
		.incident = patient->tell_incident,
		.unit = patient->unit,
		.flags = verdict->flags & SAMPLE_SYNTHETIC,
		.when_ms = verdict->when_ms,
		.wall_ms = verdict->wall_ms,
		.action = ACTION_NOTIFY,
		.why = WHY_ALLOWED,
		.way = way,
		.class = patient->incident.incident.class,
		.lead = METRIC_N,
		.lead_value = NAN,
		.lead_expected = NAN,
		.score = verdict->score,
		.rung = patient->rung,
	};
	memcpy(finding->decision.rule, patient->incident.incident.rule,
	       sizeof(finding->decision.rule));
	memcpy(finding->decision.invocation, status->invocation,
	       sizeof(finding->decision.invocation));
}

/* ---- the decision ---------------------------------------------------------------------------- */

void patient_begin_incident(struct patient *patient)
{
	patient->answered = 0;
	patient->rung = 0;
	patient->told = patient->tell_due = 0;
}

static void carry_out(struct judge *judge, struct patient *patient, const struct decision *decision,
		      bool on_fact, const struct unit_status *status,
		      const struct evidence *evidence)
{
	struct ledger_entry entry = policy_entry(decision, on_fact);

	if (decision->action == ACTION_NOTIFY) { /* a rung that cannot help, and has been taken */
		patient->rung = decision->rung + 1;
		patient->told |= 1u << OCCASION_FAILED;
		return;
	}
	verify_begin(&patient->verify, decision, rulebook_named(&judge->rulebook, decision->rule),
		     status, evidence);
	ledger_add(&judge->policy.ledger, &entry);
	storm_heals(judge_storm_of(judge, patient), patient->unit);
	patient->was_refused = false;
	patient->answered = 0;
	patient->ours_until_ms = decision->when_ms + PATIENT_THEIRS_MS;
	patient->spent_approval_ms = patient->approved_until_ms;
	patient->approved_until_ms = 0;
}

static bool is_worth_an_answer(const struct patient *patient, const struct decision *decision,
			       bool asked)
{
	if (decision->why == WHY_NOTHING_WANTED || decision->why == WHY_ATTEMPT_RUNNING ||
	    !patient->incident.open)
		return false;
	/* Each "no" is on record once an incident, however it alternates. */
	return decision->why == WHY_ALLOWED || asked ||
	       !(patient->answered & (UINT64_C(1) << decision->why));
}

static bool is_too_early(const struct patient *patient, const struct verdict *verdict)
{
	return verdict->wants != ACTION_NONE && patient->sick_since_ms != 0 &&
	       verdict->when_ms - patient->sick_since_ms < TOGETHER_MS &&
	       !(verdict->flags & SAMPLE_BY_HAND);
}

void judge_decide(struct judge *judge, struct patient *patient, const struct unit_status *status,
		  const struct evidence *evidence, bool can_record, struct finding *finding)
{
	struct verdict verdict = finding->verdict;
	bool asked = take_order(judge, patient, &verdict);
	struct policy_case circumstance = case_of(judge, patient, verdict.when_ms, can_record);
	struct decision decision;

	if (is_too_early(patient, &verdict))
		verdict.wants = ACTION_NONE;
	decision = policy_decide(&judge->policy, &verdict, status, &circumstance);
	patient->why = decision.why;
	if (!is_worth_an_answer(patient, &decision, asked)) {
		if (patient->tell_due)
			call_people(judge, patient, status, can_record, finding);
		return;
	}
	patient->answered |= UINT64_C(1) << decision.why;
	decision.id = judge->next_decision++;
	decision.incident = patient->incident.incident.id;
	judge_find_blast(judge, status, &decision);
	if (decision.action != ACTION_NOTIFY || decision.why != WHY_ALLOWED)
		incident_decided(&patient->incident, &decision);
	tell_no(patient, decision.why);
	finding->incident_changed = true;
	finding->decided = true;
	finding->decision = decision;
	if (decision.why == WHY_ALLOWED)
		carry_out(judge, patient, &decision, policy_is_fact(verdict.on_fact, verdict.class),
			  status, evidence);
}

/* ---- orders ------------------------------------------------------------------------------------ */

enum why judge_heal(struct judge *judge, const struct verdict *verdict,
		    const struct unit_status *status, bool can_record, enum way *ret_way)
{
	struct patient *patient = judge_find(judge, verdict->unit);
	struct verdict asked = asked_for(verdict);
	struct policy_case circumstance;
	struct decision decision;

	if (!patient)
		return WHY_GONE;
	circumstance = case_of(judge, patient, verdict->when_ms, can_record);
	decision = policy_decide(&judge->policy, &asked, status, &circumstance);
	if (decision.why != WHY_ALLOWED)
		return decision.why;
	patient->asked_until_ms = patient->seen_ms + JUDGE_ASKED_MS;
	*ret_way = decision.way;
	return WHY_ALLOWED;
}

bool judge_lapsed(struct judge *judge, uint64_t when_ms, uint32_t *ret_unit)
{
	for (size_t i = 0; i < judge->n_slots; i++) {
		struct patient *patient = judge->slot[i];

		if (!patient || !patient->asked_until_ms || when_ms < patient->asked_until_ms)
			continue;
		patient->asked_until_ms = 0;
		*ret_unit = patient->unit;
		return true;
	}
	return false;
}

int judge_approve(struct judge *judge, uint64_t incident)
{
	for (size_t i = 0; i < judge->n_slots; i++) {
		struct patient *patient = judge->slot[i];

		if (!patient || !patient->incident.open ||
		    patient->incident.incident.id != incident || patient->why != WHY_NOT_APPROVED)
			continue;
		patient->approved_until_ms = patient->seen_ms + JUDGE_APPROVED_MS;
		return 0;
	}
	return -ESRCH;
}

void judge_not_recorded(struct judge *judge, const struct decision *decision)
{
	struct patient *patient = judge_find(judge, decision->unit);

	if (!patient || decision->action == ACTION_NOTIFY)
		return;
	if (patient->verify.running) {
		ledger_take_back(&judge->policy.ledger, decision->id);
		patient->approved_until_ms = patient->spent_approval_ms;
	}
	patient->verify.running = false;
	incident_undecided(&patient->incident);
	patient->incident_is_stale = true;
}
