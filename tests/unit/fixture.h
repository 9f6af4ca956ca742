/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Builders of records for tests: a healthy service, its samples, evidence about it, a rule. */
#include "judge/evidence.h"
#include "judge/policy.h"
#include "record/record.h"
#include "record/rulefile.h"

#define FIXTURE_UNIT 7u

/* An active, long-running service that anyone may restart; invocation bytes are all `run`. */
struct unit_status fixture_status(const char *name, uint8_t run);
/* One second of that run: rss as given, a little of everything else. */
struct sample fixture_sample(uint64_t when_ms, uint8_t run, double rss_bytes);
/* Evidence about that sample, of a unit whose rss is 90M to 110M, median 100M, spread 4M. */
struct evidence fixture_evidence(const struct sample *sample);
/* rss.beyond > 16M and rss.ratio > 1.3, for 20 s, class memory, restart. */
struct rule fixture_memory_rule(void);
/* failed >= 1, for 5 s, class crash, restart. */
struct rule fixture_failed_rule(void);
/* A verdict that wants a restart for memory. */
struct verdict fixture_sick(uint64_t when_ms);
/* The defaults, but enforcing, from the first second of a boot on, and without calling people. */
struct config fixture_config(void);

#define MIB 1048576.0
