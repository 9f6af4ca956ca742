/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay for programs: in JSON and in CSV. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/phrase.h"
#include "cli/replay_lines.h"
#include "cli/replay_report.h"

#define NUMBER_SIZE 48

/* ---- JSON ---------------------------------------------------------------- */

static void put_judged(struct json *json, const uint64_t judged_s[REPLAY_SPANS])
{
	char name[NUMBER_SIZE];

	json_key(json, "judged_s");
	json_begin(json, '{');
	for (size_t i = 0; i < REPLAY_SPANS; i++) {
		(void)snprintf(name, sizeof(name), "%" PRIu32, replay_span_s[i]);
		json_number(json, name, judged_s[i]);
	}
	json_end(json, '}');
}

static void put_unit(struct json *json, const struct replay_unit *unit)
{
	json_separate(json);
	json_begin(json, '{');
	json_text(json, "name", unit->name);
	json_number(json, "unit", unit->unit);
	json_boolean(json, "synthetic", unit->status.flags & UNIT_SYNTHETIC);
	json_boolean(json, "is_assumed", !unit->is_present);
	json_boolean(json, "is_learning", unit->is_learning);
	if (unit->has_restart_ms)
		json_number(json, "restart_ms", unit->restart_ms);
	else
		json_null(json, "restart_ms");
	put_judged(json, unit->judged_s);
	json_end(json, '}');
}

static void put_story(struct json *json, const struct story *story)
{
	json_key(json, "story");
	reader_json_story(json->out, story, NULL, 0);
}

