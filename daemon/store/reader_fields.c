/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several records have, as JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/reader_fields.h"

void field_put_score(struct json *json, const char *name, float value)
{
	json_single(json, name, value < 0 ? NAN : value);
}

void field_put_metric(struct json *json, const char *name, uint32_t value)
{
	if (value >= METRIC_N)
		json_null(json, name);
	else
		json_text(json, name, metric_table[value].name);
}

void field_put_invocation(struct json *json, const char *name, const uint8_t value[INVOCATION_SIZE])
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

static const struct flag_word sample_flags[] = {
	{ SAMPLE_SYNTHETIC, "synthetic" },
	{ SAMPLE_DISTURBED, "disturbed" },
	{ SAMPLE_LOSSY, "lossy" },
	{ SAMPLE_BY_HAND, "by_hand" },
};

void field_put_flags(struct json *json, uint32_t value, const struct flag_word *words, size_t n)
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

void field_put_marks(struct json *json, uint32_t value)
{
	json_boolean(json, "synthetic", (value & SAMPLE_SYNTHETIC) != 0);
	field_put_flags(json, value, sample_flags, sizeof(sample_flags) / sizeof(sample_flags[0]));
}

void field_put_class(struct json *json, const char *rule, enum fault_class class)
{
	if (rule[0])
		json_text(json, "class", fault_class_word(class));
	else
		json_null(json, "class");
}

void field_put_verdict(struct json *json, const struct verdict *verdict)
{
	bool has_limit = verdict->lead_limit > 0;

	field_put_marks(json, verdict->flags);
	json_text(json, "health", health_word(verdict->health));
	json_number(json, "since_ms", verdict->since_ms);
	json_number(json, "learn_left_s", verdict->learn_left_s);
	field_put_score(json, "score", verdict->score);
	field_put_score(json, "threshold", verdict->threshold);
	json_number(json, "generation", verdict->generation);
	field_put_metric(json, "lead", verdict->lead);
	json_single(json, "lead_share", verdict->lead < METRIC_N ? verdict->lead_share : NAN);
	json_real(json, "lead_value", verdict->lead_value);
	json_real(json, "lead_expected", verdict->lead_expected);
	json_single(json, "lead_deviation",
		    isnan(verdict->lead_expected) ? NAN : verdict->lead_deviation);
	json_real(json, "lead_limit", has_limit ? verdict->lead_limit : NAN);
	json_real(json, "left_soonest_s", has_limit ? verdict->left_soonest_s : NAN);
	json_real(json, "left_latest_s", has_limit ? verdict->left_latest_s : NAN);
	json_text(json, "rule", verdict->rule);
	field_put_class(json, verdict->rule, verdict->class);
	json_text(json, "wants", action_word(verdict->wants));
	json_boolean(json, "on_fact", verdict->on_fact);
	json_number(json, "held_s", verdict->held_s);
	json_number(json, "for_s", verdict->for_s);
}
