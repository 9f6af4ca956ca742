/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread through one trouble, for people: a row, step by step, or with its reasons. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/phrase.h"
#include "cli/story.h"

#define DATE_LENGTH (sizeof("2026-11-24") - 1)

static const struct column columns[] = {
	{ .head = "#", .right = true },	   { .head = "WHEN" },
	{ .head = "UNIT", .wraps = true }, { .head = "WHAT", .wraps = true },
	{ .head = "DONE", .wraps = true }, { .head = "OUTCOME" },
	{ .head = "TOOK", .right = true },
};

/* From the first evidence to what came of it; "-" while nothing has. */
static char *took(char *buffer, size_t size, const struct story *story)
{
	uint64_t from_ms = story->incident.opened_wall_ms, to_ms = story->incident.closed_wall_ms;

	if (story->has_outcome)
		to_ms = story->outcome.wall_ms;
	if (to_ms < from_ms || to_ms == 0)
		(void)snprintf(buffer, size, "-");
	else
		(void)text_span(buffer, size, (to_ms - from_ms) / 1000 * 1000);
	return buffer;
}

/* What came of it, in a word. */
static const char *end_word(const struct story *story)
{
	if (story->has_outcome)
		return outcome_word(story->outcome.result);
	return story->incident.closed_wall_ms ? "passed" : "open";
}

static void add_outcome(struct table *table, const struct story *story)
{
	table_add(table,
		  story->has_outcome ? phrase_outcome_paint(story->outcome.result) : PAINT_FAINT,
		  "%s", end_word(story));
}

static void add_story(const struct output *output, struct table *table, const struct story *story,
		      uint64_t now_ms)
{
	const struct incident *incident = &story->incident;
	char text[PHRASE_SIZE];

	table_add(table, PAINT_FAINT, "%" PRIu64, incident->id);
	table_add(table, PAINT_NONE, "%s",
		  phrase_moment(text, sizeof(text), output, incident->opened_wall_ms, now_ms));
	table_add(table, PAINT_NONE, "%s",
		  phrase_unit(text, sizeof(text), story->unit, incident->flags & SAMPLE_SYNTHETIC));
	table_add(table, PAINT_NONE, "%s", phrase_incident(text, sizeof(text), incident));
	table_add(table, PAINT_NONE, "%s", phrase_done(text, sizeof(text), story));
	add_outcome(table, story);
	table_add(table, PAINT_NONE, "%s", took(text, sizeof(text), story));
}

int story_table(const struct output *output, const struct story *stories, size_t n, uint64_t now_ms)
{
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		add_story(output, table, &stories[i], now_ms);
	return output_table(output, table);
}

/* One line; its date only where it is another than that of the story's begin. */
static void tell(const struct output *output, uint64_t began_ms, uint64_t wall_ms, enum paint paint,
		 const char *text)
{
	char began[32], when[32];

	(void)text_moment(began, sizeof(began), began_ms);
	(void)text_moment(when, sizeof(when), wall_ms);
	if (strlen(when) > DATE_LENGTH && strncmp(began, when, DATE_LENGTH) == 0)
		output_field(output, when + DATE_LENGTH + 1, paint, "%s", text);
	else
		output_field(output, when, paint, "%s", text);
}

static void tell_begin(const struct output *output, const struct story *story)
{
	const struct incident *incident = &story->incident;
	bool is_order = (incident->flags & SAMPLE_BY_HAND) && !incident->rule[0];
	char trouble[PHRASE_SIZE], text[PHRASE_SIZE + 64], score[32] = "";

	(void)phrase_incident(trouble, sizeof(trouble), incident);
	if (incident->score >= 0)
		(void)snprintf(score, sizeof(score), "; score up to %.2f", (double)incident->score);
	(void)snprintf(text, sizeof(text), "%s%s%s", is_order ? "" : "noticed: ", trouble, score);
	tell(output, incident->opened_wall_ms, incident->opened_wall_ms, PAINT_NONE, text);
}

