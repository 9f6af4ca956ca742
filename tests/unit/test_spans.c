/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times of one trouble from its onset on, and what many of them come to. */
#include <criterion/criterion.h>

#include "fixture_store.h"
#include "record/spans.h"
#include "tests/unit/assertion.h"

/* Noted 4 s after its onset, acted on after 6 s, served again after 9 s, proven after 29 s. */
static const struct incident trouble = { .onset_wall_ms = NOON, .opened_wall_ms = NOON + 4000 };
static const struct outcome healed = { .result = OUTCOME_HEALED,
				       .served_wall_ms = NOON + 9000,
				       .wall_ms = NOON + 29000 };

static void assert_none_but(const struct spans *spans, unsigned int known)
{
	for (int i = 0; i < SPAN_N; i++) {
		cr_assert(eq(int, spans->known[i], (known >> i & 1) != 0), "%s",
			  span_word((enum span)i));
		if (!spans->known[i])
			cr_assert(zero(u64, spans->ms[i]));
	}
}

Test(spans, all_four_are_told_from_the_onset)
{
	struct spans spans = spans_of(&trouble, NOON + 6000, &healed);

	assert_none_but(&spans, 0xf);
	cr_assert(eq(u64, spans.ms[SPAN_DETECT], 4000));
	cr_assert(eq(u64, spans.ms[SPAN_ACT], 6000));
	cr_assert(eq(u64, spans.ms[SPAN_SERVED], 9000));
	cr_assert(eq(u64, spans.ms[SPAN_PROVEN], 29000));
}

Test(spans, without_an_onset_none_is_known)
{
	struct incident incident = trouble;
	struct spans spans;

	incident.onset_wall_ms = 0;
	spans = spans_of(&incident, NOON + 6000, &healed);
	assert_none_but(&spans, 0);
}

Test(spans, what_did_not_happen_is_not_known)
{
	struct spans spans = spans_of(&trouble, 0, NULL);
	struct outcome outcome = healed;

	assert_none_but(&spans, 1 << SPAN_DETECT);
	outcome.served_wall_ms = 0;
	spans = spans_of(&trouble, 0, &outcome);
	assert_none_but(&spans, 1 << SPAN_DETECT | 1 << SPAN_PROVEN);
}

Test(spans, only_what_was_healed_is_proven)
{
	for (int result = OUTCOME_NONE; result < OUTCOME_N; result++) {
		struct outcome outcome = healed;
		struct spans spans;

		outcome.result = (enum outcome_result)result;
		spans = spans_of(&trouble, 0, &outcome);
		cr_assert(eq(int, spans.known[SPAN_PROVEN], result == OUTCOME_HEALED));
	}
}

Test(spans, what_a_clock_set_back_puts_before_the_onset_is_not_known)
{
	struct outcome outcome = healed;
	struct spans spans;

	outcome.wall_ms = NOON - 1;
	spans = spans_of(&trouble, NOON - 1, &outcome);
	assert_none_but(&spans, 1 << SPAN_DETECT | 1 << SPAN_SERVED);
	spans = spans_of(&trouble, NOON, NULL);
	cr_assert(spans.known[SPAN_ACT], "at the onset itself is known, and is 0");
	cr_assert(zero(u64, spans.ms[SPAN_ACT]));
}

Test(spans, a_heal_of_which_no_attempt_is_on_record_was_begun_when_it_was_decided)
{
	const struct decision decision = { .wall_ms = NOON };
	struct attempt attempt = { .started_wall_ms = NOON + 20 };

	cr_assert(eq(u64, decision_acted_wall_ms(&decision, NULL), NOON));
	cr_assert(eq(u64, decision_acted_wall_ms(&decision, &attempt), NOON + 20));
	attempt.started_wall_ms = 0;
	cr_assert(eq(u64, decision_acted_wall_ms(&decision, &attempt), NOON));
}

Test(spans, to_tell_people_heals_nothing)
{
	struct decision decision = { .why = WHY_ALLOWED, .action = ACTION_NOTIFY };

	cr_assert(not(decision_is_heal(&decision)));
	decision.action = ACTION_RELOAD;
	cr_assert(decision_is_heal(&decision));
	decision.why = WHY_COOLING_DOWN;
	cr_assert(not(decision_is_heal(&decision)));
}

Test(spans, the_spread_is_of_values_that_are_there)
{
	static const struct {
		size_t n;
		uint64_t median_ms, p90_ms;
	} cases[] = {
		{ 1, 1000, 1000 },  { 2, 1000, 2000 },	 { 3, 2000, 3000 },    { 9, 5000, 9000 },
		{ 10, 5000, 9000 }, { 11, 6000, 10000 }, { 20, 10000, 18000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ms[20];
		struct spread spread;

		for (size_t j = 0; j < cases[i].n; j++) /* n to 1 seconds */
			ms[j] = (cases[i].n - j) * 1000;
		spread = spread_of(ms, cases[i].n);
		cr_assert(eq(sz, spread.n, cases[i].n));
		cr_assert(eq(u64, spread.median_ms, cases[i].median_ms), "of %zu", cases[i].n);
		cr_assert(eq(u64, spread.p90_ms, cases[i].p90_ms), "of %zu", cases[i].n);
	}
	cr_assert(zero(sz, spread_of(NULL, 0).n));
}
