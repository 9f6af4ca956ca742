/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One patient and its judge, in time that a test lets pass. */
#include "judge/judge.h"

/* One unit under the memory and the failed rule, and what was found last. */
struct ward {
	struct judge *judge;
	struct unit_status status;
	uint64_t at_s;
	uint8_t run;
	bool can_record;
	struct finding finding;
	unsigned int n_decided, n_allowed, n_healed;
};

/* With rules for what failed and for memory that grows; 30 s are learnt, and trusted at once. */
struct ward ward_admit(void);
/* Seconds of the present run with a little noise around this rss; up to the next decision that is allowed. */
void ward_live(struct ward *ward, unsigned int n_s, double rss);
/* What the healer would say of the last decision. */
void ward_answer(struct ward *ward, enum attempt_result result);
