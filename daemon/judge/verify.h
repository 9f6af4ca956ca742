/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Did it help? Healed means: the values that triggered were read again, from an
 * invocation that is not the old one (after a reload: from the same one), and have
 * been in the unit's normal range for long enough, while its work flowed and what
 * was disturbed with it was up. Nothing else is healed.
 */
#include "judge/evidence.h"
#include "judge/rulebook.h"
#include "record/record.h"

#define VERIFY_GRACE_MS	   (uint64_t)10000 /* start-up, or twice what it takes: not held against it */
#define VERIFY_CALM_MS	   (uint64_t)20000  /* in range for so long: healed */
#define VERIFY_TROUBLE_MS  (uint64_t)30000  /* out of range for so long: unchanged, or worse */
#define VERIFY_PATIENCE_MS (uint64_t)120000 /* after the job: no calm by then is unchanged */

#define VERIFY_RUNS_MOST                                                                           \
	3 /* the third new run in a row: it does not stay up, so nothing is healed */

struct verify {
	bool running;
	struct decision decision;
	struct rule rule; /* as it was when it triggered */
	float score_before;
	double low, high; /* the leading metric's normal range when it triggered; NaN: not learnt */
	uint64_t grace_ms;
	enum attempt_result result;		  /* ATTEMPT_RESULT_NONE: still under way */
	uint64_t job_ended_ms;			  /* the first sample after that; 0: none yet */
	uint64_t calm_since_ms, trouble_since_ms; /* 0: not */
	uint8_t invocation[INVOCATION_SIZE];	  /* of the newest run after the old one */
	uint32_t n_runs;
	uint32_t n_samples; /* of that run */
};

/* Begin when the decision goes out. Without a rule (NULL: by hand, while none held) there is nothing to
 * read again: a new run that stays up is RESTARTED, which is less than HEALED. */
void verify_begin(struct verify *verify, const struct decision *decision, const struct rule *rule,
		  const struct unit_status *status, const struct evidence *evidence);
/* The attempt ended. (Its time is that of the next sample: a simulated unit lives by its own.) */
void verify_attempt_ended(struct verify *verify, const struct attempt *attempt);
/* Nobody will ever tell: the outcome is unknown. */
void verify_give_up(struct verify *verify, uint64_t when_ms, uint64_t wall_ms, struct outcome *ret);
/* One later sample; hurt: a unit that was disturbed with it and is not up, NULL for none: while there is one,
 * nothing is proven. True once there is an outcome; running is then false. */
bool verify_reach(struct verify *verify, const struct sample *sample,
		  const struct unit_status *status, const struct evidence *evidence,
		  const char *hurt, struct outcome *ret);
