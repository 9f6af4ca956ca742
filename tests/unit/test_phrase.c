/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people are told: never more than the records say. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/keeper.h"
#include "cli/phrase.h"
#include "sense/bare.h"
#include "sense/units.h"
#include "store/writer_numbers.h"
#include "tests/unit/assertion.h"

static struct story healed_by(enum way way, enum attempt_result result)
{
	return (struct story) {
		.unit = "shop.service",
		.incident = { .id = 512, .rule = "leak", .n_attempts = 1, .why = WHY_ALLOWED },
		.has_decision = true,
		.decision = { .why = WHY_ALLOWED, .way = way, .action = ACTION_RESTART },
		.has_attempt = true,
		.attempt = { .way = way, .state = ATTEMPT_DONE, .result = result },
	};
}

Test(phrase, an_attempt_is_told_as_what_it_was)
{
	static const struct {
		enum way way;
		enum attempt_result result;
		const char *told;
	} cases[] = {
		{ WAY_MOCK, ATTEMPT_RESULT_MOCKED, "mock: would restart" },
		{ WAY_SYSTEMD, ATTEMPT_RESULT_DONE, "restart by systemd" },
		{ WAY_SYSTEMD, ATTEMPT_RESULT_FAILED, "restart by systemd failed" },
		{ WAY_SYSTEMD, ATTEMPT_RESULT_REFUSED, "restart by systemd was refused" },
		{ WAY_SIMULATOR, ATTEMPT_RESULT_NONE, "restart by simulator, under way" },
	};
	char text[PHRASE_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story = healed_by(cases[i].way, cases[i].result);

		cr_assert(eq(str, phrase_done(text, sizeof(text), &story), (char *)cases[i].told));
	}
}

Test(phrase, an_action_is_called_what_it_is)
{
	static const struct {
		enum action action;
		enum way way;
		const char *told;
	} cases[] = {
		{ ACTION_RELOAD, WAY_MOCK, "mock: would reload" },
		{ ACTION_RELOAD, WAY_SYSTEMD, "reload by systemd" },
		{ ACTION_RESTART_DEPENDENTS, WAY_SYSTEMD,
		  "restart with its dependents by systemd" },
		{ ACTION_NOTIFY, WAY_MOCK, "mock: would tell people" },
		{ ACTION_NOTIFY, WAY_NONE, "people told" },
	};
	struct attempt attempt = { .way = WAY_SYSTEMD, .result = ATTEMPT_RESULT_DONE };
	char text[PHRASE_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story = healed_by(cases[i].way, ATTEMPT_RESULT_DONE);

		story.decision.action = cases[i].action;
		story.has_attempt = cases[i].action != ACTION_NOTIFY;
		cr_assert(eq(str, phrase_done(text, sizeof(text), &story), (char *)cases[i].told));
	}
	cr_assert(eq(str, phrase_attempt(text, sizeof(text), &attempt, ACTION_RELOAD),
		     "asked systemd for a reload: done after 0s"));
}

Test(phrase, a_decision_tells_its_rung_and_what_else_it_disturbs)
{
	struct step step = { .kind = STEP_DECISION };
	char text[PHRASE_SIZE];

	step.decision = healed_by(WAY_SYSTEMD, ATTEMPT_RESULT_DONE).decision;
	step.decision.lead = METRIC_N;
	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "decided: restart (unusual); 0 more left in its budget"));
	step.decision.rung = 1;
	(void)strcpy(step.decision.blast, "a.service b.service");
	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "decided: restart, rung 2 of its ladder (unusual); 0 more left in its budget; "
		     "also restarts a.service b.service"));
	step.decision.way = WAY_MOCK;
	cr_assert(ne(ptr, strstr(phrase_step(text, sizeof(text), &step), "; would also restart a"),
		     NULL),
		  "%s", text);
	memset(step.decision.blast, 'x', sizeof(step.decision.blast) - 1);
	(void)phrase_step(text, sizeof(text), &step);
	cr_assert(eq(chr, text[strlen(text) - 1], 'x'), "it is not cut");
	cr_assert(gt(sz, strlen(text), sizeof(step.decision.blast)));
}

