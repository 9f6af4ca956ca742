/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of 24 metrics is five spreads off: how often the right one is named, and
 * what it costs to tell each one's share of the score.
 *
 *	blame
 *
 * A trial is one row in which one column was moved by five spreads of what was learnt, up or
 * down. The daemon is asked of a service's second, on the scales on which it judges; a
 * detector of invented rows as they come, and as half of their columns are heavy-tailed,
 * now and then another one is that far off by itself.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "judge/detector.h"
#include "judge/expand.h"
#include "judge/features.h"
#include "judge/learner.h"
#include "judge/oddity.h"
#include "tests/bench/life.h"
#include "tests/bench/median.h"
#include "tests/bench/rows.h"
#include "tests/days/luck.h"

#define SEED	  1
#define COLUMNS	  LIFE_METRICS
#define TRIALS	  1000
#define TURNS	  5
#define REST_ROWS 40 /* before each: a detector forgets within EXPAND_LONG_ROWS */
#define SPREADS	  5

struct trial {
	unsigned int column;
	double by; /* spreads */
};

static struct trial draw_trial(struct luck *luck, unsigned int least_column)
{
	double n = COLUMNS - least_column;
	unsigned int column = least_column + (unsigned int)(n * luck_share(luck));

	return (struct trial) { column, luck_share(luck) < 0.5 ? -SPREADS : SPREADS };
}

/* ---- the daemon ------------------------------------------------------------------ */

#define LEARNT_S 7200
#define LEARN_S	 3600

/* Of a metric on its judged scale, at least what matters to anybody. */
static double judged_spread(const struct life *life, enum metric metric)
{
	double n = 0, sum = 0, squares = 0, mean;

	for (size_t second = 0; second < LEARNT_S; second++) {
		const struct sample *sample = &life->sample[second];
		double column;

		if (!sample_has(sample, metric))
			continue;
		column = (double)features_scale(metric, sample->value[metric]);
		n++;
		sum += column;
		squares += column * column;
	}
	mean = sum / n;
	return fmax(sqrt(fmax(squares / n - mean * mean, 0)), features_floor(metric, mean));
}

/* Nothing is less than nothing: what cannot fall so far, rises. */
static void move(struct sample *sample, enum metric metric, double spread, double by)
{
	double column = (double)features_scale(metric, sample->value[metric]);

	if (column + by * spread < 0)
		by = -by;
	sample_set(sample, metric, features_unscale(metric, column + by * spread));
}

static struct learner *teach(const struct life *life)
{
	struct learner *learner;

	if (learner_new(SEED, LEARN_S, &learner) < 0)
		errx(1, "memory");
	for (size_t second = 0; second < LEARNT_S; second++) {
		struct evidence evidence;

		learner_look(learner, &life->sample[second], 0, &evidence);
		if (learner_teach(learner, &life->sample[second]) < 0)
			errx(1, "memory");
	}
	return learner;
}

static double daemon_right(void)
{
	struct luck luck = luck_begin(SEED, 100);
	struct learner *learner;
	double spread[COLUMNS];
	unsigned int n_right = 0;
	struct life life;

	life_live(SEED, LEARNT_S + TRIALS, &life);
	for (unsigned int i = 0; i < COLUMNS; i++)
		spread[i] = judged_spread(&life, life_metrics[i]);
	learner = teach(&life);
	for (unsigned int i = 0; i < TRIALS; i++) {
		struct sample sample = life.sample[LEARNT_S + i];
		struct trial trial = draw_trial(&luck, 0);
		struct evidence evidence;

		while (!sample_has(&sample, life_metrics[trial.column]))
			trial.column = (trial.column + 1) % COLUMNS;
		move(&sample, life_metrics[trial.column], spread[trial.column], trial.by);
		learner_look(learner, &sample, 0, &evidence);
		n_right += evidence.lead == life_metrics[trial.column];
	}
	(void)learner_free(learner);
	life_clear(&life);
	return (double)n_right / TRIALS;
}

