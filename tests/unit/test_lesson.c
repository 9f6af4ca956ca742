/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was learnt, as bytes and back; and bytes of strangers. */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "judge/conduct_blob.h"
#include "judge/remembered.h"
#include "judge/tail_blob.h"
#include "tests/unit/assertion.h"
#include "tests/unit/pupil.h"

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
	r = learner_load(size ? exact : exact + 1, size, PUPIL_SEED, learn_s, &learner);
	free(exact);
	if (r == 0) {
		struct service service = PUPIL_CALM;

		/* Whatever it was taught, it can be looked at and taught on. */
		pupil_teach(learner, &service, 3);
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

Test(lesson, what_was_learnt_survives)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	CLEANUP(learner_freep) struct learner *loaded = NULL;
	struct service service = PUPIL_CALM;
	struct kept kept;

	pupil_teach(learner, &service, 2000);
	kept = save(learner);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, PUPIL_SEED, 600, &loaded)));
	cr_assert(lt(sz, kept.size, (size_t)28 * 1024), "%zu bytes", kept.size);
	free(kept.bytes);
	cr_assert(learner_is_learnt(loaded));
	cr_assert(eq(u64, learner_age_s(loaded), learner_age_s(learner)));
	cr_assert(gt(u32, learner_generation(loaded), learner_generation(learner)));
	for (unsigned int i = 0; i < EXPAND_LONG_ROWS; i++) {
		struct sample sample = pupil_tick(&service); /* what it was lately is not kept */

		(void)pupil_look(learner, &sample);
		(void)pupil_look(loaded, &sample);
	}
	service.leak_mib = 30;
	for (unsigned int i = 0; i < 30; i++) {
		struct sample sample = pupil_tick(&service);
		struct evidence old = pupil_look(learner, &sample),
				new = pupil_look(loaded, &sample);

		cr_assert(eq(u64, old.have_normal, new.have_normal));
		cr_assert(eq(u32, old.lead, new.lead));
		/* Its trees are all of now, the old ones of then, too; from calm to this it is 0.4. */
		cr_assert(lt(flt, fabsf(old.score - new.score), 0.08f));
		cr_assert(old.score > old.threshold + 0.1f && new.score > new.threshold + 0.1f);
		cr_assert(lt(dbl, fabs(old.median[METRIC_RSS] - new.median[METRIC_RSS]),
			     PUPIL_MIB / 2));
		cr_assert(lt(flt, fabsf(old.deviation[METRIC_RSS] / new.deviation[METRIC_RSS] - 1),
			     0.1f));
	}
	pupil_teach(loaded, &service, 200);
}

Test(lesson, the_same_bytes_and_seed_give_the_same_answers)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(60);
	CLEANUP(learner_freep) struct learner *one = NULL, *two = NULL;
	struct service service = PUPIL_CALM;
	struct sample sample;
	struct kept kept;

	pupil_teach(learner, &service, 300);
	kept = save(learner);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, PUPIL_SEED, 60, &one)));
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, PUPIL_SEED, 60, &two)));
	free(kept.bytes);
	for (unsigned int i = 0; i < 100; i++) {
		sample = pupil_tick(&service);
		cr_assert(eq(flt, pupil_look(one, &sample).score, pupil_look(two, &sample).score));
		cr_assert(zero(int, learner_teach(one, &sample)));
		cr_assert(zero(int, learner_teach(two, &sample)));
	}
}

Test(lesson, half_a_lesson_goes_on_where_it_was)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	CLEANUP(learner_freep) struct learner *loaded = NULL;
	struct service service = PUPIL_CALM;
	struct kept kept = save(learner);

	cr_assert(zero(int, load(kept.bytes, kept.size, 600)), "one that was taught nothing");
	free(kept.bytes);
	pupil_teach(learner, &service, 200);
	kept = save(learner);
	cr_assert(zero(int, learner_load(kept.bytes, kept.size, PUPIL_SEED, 600, &loaded)));
	free(kept.bytes);
	cr_assert(eq(u32, learner_left_s(loaded), 400));
	pupil_teach(loaded, &service, 400);
	cr_assert(learner_is_learnt(loaded));
}

Test(lesson, cut_or_flipped_bytes_are_refused)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	struct kept kept;

	pupil_teach(learner, &service, 40);
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

Test(lesson, another_version_is_not_read)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct kept kept = save(learner);

	for (uint8_t version = 0; version < 6; version++) {
		bool is_ours = version == 3;

		kept.bytes[4] = version;
		sign(kept.bytes, kept.size);
		cr_assert(eq(int, load(kept.bytes, kept.size, 600), is_ours ? 0 : -EPROTONOSUPPORT),
			  "version %u", version);
	}
	free(kept.bytes);
}

#define HEAD_SIZE  20u
#define TAIL_PART  (HEAD_SIZE + CONDUCT_BLOB_SIZE + 1) /* of a season of no day */
#define FIRST_PART (TAIL_PART + TAIL_BLOB_SIZE)

/* Layout: 4 magic, 2 version, 2 rows, 8 taught, 4 generation; conduct; season; tail; then 1 column, 1 levels?, 4 low,
 * 4 high. */
Test(lesson, impossible_contents_are_refused_although_the_checksum_is_right)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	const struct {
		const char *name;
		size_t at, size;
		uint8_t bytes[8];
	} cases[] = {
		{ "more rows than there is room for", 6, 2, { 0xff, 0xff } },
		{ "one row more than the ring has", 6, 2, { 0x01, 0x01 } },
		{ "fewer rows than there are levels", 6, 2, { 3, 0 } },
		{ "older than the world", 8, 8, { 0, 0, 0, 0, 0, 0, 0, 0xff } },
		{ "a spread that is no number",
		  HEAD_SIZE + 8,
		  8,
		  { 0, 0, 0, 0, 0, 0, 0xf8, 0x7f } },
		{ "extremes of no ten minutes", TAIL_PART, 2, { 0, 0 } },
		{ "more ten minutes than are ever counted", TAIL_PART, 2, { 0xff, 0xff } },
		{ "extremes out of order", TAIL_PART + 2, 2, { 0, 0 } },
		{ "a column that is none", FIRST_PART, 1, { REMEMBERED_COLUMNS } },
		{ "a column of a metric that has no normal", FIRST_PART, 1, { METRIC_FORKS } },
		{ "columns out of order", FIRST_PART, 1, { METRIC_RSS } },
		{ "a low that is no number", FIRST_PART + 2, 4, { 0, 0, 0xc0, 0x7f } },
		{ "a low below nothing", FIRST_PART + 2, 4, { 0, 0, 0x80, 0xbf } },
		{ "a low above the high", FIRST_PART + 2, 4, { 0, 0, 0x80, 0x42 } },
		{ "a high that is no number", FIRST_PART + 6, 4, { 0, 0, 0xc0, 0x7f } },
		{ "an infinite high", FIRST_PART + 6, 4, { 0, 0, 0x80, 0x7f } },
		{ "a high that nothing can measure", FIRST_PART + 6, 4, { 0, 0, 0, 0x7f } },
	};
	struct service service = PUPIL_CALM;
	struct kept kept;
	uint8_t saved[8];

	pupil_teach(learner, &service, 1300);
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

Test(lesson, no_bytes_of_a_stranger_do_harm)
{
	CLEANUP(learner_freep) struct learner *learner = pupil_make(600);
	struct service service = PUPIL_CALM;
	uint64_t chance = 99;
	unsigned int n_taken = 0;
	struct kept kept;

	pupil_teach(learner, &service, 40);
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
