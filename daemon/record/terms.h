/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * On which terms a unit may be healed: what [X-SelfHeal] says of it, in its unit
 * file, its drop-ins, and in what the admin says of whole classes of units. Plain,
 * so that it can be copied beside the unit's status; the files are read by
 * unitfile.h and classes.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mode {
	MODE_OBSERVE, /* look, never decide to act */
	MODE_MOCK,    /* every step but the last call */
	MODE_APPROVE, /* for real, once somebody has agreed; of a unit only */
	MODE_ENFORCE, /* for real */
	MODE_N
};

const char *mode_word(enum mode mode);
int mode_from_word(const char *word, enum mode *ret); /* -ENOENT */

/* "3/h 6/d 120s/d": so many in any hour, so many in any day, and so long down by them in any day. 0: none at
 * all; UINT32_MAX: not limited by this window. */
struct budget {
	uint32_t per_hour;
	uint32_t per_day;
	uint32_t down_s_per_day;
};

/* What is tried one after the other, each an enum action; the next one when those before did not help. */
#define LADDER_RUNGS 8
struct ladder {
	uint32_t n;
	uint8_t rung[LADDER_RUNGS];
};

/* When it may be disturbed, in local time: from that minute of a day on for so many minutes, on these
 * days of the week. One that goes past midnight belongs to the day it began on. */
#define TERMS_WINDOWS 6
struct window {
	uint8_t days; /* 1 << 0: Monday ... 1 << 6: Sunday */
	uint16_t from_min, n_min;
};

/* A limit that somebody set by hand: more than that is too much. */
#define TERMS_LIMITS 8
struct hand_limit {
	uint32_t metric;
	double most;
};

enum term {
	TERM_MODE,
	TERM_HEAL_ON,
	TERM_LADDER,
	TERM_UNIT_BUDGET,
	TERM_COOLDOWN,
	TERM_WINDOW,
	TERM_FOR,
	TERM_DEPENDS_ON,
	TERM_IGNORE,
	TERM_LIMITS,
	TERM_N
};

#define TERMS_NAMES_SIZE 256
struct terms {
	uint32_t says; /* 1 << enum term: that one is said; the field of any other means nothing */
	uint32_t
		resets; /* 1 << enum term: an empty value takes back what was said before these terms */
	enum mode mode;
	uint32_t heal_on; /* 1 << enum fault_class */
	struct ladder ladder;
	struct budget unit_budget;
	uint64_t cooldown_ms;
	uint32_t for_s; /* instead of the For= of any rule */
	uint32_t n_windows;
	struct window window[TERMS_WINDOWS];
	uint64_t ignore; /* METRIC_BIT() of each */
	uint32_t n_limits;
	struct hand_limit limit[TERMS_LIMITS];
	char depends_on[TERMS_NAMES_SIZE]; /* units, one space between them */
};

bool terms_say(const struct terms *terms, enum term term);
/* Lay `over` upon terms, as if its lines had been read after theirs. -E2BIG: a list has become too long, and
 * is cut. */
int terms_overlay(struct terms *terms, const struct terms *over);
/* The limit by hand of that metric; 0: none is said. */
double terms_limit(const struct terms *terms, uint32_t metric);
/* Is the moment in one of the windows, or is none said? Local time: minutes since Monday 0:00. */
#define TERMS_WEEK_MIN (7u * 24 * 60)
bool terms_are_open(const struct terms *terms, uint32_t week_min);

/* The key of [X-SelfHeal], and what it does in half a sentence; never NULL. */
const char *term_key(enum term term);
const char *term_help(enum term term);
/* Are its values added to those before, until an empty one? Others replace them. */
bool term_is_list(enum term term);
/* Read one line's value into terms; "" takes back what was said before. -EINVAL, with what was expected.
 * -ENOENT: there is no such key. */
int terms_set(struct terms *terms, const char *key, const char *value, const char **ret_expected);
/* The value as it would be written; returns buffer, which TERMS_TEXT_SIZE bytes are enough for. Where there
 * are several windows, each a line of its own, a "; " stands between them. */
#define TERMS_TEXT_SIZE 1024
char *terms_text(char *buffer, size_t size, const struct terms *terms, enum term term);
