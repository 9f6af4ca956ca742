/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the present says of each signal: counted, and as a table. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/signals.h"

#define NOTE_SIZE 512

int signals_read(const struct view *view, struct signal_found found[METRIC_N])
{
	struct signals signals;
	int r;

	memset(found, 0, METRIC_N * sizeof(*found));
	for (size_t i = 0; i < view->n_units; i++)
		signals_count(found, &view->unit[i].status, &view->unit[i].sample);
	r = reader_signals(view->reader, &signals);
	if (r == -ENOMEM)
		return r;
	signals_trace(found, r < 0 ? NULL : &signals); /* of a version that did not tell them */
	return 0;
}

struct signal_place signals_place(const struct view *view)
{
	return (struct signal_place) {
		.tier = view->keeper.tier,
		.source = view->keeper.source,
		.walk_every_ms = view->keeper.walk_every_ms,
	};
}

/* With nothing but the simulator, its units are what there is. */
static void add_units(struct table *table, const struct signal_found *found)
{
	bool only_simulated = found->n_units == 0;

	table_add(table, PAINT_NONE, "%" PRIu32 "/%" PRIu32,
		  only_simulated ? found->n_simulated_known : found->n_known,
		  only_simulated ? found->n_simulated : found->n_units);
}

static void add_signal(struct table *table, enum metric metric, const struct signal_found *found,
		       const struct signal_place *place)
{
	char text[NOTE_SIZE];

	table_add(table, PAINT_NONE, "%s", metric_table[metric].name);
	table_add(table, PAINT_NONE, "%s", signal_sources(text, sizeof(text), found));
	table_add(table, PAINT_NONE, "%" PRIu32, signal_tier(metric));
	add_units(table, found);
	table_add(table, PAINT_NONE, "%s", signal_host(found));
	table_add(table, PAINT_NONE, "%s", signal_cadence(text, sizeof(text), metric, place));
	table_add(table, PAINT_NOTICE, "%s", signal_note(text, sizeof(text), metric, found, place));
}

int signals_print(const struct view *view, const struct signal_found found[METRIC_N])
{
	static const struct column columns[] = {
		{ .head = "SIGNAL" },
		{ .head = "SOURCE", .wraps = true },
		{ .head = "TIER", .right = true },
		{ .head = "UNITS", .right = true },
		{ .head = "HOST" },
		{ .head = "PER", .right = true },
		{ .head = "NOTE", .wraps = true },
	};
	const struct signal_place place = signals_place(view);
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < METRIC_N; i++)
		add_signal(table, (enum metric)i, &found[i], &place);
	return output_table(view->output, table);
}

void signals_json(const struct view *view, const struct signal_found found[METRIC_N])
{
	const struct signal_place place = signals_place(view);

	for (size_t i = 0; i < METRIC_N; i++) {
		output_raw(view->output, i ? ",\n" : "\n");
		reader_json_signal(view->output->file, (enum metric)i, &found[i], &place);
	}
}
