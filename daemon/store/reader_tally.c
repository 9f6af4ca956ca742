/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds incidents up to what all of them come to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/reader_tally.h"

void tally_init(struct tally *tally, struct stats_part *part)
{
	*tally = (struct tally) {
		.part = part,
		.units = { .size = sizeof(struct stats_unit) },
		.would = { .size = sizeof(struct stats_would) },
		.would_act = { .size = sizeof(uint64_t) },
	};
	for (size_t span = 0; span < SPAN_N; span++)
		tally->spans[span].size = sizeof(uint64_t);
}

void tally_clear(struct tally *tally)
{
	list_clear(&tally->units);
	list_clear(&tally->would);
	list_clear(&tally->would_act);
	for (size_t span = 0; span < SPAN_N; span++)
		list_clear(&tally->spans[span]);
}

/* ---- one decision ---------------------------------------------------------------- */

/* A lost one ended, as far as the record goes, when the next daemon began: that is not how long it took. */
static bool took_it_down(const struct decision *decision, const struct attempt *attempt)
{
	return decision->action != ACTION_RELOAD && attempt->ended_ms >= attempt->started_ms &&
	       (attempt->result == ATTEMPT_RESULT_DONE ||
		attempt->result == ATTEMPT_RESULT_FAILED ||
		attempt->result == ATTEMPT_RESULT_TIMEOUT);
}

static void add_heal(struct stats_heals *heals, const struct decision *decision,
		     const struct attempt *attempt, const struct outcome *outcome)
{
	heals->n++;
	if (attempt && attempt->result == ATTEMPT_RESULT_REFUSED)
		heals->n_refused++;
	else
		heals->result[outcome ? outcome->result : OUTCOME_NONE]++;
	if (attempt && took_it_down(decision, attempt)) {
		heals->n_timed++;
		heals->down_ms += attempt->ended_ms - attempt->started_ms;
	}
}

static bool is_alike(const struct stats_would *a, const struct stats_would *b)
{
	return a->unit == b->unit && a->action == b->action && a->has_class == b->has_class &&
	       (!a->has_class || a->class == b->class);
}

/* A mocked heal. */
static int add_would(struct list *list, struct episode *episode, const struct decision *decision)
{
	struct stats_would *would = list->items, *room;
	struct stats_would new = {
		.unit = episode->incident.unit,
		.has_class = decision->rule[0] != '\0',
		.class = decision->class,
		.action = decision->action,
	};
	size_t at = 0;

	while (at < list->n && !is_alike(&would[at], &new))
		at++;
	if (at == list->n) {
		room = list_next(list);
		if (!room)
			return -ENOMEM;
		memcpy(new.name, episode->name, sizeof(new.name));
		*room = new;
		list->n++;
	}
	would = list->items;
	would[at].n++;
	episode->would = at;
	return 0;
}

int tally_decision(struct tally *tally, struct episode *episode, const struct decision *decision,
		   const struct attempt *attempt, const struct outcome *outcome)
{
	uint64_t wall_ms = decision_acted_wall_ms(decision, attempt);
	uint64_t no = UINT64_C(1) << decision->why;

	_Static_assert(WHY_N <= 64, "a bit for each answer");
	if (decision->why != WHY_ALLOWED) {
		tally->part->n_no[decision->why] += !(episode->said_no & no);
		episode->said_no |= no;
		return 0;
	}
	if (!decision_is_heal(decision)) {
		tally->part->n_notices += decision->action == ACTION_NOTIFY;
		return 0;
	}
	if (decision->way == WAY_MOCK) {
		if (episode->mocked_wall_ms == 0)
			episode->mocked_wall_ms = wall_ms;
		episode->mocked_last_wall_ms = wall_ms;
		return add_would(&tally->would, episode, decision);
	}
	add_heal(&tally->part->heals[decision->way], decision, attempt, outcome);
	if (episode->acted_wall_ms == 0)
		episode->acted_wall_ms = wall_ms;
	episode->has_outcome = outcome != NULL;
	if (outcome)
		episode->outcome = *outcome;
	return 0;
}

