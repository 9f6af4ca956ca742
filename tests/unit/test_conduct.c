/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service does by what is asked of it: busy is no news, sick is. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/chance.h"
#include "judge/conduct.h"
#include "judge/conduct_blob.h"
#include "record/rulefile.h"
#include "tests/unit/assertion.h"

/* A service that takes 10 ms of CPU and has a connection open for half a second for each that comes in. */
struct shop {
	struct conduct conduct;
	struct chance chance;
	uint64_t at_s;
	/* On top of that: */
	double accepts, cores, widest, faults, rss, descriptors, connections, errors, wait;
	struct evidence evidence;
};

static double near(struct shop *shop, double value)
{
	return value * (0.98 + 0.04 * chance_share(&shop->chance));
}

static struct sample second_of(struct shop *shop)
{
	struct sample sample = { .unit = 1, .when_ms = SECONDS(++shop->at_s), .span_ms = 1000 };
	double accepts = near(shop, 20 + shop->accepts);

	sample_set(&sample, METRIC_ACCEPTS, accepts);
	sample_set(&sample, METRIC_CONNECTS, 0);
	sample_set(&sample, METRIC_READ_BYTES, 0);
	sample_set(&sample, METRIC_WRITE_BYTES, near(shop, 1000 * accepts));
	sample_set(&sample, METRIC_CPU, 0.01 * accepts + shop->cores);
	sample_set(&sample, METRIC_THREAD_CPU, fmin(1, 0.005 * accepts + shop->widest));
	sample_set(&sample, METRIC_MINOR_FAULTS, near(shop, 10 * accepts) + shop->faults);
	sample_set(&sample, METRIC_RSS, near(shop, 100 * MIB) + shop->rss);
	sample_set(&sample, METRIC_THREADS, 8);
	sample_set(&sample, METRIC_DESCRIPTORS, 40 + 0.5 * accepts + shop->descriptors);
	sample_set(&sample, METRIC_CONNECTIONS, 0.5 * accepts + shop->connections);
	sample_set(&sample, METRIC_ERROR_LINES, shop->errors);
	sample_set(&sample, METRIC_PSI_CPU_SOME, shop->wait);
	return sample;
}

/* As the judge does: what is noted teaches nothing. */
static void step(struct shop *shop, uint32_t patience_s)
{
	struct sample sample = second_of(shop);

	shop->evidence = (struct evidence) { .score = -1 };
	conduct_look(&shop->conduct, &sample, patience_s, &shop->evidence);
	if (shop->evidence.noted == 0)
		conduct_learn(&shop->conduct, &sample);
}

static void live(struct shop *shop, unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds; i++)
		step(shop, 0);
}

/* An hour of health, in which demand comes and goes, and so many connections stay open. */
static struct shop open_shop_with(double connections)
{
	struct shop shop = { .connections = connections };

	chance_init(&shop.chance, 7, 1);
	for (int i = 0; i < 60; i++) {
		shop.accepts = i % 2 ? 40 : 0;
		live(&shop, 60);
	}
	shop.accepts = 0;
	live(&shop, 60);
	cr_assert(zero(u64, shop.evidence.noted));
	return shop;
}

static struct shop open_shop(void)
{
	return open_shop_with(0);
}

static bool is_noted(const struct shop *shop, enum metric metric)
{
	return shop->evidence.noted & METRIC_BIT(metric);
}

/* The second in which it is noted; 0: not within so many. */
static unsigned int noted_after(struct shop *shop, enum metric metric, unsigned int most_s)
{
	for (unsigned int i = 1; i <= most_s; i++) {
		step(shop, 0);
		if (is_noted(shop, metric))
			return i;
	}
	return 0;
}

Test(conduct, work_that_is_asked_for_is_no_news)
{
	struct shop shop = open_shop();

	shop.accepts = 40;
	for (int i = 0; i < 600; i++) {
		live(&shop, 1);
		cr_assert(zero(u64, shop.evidence.noted), "second %d", i);
	}
	cr_assert(epsilon_eq(dbl, shop.evidence.expected[METRIC_CPU], 0.6, 0.05));
}

Test(conduct, cpu_that_nothing_asked_for_is_news_once_it_has_lasted)
{
	struct shop shop = open_shop();
	unsigned int after_s;

	shop.cores = 1;
	after_s = noted_after(&shop, METRIC_CPU, 60);
	cr_assert(ge(uint, after_s, 20));
	cr_assert(le(uint, after_s, 30));
	cr_assert(ge(dbl, shop.evidence.excess[METRIC_CPU], 0.7));
	cr_assert(le(dbl, shop.evidence.excess[METRIC_CPU], 1.05));
	cr_assert(epsilon_eq(dbl, shop.evidence.expected[METRIC_CPU], 0.2, 0.05));
}

