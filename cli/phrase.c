/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences about records; which words stand for what is said in record.c. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/phrase.h"
#include "record/spans.h"

#define NUMBER_SIZE 32

char *phrase_unit(char *buffer, size_t size, const char *name, bool synthetic)
{
	(void)snprintf(buffer, size, "%s%s", name, synthetic ? " (simulated)" : "");
	return buffer;
}

char *phrase_value(char *buffer, size_t size, uint32_t metric, double value)
{
	return text_quantity(buffer, size, metric < METRIC_N ? metric_table[metric].quantity : "",
			     value);
}

char *phrase_lead(char *buffer, size_t size, uint32_t lead, double value, double expected)
{
	char is[NUMBER_SIZE], normal[NUMBER_SIZE];

	if (lead >= METRIC_N)
		(void)snprintf(buffer, size, "%s", "");
	else if (isnan(expected))
		(void)snprintf(buffer, size, "%s %s", metric_table[lead].name,
			       phrase_value(is, sizeof(is), lead, value));
	else
		(void)snprintf(buffer, size, "%s %s, normal %s", metric_table[lead].name,
			       phrase_value(is, sizeof(is), lead, value),
			       phrase_value(normal, sizeof(normal), lead, expected));
	return buffer;
}

char *phrase_trouble(char *buffer, size_t size, const char *rule, uint32_t lead, double value,
		     double expected)
{
	char evidence[4 * NUMBER_SIZE];

	(void)phrase_lead(evidence, sizeof(evidence), lead, value, expected);
	(void)snprintf(buffer, size, "%s%s%s", *rule ? rule : "unusual", *evidence ? ": " : "",
		       evidence);
	return buffer;
}

char *phrase_verdict(char *buffer, size_t size, const struct verdict *verdict)
{
	char trouble[PHRASE_SIZE], limit[NUMBER_SIZE], left[2 * NUMBER_SIZE];

	(void)phrase_trouble(trouble, sizeof(trouble), verdict->rule, verdict->lead,
			     verdict->lead_value, verdict->lead_expected);
	if (verdict->lead_limit > 0)
		(void)snprintf(
			buffer, size, "%s, meets its limit of %s in %s", trouble,
			phrase_value(limit, sizeof(limit), verdict->lead, verdict->lead_limit),
			text_span_range(left, sizeof(left), verdict->left_soonest_s,
					verdict->left_latest_s));
	else
		(void)snprintf(buffer, size, "%s", trouble);
	return buffer;
}

char *phrase_incident(char *buffer, size_t size, const struct incident *incident)
{
	if ((incident->flags & SAMPLE_BY_HAND) && !incident->rule[0])
		(void)snprintf(buffer, size, "asked for by hand");
	else
		(void)phrase_trouble(buffer, size, incident->rule, incident->lead,
				     incident->lead_value, incident->lead_expected);
	return buffer;
}

const char *phrase_action(enum action action)
{
	switch (action) {
	case ACTION_RELOAD:
		return "reload";
	case ACTION_RESTART_DEPENDENTS:
		return "restart with its dependents";
	case ACTION_NOTIFY:
		return "notice";
	default:
		return "restart";
	}
}

/* What one allowed decision comes to, as short as a table wants it. */
static char *phrase_way(char *buffer, size_t size, const struct decision *decision)
{
	const char *action = phrase_action(decision->action);

	if (decision->action == ACTION_NOTIFY)
		(void)snprintf(buffer, size,
			       decision->way == WAY_MOCK ? "mock: would tell people"
							 : "people told");
	else if (decision->way == WAY_MOCK)
		(void)snprintf(buffer, size, "mock: would %s", action);
	else if (decision->way == WAY_NONE)
		(void)snprintf(buffer, size, "%s", action);
	else
		(void)snprintf(buffer, size, "%s by %s", action, way_word(decision->way));
	return buffer;
}

/* Why nothing is done, with the unit that it is held for, if there is one. */
static char *phrase_why(char *buffer, size_t size, enum why why, const char *because)
{
	if (why == WHY_UPSTREAM_SICK && because[0])
		(void)snprintf(buffer, size, "%s, which it depends on, is sick", because);
	else
		(void)snprintf(buffer, size, "%s",
			       why == WHY_NOTHING_WANTED ? "no rule asks for it"
							 : why_sentence(why));
	return buffer;
}

