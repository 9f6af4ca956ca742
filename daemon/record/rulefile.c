/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules out of their files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/names.h"
#include "record/rulefile.h"

#define SPACES " \t"
#define SUFFIX ".rule"

static const char *const aspect_words[ASPECT_N] = {
	[ASPECT_VALUE] = "value",
	[ASPECT_RATIO] = "ratio",
	[ASPECT_DEVIATION] = "deviation",
	[ASPECT_BEYOND] = "beyond",
	[ASPECT_RISING_S] = "rising_s",
	[ASPECT_RECENT] = "recent",
	[ASPECT_EXCESS] = "excess",
	[ASPECT_EXCESS_RATIO] = "excess_ratio",
	[ASPECT_GROWTH] = "growth",
	[ASPECT_LEFT_S] = "left_s",
	[ASPECT_APART] = "apart",
	[ASPECT_OVER] = "over",
	[ASPECT_OF_ACCEPTS] = "of_accepts",
	[ASPECT_WAITING_S] = "waiting_s",
	[ASPECT_SCORE] = "score",
	[ASPECT_FAILED] = "failed",
	[ASPECT_START_LIMITED] = "start_limited",
	[ASPECT_OOM_KILLED] = "oom_killed",
	[ASPECT_STILL_S] = "still_s",
};

static bool aspect_is_of_unit(enum aspect aspect)
{
	return aspect >= ASPECT_SCORE;
}

static int aspect_from_word(const char *word, bool of_unit, enum aspect *ret)
{
	for (size_t i = 0; i < ASPECT_N; i++) {
		if (aspect_is_of_unit((enum aspect)i) != of_unit ||
		    strcmp(aspect_words[i], word) != 0)
			continue;
		*ret = (enum aspect)i;
		return 0;
	}
	return -ENOENT;
}

bool rule_is_on_fact(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_needs; i++) {
		switch (rule->need[i].aspect) {
		case ASPECT_FAILED:
		case ASPECT_START_LIMITED:
		case ASPECT_OOM_KILLED:
		case ASPECT_RECENT:
		case ASPECT_OVER:
			break;
		default:
			return false;
		}
	}
	return true;
}

/* ---- one need ---------------------------------------------------------------- */

/* "rss.ratio > 1.3" in three pieces, none of which has blanks around it. */
struct pieces {
	char left[64];
	enum relation relation;
	char right[64];
};

static int copy_trimmed(const char *text, size_t length, char *ret, size_t size)
{
	size_t lead = strspn(text, SPACES);

	if (lead > length)
		lead = length;
	text += lead;
	length -= lead;
	while (length > 0 && strchr(SPACES, text[length - 1]))
		length--;
	if (length == 0 || length >= size)
		return -EINVAL;
	*(char *)mempcpy(ret, text, length) = '\0';
	return 0;
}

static int split_need(const char *text, struct pieces *ret)
{
	const char *sign = strpbrk(text, "<>");
	bool or_equal;
	int r;

	if (!sign)
		return -EINVAL;
	or_equal = sign[1] == '=';
	if (*sign == '>')
		ret->relation = or_equal ? RELATION_AT_LEAST : RELATION_ABOVE;
	else
		ret->relation = or_equal ? RELATION_AT_MOST : RELATION_BELOW;
	r = copy_trimmed(text, (size_t)(sign - text), ret->left, sizeof(ret->left));
	if (r < 0)
		return r;
	sign += or_equal ? 2 : 1;
	return copy_trimmed(sign, strlen(sign), ret->right, sizeof(ret->right));
}

/* The left side: "failed", or "rss.ratio", which `left` is cut into. */
static int parse_left(const struct ini_line *line, char *left, struct need *need,
		      struct ini_error *error)
{
	char *dot = strchr(left, '.');
	const char *aspect = dot ? dot + 1 : left;
	enum metric metric = METRIC_N;
	int r;

	if (dot) {
		*dot = '\0';
		r = metric_from_name(left, &metric);
		if (r < 0)
			return ini_fail(line, error,
					"unknown metric '%s'; expected one of those in "
					"selfheal.rule(5)",
					left);
	}
	r = aspect_from_word(aspect, !dot, &need->aspect);
	if (r < 0 && dot)
		return ini_fail(line, error,
				"unknown aspect '%s'; expected value, ratio, deviation, beyond, "
				"rising_s, recent, excess, excess_ratio, growth, left_s, apart, "
				"over, of_accepts or waiting_s",
				aspect);
	if (r < 0)
		return ini_fail(line, error,
				"unknown fact '%s'; expected METRIC.ASPECT, score, failed, "
				"start_limited, oom_killed or still_s",
				aspect);
	need->metric = metric;
	return 0;
}

