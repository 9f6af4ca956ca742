/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all incidents of a time come to: real, mocked and simulated ones apart, and nothing invented. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/stats_report.h"
#include "fixture_store.h"
#include "store/reader.h"
#include "store/writer.h"
#include "tests/unit/assertion.h"

static struct writer *writer;
static struct reader *reader;
static struct stats stats;
static uint64_t next_decision;

static void begin(void)
{
	place_make();
	writer = place_begin(BOUND);
	next_decision = 1;
}

static void end(void)
{
	stats_clear(&stats);
	reader = reader_close(reader);
	writer = writer_close(writer);
	place_remove();
}

TestSuite(stats, .init = begin, .fini = end);

/* One of that unit which began at noon and the given seconds, was noted 4 s later, and was over after a
 * minute. */
static struct incident keep_incident(uint64_t id, const char *unit, uint64_t at_s, bool synthetic)
{
	struct incident incident = place_incident(id, writer_number(unit, writer));

	incident.flags = synthetic ? SAMPLE_SYNTHETIC : 0;
	incident.class = FAULT_CLASS_MEMORY;
	incident.onset_ms = SECONDS(at_s + 1);
	incident.onset_wall_ms = NOON + SECONDS(at_s);
	incident.opened_wall_ms = incident.onset_wall_ms + 4000;
	incident.closed_ms = incident.opened_ms + 56000;
	incident.closed_wall_ms = incident.onset_wall_ms + 60000;
	cr_assert(zero(int, writer_incident(writer, &incident)));
	return incident;
}

/* What was decided after so many seconds. */
static struct decision keep_decision(const struct incident *incident, uint64_t after_s,
				     enum why why, enum way way)
{
	struct decision decision = place_decision(next_decision++, incident);

	decision.flags = incident->flags;
	decision.class = incident->class;
	decision.wall_ms = incident->onset_wall_ms + SECONDS(after_s);
	decision.why = why;
	decision.way = why == WHY_ALLOWED ? way : WAY_NONE;
	cr_assert(zero(int, writer_decision(writer, &decision)));
	return decision;
}

static void keep_attempt(const struct decision *decision, uint64_t took_ms,
			 enum attempt_result result)
{
	struct attempt attempt = place_attempt(decision);

	attempt.started_wall_ms = decision->wall_ms;
	attempt.ended_ms = attempt.started_ms + took_ms;
	attempt.ended_wall_ms = attempt.started_wall_ms + took_ms;
	attempt.result = result;
	cr_assert(zero(int, writer_attempt(writer, &attempt)));
}

static void keep_outcome(const struct decision *decision, enum outcome_result result,
			 uint64_t served_after_ms)
{
	struct outcome outcome = place_outcome(decision);

	outcome.result = result;
	outcome.wall_ms = decision->wall_ms + 20000;
	outcome.served_wall_ms = served_after_ms ? decision->wall_ms + served_after_ms : 0;
	cr_assert(zero(int, writer_outcome(writer, &outcome)));
}

/* A restart by systemd after so many seconds, done in so many ms and proven 20 s later. */
static void keep_healed(uint64_t id, uint64_t after_s, uint64_t took_ms)
{
	struct incident incident = keep_incident(id, "shop.service", id * 100, false);
	struct decision decision = keep_decision(&incident, after_s, WHY_ALLOWED, WAY_SYSTEMD);

	keep_attempt(&decision, took_ms, ATTEMPT_RESULT_DONE);
	keep_outcome(&decision, OUTCOME_HEALED, took_ms + 1000);
}

/* A mocked restart after 6 s, of an incident that then went away by itself or is still open. */
static void keep_mocked(uint64_t id, const char *unit, bool passed)
{
	struct incident incident = keep_incident(id, unit, id * 100, false);
	struct decision decision = keep_decision(&incident, 6, WHY_ALLOWED, WAY_MOCK);

	keep_attempt(&decision, 0, ATTEMPT_RESULT_MOCKED);
	keep_outcome(&decision, OUTCOME_MOCKED, 0);
	if (passed)
		return;
	incident.closed_ms = incident.closed_wall_ms = 0;
	cr_assert(zero(int, writer_incident(writer, &incident)));
}

static const struct stats_part *part_of(const char *unit, uint64_t since_ms, enum stats_realm realm)
{
	writer = writer_close(writer);
	cr_assert(zero(int, reader_open(PAST, NULL, &reader)), "%s", reader_problem());
	cr_assert(zero(int, reader_stats(reader, unit, since_ms, &stats)));
	return &stats.part[realm];
}

static char *report(void)
{
	char *text = NULL;
	size_t size;
	struct output output = { .file = open_memstream(&text, &size) };

	stats_report(&output, &stats);
	(void)fclose(output.file);
	return text;
}

static char *json(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	reader_json_stats(out, &stats);
	(void)fclose(out);
	return text;
}

