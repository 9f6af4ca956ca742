/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rung after the other. */
#include "judge/ladder.h"

/* What is down, or cannot reload, is not reloaded. */
static bool can_take(enum action action, const struct unit_status *status)
{
	if (action != ACTION_RELOAD)
		return true;
	return (status->flags & UNIT_CAN_RELOAD) && status->active == UNIT_ACTIVE_ACTIVE;
}

bool ladder_next(const struct ladder *ladder, uint32_t from, const struct unit_status *status,
		 const struct ledger *ledger, uint32_t signature, uint32_t *ret_rung,
		 enum action *ret_action)
{
	for (uint32_t rung = from; rung < ladder->n; rung++) {
		enum action action = (enum action)ladder->rung[rung];

		if (!can_take(action, status))
			continue;
		if (action != ACTION_NOTIFY && ledger_failures_of(ledger, status->unit, signature,
								  action) >= LADDER_FAILURES_MOST)
			continue;
		*ret_rung = rung;
		*ret_action = action;
		return true;
	}
	return false;
}
