/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One thread from first evidence to outcome. Opens when a unit turns unusual for
 * long or sick; closes when it has been healthy, or wanted down, for a while.
 */
#include "record/record.h"

#define INCIDENT_CALM_MS (uint64_t)60000 /* so that one trouble that flickers is one incident */

struct incident_memory {
	bool open;
	bool busy;		/* an attempt is under way: it closes by its outcome, not by calm */
	uint64_t calm_since_ms; /* 0: not calm */
	struct incident incident;
};

enum incident_change { INCIDENT_SAME, INCIDENT_OPENED, INCIDENT_GREW, INCIDENT_CLOSED };

/* next_id is taken and counted up when one opens. GREW: something that is worth a row changed. */
enum incident_change incident_follow(struct incident_memory *memory, const struct verdict *verdict,
				     uint64_t *next_id);
/* Open one without trouble: somebody asked for a heal. */
void incident_begin(struct incident_memory *memory, const struct verdict *verdict,
		    uint64_t *next_id);
void incident_decided(struct incident_memory *memory, const struct decision *decision);
/* The decision could not be recorded, so nothing is under way. */
void incident_undecided(struct incident_memory *memory);
/* The unit is gone: whatever is open ends here. */
void incident_close(struct incident_memory *memory, uint64_t when_ms, uint64_t wall_ms);
/* True: the outcome closed it. */
bool incident_concluded(struct incident_memory *memory, const struct outcome *outcome);
