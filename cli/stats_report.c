/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all incidents of a time come to, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/phrase.h"
#include "cli/stats_report.h"
#include "cli/stats_would.h"

#define NUMBER_SIZE 48
#define UNITS_TOLD  8 /* the others are a number: who wants them all takes --json */

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Adds one more to a list that is a text. */
static void add(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void add(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	if (used > 0)
		used += (size_t)snprintf(text + used, size - used, ", ");
	if (used >= size)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

static void add_number(char *text, size_t size, const char *what, size_t n)
{
	if (n > 0)
		add(text, size, "%zu %s", n, what);
}

/* ---- what there was ---------------------------------------------------------------- */

static void print_kinds(const struct output *output, const struct stats_part *part)
{
	char text[PHRASE_SIZE] = "";

	for (int i = 0; i < FAULT_CLASS_N; i++)
		add_number(text, sizeof(text), fault_class_word((enum fault_class)i),
			   part->n_class[i]);
	add_number(text, sizeof(text), "only unusual", part->n_unusual);
	add_number(text, sizeof(text), "asked for by hand", part->n_by_hand);
	output_field(output, "Kinds:", PAINT_NONE, "%s", text);
}

static void print_units(const struct output *output, const struct stats_part *part, bool synthetic)
{
	char name[PHRASE_SIZE], text[UNITS_TOLD * (UNIT_NAME_SIZE + NUMBER_SIZE)] = "";
	size_t n = part->n_units < UNITS_TOLD ? part->n_units : UNITS_TOLD;

	for (size_t i = 0; i < n; i++)
		add_number(text, sizeof(text),
			   phrase_unit(name, sizeof(name), part->unit[i].name, synthetic),
			   part->unit[i].n_incidents);
	if (n < part->n_units)
		add(text, sizeof(text), "and %zu more units", part->n_units - n);
	output_field(output, "Units:", PAINT_NONE, "%s", text);
}

/* ---- what was done ----------------------------------------------------------------- */

static void print_heals_by(const struct output *output, enum way way,
			   const struct stats_heals *heals, const char *label)
{
	char text[PHRASE_SIZE] = "", failed[PHRASE_SIZE / 2] = "";
	size_t n_failed = 0;

	for (int i = 0; i < OUTCOME_N; i++)
		if (phrase_outcome_is_failure((enum outcome_result)i)) {
			n_failed += heals->result[i];
			add_number(failed, sizeof(failed), outcome_word((enum outcome_result)i),
				   heals->result[i]);
		}
	add_number(text, sizeof(text), "proven", heals->result[OUTCOME_HEALED]);
	add_number(text, sizeof(text), "by hand, up again", heals->result[OUTCOME_RESTARTED]);
	if (n_failed > 0)
		add(text, sizeof(text), "%zu failed (%s)", n_failed, failed);
	add_number(text, sizeof(text), "refused", heals->n_refused);
	add_number(text, sizeof(text), "not proven, for nobody was there to look",
		   heals->result[OUTCOME_UNKNOWN]);
	add_number(text, sizeof(text), "without an outcome yet", heals->result[OUTCOME_NONE]);
	output_field(output, label, n_failed + heals->n_refused > 0 ? PAINT_BAD : PAINT_NONE,
		     "%zu by %s: %s", heals->n, way == WAY_NONE ? "nobody" : way_word(way), text);
}

static void print_downtime(const struct output *output, const struct stats_heals *heals)
{
	char span[NUMBER_SIZE];

	if (heals->n_timed == 0)
		output_field(output, "Downtime:", PAINT_NONE,
			     "not known: of no restart it is on record how long it took");
	else
		output_field(output, "Downtime:", PAINT_NONE, "%s in %zu restart%s",
			     text_span(span, sizeof(span), heals->down_ms), heals->n_timed,
			     plural(heals->n_timed));
}

/* True: there were any. */
static bool print_heals(const struct output *output, const struct stats_part *part)
{
	bool any = false;

	for (int way = 0; way < WAY_N; way++) {
		if (part->heals[way].n == 0)
			continue;
		print_heals_by(output, (enum way)way, &part->heals[way], any ? "" : "Heals:");
		print_downtime(output, &part->heals[way]);
		any = true;
	}
	if (!any)
		output_field(output, "Heals:", PAINT_NONE, "none");
	if (part->n_notices > 0)
		output_field(output, "Notices:", PAINT_NONE, "%zu", part->n_notices);
	return any;
}

/* The most frequent answer that is less frequent than the one before, or as frequent and behind it. */
static enum why next_answer(const struct stats_part *part, enum why before)
{
	enum why next = WHY_ALLOWED;

	for (int i = WHY_ALLOWED + 1; i < WHY_N; i++) {
		size_t n = part->n_no[i], n_before = part->n_no[before];

		if (before != WHY_ALLOWED && (n > n_before || (n == n_before && i <= (int)before)))
			continue;
		if (n > part->n_no[next])
			next = (enum why)i;
	}
	return next;
}

static void print_answers(const struct output *output, const struct stats_part *part)
{
	const char *label = "Said no:";

	for (enum why why = next_answer(part, WHY_ALLOWED); why != WHY_ALLOWED;
	     why = next_answer(part, why)) {
		output_field(output, label, PAINT_NONE, "in %zu incident%s: %s", part->n_no[why],
			     plural(part->n_no[why]), why_sentence(why));
		label = "";
	}
}

/* ---- how long it took -------------------------------------------------------------- */

static void print_times(const struct output *output, const struct stats_part *part, bool has_heals)
{
	if (part->spread[SPAN_DETECT].n == 0) { /* then none of the others is, either */
		output_field(output, "Times:", PAINT_NONE, "not known: no onset is on record");
		return;
	}
	stats_print_spread(output, "Noted:", "", &part->spread[SPAN_DETECT]);
	if (!has_heals)
		return;
	stats_print_spread(output, "Acted:", "", &part->spread[SPAN_ACT]);
	stats_print_spread(output, "Served again:", "", &part->spread[SPAN_SERVED]);
	stats_print_spread(output, "Proven:", "", &part->spread[SPAN_PROVEN]);
}

/* ---- all of it ---------------------------------------------------------------------- */

static void print_part(const struct output *output, const struct stats_part *part, bool synthetic)
{
	bool has_heals;

	print_kinds(output, part);
	print_units(output, part, synthetic);
	if (part->n_passed > 0)
		output_field(output, "Passed:", PAINT_NONE, "%zu, with nothing done",
			     part->n_passed);
	has_heals = print_heals(output, part);
	print_answers(output, part);
	print_times(output, part, has_heals);
	stats_print_would(output, part, synthetic);
}

static void print_head(const struct output *output, const struct stats *stats,
		       enum stats_realm realm)
{
	const struct stats_part *part = &stats->part[realm];
	char since[NUMBER_SIZE], open[NUMBER_SIZE] = "";

	if (part->n_open > 0)
		(void)snprintf(open, sizeof(open), ", %zu of them still open", part->n_open);
	output_headline(output, part->n_open > 0 ? PAINT_BAD : PAINT_NOTICE,
			"%zu incident%s of %zu %sunit%s since %s%s%s", part->n_incidents,
			plural(part->n_incidents), part->n_units,
			realm == STATS_SIMULATED ? "simulated " : "", plural(part->n_units),
			text_moment(since, sizeof(since), stats->since_wall_ms), open,
			realm == STATS_SIMULATED ? "; these are counted apart" : "");
}

void stats_report(const struct output *output, const struct stats *stats)
{
	char since[NUMBER_SIZE];

	for (int realm = 0; realm < STATS_REALM_N; realm++) {
		const struct stats_part *part = &stats->part[realm];

		if (part->n_incidents > 0) {
			output_raw(output, realm == STATS_SIMULATED ? "\n" : "");
			print_head(output, stats, (enum stats_realm)realm);
			print_part(output, part, realm == STATS_SIMULATED);
		} else if (realm == STATS_REAL) {
			output_line(output, PAINT_NONE, "No incident of a real unit since %s.",
				    text_moment(since, sizeof(since), stats->since_wall_ms));
		}
	}
}

void stats_report_none(const struct output *output, const struct stats *stats, const char *unit)
{
	char since[NUMBER_SIZE];

	output_line(output, PAINT_NONE, "No incident%s%s since %s.", unit ? " of " : "",
		    unit ? unit : "", text_moment(since, sizeof(since), stats->since_wall_ms));
}
