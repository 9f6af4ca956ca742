/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What one walk of the kernel's programs has found, sorted by watched unit and
 * cgroup, and put together: sums of the living, counts of the ended, cgroup facts.
 *
 * The walk takes a moment, and threads end meanwhile: one may be found alive and
 * be among the ended too, or be in neither. So the truth is only known to lie
 * between two sums, and what is told is that value between them which is nearest
 * to what was told before. An undisturbed total is exact; a disturbed one is late
 * by a tick, and neither leaps nor falls.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "bpf/events.h"
#include "sense/usage.h"

struct census;

/* What is told of the busiest thread is no older: two looks in turn, of which one failed. */
#define BUSIEST_WALKS_MAX (UINT64_C(2) * THREADS_EVERY)

int census_new(struct census **ret);
struct census *census_free(struct census *census);
DEFINE_CLEANUP(struct census *, census_free)

/* Count a cgroup as this unit (not 0), for the first time or from now on. -ENOSPC: WATCHED_MAX. If
 * it changed its unit and was the last of the one before, that is dropped, and told as below. */
int census_watch(struct census *census, uint64_t cgroup_id, uint32_t unit, uint32_t *ret_dropped);
/* Returns the unit that has no cgroup any more, and is forgotten with all it counted; 0: none. */
uint32_t census_unwatch(struct census *census, uint64_t cgroup_id);

/* A new walk: nothing is known; unless tasks are walked, of them it stays what the last walk found. */
void census_begin(struct census *census, bool walks_tasks);
/* What the maps had, in any order; of what is not watched nothing is taken. Counters are read
 * before the walk and after it. */
void census_counters_before(struct census *census, uint32_t unit,
			    const struct unit_counters *counters);
void census_counters_after(struct census *census, uint32_t unit,
			   const struct unit_counters *counters);
/* What sockets and block I/O did up to now. */
void census_traffic(struct census *census, uint32_t unit, const struct unit_traffic *traffic);
void census_sums(struct census *census, uint32_t unit, const struct task_sums *sums);
void census_facts(struct census *census, uint64_t cgroup_id, const struct cgroup_facts *facts);
/* The end of the walk: which of its parts worked. */
struct census_known {
	bool tasks;    /* a watched unit without a record in the last walk of tasks has none */
	bool counters; /* tracepoints count */
	bool oom_kills;
	bool cgroups;	  /* of a cgroup with a record its facts are known... */
	bool cpu;	  /* ... its CPU time too, since it was flushed first */
	uint32_t lacks;	  /* bits of enum total which this kernel does not keep */
	uint64_t traffic; /* METRIC_BIT() of each metric of sockets and block I/O that is counted */
	uint64_t when_ms;
	uint64_t tasks_ms;    /* when tasks were walked: now, or before */
	uint32_t n_processes; /* of the host, kernel threads too, then; 0: not known */
};
void census_end(struct census *census, const struct census_known *known);

/* Set in usage what is known of the unit, and of that cgroup of it (0: of none); what a walk before
 * this one found of its tasks and threads with its age. The CPU time is the
 * cgroup's where cgroups are walked, and the sum of its tasks where not, or for cgroup 0. False:
 * nothing. Block I/O is known of a unit whose cgroups are charged for it, each for its own; its latency
 * is the mean over what completed since the walk before. Unit 0 is the whole host, with what
 * tracepoints count, and its processes. */
bool census_usage(const struct census *census, uint32_t unit, uint64_t cgroup_id,
		  struct usage *usage);

/* The values of one record alone. */
void census_convert(const struct task_sums *sums, const struct totals *totals, uint32_t lacks,
		    struct usage *usage);
