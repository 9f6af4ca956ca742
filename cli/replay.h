/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The stored history through a judge that knows nothing yet: which incidents and
 * heals there would have been, beside those that really were. Nothing leaves: a
 * heal that the policy allows counts as carried out, in budgets and cool-downs, and
 * changes nothing of what was recorded.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/rulebook.h"
#include "record/config.h"
#include "record/record.h"
#include "store/reader.h"

/* The spans of stored points, the finest first. */
#define REPLAY_SPANS 4
extern const uint32_t replay_span_s[REPLAY_SPANS];

/* As until_ms: all there is. */
#define REPLAY_NO_END_MS (UINT64_MAX / 4)

struct replay_unit {
	uint32_t unit; /* its number in the store */
	char name[UNIT_NAME_SIZE];
	struct unit_status status; /* as it is taken to have been all the time */
	bool is_present;	   /* its nature and mode are those of now; else assumed */
	bool is_learning;	   /* at the end, too */
	bool has_restart_ms;
	uint64_t restart_ms;		    /* the median of its restarts on record */
	uint64_t judged_s[REPLAY_SPANS];    /* so much of it, by resolution */
	size_t open;			    /* its open incident's place, from 1; 0: none */
	size_t first_real, n_real, at_real; /* its own among the real ones */
};

struct replay_incident {
	size_t unit; /* the place of its unit */
	struct incident incident;
	uint64_t from_wall_ms; /* where the span began in which it was noticed */
	uint32_t span_s;
	uint64_t healed_wall_ms; /* the first heal; 0: none */
	size_t real,
		n_real; /* of the real ones of the same time: the first one's place, how many */
};

/* A real incident of that time. */
struct replay_real {
	size_t unit;
	const struct story *story;
	uint32_t n_samples,
		n_learning; /* of its unit while it was open: judged, and of these too early */
	bool is_found;	    /* the replay has one of the same time */
};

struct replay {
	/* Set before replay_run(): */
	const struct config *config;
	const struct rulebook *rulebook;
	uint64_t now_ms, since_ms, until_ms;
	size_t n_units;
	struct replay_unit *unit;		    /* owned; number and name set, all else zero */
	void (*tell)(double share, void *userdata); /* how far it is, from time to time; NULL */
	void *userdata;

	/* From it: */
	size_t n_samples;
	uint64_t first_wall_ms, last_wall_ms; /* what was judged */
	size_t n_incidents, n_heals, n_stories, n_real;
	struct replay_incident *incident; /* owned; in the order in which they opened */
	struct decision *heal; /* owned; in the order of time; `incident` is the place of theirs */
	struct story *story;   /* owned */
	struct replay_real *real; /* owned; by unit, then in the order of time */
};

/* Judge what is stored of the units. -ENODATA: nothing is, of that time. replay_clear() it also after a
 * failure. */
int replay_run(struct replay *replay, struct reader *reader);
void replay_clear(struct replay *replay);

/* What the heals of one incident would have cost; false: nobody knows. */
bool replay_downtime_ms(const struct replay *replay, const struct replay_incident *incident,
			uint64_t *ret_ms);
/* Why a real incident was not met: "not-judged", "learning", "not-noticed". */
const char *replay_missed_word(const struct replay_real *real);