Test(conduct, a_burst_that_has_often_been_is_no_news)
{
	struct shop shop = open_shop();

	for (int i = 0; i < 3; i++) {
		shop.cores = 1;
		live(&shop, 20);
		shop.cores = 0;
		live(&shop, 300);
	}
	shop.cores = 1;
	cr_assert(zero(uint, noted_after(&shop, METRIC_CPU, 60)));
}

/* Jobs that compute in one thread, and allocate what they compute with or not. */
static void compute(struct shop *shop, double faults)
{
	for (int i = 0; i < 3; i++) {
		shop->cores = shop->widest = 1;
		shop->faults = faults;
		live(shop, 20);
		shop->cores = shop->widest = shop->faults = 0;
		live(shop, 300);
	}
}

Test(conduct, a_thread_that_makes_no_page_faults_is_news_where_jobs_that_do_are_none)
{
	struct shop computing = open_shop(), spinning = open_shop(), spread = open_shop();
	unsigned int after_s;

	compute(&computing, 1000);
	computing.cores = computing.widest = 1;
	computing.faults = 1000;
	cr_assert(zero(uint, noted_after(&computing, METRIC_CPU, 60)));

	compute(&spinning, 1000);
	spinning.cores = spinning.widest = 1;
	after_s = noted_after(&spinning, METRIC_CPU, 60);
	cr_assert(ge(uint, after_s, 20));
	cr_assert(le(uint, after_s, 30));
	cr_assert(ge(dbl, spinning.evidence.excess[METRIC_CPU], 0.7));
	cr_assert(gt(dbl, spinning.evidence.known[METRIC_CPU], 0.1));
	cr_assert(le(dbl, spinning.evidence.known[METRIC_CPU],
		     spinning.evidence.expected[METRIC_CPU] + 0.1));

	compute(&spread, 1000);
	spread.cores = 1;
	spread.widest = 0.1;
	cr_assert(zero(uint, noted_after(&spread, METRIC_CPU, 60)), "many threads have it");
}

Test(conduct, jobs_that_make_no_page_faults_are_learnt_like_all_others)
{
	struct shop shop = open_shop();

	compute(&shop, 0);
	shop.cores = shop.widest = 1;
	cr_assert(zero(uint, noted_after(&shop, METRIC_CPU, 60)));
}

Test(conduct, where_page_faults_are_not_known_nobody_is_accused_of_making_none)
{
	struct shop shop = open_shop();
	struct sample sample;

	compute(&shop, 1000);
	shop.cores = shop.widest = 1;
	for (int i = 0; i < 60; i++) {
		sample = second_of(&shop);
		sample.have &= ~METRIC_BIT(METRIC_MINOR_FAULTS);
		shop.evidence = (struct evidence) { .score = -1 };
		conduct_look(&shop.conduct, &sample, 0, &shop.evidence);
		cr_assert(not(is_noted(&shop, METRIC_CPU)), "second %d", i);
	}
}

Test(conduct, a_young_judge_waits_for_longer)
{
	struct shop shop = open_shop();

	shop.cores = 1;
	for (int i = 0; i < 100; i++) {
		step(&shop, 100);
		cr_assert(zero(u64, shop.evidence.noted), "second %d", i);
	}
	for (int i = 0; i < 30; i++)
		step(&shop, 100);
	cr_assert(is_noted(&shop, METRIC_CPU));
}

Test(conduct, demand_that_never_was_explains_what_comes_with_it)
{
	struct shop shop = open_shop();

	shop.accepts = 400;
	shop.cores = 3; /* more for each than ever */
	cr_assert(zero(uint, noted_after(&shop, METRIC_CPU, 300)));
}

Test(conduct, a_busy_host_explains_that_clients_stay_for_longer)
{
	struct shop shop = open_shop(), quiet = open_shop();

	shop.connections = quiet.connections = 30;
	shop.wait = 0.5;
	cr_assert(zero(uint, noted_after(&shop, METRIC_CONNECTIONS, 100)));
	cr_assert(gt(uint, noted_after(&quiet, METRIC_CONNECTIONS, 100), 0),
		  "it is slow by itself");
}

