/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Learning and looking: one unit's life in simulated seconds. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "judge/forest.h"
#include "tests/unit/assertion.h"
#include "tests/unit/pupil.h"

/* ---- learning ------------------------------------------------------------ */

Test(learner, before_it_has_learnt_it_knows_values_and_nothing_else)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	struct sample sample = pupil_tick(&service);
	struct evidence evidence;

	sample_set(&sample, METRIC_PSI_IO_FULL, NAN);
	sample_set(&sample, METRIC_RESTARTS, 2);
	evidence = pupil_look(learner, &sample);
	cr_assert(eq(flt, evidence.score, -1));
	cr_assert(eq(flt, evidence.threshold, -1));
	cr_assert(zero(u64, evidence.have_normal));
	cr_assert(eq(u32, evidence.lead, METRIC_N));
	cr_assert(eq(u64, evidence.have, sample.have & ~METRIC_BIT(METRIC_PSI_IO_FULL)));
	cr_assert(eq(dbl, evidence.value[METRIC_THREADS], 12));
	cr_assert(eq(dbl, evidence.recent[METRIC_RESTARTS], 2));
	for (unsigned int m = 0; m < METRIC_N; m++)
		cr_assert(isnan(evidence.median[m]) && isnan(evidence.low[m]) &&
			  isnan(evidence.high[m]) && evidence.deviation[m] == 0);
	cr_assert(isnan(evidence.value[METRIC_MEMORY]), "unknown is not zero");
}

Test(learner, it_has_learnt_after_its_time_and_enough_rows_whatever_the_spans)
{
	const struct {
		uint32_t learn_s, span_ms;
		unsigned int n; /* samples that it takes */
	} cases[] = {
		{ 30, 1000, 30 },
		{ 600, 1000, 600 },
		{ 600, 10000, 60 },
		{ 30, 10000, FOREST_ROWS_MIN },
		{ 600, UINT32_MAX, FOREST_ROWS_MIN }, /* a night of sleep is no lesson */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(learner_freep) struct learner *learner = pupil_make(cases[i].learn_s);
		struct service service = PUPIL_CALM;

		service.span_ms = cases[i].span_ms;
		pupil_teach(learner, &service, cases[i].n - 1);
		cr_assert(not(learner_is_learnt(learner)), "case %zu", i);
		cr_assert(gt(u32, learner_left_s(learner), 0));
		pupil_teach(learner, &service, 1);
		cr_assert(learner_is_learnt(learner), "case %zu", i);
		cr_assert(zero(u32, learner_left_s(learner)));
	}
}

Test(learner, the_time_left_counts_down)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;

	cr_assert(eq(u32, learner_left_s(learner), 600));
	pupil_teach(learner, &service, 100);
	cr_assert(eq(u32, learner_left_s(learner), 500));
	cr_assert(eq(u64, learner_age_s(learner), 100));
}

Test(learner, what_is_disturbed_or_covers_no_time_teaches_nothing)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(30);
	struct service service = PUPIL_CALM;

	for (unsigned int i = 0; i < 100; i++) {
		struct sample sample = pupil_tick(&service);

		sample.flags = i % 2 ? SAMPLE_DISTURBED : 0;
		sample.span_ms = i % 2 ? 1000 : 0;
		cr_assert(zero(int, learner_teach(learner, &sample)));
	}
	cr_assert(zero(u64, learner_age_s(learner)));
	cr_assert(eq(u32, learner_left_s(learner), 30));
}

Test(learner, looking_teaches_nothing)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(30);
	struct service service = PUPIL_CALM;

	for (unsigned int i = 0; i < 100; i++) {
		struct sample sample = pupil_tick(&service);

		(void)pupil_look(learner, &sample);
	}
	cr_assert(eq(u32, learner_left_s(learner), 30));
}

/* ---- looking ------------------------------------------------------------- */

Test(learner, health_is_within_its_own_range_and_seldom_over_its_threshold)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	unsigned int n_over = 0;

	pupil_teach(learner, &service, 600);
	for (unsigned int i = 0; i < 2000; i++) {
		struct sample sample = pupil_tick(&service);
		struct evidence evidence = pupil_look(learner, &sample);

		n_over += evidence.score >= evidence.threshold;
		cr_assert(lt(flt, fabsf(evidence.deviation[METRIC_RSS]), 6));
		cr_assert(evidence.low[METRIC_RSS] > 48.5 * PUPIL_MIB &&
			  evidence.median[METRIC_RSS] > 49.5 * PUPIL_MIB &&
			  evidence.median[METRIC_RSS] < 50.5 * PUPIL_MIB &&
			  evidence.high[METRIC_RSS] < 51.5 * PUPIL_MIB);
	}
	cr_assert(lt(u32, n_over, 2000 * 3 / 100), "%u of 2000 healthy samples", n_over);
}

