/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules against evidence. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/rulebook.h"
#include "tests/unit/assertion.h"

static bool holds(struct need need, const struct evidence *evidence,
		  const struct unit_status *status)
{
	struct rule rule = { .n_needs = 1, .need = { need } };

	return rulebook_holds(&rule, evidence, status);
}

Test(rulebook, each_aspect_means_what_it_says)
{
	struct sample sample = fixture_sample(1000, 1, 150 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);
	const struct {
		struct need need;
		bool holds;
	} cases[] = {
		{ { ASPECT_VALUE, METRIC_RSS, RELATION_ABOVE, 149 * MIB }, true },
		{ { ASPECT_VALUE, METRIC_RSS, RELATION_ABOVE, 150 * MIB }, false },
		{ { ASPECT_VALUE, METRIC_RSS, RELATION_AT_LEAST, 150 * MIB }, true },
		{ { ASPECT_VALUE, METRIC_RSS, RELATION_BELOW, 151 * MIB }, true },
		{ { ASPECT_VALUE, METRIC_RSS, RELATION_AT_MOST, 149 * MIB }, false },
		{ { ASPECT_RATIO, METRIC_RSS, RELATION_ABOVE, 1.49 }, true },
		{ { ASPECT_RATIO, METRIC_RSS, RELATION_ABOVE, 1.51 }, false },
		{ { ASPECT_DEVIATION, METRIC_RSS, RELATION_ABOVE, 12 }, true },
		{ { ASPECT_DEVIATION, METRIC_RSS, RELATION_ABOVE, 13 }, false },
		{ { ASPECT_BEYOND, METRIC_RSS, RELATION_ABOVE, 39 * MIB }, true },
		{ { ASPECT_BEYOND, METRIC_RSS, RELATION_ABOVE, 41 * MIB }, false },
		{ { ASPECT_RISING_S, METRIC_RSS, RELATION_AT_LEAST, 20 }, true },
		{ { ASPECT_RISING_S, METRIC_RSS, RELATION_AT_LEAST, 40 }, false },
		{ { ASPECT_RECENT, METRIC_RESTARTS, RELATION_AT_LEAST, 4 }, true },
		{ { ASPECT_RECENT, METRIC_RESTARTS, RELATION_AT_LEAST, 5 }, false },
		{ { ASPECT_SCORE, METRIC_N, RELATION_ABOVE, 0.7 }, true },
		{ { ASPECT_SCORE, METRIC_N, RELATION_ABOVE, 0.8 }, false },
		{ { ASPECT_FAILED, METRIC_N, RELATION_AT_LEAST, 1 }, false },
	};

	evidence.rising_s[METRIC_RSS] = 30;
	evidence.recent[METRIC_RESTARTS] = 4;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(eq(int, holds(cases[i].need, &evidence, &status), cases[i].holds),
			  "case %zu", i);
}

Test(rulebook, what_is_unknown_never_holds_in_either_direction)
{
	static const enum relation relations[] = { RELATION_ABOVE, RELATION_AT_LEAST,
						   RELATION_BELOW, RELATION_AT_MOST };
	struct sample sample = fixture_sample(1000, 1, 150 * MIB);
	struct unit_status status = fixture_status("shop.service", 1);
	struct evidence evidence;

	sample.have &= ~METRIC_BIT(METRIC_RSS);
	evidence = fixture_evidence(&sample);
	evidence.score = -1;
	evidence.still_s = -1;
	status.active = UNIT_ACTIVE_UNKNOWN;
	for (size_t i = 0; i < 4; i++)
		for (int aspect = ASPECT_VALUE; aspect < ASPECT_N; aspect++) {
			uint32_t metric = aspect < ASPECT_SCORE ? METRIC_RSS : METRIC_N;
			struct need need = { (enum aspect)aspect, metric, relations[i], 0 };

			cr_assert(not(holds(need, &evidence, &status)), "aspect %d", aspect);
		}
}

Test(rulebook, what_is_measured_but_not_learnt_has_a_value_and_nothing_else)
{
	struct sample sample = fixture_sample(1000, 1, 150 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);

	evidence.have_normal = 0;
	cr_assert(holds((struct need) { ASPECT_VALUE, METRIC_RSS, RELATION_ABOVE, 1 }, &evidence,
			&status));
	cr_assert(not(holds((struct need) { ASPECT_RATIO, METRIC_RSS, RELATION_ABOVE, 0 },
			    &evidence, &status)));
	cr_assert(not(holds((struct need) { ASPECT_BEYOND, METRIC_RSS, RELATION_AT_MOST, 0 },
			    &evidence, &status)));
}

Test(rulebook, one_reading_does_not_hold_for_as_long_as_it_is_shown)
{
	struct sample sample = fixture_sample(1000, 1, 200 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);
	struct rule rule = fixture_memory_rule();

	evidence.age_s[METRIC_RSS] = RULEBOOK_AGE_MAX_S;
	cr_assert(rulebook_holds(&rule, &evidence, &status));
	evidence.age_s[METRIC_RSS]++;
	cr_assert(not(rulebook_holds(&rule, &evidence, &status)));
}

