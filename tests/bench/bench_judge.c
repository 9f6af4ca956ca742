/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the whole judge costs a unit of 24 metrics, which has been learnt for
 * two hours: CPU time a second of its life, refits included, and memory.
 *
 *	judge UNITS
 *
 * The units live as in the daemon, each of them once a second, so each meets cold caches;
 * then one of them alone. Memory is what the allocator gave.
 */
#include <err.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "judge/judge.h"
#include "judge/learner.h"
#include "record/rulefile.h"
#include "tests/bench/life.h"
#include "tests/bench/median.h"

#define RULES	  "packaging/conf/rules.d"
#define LEARNT_S  7200
#define TURN_S	  300 /* one refit of each unit */
#define TURNS	  5
#define MEASURE_S (TURN_S * TURNS)
#define LIVES_N	  6 /* services that differ; units are these by turns */

/* A life, and what was learnt of its first two hours. */
struct lesson {
	struct life life;
	uint8_t *bytes;
	size_t size, learner_bytes;
};

static void learn(uint64_t seed, const struct config *config, struct lesson *ret)
{
	struct life *life = &ret->life;
	struct learner *learner;
	struct evidence evidence;

	life_live(seed, LEARNT_S + MEASURE_S, life);
	if (learner_new(seed, config->learn_s, &learner) < 0)
		errx(1, "memory");
	for (size_t i = 0; i < LEARNT_S; i++) {
		learner_look(learner, &life->sample[i], 0, &evidence);
		if (learner_teach(learner, &life->sample[i]) < 0)
			errx(1, "memory");
	}
	ret->learner_bytes = learner_bytes(learner);
	if (learner_save(learner, &ret->bytes, &ret->size) < 0)
		errx(1, "memory");
	(void)learner_free(learner);
}

static struct judge *begin(const struct config *config)
{
	static const char *const folders[] = { RULES };
	static struct rulebook rulebook;
	const struct judge_setup setup = { .config = *config,
					   .rulebook = &rulebook,
					   .seed = 1,
					   .next_incident = 1,
					   .next_decision = 1 };
	struct ini_error error;
	struct judge *judge;

	if (rules_load(folders, 1, rulebook.rule, &rulebook.n, &error) < 0)
		errx(1, "cannot read the rules of " RULES);
	if (judge_new(&setup, &judge) < 0)
		errx(1, "memory");
	return judge;
}

static void remember(struct judge *judge, const struct lesson *lesson, uint32_t unit)
{
	if (judge_remember_unit(judge, unit, lesson->life.status.identity, true, lesson->bytes,
				lesson->size) < 0)
		errx(1, "cannot remember unit %u", unit);
}

static void take(struct judge *judge, struct life *life, uint32_t unit, size_t second)
{
	struct sample *sample = &life->sample[second];
	struct finding finding;

	life->status.unit = sample->unit = unit;
	if (judge_take(judge, sample, &life->status, true, &finding) < 0)
		errx(1, "memory");
	if (finding.verdict.score < 0)
		errx(1, "unit %u is not learnt at %zu s", unit, second);
}

/* us a unit and second, of the units from first_unit on: the median of some turns. */
static double measure(struct judge *judge, struct lesson lesson[LIVES_N], uint32_t first_unit,
		      uint32_t n_units)
{
	size_t second = LEARNT_S;
	double us[TURNS];

	for (unsigned int turn = 0; turn < TURNS; turn++) {
		uint64_t from_us = clock_cpu_us();

		for (unsigned int i = 0; i < TURN_S; i++, second++)
			for (uint32_t unit = first_unit; unit < first_unit + n_units; unit++)
				take(judge, &lesson[unit % LIVES_N].life, unit, second);
		us[turn] = (double)(clock_cpu_us() - from_us) / (n_units * (double)TURN_S);
	}
	return median(us, TURNS);
}

int main(int argc, char **argv)
{
	uint32_t n_units = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	struct lesson lesson[LIVES_N];
	struct config config;
	struct judge *judge;
	size_t before, most = 0;

	if (n_units == 0)
		errx(2, "usage: judge UNITS");
	config_defaults(&config);
	for (uint32_t i = 0; i < LIVES_N; i++) {
		learn(i + 1, &config, &lesson[i]);
		most = lesson[i].learner_bytes > most ? lesson[i].learner_bytes : most;
	}
	before = mallinfo2().uordblks;
	judge = begin(&config);
	for (uint32_t unit = 1; unit <= n_units; unit++)
		remember(judge, &lesson[unit % LIVES_N], unit);
	(void)printf("unit_second_us %.3f\n", measure(judge, lesson, 1, n_units));
	(void)printf("units_mib %.2f\n", (double)(mallinfo2().uordblks - before) / 0x1p20);
	(void)printf("learner_kib %.1f\n", (double)most / 1024);
	remember(judge, &lesson[(n_units + 1) % LIVES_N], n_units + 1);
	(void)printf("alone_us %.3f\n", measure(judge, lesson, n_units + 1, 1));
	(void)judge_free(judge);
	for (uint32_t i = 0; i < LIVES_N; i++) {
		life_clear(&lesson[i].life);
		free(lesson[i].bytes);
	}
	return 0;
}
