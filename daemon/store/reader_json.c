/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as JSON: the one shape of each. */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "record/config.h"
#include "store/reader.h"

/* Where a comma is due. Every object and list begins without. */
struct json {
	FILE *out;
	bool has_before;
};

static void separate(struct json *json)
{
	if (json->has_before)
		(void)fputc(',', json->out);
	json->has_before = true;
}

static void begin(struct json *json, char bracket)
{
	(void)fputc(bracket, json->out);
	json->has_before = false;
}

static void end(struct json *json, char bracket)
{
	(void)fputc(bracket, json->out);
	json->has_before = true;
}

/* How many bytes at text are one character of UTF-8; 0: none. */
static size_t character(const char *text)
{
	for (size_t length = 1; length <= 4 && text[length - 1] != '\0'; length++)
		if (text_is_utf8(text, length))
			return length;
	return 0;
}

/* Text is hostile: beside what JSON itself forbids, the control characters of U+007F to U+009F are
 * escaped, for a terminal would act on them; what is no UTF-8 becomes U+FFFD. */
static void put_text(struct json *json, const char *text)
{
	size_t length;
	unsigned int code;

	(void)fputc('"', json->out);
	for (; *text != '\0'; text += length) {
		length = character(text);
		code = (unsigned char)text[0];
		if (length == 2 && code == 0xc2 && (unsigned char)text[1] < 0xa0)
			code = (unsigned char)text[1];
		if (length == 0) {
			(void)fputs("\\ufffd", json->out);
			length = 1;
		} else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			(void)fprintf(json->out, "\\u%04x", code);
		} else {
			if (code == '"' || code == '\\')
				(void)fputc('\\', json->out);
			(void)fwrite(text, 1, length, json->out);
		}
	}
	(void)fputc('"', json->out);
}

static void key(struct json *json, const char *name)
{
	separate(json);
	(void)fprintf(json->out, "\"%s\":", name);
}

static void text(struct json *json, const char *name, const char *value)
{
	key(json, name);
	put_text(json, value);
}

static void number(struct json *json, const char *name, uint64_t value)
{
	key(json, name);
	(void)fprintf(json->out, "%" PRIu64, value);
}

static void null(struct json *json, const char *name)
{
	key(json, name);
	(void)fputs("null", json->out);
}

static void number_or_null(struct json *json, const char *name, uint64_t ms)
{
	if (ms == 0)
		null(json, name);
	else
		number(json, name, ms);
}

static void boolean(struct json *json, const char *name, bool value)
{
	key(json, name);
	(void)fputs(value ? "true" : "false", json->out);
}

/* The shortest of 15 or 17 digits that reads back as the same number; a locale's decimal comma is
 * none of JSON's. */