Test(rulebook, a_rule_without_needs_holds_never)
{
	struct sample sample = fixture_sample(1000, 1, 150 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);
	struct rule rule = { 0 };

	cr_assert(not(rulebook_holds(&rule, &evidence, &status)));
}

Test(rulebook, clients_that_wait_for_somebody_who_does_nothing_are_a_hang)
{
	struct sample sample = fixture_sample(1000, 1, 105 * MIB);
	struct evidence evidence = fixture_evidence(&sample);

	evidence.still_s = 60;
	evidence.backlog_waiting_s = 60;
	evidence.have |= METRIC_BIT(METRIC_BACKLOG);
	evidence.have_normal |= METRIC_BIT(METRIC_BACKLOG);
	evidence.high[METRIC_BACKLOG] = 2;
	evidence.value[METRIC_BACKLOG] = 3;
	cr_assert(rulebook_hangs(&evidence));
	evidence.value[METRIC_BACKLOG] = 2;
	cr_assert(not(rulebook_hangs(&evidence)), "so many wait in health too");
	evidence.value[METRIC_BACKLOG] = 3;
	evidence.still_s = 1;
	cr_assert(not(rulebook_hangs(&evidence)));
}

Test(rulebook, an_excess_is_held_against_what_is_expected)
{
	const struct need ratio = { ASPECT_EXCESS_RATIO, METRIC_CPU, RELATION_AT_LEAST, 0.3 };
	const struct need excess = { ASPECT_EXCESS, METRIC_CPU, RELATION_AT_LEAST, 0.4 };
	const struct need growth = { ASPECT_GROWTH, METRIC_RSS, RELATION_AT_LEAST, 8 * MIB };
	struct sample sample = fixture_sample(1000, 1, 105 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);

	evidence.expected[METRIC_CPU] = 2;
	cr_assert(not(rulebook_need_holds(&ratio, &evidence, &status)));
	evidence.excess[METRIC_CPU] = 0.5;
	cr_assert(rulebook_need_holds(&excess, &evidence, &status));
	cr_assert(not(rulebook_need_holds(&ratio, &evidence, &status)));
	evidence.excess[METRIC_CPU] = 0.6;
	cr_assert(rulebook_need_holds(&ratio, &evidence, &status));
	evidence.expected[METRIC_CPU] = 0;
	cr_assert(rulebook_need_holds(&ratio, &evidence, &status), "of nothing it is a lot");
	evidence.excess[METRIC_CPU] = 0;
	cr_assert(not(rulebook_need_holds(&ratio, &evidence, &status)));
	evidence.growth[METRIC_RSS] = 9 * MIB;
	cr_assert(rulebook_need_holds(&growth, &evidence, &status));
}

/* Follow one rule; which second since when. */
static uint64_t follow(struct standing *standing, const struct rule *rule, uint64_t at_s,
		       double rss, bool statistics)
{
	struct sample sample = fixture_sample(SECONDS(at_s), 1, rss);
	struct evidence evidence = fixture_evidence(&sample);
	struct unit_status status = fixture_status("shop.service", 1);
	struct rulebook rulebook = { .n = 1, .rule = { *rule } };

	rulebook_follow(&rulebook, standing, &evidence, &status, sample.when_ms, statistics);
	return standing->since_ms[0] / 1000;
}

Test(rulebook, a_short_lapse_does_not_begin_the_count_anew_but_a_long_one_does)
{
	struct rule rule = fixture_memory_rule();
	struct standing standing = { 0 };

	cr_assert(eq(u64, follow(&standing, &rule, 10, 200 * MIB, true), 10));
	cr_assert(eq(u64, follow(&standing, &rule, 11, 100 * MIB, true), 10));
	cr_assert(eq(u64, follow(&standing, &rule, 13, 200 * MIB, true), 10));
	cr_assert(eq(u64, follow(&standing, &rule, 17, 100 * MIB, true), 0));
	cr_assert(eq(u64, follow(&standing, &rule, 18, 200 * MIB, true), 18));
}

Test(rulebook, a_gap_in_the_samples_begins_the_count_anew)
{
	struct rule rule = fixture_memory_rule();
	struct standing standing = { 0 };

	cr_assert(eq(u64, follow(&standing, &rule, 10, 200 * MIB, true), 10));
	cr_assert(eq(u64, follow(&standing, &rule, 300, 200 * MIB, true), 300));
}

