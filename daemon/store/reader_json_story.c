/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An incident as JSON: what it was about, and all that was seen, decided, tried and reached. */
#include <math.h>

#include "base/json.h"
#include "record/spans.h"
#include "store/reader.h"
#include "store/reader_fields.h"

static void put_symptom(struct json *json, const struct symptom *symptom)
{
	bool is_rarity_known = symptom->rare_h > 0;

	json_separate(json);
	json_begin(json, '{');
	json_text(json, "expert", expert_word(symptom->expert));
	field_put_metric(json, "metric", symptom->metric);
	json_single(json, "value", symptom->value);
	json_single(json, "low", symptom->low);
	json_single(json, "high", symptom->high);
	json_single(json, "expected", symptom->expected);
	json_single(json, "share", symptom->share > 0 ? symptom->share : NAN);
	json_single(json, "rare_h", is_rarity_known ? symptom->rare_h : NAN);
	if (is_rarity_known)
		json_boolean(json, "unseen", symptom->unseen);
	else
		json_null(json, "unseen");
	json_single(json, "left_s", symptom->left_s);
	json_end(json, '}');
}

/* As it is kept with an incident: the present has no symptoms. */
static void put_verdict_of_incident(struct json *json, const struct verdict *verdict)
{
	json_begin(json, '{');
	json_number(json, "when_ms", verdict->when_ms);
	json_number(json, "wall_ms", verdict->wall_ms);
	field_put_verdict(json, verdict);
	json_key(json, "symptoms");
	json_begin(json, '[');
	for (uint32_t i = 0; i < verdict->n_symptoms; i++)
		put_symptom(json, &verdict->symptom[i]);
	json_end(json, ']');
	json_end(json, '}');
}

static void put_incident(struct json *json, const struct incident *incident)
{
	json_key(json, "incident");
	json_begin(json, '{');
	json_number(json, "id", incident->id);
	field_put_marks(json, incident->flags);
	json_number_or_null(json, "onset_ms", incident->onset_ms);
	json_number_or_null(json, "onset_wall_ms", incident->onset_wall_ms);
	json_number(json, "opened_ms", incident->opened_ms);
	json_number(json, "opened_wall_ms", incident->opened_wall_ms);
	json_number_or_null(json, "closed_ms", incident->closed_ms);
	json_number_or_null(json, "closed_wall_ms", incident->closed_wall_ms);
	json_text(json, "worst", health_word(incident->worst));
	field_put_score(json, "score", incident->score);
	field_put_class(json, incident->rule, incident->class);
	json_text(json, "rule", incident->rule);
	field_put_metric(json, "lead", incident->lead);
	json_real(json, "lead_value", incident->lead_value);
	json_real(json, "lead_expected", incident->lead_expected);
	json_number(json, "n_attempts", incident->n_attempts);
	json_text(json, "outcome", outcome_word(incident->outcome));
	json_text(json, "why", why_word(incident->why));
	json_end(json, '}');
}

/* From its onset on. */
static void put_times(struct json *json, const struct story *story)
{
	struct spans spans = spans_of(&story->incident, story->acted_wall_ms,
				      story->has_outcome ? &story->outcome : NULL);
	char name[32];

	json_key(json, "times");
	json_begin(json, '{');
	for (int span = 0; span < SPAN_N; span++) {
		(void)snprintf(name, sizeof(name), "%s_ms", span_word((enum span)span));
		if (spans.known[span])
			json_number(json, name, spans.ms[span]);
		else
			json_null(json, name);
	}
	json_end(json, '}');
}

static void put_decision(struct json *json, const struct decision *decision, const char *because)
{
	json_begin(json, '{');
	json_number(json, "id", decision->id);
	field_put_marks(json, decision->flags);
	json_number(json, "when_ms", decision->when_ms);
	json_number(json, "wall_ms", decision->wall_ms);
	json_text(json, "action", action_word(decision->action));
	json_text(json, "why", why_word(decision->why));
	json_text(json, "way", way_word(decision->way));
	json_number(json, "budget_left", decision->budget_left);
	json_number_or_null(json, "until_ms", decision->until_ms);
	field_put_class(json, decision->rule, decision->class);
	json_text(json, "rule", decision->rule);
	field_put_metric(json, "lead", decision->lead);
	json_real(json, "lead_value", decision->lead_value);
	json_real(json, "lead_expected", decision->lead_expected);
	field_put_score(json, "score", decision->score);
	field_put_invocation(json, "invocation", decision->invocation);
	json_number(json, "rung", decision->rung);
	json_text_or_null(json, "because", because);
	json_text(json, "blast", decision->blast);
	json_end(json, '}');
}

