/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From evidence and its duration to one verdict. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "judge/explain.h"
#include "judge/verdict.h"

/* How long silence keeps the last word: a healing that is verified and a start that settles. */
#define SILENCE_MOST_MS MINUTES(10)
#define PATIENCE_SHARE	48u /* a day of trust still to come is half an hour of patience */

uint32_t verdict_patience_s(uint32_t for_s, uint64_t age_s, uint32_t trust_s)
{
	if (age_s >= trust_s)
		return for_s;
	return for_s + (uint32_t)((trust_s - age_s) / PATIENCE_SHARE);
}

uint32_t verdict_notice_patience_s(uint64_t age_s, uint32_t trust_s)
{
	return verdict_patience_s(0, age_s, trust_s) / 10;
}

/* One rule that stands, and how far it has come. */
struct candidate {
	const struct rule *rule;
	uint32_t held_s, for_s;
	bool holds; /* in this very sample, not only within the lapse that is forgiven */
	bool due;
};

/* Due before not yet due, what wants something before what does not, facts before statistics, then
 * the one that has stood longer. */
static bool is_better(const struct candidate *one, const struct candidate *other)
{
	bool acts = one->rule->action != ACTION_NONE, facts = rule_is_on_fact(one->rule);

	if (!other->rule)
		return true;
	if (one->due != other->due)
		return one->due;
	if (acts != (other->rule->action != ACTION_NONE))
		return acts;
	if (facts != rule_is_on_fact(other->rule))
		return facts;
	return one->held_s > other->held_s;
}

static struct candidate best_rule(const struct verdict_memory *memory,
				  const struct verdict_limits *limits,
				  const struct rulebook *rulebook, uint64_t age_s, uint64_t when_ms)
{
	struct candidate best = { 0 };

	for (size_t i = 0; i < rulebook->n; i++) {
		struct candidate this = { .rule = &rulebook->rule[i] };

		if (memory->standing.since_ms[i] == 0)
			continue;
		this.held_s = (uint32_t)((when_ms - memory->standing.since_ms[i]) / 1000);
		this.for_s = limits->says_for ? limits->for_s : this.rule->for_s;
		if (!rule_is_on_fact(this.rule))
			this.for_s = verdict_patience_s(this.for_s, age_s, limits->trust_s);
		this.holds = memory->standing.last_ms[i] == when_ms;
		this.due =
			this.held_s >= this.for_s && (this.holds || memory->health == HEALTH_SICK);
		if (is_better(&this, &best))
			best = this;
	}
	return best;
}

static bool is_down(const struct unit_status *status)
{
	return status->active == UNIT_ACTIVE_INACTIVE || status->active == UNIT_ACTIVE_GONE;
}

/* While statistics are silent, what they last said stands: silence is not health. But not for ever:
 * a unit that begins a new run again and again is never listened to, and old news are none. */
static bool is_still_in_trouble(const struct verdict_memory *memory, const struct sample *sample)
{
	return (sample->flags & SAMPLE_DISTURBED) && !memory->by_fact &&
	       sample->when_ms - memory->spoke_ms <= SILENCE_MOST_MS &&
	       (memory->health == HEALTH_SICK || memory->health == HEALTH_UNUSUAL);
}

/* What people do in a session, in a container or on the whole host is not one service's normal: there
 * statistics note, and call nothing sick. */
static bool is_one_service(const struct unit_status *status)
{
	return status->kind == UNIT_KIND_SERVICE && strncmp(status->name, "user@", 5) != 0;
}

/* May this rule, now due, call the unit sick? */
static bool calls_sick(const struct verdict_limits *limits, const struct rule *rule,
		       const struct unit_status *status)
{
	if (rule_is_on_fact(rule))
		return true;
	if (rule->class == FAULT_CLASS_CPU && !(limits->heal_on & (1u << FAULT_CLASS_CPU)))
		return false; /* it hurts nobody, and nobody opted in */
	return is_one_service(status);
}

static bool is_noted(const struct evidence *evidence)
{
	return evidence->noted != 0 || evidence->is_score_noted || rulebook_hangs(evidence);
}

static enum health health_of(const struct verdict_memory *memory,
			     const struct verdict_limits *limits, const struct candidate *best,
			     const struct learner *learner, const struct sample *sample,
			     const struct unit_status *status, const struct evidence *evidence)
{
	if (best->rule && best->due)
		return calls_sick(limits, best->rule, status) ? HEALTH_SICK : HEALTH_UNUSUAL;
	if (is_down(status))
		return HEALTH_DOWN;
	if (is_still_in_trouble(memory, sample))
		return memory->health;
	if (best->rule || status->active == UNIT_ACTIVE_FAILED)
		return HEALTH_UNUSUAL;
	if (evidence->have == 0)
		return HEALTH_UNKNOWN;
	if (!learner_is_learnt(learner))
		return HEALTH_LEARNING;
	return memory->is_news ? HEALTH_UNUSUAL : HEALTH_HEALTHY;
}

