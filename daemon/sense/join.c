/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differences of totals, where they may be taken. */
#include <math.h>
#include <string.h>

#include "sense/join.h"

static double per_span(const struct metric_info *info, double grown, uint64_t span_ms)
{
	double rate;

	if (info->kind == METRIC_KIND_COUNT)
		return grown;
	rate = grown * 1000.0 / (double)span_ms;
	/* A pressure's clock and ours are not read at one moment; nor do the times of a shared
	 * row's members exclude one another. */
	return strcmp(info->quantity, "ratio") == 0 ? fmin(rate, 1.0) : rate;
}

void join_difference(const struct usage *previous, const struct usage *now,
		     const uint64_t span_ms[METRIC_N], struct sample *sample)
{
	for (size_t i = 0; i < METRIC_N; i++) {
		const struct metric_info *info = &metric_table[i];
		uint64_t bit = METRIC_BIT(i);

		if (!(now->have & bit))
			continue;
		sample->age_s[i] = now->age_s[i];
		if (metric_is_of_moment((enum metric)i)) {
			sample_set(sample, (enum metric)i, now->total[i]);
			continue;
		}
		if (!previous || !(previous->have & bit) || now->total[i] < previous->total[i] ||
		    (info->kind == METRIC_KIND_RATE && span_ms[i] == 0))
			continue;
		sample_set(sample, (enum metric)i,
			   per_span(info, now->total[i] - previous->total[i], span_ms[i]));
	}
}

uint64_t join_counts(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < METRIC_N; i++)
		if (metric_table[i].kind == METRIC_KIND_COUNT)
			mask |= METRIC_BIT(i);
	return mask & ~(METRIC_BIT(METRIC_MEMORY_HIGH) | METRIC_BIT(METRIC_MEMORY_MAX));
}

static bool is_running(enum unit_active active)
{
	return active != UNIT_ACTIVE_INACTIVE && active != UNIT_ACTIVE_FAILED &&
	       active != UNIT_ACTIVE_GONE;
}

static void merge(const struct join_found *found, uint64_t wanted, struct join_past *ret)
{
	for (unsigned int from = 0; from < JOIN_SOURCE_N; from++)
		for (size_t i = 0; i < METRIC_N; i++) {
			if (!(found->from[from].have & wanted & ~ret->usage.have & METRIC_BIT(i)))
				continue;
			usage_set(&ret->usage, (enum metric)i, found->from[from].total[i]);
			ret->usage.old |= found->from[from].old & METRIC_BIT(i);
			ret->usage.age_s[i] = found->from[from].age_s[i];
			ret->source[i] = (uint8_t)from;
		}
}

/* What was read before this run began is of another one; and of a total of which no reading is known, the
 * time of this one is not either. */
static void drop_what_is_too_old(const struct join_past *past, bool is_anew, struct join_past *now)
{
	uint64_t rates = 0;

	for (size_t i = 0; i < METRIC_N; i++)
		if (metric_table[i].kind == METRIC_KIND_RATE)
			rates |= METRIC_BIT(i);
	now->usage.have &= ~(now->usage.old & rates & ~past->usage.have);
	if (is_anew && past->when_ms != 0)
		now->usage.have &= ~(now->usage.old & ~join_counts());
}

/* Since each total was read before; 0 where there is nothing to compare with, or nothing new. */
static void measure_spans(const struct join_past *past, struct join_past *now,
			  uint64_t ret_ms[METRIC_N])
{
	for (size_t i = 0; i < METRIC_N; i++) {
		bool is_known = past->usage.have & METRIC_BIT(i);
		bool is_same = is_known && now->usage.old & METRIC_BIT(i);

		now->read_ms[i] = is_same ? past->read_ms[i] : now->when_ms;
		now->rate[i] = NAN;
		ret_ms[i] = is_known ? now->read_ms[i] - past->read_ms[i] : 0;
	}
}

/* A rate whose total was not read anew is what it was. */
static void keep_rates(const struct join_past *past, struct join_past *now, struct sample *sample)
{
	for (size_t i = 0; i < METRIC_N; i++) {
		if (metric_table[i].kind != METRIC_KIND_RATE)
			continue;
		if (now->usage.old & past->usage.have & METRIC_BIT(i) && !isnan(past->rate[i]))
			sample_set(sample, (enum metric)i, past->rate[i]);
		if (sample_has(sample, (enum metric)i))
			now->rate[i] = sample->value[i];
	}
}

void join_sample(struct join_past *past, const struct unit_status *status,
		 const struct join_found *found, uint64_t when_ms, struct sample *ret)
{
	struct join_past now = { .when_ms = when_ms };
	bool is_named = unit_has_invocation(status);
	bool is_anew =
		is_named && memcmp(past->invocation, status->invocation, INVOCATION_SIZE) != 0;
	uint64_t span_ms = past->when_ms == 0 || is_anew ? 0 : when_ms - past->when_ms;
	uint64_t spans_ms[METRIC_N];

	memcpy(now.invocation, is_named ? status->invocation : past->invocation, INVOCATION_SIZE);
	merge(found, is_running(status->active) ? UINT64_MAX : join_counts(), &now);
	if (is_anew)
		past->usage.have &= join_counts();
	for (size_t i = 0; i < METRIC_N; i++)
		if (past->source[i] != now.source[i])
			past->usage.have &= ~METRIC_BIT(i);

	drop_what_is_too_old(past, is_anew, &now);
	*ret = (struct sample) {
		.unit = status->unit,
		.when_ms = when_ms,
		.span_ms = (uint32_t)(span_ms < UINT32_MAX ? span_ms : UINT32_MAX),
	};
	memcpy(ret->invocation, status->invocation, INVOCATION_SIZE);
	measure_spans(past, &now, spans_ms);
	join_difference(&past->usage, &now.usage, spans_ms, ret);
	keep_rates(past, &now, ret);
	*past = now;
}