static void tell_end(const struct output *output, const struct story *story)
{
	const struct incident *incident = &story->incident;
	char span[32], text[64];

	if (!incident->closed_wall_ms) {
		output_field(output, "", PAINT_NOTICE, "still open");
		return;
	}
	(void)snprintf(text, sizeof(text), "closed after %s",
		       text_span(span, sizeof(span),
				 incident->closed_wall_ms > incident->opened_wall_ms
					 ? incident->closed_wall_ms - incident->opened_wall_ms
					 : 0));
	tell(output, incident->opened_wall_ms, incident->closed_wall_ms, PAINT_FAINT, text);
}

static void tell_head(const struct output *output, const struct story *story, const char *end)
{
	const struct incident *incident = &story->incident;
	char text[PHRASE_SIZE], when[32];

	(void)text_moment(when, sizeof(when), incident->opened_wall_ms);
	output_line(
		output, PAINT_STRONG, "#%" PRIu64 " %s, %.*s%s", incident->id,
		phrase_unit(text, sizeof(text), story->unit, incident->flags & SAMPLE_SYNTHETIC),
		(int)DATE_LENGTH, when, end);
}

/* What that decision of the story was for. */
static enum action action_of(const struct step *steps, size_t n, uint64_t decision)
{
	for (size_t i = 0; i < n; i++)
		if (steps[i].kind == STEP_DECISION && steps[i].decision.id == decision)
			return steps[i].decision.action;
	return ACTION_RESTART;
}

static void tell_step(const struct output *output, const struct story *story,
		      const struct step *steps, size_t n, size_t nth)
{
	const struct step *step = &steps[nth];
	char text[PHRASE_SIZE];
	enum paint paint = PAINT_NONE;

	if (step->kind == STEP_OUTCOME)
		paint = phrase_outcome_paint(step->outcome.result);
	if (step->kind == STEP_VERDICT)
		paint = phrase_health_paint(step->verdict.health);
	if (step->kind == STEP_ATTEMPT)
		(void)phrase_attempt(text, sizeof(text), &step->attempt,
				     action_of(steps, n, step->attempt.decision));
	else
		(void)phrase_step(text, sizeof(text), step);
	tell(output, story->incident.opened_wall_ms, step->wall_ms, paint, text);
}

static void tell_times(const struct output *output, const struct story *story)
{
	char text[PHRASE_SIZE];

	if (*phrase_times(text, sizeof(text), story))
		output_field(output, "From onset:", PAINT_NONE, "%s", text);
}

int story_tell(const struct output *output, struct reader *reader, const struct story *story)
{
	CLEANUP(cleanup_free) struct step *steps = NULL;
	size_t n;
	int r;

	r = reader_steps(reader, story->incident.id, &steps, &n);
	if (r < 0)
		return r;
	tell_head(output, story, "");
	tell_begin(output, story);
	for (size_t i = 0; i < n; i++)
		if (steps[i].kind != STEP_VERDICT)
			tell_step(output, story, steps, n, i);
	tell_end(output, story);
	tell_times(output, story);
	return 0;
}

/* ---- with its reasons ----------------------------------------------------------- */

static void explain_symptoms(const struct output *output, const struct verdict *verdict)
{
	char label[32], text[PHRASE_SIZE];

	for (uint32_t i = 0; i < verdict->n_symptoms; i++) {
		(void)snprintf(label, sizeof(label),
			       "%s:", expert_word(verdict->symptom[i].expert));
		output_field(output, label, PAINT_NONE, "%s",
			     phrase_symptom(text, sizeof(text), &verdict->symptom[i]));
	}
}

/* The moments between which people want to know the time; 0: it was not, or is not known. */
struct course {
	uint64_t began, noticed, sick, decided, asked, done, concluded;
};

