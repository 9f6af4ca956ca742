/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as JSON: the one shape of each. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "record/config.h"
#include "store/reader.h"
#include "store/reader_fields.h"

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
	{ UNIT_POLICY_BROKEN, "policy_broken" },
	{ UNIT_CAN_RELOAD, "can_reload" },
};

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
	if (terms_say(&status->terms, TERM_MODE))
		json_text(json, "mode", mode_word(status->terms.mode));
	else
		json_null(json, "mode");
	field_put_flags(json, status->flags, unit_flags,
			sizeof(unit_flags) / sizeof(unit_flags[0]));
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
	field_put_invocation(json, "invocation", status->invocation);
	json_text(json, "aliases", status->aliases);
	json_text(json, "cgroup", status->cgroup);
	json_end(json, '}');
}

static void put_sample(struct json *json, const struct sample *sample)
{
	json_key(json, "sample");
	json_begin(json, '{');
	field_put_marks(json, sample->flags);
	json_number(json, "when_ms", sample->when_ms);
	json_number(json, "wall_ms", sample->wall_ms);
	json_number(json, "span_ms", sample->span_ms);
	field_put_invocation(json, "invocation", sample->invocation);
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

static void put_verdict(struct json *json, const struct verdict *verdict)
{
	json_key(json, "verdict");
	json_begin(json, '{');
	field_put_verdict(json, verdict);
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
	json_number_or_null(&json, "cpu_wait_s", present->cpu_wait_s);
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
	field_put_metric(&json, "name", name);
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
