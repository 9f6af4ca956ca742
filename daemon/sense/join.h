/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * From what several readers found of one unit to its sample: which of them is
 * believed, and what grew since the last time. Pure.
 */
#include <stdint.h>

#include "record/record.h"
#include "sense/usage.h"

/* The metrics that are counts of the unit, a bit each. Not those of memory events: their cgroup, and the
 * count with it, is the run's. */
uint64_t join_counts(void);

/* Put into the sample, by the kind of each metric: levels as they are now; rates as growth over
 * its span, per second (none where that is 0); counts as growth. What grows needs both usages to
 * have it and is absent where it fell; a ratio is at most 1. previous may be NULL. */
void join_difference(const struct usage *previous, const struct usage *now,
		     const uint64_t span_ms[METRIC_N], struct sample *sample);

/* Where a value comes from. Of several that have it the first is taken. */
enum join_source {
	JOIN_MANAGER, /* systemd */
	JOIN_PROBE,
	JOIN_FILES,	/* of the cgroup */
	JOIN_PROCESSES, /* /proc, or folded process trees */
	JOIN_SOCKETS,	/* asked of NETLINK_SOCK_DIAG */
	JOIN_JOURNAL,
	JOIN_SOURCE_N
};
struct join_found {
	struct usage from[JOIN_SOURCE_N];
};

/* What is kept of a unit from one sample to the next; zero it to begin. */
struct join_past {
	uint64_t when_ms; /* 0: there was none */
	uint8_t invocation[INVOCATION_SIZE];
	struct usage usage;
	uint8_t source[METRIC_N];   /* of each total of usage */
	uint64_t read_ms[METRIC_N]; /* when it was read */
	double rate[METRIC_N];	    /* of it, as told; NAN: not known */
};

/* One unit's sample of what was found, and the past for the next. Two totals are compared only if
 * they have one source, over the time between their readings; until a total is read again, its rate is
 * told as it was, with the age of the reading. In a new invocation totals begin anew, but counts, which are the unit's and
 * not the run's, go on. A unit that does not run has counts only. */
void join_sample(struct join_past *past, const struct unit_status *status,
		 const struct join_found *found, uint64_t when_ms, struct sample *ret);
