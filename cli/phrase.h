/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Records in words: the same sentence wherever the same thing is told. Numbers
 * come in their quantity, and an unknown one is called unknown. Each writes at
 * most size bytes with the final NUL and returns buffer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output.h"
#include "record/record.h"
#include "store/reader.h"

/* A unit's escaped name and a sentence about it fit, also with all that is disturbed along with it. */
#define PHRASE_SIZE 1280

/* "shop.service", "sim-web.service.service (simulated)" */
char *phrase_unit(char *buffer, size_t size, const char *name, bool synthetic);
/* A value as people read it; "-" if it was not read. */
char *phrase_value(char *buffer, size_t size, uint32_t metric, double value);
/* The metric that led: "rss 412.3M, normal 51.2M"; "" if there is none. */
char *phrase_lead(char *buffer, size_t size, uint32_t lead, double value, double expected);
/* What it is about: its trouble, or "asked for by hand". */
char *phrase_incident(char *buffer, size_t size, const struct incident *incident);
/* What is wrong: "memory-growth: rss 412.3M, normal 51.2M", "unusual: cpu ...". */
char *phrase_trouble(char *buffer, size_t size, const char *rule, uint32_t lead, double value,
		     double expected);
/* The same of what is now, and when it meets its limit if that is what the rule speaks of:
 * "memory-limit: rss 480.0M, normal 210.0M, meets its limit of 512.0M in 9min to 14min". */
char *phrase_verdict(char *buffer, size_t size, const struct verdict *verdict);
/* What was done: "restart by systemd", "mock: would restart", "nothing: its budget is spent". */
char *phrase_done(char *buffer, size_t size, const struct story *story);
/* What is being done now about a unit in trouble; story NULL: nothing is on record of it yet. */
char *phrase_answer(char *buffer, size_t size, const struct present *present,
		    const struct story *story);
/* One step of a story: "asked systemd to restart it; ...", "HEALED: rss 50.1M, ...". */
char *phrase_step(char *buffer, size_t size, const struct step *step);
/* The same of an attempt, of which the step alone does not say what was asked for. */
char *phrase_attempt(char *buffer, size_t size, const struct attempt *attempt, enum action action);
/* An action as a noun and as a verb: "restart", "reload". */
const char *phrase_action(enum action action);
/* How long after its onset: "noted after 4s, acted after 6s, served again after 9s, proven after 29s", as
 * far as these are known; "": none is. */
char *phrase_times(char *buffer, size_t size, const struct story *story);

/* What a unit was seen to be like then: its verdict as a step of a story. */
char *phrase_seen(char *buffer, size_t size, const struct verdict *verdict);
/* One thing that spoke of trouble: "rss 411.0M, above its normal range of ...; 46% of the score". */
char *phrase_symptom(char *buffer, size_t size, const struct symptom *symptom);

/* Until a unit is learnt, no finer than anybody wants it, so that many units share one text. */
char *phrase_left(char *buffer, size_t size, uint32_t left_s);
/* When: on a terminal without the date if that is today's. */
char *phrase_moment(char *buffer, size_t size, const struct output *output, uint64_t wall_ms,
		    uint64_t now_ms);

/* Did a heal not do what it was for? Mocked and unknown ones have failed at nothing. */
bool phrase_outcome_is_failure(enum outcome_result result);

enum paint phrase_health_paint(enum health health);
enum paint phrase_outcome_paint(enum outcome_result result);