/* How an attempt went, where it did not just end well. */
static const char *result_done(const struct story *story)
{
	if (!story->has_attempt)
		return decision_is_heal(&story->decision) ? ", not begun" : "";
	switch (story->attempt.result) {
	case ATTEMPT_RESULT_NONE:
		return ", under way";
	case ATTEMPT_RESULT_FAILED:
		return " failed";
	case ATTEMPT_RESULT_REFUSED:
		return " was refused";
	case ATTEMPT_RESULT_TIMEOUT:
		return " did not end in time";
	case ATTEMPT_RESULT_LOST:
		return ", its end is not known";
	default:
		return "";
	}
}

char *phrase_done(char *buffer, size_t size, const struct story *story)
{
	enum why why = story->has_decision ? story->decision.why : story->incident.why;
	char times[NUMBER_SIZE] = "", reason[PHRASE_SIZE], way[2 * NUMBER_SIZE];

	if (!story->has_decision || why != WHY_ALLOWED) {
		(void)snprintf(buffer, size, "nothing: %s",
			       phrase_why(reason, sizeof(reason), why, story->because));
		return buffer;
	}
	if (story->incident.n_attempts > 1)
		(void)snprintf(times, sizeof(times), ", %" PRIu32 " times",
			       story->incident.n_attempts);
	(void)snprintf(buffer, size, "%s%s%s", phrase_way(way, sizeof(way), &story->decision),
		       result_done(story), times);
	return buffer;
}

static char *phrase_waiting(char *buffer, size_t size, const struct verdict *verdict)
{
	char held[NUMBER_SIZE], must[NUMBER_SIZE];

	if (!verdict->rule[0] || verdict->held_s >= verdict->for_s)
		(void)snprintf(buffer, size, "noted, no more");
	else
		(void)snprintf(buffer, size, "waiting: %s of %s",
			       text_span(held, sizeof(held), SECONDS(verdict->held_s)),
			       text_span(must, sizeof(must), SECONDS(verdict->for_s)));
	return buffer;
}

char *phrase_answer(char *buffer, size_t size, const struct present *present,
		    const struct story *story)
{
	char done[PHRASE_SIZE];
	const char *more = "";
	enum why why = present->why;

	if (!story || !story->has_decision || story->decision.why != WHY_ALLOWED) {
		if (why == WHY_ALLOWED)
			(void)snprintf(buffer, size, "restart decided");
		else if (why == WHY_NOTHING_WANTED)
			(void)phrase_waiting(buffer, size, &present->verdict);
		else
			(void)snprintf(buffer, size, "nothing: %s", why_sentence(why));
		return buffer;
	}
	(void)phrase_done(done, sizeof(done), story);
	if (!story->has_outcome) {
		if (story->has_attempt && story->attempt.state == ATTEMPT_DONE)
			more = ", watching whether it helps";
		(void)snprintf(buffer, size, "%s%s", done, more);
	} else if (why == WHY_NOTHING_WANTED || why == WHY_ALLOWED) {
		(void)snprintf(buffer, size, "%s: %s", done, outcome_word(story->outcome.result));
	} else {
		(void)snprintf(buffer, size, "%s: %s; now nothing: %s", done,
			       outcome_word(story->outcome.result), why_sentence(why));
	}
	return buffer;
}

static char *phrase_held(char *buffer, size_t size, const struct decision *decision,
			 const char *because)
{
	bool is_held = decision->why == WHY_UPSTREAM_SICK && because[0];
	char reason[PHRASE_SIZE];

	(void)snprintf(buffer, size, "%s%s: %s", is_held ? "held" : "decided to do nothing",
		       decision->flags & SAMPLE_BY_HAND ? ", though asked by hand" : "",
		       phrase_why(reason, sizeof(reason), decision->why, because));
	return buffer;
}

static char *phrase_decision(char *buffer, size_t size, const struct decision *decision,
			     const char *because)
{
	char trouble[PHRASE_SIZE] = "asked for by hand", rung[NUMBER_SIZE] = "";
	char blast[sizeof(decision->blast) + NUMBER_SIZE] = "";

	if (decision->why != WHY_ALLOWED)
		return phrase_held(buffer, size, decision, because);
	if (decision->action == ACTION_NOTIFY) {
		(void)snprintf(buffer, size, "decided: people are to be told");
		return buffer;
	}
	if (!(decision->flags & SAMPLE_BY_HAND))
		(void)phrase_trouble(trouble, sizeof(trouble), decision->rule, decision->lead,
				     decision->lead_value, decision->lead_expected);
	if (decision->rung > 0) /* people count from 1 */
		(void)snprintf(rung, sizeof(rung), ", rung %" PRIu64 " of its ladder",
			       (uint64_t)decision->rung + 1);
	if (decision->blast[0])
		(void)snprintf(blast, sizeof(blast), "; %s %s",
			       decision->way == WAY_MOCK ? "would also restart" : "also restarts",
			       decision->blast);
	(void)snprintf(buffer, size, "decided: %s%s (%s); %" PRIu32 " more left in its budget%s",
		       action_word(decision->action), rung, trouble, decision->budget_left, blast);
	return buffer;
}