/* Ten more are clients, and these stay for four times as long. */
Test(conduct, a_pool_that_is_always_open_does_not_hide_who_waits_for_longer)
{
	struct shop shop = open_shop_with(100);

	shop.connections += 30;
	cr_assert(gt(uint, noted_after(&shop, METRIC_CONNECTIONS, 60), 0));
}

Test(conduct, memory_that_grows_and_grows_is_growth)
{
	struct shop shop = open_shop();
	unsigned int grows_s = 0;

	for (unsigned int i = 1; i <= 100 && grows_s == 0; i++) {
		shop.rss += 2 * MIB;
		step(&shop, 0);
		grows_s = shop.evidence.growth[METRIC_RSS] > 0 ? i : 0;
	}
	cr_assert(gt(uint, grows_s, 0));
	cr_assert(le(uint, grows_s, 60));
	cr_assert(is_noted(&shop, METRIC_RSS));
}

/* Though it has more than ever; whatever second it begins in, of the blocks in which floors are told. */
Test(conduct, what_is_taken_within_ten_seconds_is_no_growth)
{
	for (unsigned int second = 0; second < 10; second++) {
		struct shop shop = open_shop();

		live(&shop, second);
		for (int i = 0; i < 100; i++) {
			shop.rss += i < 10 ? 6 * MIB : 0;
			step(&shop, 0);
			cr_assert(zero(dbl, shop.evidence.growth[METRIC_RSS]),
				  "step at %u, %d s later", second, i);
		}
		cr_assert(gt(dbl, shop.evidence.excess[METRIC_RSS], 0));
	}
}

Test(conduct, descriptors_that_are_forgotten_and_errors_are_news)
{
	struct shop shop = open_shop();

	for (int i = 0; i < 60; i++) {
		shop.descriptors += 2;
		step(&shop, 0);
	}
	cr_assert(is_noted(&shop, METRIC_DESCRIPTORS));
	shop = open_shop();
	shop.errors = 5;
	cr_assert(gt(uint, noted_after(&shop, METRIC_ERROR_LINES, 20), 0));
}

/* Twenty connections come in each second. */
Test(conduct, errors_of_fewer_than_one_client_in_ten_are_no_news)
{
	struct shop few = open_shop(), more = open_shop();

	few.errors = 1.8;
	cr_assert(zero(uint, noted_after(&few, METRIC_ERROR_LINES, 300)));
	more.errors = 3;
	cr_assert(gt(uint, noted_after(&more, METRIC_ERROR_LINES, 20), 0));
}

Test(conduct, what_lasts_for_half_an_hour_is_how_it_is_now)
{
	struct shop shop = open_shop();

	shop.cores = 1;
	cr_assert(gt(uint, noted_after(&shop, METRIC_CPU, 60), 0));
	live(&shop, 2000);
	cr_assert(not(is_noted(&shop, METRIC_CPU)));
	cr_assert(epsilon_eq(dbl, shop.evidence.expected[METRIC_CPU], 1.2, 0.1));
}

Test(conduct, what_ends_with_a_new_run_is_no_record)
{
	struct shop shop = open_shop();

	shop.cores = 1;
	live(&shop, 100);
	conduct_drop(&shop.conduct);
	shop.cores = 0;
	live(&shop, 60);
	shop.cores = 1;
	cr_assert(gt(uint, noted_after(&shop, METRIC_CPU, 40), 0),
		  "it would be sick the same way again");
}

/* So many seconds with that score, in which the unit waits for CPUs that others have. */
static void score(struct shop *shop, unsigned int seconds, float score, double wait)
{
	shop->wait = wait;
	for (unsigned int i = 0; i < seconds; i++) {
		struct sample sample = second_of(shop);

		shop->evidence = (struct evidence) { .score = score, .threshold = 0.55f };
		shop->evidence.value[METRIC_PSI_CPU_SOME] = wait;
		conduct_look(&shop->conduct, &sample, 0, &shop->evidence);
	}
}

Test(conduct, a_score_that_stays_high_is_noted_until_it_is_ordinary)
{
	struct shop shop = open_shop();

	score(&shop, 100, 0.6F, 0);
	cr_assert(not(shop.evidence.is_score_noted));
	score(&shop, 50, 0.6F, 0);
	cr_assert(shop.evidence.is_score_noted);
	cr_assert(zero(u64, shop.evidence.noted));
	score(&shop, 1, 0.5F, 0);
	cr_assert(not(shop.evidence.is_score_noted));
}

