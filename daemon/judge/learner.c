/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is learnt of one unit: what it remembers, how it looks at a sample, when it refits. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/conduct.h"
#include "judge/features.h"
#include "judge/forest_blob.h"
#include "judge/learner.h"
#include "judge/model.h"
#include "judge/tail.h"
#include "judge/trend.h"

/* Once the ring is full, one row of each 15 s: 240 of them are an hour. */
#define ROW_EVERY_MS 15000u
/* A refit is worth its cost once a unit has lived half as long again as at the last, and once its memory is full of
 * moments 15 s apart, each 20 minutes. All trees are new after three of the former, or five of the latter. */
#define REFIT_LEAST_MS	  120000u
#define REFIT_MOST_MS	  1200000u
#define REFIT_TREES_YOUNG 20
#define REFIT_TREES	  12
/* A refit costs as much as hundreds of looks, and twenty minutes of seconds pay for it. Samples of a longer span, as
 * a stored past has them, are not fewer between two: the trees of all rows that came meanwhile are then due at
 * once, before all of these are gone. */
#define REFIT_SAMPLES_LEAST 240u
#define REFIT_ROWS	    80u /* that come in twenty minutes, for as many trees as above */

/* A sample says little about a long span: a host that slept for a night taught nothing by it. */
#define SPAN_MAX_MS 60000u

struct learner {
	uint64_t seed;
	uint64_t learn_ms;
	uint64_t refit_due_ms;	       /* in taught time */
	uint32_t samples_due, n_fresh; /* to come before the next refit; rows since the last */
	uint8_t invocation[INVOCATION_SIZE]; /* of the last sample that had one */
	uint64_t attended_ms;		     /* of the sample that now is of */
	struct moment now;
	struct expand *expand;
	struct model model;
	bool is_scored;		     /* by this model: */
	float scored[MOMENT_LATELY]; /* the row that was last, and its score */
	float score;
	double smooth; /* see oddity_smooth() */
	struct trend trend;
	struct conduct conduct;
	struct tail tail;
	float above; /* by how much the score of now is above the threshold; NaN: none yet */
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
	CLEANUP(learner_freep) struct learner *learner = calloc(1, sizeof(*learner));
	int r;

	if (!learner)
		return -ENOMEM;
	learner->seed = seed;
	learner->learn_ms = (uint64_t)learn_s * 1000;
	learner->attended_ms = UINT64_MAX;
	model_init(&learner->model);
	trend_init(&learner->trend);
	tail_init(&learner->tail);
	r = expand_new(METRIC_N, &learner->expand);
	if (r < 0)
		return r;
	*ret = TAKE(learner);
	return 0;
}

struct learner *learner_free(struct learner *learner)
{
	if (learner) {
		(void)expand_free(learner->expand);
		model_clear(&learner->model);
		remembered_clear(&learner->kept);
	}
	free(learner);
	return NULL;
}

void learner_forget(struct learner *learner)
{
	model_clear(&learner->model);
	learner->kept.taught_ms = 0;
	learner->kept.n_rows = learner->kept.next_row = 0;
	learner->refit_due_ms = 0;
	trend_init(&learner->trend);
	tail_init(&learner->tail);
	learner->conduct = (struct conduct) { 0 };
}

void learner_calm(struct learner *learner)
{
	trend_calm(&learner->trend);
	conduct_drop(&learner->conduct);
}

bool learner_is_learnt(const struct learner *learner)
{
	return model_is_fit(&learner->model);
}