Test(learner, a_leak_is_seen_within_half_a_minute_and_leads)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	unsigned int seconds = 0;
	struct evidence evidence;

	pupil_teach(learner, &service, 700);
	do {
		struct sample sample;

		service.leak_mib += 1;
		sample = pupil_tick(&service);
		evidence = pupil_look(learner, &sample);
	} while (++seconds < 60 &&
		 !(evidence.deviation[METRIC_RSS] > 6 && evidence.rising_s[METRIC_RSS] >= 20 &&
		   evidence.value[METRIC_RSS] > 1.3 * evidence.median[METRIC_RSS]));
	cr_assert(le(u32, seconds, 35), "after %u s", seconds);
	cr_assert(eq(u32, evidence.lead, METRIC_RSS));
	cr_assert(zero(u32, evidence.rising_s[METRIC_DESCRIPTORS]));
}

Test(learner, many_metrics_at_once_are_over_the_threshold_and_shares_say_whose)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	struct evidence evidence;
	struct sample sample;

	pupil_teach(learner, &service, 600);
	service.load = 4;
	service.leak_mib = 40;
	sample = pupil_tick(&service);
	evidence = pupil_look(learner, &sample);
	cr_assert(gt(flt, evidence.score, evidence.threshold));
	cr_assert(gt(flt, evidence.lead_share, 0));
	cr_assert(lt(flt, evidence.lead_share, 1));
}

Test(learner, what_was_seen_in_health_is_not_far_from_normal)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	unsigned int longest = 0, far = 0;

	for (unsigned int i = 0; i < 2400; i++) {
		struct sample sample;
		struct evidence evidence;

		service.load = i % 300 < 100 ? 3 : 1;
		sample = pupil_tick(&service);
		evidence = pupil_look(learner, &sample);
		far = evidence.lead < METRIC_N && fabsf(evidence.deviation[evidence.lead]) > 6
			      ? far + 1
			      : 0;
		longest = far > longest ? far : longest;
		cr_assert(zero(int, learner_teach(learner, &sample)));
	}
	cr_assert(lt(u32, longest, 10), "%u s in a row", longest);
}

Test(learner, another_invocation_begins_the_rising_again)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	struct sample sample;

	for (unsigned int i = 0; i < 60; i++) {
		service.leak_mib += 2;
		sample = pupil_tick(&service);
		(void)pupil_look(learner, &sample);
	}
	sample = pupil_tick(&service);
	cr_assert(ge(u32, pupil_look(learner, &sample).rising_s[METRIC_RSS], 30));
	memset(sample.invocation, 0, INVOCATION_SIZE); /* not known: not another one */
	cr_assert(ge(u32, pupil_look(learner, &sample).rising_s[METRIC_RSS], 30));
	sample.invocation[0] = 2;
	cr_assert(zero(u32, pupil_look(learner, &sample).rising_s[METRIC_RSS]));
}

/* And what it says is looked at again after twenty minutes at the latest. */
Test(learner, memory_spans_an_hour)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	struct sample sample;

	pupil_teach(learner, &service, 1200);
	service.leak_mib = 50;
	pupil_teach(learner, &service, 2700);
	sample = pupil_tick(&service);
	cr_assert(lt(dbl, pupil_look(learner, &sample).low[METRIC_RSS], 60 * PUPIL_MIB),
		  "after 45 minutes");
	pupil_teach(learner, &service, 2160);
	sample = pupil_tick(&service);
	cr_assert(gt(dbl, pupil_look(learner, &sample).low[METRIC_RSS], 90 * PUPIL_MIB),
		  "after 81 minutes");
}

Test(learner, its_model_is_renewed_as_its_age_grows_by_half_and_each_twenty_minutes_later)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(60);
	struct service service = PUPIL_CALM;
	uint32_t generation;

	pupil_teach(learner, &service, 60);
	cr_assert(eq(u32, learner_generation(learner), FOREST_PLANES_TREES));
	pupil_teach(learner, &service, 120);
	cr_assert(eq(u32, learner_generation(learner), FOREST_PLANES_TREES + 20));
	pupil_teach(learner, &service, 500);
	cr_assert(ge(u32, learner_generation(learner), 2 * FOREST_PLANES_TREES), "all are new");
	cr_assert(le(u32, learner_generation(learner), 2 * FOREST_PLANES_TREES + 20));
	pupil_teach(learner, &service, 3600);
	generation = learner_generation(learner);
	pupil_teach(learner, &service, 6000);
	cr_assert(eq(u32, learner_generation(learner), generation + 60));
}

