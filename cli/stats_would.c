/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mock mode would have done, and what that would have cost. */
#include <stdio.h>

#include "base/text.h"
#include "cli/phrase.h"
#include "cli/stats_would.h"

#define NUMBER_SIZE 48

void stats_print_spread(const struct output *output, const char *label, const char *before,
			const struct spread *spread)
{
	char median[NUMBER_SIZE], most[NUMBER_SIZE], among[2 * NUMBER_SIZE] = " (of one)";

	if (spread->n > 1)
		(void)snprintf(among, sizeof(among), " (median of %zu), %s within %s", spread->n,
			       spread->n < 10 ? "all" : "9 of 10",
			       text_span(most, sizeof(most), spread->p90_ms));
	if (spread->n > 0)
		output_field(output, label, PAINT_NONE, "%s%s after the onset%s", before,
			     text_span(median, sizeof(median), spread->median_ms), among);
	else
		output_field(output, label, PAINT_NONE, "%snot known", before);
}

static const char *done_word(enum action action)
{
	return action == ACTION_RELOAD ? "reloaded" : "restarted";
}

static char *phrase_cost(char *buffer, size_t size, const struct stats_would *would)
{
	char all[NUMBER_SIZE], each[NUMBER_SIZE], more[2 * NUMBER_SIZE];
	uint64_t ms;

	(void)snprintf(more, sizeof(more), ", %s each by the median on record",
		       text_span(each, sizeof(each), would->restart_ms));
	if (would->action == ACTION_RELOAD)
		(void)snprintf(buffer, size, "no downtime");
	else if (!stats_would_downtime(would, &ms))
		(void)snprintf(buffer, size, "not known, no restart of it is on record");
	else
		(void)snprintf(buffer, size, "%s of downtime to be expected%s",
			       text_span(all, sizeof(all), ms), would->n > 1 ? more : "");
	return buffer;
}

static char *phrase_passed(char *buffer, size_t size, const struct stats_would *would)
{
	char span[NUMBER_SIZE], among[NUMBER_SIZE] = "";

	if (would->n > 1)
		(void)snprintf(among, sizeof(among), " after %zu of them", would->n_passed);
	if (would->n_passed > 0)
		(void)snprintf(buffer, size, "the trouble went away by itself%s, within %s", among,
			       text_span(span, sizeof(span), would->passed_ms));
	else
		(void)snprintf(buffer, size, "the trouble did not go away by itself");
	return buffer;
}

static void print_would(const struct output *output, const struct stats_would *would,
			bool synthetic, const char *label)
{
	char name[PHRASE_SIZE], times[NUMBER_SIZE] = "once", cost[PHRASE_SIZE / 4];
	char passed[PHRASE_SIZE / 4];

	if (would->n > 1)
		(void)snprintf(times, sizeof(times), "%zu times", would->n);
	output_field(output, label, PAINT_NONE,
		     "in mock mode I would have %s %s%s %s (%s): %s; cost: %s",
		     done_word(would->action),
		     phrase_unit(name, sizeof(name), would->name, synthetic),
		     would->action == ACTION_RESTART_DEPENDENTS ? " and its dependents" : "", times,
		     would->has_class ? fault_class_word(would->class) : "no rule held",
		     phrase_passed(passed, sizeof(passed), would),
		     phrase_cost(cost, sizeof(cost), would));
}

static void print_cost(const struct output *output, const struct stats_part *part)
{
	size_t n = 0, n_known = 0;
	uint64_t down_ms = 0, ms;
	char span[NUMBER_SIZE], cost[PHRASE_SIZE / 4] = "their downtime is not known";

	for (size_t i = 0; i < part->n_would; i++) {
		n += part->would[i].n;
		if (!stats_would_downtime(&part->would[i], &ms))
			continue;
		n_known += part->would[i].n;
		down_ms += ms;
	}
	(void)text_span(span, sizeof(span), down_ms);
	if (n_known == n)
		(void)snprintf(cost, sizeof(cost), "%s of downtime to be expected", span);
	else if (n_known > 0)
		(void)snprintf(cost, sizeof(cost),
			       "%s of downtime to be expected of %zu of them, not known of %zu",
			       span, n_known, n - n_known);
	output_field(output, "In all:", PAINT_NONE, "%zu heals; %s", n, cost);
}

void stats_print_would(const struct output *output, const struct stats_part *part, bool synthetic)
{
	if (part->n_would == 0)
		return;
	for (size_t i = 0; i < part->n_would; i++)
		print_would(output, &part->would[i], synthetic, i ? "" : "Mock:");
	if (part->n_would > 1)
		print_cost(output, part);
	if (part->would_act.n > 0)
		stats_print_spread(output, "", "I would have acted ", &part->would_act);
}
