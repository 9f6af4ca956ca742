/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From evidence to the symptoms that people and machines are told. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "judge/explain.h"
#include "judge/features.h"
#include "judge/rulebook.h"

/* The symptoms of one verdict as they are put together. */
struct telling {
	const struct evidence *evidence;
	struct verdict *verdict;
	uint64_t told;	 /* METRIC_BIT() */
	uint32_t spoken; /* of experts that spoke of the whole */
};

static void put(struct telling *telling, const struct symptom *symptom)
{
	struct verdict *verdict = telling->verdict;

	if (verdict->n_symptoms < VERDICT_SYMPTOMS)
		verdict->symptom[verdict->n_symptoms++] = *symptom;
}

static struct symptom nothing_known(enum expert expert, uint32_t metric)
{
	return (struct symptom) {
		.expert = expert,
		.metric = metric,
		.value = NAN,
		.low = NAN,
		.high = NAN,
		.expected = NAN,
		.rare_h = NAN,
		.left_s = NAN,
	};
}

/* ---- of the unit as a whole ---------------------------------------------- */

static void tell_whole(struct telling *telling, enum expert expert)
{
	const struct evidence *evidence = telling->evidence;
	struct symptom symptom = nothing_known(expert, METRIC_N);

	if (telling->spoken & (1u << expert))
		return;
	telling->spoken |= 1u << expert;
	if (expert == EXPERT_HANG)
		symptom.value = (float)evidence->still_s;
	if (expert == EXPERT_FOREST) {
		symptom.value = evidence->score;
		symptom.high = evidence->threshold;
		symptom.rare_h = evidence->score_rare_h;
		symptom.unseen = evidence->is_score_unseen;
	}
	put(telling, &symptom);
}

/* ---- of a metric --------------------------------------------------------- */

/* By its work where that does not explain it, else by its own past. */
static void set_expected(const struct evidence *evidence, uint32_t metric, struct symptom *symptom)
{
	if (evidence->excess[metric] > 0) {
		symptom->expected = (float)evidence->expected[metric];
		symptom->high = (float)evidence->known[metric];
	} else if (evidence->have_normal & METRIC_BIT(metric)) {
		symptom->expected = (float)evidence->median[metric];
		symptom->low = (float)evidence->low[metric];
		symptom->high = (float)evidence->high[metric];
	}
}

static void tell_metric(struct telling *telling, enum expert expert, uint32_t metric)
{
	const struct evidence *evidence = telling->evidence;
	struct symptom symptom = nothing_known(expert, metric);

	if (telling->told & METRIC_BIT(metric))
		return;
	telling->told |= METRIC_BIT(metric);
	if (evidence->have & METRIC_BIT(metric))
		symptom.value = (float)evidence->value[metric];
	set_expected(evidence, metric, &symptom);
	if (evidence->have_left & METRIC_BIT(metric))
		symptom.left_s = (float)evidence->left_s[metric];
	symptom.share = evidence->share[metric];
	symptom.rare_h = evidence->rare_h[metric];
	symptom.unseen = (evidence->unseen & METRIC_BIT(metric)) != 0;
	put(telling, &symptom);
}

/* A count of which the rule takes the sum of the last minutes: that sum is what it speaks of. */
static void tell_recent(struct telling *telling, uint32_t metric)
{
	struct symptom symptom = nothing_known(EXPERT_RULE, metric);

	if (telling->told & METRIC_BIT(metric))
		return;
	telling->told |= METRIC_BIT(metric);
	symptom.value = (float)telling->evidence->recent[metric];
	put(telling, &symptom);
}

static enum expert who_says(const struct evidence *evidence, uint32_t metric, enum expert otherwise)
{
	if (evidence->growth[metric] > 0)
		return EXPERT_GROWTH;
	if (evidence->excess[metric] > 0)
		return EXPERT_WORK;
	return evidence->apart[metric] > 0 ? EXPERT_SIBLINGS : otherwise;
}

/* ---- in the order of what they tell ---------------------------------------- */