/* Does the rule first speak of that aspect of the lead? Of a count that it sums up, the sum is what it means. */
static bool leads_by(const struct candidate *best, uint32_t lead, enum aspect aspect)
{
	for (uint32_t i = 0; best->rule && i < best->rule->n_needs; i++)
		if (best->rule->need[i].metric == lead)
			return best->rule->need[i].aspect == aspect;
	return false;
}

static void name_lead(const struct candidate *best, const struct evidence *evidence,
		      struct verdict *verdict)
{
	uint32_t lead = best->rule ? rulebook_lead(best->rule)
				   : explain_furthest(evidence, evidence->noted);

	if (lead == METRIC_N && !(best->rule && rule_is_on_fact(best->rule)))
		lead = evidence->lead;
	verdict->lead = lead;
	verdict->lead_expected = NAN;
	verdict->lead_value = NAN;
	if (lead == METRIC_N)
		return;
	if (lead == evidence->lead)
		verdict->lead_share = evidence->lead_share;
	if (evidence->have & METRIC_BIT(lead))
		verdict->lead_value = leads_by(best, lead, ASPECT_RECENT) ? evidence->recent[lead]
									  : evidence->value[lead];
	if (evidence->have_normal & METRIC_BIT(lead)) {
		verdict->lead_expected = evidence->median[lead];
		verdict->lead_deviation = evidence->deviation[lead];
	}
	if (evidence->noted & METRIC_BIT(lead))
		verdict->lead_expected = evidence->expected[lead];
	if (leads_by(best, lead, ASPECT_LEFT_S) && evidence->have_left & METRIC_BIT(lead)) {
		verdict->lead_limit = evidence->limit[lead];
		verdict->left_soonest_s = evidence->left_soonest_s[lead];
		verdict->left_latest_s = evidence->left_latest_s[lead];
	}
}

static void name_rule(const struct candidate *best, struct verdict *verdict)
{
	if (!best->rule)
		return;
	for (size_t i = 0; i < RULE_NAME_SIZE; i++)
		verdict->rule[i] = best->rule->name[i];
	verdict->class = best->rule->class;
	verdict->on_fact = rule_is_on_fact(best->rule);
	verdict->held_s = best->held_s;
	verdict->for_s = best->for_s;
	/* What held a moment ago makes nobody act on what is now. */
	verdict->wants = best->due && best->holds ? best->rule->action : ACTION_NONE;
}

static uint32_t lasted_s(const struct evidence *evidence)
{
	uint32_t waiting_s = evidence->backlog_waiting_s > evidence->unread_waiting_s
				     ? evidence->backlog_waiting_s
				     : evidence->unread_waiting_s;

	return rulebook_hangs(evidence) && waiting_s > evidence->lasted_s ? waiting_s
									  : evidence->lasted_s;
}

void verdict_reach(struct verdict_memory *memory, const struct verdict_limits *limits,
		   const struct rulebook *rulebook, const struct learner *learner,
		   const struct sample *sample, const struct unit_status *status,
		   const struct evidence *evidence, struct verdict *ret)
{
	bool settled = !(sample->flags & SAMPLE_DISTURBED);
	bool speaks = settled && learner_is_learnt(learner) && !is_down(status);
	struct candidate best;
	struct verdict verdict = {
		.unit = sample->unit,
		.flags = sample->flags & (SAMPLE_SYNTHETIC | SAMPLE_DISTURBED),
		.when_ms = sample->when_ms,
		.wall_ms = sample->wall_ms,
		.score = evidence->score,
		.threshold = evidence->threshold,
		.generation = evidence->generation,
		.learn_left_s = learner_left_s(learner),
	};

	rulebook_follow(rulebook, &memory->standing, evidence, status, sample->when_ms, speaks);
	best = best_rule(memory, limits, rulebook, learner_trust_s(learner), sample->when_ms);
	memory->is_news = speaks && is_noted(evidence);
	verdict.health = health_of(memory, limits, &best, learner, sample, status, evidence);
	if (speaks && (best.rule || memory->is_news))
		memory->spoke_ms = sample->when_ms;
	if (best.rule || speaks || status->active == UNIT_ACTIVE_FAILED)
		memory->by_fact = (best.rule && rule_is_on_fact(best.rule)) ||
				  status->active == UNIT_ACTIVE_FAILED;
	if (verdict.health != memory->health || memory->since_ms == 0) {
		memory->health = verdict.health;
		memory->since_ms = sample->when_ms;
	}
	verdict.since_ms = memory->since_ms;
	verdict.is_news = memory->is_news;
	verdict.lasted_s = lasted_s(evidence);
	name_rule(&best, &verdict);
	name_lead(&best, evidence, &verdict);
	if (verdict.health == HEALTH_UNUSUAL || verdict.health == HEALTH_SICK)
		explain_verdict(best.rule, evidence, &verdict);
	*ret = verdict;
}
