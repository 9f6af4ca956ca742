/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a daemon must know before its first sample: the past, opened, and read back into the judge. */
#include <stdbool.h>
#include <stdint.h>

#include "judge/judge.h"
#include "settings.h"
#include "store/writer.h"

/* Opens selfheal.db in state_dir and makes the judge that goes on from it: ids, the ledger of heals,
 * what was learnt. can_act[]: which ways out there are. After a damaged file budgets count as spent
 * for an hour, until *ret_distrust_until_wall_ms (else untouched). On failure it was said why, and
 * what to do. */
int remember(const char *state_dir, const struct settings *settings, const bool can_act[WAY_N],
	     struct writer **ret_writer, struct judge **ret_judge,
	     uint64_t *ret_distrust_until_wall_ms);
