/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the judge keeps of each unit; for the files of the judge alone. */
#include <assert.h>

#include "judge/cohort.h"
#include "judge/forecast.h"
#include "judge/graph.h"
#include "judge/hang.h"
#include "judge/incident.h"
#include "judge/judge.h"
#include "judge/learner.h"
#include "judge/storm.h"
#include "judge/verdict.h"
#include "judge/verify.h"

static_assert(WHY_N <= 64, "struct patient keeps a bit for each");

/* Who restarted a unit in its trouble, or soon after a heal of ours, has so long for it to get well. */
#define PATIENT_THEIRS_MS UINT64_C(300000)

/* All the judge remembers of one unit. */
struct patient {
	uint32_t unit;
	struct learner *learner;
	struct cohort_member *cohort; /* NULL: it is no instance of a template */
	struct verdict_memory verdict;
	struct incident_memory incident;
	struct verify verify;
	struct hang_memory hang;
	struct forecast forecast;
	struct sample smooth; /* the last one, smoothed */
	uint64_t identity;
	uint64_t well_since_ms; /* 0: not well now */
	bool was_well;
	bool told_well;		    /* the last lesson said so */
	uint64_t growing_since_ms;  /* 0: its memory is not growing */
	uint64_t quiet_until_ms;    /* just started: see SETTLE_MOST_MS */
	uint64_t ours_until_ms;	    /* so long after a heal of ours; 0 */
	uint64_t theirs_until_ms;   /* somebody else acted on it in its trouble; 0 */
	uint64_t approved_until_ms; /* somebody agreed to what it waits for; 0 */
	uint64_t spent_approval_ms; /* what that was, for the decision under way */
	uint64_t asked_until_ms;    /* somebody asked for a heal of it; 0 */
	uint32_t n_restarts;	    /* systemd's, when this run was first seen */
	bool is_counted;	    /* that is known */
	bool had_failed;	    /* in the sample before */
	uint8_t invocation[INVOCATION_SIZE];
	bool seen;
	uint64_t seen_ms;	  /* when it was sampled last */
	bool incident_is_stale;	  /* its row does not show what happened to it since */
	enum why why;		  /* the standing answer */
	uint64_t answered;	  /* 1 << why: answers "no" that this incident has on record */
	uint32_t told_generation; /* of the last lesson */
	char name[UNIT_NAME_SIZE];
	bool is_up, may_be_healed; /* by what it is, and by who wants it down */
	enum health health;	   /* after the newest sample, */
	bool has_rule;		   /* and whether a rule holds */
	uint64_t sick_since_ms;	   /* 0: it is not */
	uint64_t well_again_ms;	   /* since it was sick last; 0: never */
	uint32_t upstream;	   /* the sick unit for whose sake it is sick; 0: none */
	uint32_t rung;		   /* of the ladder: what its incident has come to */
	bool was_refused;	   /* its last attempt */
	/* 1 << enum occasion: people are to be told, and have been, of this incident. */
	uint32_t tell_due, told;
	uint64_t tell_incident;
};

struct judge {
	struct config config;
	struct rulebook rulebook;
	struct policy policy;
	struct cohorts cohorts;
	struct graph graph;
	struct storm storm[2]; /* of this host, and of the simulated services */
	uint64_t seed;
	uint64_t next_incident, next_decision;
	size_t n_slots;
	struct patient **slot; /* by unit number; NULL: not met */
};

/* NULL: not met yet. */
struct patient *judge_find(struct judge *judge, uint32_t unit);
/* As that, and made where it was not. -ENOMEM; -ERANGE: a number beyond all reason. */
int judge_meet(struct judge *judge, uint32_t unit, struct patient **ret);
struct patient *patient_free(struct patient *patient);
DEFINE_CLEANUP(struct patient *, patient_free)

/* All evidence of one sample, whose smoothed form the patient holds already; `anew`: it is of another run. */
void patient_look(struct patient *patient, const struct verdict_limits *limits,
		  const struct sample *sample, const struct unit_status *status, bool anew,
		  struct evidence *ret);

/* What the manager says of it, as far as it must be known while others are looked at. */
void patient_know(struct patient *patient, const struct unit_status *status);
/* Metrics that say nothing about it: METRIC_BIT(). */
uint64_t patient_ignores(const struct unit_status *status);
/* Another incident is open: nothing has been answered, tried or told in it. */
void patient_begin_incident(struct patient *patient);

/* ---- judge_others.c ---- */

/* The newest verdict of a unit: who is sick for whose sake, and whether it is a storm. */
void judge_follow_sickness(struct judge *judge, struct patient *patient, struct finding *finding);
void judge_storm_concluded(struct judge *judge, struct patient *patient,
			   const struct outcome *outcome, struct finding *finding);
/* That of this host, or of the simulated services. */
struct storm *judge_storm_of(struct judge *judge, const struct patient *patient);
/* Set decision->blast: what of others is up now and will be disturbed. */
void judge_find_blast(const struct judge *judge, const struct unit_status *status,
		      struct decision *decision);
/* A unit that was disturbed with it and is not up; NULL: all are. */
const char *judge_hurt_by(const struct judge *judge, const struct decision *decision);

/* ---- judge_decide.c ---- */

/* Decide on it, and call people who are to be told. */
void judge_decide(struct judge *judge, struct patient *patient, const struct unit_status *status,
		  const struct evidence *evidence, bool can_record, struct finding *finding);
void judge_tell_outcome(struct patient *patient, const struct outcome *outcome);
