/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status: what is sick, what is being done, what is only watched and why, and who is watching. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/detail.h"
#include "cli/keeper.h"
#include "cli/phrase.h"
#include "cli/story.h"
#include "cli/view.h"
#include "judge/policy.h"

/* Shown of the past where there is no present. */
#define PAST_STORIES 10

static int exit_code_of(const struct context *context, const struct view *view,
			const struct present *units, size_t n)
{
	if (!view->has_keeper) /* nobody watches; a database that was named is only looked at */
		return context->db ? EXIT_WELL : EXIT_SICK;
	if (!keeper_is_well(&view->keeper, view->wall_ms))
		return EXIT_SICK;
	for (size_t i = 0; i < n; i++)
		if (view_is_bad(view, &units[i]))
			return EXIT_SICK;
	return EXIT_WELL;
}

/* ---- cells ------------------------------------------------------------------ */

static void add_health(struct table *table, const struct verdict *verdict)
{
	char span[32] = "-";

	table_add(table, phrase_health_paint(verdict->health), "%s", health_word(verdict->health));
	if (verdict->since_ms && verdict->when_ms >= verdict->since_ms)
		(void)text_span(span, sizeof(span),
				(verdict->when_ms - verdict->since_ms) / 1000 * 1000);
	table_add(table, PAINT_NONE, "%s", span);
	if (verdict->score >= 0)
		table_add(table, PAINT_NONE, "%.2f", (double)verdict->score);
	else
		table_add(table, PAINT_FAINT, "-");
}

static void add_name(struct table *table, const struct unit_status *status)
{
	char name[PHRASE_SIZE];

	table_add(table, PAINT_NONE, "%s",
		  phrase_unit(name, sizeof(name), status->name, status->flags & UNIT_SYNTHETIC));
}

static void add_measured(struct table *table, const struct sample *sample, enum metric metric)
{
	char value[32];

	if (sample_has(sample, metric))
		table_add(table, PAINT_NONE, "%s",
			  phrase_value(value, sizeof(value), metric, sample->value[metric]));
	else
		table_add(table, PAINT_FAINT, "-");
}

/* ---- the overview ----------------------------------------------------------- */

static int print_troubles(const struct view *view)
{
	static const struct column columns[] = {
		{ .head = "UNIT", .wraps = true }, { .head = "HEALTH" },
		{ .head = "FOR", .right = true },  { .head = "SCORE", .right = true },
		{ .head = "WHAT", .wraps = true }, { .head = "BEING DONE", .wraps = true },
	};
	CLEANUP(table_freep) struct table *table = NULL;
	char text[PHRASE_SIZE];
	size_t n = 0;
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < view->n_units; i++) {
		const struct present *present = &view->unit[i];

		if (!view_is_trouble(present))
			continue;
		n++;
		add_name(table, &present->status);
		add_health(table, &present->verdict);
		table_add(table, PAINT_NONE, "%s", view_trouble(text, sizeof(text), view, present));
		table_add(table, PAINT_NONE, "%s", view_answer(text, sizeof(text), view, present));
	}
	if (n > 0)
		return output_table(view->output, table);
	output_line(view->output, PAINT_NONE, "Nothing is sick or unusual.");
	return 0;
}

/* A unit's group in one of the lists below, in words; false: it is in none. */
typedef bool grouping(const struct present *present, char *text, size_t size);

static bool group_learning(const struct present *present, char *text, size_t size)
{
	if (present->verdict.health != HEALTH_LEARNING)
		return false;
	(void)phrase_left(text, size, present->verdict.learn_left_s);
	return true;
}

static bool group_watched(const struct present *present, char *text, size_t size)
{
	enum why why;

	if (present->status.kind == UNIT_KIND_HOST || present->verdict.health == HEALTH_DOWN)
		return false; /* there is nothing that could be healed */
	why = policy_by_nature(&present->status);
	(void)text_format(text, size, "%s", why_sentence(why));
	return why != WHY_ALLOWED;
}

