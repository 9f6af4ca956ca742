/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times of one trouble, from its onset on, and of many. */
#include <stdlib.h>

#include "record/spans.h"

const char *span_word(enum span span)
{
	static const char *const words[SPAN_N] = {
		[SPAN_DETECT] = "detect",
		[SPAN_ACT] = "act",
		[SPAN_SERVED] = "served",
		[SPAN_PROVEN] = "proven",
	};

	return span < SPAN_N ? words[span] : "unknown";
}

bool decision_is_heal(const struct decision *decision)
{
	return decision->why == WHY_ALLOWED && decision->action != ACTION_NONE &&
	       decision->action != ACTION_NOTIFY;
}

uint64_t decision_acted_wall_ms(const struct decision *decision, const struct attempt *attempt)
{
	return attempt && attempt->started_wall_ms ? attempt->started_wall_ms : decision->wall_ms;
}

static void set(struct spans *spans, enum span span, uint64_t onset_ms, uint64_t wall_ms)
{
	if (onset_ms == 0 || wall_ms < onset_ms)
		return;
	spans->known[span] = true;
	spans->ms[span] = wall_ms - onset_ms;
}

struct spans spans_of(const struct incident *incident, uint64_t acted_wall_ms,
		      const struct outcome *outcome)
{
	uint64_t onset_ms = incident->onset_wall_ms;
	struct spans spans = { 0 };

	set(&spans, SPAN_DETECT, onset_ms, incident->opened_wall_ms);
	set(&spans, SPAN_ACT, onset_ms, acted_wall_ms);
	if (!outcome)
		return spans;
	set(&spans, SPAN_SERVED, onset_ms, outcome->served_wall_ms);
	if (outcome->result == OUTCOME_HEALED)
		set(&spans, SPAN_PROVEN, onset_ms, outcome->wall_ms);
	return spans;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

struct spread spread_of(uint64_t *ms, size_t n)
{
	if (n == 0)
		return (struct spread) { 0 };
	qsort(ms, n, sizeof(*ms), compare);
	return (struct spread) {
		.n = n,
		.median_ms = ms[(n - 1) / 2],
		.p90_ms = ms[(n * 9 + 9) / 10 - 1],
	};
}