static void tell_need(struct telling *telling, const struct need *need)
{
	switch (need->aspect) {
	case ASPECT_SCORE:
		tell_whole(telling, EXPERT_FOREST);
		break;
	case ASPECT_STILL_S:
		tell_whole(telling, EXPERT_HANG);
		break;
	case ASPECT_RECENT:
		tell_recent(telling, need->metric);
		break;
	case ASPECT_LEFT_S:
		tell_metric(telling, EXPERT_LIMIT, need->metric);
		break;
	case ASPECT_APART:
		tell_metric(telling, EXPERT_SIBLINGS, need->metric);
		break;
	case ASPECT_WAITING_S:
		tell_metric(telling, EXPERT_HANG, need->metric);
		break;
	default:
		if (need->metric < METRIC_N)
			tell_metric(telling, who_says(telling->evidence, need->metric, EXPERT_RULE),
				    need->metric);
		else
			tell_whole(telling, EXPERT_RULE);
	}
}

uint32_t explain_furthest(const struct evidence *evidence, uint64_t mask)
{
	uint32_t furthest = METRIC_N;
	double most = -1;

	for (uint32_t metric = 0; metric < METRIC_N; metric++) {
		double share = evidence->excess[metric] /
			       (evidence->expected[metric] + 10 * features_least(metric));

		if (!(mask & METRIC_BIT(metric)) || share <= most)
			continue;
		most = share;
		furthest = metric;
	}
	return furthest;
}

static void tell_noted(struct telling *telling)
{
	const struct evidence *evidence = telling->evidence;
	uint32_t metric;

	while ((metric = explain_furthest(evidence, evidence->noted & ~telling->told)) < METRIC_N)
		tell_metric(telling, who_says(evidence, metric, EXPERT_WORK), metric);
	if (rulebook_hangs(evidence))
		tell_whole(telling, EXPERT_HANG);
	if (evidence->is_score_noted)
		tell_whole(telling, EXPERT_FOREST);
}

static uint32_t most_blamed(const struct evidence *evidence, uint64_t but)
{
	uint32_t most = METRIC_N;

	for (uint32_t metric = 0; metric < METRIC_N; metric++)
		if (!(but & METRIC_BIT(metric)) && evidence->share[metric] > 0 &&
		    (most == METRIC_N || evidence->share[metric] > evidence->share[most]))
			most = metric;
	return most;
}

/* Whose share is no more than that of all others tells nothing. */
static void tell_blamed(struct telling *telling)
{
	const struct evidence *evidence = telling->evidence;
	int n_columns = __builtin_popcountll(evidence->have & evidence->have_normal);
	uint32_t metric;

	while ((metric = most_blamed(evidence, telling->told)) < METRIC_N &&
	       evidence->share[metric] * (float)n_columns > 1)
		tell_metric(telling, EXPERT_FOREST, metric);
}

void explain_verdict(const struct rule *rule, const struct evidence *evidence,
		     struct verdict *verdict)
{
	struct telling telling = { .evidence = evidence, .verdict = verdict };

	verdict->n_symptoms = 0;
	for (uint32_t i = 0; rule && i < rule->n_needs; i++)
		tell_need(&telling, &rule->need[i]);
	tell_noted(&telling);
	tell_blamed(&telling);
}

/* ---- how rare that is -------------------------------------------------------- */

const struct symptom *explain_rarest(const struct verdict *verdict)
{
	const struct symptom *rarest = NULL;

	for (uint32_t i = 0; i < verdict->n_symptoms; i++)
		if (verdict->symptom[i].rare_h > 0 &&
		    (!rarest || verdict->symptom[i].rare_h > rarest->rare_h))
			rarest = &verdict->symptom[i];
	return rarest;
}

char *explain_rarity(char *buffer, size_t size, const struct symptom *symptom)
{
	char span[32];

	(void)snprintf(buffer, size, "%s", "");
	if (!(symptom->rare_h > 0))
		return buffer;
	if (symptom->rare_h < 1)
		(void)text_span(span, sizeof(span),
				(uint64_t)(symptom->rare_h * (float)HOURS(1)) / 1000 * 1000);
	else
		(void)snprintf(span, sizeof(span), "%.0f h", (double)symptom->rare_h);
	(void)snprintf(buffer, size, "%s %s of its health",
		       symptom->unseen ? "never before in" : "seen once in", span);
	return buffer;
}
