/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules held against evidence. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "judge/hang.h"
#include "judge/rulebook.h"

/* A metric alone makes a sample odd from so many of its own spreads above the median, and only above
 * the range it was ever seen in: then it is no matter of a heavy tail. */
#define ODD_DEVIATION 6.0f

static bool is_beyond(const struct evidence *evidence, uint32_t metric)
{
	return (evidence->have & evidence->have_normal & METRIC_BIT(metric)) &&
	       evidence->value[metric] > evidence->high[metric];
}

static bool is_far_out(const struct evidence *evidence, uint32_t metric)
{
	return is_beyond(evidence, metric) && evidence->deviation[metric] > ODD_DEVIATION;
}

/* Few clients are no unusual number, but that they wait for somebody who does nothing is. */
const struct rule *rulebook_named(const struct rulebook *rulebook, const char *name)
{
	for (size_t i = 0; i < rulebook->n; i++)
		if (strcmp(rulebook->rule[i].name, name) == 0)
			return &rulebook->rule[i];
	return NULL;
}

bool rulebook_hangs(const struct evidence *evidence)
{
	if (evidence->still_s < HANG_ODD_S)
		return false;
	return (evidence->backlog_waiting_s >= HANG_ODD_S && is_beyond(evidence, METRIC_BACKLOG)) ||
	       (evidence->unread_waiting_s >= HANG_ODD_S && is_beyond(evidence, METRIC_UNREAD));
}

/* Is the sample odd by the forest, or by what this rule itself speaks of? What some other metric does is no
 * reason to act by it. */
static bool is_odd_for(const struct rule *rule, const struct evidence *evidence)
{
	if (evidence->score >= 0 && evidence->score >= evidence->threshold)
		return true;
	for (uint32_t i = 0; i < rule->n_needs; i++) {
		const struct need *need = &rule->need[i];

		if (need->aspect == ASPECT_STILL_S && rulebook_hangs(evidence))
			return true;
		if (need->metric < METRIC_N &&
		    (is_far_out(evidence, need->metric) || evidence->excess[need->metric] > 0))
			return true;
		if (need->aspect == ASPECT_APART && evidence->apart[need->metric] > 0)
			return true;
	}
	return false;
}

/* Does the left side of a need exist here, and what is it? */
static bool unit_side(const struct need *need, const struct evidence *evidence,
		      const struct unit_status *status, double *ret)
{
	switch (need->aspect) {
	case ASPECT_SCORE:
		if (evidence->score < 0)
			return false;
		*ret = (double)evidence->score / (double)evidence->threshold;
		return true;
	case ASPECT_FAILED:
		*ret = status->active == UNIT_ACTIVE_FAILED;
		return status->active != UNIT_ACTIVE_UNKNOWN;
	case ASPECT_START_LIMITED:
		*ret = (status->flags & UNIT_START_LIMITED) != 0;
		return status->active != UNIT_ACTIVE_UNKNOWN;
	case ASPECT_STILL_S:
		*ret = evidence->still_s;
		return evidence->still_s >= 0;
	case ASPECT_OOM_KILLED:
		*ret = (status->flags & UNIT_OOM_KILLED) != 0;
		return status->active != UNIT_ACTIVE_UNKNOWN;
	default:
		return false;
	}
}

