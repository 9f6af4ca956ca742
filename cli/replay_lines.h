/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The incidents of a replay and those real ones that it has not, as one list in the order of time. */
#include <stddef.h>
#include <stdint.h>

#include "cli/replay.h"

struct replay_line {
	uint64_t wall_ms;
	const struct replay_incident
		*incident;		/* NULL: it really happened, and not in the replay */
	const struct replay_real *real; /* the (first) real one; NULL: it is new */
};

/* ret is the caller's to free(); NULL without a line. -ENOMEM. */
int replay_lines(const struct replay *replay, struct replay_line **ret, size_t *ret_n);

/* How many there are of each kind. */
struct replay_sums {
	size_t n_sick, n_new;		 /* of the replay's incidents */
	size_t n_found, n_missed;	 /* of the real ones */
	size_t n_not_judged, n_learning; /* of the missed ones */
	uint64_t downtime_ms;		 /* of the heals of which it is known */
	size_t n_unknown;		 /* heals of which it is not */
	size_t n_units_judged,
		n_units_learning; /* with samples; of these still learning at the end */
	size_t n_units_assumed;	  /* not there now */
	uint64_t judged_s[REPLAY_SPANS];
};
struct replay_sums replay_sum(const struct replay *replay);