Test(phrase, one_that_is_held_names_what_it_is_held_for)
{
	struct story story = healed_by(WAY_NONE, ATTEMPT_RESULT_NONE);
	struct step step = { .kind = STEP_DECISION, .because = "db.service" };
	char text[PHRASE_SIZE];

	story.decision.why = step.decision.why = WHY_UPSTREAM_SICK;
	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "held: db.service, which it depends on, is sick"));
	(void)strcpy(story.because, "db.service");
	cr_assert(eq(str, phrase_done(text, sizeof(text), &story),
		     "nothing: db.service, which it depends on, is sick"));
	step.because[0] = '\0';
	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "decided to do nothing: what it depends on is sick"));
}

Test(phrase, a_heal_that_hurt_another_names_it)
{
	struct step step = { .kind = STEP_OUTCOME,
			     .outcome = { .result = OUTCOME_DEPENDENT_DOWN,
					  .lead = METRIC_N,
					  .normal_low = NAN,
					  .normal_high = NAN,
					  .value_before = NAN,
					  .score_before = -1,
					  .hurt = "web.service" } };
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "NOT HEALED: it is well, but what was disturbed along with it is not "
		     "(web.service); 0 samples"));
}

Test(phrase, times_are_told_as_far_as_they_are_known)
{
	struct story story = healed_by(WAY_SYSTEMD, ATTEMPT_RESULT_DONE);
	char text[PHRASE_SIZE];

	story.incident.opened_wall_ms = 104000;
	story.acted_wall_ms = 106000;
	cr_assert(eq(str, phrase_times(text, sizeof(text), &story), ""));
	story.incident.onset_wall_ms = 100000;
	cr_assert(eq(str, phrase_times(text, sizeof(text), &story),
		     "noted after 4s, acted after 6s"));
	story.has_outcome = true;
	story.outcome = (struct outcome) { .result = OUTCOME_HEALED,
					   .served_wall_ms = 109000,
					   .wall_ms = 129000 };
	cr_assert(eq(str, phrase_times(text, sizeof(text), &story),
		     "noted after 4s, acted after 6s, served again after 9s, proven after 29s"));
	story.has_outcome = false;
	story.decision.way = WAY_MOCK;
	cr_assert(eq(str, phrase_times(text, sizeof(text), &story),
		     "noted after 4s, would have acted after 6s"));
}

Test(phrase, nothing_done_is_told_with_its_reason)
{
	struct story story = healed_by(WAY_NONE, ATTEMPT_RESULT_NONE);
	char text[PHRASE_SIZE];

	for (int why = WHY_ALLOWED + 1; why < WHY_N; why++) {
		story.decision.why = (enum why)why;
		(void)phrase_done(text, sizeof(text), &story);
		cr_assert(zero(int, strncmp(text, "nothing: ", 9)), "%s", text);
		cr_assert(gt(sz, strlen(text), 12), "%s", text);
	}
}

Test(phrase, only_a_proven_outcome_is_called_healed)
{
	struct step step = { .kind = STEP_OUTCOME };
	char text[PHRASE_SIZE];

	for (int result = OUTCOME_NONE; result < OUTCOME_N; result++) {
		step.outcome = (struct outcome) {
			.result = (enum outcome_result)result,
			.lead = METRIC_RSS,
			.value_before = 4e8,
			.value_after = NAN,
			.normal_low = NAN,
			.normal_high = NAN,
			.score_after = -1,
		};
		(void)phrase_step(text, sizeof(text), &step);
		cr_assert(eq(int, strncmp(text, "HEALED", 6) == 0, result == OUTCOME_HEALED), "%s",
			  text);
		cr_assert(strstr(text, "rss") == NULL, "a value that was not read: %s", text);
		cr_assert(eq(int, phrase_outcome_is_failure(step.outcome.result),
			     strncmp(text, "NOT HEALED", 10) == 0),
			  "%s", text);
	}
}