static bool metric_side(const struct need *need, const struct evidence *evidence,
			const struct unit_status *status, double *ret)
{
	uint32_t metric = need->metric;
	double value = evidence->value[metric];

	if (!(evidence->have & METRIC_BIT(metric)) || evidence->age_s[metric] > RULEBOOK_AGE_MAX_S)
		return false;
	switch (need->aspect) {
	case ASPECT_VALUE:
		*ret = value;
		return true;
	case ASPECT_RISING_S:
		*ret = evidence->rising_s[metric];
		return true;
	case ASPECT_RECENT:
		*ret = evidence->recent[metric];
		return true;
	case ASPECT_EXCESS:
		*ret = evidence->excess[metric];
		return true;
	case ASPECT_GROWTH:
		*ret = evidence->growth[metric];
		return true;
	case ASPECT_LEFT_S:
		*ret = evidence->left_latest_s[metric];
		return (evidence->have_left & METRIC_BIT(metric)) != 0;
	case ASPECT_APART:
		*ret = evidence->apart[metric];
		return true;
	case ASPECT_EXCESS_RATIO:
		/* Of nothing any excess is a lot. */
		*ret = evidence->excess[metric] > 0
			       ? evidence->excess[metric] / evidence->expected[metric]
			       : 0;
		return true;
	case ASPECT_OF_ACCEPTS:
		/* Where nobody comes in, any error is one too many; where that is not known, nobody knows. */
		*ret = evidence->excess[metric] / evidence->value[METRIC_ACCEPTS];
		return (evidence->have & METRIC_BIT(METRIC_ACCEPTS)) && !isnan(*ret);
	case ASPECT_OVER:
		*ret = value / terms_limit(&status->terms, metric);
		return isfinite(*ret);
	case ASPECT_WAITING_S:
		*ret = metric == METRIC_BACKLOG ? evidence->backlog_waiting_s
						: evidence->unread_waiting_s;
		return true;
	default:
		break;
	}
	if (!(evidence->have_normal & METRIC_BIT(metric)))
		return false;
	switch (need->aspect) {
	case ASPECT_RATIO:
		if (evidence->median[metric] <= 0)
			return false; /* so many times nothing says nothing */
		*ret = value / evidence->median[metric];
		return true;
	case ASPECT_DEVIATION:
		*ret = (double)evidence->deviation[metric];
		return true;
	case ASPECT_BEYOND:
		*ret = value > evidence->high[metric] ? value - evidence->high[metric] : 0;
		return true;
	default:
		return false;
	}
}

bool rulebook_need_holds(const struct need *need, const struct evidence *evidence,
			 const struct unit_status *status)
{
	double left;

	if (!(need->metric < METRIC_N ? metric_side(need, evidence, status, &left)
				      : unit_side(need, evidence, status, &left)))
		return false;
	switch (need->relation) {
	case RELATION_ABOVE:
		return left > need->limit;
	case RELATION_AT_LEAST:
		return left >= need->limit;
	case RELATION_BELOW:
		return left < need->limit;
	case RELATION_AT_MOST:
		return left <= need->limit;
	}
	return false;
}

bool rulebook_holds(const struct rule *rule, const struct evidence *evidence,
		    const struct unit_status *status)
{
	for (uint32_t i = 0; i < rule->n_needs; i++)
		if (!rulebook_need_holds(&rule->need[i], evidence, status))
			return false;
	return rule->n_needs > 0;
}

/* How long a lapse may be now. */
static uint64_t lapse_ms(struct standing *standing, uint64_t when_ms)
{
	uint64_t step_ms = standing->seen_ms ? when_ms - standing->seen_ms : 0;
	uint64_t usual_ms = step_ms < standing->step_ms ? step_ms : standing->step_ms;

	standing->seen_ms = when_ms;
	standing->step_ms = step_ms;
	return usual_ms > RULEBOOK_LAPSE_MS ? usual_ms : RULEBOOK_LAPSE_MS;
}

void rulebook_follow(const struct rulebook *rulebook, struct standing *standing,
		     const struct evidence *evidence, const struct unit_status *status,
		     uint64_t when_ms, bool statistics)
{
	uint64_t most_ms = lapse_ms(standing, when_ms);

	assert(rulebook->n <= RULES_MAX);
	for (size_t i = 0; i < rulebook->n; i++) {
		const struct rule *rule = &rulebook->rule[i];
		bool lapsed = when_ms - standing->last_ms[i] > most_ms;

		if ((rule_is_on_fact(rule) || (statistics && is_odd_for(rule, evidence))) &&
		    rulebook_holds(rule, evidence, status)) {
			if (standing->since_ms[i] == 0 || lapsed)
				standing->since_ms[i] = when_ms;
			standing->last_ms[i] = when_ms;
		} else if (lapsed) {
			standing->since_ms[i] = 0;
		}
	}
}

uint32_t rulebook_lead(const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->n_needs; i++)
		if (rule->need[i].metric < METRIC_N)
			return rule->need[i].metric;
	return METRIC_N;
}
