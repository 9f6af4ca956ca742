/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The rules, held against evidence: which hold now, and since when. A rule on
 * statistics holds only for a unit that is learnt and on a sample of which the
 * forest, a metric's own range or a hang (hang.h) says that it is unusual.
 */
#include <stddef.h>

#include "judge/evidence.h"
#include "record/record.h"
#include "record/rulefile.h"

struct rulebook {
	size_t n;
	struct rule rule[RULES_MAX];
};

/* A lapse this short does not begin a rule's count anew: the kernel brings its pressure totals up to
 * date only every 2 s, so a value can miss a beat. */
#define RULEBOOK_LAPSE_MS 3000u
/* Nor does the time between two samples where they always come so far apart, as a stored past has them; one that came
 * late among others says nothing of the time before it. */

/* How long each rule has held for one unit. Zero it to begin. */
struct standing {
	uint64_t since_ms[RULES_MAX]; /* 0: does not hold */
	uint64_t last_ms[RULES_MAX];  /* when it was last seen to hold */
	uint64_t seen_ms,
		step_ms; /* when all were looked at last, and how long after the time before */
};

/* Does more work wait than ever did in health, and nobody does any of it? */
bool rulebook_hangs(const struct evidence *evidence);
/* NULL: there is none of that name. */
const struct rule *rulebook_named(const struct rulebook *rulebook, const char *name);
/* Do all needs of the rule hold? An absent value never holds. */
bool rulebook_holds(const struct rule *rule, const struct evidence *evidence,
		    const struct unit_status *status);
bool rulebook_need_holds(const struct need *need, const struct evidence *evidence,
			 const struct unit_status *status);
/* A value that is older holds for no rule: its For= would count one reading again and again. What takes turns
 * is looked at every 10 s. */
#define RULEBOOK_AGE_MAX_S 12
/* Follow every rule by one sample; `statistics` says whether rules on statistics may hold at all. Such a rule
 * holds only while the sample is odd by the forest, or by what the rule itself needs: a metric far above its own
 * range or its siblings, an excess that lasts, or a hang. */
void rulebook_follow(const struct rulebook *rulebook, struct standing *standing,
		     const struct evidence *evidence, const struct unit_status *status,
		     uint64_t when_ms, bool statistics);
/* The metric that a rule is first about; METRIC_N for rules about the unit itself. */
uint32_t rulebook_lead(const struct rule *rule);
