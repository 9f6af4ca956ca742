/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as JSON: the one shape of each. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "record/config.h"
#include "store/reader.h"

static void score(struct json *json, const char *name, float value)
{
	json_single(json, name, value < 0 ? NAN : value);
}

static void metric(struct json *json, const char *name, uint32_t value)
{
	if (value >= METRIC_N)
		json_null(json, name);
	else
		json_text(json, name, metric_table[value].name);
}

static void invocation(struct json *json, const char *name, const uint8_t value[INVOCATION_SIZE])
{
	static const uint8_t none[INVOCATION_SIZE];

	if (memcmp(value, none, sizeof(none)) == 0) {
		json_null(json, name);
		return;
	}
	json_key(json, name);
	(void)fputc('"', json->out);
	for (size_t i = 0; i < INVOCATION_SIZE; i++)
		(void)fprintf(json->out, "%02x", value[i]);
	(void)fputc('"', json->out);
}

struct flag_word {
	uint32_t flag;
	const char *word;
};

static const struct flag_word sample_flags[] = {
	{ SAMPLE_SYNTHETIC, "synthetic" },
	{ SAMPLE_DISTURBED, "disturbed" },
	{ SAMPLE_LOSSY, "lossy" },
	{ SAMPLE_BY_HAND, "by_hand" },
};

static const struct flag_word unit_flags[] = {
	{ UNIT_SYNTHETIC, "synthetic" },
	{ UNIT_LONG_RUNNING, "long_running" },
	{ UNIT_TRANSIENT, "transient" },
	{ UNIT_TIMER_STARTED, "timer_started" },
	{ UNIT_PER_CONNECTION, "per_connection" },
	{ UNIT_JOB_PENDING, "job_pending" },
	{ UNIT_AUTO_RESTART, "auto_restart" },
	{ UNIT_START_LIMITED, "start_limited" },
	{ UNIT_OOM_KILLED, "oom_killed" },
	{ UNIT_REFUSES_ORDERS, "refuses_orders" },
	{ UNIT_MASKED, "masked" },
	{ UNIT_STOPPED_BY_HAND, "stopped_by_hand" },
	{ UNIT_NAMES_CUT, "names_cut" },
	{ UNIT_DOWN_BEFORE, "down_before" },
	{ UNIT_SAYS_MODE, "says_mode" },
	{ UNIT_POLICY_BROKEN, "policy_broken" },
};

static void flags(struct json *json, uint32_t value, const struct flag_word *words, size_t n)
{
	json_key(json, "flags");
	json_begin(json, '[');
	for (size_t i = 0; i < n; i++) {
		if (!(value & words[i].flag))
			continue;
		json_separate(json);
		json_put_text(json, words[i].word);
	}
	json_end(json, ']');
}

static void flags_of_sample(struct json *json, uint32_t value)
{
	json_boolean(json, "synthetic", (value & SAMPLE_SYNTHETIC) != 0);
	flags(json, value, sample_flags, sizeof(sample_flags) / sizeof(sample_flags[0]));
}

void reader_json_keeper(FILE *out, const struct keeper *keeper, uint64_t now_wall_ms)
{
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_number(&json, "pid", keeper->pid);
	json_number(&json, "started_wall_ms", keeper->started_wall_ms);
	json_number(&json, "at_wall_ms", keeper->at_wall_ms);
	json_number(&json, "age_ms",
		    now_wall_ms > keeper->at_wall_ms ? now_wall_ms - keeper->at_wall_ms : 0);
	json_number(&json, "n_ticks", keeper->n_ticks);
	json_number(&json, "n_units", keeper->n_units);
	json_number(&json, "n_unwatched", keeper->n_unwatched);
	json_number(&json, "tier", keeper->tier);
	json_text(&json, "limit", keeper->limit);
	json_number(&json, "walk_every_ms", keeper->walk_every_ms);
	json_text(&json, "source", keeper->source);
	json_text(&json, "mode", keeper->mode);
	json_boolean(&json, "simulates", keeper->simulates);
	json_number(&json, "speed", keeper->speed);
	json_number(&json, "n_lost", keeper->n_lost);
	json_number(&json, "cpu_us", keeper->cpu_us);
	json_number(&json, "tick_us", keeper->tick_us);
	json_text(&json, "store", store_state_word(keeper->store));
	json_number_or_null(&json, "distrust_until_wall_ms", keeper->distrust_until_wall_ms);
	json_end(&json, '}');
}

