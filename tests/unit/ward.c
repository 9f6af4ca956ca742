/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A patient that lives a second at a time. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "tests/unit/assertion.h"
#include "tests/unit/ward.h"

struct ward ward_admit(void)
{
	static struct rulebook rulebook;
	struct judge_setup setup = { .config = fixture_config(),
				     .rulebook = &rulebook,
				     .seed = 1,
				     .next_incident = 10,
				     .next_decision = 20 };
	struct ward ward = { .status = fixture_status("shop.service", 1),
			     .run = 1,
			     .can_record = true };

	rulebook.n = 2;
	rulebook.rule[0] = fixture_failed_rule();
	rulebook.rule[1] = fixture_memory_rule();
	setup.config.learn_s = 30;
	setup.config.trust_s = 0;
	setup.can_act[WAY_SYSTEMD] = setup.can_act[WAY_MOCK] = true;
	cr_assert(zero(int, judge_new(&setup, &ward.judge)));
	return ward;
}

void ward_live(struct ward *ward, unsigned int n_s, double rss)
{
	for (unsigned int i = 0; i < n_s; i++) {
		double noise = (double)(++ward->at_s * 7 % 5) * MIB;
		struct sample sample = fixture_sample(SECONDS(ward->at_s), ward->run, rss + noise);

		memset(ward->status.invocation, ward->run, INVOCATION_SIZE);
		cr_assert(zero(int, judge_take(ward->judge, &sample, &ward->status,
					       ward->can_record, &ward->finding)));
		ward->n_decided += ward->finding.decided;
		ward->n_allowed +=
			ward->finding.decided && ward->finding.decision.why == WHY_ALLOWED;
		ward->n_healed +=
			ward->finding.concluded && ward->finding.outcome.result == OUTCOME_HEALED;
		if (ward->finding.decided && ward->finding.decision.why == WHY_ALLOWED)
			return;
	}
}

void ward_answer(struct ward *ward, enum attempt_result result)
{
	struct attempt attempt = { .decision = ward->finding.decision.id,
				   .unit = FIXTURE_UNIT,
				   .state = ATTEMPT_DONE,
				   .result = result };

	judge_attempt(ward->judge, &attempt);
}
