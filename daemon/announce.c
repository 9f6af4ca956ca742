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
#include "base/log.h"
#include "base/text.h"
#include "judge/explain.h"
#include "record/names.h"

#define LINE_SIZE 1280

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

/* ", meets its limit of 512.0M in 9min to 14min"; "" where the rule does not speak of that. */
static const char *describe_limit(char *line, size_t size, const struct verdict *verdict)
{
	char limit[32], left[64];

	line[0] = '\0';
	if (verdict->lead >= METRIC_N || verdict->lead_limit <= 0)
		return line;
	(void)snprintf(line, size, ", meets its limit of %s in %s",
		       text_quantity(limit, sizeof(limit), metric_table[verdict->lead].quantity,
				     verdict->lead_limit),
		       text_span_range(left, sizeof(left), verdict->left_soonest_s,
				       verdict->left_latest_s));
	return line;
}

/* One entry in the journal, about one unit. */
struct entry {
	int priority;
	const char *message_id; /* NULL: nothing that the catalog explains */
	const char *unit;
	uint64_t incident;  /* 0: none */
	float score;	    /* negative: none */
	const char *answer; /* the decision's why, or the outcome; NULL */
	const char *answer_field;
};

static void say(const struct entry *entry, const char *line)
{
	char incident[24], score[24];
	struct log_field fields[LOG_FIELDS_MAX] = { { "SELFHEAL_UNIT", entry->unit } };
	size_t n = 1;

	(void)snprintf(incident, sizeof(incident), "%" PRIu64, entry->incident);
	(void)snprintf(score, sizeof(score), "%.3f", (double)entry->score);
	if (entry->message_id)
		fields[n++] = (struct log_field) { "MESSAGE_ID", entry->message_id };
	if (entry->incident)
		fields[n++] = (struct log_field) { "SELFHEAL_INCIDENT", incident };
	if (entry->score >= 0)
		fields[n++] = (struct log_field) { "SELFHEAL_SCORE", score };
	if (entry->answer)
		fields[n++] = (struct log_field) { entry->answer_field, entry->answer };
	log_fields(entry->priority, fields, n, "%s", line);
}

static const char *mark(uint32_t flags)
{
	return flags & SAMPLE_SYNTHETIC ? " (simulated)" : "";
}

static const char *by_hand(uint32_t flags)
{
	return flags & SAMPLE_BY_HAND ? " (asked for by hand)" : "";
}

/* Also counts it as one of the day. */
static bool may_notice(struct announcer *announcer, const struct verdict *verdict)
{
	const struct symptom *rarest = explain_rarest(verdict);

	return notices_take(&announcer->notices, announcer->notices_per_day, verdict->wall_ms,
			    rarest ? rarest->rare_h : NAN);
}

/* "; never before in 12 h of its health"; "" where that is not known. */
static const char *describe_rarity(char *line, size_t size, const struct verdict *verdict)
{
	const struct symptom *rarest = explain_rarest(verdict);
	char rarity[64] = "";

	if (rarest)
		(void)explain_rarity(rarity, sizeof(rarity), rarest);
	(void)snprintf(line, size, "%s%s", rarity[0] ? "; " : "", rarity);
	return line;
}

static void announce_trouble(struct announcer *announcer, const struct finding *finding,
			     const char *name)
{
	const struct verdict *verdict = &finding->verdict;
	char line[LINE_SIZE], lead[160], limit[128], rarity[80];
	bool sick = verdict->health == HEALTH_SICK;

	if (!sick && !may_notice(announcer, verdict))
		return;
	(void)describe_lead(lead, sizeof(lead), verdict->lead, verdict->lead_value,
			    verdict->lead_expected);
	(void)describe_limit(limit, sizeof(limit), verdict);
	(void)describe_rarity(rarity, sizeof(rarity), verdict);
	if (verdict->rule[0])
		(void)snprintf(line, sizeof(line), "%s%s is %s%s%s%s (rule %s, held for %us)", name,
			       mark(verdict->flags), health_word(verdict->health), lead, limit,
			       rarity, verdict->rule, verdict->held_s);
	else
		(void)snprintf(line, sizeof(line), "%s%s is %s%s%s", name, mark(verdict->flags),
			       health_word(verdict->health), lead, rarity);
	say(&(struct entry) { .priority = sick ? LOG_WARNING : LOG_NOTICE,
			      .message_id = sick ? NAME_MESSAGE_SICK : NULL,
			      .unit = name,
			      .incident = finding->incident.id,
			      .score = verdict->score },
	    line);
}

static void announce_decision(const struct finding *finding, const char *name)
{
	const struct decision *decision = &finding->decision;
	char line[LINE_SIZE];

	if (decision->why == WHY_ALLOWED)
		(void)snprintf(line, sizeof(line), "%s%s: decided to %s, by %s%s%s%s", name,
			       mark(decision->flags), action_word(decision->action),
			       way_word(decision->way), by_hand(decision->flags),
			       decision->blast[0] ? "; also disturbed: " : "", decision->blast);
	else
		(void)snprintf(line, sizeof(line), "%s%s: no %s%s, because %s", name,
			       mark(decision->flags), action_word(decision->action),
			       by_hand(decision->flags), why_sentence(decision->why));
	say(&(struct entry) { .priority = LOG_NOTICE,
			      .message_id = decision->why == WHY_ALLOWED ? NAME_MESSAGE_DECIDED
					    : decision->why == WHY_OTHER_HEALER
						    ? NAME_MESSAGE_OTHER_HEALER
						    : NULL,
			      .unit = name,
			      .incident = decision->incident,
			      .score = decision->score,
			      .answer_field = "SELFHEAL_DECISION",
			      .answer = why_word(decision->why) },
	    line);
}

