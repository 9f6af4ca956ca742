/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No record, no action: decisions wait here for the disk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "announce.h"
#include "base/clock.h"
#include "base/log.h"
#include "outbox.h"

static const char *name_of(const struct outbox *outbox, uint32_t unit)
{
	const struct unit_status *status = outbox->status(unit, outbox->userdata);

	return status ? status->name : "a unit that is gone";
}

void outbox_attempt(const struct attempt *attempt, void *userdata)
{
	struct outbox *outbox = userdata;
	const char *name = name_of(outbox, attempt->unit);
	int r;

	r = writer_attempt(outbox->writer, attempt);
	if (r < 0)
		(void)log_warning_errno(r, "cannot record the attempt on %s", name);
	judge_attempt(outbox->judge, attempt);
	if (attempt->way == WAY_SYSTEMD && attempt->action != ACTION_NOTIFY)
		outbox->order(attempt, outbox->userdata);
	announce_attempt(attempt, name);
}

/* An allowed decision that is not carried out after all is an attempt that was refused. */
static void refuse(struct outbox *outbox, const struct decision *decision, const char *reason)
{
	struct attempt attempt = {
		.decision = decision->id,
		.unit = decision->unit,
		.action = decision->action,
		.way = decision->way,
		.state = ATTEMPT_DONE,
		.result = ATTEMPT_RESULT_REFUSED,
		.started_ms = clock_boot_ms(),
		.started_wall_ms = clock_wall_ms(),
	};

	attempt.ended_ms = attempt.started_ms;
	attempt.ended_wall_ms = attempt.started_wall_ms;
	(void)snprintf(attempt.job, sizeof(attempt.job), "%s", reason);
	outbox_attempt(&attempt, outbox);
}

/* Between decision and call the world went on: is it still the run we decided about? */
static bool is_unchanged(const struct decision *decision, const struct unit_status *status)
{
	return memcmp(status->invocation, decision->invocation, INVOCATION_SIZE) == 0 &&
	       !(status->flags & (UNIT_JOB_PENDING | UNIT_STOPPED_BY_HAND | UNIT_AUTO_RESTART)) &&
	       (status->active == UNIT_ACTIVE_ACTIVE || status->active == UNIT_ACTIVE_FAILED);
}

/* Somebody may have said stop since then. */
static bool is_still_wanted(const struct outbox *outbox, const struct decision *decision,
			    enum mode mode_then, const struct unit_status *status)
{
	const struct config *config = outbox->config;

	bool by_hand = (decision->flags & SAMPLE_BY_HAND) != 0;

	return config_mode(config, status) == mode_then && mode_then != MODE_OBSERVE &&
	       (by_hand || (config_heal_on(config, status) & (1u << decision->class))) &&
	       policy_by_nature(status) == WHY_ALLOWED;
}

static void call(struct outbox *outbox, const struct decision *decision,
		 const struct unit_status *status)
{
	int r;

	r = healer_submit(outbox->healer, decision, status, clock_boot_ms(), clock_wall_ms());
	if (r == 0)
		return;
	(void)log_warning_errno(r, "cannot heal %s", status->name);
	refuse(outbox, decision, "the healer did not take it");
}

/* What disturbs nobody is not held to what the unit has become meanwhile. */
void outbox_carry_out(const struct decision *decision, enum mode mode_then, void *userdata)
{
	struct outbox *outbox = userdata;
	const struct unit_status *status = outbox->status(decision->unit, outbox->userdata);

	if (decision->action == ACTION_NOTIFY && status) {
		call(outbox, decision, status);
		return;
	}
	if (!status || !is_unchanged(decision, status)) {
		refuse(outbox, decision, "the unit changed before the call");
		return;
	}
	if (!is_still_wanted(outbox, decision, mode_then, status)) {
		refuse(outbox, decision, "what may be healed was changed before the call");
		return;
	}
	if (hold_binds(outbox->hold, status)) {
		refuse(outbox, decision, "its healing was paused before the call");
		return;
	}
	call(outbox, decision, status);
}

/* What was seen of it is worth a moment, and never the heal. */
static void send(struct outbox *outbox, const struct decision *decision, enum mode mode_then)
{
	const struct unit_status *status = outbox->status(decision->unit, outbox->userdata);
	int r;

	if (outbox->forensics && status && forensics_wants(decision)) {
		r = forensics_begin(outbox->forensics, decision, mode_then, status);
		if (r >= 0)
			return;
		(void)log_warning_errno(r, "nothing is kept of %s as it was before it is disturbed",
					status->name);
	}
	outbox_carry_out(decision, mode_then, outbox);
}

static void remove_pending(struct outbox *outbox, size_t i)
{
	outbox->pending[i] = outbox->pending[--outbox->n];
}

/* Decision `id` is durable, or never will be. */
static void take_acknowledgement(uint64_t id, int error, void *userdata)
{
	struct outbox *outbox = userdata;

	for (size_t i = 0; i < outbox->n; i++) {
		struct decision decision = outbox->pending[i].decision;
		enum mode mode = outbox->pending[i].mode;
		bool given_up = outbox->pending[i].given_up;

		if (decision.id != id)
			continue;
		remove_pending(outbox, i);
		if (error == 0 && given_up)
			refuse(outbox, &decision, "the disk took the decision too late");
		if (error == 0 && !given_up)
			send(outbox, &decision, mode);
		if (error == 0 || given_up)
			return;
		(void)log_warning_errno(error, "%s: nothing is done, for want of a record",
					name_of(outbox, decision.unit));
		judge_not_recorded(outbox->judge, &decision);
		return;
	}
}

void outbox_acknowledge(struct outbox *outbox)
{
	int r;

	r = writer_acknowledge(outbox->writer, take_acknowledgement, outbox);
	if (r < 0)
		(void)log_warning_errno(r, "cannot read the store's acknowledgements");
}

void outbox_put(struct outbox *outbox, const struct decision *decision, uint64_t when_ms)
{
	const struct unit_status *status = outbox->status(decision->unit, outbox->userdata);
	bool allowed = decision->why == WHY_ALLOWED;
	struct decision recorded = *decision;
	int r = -ENOBUFS;

	recorded.when_ms =
		when_ms; /* a simulated unit lives by a clock of its own; the record does not */
	if (!allowed || outbox->n < OUTBOX_MAX)
		r = writer_decision(outbox->writer, &recorded);
	if (r < 0)
		(void)log_warning_errno(r, "cannot record the decision on %s",
					name_of(outbox, decision->unit));
	if (!allowed)
		return;
	if (r < 0) {
		judge_not_recorded(outbox->judge, decision);
		return;
	}
	outbox->pending[outbox->n].decision = *decision;
	outbox->pending[outbox->n].given_up = false;
	outbox->pending[outbox->n].mode =
		status ? config_mode(outbox->config, status) : MODE_OBSERVE;
	outbox->pending[outbox->n++].since_ms = when_ms;
}

void outbox_turn(struct outbox *outbox, uint64_t when_ms)
{
	for (size_t i = outbox->n; i > 0; i--) {
		uint32_t unit = outbox->pending[i - 1].decision.unit;

		if (outbox->pending[i - 1].given_up ||
		    when_ms - outbox->pending[i - 1].since_ms < outbox->patience_ms)
			continue;
		log_warning("%s: nothing is done, since the disk did not take the decision in time",
			    name_of(outbox, unit));
		judge_not_recorded(outbox->judge, &outbox->pending[i - 1].decision);
		outbox->pending[i - 1].given_up = true;
	}
}
