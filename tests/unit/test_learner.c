/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Learning, looking, keeping: one unit's life in simulated seconds. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "judge/forest.h"
#include "judge/conduct_blob.h"
#include "judge/learner.h"

#define MIB  1048576.0
#define SEED 7

/* ---- a small service ----------------------------------------------------- */

struct service {
	uint64_t when_ms;
	uint64_t chance;
	double load;	 /* 1: usual */
	double leak_mib; /* on top of its memory */
	uint32_t span_ms;
};

static const struct service calm = { .when_ms = 5000, .chance = 1, .load = 1, .span_ms = 1000 };

/* Between -1 and 1, most often near 0. */
static double noise(struct service *service)
{
	double sum = 0;

	for (unsigned int i = 0; i < 3; i++) {
		service->chance = service->chance * UINT64_C(6364136223846793005) + 1442695041;
		sum += (double)(service->chance >> 40) * 0x1p-24;
	}
	return sum / 1.5 - 1;
}

static struct sample tick(struct service *service)
{
	struct sample sample = { .span_ms = service->span_ms };
	double work = service->load * (1 + 0.4 * noise(service));

	service->when_ms += service->span_ms;
	sample.when_ms = service->when_ms;
	sample.invocation[0] = 1;
	sample_set(&sample, METRIC_CPU, 0.2 * work);
	sample_set(&sample, METRIC_RSS, (50 + noise(service) + service->leak_mib) * MIB);
	sample_set(&sample, METRIC_SWAP, 0);
	sample_set(&sample, METRIC_THREADS, 12);
	sample_set(&sample, METRIC_DESCRIPTORS, floor(60 + 10 * work + 2 * noise(service)));
	sample_set(&sample, METRIC_MINOR_FAULTS, 200 * work * (1 + 0.3 * noise(service)));
	sample_set(&sample, METRIC_WRITE_BYTES, 50000 * work * (1 + 0.3 * noise(service)));
	sample_set(&sample, METRIC_PSI_CPU_SOME, 0.02 * work);
	sample_set(&sample, METRIC_EXITS_FAILED, 0);
	return sample;
}

static struct evidence look(struct learner *learner, const struct sample *sample)
{
	struct evidence evidence;

	learner_look(learner, sample, 0, &evidence);
	return evidence;
}

static void teach(struct learner *learner, struct service *service, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct sample sample = tick(service);

		(void)look(learner, &sample);
		cr_assert(zero(int, learner_teach(learner, &sample)));
	}
}

static struct learner *make(uint32_t learn_s)
{
	struct learner *learner = NULL;

	cr_assert(zero(int, learner_new(SEED, learn_s, &learner)));
	return learner;
}

/* ---- learning ------------------------------------------------------------ */

Test(learner, before_it_has_learnt_it_knows_values_and_nothing_else)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	struct sample sample = tick(&service);
	struct evidence evidence;

	sample_set(&sample, METRIC_PSI_IO_FULL, NAN);
	sample_set(&sample, METRIC_RESTARTS, 2);
	evidence = look(learner, &sample);
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
		CLEANUP(learner_freep) struct learner *learner = make(cases[i].learn_s);
		struct service service = calm;

		service.span_ms = cases[i].span_ms;
		teach(learner, &service, cases[i].n - 1);
		cr_assert(not(learner_is_learnt(learner)), "case %zu", i);
		cr_assert(gt(u32, learner_left_s(learner), 0));
		teach(learner, &service, 1);
		cr_assert(learner_is_learnt(learner), "case %zu", i);
		cr_assert(zero(u32, learner_left_s(learner)));
	}
}

Test(learner, the_time_left_counts_down)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;

	cr_assert(eq(u32, learner_left_s(learner), 600));
	teach(learner, &service, 100);
	cr_assert(eq(u32, learner_left_s(learner), 500));
	cr_assert(eq(u64, learner_age_s(learner), 100));
}

Test(learner, what_is_disturbed_or_covers_no_time_teaches_nothing)
{
	CLEANUP(learner_freep) struct learner *learner = make(30);
	struct service service = calm;

	for (unsigned int i = 0; i < 100; i++) {
		struct sample sample = tick(&service);

		sample.flags = i % 2 ? SAMPLE_DISTURBED : 0;
		sample.span_ms = i % 2 ? 1000 : 0;
		cr_assert(zero(int, learner_teach(learner, &sample)));
	}
	cr_assert(zero(u64, learner_age_s(learner)));
	cr_assert(eq(u32, learner_left_s(learner), 30));
}