static bool has_growth(uint32_t metric)
{
	return metric == METRIC_RSS || metric == METRIC_THREADS || metric == METRIC_DESCRIPTORS;
}

bool rule_has_excess(uint32_t metric)
{
	return has_growth(metric) || metric == METRIC_CPU || metric == METRIC_CONNECTIONS ||
	       metric == METRIC_ERROR_LINES;
}

static int check_kind(const struct ini_line *line, const struct need *need, struct ini_error *error)
{
	if (need->aspect == ASPECT_RECENT && metric_table[need->metric].kind != METRIC_KIND_COUNT)
		return ini_fail(line, error, "'%s.recent': only what is counted has this aspect",
				metric_table[need->metric].name);
	if (need->aspect == ASPECT_RISING_S && metric_table[need->metric].kind != METRIC_KIND_LEVEL)
		return ini_fail(line, error, "'%s.rising_s': only a level has this aspect",
				metric_table[need->metric].name);
	if ((need->aspect == ASPECT_EXCESS || need->aspect == ASPECT_EXCESS_RATIO ||
	     need->aspect == ASPECT_APART) &&
	    !rule_has_excess(need->metric))
		return ini_fail(line, error,
				"'%s': only cpu, rss, threads, descriptors, connections and "
				"error_lines are held against the unit's work",
				metric_table[need->metric].name);
	if ((need->aspect == ASPECT_GROWTH || need->aspect == ASPECT_LEFT_S) &&
	    !has_growth(need->metric))
		return ini_fail(line, error,
				"'%s.%s': only rss, threads and descriptors have this aspect",
				metric_table[need->metric].name, aspect_words[need->aspect]);
	if (need->aspect == ASPECT_OF_ACCEPTS && need->metric != METRIC_ERROR_LINES)
		return ini_fail(line, error, "'%s.of_accepts': only error_lines have this aspect",
				metric_table[need->metric].name);
	if (need->aspect == ASPECT_WAITING_S && need->metric != METRIC_BACKLOG &&
	    need->metric != METRIC_UNREAD)
		return ini_fail(line, error,
				"'%s.waiting_s': only backlog and unread have this aspect",
				metric_table[need->metric].name);
	return 0;
}

static int parse_need(const struct ini_line *line, struct rule *rule, struct ini_error *error)
{
	struct need need = { 0 };
	struct pieces pieces;
	int r;

	if (rule->n_needs == RULE_NEEDS_MAX)
		return ini_fail(line, error, "expected at most %d Need= lines", RULE_NEEDS_MAX);
	r = split_need(line->value, &pieces);
	if (r < 0)
		return ini_fail(
			line, error,
			"Need= is '%s'; expected LEFT > NUMBER, with >, >=, < or <=", line->value);
	r = parse_left(line, pieces.left, &need, error);
	if (r < 0)
		return r;
	r = check_kind(line, &need, error);
	if (r < 0)
		return r;
	r = text_parse_number(pieces.right, &need.limit);
	if (r < 0)
		return ini_fail(line, error,
				"'%s' is no number; expected one such as 1.3, 40%% or 64M",
				pieces.right);
	need.relation = pieces.relation;
	rule->need[rule->n_needs++] = need;
	return 0;
}

/* ---- the other keys ---------------------------------------------------------- */

static int parse_class(const struct ini_line *line, struct rule *rule, struct ini_error *error)
{
	int r;

	r = fault_class_from_word(line->value, &rule->class);
	if (r < 0)
		return ini_fail(line, error,
				"Class= is '%s'; expected memory, fds, threads, latency, errors, "
				"hang, crash or cpu",
				line->value);
	return 0;
}

/* What is done about it is said by Ladder=; a rule only says whether anything is. */
static int parse_action(const struct ini_line *line, struct rule *rule, struct ini_error *error)
{
	enum action action;

	if (action_from_word(line->value, &action) < 0 ||
	    (action != ACTION_RESTART && action != ACTION_NONE))
		return ini_fail(line, error, "Action= is '%s'; expected restart or none",
				line->value);
	rule->action = action;
	return 0;
}

static int parse_for(const struct ini_line *line, struct rule *rule, struct ini_error *error)
{
	uint64_t ms;
	int r;

	r = text_parse_span(line->value, &ms);
	if (r < 0 || ms % 1000 != 0 || ms > DAYS(1))
		return ini_fail(line, error,
				"For= is '%s'; expected a span of whole seconds, at most a day, "
				"such as '20s'",
				line->value);
	rule->for_s = (uint32_t)(ms / 1000);
	return 0;
}

static int parse_description(const struct ini_line *line, struct rule *rule,
			     struct ini_error *error)
{
	int r;

	r = text_format(rule->description, sizeof(rule->description), "%s", line->value);
	if (r < 0)
		return ini_fail(line, error, "expected a Description= of at most %zu bytes",
				sizeof(rule->description) - 1);
	return 0;
}