/* The units from the i-th on that have its text, as one line. */
static void print_group(const struct view *view, size_t i, grouping *group, const char *label,
			const char *text)
{
	CLEANUP(cleanup_free) char *names = NULL;
	char other[PHRASE_SIZE];
	size_t size, n = 0;
	FILE *file = open_memstream(&names, &size);

	if (!file)
		return;
	for (; i < view->n_units; i++) {
		if (!group(&view->unit[i], other, sizeof(other)) || strcmp(text, other) != 0)
			continue;
		fputs(n++ ? ", " : "", file);
		fputs(view->unit[i].status.name, file);
	}
	if (fclose(file) == 0)
		output_field(view->output, label, PAINT_NONE, "%s (%zu): %s", text, n, names);
}

static void print_groups(const struct view *view, grouping *group, const char *label)
{
	char text[PHRASE_SIZE], other[PHRASE_SIZE];
	size_t before;

	for (size_t i = 0; i < view->n_units; i++) {
		if (!group(&view->unit[i], text, sizeof(text)))
			continue;
		for (before = 0; before < i; before++)
			if (group(&view->unit[before], other, sizeof(other)) &&
			    strcmp(text, other) == 0)
				break;
		if (before < i)
			continue; /* it was listed with that one */
		output_raw(view->output, *label ? "\n" : "");
		print_group(view, i, group, label, text);
		label = "";
	}
}

static void print_counts(const struct view *view, bool all)
{
	static const enum health order[] = { HEALTH_SICK,    HEALTH_UNUSUAL, HEALTH_LEARNING,
					     HEALTH_HEALTHY, HEALTH_DOWN,    HEALTH_UNKNOWN };
	size_t count[HEALTH_N] = { 0 };
	char text[256] = "", *at = text;

	for (size_t i = 0; i < view->n_units; i++)
		if ((size_t)view->unit[i].verdict.health < HEALTH_N)
			count[view->unit[i].verdict.health]++;
	for (size_t i = 0; i < HEALTH_N; i++)
		if (count[order[i]] > 0)
			at += snprintf(at, (size_t)(text + sizeof(text) - at), "%s%zu %s",
				       at > text ? ", " : "", count[order[i]],
				       health_word(order[i]));
	output_line(view->output, PAINT_NONE, "%zu units: %s.%s", view->n_units,
		    *text ? text : "none", all ? "" : " 'selfhealctl status --all' lists them.");
}

static int print_overview(const struct view *view)
{
	int r;

	r = print_troubles(view);
	if (r < 0)
		return r;
	print_groups(view, group_learning, "Learning:");
	print_groups(view, group_watched, "Only watched:");
	output_raw(view->output, "\n");
	print_counts(view, false);
	return 0;
}

/* ---- all of them ------------------------------------------------------------ */

/* A core that is busy all the time is 100 %, as everywhere. */
static void add_cpu(struct table *table, const struct sample *sample)
{
	char value[32];

	if (sample_has(sample, METRIC_CPU))
		table_add(table, PAINT_NONE, "%s",
			  text_quantity(value, sizeof(value), "ratio", sample->value[METRIC_CPU]));
	else
		table_add(table, PAINT_FAINT, "-");
}

static void add_note(struct table *table, const struct view *view, const struct present *present)
{
	char trouble[PHRASE_SIZE], text[PHRASE_SIZE];

	if (view_is_trouble(present))
		table_add(table, PAINT_NONE, "%s; %s",
			  view_trouble(trouble, sizeof(trouble), view, present),
			  view_answer(text, sizeof(text), view, present));
	else if (group_watched(present, text, sizeof(text)))
		table_add(table, PAINT_FAINT, "only watched: %s", text);
	else if (group_learning(present, text, sizeof(text)))
		table_add(table, PAINT_FAINT, "%s", text);
	else
		table_add(table, PAINT_NONE, "%s", "");
}

