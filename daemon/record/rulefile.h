/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A rule: which evidence, standing for how long, makes a unit sick, and what is
 * then wanted. One file a rule, NAME.rule, the same for daemon and client:
 *
 *	[Rule]
 *	Description=anonymous memory grows and does not come back
 *	Class=memory
 *	Need=rss.ratio > 1.3
 *	Need=rss.rising_s >= 20
 *	For=20s
 *	Action=restart
 *
 * All Need= lines must hold together for For= (0 if not said; a lapse is in judge/rulebook.h). The
 * left side is METRIC.ASPECT, or a fact. Class=, Action= and a Need= must be there;
 * only Need= may be there more than once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ini.h"
#include "record/record.h"

#define RULE_NEEDS_MAX 8
#define RULES_MAX      64

/* Is that metric held against the unit's work, so that it has an excess? */
bool rule_has_excess(uint32_t metric);

enum aspect {
	/* of a metric */
	ASPECT_VALUE,	  /* as measured, in the metric's quantity */
	ASPECT_RATIO,	  /* to the unit's own median */
	ASPECT_DEVIATION, /* from it, in the unit's own spreads */
	ASPECT_BEYOND, /* above the top of the unit's own range, in the metric's quantity; below it: 0 */
	ASPECT_RISING_S, /* seconds that its floor has been rising without a fall */
	ASPECT_RECENT,	 /* of counts: how many in the last 5 minutes */
	ASPECT_EXCESS, /* above what its work explains, lasting as it never did, in the metric's quantity */
	ASPECT_EXCESS_RATIO, /* the same, to what is expected */
	ASPECT_GROWTH,	     /* the same as excess, while it grows as it never did */
	ASPECT_LEFT_S, /* until it meets its limit, at the latest; a need that holds for no value while it does not rise */
	ASPECT_APART, /* above its siblings, lasting as it never did, in the metric's quantity */
	ASPECT_OVER, /* to its limit by hand, Limits= in [X-SelfHeal]; holds for no unit that has none */
	ASPECT_OF_ACCEPTS, /* of error_lines: the excess, for each connection that came in */
	ASPECT_WAITING_S, /* of backlog and unread: seconds that it did not become less, from reading to reading */
	/* of the unit */
	ASPECT_SCORE,	      /* "score": the forest's, divided by the unit's own threshold */
	ASPECT_FAILED,	      /* "failed": 1 while systemd calls it failed */
	ASPECT_START_LIMITED, /* "start_limited": 1 after the start limit was hit */
	ASPECT_STILL_S,	      /* "still_s": seconds that no thread of it ran, though each could */
	ASPECT_OOM_KILLED,    /* "oom_killed": 1 while systemd's Result= says so */
	ASPECT_N
};

enum relation { RELATION_ABOVE, RELATION_AT_LEAST, RELATION_BELOW, RELATION_AT_MOST };

struct need {
	enum aspect aspect;
	uint32_t metric; /* enum metric; METRIC_N where the aspect is of the unit */
	enum relation relation;
	double limit;
};

struct rule {
	char name[RULE_NAME_SIZE]; /* of the file, without .rule */
	char description[128];
	enum fault_class class;
	enum action action;
	uint32_t for_s;
	uint32_t n_needs;
	struct need need[RULE_NEEDS_MAX];
};

/* Does it speak of facts alone (FAILED, START_LIMITED, OOM_KILLED, RECENT, and OVER, which is somebody's word)? Such a rule speaks from
 * the first sample on; any other only of a unit that is learnt. */
bool rule_is_on_fact(const struct rule *rule);

/* Read one file; -ENOENT if there is none, with error untouched; any other failure, mostly -EINVAL,
 * with error set. */
int rule_load(const char *path, struct rule *ret, struct ini_error *error);
/* Read all *.rule of the folders (earlier folders win by name, a link to /dev/null removes one), in
 * the order of names. ret has room for RULES_MAX. After a failure error is set. */
int rules_load(const char *const *folders, size_t n_folders, struct rule *ret, size_t *ret_n,
	       struct ini_error *error);
/* The same of the installed folders: the admin's, then the vendor's. */
int rules_load_installed(struct rule *ret, size_t *ret_n, struct ini_error *error);
/* Each of these files, in the order of names, as ini_drop_ins(). */
int rules_files(int (*visit)(const char *path, void *userdata), void *userdata,
		struct ini_error *error);