static void put_status(struct json *json, const struct unit_status *status)
{
	char identity[17];

	json_key(json, "status");
	json_begin(json, '{');
	json_boolean(json, "synthetic", (status->flags & UNIT_SYNTHETIC) != 0);
	json_text(json, "kind", unit_kind_word(status->kind));
	json_text(json, "active", unit_active_word(status->active));
	if (status->flags & UNIT_SAYS_MODE)
		json_text(json, "mode", mode_word((enum mode)status->mode));
	else
		json_null(json, "mode");
	flags(json, status->flags, unit_flags, sizeof(unit_flags) / sizeof(unit_flags[0]));
	if (status->kind == UNIT_KIND_SERVICE && status->active != UNIT_ACTIVE_UNKNOWN)
		json_number(json, "n_restarts", status->n_restarts);
	else
		json_null(json, "n_restarts");
	json_number_or_null(json, "main_pid", status->main_pid);
	json_number_or_null(json, "cgroup_id", status->cgroup_id);
	/* As text: 64 bits do not fit a reader's double. */
	(void)snprintf(identity, sizeof(identity), "%016" PRIx64, status->identity);
	if (status->identity == 0)
		json_null(json, "identity");
	else
		json_text(json, "identity", identity);
	json_number_or_null(json, "changed_ms", status->changed_ms);
	invocation(json, "invocation", status->invocation);
	json_text(json, "aliases", status->aliases);
	json_text(json, "cgroup", status->cgroup);
	json_end(json, '}');
}

static void put_sample(struct json *json, const struct sample *sample)
{
	json_key(json, "sample");
	json_begin(json, '{');
	flags_of_sample(json, sample->flags);
	json_number(json, "when_ms", sample->when_ms);
	json_number(json, "wall_ms", sample->wall_ms);
	json_number(json, "span_ms", sample->span_ms);
	invocation(json, "invocation", sample->invocation);
	json_key(json, "value");
	json_begin(json, '{');
	for (size_t i = 0; i < METRIC_N; i++)
		if (sample_has(sample, (enum metric)i))
			json_real(json, metric_table[i].name, sample->value[i]);
	json_end(json, '}');
	json_key(json, "age_s"); /* of those that are not of this tick */
	json_begin(json, '{');
	for (size_t i = 0; i < METRIC_N; i++)
		if (sample_has(sample, (enum metric)i) && sample->age_s[i] > 0)
			json_number(json, metric_table[i].name, sample->age_s[i]);
	json_end(json, '}');
	json_end(json, '}');
}

/* Only a rule is about a class of fault. */
static void class_of_rule(struct json *json, const char *rule, enum fault_class class)
{
	if (rule[0])
		json_text(json, "class", fault_class_word(class));
	else
		json_null(json, "class");
}

static void put_verdict(struct json *json, const struct verdict *verdict)
{
	bool has_limit = verdict->lead_limit > 0;

	json_key(json, "verdict");
	json_begin(json, '{');
	flags_of_sample(json, verdict->flags);
	json_text(json, "health", health_word(verdict->health));
	json_number(json, "since_ms", verdict->since_ms);
	json_number(json, "learn_left_s", verdict->learn_left_s);
	score(json, "score", verdict->score);
	score(json, "threshold", verdict->threshold);
	json_number(json, "generation", verdict->generation);
	metric(json, "lead", verdict->lead);
	json_single(json, "lead_share", verdict->lead < METRIC_N ? verdict->lead_share : NAN);
	json_real(json, "lead_value", verdict->lead_value);
	json_real(json, "lead_expected", verdict->lead_expected);
	json_single(json, "lead_deviation",
		    isnan(verdict->lead_expected) ? NAN : verdict->lead_deviation);
	json_real(json, "lead_limit", has_limit ? verdict->lead_limit : NAN);
	json_real(json, "left_soonest_s", has_limit ? verdict->left_soonest_s : NAN);
	json_real(json, "left_latest_s", has_limit ? verdict->left_latest_s : NAN);
	json_text(json, "rule", verdict->rule);
	class_of_rule(json, verdict->rule, verdict->class);
	json_text(json, "wants", action_word(verdict->wants));
	json_boolean(json, "on_fact", verdict->on_fact);
	json_number(json, "held_s", verdict->held_s);
	json_number(json, "for_s", verdict->for_s);
	json_end(json, '}');
}

void reader_json_present(FILE *out, const struct present *present)
{
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_text(&json, "name", present->status.name);
	json_number(&json, "unit", present->status.unit);
	json_boolean(&json, "synthetic", (present->status.flags & UNIT_SYNTHETIC) != 0);
	put_status(&json, &present->status);
	put_sample(&json, &present->sample);
	put_verdict(&json, &present->verdict);
	json_text(&json, "why", why_word(present->why));
	json_number(&json, "age_s", present->age_s);
	json_number_or_null(&json, "incident", present->incident);
	json_end(&json, '}');
}

static void put_sources(struct json *json, const struct signal_found *found)
{
	json_key(json, "sources");
	json_begin(json, '{');
	for (size_t i = 0; i < SIGNAL_SOURCE_N; i++)
		if (found->n_from[i] > 0)
			json_number(json, signal_source_word((enum signal_source)i),
				    found->n_from[i]);
	json_end(json, '}');
}

static void put_host_signal(struct json *json, const struct signal_found *found)
{
	if (!found->has_host) {
		json_null(json, "host_known");
		json_null(json, "host_source");
		return;
	}
	json_boolean(json, "host_known", found->host_known);
	if (found->host_known && found->host_from < SIGNAL_SOURCE_N)
		json_text(json, "host_source",
			  signal_source_word((enum signal_source)found->host_from));
	else
		json_null(json, "host_source");
}