static void put_heals(struct json *json, const struct replay *replay, size_t incident)
{
	json_key(json, "heals");
	json_begin(json, '[');
	for (size_t i = 0; i < replay->n_heals; i++) {
		const struct decision *heal = &replay->heal[i];

		if (heal->incident != incident)
			continue;
		json_separate(json);
		json_begin(json, '{');
		json_number(json, "wall_ms", heal->wall_ms);
		json_text(json, "action", action_word(heal->action));
		json_text(json, "rule", heal->rule);
		json_text(json, "way", way_word(heal->way));
		json_number(json, "budget_left", heal->budget_left);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_incident(struct json *json, const struct replay *replay, size_t nth)
{
	const struct replay_incident *incident = &replay->incident[nth];
	const struct replay_unit *unit = &replay->unit[incident->unit];
	struct story story = { .incident = incident->incident };
	uint64_t downtime_ms = 0;

	story.incident.unit = unit->unit;
	memcpy(story.unit, unit->name, sizeof(story.unit));
	json_separate(json);
	(void)fputc('\n', json->out);
	json_begin(json, '{');
	put_story(json, &story);
	json_number(json, "from_wall_ms", incident->from_wall_ms);
	json_number(json, "span_s", incident->span_s);
	put_heals(json, replay, nth);
	if (replay_downtime_ms(replay, incident, &downtime_ms))
		json_number(json, "downtime_ms", downtime_ms);
	else
		json_null(json, "downtime_ms");
	json_number(json, "n_really", incident->n_real);
	json_number_or_null(json, "really",
			    incident->n_real ? replay->real[incident->real].story->incident.id : 0);
	json_end(json, '}');
}

static void put_real(struct json *json, const struct replay_real *real)
{
	json_separate(json);
	(void)fputc('\n', json->out);
	json_begin(json, '{');
	put_story(json, real->story);
	json_boolean(json, "is_met", real->is_found);
	json_text_or_null(json, "why_not", real->is_found ? "" : replay_missed_word(real));
	json_end(json, '}');
}

static void put_sums(struct json *json, const struct replay *replay, const struct replay_sums *sums)
{
	json_number(json, "from_wall_ms", replay->first_wall_ms);
	json_number(json, "to_wall_ms", replay->last_wall_ms);
	json_text(json, "mode", mode_word(replay->config->mode));
	json_number(json, "learn_s", replay->config->learn_s);
	json_number(json, "n_units", sums->n_units_judged);
	put_judged(json, sums->judged_s);
	json_number(json, "n_incidents", replay->n_incidents);
	json_number(json, "n_sick", sums->n_sick);
	json_number(json, "n_new", sums->n_new);
	json_number(json, "n_heals", replay->n_heals);
	json_number(json, "downtime_ms", sums->downtime_ms);
	json_number(json, "n_downtime_unknown", sums->n_unknown);
	json_number(json, "n_really", replay->n_real);
	json_number(json, "n_met", sums->n_found);
	json_number(json, "n_missed", sums->n_missed);
}

void replay_report_json(const struct output *output, const struct replay *replay)
{
	struct replay_sums sums = replay_sum(replay);
	struct json json = { .out = output->file };

	json_begin(&json, '{');
	put_sums(&json, replay, &sums);
	json_key(&json, "units");
	json_begin(&json, '[');
	for (size_t i = 0; i < replay->n_units; i++)
		put_unit(&json, &replay->unit[i]);
	json_end(&json, ']');
	json_key(&json, "incidents");
	json_begin(&json, '[');
	for (size_t i = 0; i < replay->n_incidents; i++)
		put_incident(&json, replay, i);
	json_end(&json, ']');
	json_key(&json, "really");
	json_begin(&json, '[');
	for (size_t i = 0; i < replay->n_real; i++)
		put_real(&json, &replay->real[i]);
	json_end(&json, ']');
	json_end(&json, '}');
	output_raw(output, "\n");
}

/* ---- CSV ------------------------------------------------------------------- */

/* Nothing where it is not known. */
static void put_number(const struct output *output, bool is_known, uint64_t value)
{
	if (is_known)
		fprintf(output->file, ",%" PRIu64, value);
	else
		output_raw(output, ",");
}

static void put_name(const struct output *output, const char *name)
{
	char harmless[PHRASE_SIZE];

	fields_put(output->file, text_escape(harmless, sizeof(harmless), name));
}

static void csv_incident(const struct output *output, const struct incident *incident)
{
	put_number(output, true, incident->opened_wall_ms);
	put_number(output, incident->closed_wall_ms != 0, incident->closed_wall_ms);
	fprintf(output->file, ",%s,", health_word(incident->worst));
	put_name(output, incident->rule);
	fprintf(output->file, ",%s",
		incident->lead < METRIC_N ? metric_table[incident->lead].name : "");
}

/* What the replay says; nothing of an incident that it has not. */
static void csv_of_replay(const struct output *output, const struct replay *replay,
			  const struct replay_incident *incident)
{
	uint64_t downtime_ms = 0;
	bool is_known = replay_downtime_ms(replay, incident, &downtime_ms);

	put_number(output, true, incident->span_s);
	put_number(output, true, incident->incident.n_attempts);
	put_number(output, incident->healed_wall_ms != 0, incident->healed_wall_ms);
	put_number(output, is_known, downtime_ms);
	fprintf(output->file, ",%s", why_word(incident->incident.why));
}

static void csv_line(const struct output *output, const struct replay *replay,
		     const struct replay_line *line)
{
	const struct replay_incident *incident = line->incident;
	const struct story *story = line->real ? line->real->story : NULL;
	size_t unit;

	assert(incident || line->real);
	unit = incident ? incident->unit : line->real->unit;
	fprintf(output->file, "%s,", !incident ? "missed" : story ? "met" : "new");
	put_name(output, replay->unit[unit].name);
	csv_incident(output, incident ? &incident->incident : &story->incident);
	if (incident)
		csv_of_replay(output, replay, incident);
	else
		fprintf(output->file, ",,,,,%s", replay_missed_word(line->real));
	put_number(output, story, story ? story->incident.id : 0);
	put_number(output, story, story ? story->incident.n_attempts : 0);
	fprintf(output->file, ",%s\n",
		story && story->has_outcome ? outcome_word(story->outcome.result) : "");
}

int replay_report_csv(const struct output *output, const struct replay *replay)
{
	CLEANUP(cleanup_free) struct replay_line *lines = NULL;
	size_t n;
	int r;

	r = replay_lines(replay, &lines, &n);
	if (r < 0)
		return r;
	output_raw(output, "replay,unit,opened_wall_ms,closed_wall_ms,health,rule,lead,span_s,"
			   "heals,first_heal_wall_ms,downtime_ms,why,really,really_heals,"
			   "really_outcome\n");
	for (size_t i = 0; i < n; i++)
		csv_line(output, replay, &lines[i]);
	return 0;
}
