/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floors of blocks, how fast they rise, and what that leaves. */
#include <math.h>
#include <stddef.h>

#include "judge/baseline.h"
#include "judge/forecast.h"

#define BLOCKS_LEAST                                                                               \
	8 /* below that no order of them is beyond chance by RISES_Z, even the rising one */
#define RISES_Z	   3.0f /* chance does that to one window of 740 in which nothing rises */
#define PAIRS_MOST (FORECAST_BLOCKS / 2 * (FORECAST_BLOCKS / 2 + 1) / 2)

static const enum metric metrics[FORECAST_METRICS] = {
	METRIC_RSS,
	METRIC_THREADS,
	METRIC_DESCRIPTORS,
};
static const uint32_t block_ms[FORECAST_WINDOWS] = { 10000, 30000, 90000 };

/* ---- how fast ------------------------------------------------------------------ */

/* The blocks of one metric in which there was a value, the oldest first. */
struct floor {
	size_t n;
	float at_s[FORECAST_BLOCKS], least[FORECAST_BLOCKS];
};

static void read_floor(const struct forecast_window *window, size_t metric, struct floor *ret)
{
	uint32_t first = window->n < FORECAST_BLOCKS ? 0 : window->next;

	ret->n = 0;
	for (uint32_t i = 0; i < window->n; i++) {
		uint32_t place = (first + i) % FORECAST_BLOCKS;

		if (isnan(window->least[metric][place]))
			continue;
		/* From the first on: seconds since boot would be cut to fit a float. */
		ret->at_s[ret->n] = (float)(window->at_s[place] - window->at_s[first]);
		ret->least[ret->n++] = window->least[metric][place];
	}
}

/* Kendall's S is how many more pairs rise than fall: in spreads of what chance makes of it. (A tie is neither, and
 * the variance is that without ties, which is the larger one.) */
static float sureness(const struct floor *floor)
{
	float n = (float)floor->n, variance = n * (n - 1) * (2 * n + 5) / 18;
	int s = 0;

	for (size_t i = 0; i < floor->n; i++)
		for (size_t j = i + 1; j < floor->n; j++)
			s += (floor->least[j] > floor->least[i]) -
			     (floor->least[j] < floor->least[i]);
	return (float)(s - 1) / sqrtf(variance);
}

static struct forecast_speed speed_of(const struct floor *floor)
{
	const struct forecast_speed none = { 0 };
	float slope[PAIRS_MOST], z;
	size_t n = 0;

	if (floor->n < BLOCKS_LEAST)
		return none;
	z = sureness(floor);
	if (z < RISES_Z)
		return none;
	for (size_t i = 0; i < floor->n; i++)
		for (size_t j = i + (floor->n + 1) / 2; j < floor->n; j++)
			slope[n++] = (floor->least[j] - floor->least[i]) /
				     (floor->at_s[j] - floor->at_s[i]);
	baseline_sort(slope, n);
	if (baseline_quantile(slope, n, 0.25) <= 0)
		return none; /* at times it did not rise at all: it may never get there */
	return (struct forecast_speed) { .z = z,
					 .usual = baseline_quantile(slope, n, 0.5),
					 .slow = baseline_quantile(slope, n, 0.25),
					 .fast = baseline_quantile(slope, n, 0.75) };
}

/* ---- blocks ---------------------------------------------------------------------- */

static void begin(struct forecast *forecast, uint64_t when_ms)
{
	*forecast = (struct forecast) { 0 };
	for (size_t m = 0; m < FORECAST_METRICS; m++)
		forecast->level[m] = NAN;
	for (size_t w = 0; w < FORECAST_WINDOWS; w++) {
		struct forecast_window *window = &forecast->window[w];

		window->block_ms = when_ms;
		for (size_t m = 0; m < FORECAST_METRICS; m++)
			window->least_now[m] = NAN;
	}
}

static void keep_level(struct forecast *forecast)
{
	const struct forecast_window *window = &forecast->window[0];

	forecast->level_ms = window->block_ms;
	for (size_t m = 0; m < FORECAST_METRICS; m++)
		forecast->level[m] = window->least_now[m];
}

static void end_block(struct forecast_window *window, uint64_t when_ms)
{
	struct floor floor;

	window->at_s[window->next] = (uint32_t)(window->block_ms / 1000);
	for (size_t m = 0; m < FORECAST_METRICS; m++) {
		window->least[m][window->next] = window->least_now[m];
		window->least_now[m] = NAN;
	}
	window->block_ms = when_ms;
	window->next = (window->next + 1) % FORECAST_BLOCKS;
	window->n += window->n < FORECAST_BLOCKS;
	for (size_t m = 0; m < FORECAST_METRICS; m++) {
		read_floor(window, m, &floor);
		window->speed[m] = speed_of(&floor);
	}
}

