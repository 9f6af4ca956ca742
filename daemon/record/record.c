/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for the nouns: what rows, rules, JSON and people call them. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "record/record.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Designated by value, so a table cannot fall out of step with its enum. */
static const char *const unit_kind_words[UNIT_KIND_N] = {
	[UNIT_KIND_SERVICE] = "service", [UNIT_KIND_SCOPE] = "scope", [UNIT_KIND_SHARED] = "shared",
	[UNIT_KIND_CGROUP] = "cgroup",	 [UNIT_KIND_TREE] = "tree",   [UNIT_KIND_HOST] = "host",
};

static const char *const unit_active_words[UNIT_ACTIVE_N] = {
	[UNIT_ACTIVE_UNKNOWN] = "unknown",	 [UNIT_ACTIVE_INACTIVE] = "inactive",
	[UNIT_ACTIVE_ACTIVATING] = "activating", [UNIT_ACTIVE_ACTIVE] = "active",
	[UNIT_ACTIVE_RELOADING] = "reloading",	 [UNIT_ACTIVE_DEACTIVATING] = "deactivating",
	[UNIT_ACTIVE_FAILED] = "failed",	 [UNIT_ACTIVE_GONE] = "gone",
};

static const char *const health_words[HEALTH_N] = {
	[HEALTH_UNKNOWN] = "unknown", [HEALTH_LEARNING] = "learning", [HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNUSUAL] = "unusual", [HEALTH_SICK] = "sick",	      [HEALTH_DOWN] = "down",
};

static const char *const fault_class_words[FAULT_CLASS_N] = {
	[FAULT_CLASS_MEMORY] = "memory",   [FAULT_CLASS_FDS] = "fds",
	[FAULT_CLASS_THREADS] = "threads", [FAULT_CLASS_LATENCY] = "latency",
	[FAULT_CLASS_ERRORS] = "errors",   [FAULT_CLASS_HANG] = "hang",
	[FAULT_CLASS_CRASH] = "crash",	   [FAULT_CLASS_CPU] = "cpu",
};

static const char *const action_words[ACTION_N] = {
	[ACTION_NONE] = "none",	      [ACTION_RELOAD] = "reload",
	[ACTION_RESTART] = "restart", [ACTION_RESTART_DEPENDENTS] = "restart-dependents",
	[ACTION_NOTIFY] = "notify",
};

static const char *const expert_words[EXPERT_N] = {
	[EXPERT_RULE] = "rule",	    [EXPERT_WORK] = "work", [EXPERT_GROWTH] = "growth",
	[EXPERT_FOREST] = "forest", [EXPERT_HANG] = "hang", [EXPERT_SIBLINGS] = "siblings",
	[EXPERT_LIMIT] = "limit",
};

static const struct {
	const char *word;
	const char *sentence;
} why_texts[WHY_N] = {
	[WHY_ALLOWED] = { "allowed", "allowed" },
	[WHY_NOTHING_WANTED] = { "nothing-wanted", "nothing is wanted" },
	[WHY_OBSERVING] = { "observing", "Mode=observe lets us only look" },
	[WHY_POLICY_BROKEN] = { "policy-broken", "its [X-SelfHeal] section cannot be read" },
	[WHY_NOT_APPROVED] = { "not-approved", "somebody has to approve it first" },
	[WHY_PAUSED] = { "paused", "somebody paused its healing" },
	[WHY_NOT_IN_HEAL_ON] = { "not-in-heal-on", "this kind of trouble is not in HealOn=" },
	[WHY_NO_MANAGER] = { "no-manager", "there is no service manager to ask for a restart" },
	[WHY_NOT_LONG_RUNNING] = { "not-long-running", "it is not a service that stays up" },
	[WHY_TRANSIENT] = { "transient", "it is a transient unit" },
	[WHY_TIMER_STARTED] = { "timer-started", "a timer starts it" },
	[WHY_PER_CONNECTION] = { "per-connection", "it serves one connection only" },
	[WHY_UNTOUCHABLE] = { "untouchable", "it is one of those that are never touched" },
	[WHY_REFUSES_ORDERS] = { "refuses-orders", "it refuses to be started or stopped by hand" },
	[WHY_NEVER_WELL] = { "never-well", "it was not seen running well before" },
	[WHY_STOPPED_BY_HAND] = { "stopped-by-hand", "it was stopped by its admin" },
	[WHY_DOWN_BEFORE] = { "down-before", "it was down before we looked" },
	[WHY_JOB_PENDING] = { "job-pending", "systemd is about to change it already" },
	[WHY_BOOTING] = { "booting", "the host has just booted" },
	[WHY_CHANGING_STATE] = { "changing-state", "it is just starting, stopping or reloading" },
	[WHY_ATTEMPT_RUNNING] = { "attempt-running", "the attempt before is not concluded yet" },
	[WHY_OTHER_HEALER] = { "other-healer", "somebody else has just restarted it" },
	[WHY_COOLING_DOWN] = { "cooling-down",
			       "it is cooling down after its last heal, or its start" },
	[WHY_UNIT_BUDGET_SPENT] = { "unit-budget-spent", "its budget is spent" },
	[WHY_HOST_BUDGET_SPENT] = { "host-budget-spent", "the budget of the host is spent" },
	[WHY_LEDGER_LOST] = { "ledger-lost", "the record of past attempts was damaged, so budgets "
					     "count as spent" },
	[WHY_CANNOT_RECORD] = { "cannot-record", "it cannot be recorded now" },
	[WHY_GONE] = { "gone", "it is gone" },
	[WHY_UPSTREAM_SICK] = { "upstream-sick", "what it depends on is sick" },
	[WHY_STORM] = { "storm", "so many units are sick that it must be the host" },
	[WHY_SHUTTING_DOWN] = { "shutting-down", "the host is shutting down" },
	[WHY_PACKAGES] = { "packages", "packages are being installed" },
	[WHY_CHANGED] = { "changed", "its files or its program have just been changed" },
	[WHY_OUTSIDE_WINDOW] = { "outside-window", "it may not be disturbed at this time" },
	[WHY_DOWNTIME_SPENT] = { "downtime-spent",
				 "heals have had it down for as long as they may in a day" },
	[WHY_LADDER_ENDED] = { "ladder-ended", "all that there is to try has been tried" },
};