uint32_t learner_left_s(const struct learner *learner)
{
	const struct remembered *kept = &learner->kept;
	uint64_t left_s = 0;
	uint64_t rows_left = 0;

	if (learner_is_learnt(learner))
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

uint32_t learner_cpu_wait_s(const struct learner *learner)
{
	return conduct_cpu_wait_s(&learner->conduct);
}

size_t learner_bytes(const struct learner *learner)
{
	return sizeof(*learner) + remembered_bytes(&learner->kept) +
	       oddity_bytes(&learner->model.oddity) + expand_bytes(learner->expand);
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

/* The moment of this sample: once, however often it is looked at. */
static void attend(struct learner *learner, const struct sample *sample)
{
	struct row row, lately;
	double expected[METRIC_N];

	if (sample->when_ms == learner->attended_ms)
		return;
	learner->attended_ms = sample->when_ms;
	learner->above = NAN;
	features_row(sample, &row);
	lately = row;
	conduct_expect(&learner->conduct, sample, expected);
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		if (!isnan(expected[metric]))
			lately.column[metric] -= features_scale(metric, expected[metric]);
	memcpy(learner->now.column, row.column, sizeof(row.column));
	expand_take(learner->expand, lately.column, learner->now.column + METRIC_N);
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
		ret->rare_h[metric] = NAN;
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

/* On the side of normal on which it is. */
static void fill_rarity(const struct learner *learner, struct evidence *ret)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		float column = learner->now.column[metric];

		bool unseen = false;

		ret->rare_h[metric] =
			ret->deviation[metric] < 0
				? tail_low_h(&learner->tail, metric, column, &unseen)
				: tail_high_h(&learner->tail, metric, column, &unseen);
		ret->unseen |= unseen ? METRIC_BIT(metric) : 0;
	}
}

static uint32_t span_s_of(const struct sample *sample)
{
	return sample->span_ms < 1500 ? 1 : (sample->span_ms + 500) / 1000;
}

static void scale_lately(const struct learner *learner, float ret[MOMENT_LATELY])
{
	memcpy(ret, learner->now.column + METRIC_N, sizeof(learner->scored));
	(void)oddity_scale(&learner->model.oddity, MOMENT_LATELY, ret);
}

static float score_lately(struct learner *learner)
{
	const struct oddity *oddity = &learner->model.oddity;
	const float *row = learner->now.column + METRIC_N;
	float column[MOMENT_LATELY];

	if (learner->is_scored && oddity_is_same(oddity, MOMENT_LATELY, row, learner->scored))
		return learner->score;
	scale_lately(learner, column);
	learner->score = oddity_score(oddity, column);
	memcpy(learner->scored, row, sizeof(learner->scored));
	learner->is_scored = true;
	return learner->score;
}

static void blame_lately(const struct learner *learner, struct evidence *ret)
{
	float column[MOMENT_LATELY];

	scale_lately(learner, column);
	oddity_blame(&learner->model.oddity, column, MOMENT_LATELY, METRIC_N, ret->share);
	ret->lead_share = ret->share[ret->lead];
}

/* How odd the moment is by all that it was lately, and by whose fault. */
static void fill_score(struct learner *learner, uint32_t span_s, struct evidence *ret)
{
	ret->score = oddity_smooth(&learner->smooth, score_lately(learner), span_s);
	ret->threshold = learner->model.threshold;
	learner->above = ret->score - ret->threshold;
	ret->score_rare_h =
		tail_high_h(&learner->tail, TAIL_SCORE, learner->above, &ret->is_score_unseen);
	/* Who is to blame for an ordinary score is not worth 20 us a unit and second. */
	if (ret->score >= ret->threshold && ret->lead != METRIC_N)
		blame_lately(learner, ret);
}

/* How far that is from the unit's normal, and what the forest says. */
static void fill_judged(struct learner *learner, uint32_t span_s, struct evidence *ret)
{
	struct row row;
	struct vector vector;

	ret->have_normal = learner->model.baseline.have;
	memcpy(ret->median, learner->model.normal.median, sizeof(ret->median));
	memcpy(ret->low, learner->model.normal.low, sizeof(ret->low));
	memcpy(ret->high, learner->model.normal.high, sizeof(ret->high));
	memcpy(row.column, learner->now.column, sizeof(row.column));
	features_from(&row, &learner->model.baseline, &vector);
	memcpy(ret->deviation, vector.deviation, sizeof(ret->deviation));
	ret->lead = furthest(&vector);
	fill_rarity(learner, ret);
	fill_score(learner, span_s, ret);
}

void learner_look(struct learner *learner, const struct sample *sample, uint32_t patience_s,
		  struct evidence *ret)
{
	bool anew = is_anew(learner, sample), is_learnt = learner_is_learnt(learner);

	trend_take(&learner->trend, sample, is_learnt ? &learner->model.baseline : NULL, anew);
	if (anew) {
		conduct_drop(&learner->conduct);
		expand_restart(learner->expand);
	}
	attend(learner, sample);
	*ret = (struct evidence) {
		.score = -1,
		.threshold = -1,
		.score_rare_h = NAN,
		.generation = learner->kept.generation,
		.lead = METRIC_N,
	};
	fill_measured(learner, sample, ret);
	if (is_learnt)
		fill_judged(learner, span_s_of(sample), ret);
	/* What its first minutes look like is no record of anything. */
	if (!(sample->flags & SAMPLE_DISTURBED) && learner->kept.taught_ms >= learner->learn_ms / 3)
		conduct_look(&learner->conduct, sample, patience_s, ret);
	if (ret->noted || ret->is_score_noted)
		tail_drop(&learner->tail);
}

/* ---- learning ------------------------------------------------------------ */

static uint64_t refit_gap_ms(const struct learner *learner)
{
	uint64_t gap_ms = learner->kept.taught_ms / 2;

	gap_ms = gap_ms > REFIT_LEAST_MS ? gap_ms : REFIT_LEAST_MS;
	return gap_ms < REFIT_MOST_MS ? gap_ms : REFIT_MOST_MS;
}

static bool is_young(const struct learner *learner)
{
	return refit_gap_ms(learner) < REFIT_MOST_MS;
}

/* How many of the oldest trees make room. */
static uint32_t trees_due(const struct learner *learner)
{
	uint32_t n = learner->n_fresh * REFIT_TREES / REFIT_ROWS;

	if (is_young(learner))
		return REFIT_TREES_YOUNG;
	n = n < REFIT_TREES ? REFIT_TREES : n;
	return n < FOREST_PLANES_TREES ? n : FOREST_PLANES_TREES;
}

/* The first time for less long than usual, each unit for a time of its own, so that the units of a host do not
 * all refit in one tick. */
static int refit(struct learner *learner)
{
	struct remembered *kept = &learner->kept;
	bool first = !learner_is_learnt(learner);
	uint32_t n_trees = first ? FOREST_PLANES_TREES : trees_due(learner);
	int r;

	r = model_fit(&learner->model, kept, learner->seed, n_trees);
	if (r < 0)
		return r;
	kept->generation += n_trees;
	learner->is_scored = false;
	learner->n_fresh = 0;
	learner->samples_due = is_young(learner) ? 0 : REFIT_SAMPLES_LEAST;
	learner->refit_due_ms = kept->taught_ms + refit_gap_ms(learner) -
				(first ? draw_below(learner->seed, 0, REFIT_LEAST_MS / 2) : 0);
	return 0;
}

static bool is_due(const struct learner *learner)
{
	const struct remembered *kept = &learner->kept;

	if (learner_is_learnt(learner))
		return kept->taught_ms >= learner->refit_due_ms && learner->samples_due == 0;
	return kept->taught_ms >= learner->learn_ms && kept->n_rows >= FOREST_ROWS_MIN;
}

/* Does the moment of this slot of taught time lie in the sample's span? */
static bool covers(const struct learner *learner, uint64_t before_ms, uint64_t slot)
{
	uint64_t moment_ms = slot * ROW_EVERY_MS + draw_below(learner->seed, slot, ROW_EVERY_MS);

	return before_ms < moment_ms && moment_ms <= learner->kept.taught_ms;
}

/*
 * Every moment while there is room, then one of each 15 s, the oldest making room.
 * Which one of the 15 s is left to chance: at a fixed step, work that comes once a
 * minute would be met either each time or never.
 */
static int remember(struct learner *learner, uint64_t before_ms)
{
	struct remembered *kept = &learner->kept;
	uint64_t slot = kept->taught_ms / ROW_EVERY_MS;

	if (kept->n_rows == LEARNER_ROWS && !covers(learner, before_ms, slot) &&
	    !(slot > 0 && covers(learner, before_ms, slot - 1)))
		return 0;
	learner->n_fresh++;
	return remembered_put(kept, &learner->now);
}

static void learn_tail(struct learner *learner, const struct sample *sample)
{
	float column[TAIL_COLUMNS];

	memcpy(column, learner->now.column, METRIC_N * sizeof(*column));
	column[TAIL_SCORE] = learner->above;
	tail_take(&learner->tail, column, span_s_of(sample));
}

int learner_teach(struct learner *learner, const struct sample *sample)
{
	uint64_t before_ms = learner->kept.taught_ms;
	int r;

	if (sample->span_ms == 0 || sample->flags & SAMPLE_DISTURBED)
		return 0;
	learner->kept.taught_ms += sample->span_ms < SPAN_MAX_MS ? sample->span_ms : SPAN_MAX_MS;
	learner->samples_due -= learner->samples_due > 0;
	attend(learner, sample);
	conduct_learn(&learner->conduct, sample);
	learn_tail(learner, sample);
	r = remember(learner, before_ms);
	if (r < 0)
		return r;
	return is_due(learner) ? refit(learner) : 0;
}

/* ---- keeping ------------------------------------------------------------- */

int learner_save(const struct learner *learner, uint8_t **ret, size_t *ret_size)
{
	return forest_blob_write(&learner->kept, &learner->conduct, &learner->tail, ret, ret_size);
}

int learner_load(const uint8_t *bytes, size_t size, uint64_t seed, uint32_t learn_s,
		 struct learner **ret)
{
	CLEANUP(learner_freep) struct learner *learner = NULL;
	int r;

	r = learner_new(seed, learn_s, &learner);
	if (r < 0)
		return r;
	r = forest_blob_read(bytes, size, &learner->kept, &learner->conduct, &learner->tail);
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
