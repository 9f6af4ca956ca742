/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole days through the judge in simulated time: a text says what befalls the
 * simulated services, and which incidents must come of it. Usage: sim FILE...
 *
 *	seed 3                   of the simulator and of the forests
 *	set [Judge] TrustSec=0   a line of the configuration
 *	last 12h                 how long the day is
 *	at 6h memory-leak sim-web.service
 *	expect sim-web.service memory-growth healed from 6h within 3min
 *	                         called sick by that rule in that time, by an incident whose last outcome
 *	                         is that word ("none": nothing was attempted)
 *
 * Every incident in which a unit was sick must be expected, each expectation met by one incident.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "judge/judge.h"
#include "record/config.h"
#include "sense/simulator.h"

#define LINES_MAX   64
#define WALL_ZERO   UINT64_C(1750000000000)
#define START_MS    SECONDS(1) /* 0 means "not yet" in many records */
#define RULES	    "packaging/conf/rules.d"
#define CONFIG_TEXT 1024

struct event {
	uint64_t at_ms;
	char fault[32], unit[64];
	bool done;
};

struct expectation {
	char unit[64], rule[RULE_NAME_SIZE], outcome[32];
	uint64_t from_ms, within_ms;
	bool met;
};

struct day {
	const char *file;
	uint64_t seed, last_ms;
	char config[CONFIG_TEXT];
	size_t n_events, n_expectations;
	struct event event[LINES_MAX];
	struct expectation expectation[LINES_MAX];
};

/* One simulated host: units by number, and the incident that each has now. */
struct host {
	struct day *day;
	struct simulator *simulator;
	struct judge *judge;
	struct incident incident[SIMULATOR_UNITS];
	uint64_t sick_ms[SIMULATOR_UNITS];	 /* when it was called sick in that incident */
	struct attempt attempt[SIMULATOR_UNITS]; /* state ATTEMPT_RUNNING: in flight */
	unsigned int n_failed;
};

static uint32_t number(const char *name, void *userdata)
{
	(void)userdata;
	for (uint32_t i = 0; simulator_unit_name(i); i++)
		if (strcmp(simulator_unit_name(i), name) == 0)
			return i + 1;
	return 0;
}

/* ---- the text ------------------------------------------------------------ */

static int read_config_line(struct day *day, const char *text)
{
	size_t used = strlen(day->config);
	const char *end = strchr(text, ']');

	if (!end)
		return -EINVAL;
	return text_format(day->config + used, sizeof(day->config) - used, "%.*s\n%s\n",
			   (int)(end + 1 - text), text, end + 1 + strspn(end + 1, " "));
}

static int read_event(struct day *day, const char *line)
{
	struct event *event = &day->event[day->n_events];
	char at[32];

	if (day->n_events == LINES_MAX ||
	    sscanf(line, "at %31s %31s %63s", at, event->fault, event->unit) != 3)
		return -EINVAL;
	day->n_events++;
	return text_parse_span(at, &event->at_ms);
}

static int read_expectation(struct day *day, const char *line)
{
	struct expectation *expectation = &day->expectation[day->n_expectations];
	char from[32], within[32];
	int r;

	if (day->n_expectations == LINES_MAX ||
	    sscanf(line, "expect %63s %31s %31s from %31s within %31s", expectation->unit,
		   expectation->rule, expectation->outcome, from, within) != 5)
		return -EINVAL;
	day->n_expectations++;
	r = text_parse_span(from, &expectation->from_ms);
	return r < 0 ? r : text_parse_span(within, &expectation->within_ms);
}

static int read_line(struct day *day, const char *line)
{
	if (*line == '#' || *line == '\0')
		return 0;
	if (strncmp(line, "seed ", 5) == 0)
		return text_parse_u64(line + 5, &day->seed);
	if (strncmp(line, "last ", 5) == 0)
		return text_parse_span(line + 5, &day->last_ms);
	if (strncmp(line, "set ", 4) == 0)
		return read_config_line(day, line + 4);
	if (strncmp(line, "at ", 3) == 0)
		return read_event(day, line);
	if (strncmp(line, "expect ", 7) == 0)
		return read_expectation(day, line);
	return -EINVAL;
}

static int read_day(const char *file, struct day *day)
{
	char line[256];
	unsigned int n = 0;
	FILE *stream = fopen(file, "re");
	int r = 0;

	memset(day, 0, sizeof(*day));
	day->file = file;
	if (!stream) {
		(void)printf("%s: cannot read it: %s\n", file, strerror(errno));
		return -errno;
	}
	while (r >= 0 && fgets(line, sizeof(line), stream)) {
		n++;
		line[strcspn(line, "\n")] = '\0';
		r = read_line(day, line);
		if (r < 0)
			(void)printf("%s:%u: cannot understand '%s'\n", file, n, line);
	}
	(void)fclose(stream);
	return r;
}

/* ---- the day -------------------------------------------------------------- */

static int config_line(const char *path, const char *text, struct config *config)
{
	struct ini_error error = { 0 };
	FILE *stream = fopen(path, "we");
	int r;

	if (!stream)
		return -errno;
	(void)fputs(text, stream);
	(void)fclose(stream);
	r = config_load_file(path, config, &error);
	(void)remove(path);
	if (r < 0)
		(void)printf("%s\n", error.text);
	return r;
}

