/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A small invented fleet: services with a daily rhythm, noise and faults, whose
 * samples take the same road as real ones and are marked synthetic everywhere. A
 * fault ends only by an action of the healer (a restart really clears it), or
 * after SIMULATOR_FAULT_MS. Pure: seed and time are arguments.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/record.h"

#define SIMULATOR_UNITS	   2
#define SIMULATOR_FAULT_MS (UINT64_C(6) * 3600 * 1000) /* far beyond any demo */

struct simulator;

typedef uint32_t simulator_number(const char *name, void *userdata);

/* -ENOSPC: no number left for one of its names. */
int simulator_new(uint64_t seed, simulator_number *number, void *userdata, struct simulator **ret);
struct simulator *simulator_free(struct simulator *simulator);
DEFINE_CLEANUP(struct simulator *, simulator_free)

/* One sample of each service at that moment, SIMULATOR_UNITS of them; the arrays are the
 * simulator's until the next call. Moments only go forward, at any span: a past can be served first
 * at 10 s, then the present at 1 s. As of a real unit, the first sample of a run has span 0 and
 * levels only, and one that is down has none. */
void simulator_take(struct simulator *simulator, uint64_t when_ms, uint64_t wall_ms,
		    uint32_t span_ms, const struct sample **ret_samples,
		    const struct unit_status **ret_status);

/* Put a fault ("cpu-spike", "memory-leak") into a service. -ENOENT: no such unit; -EINVAL: no such
 * fault; -EALREADY: it is ill already. */
int simulator_inject(struct simulator *simulator, const char *fault, const char *unit,
		     uint64_t when_ms);
/* A restart: the fault is gone, the invocation another one; it is up again after a few seconds.
 * -ENOENT: no such unit; -EALREADY: one is under way. */
int simulator_restart(struct simulator *simulator, uint32_t unit, uint64_t when_ms);
/* Up again since that restart? */
bool simulator_is_up(const struct simulator *simulator, uint32_t unit, uint64_t when_ms);
/* The names, for messages: NULL after the last. */
const char *simulator_fault_name(size_t i);
const char *simulator_unit_name(size_t i);