static char *report_none(const char *unit)
{
	char *text = NULL;
	size_t size;
	struct output output = { .file = open_memstream(&text, &size) };

	stats_report_none(&output, &stats, unit);
	(void)fclose(output.file);
	return text;
}

static void assert_told(const char *text, const char *part)
{
	cr_assert(ne(ptr, strstr(text, part), NULL), "\"%s\" is not in:\n%s", part, text);
}

Test(stats, of_no_incident_all_is_nothing)
{
	const struct stats_part *part = part_of(NULL, 0, STATS_REAL);

	cr_assert(zero(sz, part->n_incidents));
	cr_assert(zero(sz, part->n_units));
	cr_assert(zero(sz, part->spread[SPAN_DETECT].n));
	cr_assert(zero(sz, part->n_would));
}

Test(stats, of_no_incident_one_sentence_is_told)
{
	char *text;

	(void)part_of(NULL, NOON, STATS_REAL);
	text = report_none("shop");
	assert_told(text, "No incident of shop since 2025-12-01 ");
	cr_assert(eq(ptr, strchr(text, '\n'), text + strlen(text) - 1), "%s", text);
	free(text);
}

Test(stats, times_are_medians_of_what_was_really_done)
{
	const struct stats_part *part;

	keep_healed(1, 6, 800);
	keep_healed(2, 8, 1200);
	keep_healed(3, 30, 400);
	part = part_of(NULL, 0, STATS_REAL);
	cr_assert(eq(sz, part->spread[SPAN_DETECT].n, 3));
	cr_assert(eq(u64, part->spread[SPAN_DETECT].median_ms, 4000));
	cr_assert(eq(u64, part->spread[SPAN_ACT].median_ms, 8000));
	cr_assert(eq(u64, part->spread[SPAN_ACT].p90_ms, 30000));
	cr_assert(eq(u64, part->spread[SPAN_SERVED].median_ms, 8000 + 1200 + 1000));
	cr_assert(eq(u64, part->spread[SPAN_PROVEN].median_ms, 28000));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n, 3));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].result[OUTCOME_HEALED], 3));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n_timed, 3));
	cr_assert(eq(u64, part->heals[WAY_SYSTEMD].down_ms, 2400));
	cr_assert(eq(sz, part->n_class[FAULT_CLASS_MEMORY], 3));
	cr_assert(zero(sz, part->n_passed), "each was healed");
}

Test(stats, what_is_unknown_is_in_no_median)
{
	struct incident incident = keep_incident(1, "shop.service", 0, false);
	const struct stats_part *part;

	incident.onset_ms = incident.onset_wall_ms = 0;
	cr_assert(zero(int, writer_incident(writer, &incident)));
	keep_incident(2, "shop.service", 100, false);
	part = part_of(NULL, 0, STATS_REAL);
	cr_assert(eq(sz, part->n_incidents, 2));
	cr_assert(eq(sz, part->spread[SPAN_DETECT].n, 1));
	cr_assert(eq(u64, part->spread[SPAN_DETECT].median_ms, 4000));
	cr_assert(zero(sz, part->spread[SPAN_ACT].n));
	cr_assert(zero(sz, part->spread[SPAN_SERVED].n));
}

Test(stats, of_several_heals_the_first_began_and_the_last_ended_it)
{
	struct incident incident = keep_incident(1, "shop.service", 0, false);
	struct decision first = keep_decision(&incident, 6, WHY_ALLOWED, WAY_SYSTEMD);
	struct decision second = keep_decision(&incident, 40, WHY_ALLOWED, WAY_SYSTEMD);
	const struct stats_part *part;

	keep_attempt(&first, 800, ATTEMPT_RESULT_DONE);
	keep_outcome(&first, OUTCOME_UNCHANGED, 0);
	keep_attempt(&second, 900, ATTEMPT_RESULT_DONE);
	keep_outcome(&second, OUTCOME_HEALED, 2000);
	part = part_of(NULL, 0, STATS_REAL);
	cr_assert(eq(u64, part->spread[SPAN_ACT].median_ms, 6000));
	cr_assert(eq(u64, part->spread[SPAN_SERVED].median_ms, 42000));
	cr_assert(eq(u64, part->spread[SPAN_PROVEN].median_ms, 60000));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n, 2));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].result[OUTCOME_UNCHANGED], 1));
}