Test(phrase, an_unknown_value_is_not_a_number)
{
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_value(text, sizeof(text), METRIC_RSS, NAN), "-"));
	cr_assert(eq(str, phrase_lead(text, sizeof(text), METRIC_N, 1, 2), ""));
	cr_assert(eq(str, phrase_lead(text, sizeof(text), 12345, 1, 2), ""));
	cr_assert(eq(str, phrase_lead(text, sizeof(text), METRIC_RSS, 1048576, NAN), "rss 1.0M"));
	cr_assert(eq(str, phrase_trouble(text, sizeof(text), "failed", METRIC_N, NAN, NAN),
		     "failed"));
	cr_assert(eq(str, phrase_trouble(text, sizeof(text), "", METRIC_RSS, 2097152, 1048576),
		     "unusual: rss 2.0M, normal 1.0M"));
}

Test(phrase, who_meets_a_limit_is_told_when)
{
	struct verdict verdict = { .rule = "memory-limit",
				   .lead = METRIC_RSS,
				   .lead_value = 480 * 1048576.0,
				   .lead_expected = 210 * 1048576.0,
				   .lead_limit = 512 * 1048576.0,
				   .left_soonest_s = 559,
				   .left_latest_s = 830 };
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_verdict(text, sizeof(text), &verdict),
		     "memory-limit: rss 480.0M, normal 210.0M, meets its limit of 512.0M in 9min "
		     "to 14min"));
	verdict.lead_limit = 0;
	cr_assert(eq(str, phrase_verdict(text, sizeof(text), &verdict),
		     "memory-limit: rss 480.0M, normal 210.0M"));
}

Test(phrase, what_was_asked_for_by_hand_is_no_trouble)
{
	struct incident incident = { .flags = SAMPLE_BY_HAND, .lead = METRIC_N };
	struct step step = {
		.kind = STEP_DECISION,
		.decision = { .flags = SAMPLE_BY_HAND, .action = ACTION_RESTART, .budget_left = 2 }
	};
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_incident(text, sizeof(text), &incident), "asked for by hand"));
	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "decided: restart (asked for by hand); 2 more left in its budget"));
	(void)snprintf(incident.rule, RULE_NAME_SIZE, "failed");
	cr_assert(eq(str, phrase_incident(text, sizeof(text), &incident), "failed"));
}

static struct symptom symptom_of(enum expert expert, uint32_t metric, float value)
{
	return (struct symptom) {
		.expert = expert,
		.metric = metric,
		.value = value,
		.low = (float)NAN,
		.high = (float)NAN,
		.expected = (float)NAN,
		.rare_h = (float)NAN,
		.left_s = (float)NAN,
	};
}

Test(phrase, what_speaks_of_trouble_is_told_with_what_was_to_be_expected)
{
	struct symptom symptom = symptom_of(EXPERT_RULE, METRIC_THREADS, 512);
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_symptom(text, sizeof(text), &symptom), "threads 512"));
	symptom.low = 10;
	symptom.high = 14;
	symptom.expected = 12;
	cr_assert(eq(str, phrase_symptom(text, sizeof(text), &symptom),
		     "threads 512, above its normal range of 10 to 14, median 12"));
	symptom.value = 11;
	cr_assert(ne(ptr, strstr(phrase_symptom(text, sizeof(text), &symptom), ", within its"),
		     NULL));
	symptom.value = 2;
	cr_assert(
		ne(ptr, strstr(phrase_symptom(text, sizeof(text), &symptom), ", below its"), NULL));
	symptom.value = (float)NAN;
	cr_assert(eq(str, phrase_symptom(text, sizeof(text), &symptom), "threads -"),
		  "what was not read is beyond nothing");
}