static void put_attempt(struct json *json, const struct attempt *attempt, bool synthetic)
{
	static const char *const states[ATTEMPT_STATE_N] = {
		[ATTEMPT_ASKED] = "asked",
		[ATTEMPT_RUNNING] = "running",
		[ATTEMPT_DONE] = "done",
	};

	json_begin(json, '{');
	json_number(json, "decision", attempt->decision);
	json_boolean(json, "synthetic", synthetic);
	json_text(json, "way", way_word(attempt->way));
	json_text(json, "state", states[attempt->state]);
	json_text(json, "result", attempt_result_word(attempt->result));
	json_number(json, "started_ms", attempt->started_ms);
	json_number(json, "started_wall_ms", attempt->started_wall_ms);
	json_number(json, "deadline_ms", attempt->deadline_ms);
	json_number_or_null(json, "ended_ms", attempt->ended_ms);
	json_number_or_null(json, "ended_wall_ms", attempt->ended_wall_ms);
	json_text(json, "job", attempt->job);
	json_end(json, '}');
}

static void put_outcome(struct json *json, const struct outcome *outcome)
{
	json_begin(json, '{');
	json_number(json, "decision", outcome->decision);
	field_put_marks(json, outcome->flags);
	json_number(json, "when_ms", outcome->when_ms);
	json_number(json, "wall_ms", outcome->wall_ms);
	json_text(json, "result", outcome_word(outcome->result));
	field_put_score(json, "score_before", outcome->score_before);
	field_put_score(json, "score_after", outcome->score_after);
	field_put_metric(json, "lead", outcome->lead);
	json_real(json, "value_before", outcome->value_before);
	json_real(json, "value_after", outcome->value_after);
	json_real(json, "normal_low", outcome->normal_low);
	json_real(json, "normal_high", outcome->normal_high);
	json_number(json, "n_samples", outcome->n_samples);
	field_put_invocation(json, "invocation", outcome->invocation);
	json_number_or_null(json, "served_ms", outcome->served_ms);
	json_number_or_null(json, "served_wall_ms", outcome->served_wall_ms);
	json_text_or_null(json, "hurt", outcome->hurt);
	json_end(json, '}');
}

static void put_step(struct json *json, const struct step *step, bool synthetic)
{
	static const char *const kinds[] = {
		[STEP_VERDICT] = "verdict",
		[STEP_DECISION] = "decision",
		[STEP_ATTEMPT] = "attempt",
		[STEP_OUTCOME] = "outcome",
	};

	json_separate(json);
	json_begin(json, '{');
	json_text(json, "kind", kinds[step->kind]);
	json_boolean(json, "synthetic", synthetic);
	json_number(json, "wall_ms", step->wall_ms);
	json_key(json, kinds[step->kind]);
	if (step->kind == STEP_VERDICT)
		put_verdict_of_incident(json, &step->verdict);
	else if (step->kind == STEP_DECISION)
		put_decision(json, &step->decision, step->because);
	else if (step->kind == STEP_ATTEMPT)
		put_attempt(json, &step->attempt, synthetic);
	else
		put_outcome(json, &step->outcome);
	json_end(json, '}');
}

void reader_json_story(FILE *out, const struct story *story, const struct step *steps,
		       size_t n_steps)
{
	bool synthetic = (story->incident.flags & SAMPLE_SYNTHETIC) != 0;
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_text(&json, "name", story->unit);
	json_number(&json, "unit", story->incident.unit);
	json_boolean(&json, "synthetic", synthetic);
	put_incident(&json, &story->incident);
	put_times(&json, story);
	if (story->has_decision) {
		json_key(&json, "decision");
		put_decision(&json, &story->decision, story->because);
	} else {
		json_null(&json, "decision");
	}
	if (story->has_attempt) {
		json_key(&json, "attempt");
		put_attempt(&json, &story->attempt, synthetic);
	} else {
		json_null(&json, "attempt");
	}
	if (story->has_outcome) {
		json_key(&json, "outcome");
		put_outcome(&json, &story->outcome);
	} else {
		json_null(&json, "outcome");
	}
	if (n_steps > 0) {
		json_key(&json, "steps");
		json_begin(&json, '[');
		for (size_t i = 0; i < n_steps; i++)
			put_step(&json, &steps[i], synthetic);
		json_end(&json, ']');
	}
	json_end(&json, '}');
}
