/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all incidents of a time come to, as JSON. */
#include "base/json.h"
#include "store/reader.h"

static void put_spread(struct json *json, const char *name, const struct spread *spread)
{
	json_key(json, name);
	json_begin(json, '{');
	json_number(json, "n", spread->n);
	if (spread->n > 0) {
		json_number(json, "median_ms", spread->median_ms);
		json_number(json, "p90_ms", spread->p90_ms);
	} else {
		json_null(json, "median_ms");
		json_null(json, "p90_ms");
	}
	json_end(json, '}');
}

static void put_classes(struct json *json, const struct stats_part *part)
{
	json_key(json, "classes");
	json_begin(json, '{');
	for (int i = 0; i < FAULT_CLASS_N; i++)
		json_number(json, fault_class_word((enum fault_class)i), part->n_class[i]);
	json_end(json, '}');
	json_number(json, "n_unusual", part->n_unusual);
	json_number(json, "n_by_hand", part->n_by_hand);
}

static void put_units(struct json *json, const struct stats_part *part, bool synthetic)
{
	json_key(json, "units");
	json_begin(json, '[');
	for (size_t i = 0; i < part->n_units; i++) {
		json_separate(json);
		json_begin(json, '{');
		json_text(json, "name", part->unit[i].name);
		json_number(json, "unit", part->unit[i].unit);
		json_boolean(json, "synthetic", synthetic);
		json_number(json, "n_incidents", part->unit[i].n_incidents);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_heals_by(struct json *json, const struct stats_heals *heals)
{
	json_begin(json, '{');
	json_number(json, "n", heals->n);
	json_number(json, "n_refused", heals->n_refused);
	json_key(json, "outcomes");
	json_begin(json, '{');
	for (int i = 0; i < OUTCOME_N; i++)
		if (i != OUTCOME_MOCKED)
			json_number(json, outcome_word((enum outcome_result)i), heals->result[i]);
	json_end(json, '}');
	json_number(json, "n_timed", heals->n_timed);
	if (heals->n_timed > 0)
		json_number(json, "downtime_ms", heals->down_ms);
	else
		json_null(json, "downtime_ms");
	json_end(json, '}');
}

static void put_heals(struct json *json, const struct stats_part *part)
{
	json_key(json, "heals");
	json_begin(json, '{');
	for (int way = WAY_SYSTEMD; way < WAY_N; way++) {
		json_key(json, way_word((enum way)way));
		put_heals_by(json, &part->heals[way]);
	}
	json_end(json, '}');
	json_number(json, "n_notices", part->n_notices);
}

static void put_answers(struct json *json, const struct stats_part *part)
{
	json_key(json, "answers");
	json_begin(json, '{');
	for (int why = 0; why < WHY_N; why++)
		if (part->n_no[why] > 0)
			json_number(json, why_word((enum why)why), part->n_no[why]);
	json_end(json, '}');
}

static void put_would(struct json *json, const struct stats_would *would, bool synthetic)
{
	uint64_t downtime_ms;

	json_separate(json);
	json_begin(json, '{');
	json_text(json, "name", would->name);
	json_number(json, "unit", would->unit);
	json_boolean(json, "synthetic", synthetic);
	json_text(json, "action", action_word(would->action));
	if (would->has_class)
		json_text(json, "class", fault_class_word(would->class));
	else
		json_null(json, "class");
	json_number(json, "n", would->n);
	json_number(json, "n_passed", would->n_passed);
	if (would->n_passed > 0)
		json_number(json, "passed_ms", would->passed_ms);
	else
		json_null(json, "passed_ms");
	if (stats_would_downtime(would, &downtime_ms))
		json_number(json, "downtime_ms", downtime_ms);
	else
		json_null(json, "downtime_ms");
	json_end(json, '}');
}

static void put_mock(struct json *json, const struct stats_part *part, bool synthetic)
{
	json_key(json, "mock");
	json_begin(json, '{');
	put_spread(json, "act", &part->would_act);
	json_key(json, "would");
	json_begin(json, '[');
	for (size_t i = 0; i < part->n_would; i++)
		put_would(json, &part->would[i], synthetic);
	json_end(json, ']');
	json_end(json, '}');
}

static void put_part(struct json *json, const struct stats_part *part, bool synthetic)
{
	json_begin(json, '{');
	json_boolean(json, "synthetic", synthetic);
	json_number(json, "n_incidents", part->n_incidents);
	json_number(json, "n_open", part->n_open);
	json_number(json, "n_passed", part->n_passed);
	put_classes(json, part);
	put_units(json, part, synthetic);
	put_heals(json, part);
	put_answers(json, part);
	json_key(json, "times");
	json_begin(json, '{');
	for (int span = 0; span < SPAN_N; span++)
		put_spread(json, span_word((enum span)span), &part->spread[span]);
	json_end(json, '}');
	put_mock(json, part, synthetic);
	json_end(json, '}');
}

void reader_json_stats(FILE *out, const struct stats *stats)
{
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_text_or_null(&json, "name", stats->unit);
	json_number(&json, "since_wall_ms", stats->since_wall_ms);
	json_key(&json, "real");
	put_part(&json, &stats->part[STATS_REAL], false);
	json_key(&json, "simulated");
	put_part(&json, &stats->part[STATS_SIMULATED], true);
	json_end(&json, '}');
}