Test(phrase, what_its_work_does_not_explain_is_told_with_its_rarity_and_its_part)
{
	struct symptom symptom = symptom_of(EXPERT_GROWTH, METRIC_THREADS, 512);
	char text[PHRASE_SIZE];

	symptom.expected = 12;
	symptom.high = 20;
	symptom.share = 0.46f;
	symptom.rare_h = 12;
	symptom.unseen = true;
	symptom.left_s = 90;
	cr_assert(eq(str, phrase_symptom(text, sizeof(text), &symptom),
		     "threads 512, where its work explains 12 and it was never above 20 for so "
		     "long; it grows as it never did; its limit is 1min 30s away; 46% of the "
		     "score; never before in 12 h of its health"));
}

Test(phrase, the_unit_as_a_whole_is_told_without_a_metric)
{
	static const struct {
		enum expert expert;
		float value;
		const char *told;
	} cases[] = {
		{ EXPERT_FOREST, 0.8f, "all of it together is unlike its past: score 0.80" },
		{ EXPERT_HANG, 95, "work waits, and no thread of it ran for 1min 35s" },
		{ EXPERT_RULE, (float)NAN, "it is what systemd says of the unit" },
	};
	char text[PHRASE_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct symptom symptom = symptom_of(cases[i].expert, METRIC_N, cases[i].value);

		cr_assert(eq(str, phrase_symptom(text, sizeof(text), &symptom),
			     (char *)cases[i].told));
	}
}

Test(phrase, a_row_that_says_anything_is_still_told)
{
	static const float values[] = { -1, 0, 1e38f, -1e38f, (float)INFINITY, (float)NAN };
	char text[PHRASE_SIZE];

	for (uint32_t expert = 0; expert < EXPERT_N; expert++)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			float value = values[i];
			struct symptom symptom = { (enum expert)expert,
						   i % 2 ? METRIC_N : METRIC_RSS,
						   value,
						   value,
						   value,
						   value,
						   value,
						   value,
						   true,
						   value };

			(void)phrase_symptom(text, sizeof(text), &symptom);
			cr_assert(gt(sz, strlen(text), 0));
		}
}

Test(phrase, what_was_seen_says_which_rule_held_for_how_long_by_which_model)
{
	struct step step = { .kind = STEP_VERDICT,
			     .verdict = { .health = HEALTH_UNUSUAL,
					  .rule = "leak",
					  .class = FAULT_CLASS_MEMORY,
					  .held_s = 12,
					  .for_s = 60,
					  .score = 0.81f,
					  .threshold = 0.62f,
					  .generation = 130 } };
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "seen as unusual: rule leak (memory, on statistics) has held for 12s of the "
		     "1min it must; score 0.81, unusual from 0.62, by model 130"));
	step.verdict.score = -1;
	step.verdict.rule[0] = '\0';
	step.verdict.learn_left_s = 5;
	cr_assert(eq(str, phrase_step(text, sizeof(text), &step),
		     "seen as unusual: no rule holds; it is not learnt yet, so facts alone "
		     "speak"));
}

Test(phrase, a_rule_that_has_not_held_long_enough_is_waited_for)
{
	struct present present = {
		.why = WHY_NOTHING_WANTED,
		.verdict = { .health = HEALTH_UNUSUAL, .rule = "leak", .held_s = 12, .for_s = 20 },
	};
	char text[PHRASE_SIZE];

	cr_assert(
		eq(str, phrase_answer(text, sizeof(text), &present, NULL), "waiting: 12s of 20s"));
	present.verdict.rule[0] = '\0';
	cr_assert(eq(str, phrase_answer(text, sizeof(text), &present, NULL), "noted, no more"));
}

Test(phrase, a_failed_heal_and_what_follows_are_both_told)
{
	struct story story = healed_by(WAY_SYSTEMD, ATTEMPT_RESULT_DONE);
	struct present present = { .why = WHY_UNIT_BUDGET_SPENT };
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_answer(text, sizeof(text), &present, &story),
		     "restart by systemd, watching whether it helps"));
	story.has_outcome = true;
	story.outcome.result = OUTCOME_UNCHANGED;
	cr_assert(eq(str, phrase_answer(text, sizeof(text), &present, &story),
		     "restart by systemd: unchanged; now nothing: its budget is spent"));
}