char *phrase_attempt(char *buffer, size_t size, const struct attempt *attempt, enum action action)
{
	const char *whom = attempt->way == WAY_SIMULATOR ? "the simulator" : "systemd";
	const char *what = phrase_action(action);
	char took[NUMBER_SIZE] = "0s";

	if (attempt->ended_ms > attempt->started_ms)
		(void)text_span(took, sizeof(took), attempt->ended_ms - attempt->started_ms);
	switch (attempt->result) {
	case ATTEMPT_RESULT_MOCKED:
		(void)snprintf(buffer, size,
			       "mock: this is where systemd would have been asked for a %s", what);
		break;
	case ATTEMPT_RESULT_DONE:
		(void)snprintf(buffer, size, "asked %s for a %s: done after %s", whom, what, took);
		break;
	case ATTEMPT_RESULT_FAILED:
		(void)snprintf(buffer, size, "asked %s for a %s: it FAILED after %s", whom, what,
			       took);
		break;
	case ATTEMPT_RESULT_REFUSED:
		(void)snprintf(buffer, size, "asked %s for a %s: REFUSED: %s", whom, what,
			       attempt->job);
		break;
	case ATTEMPT_RESULT_TIMEOUT:
		(void)snprintf(buffer, size, "asked %s for a %s: NO END within %s", whom, what,
			       took);
		break;
	case ATTEMPT_RESULT_LOST:
		(void)snprintf(buffer, size,
			       "asked %s for a %s: how it ended is not known, the daemon or "
			       "the bus went away",
			       whom, what);
		break;
	default:
		(void)snprintf(buffer, size, "asked %s for a %s: under way", whom, what);
	}
	return buffer;
}

static const char *outcome_sentence(enum outcome_result result)
{
	switch (result) {
	case OUTCOME_HEALED:
		return "HEALED, proven on the new run";
	case OUTCOME_UNCHANGED:
		return "NOT HEALED, unchanged: the same trouble again";
	case OUTCOME_WORSE:
		return "NOT HEALED, it is worse";
	case OUTCOME_GONE:
		return "NOT HEALED, it did not come back";
	case OUTCOME_JOB_FAILED:
		return "NOT HEALED, the restart was not done";
	case OUTCOME_MOCKED:
		return "nothing was done, so nothing is proven";
	case OUTCOME_DEPENDENT_DOWN:
		return "NOT HEALED: it is well, but what was disturbed along with it is not";
	case OUTCOME_RESTARTED:
		return "runs anew and stays up; no rule had held, so no more is proven";
	default:
		return "NOT PROVEN: nobody was there to look";
	}
}

static char *phrase_outcome(char *buffer, size_t size, const struct outcome *outcome)
{
	char after[NUMBER_SIZE], before[NUMBER_SIZE], low[NUMBER_SIZE], high[NUMBER_SIZE];
	char values[PHRASE_SIZE / 2] = "", was[2 * NUMBER_SIZE] = "";
	char range[PHRASE_SIZE / 4] = "", scores[64] = "", hurt[UNIT_NAME_SIZE + 4] = "";

	if (outcome->result == OUTCOME_MOCKED) {
		(void)snprintf(buffer, size, "%s", outcome_sentence(outcome->result));
		return buffer;
	}
	if (!isnan(outcome->normal_low) && !isnan(outcome->normal_high))
		(void)snprintf(
			range, sizeof(range), ", normal is %s to %s",
			phrase_value(low, sizeof(low), outcome->lead, outcome->normal_low),
			phrase_value(high, sizeof(high), outcome->lead, outcome->normal_high));
	if (!isnan(outcome->value_before))
		(void)snprintf(
			was, sizeof(was), ", was %s",
			phrase_value(before, sizeof(before), outcome->lead, outcome->value_before));
	if (outcome->lead < METRIC_N && !isnan(outcome->value_after))
		(void)snprintf(
			values, sizeof(values), "; %s %s%s%s", metric_table[outcome->lead].name,
			phrase_value(after, sizeof(after), outcome->lead, outcome->value_after),
			was, range);
	if (outcome->score_before >= 0 && outcome->score_after >= 0)
		(void)snprintf(scores, sizeof(scores), "; score %.2f, was %.2f",
			       (double)outcome->score_after, (double)outcome->score_before);
	if (outcome->hurt[0])
		(void)snprintf(hurt, sizeof(hurt), " (%s)", outcome->hurt);
	(void)snprintf(buffer, size, "%s%s%s%s; %" PRIu32 " samples",
		       outcome_sentence(outcome->result), hurt, values, scores, outcome->n_samples);
	return buffer;
}

