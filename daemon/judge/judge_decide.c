/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a verdict to a decision: who asks, what holds it back, who is told. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "judge/patient.h"
#include "judge/untouchable.h"

/* What depends on a unit that was sick has so long to get well by itself. */
#define RECOVERY_MS SECONDS(30)
/* Of one that is only suspected so far, this much time is given to become sick. */
#define SUSPECT_MS SECONDS(60)
/* A unit not sampled for so long counts for nothing. */
#define STALE_MS SECONDS(30)

/* ---- what it depends on -------------------------------------------------------------- */

struct downstream {
	const struct judge *judge;
	const struct patient *patient;
	uint64_t when_ms;
};

static bool is_troubled(const struct patient *server, const struct downstream *down)
{
	uint64_t since_ms = down->when_ms - down->patient->sick_since_ms;

	if (server->health == HEALTH_SICK || server->verify.running)
		return true;
	if (server->well_again_ms != 0 && down->when_ms - server->well_again_ms < RECOVERY_MS)
		return true;
	return server->health == HEALTH_UNUSUAL && server->has_rule && since_ms < SUSPECT_MS;
}

/* Of units that need one another, who fell sick first is the cause. */
static bool is_cause(const struct patient *server, const struct downstream *down)
{
	const struct patient *patient = down->patient;

	if (!graph_needs(&down->judge->graph, server->unit, patient->unit))
		return true;
	if (server->sick_since_ms != patient->sick_since_ms)
		return server->sick_since_ms != 0 &&
		       server->sick_since_ms < patient->sick_since_ms;
	return server->unit < patient->unit;
}

/* Everybody has a stream to the journal and to the bus: that alone makes no cause of them. */
static bool holds_back(uint32_t unit, bool by_stream, void *userdata)
{
	const struct downstream *down = userdata;
	const struct patient *server =
		unit < down->judge->n_slots ? down->judge->slot[unit] : NULL;

	if (!server || down->when_ms - server->seen_ms > STALE_MS ||
	    (by_stream && untouchable_by_name(server->name)))
		return false;
	return is_troubled(server, down) && is_cause(server, down);
}

static uint32_t sick_upstream(const struct judge *judge, const struct patient *patient,
			      uint64_t when_ms)
{
	struct downstream down = { .judge = judge, .patient = patient, .when_ms = when_ms };

	return graph_upstream(&judge->graph, patient->unit, holds_back, &down);
}

/* ---- storms ---------------------------------------------------------------------------- */

static struct storm *storm_of(struct judge *judge, const struct patient *patient)
{
	return &judge->storm[(patient->smooth.flags & SAMPLE_SYNTHETIC) != 0];
}

static size_t count_services(const struct judge *judge, const struct patient *patient)
{
	uint32_t kind = patient->smooth.flags & SAMPLE_SYNTHETIC;
	size_t n = 0;

	for (size_t i = 0; i < judge->n_slots; i++) {
		const struct patient *other = judge->slot[i];

		n += other && other->may_be_healed && other->is_up &&
		     (other->smooth.flags & SAMPLE_SYNTHETIC) == kind;
	}
	return n;
}

void judge_follow_sickness(struct judge *judge, struct patient *patient, struct finding *finding)
{
	const struct verdict *verdict = &finding->verdict;
	bool sick = verdict->health == HEALTH_SICK;
	bool counts;

	if (sick && patient->sick_since_ms == 0)
		patient->sick_since_ms = verdict->when_ms;
	if (!sick && patient->sick_since_ms != 0) {
		patient->sick_since_ms = 0;
		patient->well_again_ms = verdict->when_ms;
	}
	patient->health = verdict->health;
	patient->has_rule = verdict->rule[0] != '\0';
	patient->upstream = sick ? sick_upstream(judge, patient, verdict->when_ms) : 0;
	counts = sick && patient->may_be_healed && patient->upstream == 0;
	if (!storm_follow(storm_of(judge, patient), &judge->config.storm, patient->unit, counts,
			  verdict->when_ms, counts ? count_services(judge, patient) : 0))
		return;
	finding->storm = storm_of(judge, patient)->state == STORM_NONE ? STORM_NEWS_OVER
								       : STORM_NEWS_BEGAN;
	finding->n_sick = (uint32_t)storm_of(judge, patient)->n;
}

void judge_storm_concluded(struct judge *judge, struct patient *patient,
			   const struct outcome *outcome, struct finding *finding)
{
	if (storm_concluded(storm_of(judge, patient), patient->unit,
			    outcome->result == OUTCOME_HEALED, outcome->when_ms))
		finding->storm = STORM_NEWS_PROVEN;
}

