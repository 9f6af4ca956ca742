/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is learnt of one unit: what it remembers, how it looks at a sample, when it refits. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/baseline.h"
#include "judge/conduct.h"
#include "judge/features.h"
#include "judge/forest.h"
#include "judge/forest_blob.h"
#include "judge/learner.h"
#include "judge/trend.h"

/* Once the ring is full, one row of each 6 s: 600 of them are an hour. */
#define ROW_EVERY_MS 6000u
/* While the memory is young each minute changes much of it, and all trees are new after ten. Once it
 * spans its hour, five minutes change a twelfth: as many trees then keep pace with it, at a fifth of
 * the cost. */
#define YOUNG_MS	     3600000u
#define REFIT_EVERY_YOUNG_MS 60000u
#define REFIT_EVERY_MS	     300000u
#define REFIT_TREES	     10

/* A sample says little about a long span: a host that slept for a night taught nothing by it. */
#define SPAN_MAX_MS 60000u

#define THRESHOLD_SHARE 0.99
/* The score of the ordinary is 0.5, and where next to nothing varies so is the percentile: the least
 * novelty would exceed it. On 22 metrics of correlated noise, 1 % of healthy samples exceed a threshold
 * that is never below 0.55, and 2 % one that may fall to 0.52. */
#define THRESHOLD_MIN 0.55f

/* The baseline in the metrics' own quantities: kept, since 66 expm1() a look would double its cost. */
struct normal {
	double median[METRIC_N], low[METRIC_N], high[METRIC_N];
};

struct learner {
	uint64_t seed;
	uint64_t learn_ms;
	uint64_t refit_due_ms;		     /* in taught time */
	uint8_t invocation[INVOCATION_SIZE]; /* of the last sample that had one */
	float threshold;
	struct forest *forest; /* NULL until learnt: then baseline and threshold mean nothing */
	struct baseline baseline;
	struct normal normal;
	struct trend trend;
	struct conduct conduct;
	struct remembered kept;
};

/* Chance without a state: the same for the same moment. (The finish of splitmix64.) */
static uint32_t draw_below(uint64_t seed, uint64_t moment, uint32_t n)
{
	uint64_t z = seed ^ (moment * UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(((z ^ (z >> 31)) >> 32) * n >> 32);
}

/* ---- life ---------------------------------------------------------------- */

int learner_new(uint64_t seed, uint32_t learn_s, struct learner **ret)
{
	struct learner *learner = calloc(1, sizeof(*learner));

	if (!learner)
		return -ENOMEM;
	learner->seed = seed;
	learner->learn_ms = (uint64_t)learn_s * 1000;
	trend_init(&learner->trend);
	*ret = learner;
	return 0;
}

struct learner *learner_free(struct learner *learner)
{
	if (learner) {
		(void)forest_free(learner->forest);
		remembered_clear(&learner->kept);
	}
	free(learner);
	return NULL;
}

void learner_forget(struct learner *learner)
{
	learner->forest = forest_free(learner->forest);
	learner->kept.taught_ms = 0;
	learner->kept.n_rows = learner->kept.next_row = 0;
	learner->refit_due_ms = 0;
	trend_init(&learner->trend);
	learner->conduct = (struct conduct) { 0 };
}

void learner_calm(struct learner *learner)
{
	trend_calm(&learner->trend);
	conduct_drop(&learner->conduct);
}

bool learner_is_learnt(const struct learner *learner)
{
	return learner->forest != NULL;
}

uint32_t learner_left_s(const struct learner *learner)
{
	const struct remembered *kept = &learner->kept;
	uint64_t left_s = 0;
	uint64_t rows_left = 0;

	if (learner->forest)
		return 0;
	if (kept->taught_ms < learner->learn_ms)
		left_s = (learner->learn_ms - kept->taught_ms + 999) / 1000;
	if (kept->n_rows < FOREST_ROWS_MIN)
		rows_left = FOREST_ROWS_MIN - kept->n_rows; /* at one a second */
	if (left_s < rows_left)
		left_s = rows_left;
	return left_s > 0 ? (uint32_t)left_s : 1; /* the next sample ends it */
}

uint64_t learner_age_s(const struct learner *learner)
{
	return learner->kept.taught_ms / 1000;
}

uint64_t learner_trust_s(const struct learner *learner)
{
	uint64_t age_s = learner_age_s(learner), followed_s = learner->conduct.age_s;

	return followed_s < age_s ? followed_s : age_s;
}

uint32_t learner_generation(const struct learner *learner)
{
	return learner->kept.generation;
}

size_t learner_bytes(const struct learner *learner)
{
	return sizeof(*learner) + remembered_bytes(&learner->kept) +
	       (learner->forest ? forest_bytes(learner->forest) : 0);
}

/* ---- looking ------------------------------------------------------------- */

/* Is this another run of the unit than that of the sample before? */
static bool is_anew(struct learner *learner, const struct sample *sample)
{
	static const uint8_t none[INVOCATION_SIZE];
	bool had_one = memcmp(learner->invocation, none, sizeof(none)) != 0;

	if (memcmp(sample->invocation, none, sizeof(none)) == 0 ||
	    memcmp(sample->invocation, learner->invocation, sizeof(none)) == 0)
		return false;
	memcpy(learner->invocation, sample->invocation, sizeof(none));
	return had_one;
}

/* What was measured, and where it is heading: known from the first sample on. */
static void fill_measured(const struct learner *learner, const struct sample *sample,
			  struct evidence *ret)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		bool has = sample->have & METRIC_BIT(metric) && isfinite(sample->value[metric]);

		ret->value[metric] = has ? sample->value[metric] : NAN;
		ret->have |= has ? METRIC_BIT(metric) : 0;
		ret->age_s[metric] = sample->age_s[metric];
		ret->median[metric] = ret->low[metric] = ret->high[metric] = NAN;
		ret->rising_s[metric] = learner->trend.rising_s[metric];
		if (metric_table[metric].kind == METRIC_KIND_COUNT)
			ret->recent[metric] = trend_recent(&learner->trend, metric);
	}
}

