/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened: incidents with what was decided, tried and reached. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/spans.h"
#include "store/reader.h"
#include "store/reader_list.h"
#include "store/reader_heal.h"
#include "store/reader_rows.h"
#include "store/reader_source.h"
#include "store/statement.h"

#define STORIES                                                                                    \
	"SELECT unit.name, " READER_INCIDENT_COLUMNS                                               \
	" FROM incident LEFT JOIN unit ON unit.id = incident.unit "                                \
	"WHERE (closed_wall_ms IS NULL OR closed_wall_ms >= ?1)"
#define OF_INCIDENT  " AND incident.id = ?3"
#define OF_UNIT	     " AND incident.unit = (SELECT id FROM unit WHERE name = ?3)"
#define NEWEST_FIRST " ORDER BY incident.id DESC LIMIT ?2"

/* A decision, and the name of the unit that it was held for. */
#define DECISIONS                                                                                  \
	"SELECT " READER_DECISION_COLUMNS                                                          \
	", coalesce((SELECT name FROM unit WHERE unit.id = because), '') FROM decision "           \
	"WHERE incident = ?"

/* The statements that complete a story. */
struct parts {
	sqlite3_stmt *decision, *first; /* owned */
	struct heal_rows heals;
};

static void parts_clear(struct parts *parts)
{
	(void)statement_free(parts->decision);
	(void)statement_free(parts->first);
	heal_rows_clear(&parts->heals);
}

static int parts_init(struct parts *parts, sqlite3 *db)
{
	int r;

	r = statement_new(db,
			  DECISIONS " ORDER BY action = 'notify', why = 'allowed' DESC, id DESC "
				    "LIMIT 1",
			  &parts->decision);
	if (r >= 0)
		r = statement_new(db, DECISIONS " AND why = 'allowed' ORDER BY id", &parts->first);
	return r < 0 ? r : heal_rows_init(db, &parts->heals);
}

static int take_decision(struct columns *columns, struct decision *ret,
			 char because[UNIT_NAME_SIZE])
{
	int r;

	r = reader_row_decision(columns, ret);
	column_get_text(columns, because, UNIT_NAME_SIZE);
	return r < 0 ? r : columns->r;
}

static int add_decision(struct reader *reader, struct parts *parts, struct story *story)
{
	struct columns columns;
	int r;

	r = heal_look_up(parts->decision, story->incident.id, &columns);
	if (r <= 0)
		return r;
	story->has_decision = take_decision(&columns, &story->decision, story->because) >= 0;
	reader->found_bad_row |= !story->has_decision;
	return 0;
}

static int add_heal(struct reader *reader, struct parts *parts, struct story *story)
{
	struct heal heal;
	int r;

	r = heal_rows_find(reader, &parts->heals, story->decision.id, &heal);
	if (r < 0)
		return r;
	story->has_attempt = heal.has_attempt;
	story->attempt = heal.attempt;
	story->has_outcome = heal.has_outcome;
	story->outcome = heal.outcome;
	return 0;
}

/* Which heal was the first matters only where there were several. */
static int add_first(struct reader *reader, struct parts *parts, struct story *story)
{
	char because[UNIT_NAME_SIZE];
	struct columns columns;
	struct decision decision;
	struct heal heal;
	int r;

	r = heal_look_up(parts->first, story->incident.id, &columns);
	for (; r > 0; r = statement_next(parts->first)) {
		columns = (struct columns) { .statement = parts->first };
		if (take_decision(&columns, &decision, because) < 0)
			reader->found_bad_row = true;
		else if (decision_is_heal(&decision))
			break;
	}
	if (r <= 0)
		return r;
	r = heal_rows_find(reader, &parts->heals, decision.id, &heal);
	if (r < 0)
		return r;
	story->acted_wall_ms =
		decision_acted_wall_ms(&decision, heal.has_attempt ? &heal.attempt : NULL);
	return 0;
}