Test(conduct, a_score_is_no_news_while_others_have_the_cpus_and_a_minute_later)
{
	struct shop shop = open_shop();

	score(&shop, 300, 0.6F, 0.05);
	cr_assert(not(shop.evidence.is_score_noted));
	score(&shop, 50, 0.6F, 0);
	cr_assert(not(shop.evidence.is_score_noted), "it is still in the range of many rows");
	score(&shop, 20, 0.6F, 0);
	cr_assert(shop.evidence.is_score_noted);
}

/* A minute, six samples of ten seconds each, at that time of that day. */
static void live_minute(struct shop *shop, unsigned int day, unsigned int minute, double cores)
{
	shop->cores = cores;
	for (unsigned int i = 0; i < 6; i++) {
		struct sample sample = second_of(shop);

		sample.span_ms = SECONDS(10);
		sample.wall_ms = DAYS(20000 + day) + MINUTES(minute) + SECONDS(10 * i);
		shop->evidence = (struct evidence) { .score = -1 };
		conduct_look(&shop->conduct, &sample, 0, &shop->evidence);
		conduct_learn(&shop->conduct, &sample);
	}
}

Test(conduct, what_is_usual_at_that_hour_is_expected_then_and_not_at_noon)
{
	struct shop shop = open_shop();

	for (unsigned int day = 0; day < 3; day++)
		for (unsigned int minute = 0; minute < 1440; minute++)
			live_minute(&shop, day, minute, minute >= 180 && minute < 190 ? 0.9 : 0);
	live_minute(&shop, 3, 195, 0.9);
	cr_assert(gt(dbl, shop.evidence.expected[METRIC_CPU], 1));
	cr_assert(zero(dbl, shop.evidence.excess[METRIC_CPU]));
	live_minute(&shop, 3, 720, 0.9);
	cr_assert(lt(dbl, shop.evidence.expected[METRIC_CPU], 0.5));
}

Test(conduct, what_is_not_measured_is_not_judged)
{
	struct conduct conduct = { 0 };
	struct sample nothing = { .unit = 1, .span_ms = 1000 };
	struct evidence evidence = { .score = -1 };

	for (int i = 0; i < 300; i++) {
		conduct_look(&conduct, &nothing, 0, &evidence);
		conduct_learn(&conduct, &nothing);
	}
	cr_assert(zero(u64, evidence.noted));
	for (size_t i = 0; i < METRIC_N; i++)
		cr_assert(zero(dbl, evidence.excess[i]));
}

Test(conduct, all_that_rules_may_ask_for_is_followed_and_no_more)
{
	struct shop shop = open_shop();

	shop.errors = 1;
	live(&shop, 1);
	for (uint32_t i = 0; i < METRIC_N; i++)
		cr_assert(eq(int, shop.evidence.expected[i] > 0 || i == METRIC_ERROR_LINES,
			     rule_has_excess(i)),
			  "%s", metric_table[i].name);
}

/* ---- kept ------------------------------------------------------------------------ */

Test(conduct, what_is_kept_knows_the_same)
{
	struct shop shop = open_shop(), back;
	uint8_t bytes[CONDUCT_BLOB_SIZE], again[CONDUCT_BLOB_SIZE];

	compute(&shop, 0);
	conduct_blob_write(&shop.conduct, bytes);
	back = shop;
	back.conduct = (struct conduct) { 0 };
	cr_assert(zero(int, conduct_blob_read(bytes, &back.conduct)));
	conduct_blob_write(&back.conduct, again);
	cr_assert(zero(int, memcmp(bytes, again, sizeof(bytes))));
	cr_assert(eq(u32, back.conduct.age_s, shop.conduct.age_s));
	back.cores = 1;
	back.widest = 1;
	cr_assert(zero(uint, noted_after(&back, METRIC_CPU, 60)), "its bursts are known");
	cr_assert(epsilon_eq(dbl, back.evidence.expected[METRIC_CPU], 0.2, 0.05));
}

Test(conduct, bytes_that_nobody_wrote_are_refused_or_do_no_harm)
{
	struct shop shop = open_shop();
	uint8_t bytes[CONDUCT_BLOB_SIZE];
	struct chance chance;

	chance_init(&chance, 3, 1);
	for (int i = 0; i < 1000; i++) {
		conduct_blob_write(&shop.conduct, bytes);
		for (int j = 0; j < 8; j++)
			bytes[chance_below(&chance, sizeof(bytes))] =
				(uint8_t)chance_below(&chance, 256);
		shop.conduct = (struct conduct) { 0 };
		if (conduct_blob_read(bytes, &shop.conduct) >= 0)
			live(&shop, 3);
		shop.conduct = (struct conduct) { 0 };
		live(&shop, 40);
	}
}