void reader_json_signal(FILE *out, enum metric name, const struct signal_found *found,
			const struct signal_place *place)
{
	struct json json = { .out = out };
	char note[512];

	json_begin(&json, '{');
	metric(&json, "name", name);
	put_sources(&json, found);
	json_number(&json, "tier", signal_tier(name));
	json_number(&json, "n_units", found->n_units);
	json_number(&json, "n_known", found->n_known);
	json_number(&json, "n_simulated", found->n_simulated);
	json_number(&json, "n_simulated_known", found->n_simulated_known);
	put_host_signal(&json, found);
	json_number(&json, "every_ms", signal_every_ms(name, place));
	json_boolean(&json, "on_suspicion", signal_is_on_suspicion(name));
	json_text(&json, "note", signal_note(note, sizeof(note), name, found, place));
	json_end(&json, '}');
}

void reader_json_edge(FILE *out, const struct named_edge *relation)
{
	const struct edge *edge = &relation->edge;
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_text_or_null(&json, "client", relation->client);
	json_number_or_null(&json, "client_unit", edge->client);
	json_text_or_null(&json, "server", relation->server);
	json_number_or_null(&json, "server_unit", edge->server);
	json_boolean(&json, "synthetic", edge->synthetic);
	json_text(&json, "kind", edge_kind_word(edge->kind));
	json_boolean(&json, "declared", edge_is_declared(edge->kind));
	json_number_or_null(&json, "port", edge->port);
	if (edge_is_declared(edge->kind))
		json_null(&json, "n_connections");
	else
		json_number(&json, "n_connections", edge->n_connections);
	json_number(&json, "first_wall_ms", edge->first_wall_ms);
	json_number(&json, "last_wall_ms", edge->last_wall_ms);
	json_end(&json, '}');
}

void reader_json_remark(FILE *out, const char *name, const char *state, const char *said,
			const char *advice)
{
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_text(&json, "name", name);
	json_text(&json, "state", state);
	json_text(&json, "said", said);
	json_text(&json, "advice", advice);
	json_end(&json, '}');
}

static void put_incident(struct json *json, const struct incident *incident)
{
	json_key(json, "incident");
	json_begin(json, '{');
	json_number(json, "id", incident->id);
	flags_of_sample(json, incident->flags);
	json_number(json, "opened_ms", incident->opened_ms);
	json_number(json, "opened_wall_ms", incident->opened_wall_ms);
	json_number_or_null(json, "closed_ms", incident->closed_ms);
	json_number_or_null(json, "closed_wall_ms", incident->closed_wall_ms);
	json_text(json, "worst", health_word(incident->worst));
	score(json, "score", incident->score);
	class_of_rule(json, incident->rule, incident->class);
	json_text(json, "rule", incident->rule);
	metric(json, "lead", incident->lead);
	json_real(json, "lead_value", incident->lead_value);
	json_real(json, "lead_expected", incident->lead_expected);
	json_number(json, "n_attempts", incident->n_attempts);
	json_text(json, "outcome", outcome_word(incident->outcome));
	json_text(json, "why", why_word(incident->why));
	json_end(json, '}');
}

static void put_decision(struct json *json, const struct decision *decision)
{
	json_begin(json, '{');
	json_number(json, "id", decision->id);
	flags_of_sample(json, decision->flags);
	json_number(json, "when_ms", decision->when_ms);
	json_number(json, "wall_ms", decision->wall_ms);
	json_text(json, "action", action_word(decision->action));
	json_text(json, "why", why_word(decision->why));
	json_text(json, "way", way_word(decision->way));
	json_number(json, "budget_left", decision->budget_left);
	json_number_or_null(json, "until_ms", decision->until_ms);
	class_of_rule(json, decision->rule, decision->class);
	json_text(json, "rule", decision->rule);
	metric(json, "lead", decision->lead);
	json_real(json, "lead_value", decision->lead_value);
	json_real(json, "lead_expected", decision->lead_expected);
	score(json, "score", decision->score);
	invocation(json, "invocation", decision->invocation);
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
	flags_of_sample(json, outcome->flags);
	json_number(json, "when_ms", outcome->when_ms);
	json_number(json, "wall_ms", outcome->wall_ms);
	json_text(json, "result", outcome_word(outcome->result));
	score(json, "score_before", outcome->score_before);
	score(json, "score_after", outcome->score_after);
	metric(json, "lead", outcome->lead);
	json_real(json, "value_before", outcome->value_before);
	json_real(json, "value_after", outcome->value_after);
	json_real(json, "normal_low", outcome->normal_low);
	json_real(json, "normal_high", outcome->normal_high);
	json_number(json, "n_samples", outcome->n_samples);
	invocation(json, "invocation", outcome->invocation);
	json_end(json, '}');
}

static void put_step(struct json *json, const struct step *step, bool synthetic)
{
	static const char *const kinds[] = {
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
	if (step->kind == STEP_DECISION)
		put_decision(json, &step->decision);
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
	if (story->has_decision) {
		json_key(&json, "decision");
		put_decision(&json, &story->decision);
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
