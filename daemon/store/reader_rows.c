/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows back to records. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "store/reader_rows.h"

/* Enums are unsigned to the compiler, so record.h's word functions are all of type column_word. */
#define WORD(columns, type, word, n) ((enum type)column_get_word((columns), (word), (n)))

int reader_row_incident(struct columns *columns, struct incident *ret)
{
	*ret = (struct incident) { 0 };
	ret->id = column_get_u64(columns);
	ret->unit = column_get_u32(columns);
	ret->flags = column_get_u32(columns);
	ret->onset_ms = column_get_u64(columns);
	ret->onset_wall_ms = column_get_u64(columns);
	ret->opened_ms = column_get_u64(columns);
	ret->opened_wall_ms = column_get_u64(columns);
	ret->closed_ms = column_get_u64(columns);
	ret->closed_wall_ms = column_get_u64(columns);
	ret->worst = WORD(columns, health, health_word, HEALTH_N);
	ret->score = column_get_score(columns);
	ret->class = WORD(columns, fault_class, fault_class_word, FAULT_CLASS_N);
	column_get_text(columns, ret->rule, sizeof(ret->rule));
	ret->lead = column_get_metric(columns);
	ret->lead_value = column_get_real(columns);
	ret->lead_expected = column_get_real(columns);
	ret->n_attempts = column_get_u32(columns);
	ret->outcome = WORD(columns, outcome_result, outcome_word, OUTCOME_N);
	ret->why = WORD(columns, why, why_word, WHY_N);
	return columns->r;
}

int reader_row_decision(struct columns *columns, struct decision *ret)
{
	*ret = (struct decision) { 0 };
	ret->id = column_get_u64(columns);
	ret->incident = column_get_u64(columns);
	ret->unit = column_get_u32(columns);
	ret->flags = column_get_u32(columns);
	ret->when_ms = column_get_u64(columns);
	ret->wall_ms = column_get_u64(columns);
	ret->action = WORD(columns, action, action_word, ACTION_N);
	ret->why = WORD(columns, why, why_word, WHY_N);
	ret->way = WORD(columns, way, way_word, WAY_N);
	ret->budget_left = column_get_u32(columns);
	ret->until_ms = column_get_u64(columns);
	ret->class = WORD(columns, fault_class, fault_class_word, FAULT_CLASS_N);
	column_get_text(columns, ret->rule, sizeof(ret->rule));
	ret->lead = column_get_metric(columns);
	ret->lead_value = column_get_real(columns);
	ret->lead_expected = column_get_real(columns);
	ret->score = column_get_score(columns);
	column_get_invocation(columns, ret->invocation);
	ret->rung = column_get_u32(columns);
	ret->because = column_get_u32(columns);
	column_get_text(columns, ret->blast, sizeof(ret->blast));
	return columns->r;
}

int reader_row_attempt(struct columns *columns, struct attempt *ret)
{
	uint32_t state;

	*ret = (struct attempt) { 0 };
	ret->decision = column_get_u64(columns);
	ret->unit = column_get_u32(columns);
	ret->way = WORD(columns, way, way_word, WAY_N);
	state = column_get_u32(columns);
	ret->state = (enum attempt_state)state;
	ret->result = WORD(columns, attempt_result, attempt_result_word, ATTEMPT_RESULT_N);
	ret->started_ms = column_get_u64(columns);
	ret->started_wall_ms = column_get_u64(columns);
	ret->deadline_ms = column_get_u64(columns);
	ret->ended_ms = column_get_u64(columns);
	ret->ended_wall_ms = column_get_u64(columns);
	column_get_text(columns, ret->job, sizeof(ret->job));
	return columns->r < 0 ? columns->r : state < ATTEMPT_STATE_N ? 0 : -EBADMSG;
}

int reader_row_outcome(struct columns *columns, struct outcome *ret)
{
	*ret = (struct outcome) { 0 };
	ret->decision = column_get_u64(columns);
	ret->unit = column_get_u32(columns);
	ret->flags = column_get_u32(columns);
	ret->when_ms = column_get_u64(columns);
	ret->wall_ms = column_get_u64(columns);
	ret->result = WORD(columns, outcome_result, outcome_word, OUTCOME_N);
	ret->score_before = column_get_score(columns);
	ret->score_after = column_get_score(columns);
	ret->lead = column_get_metric(columns);
	ret->value_before = column_get_real(columns);
	ret->value_after = column_get_real(columns);
	ret->normal_low = column_get_real(columns);
	ret->normal_high = column_get_real(columns);
	ret->n_samples = column_get_u32(columns);
	column_get_invocation(columns, ret->invocation);
	ret->served_ms = column_get_u64(columns);
	ret->served_wall_ms = column_get_u64(columns);
	column_get_text(columns, ret->hurt, sizeof(ret->hurt));
	return columns->r;
}

int reader_row_keeper(struct columns *columns, struct keeper *ret)
{
	*ret = (struct keeper) { 0 };
	ret->pid = column_get_u32(columns);
	ret->started_wall_ms = column_get_u64(columns);
	ret->at_wall_ms = column_get_u64(columns);
	ret->n_ticks = column_get_u64(columns);
	ret->n_units = column_get_u32(columns);
	ret->n_unwatched = column_get_u32(columns);
	ret->tier = column_get_u32(columns);
	column_get_text(columns, ret->limit, sizeof(ret->limit));
	ret->walk_every_ms = column_get_u32(columns);
	column_get_text(columns, ret->source, sizeof(ret->source));
	column_get_text(columns, ret->mode, sizeof(ret->mode));
	ret->simulates = column_get_bool(columns);
	ret->speed = column_get_u32(columns);
	ret->n_lost = column_get_u64(columns);
	ret->cpu_us = column_get_u64(columns);
	ret->tick_us = column_get_u64(columns);
	ret->store = WORD(columns, store_state, store_state_word, STORE_STATE_N);
	ret->distrust_until_wall_ms = column_get_u64(columns);
	return columns->r;
}

