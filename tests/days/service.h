/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One invented service, a second at a time: its kind's day and jobs with luck of
 * its own, as samples and status that the judge takes like those of a real one.
 *
 * Nothing that befalls it in health is announced but a deployment, which is a new
 * run (and, half of the time, a new program). The same kind and seed give the same
 * days, byte for byte, on the same machine. Pure: no clock, no file.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "tests/days/kinds.h"

/* What is wrong with it, on top of what it does in health; all 0: nothing. */
struct trouble {
	double leaked_share; /* of its usual anonymous memory, that it took and does not use */
	double leaked_descriptors; /* files it opened and forgot */
	double leaked_threads;	   /* that sleep for ever */
	double spinning;	   /* cores that are burnt in one thread which never sleeps */
	/* More time to serve each request: 2 is three times as long. Nothing that the kernel counts tells this
	 * itself. Its connections stay open for longer, with what hangs on them: descriptors, memory, and
	 * threads and processes where each connection has its own. */
	double slower;
	double failing_share; /* of its requests, that are logged as errors and answered at half the cost */
	double hung_s; /* no thread of it has run for so long */
	double room_share; /* MemoryMax= is so much above what it has, of its usual memory; 0: where it was */
	double small; /* so many of each one's own standard deviation, on SMALL_N metrics at once */
};
/* The metrics of `small`. A standard deviation is that of the last hour, in which a burst counts for no more
 * than three: each metric alone is then nothing to speak of. */
#define SMALL_N 12
extern const enum metric small_metrics[SMALL_N];

struct service;

/* -ENOMEM. */
int service_new(const struct kind *kind, uint64_t seed, uint32_t unit, struct service **ret);
struct service *service_free(struct service *service);
DEFINE_CLEANUP(struct service *, service_free)

/* From now on; who is in trouble is not deployed. */
void service_suffer(struct service *service, const struct trouble *trouble);

/* Its next second; the moment of the first one is START. Both live until the next call. While it is down
 * its sample is empty. */
#define SERVICE_START_MS UINT64_C(1000)
#define SERVICE_WALL_MS	 UINT64_C(1750000000000)
void service_step(struct service *service, const struct sample **ret_sample,
		  const struct unit_status **ret_status);

/* What goes on now, or did within the last minute (a level that has changed, or a deployment: within
 * the last half hour), as words with a comma between them; "-": only the day itself. Returns buffer. */
char *service_doings(const struct service *service, char *buffer, size_t size);
