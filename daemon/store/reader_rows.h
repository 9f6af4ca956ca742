/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Rows back to records; the bytes are hostile. Each list of columns is in the
 * order in which its function takes them. Part of reader.h.
 */
#include "record/record.h"
#include "store/column.h"

#define READER_INCIDENT_COLUMNS                                                                    \
	"incident.id, incident.unit, incident.flags, onset_ms, onset_wall_ms, opened_ms, "         \
	"opened_wall_ms, closed_ms, closed_wall_ms, worst, score, class, rule, lead, lead_value, " \
	"lead_expected, n_attempts, "                                                              \
	"outcome, why"
#define READER_VERDICT_COLUMNS                                                                     \
	"unit, when_ms, wall_ms, flags, health, since_ms, learn_left_s, score, threshold, "        \
	"generation, lead, lead_share, lead_value, lead_expected, lead_deviation, lead_limit, "    \
	"left_soonest_s, left_latest_s, rule, class, "                                             \
	"wants, on_fact, held_s, for_s"
#define READER_SYMPTOM_COLUMNS                                                                     \
	"expert, metric, value, low, high, expected, share, rare_h, unseen, left_s"
#define READER_DECISION_COLUMNS                                                                    \
	"id, incident, unit, flags, when_ms, wall_ms, action, why, way, budget_left, until_ms, "   \
	"class, rule, lead, lead_value, lead_expected, score, invocation, rung, because, "         \
	"blast"
#define READER_ATTEMPT_COLUMNS                                                                     \
	"decision, unit, way, state, result, started_ms, started_wall_ms, deadline_ms, ended_ms, " \
	"ended_wall_ms, job"
#define READER_OUTCOME_COLUMNS                                                                     \
	"decision, unit, flags, when_ms, wall_ms, result, score_before, score_after, lead, "       \
	"value_before, value_after, normal_low, normal_high, n_samples, invocation, "              \
	"served_ms, served_wall_ms, hurt"
#define READER_KEEPER_COLUMNS                                                                      \
	"pid, started_wall_ms, at_wall_ms, n_ticks, n_units, n_unwatched, tier, limit_text, "      \
	"walk_every_ms, source, mode, simulates, speed, n_lost, cpu_us, tick_us, store, "          \
	"distrust_until_wall_ms"
#define READER_PRESENT_COLUMNS                                                                     \
	"unit, name, aliases, cgroup, kind, active, flags, mode, n_restarts, main_pid, "           \
	"cgroup_id, "                                                                              \
	"identity, changed_ms, invocation, sample_flags, when_ms, wall_ms, span_ms, "              \
	"sample_invocation, have, value, value_age, verdict_flags, health, since_ms, "             \
	"learn_left_s, score, "                                                                    \
	"threshold, generation, lead, lead_share, lead_value, lead_expected, lead_deviation, "     \
	"lead_limit, left_soonest_s, left_latest_s, "                                              \
	"rule, class, wants, on_fact, held_s, for_s, why, age_s, cpu_wait_s, incident"

/* Each takes the columns from columns->at on. -EBADMSG: a value that no writer of this version
 * wrote; *ret is then not to be used. */
int reader_row_incident(struct columns *columns, struct incident *ret);
int reader_row_verdict(struct columns *columns, struct verdict *ret); /* without its symptoms */
int reader_row_symptom(struct columns *columns, struct symptom *ret);
int reader_row_decision(struct columns *columns, struct decision *ret);
int reader_row_attempt(struct columns *columns, struct attempt *ret);
int reader_row_outcome(struct columns *columns, struct outcome *ret);
int reader_row_keeper(struct columns *columns, struct keeper *ret);
int reader_row_present(struct columns *columns, struct present *ret);
