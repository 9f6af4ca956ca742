/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The kernel's side: loads what is built from bpf/, decides by asking the
 * kernel's own BTF (never its version) what can work here, and says which tier
 * that is and why not a higher one. Whatever is refused takes nothing else down.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sense/usage.h"

struct probe;
struct calls;
struct streams;
struct closeup;

enum tier {
	TIER_FILES,	/* 0: cgroup and proc files */
	TIER_ITERATORS, /* 1: task and cgroup iterators */
	TIER_EVENTS,	/* 2: and rare-event tracepoints */
	TIER_DEEP,	/* 3: and deep probes, attached for seconds on suspicion; by cgroup only */
};

/* What a snapshot sums by. */
enum probe_view {
	PROBE_BY_CGROUP,  /* per watched cgroup and all below it */
	PROBE_BY_PROCESS, /* per process: hosts with a single cgroup */
};

/* Load and attach all that works here. Without rights, BTF or BPF that is nothing: tier 0, not an
 * error. Only -ENOMEM is. */
int probe_new(enum probe_view view, struct probe **ret);
struct probe *probe_free(struct probe *probe);
DEFINE_CLEANUP(struct probe *, probe_free)

enum tier probe_tier(const struct probe *probe);
/* One line: why not a higher tier, or what of this one was refused, and what would help; "": all works.
 * Lives with the probe. */
const char *probe_limit(const struct probe *probe);
/* Does a walk of cgroups (6.1+) work here? Else read cgroup files. */
bool probe_walks_cgroups(const struct probe *probe);

/* Readable when events wait; -1 below TIER_EVENTS. */
int probe_fd(const struct probe *probe);
/* Hand over what waits in the ring: exits by signal or with a code, and OOM kills, which are told at
 * once so that the next tick can come early. Process ids are those of the whole host. Returns the
 * number of events. */
struct probe_event {
	uint64_t when_ns;
	uint32_t unit; /* 0: not of a watched unit */
	bool oom_kill; /* else an exit by signal or with a code */
	uint32_t pid;
	uint32_t code; /* as wait(2) has it */
};
int probe_drain(struct probe *probe, void (*take)(const struct probe_event *event, void *userdata),
		void *userdata);
/* Events and map entries lost so far to full rings and maps. */
uint64_t probe_lost(const struct probe *probe);

/* Count the cgroup and all below it as this unit (not 0); the nearest watched ancestor owns a
 * task. -ENOSPC when the map is full. Unwatching the last cgroup of a unit forgets its counters too, so
 * where one follows another, watch the new one first. */
int probe_watch(struct probe *probe, uint64_t cgroup_id, uint32_t unit);
void probe_unwatch(struct probe *probe, uint64_t cgroup_id);

/* Look at the threads of that unit in every walk from now on, or again in turn only, once in ten;
 * and have deep probes attached for it, if it lasts, as sense/deep.h says.
 * What its busiest thread does is known in the second of two looks. Forgotten with the unit's last
 * cgroup. -ENOSPC: there are SUSPECTS_MAX. Where threads are not looked at it does nothing. */
int probe_suspect(struct probe *probe, uint32_t unit, bool is_suspect);

/* Walk cgroups once, and tasks if that is due. After a negative errno nothing is known until the next. */
int probe_snapshot(struct probe *probe);
/* Take one with the rights of this moment, and see if deep probes can be attached with them: if not,
 * they are given up, and the limit says so. Returns what the snapshot did. */
int probe_works(struct probe *probe);
/*
 * How often tasks are walked. A further task costs a walk some microseconds, most of them waiting for
 * memory that nobody else has touched since; so on a host of many threads not all of them are
 * walked each second, but on average at most PROBE_TASKS_A_SECOND. What is told of tasks in between
 * is what the last walk found, with its age. In a hurry, after a cgroup was watched that
 * was not before, and where units are process trees or cgroups are not walked, each snapshot walks.
 */
#define PROBE_TASKS_A_SECOND 1000
#define PROBE_WALK_MOST_MS   5000
uint32_t probe_walk_every_ms(
	const struct probe *probe); /* now, by the tasks that the last walk met */
/* Until said otherwise, something waits for what the next walk tells. */
void probe_hurry(struct probe *probe, bool is_hurried);
/* Another number than PROBE_TASKS_A_SECOND; UINT32_MAX: each snapshot walks. */
void probe_set_pace(struct probe *probe, uint32_t tasks_a_second);
/* Set in usage what that snapshot has of a unit, and of this cgroup of it (0: of none); false: nothing.
 * By cgroup: a watched unit without tasks has none, which is known. CPU time is the cgroup's where
 * cgroups are walked, else (or for cgroup 0) the sum over its tasks. Unit 0 is the whole host, in both
 * views: what tracepoints count, that is forks, exits, OOM kills, connections and block I/O, and how many
 * processes the last walk met, kernel threads too. Below TIER_EVENTS a total falls when what it
 * sums ends; pressure is the mean of two snapshots, since the kernel renews it every two seconds. */
bool probe_usage(const struct probe *probe, uint32_t unit, uint64_t cgroup_id, struct usage *usage);
/* Who calls whom over TCP; NULL: that cannot be known here. Lives with the probe. */
struct calls *probe_calls(struct probe *probe);
/* Who is connected with whom over unix sockets; NULL as above. */
struct streams *probe_streams(struct probe *probe);
/* A close look at single units; NULL: it was refused, or nothing is known by cgroup here. */
struct closeup *probe_closeup(struct probe *probe);
/* The processes of that snapshot; by process only. Lives until the next snapshot. */
const struct process *probe_processes(const struct probe *probe, size_t *ret_n);