static uint32_t furthest(const struct vector *vector)
{
	uint32_t lead = METRIC_N;
	float most = 0;

	for (uint32_t metric = 0; metric < METRIC_N; metric++) {
		if (fabsf(vector->deviation[metric]) <= most)
			continue;
		most = fabsf(vector->deviation[metric]);
		lead = metric;
	}
	return lead;
}

/* How far that is from the unit's normal, and what the forest says. */
static void fill_judged(const struct learner *learner, const struct sample *sample,
			struct evidence *ret)
{
	struct row row;
	struct vector vector;
	float share[METRIC_N];

	ret->have_normal = learner->baseline.have;
	memcpy(ret->median, learner->normal.median, sizeof(ret->median));
	memcpy(ret->low, learner->normal.low, sizeof(ret->low));
	memcpy(ret->high, learner->normal.high, sizeof(ret->high));
	features_row(sample, &row);
	features_from(&row, &learner->baseline, &vector);
	memcpy(ret->deviation, vector.deviation, sizeof(ret->deviation));
	ret->score = forest_score(learner->forest, vector.deviation);
	ret->threshold = learner->threshold;
	ret->lead = furthest(&vector);
	if (ret->score < ret->threshold || ret->lead == METRIC_N)
		return; /* who is to blame for an ordinary score is not worth 20 us a unit and second */
	forest_blame(learner->forest, vector.deviation, share);
	ret->lead_share = share[ret->lead];
}

void learner_look(struct learner *learner, const struct sample *sample, uint32_t patience_s,
		  struct evidence *ret)
{
	bool anew = is_anew(learner, sample);

	trend_take(&learner->trend, sample, learner->forest ? &learner->baseline : NULL, anew);
	if (anew)
		conduct_drop(&learner->conduct);
	*ret = (struct evidence) {
		.score = -1,
		.threshold = -1,
		.generation = learner->kept.generation,
		.lead = METRIC_N,
	};
	fill_measured(learner, sample, ret);
	if (learner->forest)
		fill_judged(learner, sample, ret);
	/* What its first minutes look like is no record of anything. */
	if (!(sample->flags & SAMPLE_DISTURBED) && learner->kept.taught_ms >= learner->learn_ms / 3)
		conduct_look(&learner->conduct, sample, patience_s, ret);
}

/* ---- learning ------------------------------------------------------------ */

static float threshold_of(const struct forest *forest, const struct forest_rows *rows)
{
	float score[LEARNER_ROWS];

	for (size_t i = 0; i < rows->n; i++)
		score[i] = forest_score(forest, rows->values + i * rows->n_columns);
	baseline_sort(score, rows->n);
	return fmaxf(baseline_quantile(score, rows->n, THRESHOLD_SHARE), THRESHOLD_MIN);
}

static void unscale(const struct baseline *baseline, struct normal *ret)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		bool has = baseline->have & METRIC_BIT(metric);

		ret->median[metric] =
			has ? features_unscale(metric, baseline->median[metric]) : NAN;
		ret->low[metric] = has ? features_unscale(metric, baseline->low[metric]) : NAN;
		ret->high[metric] = has ? features_unscale(metric, baseline->high[metric]) : NAN;
	}
}

static void fit_baseline(const struct remembered *kept, struct baseline *ret)
{
	float values[LEARNER_ROWS];

	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		size_t n = 0;

		for (uint32_t i = 0; i < kept->n_rows; i++) {
			float value = remembered_value(kept, i, metric);

			if (!isnan(value))
				values[n++] = value;
		}
		baseline_fit(values, n, kept->n_rows, metric, ret);
	}
}

