/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A policy that may act in every way, and what it answers. */
#include "judge/policy.h"

/* Of a unit with which all is as it should be. */
extern const struct policy_case fixture_fine;

void fixture_policy(const struct config *config, struct policy *ret);
/* An attempt before this boot. */
void fixture_past(struct policy *policy, uint32_t unit, uint32_t flags, uint64_t wall_ms,
		  bool on_fact);
/* What is decided of fixture_sick() at that time, by a rule on facts or on statistics; it counts when it is
 * allowed. */
struct decision fixture_wanted_at(struct policy *policy, uint64_t when_ms, bool on_fact);
/* The same, on facts. */
struct decision fixture_sick_at(struct policy *policy, uint64_t when_ms);
