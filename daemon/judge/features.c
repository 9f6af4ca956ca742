/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a sample to the columns of the numeric core, by one table of all metrics. */
#include <math.h>

#include "judge/features.h"

enum scale {
	SCALE_NONE,  /* not judged: what rules count, and what is known on suspicion only */
	SCALE_PLAIN, /* bounded by nature: ratios */
	SCALE_LOG,   /* heavy-tailed: log1p(value / (BEND_FLOORS x least)) */
};

/*
 * `least` is the smallest difference that matters to anybody, in the metric's
 * own quantity. The logarithm bends at ten of them: below, a floor is about the
 * same distance everywhere; above, doublings are. Were it to bend at the floor
 * itself, a unit that does nothing would need two thirds of a core to be six
 * deviations away; so it is 75 thousandths.
 */
#define BEND_FLOORS 10.0
/* A fiftieth of its own level is no news for a heavy-tailed metric, however large the level. */
#define FLOOR_SHARE 0.02
/* An exbibyte, 2^60: no unit has more of anything, and what claims to must not become infinite. */
#define VALUE_MAX 0x1p60

static const struct feature {
	enum scale scale;
	double least;
} feature_table[METRIC_N] = {
	[METRIC_CPU] = { SCALE_LOG, 0.01 },
	[METRIC_RUN_DELAY] = { SCALE_LOG, 0.01 },
	[METRIC_MEMORY] = { SCALE_LOG, 0x1p20 },
	[METRIC_RSS] = { SCALE_LOG, 0x1p20 },
	[METRIC_SWAP] = { SCALE_LOG, 0x1p20 },
	[METRIC_PROCESSES] = { SCALE_LOG, 1 },
	[METRIC_THREADS] = { SCALE_LOG, 1 },
	[METRIC_DESCRIPTORS] = { SCALE_LOG, 1 },
	[METRIC_BLOCKED] = { SCALE_LOG, 1 },
	[METRIC_STOPPED] = { SCALE_LOG, 1 },
	[METRIC_ZOMBIES] = { SCALE_LOG, 1 },
	[METRIC_MINOR_FAULTS] = { SCALE_LOG, 100 }, /* a tenth of a millisecond of work */
	[METRIC_MAJOR_FAULTS] = { SCALE_LOG, 1 },   /* one seek */
	[METRIC_READ_BYTES] = { SCALE_LOG, 10240 },
	[METRIC_WRITE_BYTES] = { SCALE_LOG, 10240 },
	[METRIC_SWITCHES_VOLUNTARY] = { SCALE_LOG, 10 },
	[METRIC_SWITCHES_INVOLUNTARY] = { SCALE_LOG, 10 },
	[METRIC_PSI_CPU_SOME] = { SCALE_PLAIN, 0.01 },
	[METRIC_PSI_MEMORY_SOME] = { SCALE_PLAIN, 0.01 },
	[METRIC_PSI_MEMORY_FULL] = { SCALE_PLAIN, 0.01 },
	[METRIC_PSI_IO_SOME] = { SCALE_PLAIN, 0.01 },
	[METRIC_PSI_IO_FULL] = { SCALE_PLAIN, 0.01 },
	[METRIC_ACCEPTS] = { SCALE_LOG, 1 },
	[METRIC_CONNECTS] = { SCALE_LOG, 1 },
	[METRIC_RETRANSMITS] = { SCALE_LOG, 1 },
	[METRIC_RESETS_SENT] = { SCALE_LOG, 1 },
	[METRIC_RESETS_RECEIVED] = { SCALE_LOG, 1 },
	[METRIC_IO_REQUESTS] = { SCALE_LOG, 1 },
	[METRIC_IO_LATENCY] = { SCALE_LOG, 0.001 }, /* a quick disk's request is a tenth of it */
	[METRIC_PSI_CPU_FULL] = { SCALE_PLAIN, 0.01 },
	[METRIC_THROTTLED] = { SCALE_LOG, 0.01 },
	[METRIC_THREAD_CPU] = { SCALE_LOG, 0.01 },
	[METRIC_THREAD_SWITCHES] = { SCALE_LOG, 10 },
	[METRIC_STUCK] = { SCALE_LOG, 1 },
	[METRIC_DESCRIPTORS_SHARE] = { SCALE_PLAIN, 0.01 },
	[METRIC_CONNECTIONS] = { SCALE_LOG, 1 },
	[METRIC_RTT] = { SCALE_LOG, 0.001 },
	[METRIC_UNREAD] = { SCALE_LOG, 65536 }, /* half of a usual receive buffer */
	[METRIC_BACKLOG] = { SCALE_LOG, 1 },
	[METRIC_BACKLOG_SHARE] = { SCALE_PLAIN, 0.05 },
	[METRIC_ERROR_LINES] = { SCALE_LOG, 1 },
};

bool features_is_judged(enum metric metric)
{
	return feature_table[metric].scale != SCALE_NONE;
}

float features_scale(enum metric metric, double value)
{
	const struct feature *feature = &feature_table[metric];

	if (isnan(value))
		return NAN;
	value = fmin(fmax(value, 0), VALUE_MAX);
	if (feature->scale == SCALE_LOG)
		return (float)log1p(value / (BEND_FLOORS * feature->least));
	return (float)value;
}

double features_unscale(enum metric metric, double column)
{
	const struct feature *feature = &feature_table[metric];

	if (feature->scale == SCALE_LOG)
		return expm1(column) * BEND_FLOORS * feature->least;
	return column;
}

double features_least(enum metric metric)
{
	return feature_table[metric].least;
}

double features_floor(enum metric metric, double column)
{
	const struct feature *feature = &feature_table[metric];
	double value, least;

	if (feature->scale != SCALE_LOG)
		return feature->least > 0 ? feature->least : 1;
	value = features_unscale(metric, column);
	least = fmax(feature->least, FLOOR_SHARE * value);
	return log1p(least / (value + BEND_FLOORS * feature->least));
}

void features_row(const struct sample *sample, struct row *ret)
{
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		bool has = sample->have & METRIC_BIT(metric);

		if (has && features_is_judged(metric) && isfinite(sample->value[metric]))
			ret->column[metric] = features_scale(metric, sample->value[metric]);
		else
			ret->column[metric] = NAN;
	}
}

void features_from(const struct row *row, const struct baseline *baseline, struct vector *ret)
{
	ret->have = 0;
	for (enum metric metric = 0; metric < METRIC_N; metric++) {
		float column = row->column[metric];

		ret->deviation[metric] = 0;
		if (isnan(column) || !(baseline->have & METRIC_BIT(metric)))
			continue;
		ret->have |= METRIC_BIT(metric);
		ret->deviation[metric] =
			(column - baseline->median[metric]) / baseline->spread[metric];
	}
}
