/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the daemon's sampler, at tier 2, would read of a service that does this
 * much work: which metrics there are, with which noise, how old, and in which steps.
 *
 * Pressure moves every other second, as the kernel brings its totals up to date
 * only every 2 s. Sockets are read every 5 s, the busiest thread every 10 s. A first
 * sample of a run has levels alone. Absent are a latency of I/O where there was none,
 * a round trip without a connection, queues of who listens nowhere, quotas where
 * none is set, and what is only known on suspicion.
 */
#include "record/record.h"
#include "tests/days/luck.h"

#define HOST_CORES 4.0

/* One second of a service, as it is. */
struct work {
	double requests;	  /* that were begun */
	double accepts, connects; /* connections that came and went out */
	double segments;
	double cores;		/* CPU that its threads want */
	double widest;		/* that the busiest of them wants, */
	double widest_switches; /* and how often that one goes to sleep by itself */
	double others;		/* cores that the rest of the host wants */
	double switches;
	double read_bytes, write_bytes, fault_bytes;
	double rss_bytes, cache_bytes;
	double processes, threads, descriptors, descriptors_most;
	double forks;
	double connections;
	double rtt_s, lost; /* lost: share of its segments that are sent again */
	double errors;
	double backlog_most; /* 0: it listens nowhere */
	double waiting,
		unread_bytes; /* connections nobody accepts, bytes nobody reads, because it hangs */
	bool hangs;
};

/* How much of the time work is ready and has no CPU: next to nothing below half of the host, all of it
 * where the host is full. */
double work_contention(const struct work *work);

struct reading {
	struct luck luck;
	double noise[METRIC_N];	   /* spread 1, with a memory */
	double pressure[METRIC_N]; /* gathered since the kernel's last step */
	struct sample before;	   /* the sample before this one, for what is not read anew */
	uint64_t n_taken;	   /* samples of this run */
	uint64_t n_seconds;	   /* of all runs */
};

void reading_begin(struct reading *reading, uint64_t seed);
/* Another run: its first sample covers no span. */
void reading_anew(struct reading *reading);
/* Fill span, values and ages; sample has the unit and the moment already. */
void reading_take(struct reading *reading, const struct work *work, struct sample *sample);
