/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The simulated services inside the daemon: their past, their samples, and the
 * actuator that really restarts them. They live on a clock of their own, a day
 * ahead of the host's boot clock, so that a day of simulated past fits before
 * the first tick of a host that booted a minute ago.
 */
#include "base/cleanup.h"
#include "heal/actuator.h"
#include "judge/judge.h"
#include "record/edge.h"
#include "record/record.h"

struct simulation;

typedef uint32_t simulation_number(const char *name, void *userdata);

int simulation_new(simulation_number *number, void *userdata, struct simulation **ret);
struct simulation *simulation_free(struct simulation *simulation);
DEFINE_CLEANUP(struct simulation *, simulation_free)

/* Teach the judge a simulated day that ends now. */
int simulation_past(struct simulation *simulation, struct judge *judge, uint64_t when_ms,
		    uint64_t wall_ms);
/* One tick; SIMULATOR_UNITS of each, the simulation's until the next call. */
void simulation_take(struct simulation *simulation, uint64_t when_ms, uint64_t wall_ms,
		     const struct sample **ret_samples, const struct unit_status **ret_status);
/* Is that number one of its services'? simulation may be NULL. */
bool simulation_owns(const struct simulation *simulation, uint32_t unit);
/* One fault that is to come, and is said when it does; the names are borrowed. -EINVAL: there is no such
 * fault, or service. */
int simulation_plan(struct simulation *simulation, const char *fault, const char *unit,
		    uint64_t when_ms);
/* As simulator_inject(), now. */
int simulation_inject(struct simulation *simulation, const char *fault, const char *unit,
		      uint64_t when_ms);
/* Who of its services talks to whom, and how often so far: -ENOMEM. */
int simulation_edges(const struct simulation *simulation, struct edge_list *ret);
struct actuator simulation_actuator(struct simulation *simulation);
