/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Everybody's only way out of the store: read-only, short transactions, no daemon
 * needed, no write permission either. Rows come back as records. Rows are hostile:
 * one that no writer of this version can have written is passed over, and
 * reader_notice() says so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "record/edge.h"
#include "record/record.h"
#include "record/signal.h"
#include "record/stats.h"
#include "record/snapshot.h"

struct reader;

/* Either path may be NULL, or name a file that is not there: that part of the answers is then empty.
 * -ENOENT: neither is there; -EACCES; -EBADMSG: not ours or damaged; -EPROTONOSUPPORT: newer than
 * this program; -ENODATA: older, or still empty: the daemon has to bring it up to date. The last three
 * of one part do not hide the other (of the past: the last one). After a
 * failure reader_problem() names the file and what mends it. */
int reader_open(const char *past_path, const char *live_path, struct reader **ret);
struct reader *reader_close(struct reader *reader);
DEFINE_CLEANUP(struct reader *, reader_close)
/* One line without a newline, of the last reader_open() of this thread; paths in it are as they came. */
const char *reader_problem(void);
/* "the newest minutes are missing", when only the main file could be read; NULL. */
const char *reader_notice(const struct reader *reader);

/* The present. -ENODATA: no live database, or no tick in it. It is as old as at_wall_ms says. */
int reader_keeper(struct reader *reader, struct keeper *ret);
/* All units now, sickest first, then by name; ret is the caller's to free(). */
int reader_present(struct reader *reader, struct present **ret, size_t *ret_n);
/* From where the values of these units came; -ENODATA as above. */
int reader_signals(struct reader *reader, struct signals *ret);
/* Units known to the past alone have names too: -ENOENT. */
int reader_unit_name(struct reader *reader, uint32_t unit, char ret[UNIT_NAME_SIZE]);

/* What happened, newest first: rows are copied before the first is handed over, so that no
 * transaction stays open. unit NULL: all; since: those that were not over by then; limit 0: all. ret
 * is the caller's to free(). */
struct story {
	char unit[UNIT_NAME_SIZE];
	struct incident incident;
	bool has_decision;
	struct decision decision; /* the last heal that was allowed, else notice, else the last */
	char because[UNIT_NAME_SIZE]; /* the name of the unit it was held for; "" */
	bool has_attempt;
	struct attempt attempt;
	bool has_outcome;
	struct outcome outcome;
	uint64_t acted_wall_ms; /* when its first heal was asked for, be it mocked; 0: none was */
};
int reader_stories(struct reader *reader, const char *unit, uint64_t since_wall_ms, size_t limit,
		   struct story **ret, size_t *ret_n);
/* That incident; -ENOENT. */
int reader_story(struct reader *reader, uint64_t incident, struct story *ret);
/* Every step of one incident in the order of time: what was seen when it was opened, became sick or was
 * decided on, and what then happened. */
enum step_kind { STEP_VERDICT, STEP_DECISION, STEP_ATTEMPT, STEP_OUTCOME };
struct step {
	enum step_kind kind;
	uint64_t wall_ms;
	struct verdict verdict;
	struct decision decision;
	char because[UNIT_NAME_SIZE]; /* of the decision, as in a story */
	struct attempt attempt;
	struct outcome outcome;
};
int reader_steps(struct reader *reader, uint64_t incident, struct step **ret, size_t *ret_n);

/* What all incidents that were not over by then come to, of one unit or (NULL) of all. stats_clear() ret.
 * -EINVAL: no unit can have that name. */
int reader_stats(struct reader *reader, const char *unit, uint64_t since_wall_ms,
		 struct stats *ret);
/* What was seen of an incident's unit before each time it was disturbed, oldest first; none: nothing
 * was. ret is cleared by snapshots_clear(). */