/* When what that verdict speaks of began, its health or the rule's count, if that was before; else
 * 0. */
static uint64_t first_evidence(const struct verdict *verdict)
{
	uint64_t stood_ms = SECONDS(verdict->held_s);

	if (verdict->health != HEALTH_UNUSUAL && verdict->health != HEALTH_SICK)
		return 0;
	if (verdict->when_ms > verdict->since_ms + stood_ms)
		stood_ms = verdict->when_ms - verdict->since_ms;
	return stood_ms > 0 && verdict->wall_ms > stood_ms ? verdict->wall_ms - stood_ms : 0;
}

static struct course course_of(const struct story *story, const struct step *steps, size_t n)
{
	struct course course = { .noticed = story->incident.opened_wall_ms };

	for (size_t i = 0; i < n; i++) {
		const struct verdict *verdict = &steps[i].verdict;

		if (steps[i].kind != STEP_VERDICT)
			continue;
		if (verdict->wall_ms == course.noticed)
			course.began = first_evidence(verdict);
		if (course.sick == 0 && verdict->health == HEALTH_SICK)
			course.sick = verdict->wall_ms;
	}
	if (story->has_decision && story->decision.why == WHY_ALLOWED)
		course.decided = story->decision.wall_ms;
	if (story->has_attempt) {
		course.asked = story->attempt.started_wall_ms;
		course.done = story->attempt.ended_wall_ms;
	}
	if (story->has_outcome)
		course.concluded = story->outcome.wall_ms;
	return course;
}

/* Adds ", 20s until it was sick", and goes on from there; a clock that was set back in between tells
 * nothing. */
static void add_span(char *text, size_t size, uint64_t *from_ms, uint64_t to_ms, const char *what)
{
	size_t length = strlen(text);
	char span[32];

	if (to_ms == 0)
		return;
	if (*from_ms != 0 && to_ms >= *from_ms)
		(void)snprintf(text + length, size - length, "%s%s %s", length ? ", " : "",
			       text_span(span, sizeof(span), to_ms - *from_ms), what);
	*from_ms = to_ms;
}

static void explain_times(const struct output *output, const struct story *story,
			  const struct course *course)
{
	uint64_t at_ms = course->began;
	char text[PHRASE_SIZE] = "", decided[64];

	(void)snprintf(decided, sizeof(decided), "until a %s was decided",
		       phrase_action(story->decision.action));
	add_span(text, sizeof(text), &at_ms, course->noticed, "until it was noticed");
	add_span(text, sizeof(text), &at_ms, course->sick, "until it was sick");
	add_span(text, sizeof(text), &at_ms, course->decided, decided);
	add_span(text, sizeof(text), &at_ms, course->asked, "until that was asked for");
	add_span(text, sizeof(text), &at_ms, course->done, "until it was done");
	add_span(text, sizeof(text), &at_ms, course->concluded,
		 story->outcome.result == OUTCOME_HEALED ? "until it was proven"
							 : "until its outcome was known");
	if (text[0])
		output_field(output, "Times:", PAINT_NONE, "%s", text);
}

static bool has_verdict(const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (steps[i].kind == STEP_VERDICT)
			return true;
	return false;
}

void story_explain(const struct output *output, const struct story *story, const struct step *steps,
		   size_t n)
{
	struct course course = course_of(story, steps, n);
	char end[64];

	(void)snprintf(end, sizeof(end), ": %s, %s", health_word(story->incident.worst),
		       end_word(story));
	tell_head(output, story, end);
	if (!has_verdict(steps, n)) /* an older version kept none */
		tell_begin(output, story);
	for (size_t i = 0; i < n; i++) {
		tell_step(output, story, steps, n, i);
		if (steps[i].kind == STEP_VERDICT)
			explain_symptoms(output, &steps[i].verdict);
	}
	tell_end(output, story);
	explain_times(output, story, &course);
	tell_times(output, story);
}
