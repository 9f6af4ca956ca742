/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What all incidents of a time come to. Those of simulated units are a part of
 * their own, and heals are told apart by the way they left, so that no number mixes
 * what was done with what was only played.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "record/spans.h"

/* All heals that left by one way. */
struct stats_heals {
	size_t n;
	size_t n_refused;	  /* the call itself: rights, or no such unit */
	size_t result[OUTCOME_N]; /* of the others; OUTCOME_NONE: not known yet */
	size_t n_timed;		  /* restarts whose end is on record, */
	uint64_t down_ms;	  /* and how long these took, together */
};

/* What would have been done in mock mode, of one unit, kind of trouble and action. */
struct stats_would {
	uint32_t unit;
	char name[UNIT_NAME_SIZE];
	bool has_class;
	enum fault_class class;
	enum action action;
	size_t n;
	size_t n_passed;    /* after so many of these the trouble went away, and nothing was done */
	uint64_t passed_ms; /* ... at the latest after that */
	bool is_restart_known; /* false: no restart of it is on record */
	uint64_t restart_ms;   /* what one takes, the median */
};

struct stats_unit {
	uint32_t unit;
	char name[UNIT_NAME_SIZE];
	size_t n_incidents;
};

struct stats_part {
	size_t n_incidents;
	size_t n_open;
	size_t n_passed; /* over, and nothing was done: a mocked heal is nothing */
	size_t n_class[FAULT_CLASS_N];
	size_t n_unusual;		 /* without a rule, so of no class */
	size_t n_by_hand;		 /* the same, but somebody asked for a heal */
	size_t n_notices;		 /* decisions to tell people */
	size_t n_no[WHY_N];		 /* incidents with that answer, at least once */
	struct stats_heals heals[WAY_N]; /* but the mocked ones */
	struct spread
		spread[SPAN_N];	 /* from the onset; but for SPAN_DETECT, of what was really done */
	struct spread would_act; /* from the onset to the first mocked heal */
	size_t n_units, n_would;
	struct stats_unit *unit;   /* owned; the most afflicted first */
	struct stats_would *would; /* owned; by name */
};

enum stats_realm { STATS_REAL, STATS_SIMULATED, STATS_REALM_N };

struct stats {
	uint64_t since_wall_ms;
	char unit[UNIT_NAME_SIZE]; /* of that alone; "": of all */
	struct stats_part part[STATS_REALM_N];
};
void stats_clear(struct stats *stats);

/* What its heals would have cost: false, none of it is known. A reload takes nothing down. */
bool stats_would_downtime(const struct stats_would *would, uint64_t *ret_ms);
