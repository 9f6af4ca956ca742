/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where levels are heading, and what happened in the last five minutes. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "judge/features.h"
#include "judge/trend.h"

#define RISE_SPREADS 1.0
#define FALL_SPREADS 0.1
#define WAIT_BLOCKS  3

static void begin_block(struct trend *trend, uint64_t when_ms)
{
	trend->block_ms = when_ms;
	for (unsigned int metric = 0; metric < METRIC_N; metric++)
		trend->block_min[metric] = NAN;
}

static void begin_rising(struct trend *trend, uint64_t when_ms)
{
	begin_block(trend, when_ms);
	for (unsigned int metric = 0; metric < METRIC_N; metric++) {
		trend->last_min[metric] = NAN;
		trend->n_waited[metric] = 0;
		trend->rising_s[metric] = 0;
	}
}

void trend_init(struct trend *trend)
{
	memset(trend, 0, sizeof(*trend));
	begin_rising(trend, 0);
}

static double spread_at(const struct baseline *baseline, enum metric metric, float column)
{
	if (baseline && baseline->have & METRIC_BIT(metric))
		return baseline->spread[metric];
	return features_floor(metric, column);
}

/* The block that ends, held against the last floor that counted. */
static void follow_floor(struct trend *trend, enum metric metric, const struct baseline *baseline)
{
	float now = features_scale(metric, trend->block_min[metric]);
	float last = features_scale(metric, trend->last_min[metric]);
	double step = (now - last) / spread_at(baseline, metric, last);

	if (isnan(now))
		return;
	trend->n_waited[metric]++;
	if (step > RISE_SPREADS)
		trend->rising_s[metric] += TREND_BLOCK_MS / 1000;
	else if (step < -FALL_SPREADS || trend->n_waited[metric] >= WAIT_BLOCKS)
		trend->rising_s[metric] = 0;
	else if (!isnan(last))
		return;
	trend->last_min[metric] = trend->block_min[metric];
	trend->n_waited[metric] = 0;
}

static void take_levels(struct trend *trend, const struct sample *sample,
			const struct baseline *baseline)
{
	if (sample->when_ms - trend->block_ms >= TREND_BLOCK_MS) {
		for (enum metric metric = 0; metric < METRIC_N; metric++)
			if (metric_table[metric].kind == METRIC_KIND_LEVEL)
				follow_floor(trend, metric, baseline);
		begin_block(trend, sample->when_ms);
	}
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		if (sample->have & METRIC_BIT(metric))
			trend->block_min[metric] =
				fmin(trend->block_min[metric], sample->value[metric]);
}

/* The ring of a count. */
static unsigned int place_of(enum metric metric)
{
	unsigned int place = 0;

	for (enum metric before = 0; before < metric; before++)
		place += metric_table[before].kind == METRIC_KIND_COUNT;
	assert(place < TREND_COUNTS_MAX);
	return place;
}

/* Counts are rare: most rings are empty, and their sums are not worth their additions each second. */
static void sum_up(struct trend *trend, unsigned int place)
{
	double sum = 0;

	for (unsigned int i = 0; i < TREND_BUCKETS; i++)
		sum += trend->bucket[place][i];
	trend->recent[place] = sum;
}

static void put(struct trend *trend, unsigned int place, float count)
{
	float *bucket = &trend->bucket[place][trend->newest];
	float before = *bucket;

	*bucket = count;
	if (before != count)
		sum_up(trend, place);
}

/* Move on to the bucket of that moment; those that were passed over are empty. */
static void open_bucket(struct trend *trend, uint64_t when_ms)
{
	uint64_t n_passed = (when_ms - trend->bucket_ms) / TREND_BUCKET_MS;

	trend->bucket_ms += n_passed * TREND_BUCKET_MS;
	for (uint64_t i = 0; i < n_passed && i < TREND_BUCKETS; i++) {
		trend->newest = (trend->newest + 1) % TREND_BUCKETS;
		for (unsigned int place = 0; place < TREND_COUNTS_MAX; place++)
			put(trend, place, 0);
	}
}

static void forget_counts(struct trend *trend, unsigned int place)
{
	memset(trend->bucket[place], 0, sizeof(trend->bucket[place]));
	trend->recent[place] = 0;
}

void trend_calm(struct trend *trend)
{
	for (unsigned int place = 0; place < TREND_COUNTS_MAX; place++)
		forget_counts(trend, place);
}

/* An OOM kill crippled the run that it hit: a new one has nothing of it, though both may be told by
 * one sample. */
static void take_counts(struct trend *trend, const struct sample *sample, bool anew)
{
	open_bucket(trend, sample->when_ms);
	if (anew)
		forget_counts(trend, place_of(METRIC_OOM_KILLS));
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		if (metric_table[metric].kind == METRIC_KIND_COUNT &&
		    !(anew && metric == METRIC_OOM_KILLS) && sample->have & METRIC_BIT(metric) &&
		    isfinite(sample->value[metric])) {
			unsigned int place = place_of(metric);

			put(trend, place,
			    trend->bucket[place][trend->newest] + (float)sample->value[metric]);
		}
}

void trend_take(struct trend *trend, const struct sample *sample, const struct baseline *baseline,
		bool anew)
{
	if (sample->when_ms < trend->when_ms)
		trend_init(trend); /* time that runs backwards is another boot's */
	if (anew || sample->when_ms - trend->when_ms > TREND_GAP_MS)
		begin_rising(trend, sample->when_ms);
	trend->when_ms = sample->when_ms;
	take_levels(trend, sample, baseline);
	take_counts(trend, sample, anew);
}

double trend_recent(const struct trend *trend, enum metric metric)
{
	return metric_table[metric].kind == METRIC_KIND_COUNT ? trend->recent[place_of(metric)] : 0;
}