Test(stats, only_restarts_whose_end_is_known_are_downtime)
{
	struct incident incident = keep_incident(1, "shop.service", 0, false);
	struct decision refused = keep_decision(&incident, 6, WHY_ALLOWED, WAY_SYSTEMD);
	struct decision lost = keep_decision(&incident, 7, WHY_ALLOWED, WAY_SYSTEMD);
	struct decision late = keep_decision(&incident, 8, WHY_ALLOWED, WAY_SYSTEMD);
	const struct stats_part *part;

	keep_attempt(&refused, 5, ATTEMPT_RESULT_REFUSED);
	keep_outcome(&refused, OUTCOME_JOB_FAILED, 0);
	keep_attempt(&lost, 3600000, ATTEMPT_RESULT_LOST);
	keep_outcome(&lost, OUTCOME_UNKNOWN, 0);
	keep_attempt(&late, 90000, ATTEMPT_RESULT_TIMEOUT);
	part = part_of(NULL, 0, STATS_REAL);
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n, 3));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n_refused, 1));
	cr_assert(zero(sz, part->heals[WAY_SYSTEMD].result[OUTCOME_JOB_FAILED]), "counted once");
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].result[OUTCOME_UNKNOWN], 1));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].result[OUTCOME_NONE], 1));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n_timed, 1));
	cr_assert(eq(u64, part->heals[WAY_SYSTEMD].down_ms, 90000));
}

Test(stats, an_answer_counts_once_an_incident)
{
	struct incident first = keep_incident(1, "shop.service", 0, false);
	struct incident second = keep_incident(2, "bank.service", 100, false);
	const struct stats_part *part;
	char *text;

	(void)keep_decision(&first, 6, WHY_COOLING_DOWN, WAY_NONE);
	(void)keep_decision(&first, 9, WHY_UNIT_BUDGET_SPENT, WAY_NONE);
	(void)keep_decision(&first, 12, WHY_COOLING_DOWN, WAY_NONE);
	(void)keep_decision(&second, 6, WHY_UNIT_BUDGET_SPENT, WAY_NONE);
	part = part_of(NULL, 0, STATS_REAL);
	cr_assert(eq(sz, part->n_no[WHY_COOLING_DOWN], 1));
	cr_assert(eq(sz, part->n_no[WHY_UNIT_BUDGET_SPENT], 2));
	cr_assert(eq(sz, part->n_passed, 2), "nothing was done of either");
	text = report();
	assert_told(text, "Said no: in 2 incidents: its budget is spent\n"
			  "              in 1 incident: it is cooling down");
	assert_told(text, "Passed: 2, with nothing done\n");
	assert_told(text, "Heals: none\n");
	free(text);
}

Test(stats, simulated_ones_are_counted_apart)
{
	struct incident incident = keep_incident(1, "sim-web.service", 0, true);
	struct decision decision = keep_decision(&incident, 6, WHY_ALLOWED, WAY_SIMULATOR);
	const struct stats_part *part;
	char *text;

	keep_attempt(&decision, 2900, ATTEMPT_RESULT_DONE);
	keep_outcome(&decision, OUTCOME_HEALED, 3000);
	keep_healed(2, 6, 800);
	part = part_of(NULL, 0, STATS_SIMULATED);
	cr_assert(eq(sz, part->n_incidents, 1));
	cr_assert(eq(sz, part->heals[WAY_SIMULATOR].n, 1));
	cr_assert(eq(u64, part->heals[WAY_SIMULATOR].down_ms, 2900));
	part = &stats.part[STATS_REAL];
	cr_assert(eq(sz, part->n_incidents, 1));
	cr_assert(zero(sz, part->heals[WAY_SIMULATOR].n));
	cr_assert(eq(u64, part->spread[SPAN_SERVED].median_ms, 7800));
	text = report();
	assert_told(text, "1 incident of 1 unit since");
	assert_told(text, "1 shop.service\n");
	assert_told(text, "1 incident of 1 simulated unit since");
	assert_told(text, "; these are counted apart\n");
	assert_told(text, "1 sim-web.service (simulated)\n");
	free(text);
}

Test(stats, what_mock_mode_would_have_done_is_no_heal)
{
	const struct stats_part *part;

	keep_mocked(1, "shop.service", true);
	keep_mocked(2, "shop.service", true);
	keep_mocked(3, "shop.service", false);
	part = part_of(NULL, 0, STATS_REAL);
	for (int way = 0; way < WAY_N; way++)
		cr_assert(zero(sz, part->heals[way].n));
	cr_assert(zero(sz, part->spread[SPAN_ACT].n), "nothing was done");
	cr_assert(eq(u64, part->would_act.median_ms, 6000));
	cr_assert(eq(sz, part->n_would, 1));
	cr_assert(eq(sz, part->would[0].n, 3));
	cr_assert(eq(sz, part->would[0].n_passed, 2));
	cr_assert(eq(u64, part->would[0].passed_ms, 54000), "from the mocked heal to the end");
	cr_assert(eq(sz, part->n_passed, 2));
	cr_assert(eq(sz, part->n_open, 1));
}

