/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Carries acknowledged decisions out: one attempt a unit at a time, as a small
 * state machine that is turned once a tick. Never waits, decides nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "heal/actuator.h"
#include "record/record.h"

#define HEALER_ATTEMPTS_MAX 64
#define HEALER_DEADLINE_MS  (uint64_t)180000 /* beyond systemd's 90 s to stop and 90 s to start */

struct healer;

/* tell() gets the attempt each time its state changes: asked, running, done. It must not call the
 * healer. */
typedef void healer_tell(const struct attempt *attempt, void *userdata);

/* The actuators stay the caller's; NULL, or one without `start`: there is none. The caller may put
 * another one in the same place, after healer_lose(). */
int healer_new(const struct actuator *mock, const struct actuator *systemd,
	       const struct actuator *simulator, healer_tell *tell, void *userdata,
	       struct healer **ret);
/* What is in flight is not told any more: it stays "running" in the record, and the next start finds
 * it there as interrupted. */
struct healer *healer_free(struct healer *healer);
DEFINE_CLEANUP(struct healer *, healer_free)

/* The decision must be allowed, and durable by now. An order that is refused at once is told like any
 * other end, and is no error here. -EALREADY: this unit has one in flight; -ENOSPC: too many are;
 * -EOPNOTSUPP: there is no such way here. */
int healer_submit(struct healer *healer, const struct decision *decision,
		  const struct unit_status *status, uint64_t when_ms, uint64_t wall_ms);
/* Poll all that is in flight; past its deadline an attempt ends as a timeout. */
void healer_turn(struct healer *healer, uint64_t when_ms, uint64_t wall_ms);
/* That way is broken, as a bus that was lost: what went out by it ends as lost, and is not polled any
 * more. */
void healer_lose(struct healer *healer, enum way way, uint64_t when_ms, uint64_t wall_ms);