static int make_host(struct day *day, struct host *host)
{
	static const char *const folders[] = { RULES };
	static struct rulebook rulebook;
	struct judge_setup setup = {
		.rulebook = &rulebook, .seed = day->seed, .next_incident = 1, .next_decision = 1
	};
	struct ini_error error = { 0 };
	char path[] = "/tmp/selfheal-sim-XXXXXX";
	int r, fd;

	memset(host, 0, sizeof(*host));
	host->day = day;
	config_defaults(&setup.config);
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	cleanup_close(&fd);
	r = config_line(path, day->config, &setup.config);
	if (r < 0)
		return r;
	r = rules_load(folders, 1, rulebook.rule, &rulebook.n, &error);
	if (r < 0) {
		(void)printf("%s\n", error.text);
		return r;
	}
	setup.can_act[WAY_SIMULATOR] = setup.can_act[WAY_MOCK] = true;
	r = simulator_new(day->seed, number, NULL, &host->simulator);
	return r < 0 ? r : judge_new(&setup, &host->judge);
}

static void break_things(struct host *host, uint64_t now_ms)
{
	for (size_t i = 0; i < host->day->n_events; i++) {
		struct event *event = &host->day->event[i];
		int r;

		if (event->done || now_ms < event->at_ms)
			continue;
		event->done = true;
		r = simulator_inject(host->simulator, event->fault, event->unit, now_ms);
		if (r < 0) {
			(void)printf("%s: cannot inject %s into %s: %s\n", host->day->file,
				     event->fault, event->unit, strerror(-r));
			host->n_failed++;
		}
	}
}

/* What the healer does: ask the simulator, tell the judge when the unit is up again. */
static void heal(struct host *host, size_t i, const struct finding *finding, uint64_t now_ms)
{
	struct attempt *attempt = &host->attempt[i];

	if (finding->decided && decision_disturbs(&finding->decision)) {
		*attempt = (struct attempt) { .decision = finding->decision.id,
					      .unit = finding->decision.unit,
					      .way = finding->decision.way,
					      .state = ATTEMPT_RUNNING };
		(void)simulator_restart(host->simulator, attempt->unit, now_ms);
	}
	if (attempt->state != ATTEMPT_RUNNING ||
	    !simulator_is_up(host->simulator, attempt->unit, now_ms))
		return;
	attempt->state = ATTEMPT_DONE;
	attempt->result = ATTEMPT_RESULT_DONE;
	attempt->ended_ms = now_ms;
	judge_attempt(host->judge, attempt);
}

static bool meets(const struct expectation *expectation, const struct incident *incident,
		  uint64_t sick_ms)
{
	const char *outcome =
		incident->outcome == OUTCOME_NONE ? "none" : outcome_word(incident->outcome);

	return !expectation->met && number(expectation->unit, NULL) == incident->unit &&
	       strcmp(expectation->rule, incident->rule) == 0 &&
	       strcmp(expectation->outcome, outcome) == 0 && sick_ms >= expectation->from_ms &&
	       sick_ms <= expectation->from_ms + expectation->within_ms;
}

/* An incident is over, or the day is: was it foreseen? */
static void account_for(struct host *host, const struct incident *incident)
{
	uint64_t sick_ms;
	char span[32];

	if (incident->id == 0 || incident->worst != HEALTH_SICK)
		return; /* none, or only unusual */
	sick_ms = host->sick_ms[incident->unit - 1];
	for (size_t i = 0; i < host->day->n_expectations; i++)
		if (meets(&host->day->expectation[i], incident, sick_ms)) {
			host->day->expectation[i].met = true;
			return;
		}
	host->n_failed++;
	(void)printf("%s: not expected: %s sick by %s at %s, outcome %s\n", host->day->file,
		     simulator_unit_name(incident->unit - 1), incident->rule,
		     text_span(span, sizeof(span), sick_ms), outcome_word(incident->outcome));
}

static int tick(struct host *host, uint64_t now_ms)
{
	const struct unit_status *status;
	const struct sample *samples;
	struct finding finding;
	int r;

	simulator_take(host->simulator, now_ms, WALL_ZERO + now_ms, 1000, &samples, &status);
	for (size_t i = 0; i < SIMULATOR_UNITS; i++) {
		r = judge_take(host->judge, &samples[i], &status[i], true, &finding);
		if (r < 0)
			return r;
		heal(host, i, &finding, now_ms);
		if (finding.sick_began && finding.verdict.health == HEALTH_SICK)
			host->sick_ms[i] = now_ms;
		if (!finding.incident_changed)
			continue;
		host->incident[i] = finding.incident;
		if (finding.incident.closed_ms != 0) {
			account_for(host, &finding.incident);
			host->incident[i].id = 0;
		}
	}
	return 0;
}

/* Returns how many things went wrong. */
static unsigned int live(struct day *day)
{
	struct host host;
	int r;

	r = make_host(day, &host);
	for (uint64_t now_ms = START_MS; r >= 0 && now_ms <= day->last_ms; now_ms += 1000) {
		break_things(&host, now_ms);
		r = tick(&host, now_ms);
	}
	for (size_t i = 0; i < SIMULATOR_UNITS; i++)
		account_for(&host, &host.incident[i]);
	for (size_t i = 0; i < day->n_expectations; i++) {
		const struct expectation *expectation = &day->expectation[i];

		if (expectation->met)
			continue;
		host.n_failed++;
		(void)printf("%s: did not happen: %s %s %s\n", day->file, expectation->unit,
			     expectation->rule, expectation->outcome);
	}
	(void)judge_free(host.judge);
	(void)simulator_free(host.simulator);
	return host.n_failed + (r < 0);
}

int main(int argc, char **argv)
{
	static struct day day;
	unsigned int n_failed = 0;

	for (int i = 1; i < argc; i++) {
		bool failed = read_day(argv[i], &day) < 0 || live(&day) != 0;

		(void)printf("%s %s\n", failed ? "not ok" : "ok", argv[i]);
		n_failed += failed;
	}
	(void)printf("%d passed, %u failed\n", argc - 1 - (int)n_failed, n_failed);
	return n_failed || argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
