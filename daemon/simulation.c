/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets the daemon watch, break and heal simulated services. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "sense/simulator.h"
#include "simulation.h"

#define PAST_MS	     DAYS(1)
#define PAST_STEP_MS SECONDS(10)
#define SEED	     UINT64_C(20240229) /* any; the same fleet at each start */

struct simulation {
	struct simulator *simulator;
	uint32_t unit[SIMULATOR_UNITS];
	uint64_t last_ms; /* host's clock; 0: no tick yet */
	uint64_t n_ticks;
	/* The fault that is to come; when_ms 0: none. */
	struct plan {
		const char *fault, *unit;
		uint64_t when_ms;
	} plan;
};

int simulation_new(simulation_number *number, void *userdata, struct simulation **ret)
{
	CLEANUP(simulation_freep) struct simulation *simulation = calloc(1, sizeof(*simulation));
	int r;

	if (!simulation)
		return -ENOMEM;
	r = simulator_new(SEED, number, userdata, &simulation->simulator);
	if (r < 0)
		return r;
	for (size_t i = 0; i < SIMULATOR_UNITS; i++)
		simulation->unit[i] = number(simulator_unit_name(i), userdata);
	*ret = TAKE(simulation);
	return 0;
}

struct simulation *simulation_free(struct simulation *simulation)
{
	if (simulation)
		(void)simulator_free(simulation->simulator);
	free(simulation);
	return NULL;
}

int simulation_past(struct simulation *simulation, struct judge *judge, uint64_t when_ms,
		    uint64_t wall_ms)
{
	const struct unit_status *status;
	const struct sample *samples;
	struct finding finding;
	int r;

	for (uint64_t ago_ms = PAST_MS; ago_ms > 0; ago_ms -= PAST_STEP_MS) {
		simulator_take(simulation->simulator, when_ms + PAST_MS - ago_ms, wall_ms - ago_ms,
			       PAST_STEP_MS, &samples, &status);
		for (size_t i = 0; i < SIMULATOR_UNITS; i++) {
			r = judge_take(judge, &samples[i], &status[i], false, &finding);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static void inject_when_due(struct simulation *simulation, uint64_t when_ms)
{
	struct plan *plan = &simulation->plan;
	int r;

	if (plan->when_ms == 0 || when_ms < plan->when_ms)
		return;
	plan->when_ms = 0;
	r = simulation_inject(simulation, plan->fault, plan->unit, when_ms);
	if (r < 0)
		(void)log_error_errno(r, "cannot inject %s into %s", plan->fault, plan->unit);
	else
		log_notice("%s (simulated) falls ill: %s", plan->unit, plan->fault);
}

void simulation_take(struct simulation *simulation, uint64_t when_ms, uint64_t wall_ms,
		     const struct sample **ret_samples, const struct unit_status **ret_status)
{
	uint64_t span_ms = simulation->last_ms ? when_ms - simulation->last_ms : SECONDS(1);

	inject_when_due(simulation, when_ms);
	simulation->last_ms = when_ms;
	simulation->n_ticks++;
	simulator_take(simulation->simulator, when_ms + PAST_MS, wall_ms, (uint32_t)span_ms,
		       ret_samples, ret_status);
}

static bool is_named(const char *(*name)(size_t i), const char *wanted)
{
	for (size_t i = 0; name(i); i++)
		if (strcmp(name(i), wanted) == 0)
			return true;
	return false;
}

int simulation_plan(struct simulation *simulation, const char *fault, const char *unit,
		    uint64_t when_ms)
{
	if (!is_named(simulator_fault_name, fault) || !is_named(simulator_unit_name, unit))
		return -EINVAL;
	simulation->plan = (struct plan) { fault, unit, when_ms };
	return 0;
}

bool simulation_owns(const struct simulation *simulation, uint32_t unit)
{
	for (size_t i = 0; simulation && i < SIMULATOR_UNITS; i++)
		if (simulation->unit[i] == unit)
			return true;
	return false;
}

int simulation_inject(struct simulation *simulation, const char *fault, const char *unit,
		      uint64_t when_ms)
{
	return simulator_inject(simulation->simulator, fault, unit, when_ms + PAST_MS);
}

/* The first hands a job to the second, at every tick. */
int simulation_edges(const struct simulation *simulation, struct edge_list *ret)
{
	static_assert(SIMULATOR_UNITS == 2, "one talks, one listens");
	const struct edge edge = {
		.client = simulation->unit[0],
		.server = simulation->unit[1],
		.kind = EDGE_TCP,
		.port = 8080,
		.synthetic = true,
		.n_connections = simulation->n_ticks,
	};

	return edge_list_add(ret, &edge);
}

static int restart(void *self, const struct decision *decision, const struct unit_status *status,
		   struct attempt *attempt)
{
	struct simulation *simulation = self;
	int r;

	(void)status;
	r = simulator_restart(simulation->simulator, decision->unit, clock_boot_ms() + PAST_MS);
	if (r < 0) {
		attempt->result = ATTEMPT_RESULT_REFUSED;
		return r;
	}
	return text_format(attempt->job, sizeof(attempt->job), "simulated restart");
}

static int is_up(void *self, struct attempt *attempt)
{
	struct simulation *simulation = self;

	if (!simulator_is_up(simulation->simulator, attempt->unit, clock_boot_ms() + PAST_MS))
		return 0;
	attempt->result = ATTEMPT_RESULT_DONE;
	return 1;
}

struct actuator simulation_actuator(struct simulation *simulation)
{
	return (struct actuator) { .start = restart, .poll = is_up, .self = simulation };
}