Test(rulebook, between_samples_that_always_come_far_apart_there_is_no_lapse)
{
	struct rule rule = fixture_memory_rule();
	struct standing standing = { 0 };

	cr_assert(eq(u64, follow(&standing, &rule, 60, 100 * MIB, true), 0));
	cr_assert(eq(u64, follow(&standing, &rule, 120, 200 * MIB, true), 120));
	cr_assert(eq(u64, follow(&standing, &rule, 180, 200 * MIB, true), 120));
	cr_assert(eq(u64, follow(&standing, &rule, 240, 100 * MIB, true), 120));
	cr_assert(eq(u64, follow(&standing, &rule, 300, 100 * MIB, true), 0));
}

Test(rulebook, one_sample_that_comes_late_among_others_is_a_gap)
{
	struct rule rule = fixture_memory_rule();
	struct standing standing = { 0 };

	cr_assert(eq(u64, follow(&standing, &rule, 10, 200 * MIB, true), 10));
	cr_assert(eq(u64, follow(&standing, &rule, 11, 200 * MIB, true), 10));
	cr_assert(eq(u64, follow(&standing, &rule, 71, 200 * MIB, true), 71));
}

Test(rulebook, rules_on_statistics_are_silent_where_statistics_are)
{
	struct rule rule = fixture_memory_rule();
	struct standing standing = { 0 };

	cr_assert(eq(u64, follow(&standing, &rule, 10, 200 * MIB, false), 0));
}

/* What another metric does may be somebody's work; this one may have been so for hours. */
Test(rulebook, a_rule_holds_only_where_the_forest_or_its_own_metric_is_odd)
{
	struct rule rule = { .n_needs = 1,
			     .need = { { ASPECT_VALUE, METRIC_CPU, RELATION_ABOVE, -1 } } };
	struct rulebook rulebook = { .n = 1, .rule = { rule } };
	struct unit_status status = fixture_status("shop.service", 1);
	struct sample sample = fixture_sample(SECONDS(10), 1, 200 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct standing standing = { 0 };

	cr_assert(rulebook_holds(&rule, &evidence, &status));
	rulebook_follow(&rulebook, &standing, &evidence, &status, sample.when_ms, true);
	cr_assert(zero(u64, standing.since_ms[0]));
	evidence.score = evidence.threshold;
	rulebook_follow(&rulebook, &standing, &evidence, &status, sample.when_ms, true);
	cr_assert(eq(u64, standing.since_ms[0], SECONDS(10)));
}

Test(rulebook, what_is_left_is_the_latest_moment_and_unknown_while_nothing_rises)
{
	struct rule rule = { .n_needs = 1,
			     .need = { { ASPECT_LEFT_S, METRIC_RSS, RELATION_BELOW, 900 } } };
	struct unit_status status = fixture_status("shop.service", 1);
	struct sample sample = fixture_sample(SECONDS(10), 1, 200 * MIB);
	struct evidence evidence = fixture_evidence(&sample);

	cr_assert(not(rulebook_holds(&rule, &evidence, &status)));
	evidence.have_left = METRIC_BIT(METRIC_RSS);
	evidence.left_s[METRIC_RSS] = evidence.left_soonest_s[METRIC_RSS] = 600;
	evidence.left_latest_s[METRIC_RSS] = 901;
	cr_assert(not(rulebook_holds(&rule, &evidence, &status)));
	evidence.left_latest_s[METRIC_RSS] = 899;
	cr_assert(rulebook_holds(&rule, &evidence, &status));
}

Test(rulebook, who_is_apart_from_its_siblings_is_odd_for_a_rule_that_asks_for_that)
{
	struct rulebook rulebook = {
		.n = 2,
		.rule = { { .n_needs = 1,
			    .need = { { ASPECT_APART, METRIC_CPU, RELATION_ABOVE, 0.5 } } },
			  { .n_needs = 1,
			    .need = { { ASPECT_VALUE, METRIC_CPU, RELATION_ABOVE, 0 } } } }
	};
	struct unit_status status = fixture_status("worker@1.service", 1);
	struct sample sample = fixture_sample(SECONDS(10), 1, 100 * MIB);
	struct evidence evidence = fixture_evidence(&sample);
	struct standing standing = { 0 };

	evidence.apart[METRIC_CPU] = 0.8;
	rulebook_follow(&rulebook, &standing, &evidence, &status, sample.when_ms, true);
	cr_assert(eq(u64, standing.since_ms[0], SECONDS(10)));
	cr_assert(zero(u64, standing.since_ms[1]), "of another rule that is no ground");
}

Test(rulebook, rules_on_facts_speak_before_anything_is_learnt)
{
	struct rule rule = fixture_failed_rule();
	struct rulebook rulebook = { .n = 1, .rule = { rule } };
	struct unit_status status = fixture_status("shop.service", 1);
	struct evidence nothing = { .score = -1 };
	struct standing standing = { 0 };

	status.active = UNIT_ACTIVE_FAILED;
	rulebook_follow(&rulebook, &standing, &nothing, &status, SECONDS(10), false);
	cr_assert(eq(u64, standing.since_ms[0], SECONDS(10)));
}
