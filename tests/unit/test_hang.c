/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work that waits while no thread runs: seconds that count, and all that begins them anew. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/hang.h"
#include "judge/judge.h"
#include "record/rulefile.h"
#include "tests/unit/assertion.h"

/* A unit that hangs, second by second: its queue is read each 5 s. */
struct bench {
	struct hang_memory memory;
	uint64_t at_s;
	double backlog;
	double value[METRIC_N]; /* of what tells that it runs */
	uint64_t lacks;
	uint64_t no_reading_from_s; /* 0: each 5 s */
	uint8_t switches_age_s;
	struct evidence evidence;
};

static struct sample sample_of(const struct bench *bench)
{
	static const enum metric known[] = { METRIC_CPU,
					     METRIC_SWITCHES_VOLUNTARY,
					     METRIC_SWITCHES_INVOLUNTARY,
					     METRIC_RUN_DELAY,
					     METRIC_STOPPED,
					     METRIC_BLOCKED,
					     METRIC_STUCK,
					     METRIC_PSI_CPU_SOME };
	struct sample sample = fixture_sample(SECONDS(bench->at_s), 1, 100 * MIB);
	uint64_t read_s = bench->at_s / 5 * 5;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		sample_set(&sample, known[i], bench->value[known[i]]);
	if (bench->no_reading_from_s && read_s > bench->no_reading_from_s)
		read_s = bench->no_reading_from_s;
	sample_set(&sample, METRIC_BACKLOG, bench->backlog);
	sample.age_s[METRIC_BACKLOG] = (uint8_t)(bench->at_s - read_s);
	sample.age_s[METRIC_SWITCHES_VOLUNTARY] = bench->switches_age_s;
	sample.have &= ~bench->lacks;
	return sample;
}

static void live(struct bench *bench, unsigned int seconds)
{
	for (; seconds > 0; seconds--) {
		struct sample sample = sample_of(bench);

		hang_follow(&bench->memory, &sample);
		bench->at_s++;
	}
	hang_tell(&bench->memory, &bench->evidence);
}

/* It ran until the first second, and three wait from then on. */
static struct bench begin(void)
{
	return (struct bench) { .at_s = 100, .backlog = 3 };
}

Test(hang, it_is_noted_at_the_second_reading_of_who_waits)
{
	struct bench bench = begin();

	bench.evidence = fixture_evidence(&(struct sample) { .when_ms = 1 });
	bench.evidence.have |= METRIC_BIT(METRIC_BACKLOG);
	bench.evidence.have_normal |= METRIC_BIT(METRIC_BACKLOG);
	bench.evidence.value[METRIC_BACKLOG] = 3;
	bench.evidence.high[METRIC_BACKLOG] = 0;
	live(&bench, 5);
	cr_assert(not(rulebook_hangs(&bench.evidence)));
	live(&bench, 2);
	cr_assert(rulebook_hangs(&bench.evidence));
}

Test(hang, spans_grow_while_nothing_moves_and_something_waits)
{
	struct bench bench = begin();

	live(&bench, 1);
	cr_assert(eq(dbl, bench.evidence.still_s, 0));
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
	live(&bench, 30);
	cr_assert(eq(dbl, bench.evidence.still_s, 30));
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 30), "from the reading at 100 to 130");
	cr_assert(zero(u32, bench.evidence.unread_waiting_s));
	live(&bench, 4);
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 30), "the same reading, only older");
	live(&bench, 1);
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 35));
}

Test(hang, it_stands_still_up_to_the_last_reading_of_what_says_so)
{
	struct bench bench = begin();

	bench.switches_age_s = 4; /* tasks are not walked each second on a large host */
	live(&bench, 3);
	cr_assert(zero(dbl, bench.evidence.still_s));
	live(&bench, 28);
	cr_assert(eq(dbl, bench.evidence.still_s, 26));
}

Test(hang, one_reading_is_no_span_however_long_it_is_shown)
{
	struct bench bench = begin();

	bench.no_reading_from_s = 100;
	live(&bench, 60);
	cr_assert(eq(dbl, bench.evidence.still_s, 59));
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
}

Test(hang, readings_that_are_too_far_apart_are_not_joined)
{
	struct bench bench = begin();

	live(&bench, 6);
	bench.no_reading_from_s = 105;
	live(&bench, 24);
	bench.no_reading_from_s = 0;
	live(&bench, 1);
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
	live(&bench, 5);
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 5));
}

Test(hang, whatever_moves_or_keeps_it_from_moving_begins_stillness_anew)
{
	static const enum metric moves[] = { METRIC_CPU,	 METRIC_SWITCHES_VOLUNTARY,
					     METRIC_RUN_DELAY,	 METRIC_SWITCHES_INVOLUNTARY,
					     METRIC_STOPPED,	 METRIC_BLOCKED,
					     METRIC_PSI_CPU_SOME };

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		struct bench bench = begin();

		live(&bench, 40);
		bench.value[moves[i]] = 0.001;
		live(&bench, 1);
		cr_assert(zero(dbl, bench.evidence.still_s), "%s", metric_table[moves[i]].name);
		bench.value[moves[i]] = 0;
		live(&bench, 10);
		cr_assert(eq(dbl, bench.evidence.still_s, 10), "%s", metric_table[moves[i]].name);
		bench.lacks = METRIC_BIT(moves[i]);
		live(&bench, 1);
		cr_assert(lt(dbl, bench.evidence.still_s, 0), "unknown is not still");
		bench.lacks = 0;
		live(&bench, 10);
		cr_assert(eq(dbl, bench.evidence.still_s, 9), "%s", metric_table[moves[i]].name);
	}
}

