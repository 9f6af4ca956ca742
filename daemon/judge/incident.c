/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, follows and closes the thread through one trouble. */
#include <string.h>

#include "base/clock.h"
#include "judge/incident.h"

/* Unusual alone is worth a thread only when it lasts. */
#define UNUSUAL_MS (uint64_t)60000

static bool is_trouble(const struct verdict *verdict)
{
	if (verdict->health == HEALTH_SICK)
		return true;
	return verdict->health == HEALTH_UNUSUAL &&
	       (verdict->wants != ACTION_NONE || verdict->is_news ||
		verdict->when_ms - verdict->since_ms >= UNUSUAL_MS);
}

/* When the oldest evidence began. Of what was opened by order, with nothing wrong, there is none. */
static void find_onset(struct incident *incident, const struct verdict *verdict)
{
	uint64_t held_ms = verdict->rule[0] ? SECONDS(verdict->held_s) : 0;
	uint64_t since_ms = verdict->when_ms - verdict->since_ms;
	uint64_t ago_ms = SECONDS(verdict->lasted_s);

	if (verdict->health != HEALTH_UNUSUAL && verdict->health != HEALTH_SICK)
		return;
	if (ago_ms < held_ms)
		ago_ms = held_ms;
	if (ago_ms < since_ms)
		ago_ms = since_ms;
	if (incident->onset_ms != 0 && verdict->when_ms - ago_ms >= incident->onset_ms)
		return;
	incident->onset_ms = verdict->when_ms - ago_ms;
	incident->onset_wall_ms = verdict->wall_ms - ago_ms;
}

static void take_evidence(struct incident *incident, const struct verdict *verdict)
{
	find_onset(incident, verdict);
	incident->worst = verdict->health;
	incident->score = verdict->score;
	incident->class = verdict->class;
	memcpy(incident->rule, verdict->rule, sizeof(incident->rule));
	incident->lead = verdict->lead;
	incident->lead_value = verdict->lead_value;
	incident->lead_expected = verdict->lead_expected;
}

static void open_incident(struct incident_memory *memory, const struct verdict *verdict,
			  uint64_t *next_id)
{
	memset(memory, 0, sizeof(*memory));
	memory->open = true;
	memory->incident.id = (*next_id)++;
	memory->incident.unit = verdict->unit;
	memory->incident.flags = verdict->flags & (SAMPLE_SYNTHETIC | SAMPLE_BY_HAND);
	memory->incident.opened_ms = verdict->when_ms;
	memory->incident.opened_wall_ms = verdict->wall_ms;
	memory->incident.why = WHY_NOTHING_WANTED;
	take_evidence(&memory->incident, verdict);
}

void incident_close(struct incident_memory *memory, uint64_t when_ms, uint64_t wall_ms)
{
	memory->open = false;
	memory->incident.closed_ms = when_ms;
	memory->incident.closed_wall_ms = wall_ms;
}

/* Another rule, or a graver health, is worth a row; a value that creeps on is not. */
static enum incident_change grow(struct incident_memory *memory, const struct verdict *verdict)
{
	struct incident *incident = &memory->incident;
	bool graver = verdict->health == HEALTH_SICK && incident->worst != HEALTH_SICK;

	memory->calm_since_ms = 0;
	if (verdict->score > incident->score)
		incident->score = verdict->score;
	if (!graver)
		return INCIDENT_SAME;
	take_evidence(incident, verdict);
	return INCIDENT_GREW;
}

enum incident_change incident_follow(struct incident_memory *memory, const struct verdict *verdict,
				     uint64_t *next_id)
{
	if (!memory->open) {
		if (!is_trouble(verdict))
			return INCIDENT_SAME;
		open_incident(memory, verdict, next_id);
		return INCIDENT_OPENED;
	}
	if (memory->busy)
		return INCIDENT_SAME; /* what comes now is judged by verify, not by calm */
	if (is_trouble(verdict))
		return grow(memory, verdict);
	if (verdict->health == HEALTH_UNKNOWN)
		return INCIDENT_SAME; /* nothing was read: neither trouble nor calm */
	if (memory->calm_since_ms == 0)
		memory->calm_since_ms = verdict->when_ms;
	if (verdict->when_ms - memory->calm_since_ms < INCIDENT_CALM_MS)
		return INCIDENT_SAME;
	incident_close(memory, verdict->when_ms, verdict->wall_ms);
	return INCIDENT_CLOSED;
}

void incident_begin(struct incident_memory *memory, const struct verdict *verdict,
		    uint64_t *next_id)
{
	open_incident(memory, verdict, next_id);
}

void incident_decided(struct incident_memory *memory, const struct decision *decision)
{
	memory->incident.why = decision->why;
	if (decision->why != WHY_ALLOWED)
		return;
	memory->incident.n_attempts++;
	memory->busy = true;
}

void incident_undecided(struct incident_memory *memory)
{
	memory->busy = false;
	if (memory->incident.n_attempts > 0)
		memory->incident.n_attempts--;
	memory->incident.why = WHY_CANNOT_RECORD;
}

bool incident_concluded(struct incident_memory *memory, const struct outcome *outcome)
{
	memory->busy = false;
	memory->calm_since_ms = 0;
	memory->incident.outcome = outcome->result;
	if (outcome->result != OUTCOME_HEALED && outcome->result != OUTCOME_RESTARTED)
		return false;
	incident_close(memory, outcome->when_ms, outcome->wall_ms);
	return true;
}
