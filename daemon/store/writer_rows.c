/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to rows. */
#include <errno.h>
#include <stdlib.h>

#include "store/column.h"
#include "store/schema.h"
#include "store/statement.h"
#include "store/writer_rows.h"

enum row_kind {
	ROW_UNIT,
	ROW_INCIDENT,
	ROW_VERDICT,
	ROW_SYMPTOM,
	ROW_DECISION,
	ROW_ATTEMPT,
	ROW_OUTCOME,
	ROW_LESSON,
	ROW_EDGE,
	ROW_EVIDENCE,
	ROW_KIND_N,
};

/* An upsert, not REPLACE: that would delete the old row, and others point to it. */
static const char *const insertions[ROW_KIND_N] = {
	[ROW_UNIT] = "INSERT INTO unit (id, name, seen_wall_ms) VALUES (?, ?, ?) "
		     "ON CONFLICT (id) DO UPDATE SET seen_wall_ms = excluded.seen_wall_ms",
	[ROW_INCIDENT] =
		"INSERT INTO incident (id, unit, flags, onset_ms, onset_wall_ms, opened_ms, "
		"opened_wall_ms, closed_ms, closed_wall_ms, worst, score, class, rule, lead, "
		"lead_value, lead_expected, n_attempts, outcome, why) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
		"ON CONFLICT (id) DO UPDATE SET flags = excluded.flags, "
		"onset_ms = excluded.onset_ms, onset_wall_ms = excluded.onset_wall_ms, "
		"closed_ms = excluded.closed_ms, closed_wall_ms = excluded.closed_wall_ms, "
		"worst = excluded.worst, score = excluded.score, class = excluded.class, "
		"rule = excluded.rule, lead = excluded.lead, lead_value = excluded.lead_value, "
		"lead_expected = excluded.lead_expected, n_attempts = excluded.n_attempts, "
		"outcome = excluded.outcome, why = excluded.why",
	[ROW_VERDICT] =
		"INSERT INTO verdict (incident, unit, when_ms, wall_ms, flags, health, since_ms, "
		"learn_left_s, score, threshold, generation, lead, lead_share, lead_value, "
		"lead_expected, lead_deviation, lead_limit, left_soonest_s, left_latest_s, rule, "
		"class, wants, on_fact, held_s, for_s) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[ROW_SYMPTOM] = "INSERT INTO symptom (verdict, rank, expert, metric, value, low, high, "
			"expected, share, rare_h, unseen, left_s) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
	[ROW_DECISION] =
		"INSERT INTO decision (id, incident, unit, flags, when_ms, wall_ms, action, why, "
		"way, budget_left, until_ms, class, rule, lead, lead_value, lead_expected, score, "
		"invocation, rung, because, blast) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[ROW_ATTEMPT] = "INSERT INTO attempt (decision, unit, way, state, result, started_ms, "
			"started_wall_ms, deadline_ms, ended_ms, ended_wall_ms, job) "
			"VALUES (?,?,?,?,?,?,?,?,?,?,?) "
			"ON CONFLICT (decision) DO UPDATE SET state = excluded.state, "
			"result = excluded.result, deadline_ms = excluded.deadline_ms, "
			"ended_ms = excluded.ended_ms, ended_wall_ms = excluded.ended_wall_ms, "
			"job = excluded.job",
	[ROW_OUTCOME] = "REPLACE INTO outcome (decision, unit, flags, when_ms, wall_ms, result, "
			"score_before, score_after, lead, value_before, value_after, normal_low, "
			"normal_high, n_samples, invocation, served_ms, served_wall_ms, hurt) "
			"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[ROW_LESSON] = "REPLACE INTO lesson (unit, identity, was_well, saved_wall_ms, body) "
		       "VALUES (?,?,?,?,?)",
	[ROW_EDGE] = "INSERT INTO edge (client, server, kind, port, flags, n_connections, "
		     "first_wall_ms, last_wall_ms) VALUES (?,?,?,?,?,?,?,?) "
		     "ON CONFLICT (client, server, kind, port) DO UPDATE SET "
		     "flags = excluded.flags, last_wall_ms = excluded.last_wall_ms, "
		     "n_connections = n_connections + excluded.n_connections",
	[ROW_EVIDENCE] = "REPLACE INTO evidence (incident, decision, wall_ms, took_ms, is_whole, "
			 "body) VALUES (?,?,?,?,?,CAST(? AS TEXT))",
};

struct rows {
	sqlite3_stmt *statement[ROW_KIND_N];
};

int rows_new(sqlite3 *db, struct rows **ret)
{
	CLEANUP(rows_freep) struct rows *rows = calloc(1, sizeof(*rows));
	int r;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < ROW_KIND_N; i++) {
		r = statement_new(db, insertions[i], &rows->statement[i]);
		if (r < 0)
			return r;
	}
	*ret = TAKE(rows);
	return 0;
}

struct rows *rows_free(struct rows *rows)
{
	if (!rows)
		return NULL;
	for (size_t i = 0; i < ROW_KIND_N; i++)
		(void)statement_free(rows->statement[i]);
	free(rows);
	return NULL;
}

static struct columns begin(struct rows *rows, enum row_kind kind)
{
	return (struct columns) { .statement = rows->statement[kind] };
}

static int run(struct columns *columns)
{
	int r = columns->r;

	if (r >= 0)
		r = statement_run(columns->statement);
	(void)sqlite3_clear_bindings(columns->statement); /* they point to the record */
	return r;
}

int rows_unit(struct rows *rows, uint32_t id, const char *name, uint64_t wall_ms)
{
	struct columns columns = begin(rows, ROW_UNIT);

	column_put_int(&columns, id);
	column_put_text(&columns, name);
	column_put_int(&columns, wall_ms);
	return run(&columns);
}

int rows_incident(struct rows *rows, const struct incident *incident)
{
	struct columns columns = begin(rows, ROW_INCIDENT);

	column_put_int(&columns, incident->id);
	column_put_int(&columns, incident->unit);
	column_put_int(&columns, incident->flags);
	column_put_time(&columns, incident->onset_ms);
	column_put_time(&columns, incident->onset_wall_ms);
	column_put_int(&columns, incident->opened_ms);
	column_put_int(&columns, incident->opened_wall_ms);
	column_put_time(&columns, incident->closed_ms);
	column_put_time(&columns, incident->closed_wall_ms);
	column_put_text(&columns, health_word(incident->worst));
	column_put_score(&columns, incident->score);
	column_put_text(&columns, fault_class_word(incident->class));
	column_put_text(&columns, incident->rule);
	column_put_metric(&columns, incident->lead);
	column_put_real(&columns, incident->lead_value);
	column_put_real(&columns, incident->lead_expected);
	column_put_int(&columns, incident->n_attempts);
	column_put_text(&columns, outcome_word(incident->outcome));
	column_put_text(&columns, why_word(incident->why));
	return run(&columns);
}

static int put_symptom(struct rows *rows, uint64_t verdict, uint32_t rank,
		       const struct symptom *symptom)
{
	struct columns columns = begin(rows, ROW_SYMPTOM);

	column_put_int(&columns, verdict);
	column_put_int(&columns, rank);
	column_put_text(&columns, expert_word(symptom->expert));
	column_put_metric(&columns, symptom->metric);
	column_put_real(&columns, symptom->value);
	column_put_real(&columns, symptom->low);
	column_put_real(&columns, symptom->high);
	column_put_real(&columns, symptom->expected);
	column_put_real(&columns, symptom->share);
	column_put_real(&columns, symptom->rare_h);
	column_put_int(&columns, symptom->unseen);
	column_put_real(&columns, symptom->left_s);
	return run(&columns);
}

int rows_verdict(struct rows *rows, uint64_t incident, const struct verdict *verdict)
{
	struct columns columns = begin(rows, ROW_VERDICT);
	uint64_t id;
	int r;

	column_put_int(&columns, incident);
	column_put_int(&columns, verdict->unit);
	column_put_int(&columns, verdict->when_ms);
	column_put_int(&columns, verdict->wall_ms);
	column_put_verdict(&columns, verdict);
	r = run(&columns);
	id = (uint64_t)sqlite3_last_insert_rowid(sqlite3_db_handle(columns.statement));
	for (uint32_t i = 0; r >= 0 && i < verdict->n_symptoms; i++)
		r = put_symptom(rows, id, i, &verdict->symptom[i]);
	return r;
}

int rows_decision(struct rows *rows, const struct decision *decision)
{
	struct columns columns = begin(rows, ROW_DECISION);

	column_put_int(&columns, decision->id);
	column_put_int(&columns, decision->incident);
	column_put_int(&columns, decision->unit);
	column_put_int(&columns, decision->flags);
	column_put_int(&columns, decision->when_ms);
	column_put_int(&columns, decision->wall_ms);
	column_put_text(&columns, action_word(decision->action));
	column_put_text(&columns, why_word(decision->why));
	column_put_text(&columns, way_word(decision->way));
	column_put_int(&columns, decision->budget_left);
	column_put_time(&columns, decision->until_ms);
	column_put_text(&columns, fault_class_word(decision->class));
	column_put_text(&columns, decision->rule);
	column_put_metric(&columns, decision->lead);
	column_put_real(&columns, decision->lead_value);
	column_put_real(&columns, decision->lead_expected);
	column_put_score(&columns, decision->score);
	column_put_invocation(&columns, decision->invocation);
	column_put_int(&columns, decision->rung);
	column_put_int(&columns, decision->because);
	column_put_text(&columns, decision->blast);
	return run(&columns);
}

int rows_attempt(struct rows *rows, const struct attempt *attempt)
{
	struct columns columns = begin(rows, ROW_ATTEMPT);

	column_put_int(&columns, attempt->decision);
	column_put_int(&columns, attempt->unit);
	column_put_text(&columns, way_word(attempt->way));
	column_put_int(&columns, attempt->state);
	column_put_text(&columns, attempt_result_word(attempt->result));
	column_put_int(&columns, attempt->started_ms);
	column_put_int(&columns, attempt->started_wall_ms);
	column_put_int(&columns, attempt->deadline_ms);
	column_put_time(&columns, attempt->ended_ms);
	column_put_time(&columns, attempt->ended_wall_ms);
	column_put_text(&columns, attempt->job);
	return run(&columns);
}

int rows_outcome(struct rows *rows, const struct outcome *outcome)
{
	struct columns columns = begin(rows, ROW_OUTCOME);

	column_put_int(&columns, outcome->decision);
	column_put_int(&columns, outcome->unit);
	column_put_int(&columns, outcome->flags);
	column_put_int(&columns, outcome->when_ms);
	column_put_int(&columns, outcome->wall_ms);
	column_put_text(&columns, outcome_word(outcome->result));
	column_put_score(&columns, outcome->score_before);
	column_put_score(&columns, outcome->score_after);
	column_put_metric(&columns, outcome->lead);
	column_put_real(&columns, outcome->value_before);
	column_put_real(&columns, outcome->value_after);
	column_put_real(&columns, outcome->normal_low);
	column_put_real(&columns, outcome->normal_high);
	column_put_int(&columns, outcome->n_samples);
	column_put_invocation(&columns, outcome->invocation);
	column_put_time(&columns, outcome->served_ms);
	column_put_time(&columns, outcome->served_wall_ms);
	column_put_text(&columns, outcome->hurt);
	return run(&columns);
}

int rows_lesson(struct rows *rows, uint32_t unit, uint64_t identity, bool was_well,
		uint64_t wall_ms, const uint8_t *bytes, size_t size)
{
	struct columns columns = begin(rows, ROW_LESSON);

	column_put_int(&columns, unit);
	column_put_int(&columns, identity);
	column_put_int(&columns, was_well);
	column_put_int(&columns, wall_ms);
	column_put_bytes(&columns, bytes, size);
	return run(&columns);
}

int rows_evidence(struct rows *rows, const struct snapshot *snapshot, const uint8_t *body,
		  size_t size)
{
	struct columns columns = begin(rows, ROW_EVIDENCE);

	column_put_int(&columns, snapshot->incident);
	column_put_int(&columns, snapshot->decision);
	column_put_int(&columns, snapshot->wall_ms);
	column_put_int(&columns, snapshot->took_ms);
	column_put_int(&columns, snapshot->is_whole);
	column_put_bytes(&columns, body, size);
	return run(&columns);
}

int rows_edge(struct rows *rows, const struct edge *edge)
{
	struct columns columns = begin(rows, ROW_EDGE);

	column_put_int(&columns, edge->client);
	column_put_int(&columns, edge->server);
	column_put_text(&columns, edge_kind_word(edge->kind));
	column_put_int(&columns, edge->port);
	column_put_int(&columns, edge->synthetic ? SAMPLE_SYNTHETIC : 0);
	column_put_int(&columns, edge->n_connections);
	column_put_int(&columns, edge->first_wall_ms);
	column_put_int(&columns, edge->last_wall_ms);
	return run(&columns);
}

/* ?1 is now, ?2 the word for a lost attempt, ?3 for an unknown outcome. Times since boot are told as
 * if the boot that they are of had gone on. */
static const char *const closures[] = {
	"INSERT INTO attempt (decision, unit, way, state, result, started_ms, started_wall_ms, "
	"deadline_ms, ended_ms, ended_wall_ms, job) "
	"SELECT id, unit, way, 0, ?2, when_ms, wall_ms, when_ms, NULL, NULL, '' FROM decision "
	"WHERE why = 'allowed' AND id NOT IN (SELECT decision FROM attempt)",
	"UPDATE attempt SET state = 2, result = ?2, ended_wall_ms = ?1, "
	"ended_ms = max(started_ms, started_ms + ?1 - started_wall_ms) "
	"WHERE ended_wall_ms IS NULL",
	"UPDATE incident SET outcome = ?3 WHERE closed_wall_ms IS NULL AND id IN "
	"(SELECT incident FROM decision JOIN attempt ON decision.id = attempt.decision "
	"WHERE action <> 'notify' AND decision.id NOT IN (SELECT decision FROM outcome))",
	"UPDATE incident SET closed_wall_ms = ?1, "
	"closed_ms = max(opened_ms, opened_ms + ?1 - opened_wall_ms) WHERE closed_wall_ms IS NULL",
	"INSERT INTO outcome (decision, unit, flags, when_ms, wall_ms, result, score_before, "
	"lead, value_before, n_samples) "
	"SELECT id, decision.unit, flags, max(when_ms, when_ms + ?1 - wall_ms), ?1, ?3, score, "
	"lead, lead_value, 0 FROM decision JOIN attempt ON id = attempt.decision "
	"WHERE action <> 'notify' AND id NOT IN (SELECT decision FROM outcome)",
};

static int close_interrupted(sqlite3 *db, uint64_t wall_ms)
{
	int r;

	for (size_t i = 0; i < sizeof(closures) / sizeof(closures[0]); i++) {
		CLEANUP(statement_freep) sqlite3_stmt *statement = NULL;

		r = statement_new(db, closures[i], &statement);
		if (r < 0)
			return r;
		/* Not every statement has all three; binding those it lacks is refused. */
		(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)wall_ms);
		(void)sqlite3_bind_text(statement, 2, attempt_result_word(ATTEMPT_RESULT_LOST), -1,
					SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 3, outcome_word(OUTCOME_UNKNOWN), -1,
					SQLITE_STATIC);
		r = statement_run(statement);
		if (r < 0)
			return r;
	}
	return 0;
}

int rows_close_interrupted(sqlite3 *db, uint64_t wall_ms, uint64_t *ret_n)
{
	int r, n;

	r = schema_run(db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = close_interrupted(db, wall_ms);
	n = sqlite3_changes(db); /* of the last statement: outcomes */
	if (r >= 0)
		r = schema_run(db, "COMMIT");
	if (r < 0) {
		if (!sqlite3_get_autocommit(db))
			(void)schema_run(db, "ROLLBACK");
		return r;
	}
	*ret_n = (uint64_t)n;
	return 0;
}