Test(phrase, times_left_to_learn_are_rounded_up)
{
	char text[PHRASE_SIZE];

	cr_assert(eq(str, phrase_left(text, sizeof(text), 541), "10min left"));
	cr_assert(eq(str, phrase_left(text, sizeof(text), 600), "10min left"));
	cr_assert(eq(str, phrase_left(text, sizeof(text), 41), "50s left"));
}

#define STARTED_MS (UINT64_C(1795000000000))

Test(keeper, a_healer_that_has_been_silent_for_six_seconds_is_not_running)
{
	struct keeper keeper = { .started_wall_ms = STARTED_MS, .at_wall_ms = STARTED_MS + 60000 };

	cr_assert(keeper_is_running(&keeper, STARTED_MS + 61000));
	cr_assert(keeper_is_running(&keeper, STARTED_MS + 59000)); /* its clock is ahead of ours */
	cr_assert(not(keeper_is_running(&keeper, STARTED_MS + 66000)));
}

Test(keeper, a_fast_clock_is_read_as_ours)
{
	struct keeper keeper = {
		.started_wall_ms = STARTED_MS,
		.at_wall_ms = STARTED_MS + MINUTES(20),
		.speed = 20,
	};

	cr_assert(eq(u64, keeper_last_ms(&keeper), STARTED_MS + MINUTES(1)));
	cr_assert(eq(u64, keeper_time(&keeper, STARTED_MS + MINUTES(1)), keeper.at_wall_ms));
	cr_assert(keeper_is_running(&keeper, STARTED_MS + MINUTES(1) + SECONDS(3)));
	cr_assert(not(keeper_is_running(&keeper, STARTED_MS + MINUTES(1) + SECONDS(6))));
}

Test(keeper, a_healer_that_cannot_record_is_not_well)
{
	struct keeper keeper = {
		.started_wall_ms = STARTED_MS,
		.at_wall_ms = STARTED_MS,
		.store = STORE_FULL,
	};

	cr_assert(keeper_is_running(&keeper, STARTED_MS));
	cr_assert(not(keeper_is_well(&keeper, STARTED_MS)));
}

static char *keeper_text(const struct keeper *keeper)
{
	char *text = NULL;
	size_t size;
	struct output output = { .file = open_memstream(&text, &size) };

	keeper_print(&output, keeper, keeper->at_wall_ms);
	(void)fclose(output.file);
	return text;
}

Test(keeper, units_that_are_not_watched_are_told_with_the_bound)
{
	static const struct {
		const char *source;
		unsigned int bound;
		const char *what;
	} cases[] = {
		{ "systemd", UNITS_MAX, "units" },
		{ "cgroups", BARE_UNITS_MAX, "cgroups" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct keeper keeper = { .at_wall_ms = STARTED_MS, .n_unwatched = 37 };
		char *text, expected[128];

		(void)snprintf(keeper.source, sizeof(keeper.source), "%s", cases[i].source);
		(void)snprintf(
			expected, sizeof(expected),
			"Not watched: 37 more units, beyond the bound of %u %s at once or of "
			"%u names on record;",
			cases[i].bound, cases[i].what, NUMBERS_MAX);
		text = keeper_text(&keeper);
		cr_assert(ne(ptr, strstr(text, expected), NULL), "%s", text);
		free(text);
		keeper.n_unwatched = 0;
		text = keeper_text(&keeper);
		cr_assert(eq(ptr, strstr(text, "Not watched"), NULL), "%s", text);
		free(text);
	}
}

Test(phrase, that_people_are_to_be_told_spends_no_budget)
{
	const struct step step = { .kind = STEP_DECISION,
				   .decision = { .action = ACTION_NOTIFY,
						 .why = WHY_ALLOWED,
						 .way = WAY_SYSTEMD,
						 .rule = "failed",
						 .lead = METRIC_N } };
	char words[PHRASE_SIZE];

	cr_assert(eq(str, phrase_step(words, sizeof(words), &step),
		     "decided: people are to be told"));
}