/* ---- one incident ---------------------------------------------------------------- */

static int add_unit(struct list *units, const struct episode *episode)
{
	struct stats_unit *unit = units->items;

	for (size_t i = 0; i < units->n; i++)
		if (unit[i].unit == episode->incident.unit) {
			unit[i].n_incidents++;
			return 0;
		}
	unit = list_next(units);
	if (!unit)
		return -ENOMEM;
	*unit = (struct stats_unit) { .unit = episode->incident.unit, .n_incidents = 1 };
	memcpy(unit->name, episode->name, sizeof(unit->name));
	units->n++;
	return 0;
}

static int add_span(struct list *list, const struct spans *spans, enum span span)
{
	uint64_t *item;

	if (!spans->known[span])
		return 0;
	item = list_next(list);
	if (!item)
		return -ENOMEM;
	*item = spans->ms[span];
	list->n++;
	return 0;
}

static int add_spans(struct tally *tally, const struct episode *episode)
{
	struct spans done = spans_of(&episode->incident, episode->acted_wall_ms,
				     episode->has_outcome ? &episode->outcome : NULL);
	struct spans mocked = spans_of(&episode->incident, episode->mocked_wall_ms, NULL);
	int r = 0;

	for (int span = 0; r >= 0 && span < SPAN_N; span++)
		r = add_span(&tally->spans[span], &done, (enum span)span);
	return r < 0 ? r : add_span(&tally->would_act, &mocked, SPAN_ACT);
}

/* Over, though nothing was done. */
static void add_passed(struct tally *tally, const struct episode *episode)
{
	uint64_t closed_ms = episode->incident.closed_wall_ms;
	struct stats_would *would = tally->would.items;
	uint64_t passed_ms;

	tally->part->n_passed++;
	if (episode->mocked_last_wall_ms == 0 || closed_ms < episode->mocked_last_wall_ms)
		return;
	would += episode->would;
	passed_ms = closed_ms - episode->mocked_last_wall_ms;
	would->n_passed++;
	if (would->passed_ms < passed_ms)
		would->passed_ms = passed_ms;
}

int tally_incident(struct tally *tally, const struct episode *episode)
{
	const struct incident *incident = &episode->incident;
	struct stats_part *part = tally->part;
	int r;

	part->n_incidents++;
	if (incident->rule[0])
		part->n_class[incident->class]++;
	else if (incident->flags & SAMPLE_BY_HAND)
		part->n_by_hand++;
	else
		part->n_unusual++;
	if (incident->closed_wall_ms == 0)
		part->n_open++;
	else if (episode->acted_wall_ms == 0)
		add_passed(tally, episode);
	r = add_unit(&tally->units, episode);
	return r < 0 ? r : add_spans(tally, episode);
}

/* ---- all of them ----------------------------------------------------------------- */

static int compare_units(const void *a, const void *b)
{
	const struct stats_unit *left = a, *right = b;

	if (left->n_incidents != right->n_incidents)
		return left->n_incidents > right->n_incidents ? -1 : 1;
	return strcmp(left->name, right->name);
}

static int compare_would(const void *a, const void *b)
{
	const struct stats_would *left = a, *right = b;
	int r = strcmp(left->name, right->name);

	if (r == 0 && left->n != right->n)
		r = left->n > right->n ? -1 : 1;
	return r;
}

void tally_finish(struct tally *tally)
{
	struct stats_part *part = tally->part;

	for (size_t span = 0; span < SPAN_N; span++)
		part->spread[span] = spread_of(tally->spans[span].items, tally->spans[span].n);
	part->would_act = spread_of(tally->would_act.items, tally->would_act.n);
	part->n_units = tally->units.n;
	part->unit = TAKE(tally->units.items);
	part->n_would = tally->would.n;
	part->would = TAKE(tally->would.items);
	if (part->n_units > 0)
		qsort(part->unit, part->n_units, sizeof(*part->unit), compare_units);
	if (part->n_would > 0)
		qsort(part->would, part->n_would, sizeof(*part->would), compare_would);
}
