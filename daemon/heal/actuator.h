/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The only way an action leaves. Three keep this contract: systemd, mock and
 * the simulator. None of them waits: start asks, poll looks.
 */
#include "record/record.h"

struct actuator {
	/* Begin what the decision allows. On success attempt->job says whom it waits for. A negative
	 * errno: refused at once, attempt->result says how. */
	int (*start)(void *self, const struct decision *decision, const struct unit_status *status,
		     struct attempt *attempt);
	/* Look how it went: 0 still under way, 1 ended and attempt->result is set. */
	int (*poll)(void *self, struct attempt *attempt);
	void *self;
};