Test(learner, looking_teaches_nothing)
{
	CLEANUP(learner_freep) struct learner *learner = make(30);
	struct service service = calm;

	for (unsigned int i = 0; i < 100; i++) {
		struct sample sample = tick(&service);

		(void)look(learner, &sample);
	}
	cr_assert(eq(u32, learner_left_s(learner), 30));
}

/* ---- looking ------------------------------------------------------------- */

Test(learner, health_is_within_its_own_range_and_seldom_over_its_threshold)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	unsigned int n_over = 0;

	teach(learner, &service, 600);
	for (unsigned int i = 0; i < 2000; i++) {
		struct sample sample = tick(&service);
		struct evidence evidence = look(learner, &sample);

		n_over += evidence.score >= evidence.threshold;
		cr_assert(lt(flt, fabsf(evidence.deviation[METRIC_RSS]), 6));
		cr_assert(evidence.low[METRIC_RSS] > 48.5 * MIB &&
			  evidence.median[METRIC_RSS] > 49.5 * MIB &&
			  evidence.median[METRIC_RSS] < 50.5 * MIB &&
			  evidence.high[METRIC_RSS] < 51.5 * MIB);
	}
	cr_assert(lt(u32, n_over, 2000 * 3 / 100), "%u of 2000 healthy samples", n_over);
}

Test(learner, a_leak_is_seen_within_half_a_minute_and_leads)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	unsigned int seconds = 0;
	struct evidence evidence;

	teach(learner, &service, 700);
	do {
		struct sample sample;

		service.leak_mib += 1;
		sample = tick(&service);
		evidence = look(learner, &sample);
	} while (++seconds < 60 &&
		 !(evidence.deviation[METRIC_RSS] > 6 && evidence.rising_s[METRIC_RSS] >= 20 &&
		   evidence.value[METRIC_RSS] > 1.3 * evidence.median[METRIC_RSS]));
	cr_assert(le(u32, seconds, 35), "after %u s", seconds);
	cr_assert(eq(u32, evidence.lead, METRIC_RSS));
	cr_assert(zero(u32, evidence.rising_s[METRIC_DESCRIPTORS]));
}

Test(learner, many_metrics_at_once_are_over_the_threshold_and_shares_say_whose)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	struct evidence evidence;
	struct sample sample;

	teach(learner, &service, 600);
	service.load = 4;
	service.leak_mib = 40;
	sample = tick(&service);
	evidence = look(learner, &sample);
	cr_assert(gt(flt, evidence.score, evidence.threshold));
	cr_assert(gt(flt, evidence.lead_share, 0));
	cr_assert(lt(flt, evidence.lead_share, 1));
}

Test(learner, what_was_seen_in_health_is_not_far_from_normal)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	unsigned int longest = 0, far = 0;

	for (unsigned int i = 0; i < 2400; i++) {
		struct sample sample;
		struct evidence evidence;

		service.load = i % 300 < 100 ? 3 : 1;
		sample = tick(&service);
		evidence = look(learner, &sample);
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
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	struct sample sample;

	for (unsigned int i = 0; i < 60; i++) {
		service.leak_mib += 2;
		sample = tick(&service);
		(void)look(learner, &sample);
	}
	sample = tick(&service);
	cr_assert(ge(u32, look(learner, &sample).rising_s[METRIC_RSS], 30));
	memset(sample.invocation, 0, INVOCATION_SIZE); /* not known: not another one */
	cr_assert(ge(u32, look(learner, &sample).rising_s[METRIC_RSS], 30));
	sample.invocation[0] = 2;
	cr_assert(zero(u32, look(learner, &sample).rising_s[METRIC_RSS]));
}

Test(learner, memory_spans_an_hour_and_not_much_more)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	struct sample sample;

	teach(learner, &service, 1200);
	service.leak_mib = 50;
	teach(learner, &service, 2700);
	sample = tick(&service);
	cr_assert(lt(dbl, look(learner, &sample).low[METRIC_RSS], 60 * MIB), "after 45 minutes");
	teach(learner, &service, 1200);
	sample = tick(&service);
	cr_assert(gt(dbl, look(learner, &sample).low[METRIC_RSS], 90 * MIB), "after 65 minutes");
}