/* Such as a service that rests, whose pressure and CPU are never quite the same. */
Test(learner, a_moment_that_is_next_to_the_last_has_its_score)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(60);
	struct service service = PUPIL_CALM;
	struct sample sample, next;
	float score = 0;

	pupil_teach(learner, &service, 300);
	sample = pupil_tick(&service);
	for (unsigned int i = 0; i < 100; i++) { /* until all that smoothes it has come to rest */
		sample.when_ms += 1000;
		score = pupil_look(learner, &sample).score;
	}
	next = sample;
	next.when_ms += 1000;
	next.value[METRIC_RSS] += 4096;
	cr_assert(eq(flt, pupil_look(learner, &next).score, score));
	next.when_ms += 1000;
	next.value[METRIC_RSS] += 20 * PUPIL_MIB;
	cr_assert(ne(flt, pupil_look(learner, &next).score, score));
}

/* The seconds after which its model is renewed for the first time. */
static unsigned int seconds_to_renewal(void)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(60);
	struct service service = PUPIL_CALM;
	unsigned int seconds = 60;

	pupil_teach(learner, &service, seconds);
	for (; learner_generation(learner) == FOREST_PLANES_TREES; seconds++)
		pupil_teach(learner, &service, 1);
	return seconds;
}

Test(learner, a_moment_that_stays_is_scored_anew_by_a_new_model)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(60);
	struct service service = PUPIL_CALM;
	unsigned int calm_s = 50; /* by then all that smoothes it has come to rest */
	struct sample sample;
	float before = 0, score = 0;

	pupil_teach(learner, &service, seconds_to_renewal() - calm_s);
	sample = pupil_tick(&service);
	for (unsigned int i = 0; i < calm_s; i++) {
		before = score;
		score = pupil_look(learner, &sample).score;
		cr_assert(zero(int, learner_teach(learner, &sample)));
		sample.when_ms += 1000;
	}
	cr_assert(lt(flt, fabsf(score - before), 1e-5f));
	cr_assert(gt(u32, learner_generation(learner), FOREST_PLANES_TREES));
	cr_assert(gt(flt, fabsf(pupil_look(learner, &sample).score - score), 1e-4f));
}

/* As often as seconds would, it would cost many times as much as looking at them. */
Test(learner, a_past_told_in_minutes_renews_as_many_trees_in_fewer_turns)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	uint32_t generation, last, n_turns = 0;

	service.span_ms = 60000;
	pupil_teach(learner, &service, 60);
	generation = last = learner_generation(learner);
	for (int i = 0; i < 1500; i++) {
		pupil_teach(learner, &service, 1);
		n_turns += learner_generation(learner) != last;
		last = learner_generation(learner);
	}
	cr_assert(le(u32, n_turns, 1500 / (LEARNER_ROWS / 2)), "%u", n_turns);
	cr_assert(ge(u32, last - generation, 200), "as of seconds, all in 400 rows: %u",
		  last - generation);
}

Test(learner, what_is_forgotten_is_learnt_again)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(30);
	struct service service = PUPIL_CALM;
	struct sample sample;

	pupil_teach(learner, &service, 100);
	learner_forget(learner);
	sample = pupil_tick(&service);
	cr_assert(not(learner_is_learnt(learner)));
	cr_assert(zero(u64, learner_age_s(learner)));
	cr_assert(eq(flt, pupil_look(learner, &sample).score, -1));
	service.leak_mib = 100;
	pupil_teach(learner, &service, 30);
	sample = pupil_tick(&service);
	cr_assert(gt(dbl, pupil_look(learner, &sample).low[METRIC_RSS], 140 * PUPIL_MIB));
}

/* Seconds until its memory is noted; 0: not within so many. */
static unsigned int noted_after(struct learner *learner, struct service *service,
				unsigned int most_s, uint32_t flags, uint8_t run)
{
	for (unsigned int i = 1; i <= most_s; i++) {
		struct sample sample = pupil_tick(service);

		service->leak_mib += 2;
		sample.flags = flags;
		sample.invocation[0] = run;
		if (pupil_look(learner, &sample).noted & METRIC_BIT(METRIC_RSS))
			return i;
	}
	return 0;
}

Test(learner, what_outlasts_its_past_is_noted_but_not_of_a_run_that_settles)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(60);
	struct service service = PUPIL_CALM;
	unsigned int after_s;

	pupil_teach(learner, &service, 700);
	cr_assert(zero(uint, noted_after(learner, &service, 60, SAMPLE_DISTURBED, 1)));
	service.leak_mib = 0;
	after_s = noted_after(learner, &service, 60, 0, 1);
	cr_assert(ge(uint, after_s, 12));
	cr_assert(ge(uint, noted_after(learner, &service, 60, 0, 2), 12), "a new run begins anew");
}
