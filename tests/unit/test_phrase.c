/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people are told: never more than the records say. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
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