Test(hang, a_queue_that_becomes_shorter_or_empty_is_served)
{
	struct bench bench = begin();

	live(&bench, 41);
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 40));
	bench.backlog = 5; /* more clients come */
	live(&bench, 5);
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 45));
	bench.backlog = 4;
	live(&bench, 5);
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
	live(&bench, 5);
	cr_assert(eq(u32, bench.evidence.backlog_waiting_s, 5));
	bench.backlog = 0;
	live(&bench, 5);
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
	live(&bench, 60);
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s), "an idle one has nobody who waits");
}

Test(hang, a_queue_that_is_not_known_any_more_does_not_wait)
{
	struct bench bench = begin();

	live(&bench, 41);
	bench.lacks = METRIC_BIT(METRIC_BACKLOG);
	live(&bench, 1);
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
}

Test(hang, a_host_that_slept_counts_nothing)
{
	struct bench bench = begin();

	live(&bench, 25);
	bench.at_s += 3600;
	live(&bench, 1);
	cr_assert(zero(dbl, bench.evidence.still_s));
	cr_assert(zero(u32, bench.evidence.backlog_waiting_s));
	live(&bench, 10);
	cr_assert(eq(dbl, bench.evidence.still_s, 10));
}

/* ---- the shipped rule, on a unit that was learnt ---------------------------------- */

/* What the unit is like in each second. */
struct life {
	double cpu, switches, backlog;
	uint64_t switches_every_s; /* 0: in each */
};

struct ward {
	struct judge *judge;
	struct unit_status status;
	uint64_t at_s, sick_s, acted_s; /* 0: never */
	struct finding finding;
};

static struct ward admit(void)
{
	static struct rulebook rulebook;
	struct judge_setup setup = { .config = fixture_config(),
				     .rulebook = &rulebook,
				     .seed = 1,
				     .next_incident = 10,
				     .next_decision = 20 };
	struct ward ward = { .status = fixture_status("shop.service", 1), .at_s = 100 };
	struct ini_error error = { "" };

	rulebook.n = 1;
	cr_assert(
		zero(int, rule_load("packaging/conf/rules.d/hang.rule", &rulebook.rule[0], &error)),
		"%s", error.text);
	setup.config.learn_s = 30;
	setup.config.trust_s = 0;
	setup.can_act[WAY_SYSTEMD] = setup.can_act[WAY_MOCK] = true;
	cr_assert(zero(int, judge_new(&setup, &ward.judge)));
	return ward;
}

static void spend(struct ward *ward, unsigned int seconds, struct life life)
{
	for (; seconds > 0 && ward->acted_s == 0; seconds--) {
		struct bench bench = { .at_s = ++ward->at_s, .backlog = life.backlog };
		struct sample sample;

		if (life.switches_every_s == 0 || ward->at_s % life.switches_every_s == 0) {
			bench.value[METRIC_CPU] = life.cpu;
			bench.value[METRIC_SWITCHES_VOLUNTARY] = life.switches;
		}
		sample = sample_of(&bench);
		cr_assert(zero(int, judge_take(ward->judge, &sample, &ward->status, true,
					       &ward->finding)));
		if (ward->finding.verdict.health == HEALTH_SICK && ward->sick_s == 0)
			ward->sick_s = ward->at_s;
		if (ward->finding.decided && ward->finding.decision.why == WHY_ALLOWED)
			ward->acted_s = ward->at_s;
	}
}

static const struct life well = { .cpu = 0.1, .switches = 50 };

Test(hang, who_hangs_is_sick_within_half_a_minute_and_restarted)
{
	struct ward ward = admit();
	uint64_t from_s;

	spend(&ward, 200, well);
	cr_assert(eq(int, ward.finding.verdict.health, HEALTH_HEALTHY));
	from_s = ward.at_s;
	spend(&ward, 120, (struct life) { .backlog = 3 });
	cr_assert(ge(u64, ward.sick_s, from_s + 20));
	cr_assert(le(u64, ward.sick_s, from_s + 30));
	cr_assert(eq(u64, ward.acted_s, ward.sick_s + 2), "who is sick with it is known by then");
	cr_assert(eq(str, ward.finding.decision.rule, "hang"));
	(void)judge_free(ward.judge);
}

Test(hang, idle_slow_busy_and_stray_are_left_alone)
{
	static const struct life lives[] = {
		{ .backlog = 0 },						       /* idle */
		{ .cpu = 0.001, .switches = 1, .switches_every_s = 20, .backlog = 9 }, /* slow */
		{ .cpu = 1, .backlog = 9 }, /* spins: another's business */
		{ .backlog = 1 },	    /* a stray connection */
	};

	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct ward ward = admit();

		spend(&ward, 200, well);
		spend(&ward, 1200, lives[i]);
		cr_assert(zero(u64, ward.sick_s), "life %zu", i);
		(void)judge_free(ward.judge);
	}
}

Test(hang, who_lets_clients_wait_in_health_is_left_alone_when_it_does_so_again)
{
	struct ward ward = admit();

	for (int i = 0; i < 30; i++) {
		spend(&ward, 20, (struct life) { .backlog = 4 });
		spend(&ward, 20, well);
	}
	spend(&ward, 300, (struct life) { .backlog = 4 });
	cr_assert(zero(u64, ward.sick_s));
	(void)judge_free(ward.judge);
}
