/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's log lines about units. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "announce.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define LINE_SIZE 512

/* "rss 212.0M (normally 98.0M)"; "" where no metric leads. */
static const char *describe_lead(char *line, size_t size, uint32_t lead, double value,
				 double expected)
{
	char now[32], normal[32];
	const char *quantity;

	line[0] = '\0';
	if (lead >= METRIC_N || isnan(value))
		return line;
	quantity = metric_table[lead].quantity;
	(void)text_quantity(now, sizeof(now), quantity, value);
	if (isnan(expected))
		(void)snprintf(line, size, ": %s %s", metric_table[lead].name, now);
	else
		(void)snprintf(line, size, ": %s %s, normally %s", metric_table[lead].name, now,
			       text_quantity(normal, sizeof(normal), quantity, expected));
	return line;
}

static void say(int priority, const char *name, uint64_t incident, const char *line)
{
	char number[24];
	const struct log_field fields[] = {
		{ "SELFHEAL_UNIT", name },
		{ "SELFHEAL_INCIDENT", number },
	};

	(void)snprintf(number, sizeof(number), "%" PRIu64, incident);
	log_fields(priority, fields, incident ? 2 : 1, "%s", line);
}

static const char *mark(uint32_t flags)
{
	return flags & SAMPLE_SYNTHETIC ? " (simulated)" : "";
}

static bool may_notice(struct announcer *announcer, uint64_t wall_ms)
{
	uint64_t day = wall_ms / DAYS(1);

	if (announcer->day != day) {
		announcer->day = day;
		announcer->n_notices = 0;
	}
	return announcer->n_notices++ < announcer->notices_per_day;
}

static void announce_trouble(struct announcer *announcer, const struct finding *finding,
			     const char *name)
{
	const struct verdict *verdict = &finding->verdict;
	char line[LINE_SIZE], lead[160];
	bool sick = verdict->health == HEALTH_SICK;

	if (!sick && !may_notice(announcer, verdict->wall_ms))
		return;
	(void)describe_lead(lead, sizeof(lead), verdict->lead, verdict->lead_value,
			    verdict->lead_expected);
	if (verdict->rule[0])
		(void)snprintf(line, sizeof(line), "%s%s is %s%s (rule %s, held for %us)", name,
			       mark(verdict->flags), health_word(verdict->health), lead,
			       verdict->rule, verdict->held_s);
	else
		(void)snprintf(line, sizeof(line), "%s%s is %s%s", name, mark(verdict->flags),
			       health_word(verdict->health), lead);
	say(sick ? LOG_WARNING : LOG_NOTICE, name, finding->incident.id, line);
}

static void announce_decision(const struct finding *finding, const char *name)
{
	const struct decision *decision = &finding->decision;
	char line[LINE_SIZE];

	if (decision->why == WHY_ALLOWED)
		(void)snprintf(line, sizeof(line), "%s%s: decided to %s, by %s", name,
			       mark(decision->flags), action_word(decision->action),
			       way_word(decision->way));
	else
		(void)snprintf(line, sizeof(line), "%s%s: no %s, because %s", name,
			       mark(decision->flags), action_word(decision->action),
			       why_sentence(decision->why));
	say(LOG_NOTICE, name, decision->incident, line);
}

static void announce_outcome(const struct finding *finding, const char *name)
{
	const struct outcome *outcome = &finding->outcome;
	char line[LINE_SIZE], lead[160];
	bool well = outcome->result == OUTCOME_HEALED;

	(void)describe_lead(lead, sizeof(lead), outcome->lead, outcome->value_after, NAN);
	if (well)
		(void)snprintf(line, sizeof(line),
			       "%s%s is healed: read again from its new run, back in its normal "
			       "range%s",
			       name, mark(outcome->flags), lead);
	else if (outcome->result == OUTCOME_MOCKED)
		(void)snprintf(line, sizeof(line),
			       "%s%s would have been restarted (mock mode: nothing was touched)",
			       name, mark(outcome->flags));
	else
		(void)snprintf(line, sizeof(line), "%s%s is NOT healed, the outcome is: %s%s", name,
			       mark(outcome->flags), outcome_word(outcome->result), lead);
	say(well || outcome->result == OUTCOME_MOCKED ? LOG_NOTICE : LOG_WARNING, name,
	    finding->incident.id, line);
}

void announce_finding(struct announcer *announcer, const struct finding *finding, const char *name)
{
	if (finding->sick_began)
		announce_trouble(announcer, finding, name);
	if (finding->concluded)
		announce_outcome(finding, name);
	if (finding->decided)
		announce_decision(finding, name);
}

/* Where our client is: beside us, as in a build folder, or on the PATH. */
static void find_client(char *path, size_t size)
{
	char self[256];
	const char *slash;
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash && strncmp(self, "/usr/", 5) != 0 &&
	    text_format(path, size, "%.*s/selfhealctl", (int)(slash - self), self) == 0 &&
	    access(path, X_OK) == 0)
		return;
	(void)snprintf(path, size, "selfhealctl");
}

void announce_start(const struct keeper *keeper, const char *state_dir)
{
	static const char *const tiers[] = {
		"0: files of /proc and of cgroups",
		"1: kernel iterators",
		"2: kernel iterators and rare-event tracepoints",
	};
	CLEANUP(cleanup_free) char *absolute = realpath(state_dir, NULL);
	char client[256];

	log_notice("watching %u units, once a second (from: %s%s)", keeper->n_units, keeper->source,
		   keeper->simulates ? ", and two simulated services" : "");
	if (keeper->speed == 1)
		log_notice("telemetry tier %s%s%s", tiers[keeper->tier < 3 ? keeper->tier : 0],
			   keeper->limit[0] ? "; no higher one because: " : "", keeper->limit);
	else
		log_notice("simulated time runs %u times faster; this host's units are not watched",
			   keeper->speed);
	log_notice("healing mode: %s; state in %s", keeper->mode, absolute ? absolute : state_dir);
	find_client(client, sizeof(client));
	log_notice("in a second terminal: %s --state-dir %s status", client,
		   absolute ? absolute : state_dir);
}

void announce_attempt(const struct attempt *attempt, const char *name)
{
	char line[LINE_SIZE];
	bool failed =
		attempt->result != ATTEMPT_RESULT_DONE && attempt->result != ATTEMPT_RESULT_MOCKED;

	if (attempt->state != ATTEMPT_DONE)
		return;
	(void)snprintf(line, sizeof(line), "%s: the restart by %s ended: %s%s%s", name,
		       way_word(attempt->way), attempt_result_word(attempt->result),
		       attempt->job[0] ? ", " : "", attempt->job);
	say(failed ? LOG_WARNING : LOG_INFO, name, 0, line);
}
