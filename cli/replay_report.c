/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/phrase.h"
#include "cli/replay_lines.h"
#include "cli/replay_report.h"

#define NUMBER_SIZE 48

/* ---- what it is ------------------------------------------------------------------- */

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* "at 1s for 12min, at 10s for 2h" */
static char *phrase_judged(char *buffer, size_t size, const uint64_t judged_s[REPLAY_SPANS])
{
	char span[NUMBER_SIZE], length[NUMBER_SIZE];
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < REPLAY_SPANS && used < size; i++) {
		if (judged_s[i] == 0)
			continue;
		used += (size_t)snprintf(buffer + used, size - used, "%sat %s for %s",
					 used ? ", " : "",
					 text_span(span, sizeof(span), SECONDS(replay_span_s[i])),
					 text_span(length, sizeof(length), SECONDS(judged_s[i])));
	}
	return buffer;
}

static void print_ground(const struct output *output, const struct replay *replay,
			 const struct replay_sums *sums)
{
	char from[NUMBER_SIZE], to[NUMBER_SIZE], judged[PHRASE_SIZE];

	output_field(output, "Replayed:", PAINT_NONE, "%s to %s, %zu unit%s",
		     text_moment(from, sizeof(from), replay->first_wall_ms),
		     text_moment(to, sizeof(to), replay->last_wall_ms), sums->n_units_judged,
		     plural(sums->n_units_judged));
	output_field(output, "Judged:", PAINT_NONE,
		     "%s, over all units; what is shorter than such a span is not seen, and what "
		     "systemd said (failed, start limit, OOM kill, new runs) is not stored",
		     phrase_judged(judged, sizeof(judged), sums->judged_s));
}

static void print_assumptions(const struct output *output, const struct replay *replay,
			      const struct replay_sums *sums)
{
	char learn[NUMBER_SIZE], more[PHRASE_SIZE] = "";

	if (sums->n_units_learning > 0)
		(void)snprintf(more, sizeof(more), "; %zu unit%s never got there",
			       sums->n_units_learning, plural(sums->n_units_learning));
	output_field(
		output, "Learnt:", PAINT_NONE,
		"from nothing: statistics speak of a unit after %s of its health (LearnSec=)%s",
		text_span(learn, sizeof(learn), SECONDS(replay->config->learn_s)), more);
	more[0] = '\0';
	if (sums->n_units_assumed > 0)
		(void)snprintf(more, sizeof(more),
			       "; of the %zu that are not there now, as long-running, Mode=%s",
			       sums->n_units_assumed, mode_word(replay->config->mode));
	output_field(output, "Assumed:", PAINT_NONE,
		     "units were up whenever they were measured, with the nature and Mode= of "
		     "now%s",
		     more);
}

static void print_downtime(const struct output *output, const struct replay *replay,
			   const struct replay_sums *sums)
{
	size_t n_known = replay->n_heals - sums->n_unknown;
	char downtime[NUMBER_SIZE];

	output_field(output, "Heals:", PAINT_NONE,
		     "%zu; each counts in budgets and cool-downs, and cures nothing that was "
		     "recorded: it is tried again while the trouble lasts",
		     replay->n_heals);
	if (n_known > 0)
		output_field(output, "Downtime:", PAINT_NONE,
			     "%s in %zu of them, by what restarts of the unit took (the median)",
			     text_span(downtime, sizeof(downtime), sums->downtime_ms), n_known);
	if (sums->n_unknown > 0)
		output_field(output, n_known > 0 ? "" : "Downtime:", PAINT_NONE,
			     "not known of %zu: no restart of the unit is on record",
			     sums->n_unknown);
}

static void print_reality(const struct output *output, const struct replay *replay,
			  const struct replay_sums *sums)
{
	char missed[PHRASE_SIZE] = "";

	if (sums->n_missed > 0)
		(void)snprintf(missed, sizeof(missed),
			       ", %zu not (%zu for want of samples, %zu while still learning)",
			       sums->n_missed, sums->n_not_judged, sums->n_learning);
	if (replay->n_real == 0)
		output_field(output, "Really:", PAINT_NONE, "no incident is on record");
	else
		output_field(output, "Really:", PAINT_NONE,
			     "%zu incident%s: %zu met again%s; %zu of the replay %s new",
			     replay->n_real, plural(replay->n_real), sums->n_found, missed,
			     sums->n_new, sums->n_new == 1 ? "is" : "are");
}

/* ---- each incident ------------------------------------------------------------------ */

static const struct column columns[] = {
	{ .head = "WHEN" },
	{ .head = "UNIT", .wraps = true },
	{ .head = "WHAT", .wraps = true },
	{ .head = "AT", .right = true },
	{ .head = "WOULD BE DONE", .wraps = true },
	{ .head = "DOWN", .right = true },
	{ .head = "REALLY", .wraps = true },
};