Test(learner, its_model_is_renewed_each_minute_in_its_first_hour_and_less_often_later)
{
	CLEANUP(learner_freep) struct learner *learner = make(60);
	struct service service = calm;
	uint32_t generation;

	teach(learner, &service, 60);
	generation = learner_generation(learner);
	cr_assert(eq(u32, generation, FOREST_TREES));
	teach(learner, &service, 60);
	cr_assert(gt(u32, learner_generation(learner), generation));
	generation = learner_generation(learner);
	teach(learner, &service, 600);
	cr_assert(eq(u32, learner_generation(learner), generation + 100));
	teach(learner, &service, 3600);
	generation = learner_generation(learner);
	teach(learner, &service, 3000);
	cr_assert(eq(u32, learner_generation(learner), generation + 100));
}

Test(learner, what_is_forgotten_is_learnt_again)
{
	CLEANUP(learner_freep) struct learner *learner = make(30);
	struct service service = calm;
	struct sample sample;

	teach(learner, &service, 100);
	learner_forget(learner);
	sample = tick(&service);
	cr_assert(not(learner_is_learnt(learner)));
	cr_assert(zero(u64, learner_age_s(learner)));
	cr_assert(eq(flt, look(learner, &sample).score, -1));
	service.leak_mib = 100;
	teach(learner, &service, 30);
	sample = tick(&service);
	cr_assert(gt(dbl, look(learner, &sample).low[METRIC_RSS], 140 * MIB));
}

/* ---- keeping ------------------------------------------------------------- */

struct kept {
	uint8_t *bytes;
	size_t size;
};

static struct kept save(const struct learner *learner)
{
	struct kept kept;

	cr_assert(zero(int, learner_save(learner, &kept.bytes, &kept.size)));
	return kept;
}

/* Loads from memory of exactly that size, so that the sanitizer sees each byte read beyond it. */
static int load(const uint8_t *bytes, size_t size, uint32_t learn_s)
{
	struct learner *learner = NULL;
	uint8_t *exact = malloc(size ? size : 1);
	int r;

	memcpy(exact, bytes, size);
	r = learner_load(size ? exact : exact + 1, size, SEED, learn_s, &learner);
	free(exact);
	if (r == 0) {
		struct service service = calm;

		/* Whatever it was taught, it can be looked at and taught on. */
		teach(learner, &service, 3);
	}
	learner_free(learner);
	return r;
}

/* Makes damaged bytes pass the checksum, as a stranger's would. */
static void sign(uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size - 4; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	crc = htole32(~crc);
	memcpy(bytes + size - 4, &crc, 4);
}

Test(learner, what_was_learnt_survives)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	CLEANUP(learner_freep) struct learner *loaded = NULL;
	struct service service = calm;
	struct kept kept;

	teach(learner, &service, 2000);
	kept = save(learner);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, SEED, 600, &loaded)));
	cr_assert(lt(sz, kept.size, (size_t)28 * 1024), "%zu bytes", kept.size);
	free(kept.bytes);
	cr_assert(learner_is_learnt(loaded));
	cr_assert(eq(u64, learner_age_s(loaded), learner_age_s(learner)));
	cr_assert(gt(u32, learner_generation(loaded), learner_generation(learner)));
	service.leak_mib = 30;
	for (unsigned int i = 0; i < 30; i++) {
		struct sample sample = tick(&service);
		struct evidence old = look(learner, &sample), new = look(loaded, &sample);

		cr_assert(eq(u64, old.have_normal, new.have_normal));
		cr_assert(eq(u32, old.lead, new.lead));
		cr_assert(lt(flt, fabsf(old.score - new.score), 0.06f));
		cr_assert(lt(dbl, fabs(old.median[METRIC_RSS] - new.median[METRIC_RSS]), MIB / 2));
		cr_assert(lt(flt, fabsf(old.deviation[METRIC_RSS] / new.deviation[METRIC_RSS] - 1),
			     0.1f));
	}
	teach(loaded, &service, 200);
}

