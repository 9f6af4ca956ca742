/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which rung is next: the first, from where the incident stands, that this unit can
 * take and that has not failed too often against this very trouble.
 */
#include "judge/ledger.h"
#include "record/record.h"

#define LADDER_FAILURES_MOST 3 /* a rung that did not help so often is passed over */

/* From rung `from` on, for a trouble of that signature. False: there is none left. */
bool ladder_next(const struct ladder *ladder, uint32_t from, const struct unit_status *status,
		 const struct ledger *ledger, uint32_t signature, uint32_t *ret_rung,
		 enum action *ret_action);