static void real(struct json *json, const char *name, double value)
{
	char digits[40], *mark;
	double again;

	if (!isfinite(value)) {
		null(json, name);
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%.15g", value);
	if (sscanf(digits, "%lf", &again) != 1 || again != value)
		(void)snprintf(digits, sizeof(digits), "%.17g", value);
	mark = strstr(digits, localeconv()->decimal_point);
	if (mark)
		*mark = '.';
	key(json, name);
	(void)fputs(digits, json->out);
}

/* A float has no more than 7 digits worth telling. */
static void single(struct json *json, const char *name, float value)
{
	char digits[40];
	double rounded = NAN;

	if (isfinite(value)) {
		(void)snprintf(digits, sizeof(digits), "%.7g", (double)value);
		(void)sscanf(digits, "%lf", &rounded);
	}
	real(json, name, rounded);
}

static void score(struct json *json, const char *name, float value)
{
	single(json, name, value < 0 ? NAN : value);
}

static void metric(struct json *json, const char *name, uint32_t value)
{
	if (value >= METRIC_N)
		null(json, name);
	else
		text(json, name, metric_table[value].name);
}

static void invocation(struct json *json, const char *name, const uint8_t value[INVOCATION_SIZE])
{
	static const uint8_t none[INVOCATION_SIZE];

	if (memcmp(value, none, sizeof(none)) == 0) {
		null(json, name);
		return;
	}
	key(json, name);
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
	key(json, "flags");
	begin(json, '[');
	for (size_t i = 0; i < n; i++) {
		if (!(value & words[i].flag))
			continue;
		separate(json);
		put_text(json, words[i].word);
	}
	end(json, ']');
}

static void flags_of_sample(struct json *json, uint32_t value)
{
	boolean(json, "synthetic", (value & SAMPLE_SYNTHETIC) != 0);
	flags(json, value, sample_flags, sizeof(sample_flags) / sizeof(sample_flags[0]));
}

void reader_json_keeper(FILE *out, const struct keeper *keeper, uint64_t now_wall_ms)
{
	struct json json = { .out = out };

	begin(&json, '{');
	number(&json, "pid", keeper->pid);
	number(&json, "started_wall_ms", keeper->started_wall_ms);
	number(&json, "at_wall_ms", keeper->at_wall_ms);
	number(&json, "age_ms",
	       now_wall_ms > keeper->at_wall_ms ? now_wall_ms - keeper->at_wall_ms : 0);
	number(&json, "n_ticks", keeper->n_ticks);
	number(&json, "n_units", keeper->n_units);
	number(&json, "n_unwatched", keeper->n_unwatched);
	number(&json, "tier", keeper->tier);
	text(&json, "limit", keeper->limit);
	number(&json, "walk_every_ms", keeper->walk_every_ms);
	text(&json, "source", keeper->source);
	text(&json, "mode", keeper->mode);
	boolean(&json, "simulates", keeper->simulates);
	number(&json, "speed", keeper->speed);
	number(&json, "n_lost", keeper->n_lost);
	number(&json, "cpu_us", keeper->cpu_us);
	number(&json, "tick_us", keeper->tick_us);
	text(&json, "store", store_state_word(keeper->store));
	number_or_null(&json, "distrust_until_wall_ms", keeper->distrust_until_wall_ms);
	end(&json, '}');
}

static void put_status(struct json *json, const struct unit_status *status)
{
	char identity[17];

	key(json, "status");
	begin(json, '{');
	boolean(json, "synthetic", (status->flags & UNIT_SYNTHETIC) != 0);
	text(json, "kind", unit_kind_word(status->kind));
	text(json, "active", unit_active_word(status->active));
	if (status->flags & UNIT_SAYS_MODE)
		text(json, "mode", mode_word((enum mode)status->mode));
	else
		null(json, "mode");
	flags(json, status->flags, unit_flags, sizeof(unit_flags) / sizeof(unit_flags[0]));
	if (status->kind == UNIT_KIND_SERVICE && status->active != UNIT_ACTIVE_UNKNOWN)
		number(json, "n_restarts", status->n_restarts);
	else
		null(json, "n_restarts");
	number_or_null(json, "main_pid", status->main_pid);
	number_or_null(json, "cgroup_id", status->cgroup_id);
	/* As text: 64 bits do not fit a reader's double. */
	(void)snprintf(identity, sizeof(identity), "%016" PRIx64, status->identity);
	if (status->identity == 0)
		null(json, "identity");
	else
		text(json, "identity", identity);
	number_or_null(json, "changed_ms", status->changed_ms);
	invocation(json, "invocation", status->invocation);
	text(json, "aliases", status->aliases);
	text(json, "cgroup", status->cgroup);
	end(json, '}');
}

static void put_sample(struct json *json, const struct sample *sample)
{
	key(json, "sample");
	begin(json, '{');
	flags_of_sample(json, sample->flags);
	number(json, "when_ms", sample->when_ms);
	number(json, "wall_ms", sample->wall_ms);
	number(json, "span_ms", sample->span_ms);
	invocation(json, "invocation", sample->invocation);
	key(json, "value");
	begin(json, '{');
	for (size_t i = 0; i < METRIC_N; i++)
		if (sample_has(sample, (enum metric)i))
			real(json, metric_table[i].name, sample->value[i]);
	end(json, '}');
	key(json, "age_s"); /* of those that are not of this tick */
	begin(json, '{');
	for (size_t i = 0; i < METRIC_N; i++)
		if (sample_has(sample, (enum metric)i) && sample->age_s[i] > 0)
			number(json, metric_table[i].name, sample->age_s[i]);
	end(json, '}');
	end(json, '}');
}

/* Only a rule is about a class of fault. */
static void class_of_rule(struct json *json, const char *rule, enum fault_class class)
{
	if (rule[0])
		text(json, "class", fault_class_word(class));
	else
		null(json, "class");
}

static void put_verdict(struct json *json, const struct verdict *verdict)
{
	key(json, "verdict");
	begin(json, '{');
	flags_of_sample(json, verdict->flags);
	text(json, "health", health_word(verdict->health));
	number(json, "since_ms", verdict->since_ms);
	number(json, "learn_left_s", verdict->learn_left_s);
	score(json, "score", verdict->score);
	score(json, "threshold", verdict->threshold);
	number(json, "generation", verdict->generation);
	metric(json, "lead", verdict->lead);
	single(json, "lead_share", verdict->lead < METRIC_N ? verdict->lead_share : NAN);
	real(json, "lead_value", verdict->lead_value);
	real(json, "lead_expected", verdict->lead_expected);
	single(json, "lead_deviation",
	       isnan(verdict->lead_expected) ? NAN : verdict->lead_deviation);
	text(json, "rule", verdict->rule);
	class_of_rule(json, verdict->rule, verdict->class);
	text(json, "wants", action_word(verdict->wants));
	boolean(json, "on_fact", verdict->on_fact);
	number(json, "held_s", verdict->held_s);
	number(json, "for_s", verdict->for_s);
	end(json, '}');
}

void reader_json_present(FILE *out, const struct present *present)
{
	struct json json = { .out = out };

	begin(&json, '{');
	text(&json, "name", present->status.name);
	number(&json, "unit", present->status.unit);
	boolean(&json, "synthetic", (present->status.flags & UNIT_SYNTHETIC) != 0);
	put_status(&json, &present->status);
	put_sample(&json, &present->sample);
	put_verdict(&json, &present->verdict);
	text(&json, "why", why_word(present->why));
	number(&json, "age_s", present->age_s);
	number_or_null(&json, "incident", present->incident);
	end(&json, '}');
}

static void put_sources(struct json *json, const struct signal_found *found)
{
	key(json, "sources");
	begin(json, '{');
	for (size_t i = 0; i < SIGNAL_SOURCE_N; i++)
		if (found->n_from[i] > 0)
			number(json, signal_source_word((enum signal_source)i), found->n_from[i]);
	end(json, '}');
}

static void put_host_signal(struct json *json, const struct signal_found *found)
{
	if (!found->has_host) {
		null(json, "host_known");
		null(json, "host_source");
		return;
	}
	boolean(json, "host_known", found->host_known);
	if (found->host_known && found->host_from < SIGNAL_SOURCE_N)
		text(json, "host_source", signal_source_word((enum signal_source)found->host_from));
	else
		null(json, "host_source");
}

void reader_json_signal(FILE *out, enum metric name, const struct signal_found *found,
			const struct signal_place *place)
{
	struct json json = { .out = out };
	char note[512];

	begin(&json, '{');
	metric(&json, "name", name);
	put_sources(&json, found);
	number(&json, "tier", signal_tier(name));
	number(&json, "n_units", found->n_units);
	number(&json, "n_known", found->n_known);
	number(&json, "n_simulated", found->n_simulated);
	number(&json, "n_simulated_known", found->n_simulated_known);
	put_host_signal(&json, found);
	number(&json, "every_ms", signal_every_ms(name, place));
	boolean(&json, "on_suspicion", signal_is_on_suspicion(name));
	text(&json, "note", signal_note(note, sizeof(note), name, found, place));
	end(&json, '}');
}

static void name_or_null(struct json *json, const char *name, const char *value)
{
	if (value[0])
		text(json, name, value);
	else
		null(json, name);
}

void reader_json_edge(FILE *out, const struct named_edge *relation)
{
	const struct edge *edge = &relation->edge;
	struct json json = { .out = out };

	begin(&json, '{');
	name_or_null(&json, "client", relation->client);
	number_or_null(&json, "client_unit", edge->client);
	name_or_null(&json, "server", relation->server);
	number_or_null(&json, "server_unit", edge->server);
	boolean(&json, "synthetic", edge->synthetic);
	text(&json, "kind", edge_kind_word(edge->kind));
	boolean(&json, "declared", edge_is_declared(edge->kind));
	number_or_null(&json, "port", edge->port);
	if (edge_is_declared(edge->kind))
		null(&json, "n_connections");
	else
		number(&json, "n_connections", edge->n_connections);
	number(&json, "first_wall_ms", edge->first_wall_ms);
	number(&json, "last_wall_ms", edge->last_wall_ms);
	end(&json, '}');
}

void reader_json_remark(FILE *out, const char *name, const char *state, const char *said,
			const char *advice)
{
	struct json json = { .out = out };

	begin(&json, '{');
	text(&json, "name", name);
	text(&json, "state", state);
	text(&json, "said", said);
	text(&json, "advice", advice);
	end(&json, '}');
}

static void put_incident(struct json *json, const struct incident *incident)
{
	key(json, "incident");
	begin(json, '{');
	number(json, "id", incident->id);
	flags_of_sample(json, incident->flags);
	number(json, "opened_ms", incident->opened_ms);
	number(json, "opened_wall_ms", incident->opened_wall_ms);
	number_or_null(json, "closed_ms", incident->closed_ms);
	number_or_null(json, "closed_wall_ms", incident->closed_wall_ms);
	text(json, "worst", health_word(incident->worst));
	score(json, "score", incident->score);
	class_of_rule(json, incident->rule, incident->class);
	text(json, "rule", incident->rule);
	metric(json, "lead", incident->lead);
	real(json, "lead_value", incident->lead_value);
	real(json, "lead_expected", incident->lead_expected);
	number(json, "n_attempts", incident->n_attempts);
	text(json, "outcome", outcome_word(incident->outcome));
	text(json, "why", why_word(incident->why));
	end(json, '}');
}

static void put_decision(struct json *json, const struct decision *decision)
{
	begin(json, '{');
	number(json, "id", decision->id);
	flags_of_sample(json, decision->flags);
	number(json, "when_ms", decision->when_ms);
	number(json, "wall_ms", decision->wall_ms);
	text(json, "action", action_word(decision->action));
	text(json, "why", why_word(decision->why));
	text(json, "way", way_word(decision->way));
	number(json, "budget_left", decision->budget_left);
	number_or_null(json, "until_ms", decision->until_ms);
	class_of_rule(json, decision->rule, decision->class);
	text(json, "rule", decision->rule);
	metric(json, "lead", decision->lead);
	real(json, "lead_value", decision->lead_value);
	real(json, "lead_expected", decision->lead_expected);
	score(json, "score", decision->score);
	invocation(json, "invocation", decision->invocation);
	end(json, '}');
}

static void put_attempt(struct json *json, const struct attempt *attempt, bool synthetic)
{
	static const char *const states[ATTEMPT_STATE_N] = {
		[ATTEMPT_ASKED] = "asked",
		[ATTEMPT_RUNNING] = "running",
		[ATTEMPT_DONE] = "done",
	};

	begin(json, '{');
	number(json, "decision", attempt->decision);
	boolean(json, "synthetic", synthetic);
	text(json, "way", way_word(attempt->way));
	text(json, "state", states[attempt->state]);
	text(json, "result", attempt_result_word(attempt->result));
	number(json, "started_ms", attempt->started_ms);
	number(json, "started_wall_ms", attempt->started_wall_ms);
	number(json, "deadline_ms", attempt->deadline_ms);
	number_or_null(json, "ended_ms", attempt->ended_ms);
	number_or_null(json, "ended_wall_ms", attempt->ended_wall_ms);
	text(json, "job", attempt->job);
	end(json, '}');
}

static void put_outcome(struct json *json, const struct outcome *outcome)
{
	begin(json, '{');
	number(json, "decision", outcome->decision);
	flags_of_sample(json, outcome->flags);
	number(json, "when_ms", outcome->when_ms);
	number(json, "wall_ms", outcome->wall_ms);
	text(json, "result", outcome_word(outcome->result));
	score(json, "score_before", outcome->score_before);
	score(json, "score_after", outcome->score_after);
	metric(json, "lead", outcome->lead);
	real(json, "value_before", outcome->value_before);
	real(json, "value_after", outcome->value_after);
	real(json, "normal_low", outcome->normal_low);
	real(json, "normal_high", outcome->normal_high);
	number(json, "n_samples", outcome->n_samples);
	invocation(json, "invocation", outcome->invocation);
	end(json, '}');
}

static void put_step(struct json *json, const struct step *step, bool synthetic)
{
	static const char *const kinds[] = {
		[STEP_DECISION] = "decision",
		[STEP_ATTEMPT] = "attempt",
		[STEP_OUTCOME] = "outcome",
	};

	separate(json);
	begin(json, '{');
	text(json, "kind", kinds[step->kind]);
	boolean(json, "synthetic", synthetic);
	number(json, "wall_ms", step->wall_ms);
	key(json, kinds[step->kind]);
	if (step->kind == STEP_DECISION)
		put_decision(json, &step->decision);
	else if (step->kind == STEP_ATTEMPT)
		put_attempt(json, &step->attempt, synthetic);
	else
		put_outcome(json, &step->outcome);
	end(json, '}');
}

void reader_json_story(FILE *out, const struct story *story, const struct step *steps,
		       size_t n_steps)
{
	bool synthetic = (story->incident.flags & SAMPLE_SYNTHETIC) != 0;
	struct json json = { .out = out };

	begin(&json, '{');
	text(&json, "name", story->unit);
	number(&json, "unit", story->incident.unit);
	boolean(&json, "synthetic", synthetic);
	put_incident(&json, &story->incident);
	if (story->has_decision) {
		key(&json, "decision");
		put_decision(&json, &story->decision);
	} else {
		null(&json, "decision");
	}
	if (story->has_attempt) {
		key(&json, "attempt");
		put_attempt(&json, &story->attempt, synthetic);
	} else {
		null(&json, "attempt");
	}
	if (story->has_outcome) {
		key(&json, "outcome");
		put_outcome(&json, &story->outcome);
	} else {
		null(&json, "outcome");
	}
	if (n_steps > 0) {
		key(&json, "steps");
		begin(&json, '[');
		for (size_t i = 0; i < n_steps; i++)
			put_step(&json, &steps[i], synthetic);
		end(&json, ']');
	}
	end(&json, '}');
}
