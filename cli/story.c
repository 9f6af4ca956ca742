/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread through one trouble, for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static void add_outcome(struct table *table, const struct story *story)
{
	if (story->has_outcome)
		table_add(table, phrase_outcome_paint(story->outcome.result), "%s",
			  outcome_word(story->outcome.result));
	else
		table_add(table, PAINT_FAINT, "%s",
			  story->incident.closed_wall_ms ? "passed" : "open");
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

int story_tell(const struct output *output, struct reader *reader, const struct story *story)
{
	CLEANUP(cleanup_free) struct step *steps = NULL;
	const struct incident *incident = &story->incident;
	char text[PHRASE_SIZE], when[32];
	enum paint paint;
	size_t n;
	int r;

	r = reader_steps(reader, incident->id, &steps, &n);
	if (r < 0)
		return r;
	(void)text_moment(when, sizeof(when), incident->opened_wall_ms);
	output_line(
		output, PAINT_STRONG, "#%" PRIu64 " %s, %.*s", incident->id,
		phrase_unit(text, sizeof(text), story->unit, incident->flags & SAMPLE_SYNTHETIC),
		(int)DATE_LENGTH, when);
	tell_begin(output, story);
	for (size_t i = 0; i < n; i++) {
		paint = steps[i].kind == STEP_OUTCOME
				? phrase_outcome_paint(steps[i].outcome.result)
				: PAINT_NONE;
		tell(output, incident->opened_wall_ms, steps[i].wall_ms, paint,
		     phrase_step(text, sizeof(text), &steps[i]));
	}
	tell_end(output, story);
	return 0;
}
