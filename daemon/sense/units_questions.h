/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What systemd's manager is asked, and what its answers change: the list of units,
 * the properties of each, and which new ones run. Part of units.h; what is kept
 * of the manager is here for units.c and units_questions.c alone.
 *
 * Nothing here waits: answers come while the bus is processed, and each question
 * ends by one or by its time-out.
 */
#include "sense/roll.h"
#include "sense/shutdown.h"
#include "sense/units.h"

#define UNITS_MANAGER	    "org.freedesktop.systemd1"
#define UNITS_MANAGER_PATH  "/org/freedesktop/systemd1"
#define UNITS_MANAGER_IFACE "org.freedesktop.systemd1.Manager"
#define UNITS_PATH	    "/org/freedesktop/systemd1/unit"
#define UNITS_ANSWER_US	    (uint64_t)10000000

/* What is kept of the manager. */
struct units {
	sd_bus *bus;
	struct roll roll;
	sd_bus_slot *matches[4];
	sd_bus_slot *subscribe, *list, *look, *recount, *jobs; /* questions under way */
	struct shutdown shutdown;
	size_t n_beyond;       /* units that run and found no place in the roll */
	uint64_t recounted_ms; /* 0: never */
	char owner[32];	       /* unique name of who owns UNITS_MANAGER; "": not known */
	int error;	       /* why it cannot begin */
	bool is_reloading; /* units come and go: that is settled by reading the list afterwards */
	bool list_again;   /* it changed while it was read */
	bool jobs_again;   /* so did the list of jobs */
	bool is_listed, is_known;
};

/* For systemd, and only it: the bus daemon must start nobody to answer instead. */
int units_question_new(struct units *units, const char *path, const char *iface, const char *member,
		       sd_bus_message **ret);
/* Whatever stands in the way of the beginning ends it; later it is known from the bus itself. */
void units_note_error(struct units *units, int error);
/* Services and scopes with a name as systemd allows it. */
bool units_is_followed(const char *name);
/* The follower's facts changed. */
void units_show(struct units *units, struct follower *follower);

/* Ask for the properties of those that are stale: about as many as may be asked at once; each answer
 * brings us here again. When none is left and both lists were read, units->is_known. */
void units_read_stale(struct units *units);
/* Read the whole list; once more, if it is being read. Units that are not in it are dropped. */
void units_read_list(struct units *units);
/* Read the list of jobs, for those that take the host down; once more, if it is being read. */
void units_read_jobs(struct units *units);
/* Ask which of the units with is_new run, without making systemd load them again. */
void units_look_at_new(struct units *units);
/* No signal tells when a unit beyond the roll ends, or when there is room for one: while there are any
 * they are counted again once a minute. */
void units_recount_when_due(struct units *units, uint64_t boot_ms);