Test(learner, the_same_bytes_and_seed_give_the_same_answers)
{
	CLEANUP(learner_freep) struct learner *learner = make(60);
	CLEANUP(learner_freep) struct learner *one = NULL, *two = NULL;
	struct service service = calm;
	struct sample sample;
	struct kept kept;

	teach(learner, &service, 300);
	kept = save(learner);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, SEED, 60, &one)));
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, SEED, 60, &two)));
	free(kept.bytes);
	for (unsigned int i = 0; i < 100; i++) {
		sample = tick(&service);
		cr_assert(eq(flt, look(one, &sample).score, look(two, &sample).score));
		cr_assert(zero(int, learner_teach(one, &sample)));
		cr_assert(zero(int, learner_teach(two, &sample)));
	}
}

Test(learner, half_a_lesson_goes_on_where_it_was)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	CLEANUP(learner_freep) struct learner *loaded = NULL;
	struct service service = calm;
	struct kept kept = save(learner);

	cr_assert(zero(int, load(kept.bytes, kept.size, 600)), "one that was taught nothing");
	free(kept.bytes);
	teach(learner, &service, 200);
	kept = save(learner);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, SEED, 600, &loaded)));
	free(kept.bytes);
	cr_assert(eq(u32, learner_left_s(loaded), 400));
	teach(loaded, &service, 400);
	cr_assert(learner_is_learnt(loaded));
}

Test(learner, cut_or_flipped_bytes_are_refused)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	struct kept kept;

	teach(learner, &service, 40);
	kept = save(learner);
	for (size_t size = 0; size < kept.size; size++)
		cr_assert(eq(int, load(kept.bytes, size, 600), -EBADMSG), "cut to %zu", size);
	for (size_t bit = 0; bit < kept.size * 8; bit += 7) {
		kept.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert(eq(int, load(kept.bytes, kept.size, 600), -EBADMSG), "bit %zu", bit);
		kept.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	cr_assert(zero(int, load(kept.bytes, kept.size, 600)));
	free(kept.bytes);
}

Test(learner, a_newer_version_is_left_for_a_newer_program)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct kept kept = save(learner);

	kept.bytes[4] = 3;
	sign(kept.bytes, kept.size);
	cr_assert(eq(int, load(kept.bytes, kept.size, 600), -EPROTONOSUPPORT));
	kept.bytes[4] = 0;
	sign(kept.bytes, kept.size);
	cr_assert(eq(int, load(kept.bytes, kept.size, 600), -EBADMSG));
	free(kept.bytes);
}

/* Seconds until its memory is noted; 0: not within so many. */
static unsigned int noted_after(struct learner *learner, struct service *service,
				unsigned int most_s, uint32_t flags, uint8_t run)
{
	for (unsigned int i = 1; i <= most_s; i++) {
		struct sample sample = tick(service);

		service->leak_mib += 2;
		sample.flags = flags;
		sample.invocation[0] = run;
		if (look(learner, &sample).noted & METRIC_BIT(METRIC_RSS))
			return i;
	}
	return 0;
}

Test(learner, what_outlasts_its_past_is_noted_but_not_of_a_run_that_settles)
{
	CLEANUP(learner_freep) struct learner *learner = make(60);
	struct service service = calm;
	unsigned int after_s;

	teach(learner, &service, 700);
	cr_assert(zero(uint, noted_after(learner, &service, 60, SAMPLE_DISTURBED, 1)));
	service.leak_mib = 0;
	after_s = noted_after(learner, &service, 60, 0, 1);
	cr_assert(ge(uint, after_s, 12));
	cr_assert(ge(uint, noted_after(learner, &service, 60, 0, 2), 12), "a new run begins anew");
}

#define HEAD_SIZE  20u
#define FIRST_PART (HEAD_SIZE + CONDUCT_BLOB_SIZE)