static char *phrase_would(char *buffer, size_t size, const struct output *output,
			  const struct replay_incident *incident, uint64_t now_ms)
{
	uint32_t n = incident->incident.n_attempts;
	enum why why = incident->incident.why;
	char when[NUMBER_SIZE], times[NUMBER_SIZE] = "";

	if (n > 1)
		(void)snprintf(times, sizeof(times), ", the first of %" PRIu32, n);
	if (n > 0)
		(void)snprintf(
			buffer, size, "restart %s%s",
			phrase_moment(when, sizeof(when), output, incident->healed_wall_ms, now_ms),
			times);
	else
		(void)snprintf(buffer, size, "nothing: %s",
			       why == WHY_NOTHING_WANTED ? "no rule asks for it"
							 : why_sentence(why));
	return buffer;
}

static char *phrase_missed(char *buffer, size_t size, const struct replay_real *real)
{
	if (real->n_samples == 0)
		(void)snprintf(buffer, size, "not judged: no samples of the time");
	else if (real->n_learning == real->n_samples)
		(void)snprintf(buffer, size, "not judged: still learning");
	else
		(void)snprintf(buffer, size, "not noticed");
	return buffer;
}

static char *phrase_really(char *buffer, size_t size, const struct replay_line *line)
{
	const struct story *story;
	char done[PHRASE_SIZE], more[NUMBER_SIZE] = "";

	if (!line->real) {
		(void)snprintf(buffer, size, "nothing: it is new");
		return buffer;
	}
	story = line->real->story;
	if (line->incident && line->incident->n_real > 1)
		(void)snprintf(more, sizeof(more), ", and %zu more", line->incident->n_real - 1);
	(void)snprintf(buffer, size, "#%" PRIu64 ": %s%s%s%s", story->incident.id,
		       phrase_done(done, sizeof(done), story), story->has_outcome ? ", " : "",
		       story->has_outcome ? outcome_word(story->outcome.result) : "", more);
	return buffer;
}

static void add_of_replay(const struct output *output, struct table *table,
			  const struct replay *replay, const struct replay_incident *incident,
			  uint64_t now_ms)
{
	char text[PHRASE_SIZE];
	uint64_t downtime_ms = 0;
	bool is_known = replay_downtime_ms(replay, incident, &downtime_ms);

	table_add(table, phrase_health_paint(incident->incident.worst), "%s",
		  phrase_incident(text, sizeof(text), &incident->incident));
	table_add(table, PAINT_NONE, "%s",
		  text_span(text, sizeof(text), SECONDS(incident->span_s)));
	table_add(table, PAINT_NONE, "%s",
		  phrase_would(text, sizeof(text), output, incident, now_ms));
	if (incident->incident.n_attempts == 0)
		table_add(table, PAINT_FAINT, "-");
	else
		table_add(table, PAINT_NONE, "%s",
			  is_known ? text_span(text, sizeof(text), downtime_ms) : "not known");
}

static void add_missed(struct table *table, const struct replay_real *real)
{
	char text[PHRASE_SIZE];

	table_add(table, PAINT_FAINT, "%s",
		  phrase_incident(text, sizeof(text), &real->story->incident));
	table_add(table, PAINT_FAINT, "-");
	table_add(table, PAINT_NOTICE, "%s", phrase_missed(text, sizeof(text), real));
	table_add(table, PAINT_FAINT, "-");
}

static int print_lines(const struct output *output, const struct replay *replay,
		       const struct replay_line *lines, size_t n)
{
	CLEANUP(table_freep) struct table *table = NULL;
	const struct replay_unit *unit;
	char text[PHRASE_SIZE];
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		unit = &replay->unit[lines[i].incident ? lines[i].incident->unit
						       : lines[i].real->unit];
		table_add(table, PAINT_NONE, "%s",
			  phrase_moment(text, sizeof(text), output, lines[i].wall_ms,
					replay->now_ms));
		table_add(table, PAINT_NONE, "%s",
			  phrase_unit(text, sizeof(text), unit->name,
				      unit->status.flags & UNIT_SYNTHETIC));
		if (lines[i].incident)
			add_of_replay(output, table, replay, lines[i].incident, replay->now_ms);
		else
			add_missed(table, lines[i].real);
		table_add(table, PAINT_NONE, "%s", phrase_really(text, sizeof(text), &lines[i]));
	}
	return output_table(output, table);
}

int replay_report_table(const struct output *output, const struct replay *replay)
{
	struct replay_sums sums = replay_sum(replay);
	CLEANUP(cleanup_free) struct replay_line *lines = NULL;
	size_t n;
	int r;

	r = replay_lines(replay, &lines, &n);
	if (r < 0)
		return r;
	output_headline(output,
			phrase_health_paint(sums.n_sick		  ? HEALTH_SICK
					    : replay->n_incidents ? HEALTH_UNUSUAL
								  : HEALTH_HEALTHY),
			"%zu incident%s in the replay, %zu of them sick, with %zu heal%s",
			replay->n_incidents, plural(replay->n_incidents), sums.n_sick,
			replay->n_heals, plural(replay->n_heals));
	print_ground(output, replay, &sums);
	print_assumptions(output, replay, &sums);
	if (replay->n_heals > 0)
		print_downtime(output, replay, &sums);
	print_reality(output, replay, &sums);
	if (n == 0)
		return 0;
	output_raw(output, "\n");
	return print_lines(output, replay, lines, n);
}
