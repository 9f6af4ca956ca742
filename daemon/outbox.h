/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Decisions on their way out: first to the disk, and only when that has
 * acknowledged, and what would be lost by disturbing the unit was seen, to the healer. No record, no action: what is not durable in time,
 * or whose unit has changed meanwhile, is not carried out.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forensics.h"
#include "heal/healer.h"
#include "judge/judge.h"
#include "record/record.h"
#include "store/writer.h"

#define OUTBOX_MAX 64

/* The newest status of a unit; NULL: there is no such unit now. */
typedef const struct unit_status *outbox_status(uint32_t unit, void *userdata);

/* An order to systemd changed its state: it goes out, is under way, or is over. */
typedef void outbox_order(const struct attempt *attempt, void *userdata);

struct outbox {
	struct writer *writer; /* all borrowed */
	struct judge *judge;
	struct healer *healer;
	struct forensics *forensics; /* NULL: nothing is gathered before a unit is disturbed */
	const struct config *config; /* as it is now: it may have changed since the decision */
	const struct hold *hold;     /* whom people have paused by now; NULL: nobody */
	outbox_status *status;
	outbox_order *order;
	void *userdata;
	uint64_t patience_ms; /* no acknowledgement by then: not carried out */
	size_t n;
	struct {
		struct decision decision;
		uint64_t since_ms;
		enum mode mode; /* of the unit, when it was decided */
		bool given_up;	/* the judge was told; only its acknowledgement is still to come */
	} pending[OUTBOX_MAX];
};

/* Record a decision; if it is allowed, it goes to the healer once it is durable. when_ms, here and
 * below, is that of the tick. */
void outbox_put(struct outbox *outbox, const struct decision *decision, uint64_t when_ms);
/* Take the store's acknowledgements; call when writer_fd() is readable. */
void outbox_acknowledge(struct outbox *outbox);
/* Give up what the disk has not taken in time. */
void outbox_turn(struct outbox *outbox, uint64_t when_ms);
/* It is durable, and what it would destroy was seen: carry it out, if it is still wanted. A
 * forensics_done. */
void outbox_carry_out(const struct decision *decision, enum mode mode_then, void *outbox);
/* An attempt changed its state: record it, tell the judge, and people. A healer_tell. */
void outbox_attempt(const struct attempt *attempt, void *outbox);
