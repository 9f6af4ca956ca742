/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Signals: where each metric can come from, what that needs, and how it is had
 * now. One table, for the daemon that probes (--doctor) and for the client that
 * reads what was published, so both give the same reasons.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

/* In order of preference: of several that have a value the first is taken. */
enum signal_source {
	SIGNAL_SYSTEMD,	    /* told by the manager */
	SIGNAL_TRACEPOINTS, /* counted in the kernel as it happens */
	SIGNAL_ITERATORS,   /* walked in the kernel: tasks and cgroups */
	SIGNAL_CGROUP_FILES,
	SIGNAL_PROC,
	SIGNAL_SOCK_DIAG, /* asked of the kernel's socket tables, from time to time */
	SIGNAL_JOURNAL,
	SIGNAL_SIMULATOR,
	SIGNAL_SOURCE_N
};
const char *signal_source_word(enum signal_source source);

/* What a source can give, with every right and in every kernel: a bit for each metric. */
uint64_t signal_of_units(enum signal_source source);
uint64_t signal_of_host(enum signal_source source);
/* The lowest tier at which units have all of it. */
uint32_t signal_tier(enum metric metric);
/* Of how many units each source gave a value at the last tick; and the host, where no source is
 * SIGNAL_SOURCE_N. The simulator's are not among them. */
struct signals {
	uint32_t n_units[METRIC_N][SIGNAL_SOURCE_N];
	uint32_t host[METRIC_N];
};
void signals_clear(struct signals *signals);

/* How one signal is had now. Zero it to begin, then count each unit into it. */
struct signal_found {
	uint32_t n_units; /* that could have it, since they run; no simulated ones */
	uint32_t n_known; /* of these */
	uint32_t n_simulated, n_simulated_known;
	uint32_t n_from[SIGNAL_SOURCE_N];
	bool has_host, host_known;
	uint32_t host_from; /* enum signal_source; SIGNAL_SOURCE_N: not told */
};
/* found is one for each metric. */
void signals_count(struct signal_found found[METRIC_N], const struct unit_status *status,
		   const struct sample *sample);
/* NULL: the sources are not known. */
void signals_trace(struct signal_found found[METRIC_N], const struct signals *signals);

/* What the place is like in which they were looked for. */
struct signal_place {
	uint32_t tier;
	const char *source;	/* of the list of units: sampler_source() */
	uint32_t walk_every_ms; /* how often tasks are walked; 0: not known */
};
/* How often its value can be a new one there, of a unit that is no suspect; where it is had on suspicion
 * only, how often it is looked again at most. */
uint32_t signal_every_ms(enum metric metric, const struct signal_place *place);
bool signal_is_on_suspicion(enum metric metric);

/* Each writes at most size bytes with the final NUL and returns buffer. */
/* How often in a word: "10s", "on suspicion". */
char *signal_cadence(char *buffer, size_t size, enum metric metric,
		     const struct signal_place *place);
/* "iterators", "cgroup-files 3, proc 9"; "-": nowhere, "?": known, but it is not told from where. */
char *signal_sources(char *buffer, size_t size, const struct signal_found *found);
/* The same of the host, one word. */
const char *signal_host(const struct signal_found *found);
/* What is missing, and what would give it: "needs tier 2, or the memory controller ..."; "": all is
 * there. */
char *signal_note(char *buffer, size_t size, enum metric metric, const struct signal_found *found,
		  const struct signal_place *place);
