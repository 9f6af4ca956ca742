/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * All evidence and how long it has stood -> one verdict: healthy, unusual, sick,
 * and what is then wanted.
 */
#include "judge/evidence.h"
#include "judge/learner.h"
#include "judge/rulebook.h"
#include "record/record.h"

/* What one unit's verdict remembers. Zero it to begin. */
struct verdict_memory {
	struct standing standing;
	enum health health;
	bool by_fact;	   /* health came from a rule on facts */
	uint64_t spoke_ms; /* when statistics last spoke of trouble */
	uint64_t since_ms;
	bool is_news; /* what the last sample showed lasts as it never did */
};

struct verdict_limits {
	uint32_t trust_s; /* see [Judge] TrustSec= */
	bool says_for;	  /* for_s stands instead of the For= of any rule */
	uint32_t for_s;
	uint32_t heal_on; /* CPU that hurts nobody is unusual, not sick, unless it is in here */
};

void verdict_reach(struct verdict_memory *memory, const struct verdict_limits *limits,
		   const struct rulebook *rulebook, const struct learner *learner,
		   const struct sample *sample, const struct unit_status *status,
		   const struct evidence *evidence, struct verdict *ret);

/* For how long a statistical rule of for_s must stand on a model of that age: until trust_s, half an
 * hour more at first (at the default of a day), falling to nothing. */
uint32_t verdict_patience_s(uint32_t for_s, uint64_t age_s, uint32_t trust_s);
/* And for how much longer than later anything must last to be noted: a tenth of that. */
uint32_t verdict_notice_patience_s(uint64_t age_s, uint32_t trust_s);
