/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a daemon must know before its first sample: the past, opened, and read
 * back into the judge. Where the disk cannot be written, it is tried again
 * later; till then units are watched without one, and nothing is healed.
 */
#include <stdbool.h>
#include <stdint.h>

#include "judge/judge.h"
#include "options.h"
#include "settings.h"
#include "store/writer.h"

/* The past as it was found; start.obstacle: not yet. */
struct past {
	struct writer *writer; /* the caller's */
	struct writer_start start;
};

/* Opens selfheal.db in the folder of the options. On failure it was said why, and what to do. */
int remember_open(const struct options *options, const struct settings *settings, struct past *ret);
/* Opens it after all: -EAGAIN while it still cannot be written, silently; otherwise as remember_open(). The
 * numbers of all units are then others. */
int remember_find_room(const struct options *options, const struct settings *settings,
		       struct past *past);
/* Makes the judge that goes on from the past: ids, the ledger of heals, what was learnt. can_act[]:
 * which ways out there are. After a damaged file budgets count as spent for an hour, until
 * *ret_distrust_until_wall_ms (0: they are known). On failure it was said why. */
int remember_judge(const struct past *past, const struct settings *settings,
		   const bool can_act[WAY_N], struct judge **ret_judge,
		   uint64_t *ret_distrust_until_wall_ms);