char *phrase_step(char *buffer, size_t size, const struct step *step)
{
	switch (step->kind) {
	case STEP_VERDICT:
		return phrase_seen(buffer, size, &step->verdict);
	case STEP_DECISION:
		return phrase_decision(buffer, size, &step->decision, step->because);
	case STEP_ATTEMPT:
		return phrase_attempt(buffer, size, &step->attempt, ACTION_RESTART);
	case STEP_OUTCOME:
		return phrase_outcome(buffer, size, &step->outcome);
	}
	(void)snprintf(buffer, size, "a step that this version does not know");
	return buffer;
}

char *phrase_times(char *buffer, size_t size, const struct story *story)
{
	struct spans spans = spans_of(&story->incident, story->acted_wall_ms,
				      story->has_outcome ? &story->outcome : NULL);
	bool is_mocked = story->has_decision && story->decision.way == WAY_MOCK;
	const char *const told[SPAN_N] = {
		[SPAN_DETECT] = "noted",
		[SPAN_ACT] = is_mocked ? "would have acted" : "acted",
		[SPAN_SERVED] = "served again",
		[SPAN_PROVEN] = "proven",
	};
	size_t used = 0;
	char span[NUMBER_SIZE];

	buffer[0] = '\0';
	for (int i = 0; i < SPAN_N && used < size; i++)
		if (spans.known[i])
			used += (size_t)snprintf(buffer + used, size - used, "%s%s after %s",
						 used ? ", " : "", told[i],
						 text_span(span, sizeof(span), spans.ms[i]));
	return buffer;
}

char *phrase_left(char *buffer, size_t size, uint32_t left_s)
{
	uint32_t step_s = left_s > 60 ? 60 : 10;
	char span[NUMBER_SIZE];

	(void)snprintf(
		buffer, size, "%s left",
		text_span(span, sizeof(span), SECONDS((left_s + step_s - 1) / step_s * step_s)));
	return buffer;
}

char *phrase_moment(char *buffer, size_t size, const struct output *output, uint64_t wall_ms,
		    uint64_t now_ms)
{
	static const size_t date = sizeof("2026-11-24 ") - 1;
	char moment[NUMBER_SIZE], now[NUMBER_SIZE];
	bool today;

	(void)text_moment(moment, sizeof(moment), wall_ms);
	(void)text_moment(now, sizeof(now), now_ms);
	today = strlen(moment) > date && strncmp(moment, now, date) == 0;
	(void)snprintf(buffer, size, "%s", moment + (today && output->width ? date : 0));
	return buffer;
}

bool phrase_outcome_is_failure(enum outcome_result result)
{
	return result == OUTCOME_UNCHANGED || result == OUTCOME_WORSE || result == OUTCOME_GONE ||
	       result == OUTCOME_JOB_FAILED || result == OUTCOME_DEPENDENT_DOWN;
}

enum paint phrase_health_paint(enum health health)
{
	switch (health) {
	case HEALTH_HEALTHY:
		return PAINT_GOOD;
	case HEALTH_UNUSUAL:
		return PAINT_NOTICE;
	case HEALTH_SICK:
		return PAINT_BAD;
	default:
		return PAINT_FAINT;
	}
}

enum paint phrase_outcome_paint(enum outcome_result result)
{
	if (phrase_outcome_is_failure(result))
		return PAINT_BAD;
	if (result == OUTCOME_HEALED)
		return PAINT_GOOD;
	return result == OUTCOME_UNKNOWN ? PAINT_NOTICE : PAINT_NONE;
}
