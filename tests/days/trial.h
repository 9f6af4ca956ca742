/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One service, of one kind and seed, through the product's judge: what is noticed in
 * health, and what of faults that are put into it.
 *
 * The healthy run is never harmed. At each of twelve places of its later half the
 * process is forked for each fault; the child lives on for ten minutes with the fault
 * in it, tells what the judge made of it, and ends. So all faults meet the very same
 * moments and luck, none spoils the model for the next, and the control is the
 * healthy run itself.
 *
 * A notice is what reaches the journal (daemon/announce.c: an incident opens, or becomes
 * sick), before the limit of NoticesPerDay=. Notices nearer than 300 s are one.
 */
#include <stdbool.h>
#include <stdint.h>

#include "judge/rulebook.h"
#include "record/config.h"
#include "tests/days/faults.h"

#define PLACES_N 12

/* Of the judge: the forest, which sees all columns at once; and the tails, which is all that holds one metric against
 * its own past, its work or a rule. */
enum part { PART_FOREST, PART_TAILS, PART_N };

struct trial {
	const struct kind *kind;
	uint64_t seed;
	uint32_t hours;
	uint32_t faults; /* 1 << enum fault */
	bool why;	 /* a line on stderr for each notice in health */
	struct config config;
	const struct rulebook *rulebook;
};

/* Seconds after the onset within ten minutes; negative: not. */
struct answer {
	float shown_s; /* the verdict turned unusual or sick, as status shows it; one that was so already counts not */
	float noted_s; /* in the journal */
	float sick_s;  /* in the journal, as sick; */
	float left_s; /* and by the forecast then, until it meets its limit; negative: no rule spoke of that */
	float part_s[PART_N]; /* that part spoke, which had been silent */
};

struct result {
	uint32_t notices_early, notices_later; /* in the first day, and in all of the others */
	uint32_t sick;			       /* called sick in health, of these */
	uint32_t part_early[PART_N],
		part_later[PART_N];    /* of the notices, those of which that part spoke */
	uint32_t harmless;	       /* of the notices, excesses: sick, were it not for harm */
	double days_early, days_later; /* watched */
	double alarm_share;	       /* of the time, that the verdict was unusual or sick */
	struct answer answer[FAULT_N]
			    [PLACES_N]; /* of the faults that were asked for and are visible */
};

/* A negative errno: no memory, no process. */
int trial_run(const struct trial *trial, struct result *ret);