Test(stats, a_cost_that_is_not_known_is_called_so)
{
	uint64_t ms = 7;
	char *text;

	keep_mocked(1, "shop.service", true);
	keep_mocked(2, "shop.service", false);
	cr_assert(not(stats_would_downtime(&part_of(NULL, 0, STATS_REAL)->would[0], &ms)));
	cr_assert(eq(u64, ms, 7));
	text = report();
	assert_told(text,
		    "Mock: in mock mode I would have restarted shop.service 2 times (memory): "
		    "the trouble went away by itself after 1 of them, within 54s; cost: not "
		    "known, no restart of it is on record\n");
	assert_told(text, "I would have acted 6s after the onset (median of 2), all within 6s\n");
	free(text);
	text = json();
	assert_told(text, "\"n\":2,\"n_passed\":1,\"passed_ms\":54000,\"downtime_ms\":null}");
	free(text);
}

Test(stats, a_cost_is_what_restarts_of_the_unit_took)
{
	uint64_t ms = 0;
	char *text;

	keep_healed(1, 6, 800);
	keep_mocked(2, "shop.service", true);
	keep_mocked(3, "shop.service", true);
	keep_mocked(4, "bank.service", false);
	(void)part_of(NULL, 0, STATS_REAL);
	cr_assert(stats_would_downtime(&stats.part[STATS_REAL].would[1], &ms));
	cr_assert(eq(u64, ms, 1600));
	text = report();
	assert_told(text, "; cost: 1.6s of downtime to be expected, 0.8s each by the median on "
			  "record\n");
	assert_told(text, "restarted bank.service once (memory): the trouble did not go away by "
			  "itself; cost: not known");
	assert_told(text,
		    "In all: 3 heals; 1.6s of downtime to be expected of 2 of them, not known "
		    "of 1\n");
	free(text);
}

Test(stats, they_are_of_one_unit_or_of_a_time)
{
	const struct stats_part *part;

	keep_incident(1, "shop.service", 0, false);
	keep_incident(2, "bank.service", 100, false);
	keep_incident(3, "shop.service", 200, false);
	part = part_of("shop.service", NOON + SECONDS(61), STATS_REAL);
	cr_assert(eq(sz, part->n_incidents, 1), "the first was over by then");
	cr_assert(eq(sz, part->n_units, 1));
	cr_assert(eq(str, part->unit[0].name, "shop.service"));
	stats_clear(&stats);
	cr_assert(zero(int, reader_stats(reader, "nosuch.service", 0, &stats)));
	cr_assert(zero(sz, stats.part[STATS_REAL].n_incidents));
}

Test(stats, the_most_afflicted_unit_comes_first)
{
	char *text;

	keep_incident(1, "bank.service", 0, false);
	keep_incident(2, "shop.service", 100, false);
	keep_incident(3, "shop.service", 200, false);
	(void)part_of(NULL, 0, STATS_REAL);
	text = report();
	assert_told(text, "Units: 2 shop.service, 1 bank.service\n");
	free(text);
}

Test(stats, a_row_that_cannot_be_is_passed_over_and_said)
{
	const struct stats_part *part;

	keep_healed(1, 6, 800);
	keep_healed(2, 6, 800);
	writer = writer_close(writer);
	(void)place_ask("selfheal.db", "UPDATE decision SET way = 'magic' WHERE id = 1");
	(void)place_ask("selfheal.db", "UPDATE outcome SET result = 'wonder' WHERE decision = 2");
	part = part_of(NULL, 0, STATS_REAL);
	cr_assert(eq(sz, part->n_incidents, 2));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].n, 1));
	cr_assert(eq(sz, part->heals[WAY_SYSTEMD].result[OUTCOME_NONE], 1));
	cr_assert(ne(ptr, (void *)reader_notice(reader), NULL));
}

Test(stats, json_is_json_and_says_what_is_simulated)
{
	char *text, sql[32 * 1024];

	keep_incident(1, "shop\"\x1b.service", 0, false);
	keep_mocked(2, "shop.service", true);
	keep_incident(3, "sim-web.service", 0, true);
	(void)part_of(NULL, 0, STATS_REAL);
	text = json();
	cr_assert(eq(ptr, strchr(text, '\''), NULL), "it would end the SQL: %s", text);
	(void)snprintf(sql, sizeof(sql), "SELECT json_valid('%s')", text);
	cr_assert(eq(i64, place_ask("selfheal.db", sql), 1), "%s", text);
	assert_told(text, "{\"name\":null,\"since_wall_ms\":0,\"real\":{\"synthetic\":false,"
			  "\"n_incidents\":2,");
	assert_told(text, "\"simulated\":{\"synthetic\":true,\"n_incidents\":1,");
	assert_told(text, "\"detect\":{\"n\":2,\"median_ms\":4000,\"p90_ms\":4000}");
	assert_told(text, "\"proven\":{\"n\":0,\"median_ms\":null,\"p90_ms\":null}");
	free(text);
}
