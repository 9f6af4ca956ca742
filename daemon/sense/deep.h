/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Deep probes: what is too dear to be looked at always. How long threads wait for a
 * CPU, at the tail; and which system calls fail, and with what.
 *
 * Both are counted at the hottest hooks there are (sched_switch and sys_exit), so
 * the programs are loaded at the start and attached only while some unit has been under
 * suspicion for DEEP_AFTER_MS: for DEEP_WINDOW_MS at most, and not again before
 * DEEP_EVERY_MS have passed since, whatever unit it is for. Until then the hooks do not exist, so
 * the host pays nothing. While attached each system call of the host takes some hundred nanoseconds
 * longer, and each that fails or switches the CPU some hundreds (tests/bench/bench_deep.c: 7 to 9 % of
 * a loop that does nothing but switch, 30 % of one that does nothing but fail); only what suspects do is
 * counted. To attach and to detach takes 1 to 7 ms each.
 *
 * Attaching needs no capability, only the descriptor of the loaded program: tried with none at
 * all, by deep_try() too, after they were dropped. Where a kernel wants them for that, there are no
 * deep probes. The links are the daemon's own descriptors: whatever ends it detaches them.
 *
 * What was counted of a unit is told from the first whole turn of its window on, then as that
 * window left it, with its age; after DEEP_AGE_MAX_MS it is not known any more. It is evidence
 * for people, and no column of the model.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "bpf/events.h"
#include "sense/usage.h"

struct deep;
struct btf;

#define DEEP_AFTER_MS	UINT64_C(2000)
#define DEEP_WINDOW_MS	UINT64_C(10000)
#define DEEP_EVERY_MS	UINT64_C(60000) /* as signal_every_ms() has it */
#define DEEP_AGE_MAX_MS (2 * DEEP_EVERY_MS)

/* Load both; a program whose tracepoint this kernel has not is left out. `watched_fd` is the map of
 * watched cgroups, borrowed for the call as `kernel` is. A negative errno of loading, or -ENOENT: neither
 * tracepoint is there. */
int deep_new(int watched_fd, const struct btf *kernel, struct deep **ret);
struct deep *deep_free(struct deep *deep);
DEFINE_CLEANUP(struct deep *, deep_free)

/* Attach and detach at once: can it be done with the rights of this moment? */
int deep_try(struct deep *deep);
bool deep_is_attached(const struct deep *deep);

/* Is the unit under suspicion from now on? -ENOSPC: SUSPECTS_MAX are. What was counted of one that is not
 * any more is told for as long as it is fresh. */
int deep_suspect(struct deep *deep, uint32_t unit, bool is_suspect, uint64_t when_ms);
/* It runs anew, so what was counted is of another run; and: it is gone. */
void deep_renew(struct deep *deep, uint32_t unit);
void deep_forget(struct deep *deep, uint32_t unit);

/* Once a tick: attach or detach what is due, and read what was counted. A negative errno: it could not be
 * attached, and is tried again when the next window is due. */
int deep_turn(struct deep *deep, uint64_t when_ms);

/* Set in usage what is known of the unit: METRIC_WAIT_TAIL if it had a wait at all, METRIC_FAILING_CALLS,
 * and METRIC_FAILING_ERRNO if one failed. */
void deep_usage(const struct deep *deep, uint32_t unit, uint64_t when_ms, struct usage *usage);

/* The value, in seconds, that a share of them (0 to 1) does not exceed: by nearest rank, and evenly spread
 * within a class, so it lies in the right power of two of a microsecond. NaN: there are none. The
 * last class has no end and is told as its beginning. */
double deep_quantile(const struct deep_counters *counters, double share);
/* The errno that came most often, the lower one of two; 0: none did. */
uint32_t deep_most_frequent(const struct deep_counters *counters);
/* Is it one of those that well programs are told all day, and that are not counted? */
bool deep_is_everyday(uint32_t error);