static void announce_outcome(const struct finding *finding, const char *name)
{
	const struct outcome *outcome = &finding->outcome;
	char line[LINE_SIZE], lead[160];
	bool well = outcome->result == OUTCOME_HEALED, mocked = outcome->result == OUTCOME_MOCKED;
	bool anew = outcome->result == OUTCOME_RESTARTED;

	(void)describe_lead(lead, sizeof(lead), outcome->lead, outcome->value_after, NAN);
	if (well)
		(void)snprintf(line, sizeof(line),
			       "%s%s is healed: read again from its new run, back in its normal "
			       "range%s",
			       name, mark(outcome->flags), lead);
	else if (anew)
		(void)snprintf(
			line, sizeof(line),
			"%s%s was restarted by hand and its new run stays up; no rule had held, so "
			"nothing more is proven",
			name, mark(outcome->flags));
	else if (mocked)
		(void)snprintf(line, sizeof(line),
			       "%s%s would have been restarted (mock mode: nothing was touched)",
			       name, mark(outcome->flags));
	else
		(void)snprintf(line, sizeof(line), "%s%s is NOT healed, the outcome is: %s%s", name,
			       mark(outcome->flags), outcome_word(outcome->result), lead);
	say(&(struct entry) { .priority = well || anew || mocked ? LOG_NOTICE : LOG_WARNING,
			      .message_id = well	     ? NAME_MESSAGE_HEALED
					    : anew || mocked ? NULL
							     : NAME_MESSAGE_NOT_HEALED,
			      .unit = name,
			      .incident = finding->incident.id,
			      .score = outcome->score_after,
			      .answer_field = "SELFHEAL_OUTCOME",
			      .answer = outcome_word(outcome->result) },
	    line);
}

/* One line for all that is held back, and what to look at. */
static void announce_storm(const struct finding *finding)
{
	const struct log_field field = { "MESSAGE_ID", NAME_MESSAGE_STORM };

	if (finding->storm == STORM_NEWS_BEGAN)
		log_fields(LOG_ERR, &field, 1,
			   "%u%s units have fallen sick within a minute: look at the host. Nothing "
			   "is healed until one heal has been tried, and proven",
			   finding->n_sick, mark(finding->verdict.flags));
	else if (finding->storm == STORM_NEWS_PROVEN)
		log_fields(LOG_NOTICE, &field, 1,
			   "a heal has been proven, so the others have their turn");
	else
		log_fields(LOG_NOTICE, &field, 1,
			   "no crowd of units is sick any more, so healing goes on");
}

void announce_finding(struct announcer *announcer, const struct finding *finding, const char *name)
{
	if (finding->storm != STORM_NEWS_NONE)
		announce_storm(finding);
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
		"3: kernel iterators, rare-event tracepoints, and deep probes on suspicion",
	};
	static const struct log_field started = { "MESSAGE_ID", NAME_MESSAGE_STARTED };
	CLEANUP(cleanup_free) char *absolute = realpath(state_dir, NULL);
	char client[256];

	log_fields(LOG_NOTICE, &started, 1, "watching %u units, once a second (from: %s%s)",
		   keeper->n_units, keeper->source,
		   keeper->simulates ? ", and two simulated services" : "");
	if (keeper->speed == 1)
		log_notice("telemetry tier %s%s%s", tiers[keeper->tier < 4 ? keeper->tier : 0],
			   keeper->limit[0] ? "; no higher one because: " : "", keeper->limit);
	else
		log_notice("simulated time runs %u times faster; this host's units are not watched",
			   keeper->speed);
	log_notice("healing mode: %s; state in %s", keeper->mode, absolute ? absolute : state_dir);
	find_client(client, sizeof(client));
	if (strcmp(state_dir, NAME_STATE_DIR) == 0) /* where the client looks by itself */
		log_notice("in a second terminal: %s status", client);
	else
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
	(void)snprintf(line, sizeof(line), "%s: the %s by %s ended: %s%s%s", name,
		       action_word(attempt->action), way_word(attempt->way),
		       attempt_result_word(attempt->result), attempt->job[0] ? ", " : "",
		       attempt->job);
	say(&(struct entry) { .priority = failed ? LOG_WARNING : LOG_INFO,
			      .message_id = attempt->result == ATTEMPT_RESULT_REFUSED
						    ? NAME_MESSAGE_REFUSED
						    : NULL,
			      .unit = name,
			      .score = -1,
			      .answer_field = "SELFHEAL_ATTEMPT",
			      .answer = attempt_result_word(attempt->result) },
	    line);
}

void announce_store(enum store_state state, const char *state_dir)
{
	bool well = state == STORE_WELL;
	const struct log_field field = { "MESSAGE_ID",
					 well ? NAME_MESSAGE_STORE_BACK : NAME_MESSAGE_STORE_GONE };

	if (well)
		log_fields(LOG_NOTICE, &field, 1, "decisions can be recorded again");
	else
		log_fields(LOG_ERR, &field, 1,
			   "decisions cannot be recorded (the past is %s), so nothing is healed "
			   "until they can: look at the disk of %s",
			   store_state_word(state), state_dir);
}
