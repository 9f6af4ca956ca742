/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for the nouns: what rows, rules, JSON and people call them. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "record/record.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Designated by value, so a table cannot fall out of step with its enum. */
const struct metric_info metric_table[METRIC_N] = {
	[METRIC_CPU] = { "cpu", METRIC_KIND_RATE, "cores", "CPU time it uses" },
	[METRIC_RUN_DELAY] = { "run_delay", METRIC_KIND_RATE, "seconds_per_second",
			       "time its runnable threads waited for a CPU" },
	[METRIC_MEMORY] = { "memory", METRIC_KIND_LEVEL, "bytes",
			    "memory charged to its cgroup, caches included" },
	[METRIC_RSS] = { "rss", METRIC_KIND_LEVEL, "bytes",
			 "anonymous resident memory of its processes" },
	[METRIC_SWAP] = { "swap", METRIC_KIND_LEVEL, "bytes", "its memory that was swapped out" },
	[METRIC_PROCESSES] = { "processes", METRIC_KIND_LEVEL, "count", "its processes" },
	[METRIC_THREADS] = { "threads", METRIC_KIND_LEVEL, "count", "its threads" },
	[METRIC_DESCRIPTORS] = { "descriptors", METRIC_KIND_LEVEL, "count",
				 "file descriptors its processes hold open" },
	[METRIC_BLOCKED] = { "blocked", METRIC_KIND_LEVEL, "count",
			     "threads in uninterruptible sleep" },
	[METRIC_STOPPED] = { "stopped", METRIC_KIND_LEVEL, "count",
			     "threads stopped, traced or frozen" },
	[METRIC_ZOMBIES] = { "zombies", METRIC_KIND_LEVEL, "count",
			     "ended processes that nobody has waited for" },
	[METRIC_MINOR_FAULTS] = { "minor_faults", METRIC_KIND_RATE, "per_second",
				  "page faults served from memory" },
	[METRIC_MAJOR_FAULTS] = { "major_faults", METRIC_KIND_RATE, "per_second",
				  "page faults that waited for storage" },
	[METRIC_READ_BYTES] = { "read_bytes", METRIC_KIND_RATE, "bytes_per_second",
				"read from storage" },
	[METRIC_WRITE_BYTES] = { "write_bytes", METRIC_KIND_RATE, "bytes_per_second",
				 "written to storage" },
	[METRIC_SWITCHES_VOLUNTARY] = { "switches_voluntary", METRIC_KIND_RATE, "per_second",
					"times its threads went to sleep" },
	[METRIC_SWITCHES_INVOLUNTARY] = { "switches_involuntary", METRIC_KIND_RATE, "per_second",
					  "times its threads were pushed off the CPU" },
	[METRIC_PSI_CPU_SOME] = { "psi_cpu_some", METRIC_KIND_RATE, "ratio",
				  "share of time some of it waited for a CPU" },
	[METRIC_PSI_MEMORY_SOME] = { "psi_memory_some", METRIC_KIND_RATE, "ratio",
				     "share of time some of it waited for memory" },
	[METRIC_PSI_MEMORY_FULL] = { "psi_memory_full", METRIC_KIND_RATE, "ratio",
				     "share of time all of it waited for memory" },
	[METRIC_PSI_IO_SOME] = { "psi_io_some", METRIC_KIND_RATE, "ratio",
				 "share of time some of it waited for I/O" },
	[METRIC_PSI_IO_FULL] = { "psi_io_full", METRIC_KIND_RATE, "ratio",
				 "share of time all of it waited for I/O" },
	[METRIC_FORKS] = { "forks", METRIC_KIND_COUNT, "count", "processes it began" },
	[METRIC_EXITS] = { "exits", METRIC_KIND_COUNT, "count",
			   "its processes that ended, in any way" },
	[METRIC_EXITS_FAILED] = { "exits_failed", METRIC_KIND_COUNT, "count",
				  "its processes that ended with a code other than 0" },
	[METRIC_EXITS_SIGNAL] = { "exits_signal", METRIC_KIND_COUNT, "count",
				  "its processes that a signal ended" },
	[METRIC_OOM_KILLS] = { "oom_kills", METRIC_KIND_COUNT, "count",
			       "its processes killed because memory was out" },
	[METRIC_RESTARTS] = { "restarts", METRIC_KIND_COUNT, "count",
			      "starts of it by systemd's Restart=" },
	[METRIC_ACCEPTS] = { "accepts", METRIC_KIND_RATE, "per_second",
			     "TCP connections that came in" },
	[METRIC_CONNECTS] = { "connects", METRIC_KIND_RATE, "per_second",
			      "TCP connections that it made" },
	[METRIC_RETRANSMITS] = { "retransmits", METRIC_KIND_RATE, "per_second",
				 "TCP segments that it sent again" },
	[METRIC_RESETS_SENT] = { "resets_sent", METRIC_KIND_RATE, "per_second",
				 "TCP resets that its sockets sent" },
	[METRIC_RESETS_RECEIVED] = { "resets_received", METRIC_KIND_RATE, "per_second",
				     "TCP resets that its sockets received" },
	[METRIC_UDP_DROPS] = { "udp_drops", METRIC_KIND_COUNT, "count",
			       "datagrams dropped because its receive queue was full" },
	[METRIC_IO_REQUESTS] = { "io_requests", METRIC_KIND_RATE, "per_second",
				 "block I/O requests completed for it" },
	[METRIC_IO_LATENCY] = { "io_latency", METRIC_KIND_LEVEL, "seconds",
				"mean time the device took for these" },
	[METRIC_PSI_CPU_FULL] = { "psi_cpu_full", METRIC_KIND_RATE, "ratio",
				  "share of time all of it waited for a CPU" },
	[METRIC_THROTTLED] = { "throttled", METRIC_KIND_RATE, "seconds_per_second",
			       "time it was stopped at its CPU quota, summed over CPUs" },
	[METRIC_MEMORY_HIGH] = { "memory_high", METRIC_KIND_COUNT, "count",
				 "times it was slowed for being over memory.high" },
	[METRIC_MEMORY_MAX] = { "memory_max", METRIC_KIND_COUNT, "count",
				"times it was about to go over memory.max" },
	[METRIC_THREAD_CPU] = { "thread_cpu", METRIC_KIND_LEVEL, "cores",
				"CPU time of its busiest thread" },
	[METRIC_THREAD_SWITCHES] = { "thread_switches", METRIC_KIND_LEVEL, "per_second",
				     "times its busiest thread went to sleep" },
	[METRIC_STUCK] = { "stuck", METRIC_KIND_LEVEL, "seconds",
			   "longest that a thread is in uninterruptible sleep without progress" },
	[METRIC_DESCRIPTORS_SHARE] = { "descriptors_share", METRIC_KIND_LEVEL, "ratio",
				       "descriptors against the limit, in the process nearest to "
				       "it" },
	[METRIC_CONNECTIONS] = { "connections", METRIC_KIND_LEVEL, "count",
				 "its established TCP connections" },
	[METRIC_RTT] = { "rtt", METRIC_KIND_LEVEL, "seconds",
			 "round trip of its TCP connections, on average" },
	[METRIC_UNREAD] = { "unread", METRIC_KIND_LEVEL, "bytes",
			    "received by TCP and not read by it yet" },
	[METRIC_BACKLOG] = { "backlog", METRIC_KIND_LEVEL, "count",
			     "TCP connections that wait for it to accept them" },
	[METRIC_BACKLOG_SHARE] = { "backlog_share", METRIC_KIND_LEVEL, "ratio",
				   "how full the fullest of its queues for accept is" },
	[METRIC_OVERFLOWS] = { "overflows", METRIC_KIND_COUNT, "count",
			       "TCP connections refused because such a queue was full" },
	[METRIC_ERROR_LINES] = { "error_lines", METRIC_KIND_RATE, "per_second",
				 "lines of priority err or worse it wrote to the journal" },
	[METRIC_WAIT_TAIL] = { "wait_tail", METRIC_KIND_LEVEL, "seconds",
			       "99 of 100 waits of its threads for a CPU were no longer" },
	[METRIC_FAILING_CALLS] = { "failing_calls", METRIC_KIND_LEVEL, "per_second",
				   "its system calls that failed, of no everyday error" },
	[METRIC_FAILING_ERRNO] = { "failing_errno", METRIC_KIND_CODE, "errno",
				   "the error that most of these failed with" },
};

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

int metric_from_name(const char *name, enum metric *ret)
{
	for (size_t i = 0; i < METRIC_N; i++) {
		if (strcmp(metric_table[i].name, name) != 0)
			continue;
		*ret = (enum metric)i;
		return 0;
	}
	return -ENOENT;
}

bool metric_is_of_moment(enum metric metric)
{
	enum metric_kind kind = metric_table[metric].kind;

	return kind == METRIC_KIND_LEVEL || kind == METRIC_KIND_CODE;
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
