/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts in flight: asked, running, done. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "heal/healer.h"

struct healer {
	const struct actuator *actuator[WAY_N]; /* NULL: there is none */
	healer_tell *tell;
	void *userdata;
	size_t n;
	struct attempt attempt[HEALER_ATTEMPTS_MAX];
};

int healer_new(const struct actuator *mock, const struct actuator *systemd,
	       const struct actuator *simulator, healer_tell *tell, void *userdata,
	       struct healer **ret)
{
	struct healer *healer = calloc(1, sizeof(*healer));

	if (!healer)
		return -ENOMEM;
	healer->actuator[WAY_MOCK] = mock;
	healer->actuator[WAY_SYSTEMD] = systemd;
	healer->actuator[WAY_SIMULATOR] = simulator;
	healer->tell = tell;
	healer->userdata = userdata;
	*ret = healer;
	return 0;
}

struct healer *healer_free(struct healer *healer)
{
	free(healer);
	return NULL;
}

static void finish(struct healer *healer, struct attempt *attempt, enum attempt_result result,
		   uint64_t when_ms, uint64_t wall_ms)
{
	attempt->state = ATTEMPT_DONE;
	attempt->result = result;
	attempt->ended_ms = when_ms;
	attempt->ended_wall_ms = wall_ms;
	healer->tell(attempt, healer->userdata);
}

/* To call people is no attempt on the unit, and may take them a while. */
static const struct attempt *in_flight(const struct healer *healer, const struct decision *decision)
{
	if (decision->action == ACTION_NOTIFY)
		return NULL;
	for (size_t i = 0; i < healer->n; i++)
		if (healer->attempt[i].unit == decision->unit &&
		    healer->attempt[i].action != ACTION_NOTIFY)
			return &healer->attempt[i];
	return NULL;
}

int healer_submit(struct healer *healer, const struct decision *decision,
		  const struct unit_status *status, uint64_t when_ms, uint64_t wall_ms)
{
	const struct actuator *actuator = healer->actuator[decision->way];
	struct attempt attempt = {
		.decision = decision->id,
		.unit = decision->unit,
		.action = decision->action,
		.way = decision->way,
		.state = ATTEMPT_ASKED,
		.started_ms = when_ms,
		.started_wall_ms = wall_ms,
		.deadline_ms = when_ms + HEALER_DEADLINE_MS,
	};
	int r;

	assert(decision->why == WHY_ALLOWED && decision->action != ACTION_NONE);
	if (!actuator || !actuator->start)
		return -EOPNOTSUPP;
	if (in_flight(healer, decision))
		return -EALREADY;
	if (healer->n == HEALER_ATTEMPTS_MAX)
		return -ENOSPC;

	healer->tell(&attempt, healer->userdata);
	r = actuator->start(actuator->self, decision, status, &attempt);
	if (r < 0) {
		finish(healer, &attempt, attempt.result ?: ATTEMPT_RESULT_REFUSED, when_ms,
		       wall_ms);
		return 0;
	}
	attempt.state = ATTEMPT_RUNNING;
	healer->attempt[healer->n++] = attempt;
	healer->tell(&attempt, healer->userdata);
	return 0;
}

/* ATTEMPT_RESULT_NONE: not yet. */
static enum attempt_result look(const struct healer *healer, struct attempt *attempt,
				uint64_t when_ms)
{
	const struct actuator *actuator = healer->actuator[attempt->way];

	if (actuator->poll(actuator->self, attempt))
		return attempt->result;
	return when_ms >= attempt->deadline_ms ? ATTEMPT_RESULT_TIMEOUT : ATTEMPT_RESULT_NONE;
}

static void take_out(struct healer *healer, size_t i)
{
	healer->attempt[i] = healer->attempt[--healer->n];
}

void healer_turn(struct healer *healer, uint64_t when_ms, uint64_t wall_ms)
{
	enum attempt_result result;

	for (size_t i = healer->n; i-- > 0;) {
		result = look(healer, &healer->attempt[i], when_ms);
		if (result == ATTEMPT_RESULT_NONE)
			continue;
		finish(healer, &healer->attempt[i], result, when_ms, wall_ms);
		take_out(healer, i);
	}
}

void healer_lose(struct healer *healer, enum way way, uint64_t when_ms, uint64_t wall_ms)
{
	for (size_t i = healer->n; i-- > 0;) {
		if (healer->attempt[i].way != way)
			continue;
		finish(healer, &healer->attempt[i], ATTEMPT_RESULT_LOST, when_ms, wall_ms);
		take_out(healer, i);
	}
}
