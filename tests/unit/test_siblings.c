/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Five workers through the whole judge, while more is asked of them than ever: which of them is noted. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/chance.h"
#include "judge/cohort.h"
#include "judge/judge.h"
#include "tests/unit/assertion.h"

#define WORKERS 5u
#define ODD	2u
#define HEALTH	(600 + COHORT_YOUNG_S + 300) /* learnt, and then followed for long enough */

struct yard {
	struct judge *judge;
	struct chance chance;
	struct unit_status status[WORKERS];
	uint64_t at_s;
	double accepts, more_cores; /* of each; of the odd one, on top */
	struct finding finding[WORKERS];
	unsigned int n_unusual[WORKERS], n_sick; /* seconds */
};

/* format: of their names. */
static void open_yard(struct yard *yard, const char *format)
{
	static const struct rulebook no_rules;
	struct judge_setup setup = { .config = fixture_config(),
				     .rulebook = &no_rules,
				     .seed = 1,
				     .next_incident = 1,
				     .next_decision = 1 };

	setup.config.learn_s = 600;
	setup.config.trust_s = 0;
	*yard = (struct yard) { .accepts = 20 };
	chance_init(&yard->chance, 11, 1);
	cr_assert(zero(int, judge_new(&setup, &yard->judge)));
	for (uint32_t i = 0; i < WORKERS; i++) {
		yard->status[i] = fixture_status("", 1);
		yard->status[i].unit = 1 + i;
		(void)snprintf(yard->status[i].name, UNIT_NAME_SIZE, format, i);
	}
}

static struct sample second_of(struct yard *yard, uint32_t i)
{
	struct sample sample = fixture_sample(SECONDS(yard->at_s), 1, 100 * MIB);
	double accepts = yard->accepts * (0.95 + 0.1 * chance_share(&yard->chance));

	sample.unit = 1 + i;
	sample_set(&sample, METRIC_ACCEPTS, accepts);
	sample_set(&sample, METRIC_CPU, 0.01 * accepts + (i == ODD ? yard->more_cores : 0));
	return sample;
}

static void work(struct yard *yard, unsigned int seconds)
{
	memset(yard->n_unusual, 0, sizeof(yard->n_unusual));
	for (unsigned int s = 0; s < seconds; s++) {
		yard->at_s++;
		for (uint32_t i = 0; i < WORKERS; i++) {
			struct sample sample = second_of(yard, i);

			cr_assert(zero(int, judge_take(yard->judge, &sample, &yard->status[i], true,
						       &yard->finding[i])));
			yard->n_unusual[i] += yard->finding[i].verdict.health == HEALTH_UNUSUAL;
			yard->n_sick += yard->finding[i].verdict.health == HEALTH_SICK;
		}
	}
}

/* More than twice as much is asked of all of them as ever was, and one burns most of a core besides. */
static void double_load(struct yard *yard)
{
	work(yard, HEALTH);
	yard->accepts = 44;
	yard->more_cores = 0.8;
	work(yard, 240);
}

Test(siblings, the_odd_one_is_noted_though_new_demand_excuses_all_of_them)
{
	struct yard yard;

	open_yard(&yard, "worker@%u.service");
	double_load(&yard);
	cr_assert(gt(u32, yard.n_unusual[ODD], 100));
	cr_assert(eq(u32, yard.finding[ODD].verdict.lead, METRIC_CPU));
	cr_assert(epsilon_eq(dbl, yard.finding[ODD].verdict.lead_expected, 0.44, 0.05));
	for (uint32_t i = 0; i < WORKERS; i++)
		if (i != ODD)
			cr_assert(zero(u32, yard.n_unusual[i]), "worker %u", i);
	cr_assert(zero(u32, yard.n_sick));
	(void)judge_free(yard.judge);
}

Test(siblings, without_siblings_new_demand_hides_it)
{
	struct yard yard;

	open_yard(&yard, "worker-%u.service");
	double_load(&yard);
	cr_assert(zero(u32, yard.n_unusual[ODD]));
	(void)judge_free(yard.judge);
}

Test(siblings, a_user_rule_may_act_on_what_is_apart)
{
	static const struct rulebook rules = {
		.n = 1,
		.rule = { { .name = "odd-worker",
			    .class = FAULT_CLASS_LATENCY,
			    .action = ACTION_RESTART,
			    .n_needs = 1,
			    .need = { { ASPECT_APART, METRIC_CPU, RELATION_ABOVE, 0.5 } } } },
	};
	const struct config config = fixture_config();
	struct yard yard;

	open_yard(&yard, "worker@%u.service");
	judge_reconfigure(yard.judge, &config, &rules);
	double_load(&yard);
	cr_assert(eq(str, yard.finding[ODD].verdict.rule, "odd-worker"));
	(void)judge_free(yard.judge);
}

Test(siblings, whom_the_judge_forgets_leaves_its_siblings_and_may_come_back)
{
	struct finding finding;
	struct yard yard;

	open_yard(&yard, "worker@%u.service");
	work(&yard, 700);
	cr_assert(gt(u64, judge_age_s(yard.judge, 1), 0));
	while (judge_sweep(yard.judge, SECONDS(yard.at_s) + DAYS(2), 1, &finding))
		;
	cr_assert(zero(u64, judge_age_s(yard.judge, 1)));
	yard.at_s += 2 * 86400;
	work(&yard, 100);
	cr_assert(gt(u64, judge_age_s(yard.judge, 1), 0));
	(void)judge_free(yard.judge);
}