/* ---- what else is disturbed -------------------------------------------------------------- */

static const struct patient *patient_named(const struct judge *judge, const char *name)
{
	for (size_t i = 0; i < judge->n_slots; i++)
		if (judge->slot[i] && strcmp(judge->slot[i]->name, name) == 0)
			return judge->slot[i];
	return NULL;
}

/* The next name of a list, from the front of *list; false: there is none. */
static bool next_name(const char **list, char ret[UNIT_NAME_SIZE])
{
	size_t length = strcspn(*list, " ");

	if (length == 0 || length >= UNIT_NAME_SIZE)
		return false;
	*(char *)mempcpy(ret, *list, length) = '\0';
	*list += length + ((*list)[length] == ' ');
	return true;
}

static void add_to_blast(struct decision *decision, const char *name)
{
	size_t length = strlen(decision->blast), more = strlen(name);

	if (length + more + 2 > sizeof(decision->blast))
		return;
	if (length > 0)
		decision->blast[length++] = ' ';
	memcpy(decision->blast + length, name, more + 1);
}

/* Those that are up now; what is down stays down. */
static void add_dependents(const struct judge *judge, const struct unit_status *status,
			   struct decision *decision)
{
	const char *list = status->dependents;
	char name[UNIT_NAME_SIZE];

	while (next_name(&list, name)) {
		const struct patient *patient = patient_named(judge, name);

		if (patient && patient->is_up)
			add_to_blast(decision, name);
	}
}

/* Of those that talk to it, who needs another one comes after that one. */
static void add_clients(const struct judge *judge, struct decision *decision)
{
	uint32_t client[16];
	size_t n = graph_clients(&judge->graph, decision->unit, client,
				 sizeof(client) / sizeof(client[0]));

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (graph_needs(&judge->graph, client[i], client[j]) &&
			    !graph_needs(&judge->graph, client[j], client[i])) {
				uint32_t first = client[j];

				client[j] = client[i];
				client[i] = first;
			}
	for (size_t i = 0; i < n; i++) {
		const struct patient *patient =
			client[i] < judge->n_slots ? judge->slot[client[i]] : NULL;

		if (patient && patient->is_up && patient->may_be_healed)
			add_to_blast(decision, patient->name);
	}
}

static void find_blast(const struct judge *judge, const struct unit_status *status,
		       struct decision *decision)
{
	if (decision->action != ACTION_RESTART && decision->action != ACTION_RESTART_DEPENDENTS)
		return;
	add_dependents(judge, status, decision);
	if (decision->action == ACTION_RESTART_DEPENDENTS)
		add_clients(judge, decision);
}

const char *judge_hurt_by(const struct judge *judge, const struct decision *decision)
{
	const char *list = decision->blast;
	char name[UNIT_NAME_SIZE];

	while (next_name(&list, name)) {
		const struct patient *patient = patient_named(judge, name);

		if (patient && !patient->is_up)
			return patient->name;
	}
	return NULL;
}

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
		.is_storm = storm_binds(storm_of(judge, patient), patient->unit, when_ms),
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

	if (!(patient->tell_due & judge->config.notify_on) || mode == MODE_OBSERVE || !can_record ||
	    !judge->policy.can_act[way]) {
		patient->tell_due = 0;
		return;
	}
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

static void carry_out(struct judge *judge, struct patient *patient,
		      const struct decision *decision, bool on_fact,
		      const struct unit_status *status, const struct evidence *evidence)
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
	storm_heals(storm_of(judge, patient), patient->unit);
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

void judge_decide(struct judge *judge, struct patient *patient, const struct unit_status *status,
		  const struct evidence *evidence, bool can_record, struct finding *finding)
{
	struct verdict verdict = finding->verdict;
	bool asked = take_order(judge, patient, &verdict);
	struct policy_case circumstance = case_of(judge, patient, verdict.when_ms, can_record);
	struct decision decision = policy_decide(&judge->policy, &verdict, status, &circumstance);

	patient->why = decision.why;
	if (!is_worth_an_answer(patient, &decision, asked)) {
		if (patient->tell_due)
			call_people(judge, patient, status, can_record, finding);
		return;
	}
	patient->answered |= UINT64_C(1) << decision.why;
	decision.id = judge->next_decision++;
	decision.incident = patient->incident.incident.id;
	find_blast(judge, status, &decision);
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