static uint32_t refit_every_ms(const struct learner *learner)
{
	return learner->kept.taught_ms < YOUNG_MS ? REFIT_EVERY_YOUNG_MS : REFIT_EVERY_MS;
}

/* All that is remembered, as distances from the normal; what is missing is normal. */
static void fill_values(const struct learner *learner, float *ret)
{
	for (uint32_t i = 0; i < learner->kept.n_rows; i++) {
		struct row row;
		struct vector vector;

		remembered_row(&learner->kept, i, &row);
		features_from(&row, &learner->baseline, &vector);
		memcpy(ret + (size_t)i * METRIC_N, vector.deviation, sizeof(vector.deviation));
	}
}

/* Baseline, forest and threshold anew from the rows; the first time for less long than usual, each
 * unit for a time of its own, so that the units of a host do not all refit in one tick. */
static int refit(struct learner *learner)
{
	struct remembered *kept = &learner->kept;
	CLEANUP(cleanup_free)
	float *values = reallocarray(NULL, kept->n_rows, METRIC_N * sizeof(*values));
	const struct forest_rows rows = { values, kept->n_rows, METRIC_N };
	bool first = !learner->forest;
	int r;

	if (!values)
		return -ENOMEM;
	fit_baseline(kept, &learner->baseline);
	unscale(&learner->baseline, &learner->normal);
	fill_values(learner, values);
	if (first)
		r = forest_train(FOREST_AXES, &rows, learner->seed, &learner->forest);
	else
		r = forest_roll(learner->forest, &rows, REFIT_TREES);
	if (r < 0)
		return r;
	kept->generation += first ? FOREST_TREES : REFIT_TREES;
	learner->threshold = threshold_of(learner->forest, &rows);
	learner->refit_due_ms = kept->taught_ms + refit_every_ms(learner) -
				(first ? draw_below(learner->seed, 0, REFIT_EVERY_YOUNG_MS) : 0);
	return 0;
}

static bool is_due(const struct learner *learner)
{
	const struct remembered *kept = &learner->kept;

	if (learner->forest)
		return kept->taught_ms >= learner->refit_due_ms;
	return kept->taught_ms >= learner->learn_ms && kept->n_rows >= FOREST_ROWS_MIN;
}

/* Does the moment of this slot of taught time lie in the sample's span? */
static bool covers(const struct learner *learner, uint64_t before_ms, uint64_t slot)
{
	uint64_t moment_ms = slot * ROW_EVERY_MS + draw_below(learner->seed, slot, ROW_EVERY_MS);

	return before_ms < moment_ms && moment_ms <= learner->kept.taught_ms;
}

/*
 * Every sample while there is room, then one of each 6 s, the oldest making room.
 * Which one of the 6 s is left to chance: at a fixed step, work that comes once a
 * minute would be met either each time or never.
 */
static int remember(struct learner *learner, const struct sample *sample, uint64_t before_ms)
{
	struct remembered *kept = &learner->kept;
	uint64_t slot = kept->taught_ms / ROW_EVERY_MS;
	struct row row;

	if (kept->n_rows == LEARNER_ROWS && !covers(learner, before_ms, slot) &&
	    !(slot > 0 && covers(learner, before_ms, slot - 1)))
		return 0;
	features_row(sample, &row);
	return remembered_put(kept, &row);
}

int learner_teach(struct learner *learner, const struct sample *sample)
{
	uint64_t before_ms = learner->kept.taught_ms;
	int r;

	if (sample->span_ms == 0 || sample->flags & SAMPLE_DISTURBED)
		return 0;
	learner->kept.taught_ms += sample->span_ms < SPAN_MAX_MS ? sample->span_ms : SPAN_MAX_MS;
	conduct_learn(&learner->conduct, sample);
	r = remember(learner, sample, before_ms);
	if (r < 0)
		return r;
	return is_due(learner) ? refit(learner) : 0;
}

/* ---- keeping ------------------------------------------------------------- */

int learner_save(const struct learner *learner, uint8_t **ret, size_t *ret_size)
{
	return forest_blob_write(&learner->kept, &learner->conduct, ret, ret_size);
}

int learner_load(const uint8_t *bytes, size_t size, uint64_t seed, uint32_t learn_s,
		 struct learner **ret)
{
	CLEANUP(learner_freep) struct learner *learner = NULL;
	int r;

	r = learner_new(seed, learn_s, &learner);
	if (r < 0)
		return r;
	r = forest_blob_read(bytes, size, &learner->kept, &learner->conduct);
	if (r < 0)
		return r;
	if (is_due(learner)) {
		r = refit(learner);
		if (r < 0)
			return r;
	}
	*ret = TAKE(learner);
	return 0;
}
