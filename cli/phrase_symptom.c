/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen of a trouble, and who says so, in words. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/phrase.h"
#include "judge/explain.h"

#define NUMBER_SIZE 32

static char *phrase_rule(char *buffer, size_t size, const struct verdict *verdict)
{
	char held[NUMBER_SIZE], must[NUMBER_SIZE], wait[2 * NUMBER_SIZE] = "";

	if (!verdict->rule[0]) {
		(void)snprintf(buffer, size, "no rule holds");
		return buffer;
	}
	if (verdict->held_s < verdict->for_s)
		(void)snprintf(wait, sizeof(wait), " of the %s it must",
			       text_span(must, sizeof(must), SECONDS(verdict->for_s)));
	(void)snprintf(buffer, size, "rule %s (%s, on %s) has held for %s%s", verdict->rule,
		       fault_class_word(verdict->class), verdict->on_fact ? "facts" : "statistics",
		       text_span(held, sizeof(held), SECONDS(verdict->held_s)), wait);
	return buffer;
}

char *phrase_seen(char *buffer, size_t size, const struct verdict *verdict)
{
	char rule[PHRASE_SIZE / 2], model[96] = "; it is not learnt yet, so facts alone speak";

	if (verdict->score >= 0)
		(void)snprintf(
			model, sizeof(model), "; score %.2f, unusual from %.2f, by model %" PRIu32,
			(double)verdict->score, (double)verdict->threshold, verdict->generation);
	else if (verdict->learn_left_s == 0)
		model[0] = '\0';
	(void)snprintf(buffer, size, "seen as %s: %s%s", health_word(verdict->health),
		       phrase_rule(rule, sizeof(rule), verdict), model);
	return buffer;
}

static const char *side_of(const struct symptom *symptom)
{
	if (symptom->value > symptom->high)
		return "above";
	return symptom->value < symptom->low ? "below" : "within";
}

/* What was to be expected of the value: by its past, which has two ends, or by its work. */
static char *phrase_range(char *buffer, size_t size, const struct symptom *symptom)
{
	char low[NUMBER_SIZE], high[NUMBER_SIZE], expected[NUMBER_SIZE];
	uint32_t metric = symptom->metric;

	(void)phrase_value(low, sizeof(low), metric, (double)symptom->low);
	(void)phrase_value(high, sizeof(high), metric, (double)symptom->high);
	(void)phrase_value(expected, sizeof(expected), metric, (double)symptom->expected);
	if (isnan(symptom->value) || isnan(symptom->high) || isnan(symptom->expected))
		(void)snprintf(buffer, size, "%s", "");
	else if (isnan(symptom->low))
		(void)snprintf(buffer, size,
			       ", where its work explains %s and it was never above %s for so long",
			       expected, high);
	else
		(void)snprintf(buffer, size, ", %s its normal range of %s to %s, median %s",
			       side_of(symptom), low, high, expected);
	return buffer;
}

static char *phrase_metric_symptom(char *buffer, size_t size, const struct symptom *symptom)
{
	char value[NUMBER_SIZE], range[PHRASE_SIZE / 4];

	(void)snprintf(buffer, size, "%s %s%s%s", metric_table[symptom->metric].name,
		       phrase_value(value, sizeof(value), symptom->metric, (double)symptom->value),
		       phrase_range(range, sizeof(range), symptom),
		       symptom->expert == EXPERT_GROWTH	    ? "; it grows as it never did"
		       : symptom->expert == EXPERT_HANG	    ? "; it does not become less"
		       : symptom->expert == EXPERT_SIBLINGS ? "; the other instances are not so"
							    : "");
	return buffer;
}

/* "-" where that is not known; a row may say anything. */
static char *phrase_seconds(char *buffer, size_t size, float seconds)
{
	(void)snprintf(buffer, size, "-");
	if (seconds >= 0)
		(void)text_span(buffer, size, SECONDS(fminf(seconds, 1e9f)));
	return buffer;
}

static char *phrase_whole_symptom(char *buffer, size_t size, const struct symptom *symptom)
{
	char span[NUMBER_SIZE];

	(void)phrase_seconds(span, sizeof(span), symptom->value);
	if (symptom->expert == EXPERT_FOREST)
		(void)snprintf(buffer, size, "all of it together is unlike its past: score %.2f",
			       (double)symptom->value);
	else if (symptom->expert == EXPERT_HANG)
		(void)snprintf(buffer, size, "work waits, and no thread of it ran for %s", span);
	else
		(void)snprintf(buffer, size, "it is what systemd says of the unit");
	return buffer;
}

char *phrase_symptom(char *buffer, size_t size, const struct symptom *symptom)
{
	char what[PHRASE_SIZE / 2], rarity[64], span[NUMBER_SIZE], left[64] = "", share[32] = "";

	if (symptom->metric < METRIC_N)
		(void)phrase_metric_symptom(what, sizeof(what), symptom);
	else
		(void)phrase_whole_symptom(what, sizeof(what), symptom);
	if (symptom->left_s >= 0)
		(void)snprintf(left, sizeof(left), "; its limit is %s away",
			       phrase_seconds(span, sizeof(span), symptom->left_s));
	if (symptom->share > 0)
		(void)snprintf(share, sizeof(share), "; %.0f%% of the score",
			       (double)symptom->share * 100);
	(void)explain_rarity(rarity, sizeof(rarity), symptom);
	(void)snprintf(buffer, size, "%s%s%s%s%s", what, left, share, rarity[0] ? "; " : "",
		       rarity);
	return buffer;
}
