/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Adds incidents up, one after the other, to what all of them come to. Part of
 * reader.h.
 */
#include <stdbool.h>
#include <stdint.h>

#include "record/stats.h"
#include "store/reader_list.h"

/* One incident, while its decisions come in. Set the first two to begin, all else zero. */
struct episode {
	char name[UNIT_NAME_SIZE];
	struct incident incident;
	uint64_t acted_wall_ms; /* its first heal; 0: none */
	bool has_outcome;
	struct outcome outcome;	 /* of its last heal */
	uint64_t mocked_wall_ms; /* its first and its last mocked one; 0: none */
	uint64_t mocked_last_wall_ms;
	size_t would;	  /* where the last is counted */
	uint64_t said_no; /* 1 << why */
};

/* Of one part. */
struct tally {
	struct stats_part *part;   /* borrowed */
	struct list units;	   /* struct stats_unit */
	struct list would;	   /* struct stats_would */
	struct list spans[SPAN_N]; /* uint64_t, ms */
	struct list would_act;	   /* the same */
};
void tally_init(struct tally *tally, struct stats_part *part);
void tally_clear(struct tally *tally);

/* The next decision of an incident, in their order, and what came of it; NULL: that is not on record. -ENOMEM. */
int tally_decision(struct tally *tally, struct episode *episode, const struct decision *decision,
		   const struct attempt *attempt, const struct outcome *outcome);
/* That were all of its decisions. -ENOMEM. */
int tally_incident(struct tally *tally, const struct episode *episode);
/* That were all incidents: the part is whole, and owns its lists. */
void tally_finish(struct tally *tally);