static const char *const way_words[WAY_N] = {
	[WAY_NONE] = "none",
	[WAY_MOCK] = "mock",
	[WAY_SYSTEMD] = "systemd",
	[WAY_SIMULATOR] = "simulator",
};

static const char *const attempt_result_words[ATTEMPT_RESULT_N] = {
	[ATTEMPT_RESULT_NONE] = "none",	      [ATTEMPT_RESULT_DONE] = "done",
	[ATTEMPT_RESULT_MOCKED] = "mocked",   [ATTEMPT_RESULT_FAILED] = "failed",
	[ATTEMPT_RESULT_REFUSED] = "refused", [ATTEMPT_RESULT_TIMEOUT] = "timeout",
	[ATTEMPT_RESULT_LOST] = "lost",
};

static const char *const outcome_words[OUTCOME_N] = {
	[OUTCOME_NONE] = "none",	   [OUTCOME_HEALED] = "healed",
	[OUTCOME_UNCHANGED] = "unchanged", [OUTCOME_WORSE] = "worse",
	[OUTCOME_GONE] = "gone",	   [OUTCOME_JOB_FAILED] = "job-failed",
	[OUTCOME_MOCKED] = "mocked",	   [OUTCOME_UNKNOWN] = "unknown",
	[OUTCOME_RESTARTED] = "restarted", [OUTCOME_DEPENDENT_DOWN] = "dependent-down",
};

static const char *const store_state_words[STORE_STATE_N] = {
	[STORE_WELL] = "well",
	[STORE_FULL] = "full",
	[STORE_STUCK] = "stuck",
	[STORE_FAILED] = "failed",
};

/* Values may come from a row that a newer version wrote. */
static const char *word_of(const char *const *words, size_t n, size_t index)
{
	return index < n ? words[index] : "unknown";
}

static int index_of(const char *const *words, size_t n, const char *word, size_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return -ENOENT;
}

bool unit_has_invocation(const struct unit_status *status)
{
	static const uint8_t none[INVOCATION_SIZE];

	return memcmp(status->invocation, none, sizeof(none)) != 0;
}

bool unit_names_have(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == length && memcmp(list, name, n) == 0)
			return true;
		list += n + (list[n] == ' ');
	}
	return false;
}

bool unit_is_called(const struct unit_status *status, const char *name)
{
	return strcmp(status->name, name) == 0 || unit_names_have(status->aliases, name);
}

bool decision_disturbs(const struct decision *decision)
{
	return decision->why == WHY_ALLOWED && decision->action != ACTION_NOTIFY;
}

bool sample_has(const struct sample *sample, enum metric metric)
{
	return (sample->have & METRIC_BIT(metric)) != 0;
}

void sample_set(struct sample *sample, enum metric metric, double value)
{
	if (!isfinite(value))
		return;
	sample->value[metric] = value;
	sample->have |= METRIC_BIT(metric);
}

const char *unit_kind_word(enum unit_kind kind)
{
	return word_of(unit_kind_words, LENGTH(unit_kind_words), kind);
}

const char *unit_active_word(enum unit_active active)
{
	return word_of(unit_active_words, LENGTH(unit_active_words), active);
}

const char *health_word(enum health health)
{
	return word_of(health_words, LENGTH(health_words), health);
}

const char *fault_class_word(enum fault_class class)
{
	return word_of(fault_class_words, LENGTH(fault_class_words), class);
}

const char *action_word(enum action action)
{
	return word_of(action_words, LENGTH(action_words), action);
}

const char *expert_word(enum expert expert)
{
	return word_of(expert_words, LENGTH(expert_words), expert);
}

const char *why_word(enum why why)
{
	return (size_t)why < WHY_N ? why_texts[why].word : "unknown";
}

const char *why_sentence(enum why why)
{
	return (size_t)why < WHY_N ? why_texts[why].sentence : "the reason is not known";
}

const char *way_word(enum way way)
{
	return word_of(way_words, LENGTH(way_words), way);
}

const char *attempt_result_word(enum attempt_result result)
{
	return word_of(attempt_result_words, LENGTH(attempt_result_words), result);
}

const char *outcome_word(enum outcome_result result)
{
	return word_of(outcome_words, LENGTH(outcome_words), result);
}

const char *store_state_word(enum store_state state)
{
	return word_of(store_state_words, LENGTH(store_state_words), state);
}

int unit_active_from_word(const char *word, enum unit_active *ret)
{
	size_t index;
	int r;

	r = index_of(unit_active_words, LENGTH(unit_active_words), word, &index);
	if (r < 0)
		return r;
	*ret = (enum unit_active)index;
	return 0;
}

int fault_class_from_word(const char *word, enum fault_class *ret)
{
	size_t index;
	int r;

	r = index_of(fault_class_words, LENGTH(fault_class_words), word, &index);
	if (r < 0)
		return r;
	*ret = (enum fault_class)index;
	return 0;
}

int action_from_word(const char *word, enum action *ret)
{
	size_t index;
	int r;

	r = index_of(action_words, LENGTH(action_words), word, &index);
	if (r < 0)
		return r;
	*ret = (enum action)index;
	return 0;
}