static int complete(struct reader *reader, struct list *stories)
{
	CLEANUP(parts_clear) struct parts parts = { 0 };
	struct story *story = stories->items;
	int r;

	r = parts_init(&parts, reader->past.db);
	for (size_t i = 0; r >= 0 && i < stories->n; i++, story++) {
		r = add_decision(reader, &parts, story);
		if (r >= 0 && story->has_decision)
			r = add_heal(reader, &parts, story);
		if (r >= 0 && story->has_decision && story->decision.why == WHY_ALLOWED)
			r = add_first(reader, &parts, story);
	}
	return r;
}

static int list_incidents(struct reader *reader, sqlite3_stmt *select, struct list *stories)
{
	struct columns columns;
	struct story *story;
	int r;

	while ((r = statement_next(select)) > 0) {
		story = list_next(stories);
		if (!story)
			return -ENOMEM;
		*story = (struct story) { 0 };
		columns = (struct columns) { .statement = select };
		column_get_text(&columns, story->unit, sizeof(story->unit));
		if (reader_row_incident(&columns, &story->incident) >= 0)
			stories->n++;
		else
			reader->found_bad_row = true;
	}
	return r;
}

int reader_story(struct reader *reader, uint64_t incident, struct story *ret)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	CLEANUP(list_clear) struct list stories = { .size = sizeof(struct story) };
	int r;

	if (!past->db || incident > INT64_MAX)
		return -ENOENT;
	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db, STORIES OF_INCIDENT NEWEST_FIRST, &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, 0);
	(void)sqlite3_bind_int64(select, 2, 1);
	(void)sqlite3_bind_int64(select, 3, (sqlite3_int64)incident);
	r = list_incidents(reader, select, &stories);
	if (r >= 0)
		r = complete(reader, &stories);
	if (r < 0)
		return r;
	if (stories.n == 0)
		return -ENOENT;
	*ret = *(const struct story *)stories.items;
	return 0;
}

int reader_stories(struct reader *reader, const char *unit, uint64_t since_wall_ms, size_t limit,
		   struct story **ret, size_t *ret_n)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	CLEANUP(list_clear) struct list stories = { .size = sizeof(struct story) };
	int r;

	if (!past->db) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	r = source_begin(past);
	if (r >= 0)
		r = statement_new(past->db,
				  unit ? STORIES OF_UNIT NEWEST_FIRST : STORIES NEWEST_FIRST,
				  &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)since_wall_ms);
	(void)sqlite3_bind_int64(select, 2, limit > 0 ? (sqlite3_int64)limit : -1);
	if (unit)
		(void)sqlite3_bind_text(select, 3, unit, -1, SQLITE_STATIC);
	r = list_incidents(reader, select, &stories);
	if (r >= 0)
		r = complete(reader, &stories);
	if (r < 0)
		return r;
	*ret_n = stories.n;
	*ret = TAKE(stories.items);
	return 0;
}

static int step_from(enum step_kind kind, struct columns *columns, struct step *ret)
{
	int r = -EINVAL;

	*ret = (struct step) { .kind = kind };
	switch (kind) {
	case STEP_VERDICT:
		r = reader_row_verdict(columns, &ret->verdict);
		ret->wall_ms = ret->verdict.wall_ms;
		break;
	case STEP_DECISION:
		r = take_decision(columns, &ret->decision, ret->because);
		ret->wall_ms = ret->decision.wall_ms;
		break;
	case STEP_ATTEMPT:
		r = reader_row_attempt(columns, &ret->attempt);
		ret->wall_ms = ret->attempt.started_wall_ms;
		break;
	case STEP_OUTCOME:
		r = reader_row_outcome(columns, &ret->outcome);
		ret->wall_ms = ret->outcome.wall_ms;
		break;
	}
	return r;
}

static int add_symptoms(struct reader *reader, sqlite3_stmt *select, uint64_t id,
			struct verdict *verdict)
{
	struct columns columns;
	int r;

	for (r = heal_look_up(select, id, &columns); r > 0; r = statement_next(select)) {
		columns = (struct columns) { .statement = select };
		if (reader_row_symptom(&columns, &verdict->symptom[verdict->n_symptoms]) < 0)
			reader->found_bad_row = true;
		else if (++verdict->n_symptoms == VERDICT_SYMPTOMS)
			return 0;
	}
	return r;
}