/* NULL: it says none. */
static void get_mode(struct columns *columns, struct terms *ret)
{
	bool says = sqlite3_column_type(columns->statement, columns->at) != SQLITE_NULL;

	if (says)
		ret->mode = WORD(columns, mode, mode_word, MODE_N);
	else
		columns->at++;
	ret->says = says ? 1u << TERM_MODE : 0;
}

static void get_status(struct columns *columns, struct unit_status *ret)
{
	ret->unit = column_get_u32(columns);
	column_get_text(columns, ret->name, sizeof(ret->name));
	column_get_text(columns, ret->aliases, sizeof(ret->aliases));
	column_get_text(columns, ret->cgroup, sizeof(ret->cgroup));
	ret->kind = WORD(columns, unit_kind, unit_kind_word, UNIT_KIND_N);
	ret->active = WORD(columns, unit_active, unit_active_word, UNIT_ACTIVE_N);
	ret->flags = column_get_u32(columns);
	get_mode(columns, &ret->terms);
	ret->n_restarts = column_get_u32(columns);
	ret->main_pid = column_get_u32(columns);
	ret->cgroup_id = column_get_bits(columns);
	ret->identity = column_get_bits(columns);
	ret->changed_ms = column_get_u64(columns);
	column_get_invocation(columns, ret->invocation);
}

/* What a version wrote that had other metrics is not to be guessed at. */
static void get_exactly(struct columns *columns, void *ret, int size)
{
	int at = columns->at++;
	const void *bytes = sqlite3_column_blob(columns->statement, at);

	if (bytes && sqlite3_column_bytes(columns->statement, at) == size)
		memcpy(ret, bytes, (size_t)size);
	else
		columns->r = columns->r < 0 ? columns->r : -EBADMSG;
}

static void get_values(struct columns *columns, struct sample *ret)
{
	get_exactly(columns, ret->value, sizeof(ret->value));
	get_exactly(columns, ret->age_s, sizeof(ret->age_s));
	for (size_t metric = 0; metric < METRIC_N; metric++)
		if (!isfinite(ret->value[metric]))
			ret->have &= ~METRIC_BIT(metric);
	ret->have &= METRIC_BIT(METRIC_N) - 1;
}

static void get_sample(struct columns *columns, struct sample *ret)
{
	ret->flags = column_get_u32(columns);
	ret->when_ms = column_get_u64(columns);
	ret->wall_ms = column_get_u64(columns);
	ret->span_ms = column_get_u32(columns);
	column_get_invocation(columns, ret->invocation);
	ret->have = column_get_bits(columns);
	get_values(columns, ret);
}

static void get_verdict(struct columns *columns, struct verdict *ret)
{
	ret->flags = column_get_u32(columns);
	ret->health = WORD(columns, health, health_word, HEALTH_N);
	ret->since_ms = column_get_u64(columns);
	ret->learn_left_s = column_get_u32(columns);
	ret->score = column_get_score(columns);
	ret->threshold = column_get_score(columns);
	ret->generation = column_get_u32(columns);
	ret->lead = column_get_metric(columns);
	ret->lead_share = (float)column_get_real(columns);
	ret->lead_value = column_get_real(columns);
	ret->lead_expected = column_get_real(columns);
	ret->lead_deviation = (float)column_get_real(columns);
	ret->lead_limit = column_get_real(columns);
	ret->left_soonest_s = column_get_real(columns);
	ret->left_latest_s = column_get_real(columns);
	column_get_text(columns, ret->rule, sizeof(ret->rule));
	ret->class = WORD(columns, fault_class, fault_class_word, FAULT_CLASS_N);
	ret->wants = WORD(columns, action, action_word, ACTION_N);
	ret->on_fact = column_get_bool(columns);
	ret->held_s = column_get_u32(columns);
	ret->for_s = column_get_u32(columns);
}

int reader_row_verdict(struct columns *columns, struct verdict *ret)
{
	*ret = (struct verdict) { 0 };
	ret->unit = column_get_u32(columns);
	ret->when_ms = column_get_u64(columns);
	ret->wall_ms = column_get_u64(columns);
	get_verdict(columns, ret);
	return columns->r;
}

int reader_row_symptom(struct columns *columns, struct symptom *ret)
{
	*ret = (struct symptom) { 0 };
	ret->expert = WORD(columns, expert, expert_word, EXPERT_N);
	ret->metric = column_get_metric(columns);
	ret->value = (float)column_get_real(columns);
	ret->low = (float)column_get_real(columns);
	ret->high = (float)column_get_real(columns);
	ret->expected = (float)column_get_real(columns);
	ret->share = (float)column_get_real(columns);
	ret->rare_h = (float)column_get_real(columns);
	ret->unseen = column_get_bool(columns);
	ret->left_s = (float)column_get_real(columns);
	return columns->r;
}

int reader_row_present(struct columns *columns, struct present *ret)
{
	*ret = (struct present) { 0 };
	get_status(columns, &ret->status);
	get_sample(columns, &ret->sample);
	get_verdict(columns, &ret->verdict);
	ret->why = WORD(columns, why, why_word, WHY_N);
	ret->age_s = column_get_u64(columns);
	ret->cpu_wait_s = column_get_u32(columns);
	ret->incident = column_get_u64(columns);
	ret->sample.unit = ret->verdict.unit = ret->status.unit;
	ret->verdict.when_ms = ret->sample.when_ms;
	ret->verdict.wall_ms = ret->sample.wall_ms;
	return columns->r;
}
