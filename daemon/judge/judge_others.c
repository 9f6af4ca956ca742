/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one unit's trouble has to do with others: causes, storms, and who is disturbed with it. */
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
		return server->sick_since_ms != 0 && server->sick_since_ms < patient->sick_since_ms;
	return server->unit < patient->unit;
}

/* Everybody has a stream to the journal and to the bus: that alone makes no cause of them. */
static bool holds_back(uint32_t unit, bool by_stream, void *userdata)
{
	const struct downstream *down = userdata;
	const struct patient *server = unit < down->judge->n_slots ? down->judge->slot[unit] : NULL;

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

struct storm *judge_storm_of(struct judge *judge, const struct patient *patient)
{
	return &judge->storm[(patient->smooth.flags & SAMPLE_SYNTHETIC) != 0];
}

static size_t count_services(const struct judge *judge, const struct patient *patient)
{
	uint32_t kind = patient->smooth.flags & SAMPLE_SYNTHETIC;
	size_t n = 0;

	for (size_t i = 0; i < judge->n_slots; i++) {
		const struct patient *other = judge->slot[i];

		n += other && other->may_be_healed && (other->is_up || other->sick_since_ms) &&
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
	if (!storm_follow(judge_storm_of(judge, patient), &judge->config.storm, patient->unit,
			  counts, verdict->when_ms, counts ? count_services(judge, patient) : 0))
		return;
	finding->storm = judge_storm_of(judge, patient)->state == STORM_NONE ? STORM_NEWS_OVER
									     : STORM_NEWS_BEGAN;
	finding->n_sick = (uint32_t)judge_storm_of(judge, patient)->n;
}

void judge_storm_concluded(struct judge *judge, struct patient *patient,
			   const struct outcome *outcome, struct finding *finding)
{
	if (storm_concluded(judge_storm_of(judge, patient), patient->unit,
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

void judge_find_blast(const struct judge *judge, const struct unit_status *status,
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
