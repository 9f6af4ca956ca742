/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Steps 4 to 8, 11 and 12 of the path of a fact for all units: what a sample
 * means, what is to be done, whether it helped. The live daemon, a simulated day
 * and a replay all turn this same wheel. Pure: no clock, no file, no bus.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "judge/policy.h"
#include "judge/rulebook.h"
#include "record/edge.h"
#include "record/record.h"

struct judge;

struct judge_setup {
	struct config config;
	const struct rulebook *rulebook; /* copied */
	uint64_t seed;
	uint64_t next_incident, next_decision; /* ids to go on from */
	bool can_act[WAY_N];
};
int judge_new(const struct judge_setup *setup, struct judge **ret);
struct judge *judge_free(struct judge *judge);
DEFINE_CLEANUP(struct judge *, judge_free)

/* New configuration and rules; what is learnt, and what is under way, stays. */
void judge_reconfigure(struct judge *judge, const struct config *config,
		       const struct rulebook *rulebook);

/* Whom people have paused, from now on; borrowed for the judge's life. */
void judge_hold(struct judge *judge, const struct hold *hold);

/* What goes on around the units, from now on. */
void judge_surroundings(struct judge *judge, const struct surroundings *around);
/* All edges that are known now, by which a sick unit is told from those that are so for its sake. -ENOMEM. */
int judge_edges(struct judge *judge, const struct edge *edges, size_t n);

/* News of the storm brake: storm.h. */
enum storm_news { STORM_NEWS_NONE, STORM_NEWS_BEGAN, STORM_NEWS_OVER, STORM_NEWS_PROVEN };

/* What one sample led to. Each bool says whether the record beside it is news that must be kept. */
struct finding {
	struct verdict verdict;
	enum why why; /* the policy's standing answer; WHY_NOTHING_WANTED while nothing is */
	bool sick_began;
	bool incident_changed;
	struct incident incident;
	bool decided; /* a new answer; it is to be carried out if why is WHY_ALLOWED */
	struct decision decision;
	bool concluded;
	struct outcome outcome;
	enum storm_news storm;
	uint32_t n_sick; /* with the news: so many are, by themselves */
};
/* -ENOMEM; -ERANGE: a unit's number beyond all reason. */
int judge_take(struct judge *judge, const struct sample *sample, const struct unit_status *status,
	       bool can_record, struct finding *ret);

/* Somebody agrees to what a unit with Mode=approve waits for: for JUDGE_APPROVED_MS, and once, it may be
 * done, if the evidence still stands then and nothing else is in the way. -ESRCH: no open incident of
 * that number waits for that. */
#define JUDGE_APPROVED_MS UINT64_C(900000)
int judge_approve(struct judge *judge, uint64_t incident);

/* Somebody asks for a heal, of a unit whose newest verdict and status these are. WHY_ALLOWED: it is
 * decided at the unit's next sample, through the same brakes as any other but those that policy_decide() says, if
 * that sample comes within JUDGE_ASKED_MS; its incident, decision and outcome are marked BY_HAND. Any other
 * answer is why not, and nothing was changed by asking. */
#define JUDGE_ASKED_MS UINT64_C(10000)
enum why judge_heal(struct judge *judge, const struct verdict *verdict,
		    const struct unit_status *status, bool can_record, enum way *ret_way);
/* What was asked for came to nothing, since no sample came in time: one a call, true while there is one. */
bool judge_lapsed(struct judge *judge, uint64_t when_ms, uint32_t *ret_unit);

/* The healer's word: an attempt changed its state. */
void judge_attempt(struct judge *judge, const struct attempt *attempt);
/* The record of a decision came too late or failed: nothing is under way after all. */
void judge_not_recorded(struct judge *judge, const struct decision *decision);

/* From the past, before the first sample: attempts for the ledger (of their decision the unit, flags,
 * action, rule and wall_ms), and a ledger that was lost. */
void judge_remember_attempt(struct judge *judge, const struct past_attempt *past);
void judge_ledger_lost(struct judge *judge, uint64_t until_wall_ms);
/* What was learnt of a unit, as learner_save() gave it, for a unit of that identity (another one
 * later: it is forgotten), and whether it had been well. */
int judge_remember_unit(struct judge *judge, uint32_t unit, uint64_t identity, bool was_well,
			const uint8_t *bytes, size_t size);
/* The state of a unit worth keeping; -ENODATA: nothing new since the last call. */
struct judge_lesson {
	uint32_t unit;
	uint64_t identity;
	bool was_well;
	uint64_t age_s;
	uint8_t *bytes; /* the caller's to free() */
	size_t size;
};
int judge_lesson(struct judge *judge, uint32_t unit, struct judge_lesson *ret);
/* Healthy time taught of a unit. */
uint64_t judge_age_s(const struct judge *judge, uint32_t unit);
/* See learner_cpu_wait_s(). */
uint32_t judge_cpu_wait_s(const struct judge *judge, uint32_t unit);
/* Close what is open of a unit that has not been sampled for ten minutes: its incident, and an
 * attempt on it as not proven. One a call, true while there is one. After a day the
 * unit is forgotten. (A unit that lives on a clock ahead
 * of when_ms is never taken for absent.) */
bool judge_sweep(struct judge *judge, uint64_t when_ms, uint64_t wall_ms, struct finding *ret);