static int print_all(const struct view *view)
{
	static const struct column columns[] = {
		{ .head = "UNIT", .wraps = true },  { .head = "HEALTH" },
		{ .head = "FOR", .right = true },   { .head = "SCORE", .right = true },
		{ .head = "CPU", .right = true },   { .head = "MEMORY", .right = true },
		{ .head = "TASKS", .right = true }, { .head = "NOTE", .wraps = true },
	};
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < view->n_units; i++) {
		const struct sample *sample = &view->unit[i].sample;

		add_name(table, &view->unit[i].status);
		add_health(table, &view->unit[i].verdict);
		add_cpu(table, sample);
		add_measured(table, sample,
			     sample_has(sample, METRIC_MEMORY) ? METRIC_MEMORY : METRIC_RSS);
		add_measured(table, sample, METRIC_THREADS);
		add_note(table, view, &view->unit[i]);
	}
	r = output_table(view->output, table);
	if (r < 0)
		return r;
	output_raw(view->output, "\n");
	print_counts(view, true);
	return 0;
}

/* ---- the command ------------------------------------------------------------- */

static void print_json(const struct view *view, const struct present *units, size_t n)
{
	output_raw(view->output, "{\"keeper\":");
	if (view->has_keeper)
		reader_json_keeper(view->output->file, &view->keeper,
				   keeper_time(&view->keeper, view->wall_ms));
	else
		output_raw(view->output, "null");
	output_raw(view->output, ",\"units\":[");
	for (size_t i = 0; i < n; i++) {
		output_raw(view->output, i ? ",\n" : "\n");
		reader_json_present(view->output->file, &units[i]);
	}
	output_raw(view->output, "]}\n");
}

/* No present: the daemon never ran here, or this is a copy of the past. */
static int print_past(const struct view *view)
{
	CLEANUP(cleanup_free) struct story *stories = NULL;
	size_t n;
	int r;

	r = reader_stories(view->reader, NULL, 0, PAST_STORIES, &stories, &n);
	if (r < 0)
		return r;
	output_headline(
		view->output, PAINT_FAINT,
		"nothing is known of the present: the healer has never run here, or has only "
		"just begun; the past:");
	if (n == 0) {
		output_line(view->output, PAINT_NONE, "No incident so far.");
		return 0;
	}
	return story_table(view->output, stories, n, view->wall_ms);
}

static int status_of_unit(const struct context *context, const struct view *view, const char *name)
{
	const struct present *present = view_find(view, name);
	int r;

	if (!present) {
		log_error("no unit '%s' is watched now", name);
		log_info("its past, if it has one: selfhealctl history %s", name);
		return EXIT_USAGE;
	}
	if (context->json) {
		print_json(view, present, 1);
	} else {
		if (!keeper_is_well(&view->keeper, view->wall_ms))
			keeper_print(view->output, &view->keeper, view->wall_ms);
		r = detail_print(view, present);
		if (r < 0)
			return log_error_errno(r, "cannot show '%s'", name);
	}
	return exit_code_of(context, view, present, 1);
}

static int status_of_all(const struct context *context, const struct view *view)
{
	int r = 0;

	if (context->json) {
		print_json(view, view->unit, view->n_units);
	} else if (!view->has_keeper) {
		r = print_past(view);
	} else {
		keeper_print(view->output, &view->keeper, view->wall_ms);
		output_raw(view->output, "\n");
		r = context->all ? print_all(view) : print_overview(view);
	}
	if (r < 0)
		return log_error_errno(r, "cannot show the status");
	return exit_code_of(context, view, view->unit, view->n_units);
}

static int status_run(struct context *context, int argc, char **argv)
{
	CLEANUP(view_clear) struct view view = { 0 };
	int r;

	if (argc > 2)
		return command_usage(&command_status, "one unit at most");
	r = view_read(context->output, context->reader, &view);
	if (r < 0)
		return log_error_errno(r, "cannot read the present state");
	return argc > 1 ? status_of_unit(context, &view, argv[1]) : status_of_all(context, &view);
}

const struct command command_status = {
	.name = "status",
	.usage = "[UNIT]",
	.summary = "what is sick and what is being done about it (this is the default)",
	.details = "First the healer's own health; then what is sick or unusual and what is being "
		   "done\nabout it; then what is still learnt, and what is only watched and why. "
		   "With a\nUNIT, all that is known of it.\n\n"
		   "Exits with 1 if a unit is sick (a simulated one too), if the last heal of an "
		   "open\nincident failed, or if the healer is not running or cannot record.\n",
	.accepts = ACCEPTS_ALL | ACCEPTS_JSON,
	.reads = true,
	.run = status_run,
};