enum key { KEY_DESCRIPTION, KEY_CLASS, KEY_ACTION, KEY_FOR, KEY_NEED, KEY_N };

static const struct {
	const char *name;
	bool must; /* a rule without it says too little */
	int (*parse)(const struct ini_line *line, struct rule *rule, struct ini_error *error);
} keys[KEY_N] = {
	[KEY_DESCRIPTION] = { "Description", false, parse_description },
	[KEY_CLASS] = { "Class", true, parse_class },
	[KEY_ACTION] = { "Action", true, parse_action },
	[KEY_FOR] = { "For", false, parse_for },
	[KEY_NEED] = { "Need", true, parse_need },
};

/* ---- one file ---------------------------------------------------------------- */

struct reading {
	struct rule rule;
	uint32_t seen; /* 1 << enum key */
};

static int set_line(const struct ini_line *line, void *userdata, struct ini_error *error)
{
	struct reading *reading = userdata;

	if (strncmp(line->section, "X-", 2) == 0)
		return 0; /* somebody else's, as in unit files */
	if (strcmp(line->section, "Rule") != 0)
		return ini_fail(line, error, "'%s=' in section [%s]; expected [Rule]", line->key,
				line->section);
	for (size_t i = 0; i < KEY_N; i++) {
		if (strcmp(keys[i].name, line->key) != 0)
			continue;
		if (i != KEY_NEED && (reading->seen & (1u << i)))
			return ini_fail(line, error, "expected one %s= only, found a second",
					line->key);
		reading->seen |= 1u << i;
		return keys[i].parse(line, &reading->rule, error);
	}
	return ini_fail(line, error,
			"unknown key '%s'; expected Description, Class, Action, For or Need",
			line->key);
}

/* The name is shown, stored and typed, so only what needs no quotes anywhere may be in it. */
static int name_from_path(const char *path, char ret[RULE_NAME_SIZE], struct ini_error *error)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-";
	const struct ini_line whole = { .file = path };
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = strspn(name, allowed);

	if (length == 0 || length >= RULE_NAME_SIZE || strcmp(name + length, SUFFIX) != 0)
		return ini_fail(&whole, error,
				"expected a name of 1 to %d letters, digits and '-', then " SUFFIX,
				RULE_NAME_SIZE - 1);
	*(char *)mempcpy(ret, name, length) = '\0';
	return 0;
}

int rule_load(const char *path, struct rule *ret, struct ini_error *error)
{
	const struct ini_line whole = { .file = path };
	struct reading reading = { 0 };
	int r;

	r = name_from_path(path, reading.rule.name, error);
	if (r < 0)
		return r;
	r = ini_load(path, set_line, &reading, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < KEY_N; i++)
		if (keys[i].must && !(reading.seen & (1u << i)))
			return ini_fail(&whole, error, "expected %s= in [Rule], found none",
					keys[i].name);
	*ret = reading.rule;
	return 0;
}

/* ---- all of them ------------------------------------------------------------- */

struct collection {
	struct rule *rule;
	size_t n;
	struct ini_error *error;
};

static int collect(const char *path, void *userdata)
{
	struct collection *collection = userdata;
	const struct ini_line whole = { .file = path };
	int r;

	if (collection->n == RULES_MAX)
		return ini_fail(&whole, collection->error, "expected at most %d rules", RULES_MAX);
	r = rule_load(path, &collection->rule[collection->n], collection->error);
	if (r == -ENOENT)
		return ini_fail_errno(path, r, collection->error);
	if (r < 0)
		return r;
	collection->n++;
	return 0;
}

int rules_load(const char *const *folders, size_t n_folders, struct rule *ret, size_t *ret_n,
	       struct ini_error *error)
{
	struct collection collection = { .rule = ret, .error = error };
	int r;

	r = ini_drop_ins(folders, n_folders, "rule", collect, &collection, error);
	if (r < 0)
		return r;
	*ret_n = collection.n;
	return 0;
}

static const char *const installed[] = {
	NAME_CONFIG_DIR "/" NAME_RULE_DIR,
	NAME_LOCAL_VENDOR_DIR "/" NAME_RULE_DIR,
	NAME_VENDOR_DIR "/" NAME_RULE_DIR,
};
#define INSTALLED_N (sizeof(installed) / sizeof(installed[0]))

int rules_load_installed(struct rule *ret, size_t *ret_n, struct ini_error *error)
{
	return rules_load(installed, INSTALLED_N, ret, ret_n, error);
}

int rules_files(int (*visit)(const char *path, void *userdata), void *userdata,
		struct ini_error *error)
{
	return ini_drop_ins(installed, INSTALLED_N, "rule", visit, userdata, error);
}