/* ---- detectors ------------------------------------------------------------------- */

#define STILL  3 /* the first columns of rows_invent(), of which five spreads mean nothing */
#define LEARNT 1200
#define ROWS   (LEARNT + TRIALS * REST_ROWS)

static double spread_of(const float *values, unsigned int column)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < LEARNT; i++)
		sum += (double)values[i * COLUMNS + column];
	for (size_t i = 0; i < LEARNT; i++)
		squares += pow((double)values[i * COLUMNS + column] - sum / LEARNT, 2);
	return sqrt(squares / LEARNT);
}

static double detector_right(enum detector_kind kind)
{
	float *values = rows_invent(SEED, ROWS, COLUMNS, false);
	struct luck luck = luck_begin(SEED, 100);
	struct detector *detector;
	struct judgement judgement;
	unsigned int n_right = 0;

	if (detector_train(kind, values, LEARNT, COLUMNS, SEED, &detector) < 0)
		errx(1, "cannot train a detector");
	for (size_t i = LEARNT; i < ROWS; i++) {
		float *row = values + i * COLUMNS;
		bool is_last = (i - LEARNT) % REST_ROWS == REST_ROWS - 1;
		struct trial trial = { 0, 0 };

		if (is_last) {
			trial = draw_trial(&luck, STILL);
			row[trial.column] += (float)(trial.by * spread_of(values, trial.column));
		}
		detector_judge(detector, row, &judgement);
		n_right += is_last && judgement.top == trial.column;
	}
	(void)detector_free(detector);
	free(values);
	return (double)n_right / TRIALS;
}

/* ---- shares of a score --------------------------------------------------------------- */

/* The rows with all columns that a judge's forest sees of them. */
static float *expand(const float *values, size_t n)
{
	float *columns = reallocarray(NULL, n, sizeof(*columns) * COLUMNS * EXPAND_COLUMNS);
	struct expand *expand;

	if (!columns || expand_new(COLUMNS, &expand) < 0)
		errx(1, "memory");
	for (size_t i = 0; i < n; i++)
		expand_take(expand, values + i * COLUMNS, columns + i * COLUMNS * EXPAND_COLUMNS);
	(void)expand_free(expand);
	return columns;
}

/* us a row that is new to it: the median of some turns. */
static double blame_us(enum forest_form form, float *values, unsigned int n_columns)
{
	CLEANUP(oddity_clear) struct oddity oddity = { .form = form };
	float share[COLUMNS];
	double us[TURNS];

	if (oddity_fit(&oddity, values, LEARNT, n_columns, NULL, SEED, 0) < 0)
		errx(1, "cannot train a forest");
	for (size_t i = LEARNT; i < LEARNT + TRIALS; i++)
		(void)oddity_scale(&oddity, n_columns, values + i * n_columns);
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		uint64_t from_us = clock_cpu_us();

		for (size_t i = LEARNT; i < LEARNT + TRIALS; i++)
			oddity_blame(&oddity, values + i * n_columns, n_columns, COLUMNS, share);
		us[turn] = (double)(clock_cpu_us() - from_us) / TRIALS;
	}
	return median(us, TURNS);
}

int main(void)
{
	float *values = rows_invent(SEED, LEARNT + TRIALS, COLUMNS, false);
	float *columns = expand(values, LEARNT + TRIALS);

	(void)printf("axes_us %.2f\n", blame_us(FOREST_AXES, values, COLUMNS));
	(void)printf("planes_us %.2f\n",
		     blame_us(FOREST_PLANES, columns, COLUMNS * EXPAND_COLUMNS));
	(void)printf("daemon_right %.3f\n", daemon_right());
	(void)printf("judge_right %.3f\n", detector_right(DETECTOR_JUDGE));
	(void)printf("forest_right %.3f\n", detector_right(DETECTOR_FOREST));
	free(values);
	free(columns);
	return 0;
}
