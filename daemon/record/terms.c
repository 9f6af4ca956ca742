/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [X-SelfHeal]: read, and laid over one another. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/record.h"
#include "record/terms.h"
#include "record/value.h"

#define DAY_MIN (24u * 60)

static const char *const mode_words[MODE_N] = {
	[MODE_OBSERVE] = "observe",
	[MODE_MOCK] = "mock",
	[MODE_APPROVE] = "approve",
	[MODE_ENFORCE] = "enforce",
};

const char *mode_word(enum mode mode)
{
	return (size_t)mode < MODE_N ? mode_words[mode] : "unknown";
}

int mode_from_word(const char *word, enum mode *ret)
{
	for (size_t i = 0; i < MODE_N; i++) {
		if (strcmp(mode_words[i], word) != 0)
			continue;
		*ret = (enum mode)i;
		return 0;
	}
	return -ENOENT;
}

/* ---- one key each ----------------------------------------------------------------- */

static int set_mode(struct terms *terms, const char *value)
{
	return mode_from_word(value, &terms->mode) < 0 ? -EINVAL : 0;
}

static int set_heal_on(struct terms *terms, const char *value)
{
	return value_classes(value, &terms->heal_on);
}

static int set_ladder(struct terms *terms, const char *value)
{
	return value_ladder(value, &terms->ladder);
}

static int set_unit_budget(struct terms *terms, const char *value)
{
	return value_budget(value, &terms->unit_budget);
}

static int set_cooldown(struct terms *terms, const char *value)
{
	return value_span_ms(value, 0, DAYS(30), &terms->cooldown_ms);
}

static int set_for(struct terms *terms, const char *value)
{
	return value_span_s(value, 0, DAYS(1), &terms->for_s);
}

static int add_window(struct terms *terms, const char *value)
{
	int r;

	if (terms->n_windows == TERMS_WINDOWS)
		return -EINVAL;
	r = value_window(value, &terms->window[terms->n_windows]);
	if (r >= 0)
		terms->n_windows++;
	return r;
}

static int add_name(struct terms *terms, const char *name)
{
	size_t length = strlen(terms->depends_on);

	if (!text_is_unit_name(name))
		return -EINVAL;
	if (unit_names_have(terms->depends_on, name))
		return 0;
	if (text_format(terms->depends_on + length, sizeof(terms->depends_on) - length, "%s%s",
			length ? " " : "", name) == 0)
		return 0;
	terms->depends_on[length] = '\0';
	return -EINVAL;
}