static int list_verdicts(struct reader *reader, uint64_t incident, struct list *steps)
{
	CLEANUP(statement_freep) sqlite3_stmt *verdicts = NULL, *symptoms = NULL;
	struct columns columns;
	struct step *step;
	uint64_t id;
	int r;

	r = statement_new(reader->past.db,
			  "SELECT id, " READER_VERDICT_COLUMNS " FROM verdict WHERE incident = ?",
			  &verdicts);
	if (r >= 0)
		r = statement_new(reader->past.db,
				  "SELECT " READER_SYMPTOM_COLUMNS " FROM symptom "
				  "WHERE verdict = ? ORDER BY rank",
				  &symptoms);
	if (r >= 0)
		r = heal_look_up(verdicts, incident, &columns);
	for (; r > 0; r = statement_next(verdicts)) {
		step = list_next(steps);
		if (!step)
			return -ENOMEM;
		columns = (struct columns) { .statement = verdicts };
		id = column_get_u64(&columns);
		if (step_from(STEP_VERDICT, &columns, step) < 0) {
			reader->found_bad_row = true;
			continue;
		}
		r = add_symptoms(reader, symptoms, id, &step->verdict);
		if (r < 0)
			return r;
		steps->n++;
	}
	return r;
}

static int list_steps(struct reader *reader, enum step_kind kind, uint64_t incident,
		      struct list *steps)
{
#define OF_DECISIONS "WHERE decision IN (SELECT id FROM decision WHERE incident = ?)"
	static const char *const selects[] = {
		[STEP_DECISION] = DECISIONS,
		[STEP_ATTEMPT] = "SELECT " READER_ATTEMPT_COLUMNS " FROM attempt " OF_DECISIONS,
		[STEP_OUTCOME] = "SELECT " READER_OUTCOME_COLUMNS " FROM outcome " OF_DECISIONS,
	};
	CLEANUP(statement_freep) sqlite3_stmt *select = NULL;
	struct columns columns;
	struct step *step;
	int r;

	r = statement_new(reader->past.db, selects[kind], &select);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(select, 1, (sqlite3_int64)incident);
	while ((r = statement_next(select)) > 0) {
		step = list_next(steps);
		if (!step)
			return -ENOMEM;
		columns = (struct columns) { .statement = select };
		if (step_from(kind, &columns, step) >= 0)
			steps->n++;
		else
			reader->found_bad_row = true;
	}
	return r;
}

/* What was seen comes before all that was decided on it. */
static uint64_t decision_of(const struct step *step)
{
	switch (step->kind) {
	case STEP_VERDICT:
		return 0;
	case STEP_DECISION:
		return step->decision.id;
	case STEP_ATTEMPT:
		return step->attempt.decision;
	case STEP_OUTCOME:
		return step->outcome.decision;
	}
	return UINT64_MAX;
}

/* Steps of one millisecond in the order in which they can only have been. */
static int compare_steps(const void *a, const void *b)
{
	const struct step *left = a, *right = b;
	uint64_t l = decision_of(left), r = decision_of(right);

	if (left->wall_ms != right->wall_ms)
		return left->wall_ms < right->wall_ms ? -1 : 1;
	if (l != r)
		return l < r ? -1 : 1;
	return (int)left->kind - (int)right->kind;
}

int reader_steps(struct reader *reader, uint64_t incident, struct step **ret, size_t *ret_n)
{
	CLEANUP(source_endp) struct source *past = &reader->past;
	CLEANUP(list_clear) struct list steps = { .size = sizeof(struct step) };
	int r;

	if (!past->db) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	r = source_begin(past);
	if (r >= 0)
		r = list_verdicts(reader, incident, &steps);
	for (int kind = STEP_DECISION; r >= 0 && kind <= STEP_OUTCOME; kind++)
		r = list_steps(reader, (enum step_kind)kind, incident, &steps);
	if (r < 0)
		return r;
	if (steps.n > 0)
		qsort(steps.items, steps.n, steps.size, compare_steps);
	*ret_n = steps.n;
	*ret = TAKE(steps.items);
	return 0;
}