void forecast_take(struct forecast *forecast, const struct sample *sample, bool anew)
{
	if (forecast->when_ms == 0 || anew || (sample->flags & SAMPLE_DISTURBED) ||
	    sample->when_ms < forecast->when_ms ||
	    sample->when_ms - forecast->when_ms > FORECAST_GAP_MS)
		begin(forecast, sample->when_ms);
	forecast->when_ms = sample->when_ms;
	for (size_t w = 0; w < FORECAST_WINDOWS; w++) {
		struct forecast_window *window = &forecast->window[w];

		if (sample->when_ms - window->block_ms >= block_ms[w]) {
			if (w == 0)
				keep_level(forecast);
			end_block(window, sample->when_ms);
		}
		for (size_t m = 0; m < FORECAST_METRICS; m++)
			if (sample_has(sample, metrics[m]))
				window->least_now[m] = fminf(window->least_now[m],
							     (float)sample->value[metrics[m]]);
	}
}

/* ---- what is left ------------------------------------------------------------------ */

/*
 * The limit is one process's, the metric all of theirs. The one that is nearest to its limit has a share of it that
 * was measured, so it lacks the rest; if the leak is that one's, the sum grows by as much until then.
 * Of a single process the measured share tells the limit itself, which it may have set for itself.
 */
static double descriptors_limit(const struct sample *sample, const struct unit_status *status)
{
	bool is_one = sample_has(sample, METRIC_PROCESSES) && sample->value[METRIC_PROCESSES] <= 1;
	double most = (double)status->descriptors_most, share;

	if (!sample_has(sample, METRIC_DESCRIPTORS_SHARE))
		return is_one ? most : 0;
	share = sample->value[METRIC_DESCRIPTORS_SHARE];
	if (share > 0 && (is_one || most <= 0))
		return sample->value[METRIC_DESCRIPTORS] / share;
	return sample->value[METRIC_DESCRIPTORS] + most * fmax(1 - share, 0);
}

/* 0: none is known. */
static double limit_of_host(enum metric metric, const struct sample *sample,
			    const struct unit_status *status)
{
	switch (metric) {
	case METRIC_RSS:
		return (double)status->memory_most_bytes;
	case METRIC_THREADS:
		return (double)status->threads_most;
	default:
		return descriptors_limit(sample, status);
	}
}

/* The lower one of that, and of what somebody set by hand. */
static double limit_of(enum metric metric, const struct sample *sample,
		       const struct unit_status *status)
{
	double limit = limit_of_host(metric, sample, status);
	double by_hand = terms_limit(&status->terms, metric);

	return by_hand > 0 && (limit <= 0 || by_hand < limit) ? by_hand : limit;
}

/* Of windows that are equally sure the longest, which has seen more. */
static struct forecast_speed surest(const struct forecast *forecast, size_t metric)
{
	struct forecast_speed most = { 0 };

	for (size_t w = 0; w < FORECAST_WINDOWS; w++)
		if (forecast->window[w].speed[metric].z > 0 &&
		    forecast->window[w].speed[metric].z >= most.z)
			most = forecast->window[w].speed[metric];
	return most;
}

void forecast_tell(const struct forecast *forecast, const struct sample *sample,
		   const struct unit_status *status, struct evidence *evidence)
{
	for (size_t m = 0; m < FORECAST_METRICS; m++) {
		enum metric metric = metrics[m];
		struct forecast_speed speed = surest(forecast, m);
		double since_s = (double)(sample->when_ms - forecast->level_ms) / 1000;
		double limit, room;

		if (speed.z <= 0 || isnan(forecast->level[m]) || !sample_has(sample, metric))
			continue;
		limit = limit_of(metric, sample, status);
		if (limit <= 0)
			continue;
		room = fmax(limit - (double)forecast->level[m], 0);
		evidence->have_left |= METRIC_BIT(metric);
		evidence->limit[metric] = limit;
		evidence->left_s[metric] = fmax(room / (double)speed.usual - since_s, 0);
		evidence->left_soonest_s[metric] = fmax(room / (double)speed.fast - since_s, 0);
		evidence->left_latest_s[metric] = fmax(room / (double)speed.slow - since_s, 0);
	}
}