/* What a daemon of before conduct was kept has left. */
Test(learner, a_lesson_without_conduct_is_read_and_trust_begins_anew)
{
	CLEANUP(learner_freep) struct learner *learner = make(30);
	CLEANUP(learner_freep) struct learner *loaded = NULL;
	struct service service = calm;
	struct kept kept;

	teach(learner, &service, 200);
	kept = save(learner);
	kept.bytes[4] = 1;
	kept.size -= CONDUCT_BLOB_SIZE;
	memmove(kept.bytes + HEAD_SIZE, kept.bytes + FIRST_PART, kept.size - HEAD_SIZE);
	sign(kept.bytes, kept.size);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, SEED, 30, &loaded)));
	free(kept.bytes);
	cr_assert(eq(u64, learner_age_s(loaded), learner_age_s(learner)));
	cr_assert(gt(u64, learner_trust_s(learner), 0));
	cr_assert(zero(u64, learner_trust_s(loaded)));
}

/* Layout: 4 magic, 2 version, 2 rows, 8 taught, 4 generation; conduct; then 1 metric, 1 levels?, 4 low, 4 high. */
Test(learner, impossible_contents_are_refused_although_the_checksum_is_right)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	const struct {
		const char *name;
		size_t at, size;
		uint8_t bytes[8];
	} cases[] = {
		{ "more rows than there is room for", 6, 2, { 0xff, 0xff } },
		{ "one row more than the ring has", 6, 2, { 0x59, 0x02 } },
		{ "fewer rows than there are levels", 6, 2, { 3, 0 } },
		{ "older than the world", 8, 8, { 0, 0, 0, 0, 0, 0, 0, 0xff } },
		{ "a spread that is no number",
		  HEAD_SIZE + 8,
		  8,
		  { 0, 0, 0, 0, 0, 0, 0xf8, 0x7f } },
		{ "a metric that is none", FIRST_PART, 1, { METRIC_N } },
		{ "a metric that has no normal", FIRST_PART, 1, { METRIC_FORKS } },
		{ "metrics out of order", FIRST_PART, 1, { METRIC_RSS } },
		{ "a low that is no number", FIRST_PART + 2, 4, { 0, 0, 0xc0, 0x7f } },
		{ "a low below nothing", FIRST_PART + 2, 4, { 0, 0, 0x80, 0xbf } },
		{ "a low above the high", FIRST_PART + 2, 4, { 0, 0, 0x80, 0x42 } },
		{ "a high that is no number", FIRST_PART + 6, 4, { 0, 0, 0xc0, 0x7f } },
		{ "an infinite high", FIRST_PART + 6, 4, { 0, 0, 0x80, 0x7f } },
		{ "a high that nothing can measure", FIRST_PART + 6, 4, { 0, 0, 0, 0x7f } },
	};
	struct service service = calm;
	struct kept kept;
	uint8_t saved[8];

	teach(learner, &service, 40);
	kept = save(learner);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(saved, kept.bytes + cases[i].at, cases[i].size);
		memcpy(kept.bytes + cases[i].at, cases[i].bytes, cases[i].size);
		sign(kept.bytes, kept.size);
		cr_assert(eq(int, load(kept.bytes, kept.size, 600), -EBADMSG), "%s", cases[i].name);
		memcpy(kept.bytes + cases[i].at, saved, cases[i].size);
	}
	free(kept.bytes);
}

Test(learner, no_bytes_of_a_stranger_do_harm)
{
	CLEANUP(learner_freep) struct learner *learner = make(600);
	struct service service = calm;
	uint64_t chance = 99;
	unsigned int n_taken = 0;
	struct kept kept;

	teach(learner, &service, 40);
	kept = save(learner);
	for (unsigned int round = 0; round < 600; round++) {
		uint8_t *bytes = malloc(kept.size);
		size_t size = kept.size;
		int r;

		memcpy(bytes, kept.bytes, size);
		for (unsigned int i = 0; i <= round % 4; i++) {
			chance = chance * UINT64_C(6364136223846793005) + 1442695041;
			/* every other one in the head and the first metric, where it matters */
			bytes[(chance >> 33) % (round % 2 ? size : 30)] = (uint8_t)(chance >> 25);
		}
		if (round % 5 == 0)
			size = 4 + (chance >> 40) % (size - 4);
		sign(bytes, size);
		r = load(bytes, size, round % 50 ? 600 : 30);
		n_taken += r == 0;
		cr_assert(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT, "%d", r);
		free(bytes);
	}
	cr_assert(gt(u32, n_taken, 50), "the rounds got past the checksum: %u", n_taken);
	free(kept.bytes);
}
