/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Between the record of a decision and its call: what can be seen of the unit before it is disturbed,
 * which afterwards is gone, is gathered and kept with the incident. A heal waits for it FORENSICS_LIMIT_MS
 * at most, and is never held up for want of it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "heal/gatherer.h"
#include "record/record.h"
#include "sense/closeup.h"
#include "store/writer.h"

#define FORENSICS_LIMIT_MS SECONDS(2)
#define FORENSICS_AT_ONCE  8 /* more at a time are healed without */

struct forensics;

/* Enough was seen, or nothing can be: the decision may go on. `mode` is what came with it. */
typedef void forensics_done(const struct decision *decision, enum mode mode, void *userdata);

struct forensics_setup {
	sd_event *event; /* all borrowed */
	struct writer *writer;
	struct closeup *closeup; /* NULL: kernel stacks cannot be read here */
	gatherer_tell *tell;
	uint64_t limit_ms;
	forensics_done *done;
	void *userdata;
};

int forensics_new(const struct forensics_setup *setup, struct forensics **ret);
/* What is under way is not told any more. */
struct forensics *forensics_free(struct forensics *forensics);
DEFINE_CLEANUP(struct forensics *, forensics_free)

/* Does it disturb something real? Of all else there is nothing to keep. */
bool forensics_wants(const struct decision *decision);
/* Begin; done() is called later, by the loop. A negative errno: nothing can be gathered now, and nothing is
 * called. */
int forensics_begin(struct forensics *forensics, const struct decision *decision, enum mode mode,
		    const struct unit_status *status);
/* Once a tick: bury who was abandoned. */
void forensics_turn(struct forensics *forensics, uint64_t when_ms);