static int add_names(struct terms *terms, const char *value)
{
	char name[UNIT_NAME_SIZE];
	int r;

	while ((r = value_word(&value, name, sizeof(name))) > 0) {
		r = add_name(terms, name);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_ignored(struct terms *terms, const char *value)
{
	uint64_t metrics;
	int r;

	r = value_metrics(value, &metrics);
	if (r >= 0)
		terms->ignore |= metrics;
	return r;
}

/* The last word on a metric counts. */
static int add_limit(struct terms *terms, const struct hand_limit *limit)
{
	for (uint32_t i = 0; i < terms->n_limits; i++) {
		if (terms->limit[i].metric != limit->metric)
			continue;
		terms->limit[i] = *limit;
		return 0;
	}
	if (terms->n_limits == TERMS_LIMITS)
		return -EINVAL;
	terms->limit[terms->n_limits++] = *limit;
	return 0;
}

static int add_limits(struct terms *terms, const char *value)
{
	struct hand_limit limit;
	char word[80];
	int r;

	while ((r = value_word(&value, word, sizeof(word))) > 0) {
		r = value_limit(word, &limit);
		if (r >= 0)
			r = add_limit(terms, &limit);
		if (r < 0)
			return r;
	}
	return r;
}

static const struct {
	const char *key, *help, *expected;
	int (*set)(struct terms *terms, const char *value);
} table[TERM_N] = {
	[TERM_MODE] = { "Mode", "what becomes of a decision", "observe, mock, approve or enforce",
			set_mode },
	[TERM_HEAL_ON] = { "HealOn", "kinds of trouble that may be healed", VALUE_CLASSES_EXPECTED,
			   set_heal_on },
	[TERM_LADDER] = { "Ladder", "what is tried, one after the other", VALUE_LADDER_EXPECTED,
			  set_ladder },
	[TERM_UNIT_BUDGET] = { "UnitBudget", "restarts, and time down, that it may cost",
			       VALUE_BUDGET_EXPECTED, set_unit_budget },
	[TERM_COOLDOWN] = { "Cooldown", "least time from its start, and between two heals",
			    "a span of at most 30d, such as '5min' or '1h 30min'", set_cooldown },
	[TERM_WINDOW] = { "Window", "when it may be disturbed",
			  "days and a span of the day, at most 6 of these: 'Mon..Fri 22:00-06:00'",
			  add_window },
	[TERM_FOR] = { "For", "how long trouble must last before a heal",
		       "a span of whole seconds, at most 1d", set_for },
	[TERM_DEPENDS_ON] = { "DependsOn", "units without which it cannot be well",
			      "names of units, such as 'db.service', 255 bytes in all", add_names },
	[TERM_IGNORE] = { "Ignore", "metrics that say nothing about it",
			  "names of metrics: rss psi_io_some", add_ignored },
	[TERM_LIMITS] = { "Limits", "what is too much, by hand",
			  "METRIC=MOST, at most 8 of these: 'rss=2G threads=500'", add_limits },
};

const char *term_key(enum term term)
{
	return (size_t)term < TERM_N ? table[term].key : "unknown";
}

const char *term_help(enum term term)
{
	return (size_t)term < TERM_N ? table[term].help : "not known";
}

bool term_is_list(enum term term)
{
	return term == TERM_WINDOW || term == TERM_DEPENDS_ON || term == TERM_IGNORE ||
	       term == TERM_LIMITS;
}

/* ---- all of them ------------------------------------------------------------------ */

bool terms_say(const struct terms *terms, enum term term)
{
	return (terms->says & (1u << term)) != 0;
}

static void take_back(struct terms *terms, enum term term)
{
	terms->says &= ~(1u << term);
	switch (term) {
	case TERM_WINDOW:
		terms->n_windows = 0;
		break;
	case TERM_DEPENDS_ON:
		terms->depends_on[0] = '\0';
		break;
	case TERM_IGNORE:
		terms->ignore = 0;
		break;
	case TERM_LIMITS:
		terms->n_limits = 0;
		break;
	default:
		break; /* a value that is not said is not looked at */
	}
}

int terms_set(struct terms *terms, const char *key, const char *value, const char **ret_expected)
{
	struct terms changed = *terms;

	for (enum term term = 0; term < TERM_N; term++) {
		if (strcmp(table[term].key, key) != 0)
			continue;
		if (!*value) {
			take_back(terms, term);
			terms->resets |= 1u << term;
			return 0;
		}
		if (table[term].set(&changed, value) < 0) {
			*ret_expected = table[term].expected;
			return -EINVAL;
		}
		changed.says |= 1u << term;
		*terms = changed;
		return 0;
	}
	return -ENOENT;
}

static int lay_windows(struct terms *terms, const struct terms *over)
{
	for (uint32_t i = 0; i < over->n_windows; i++) {
		if (terms->n_windows == TERMS_WINDOWS)
			return -E2BIG;
		terms->window[terms->n_windows++] = over->window[i];
	}
	return 0;
}

static int lay_limits(struct terms *terms, const struct terms *over)
{
	for (uint32_t i = 0; i < over->n_limits; i++)
		if (add_limit(terms, &over->limit[i]) < 0)
			return -E2BIG;
	return 0;
}

static int lay(struct terms *terms, const struct terms *over, enum term term)
{
	switch (term) {
	case TERM_MODE:
		terms->mode = over->mode;
		return 0;
	case TERM_HEAL_ON:
		terms->heal_on = over->heal_on;
		return 0;
	case TERM_LADDER:
		terms->ladder = over->ladder;
		return 0;
	case TERM_UNIT_BUDGET:
		terms->unit_budget = over->unit_budget;
		return 0;
	case TERM_COOLDOWN:
		terms->cooldown_ms = over->cooldown_ms;
		return 0;
	case TERM_FOR:
		terms->for_s = over->for_s;
		return 0;
	case TERM_IGNORE:
		terms->ignore |= over->ignore;
		return 0;
	case TERM_WINDOW:
		return lay_windows(terms, over);
	case TERM_DEPENDS_ON:
		return add_names(terms, over->depends_on) < 0 ? -E2BIG : 0;
	case TERM_LIMITS:
		return lay_limits(terms, over);
	default:
		return 0;
	}
}

int terms_overlay(struct terms *terms, const struct terms *over)
{
	int r = 0;

	for (enum term term = 0; term < TERM_N; term++) {
		if (over->resets & (1u << term)) {
			take_back(terms, term);
			terms->resets |= 1u << term;
		}
		if (!terms_say(over, term))
			continue;
		if (lay(terms, over, term) < 0)
			r = -E2BIG;
		terms->says |= 1u << term;
	}
	return r;
}

double terms_limit(const struct terms *terms, uint32_t metric)
{
	for (uint32_t i = 0; terms_say(terms, TERM_LIMITS) && i < terms->n_limits; i++)
		if (terms->limit[i].metric == metric)
			return terms->limit[i].most;
	return 0;
}

bool terms_are_open(const struct terms *terms, uint32_t week_min)
{
	if (!terms_say(terms, TERM_WINDOW))
		return true;
	for (uint32_t i = 0; i < terms->n_windows; i++) {
		const struct window *window = &terms->window[i];

		for (uint32_t day = 0; day < 7; day++) {
			uint32_t from = day * DAY_MIN + window->from_min;

			if ((window->days & (1u << day)) &&
			    (week_min + TERMS_WEEK_MIN - from) % TERMS_WEEK_MIN < window->n_min)
				return true;
		}
	}
	return false;
}