struct kept_snapshot {
	struct snapshot snapshot;
	char *body; /* one JSON object, without control characters; what is in it: selfhealctl(1) */
};
struct snapshots {
	size_t n;
	struct kept_snapshot *kept;
};
int reader_snapshots(struct reader *reader, uint64_t incident, struct snapshots *ret);
void snapshots_clear(struct snapshots *snapshots);
/* Hand over the items of one list of a body ("threads"), in its order: of each the fields asked for, at
 * most SNAPSHOT_FIELDS, as text that is good for the call; "" where one is absent or null. A list that is
 * not there has none. visit() returns a negative errno to end it, which is returned. */
#define SNAPSHOT_FIELDS 8
typedef int snapshot_visit(const char *const *field, void *userdata);
int reader_snapshot_items(struct reader *reader, const struct kept_snapshot *kept, const char *list,
			  const char *const *fields, size_t n, snapshot_visit *visit,
			  void *userdata);

/* Who needs whom and who talks to whom, in the order of names, kinds and ports. unit NULL: all; else those
 * at one of whose ends it is. -ENOENT: there is no such unit, now or in the past. ret is the caller's to
 * free(). */
struct named_edge {
	char client[UNIT_NAME_SIZE],
		server[UNIT_NAME_SIZE]; /* "": the world outside, or not known */
	struct edge edge;
};
int reader_edges(struct reader *reader, const char *unit, struct named_edge **ret, size_t *ret_n);

/* What was measured, as it is still stored: samples of these units in the order of time, and of one moment in
 * the order of units, whose ends lie in ]since_s, until_s]. Of each stretch the finest points there are (1, 10, 60
 * or 600 s, which is the sample's span), and no second of a unit twice; a stretch of which nothing is
 * known has none. Of a span, levels and rates are the mean; counts are whole where they were. A sample's when_ms is
 * its wall_ms. Chunks are read one at a time, so that no transaction stays open and memory is bounded by the number
 * of units (some 200 KiB each, at most) and the last two hours. The caller owns ret; reader must outlive it. */
struct history;
int history_open(struct reader *reader, const uint32_t *units, size_t n_units, uint64_t since_s,
		 uint64_t until_s, struct history **ret);
struct history *history_close(struct history *history);
DEFINE_CLEANUP(struct history *, history_close)
/* 1: the next sample, and of which of the units it is, from 0; 0: that was the last. */
int history_next(struct history *history, struct sample *ret, size_t *ret_nth);
/* How much of it has been read, 0 to 1: for people who wait. */
double history_progress(const struct history *history);

/* Every unit that the past has a name of, in the order of names; ret is the caller's to free(). */
struct known_unit {
	uint32_t unit;
	char name[UNIT_NAME_SIZE];
};
int reader_units(struct reader *reader, struct known_unit **ret, size_t *ret_n);
/* What a restart of that unit takes, from being asked for to being done: the median (of two, the lower) of
 * those on record; a reload is none. -ENODATA: none is. */
int reader_restart_ms(struct reader *reader, uint32_t unit, uint64_t *ret_ms);

/* The one JSON shape of each, for --json and all others: one object, no newline after it. Stable keys,
 * documented in selfhealctl(1): the fields' names, enums as their words, flags as lists of words,
 * invocations as 32 hexadecimal digits, metrics as one object of those measured; unknown is null. Every
 * time is a number of ms, *_wall_ms since 1970, other *_ms since boot. Every object says whether it is
 * synthetic. */
void reader_json_keeper(FILE *out, const struct keeper *keeper, uint64_t now_wall_ms);
void reader_json_present(FILE *out, const struct present *present);
/* One signal as it is found in that place. */
void reader_json_signal(FILE *out, enum metric metric, const struct signal_found *found,
			const struct signal_place *place);
void reader_json_snapshot(FILE *out, const struct kept_snapshot *kept);
void reader_json_edge(FILE *out, const struct named_edge *relation);
/* What a check of the installation came to; its words. */
void reader_json_remark(FILE *out, const char *name, const char *state, const char *said,
			const char *advice);
/* The story's incident with decision, attempt and outcome (null if there is none); with n_steps > 0
 * also "steps". */
void reader_json_story(FILE *out, const struct story *story, const struct step *steps,
		       size_t n_steps);
void reader_json_stats(FILE *out, const struct stats *stats);
