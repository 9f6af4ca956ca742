/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The nouns: what the stages hand to one another. Plain structs without a
 * pointer, so a record can be copied, compared, written to a row and read back.
 *
 * Time is told twice: `when_ms` since boot, for spans, and `wall_ms` since 1970,
 * for people and for what must be true after a reboot. A value that could not be
 * read is absent from its `have` mask; it is never 0 for that reason.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/metric.h"
#include "record/terms.h"

#define UNIT_NAME_SIZE	  256 /* systemd's longest name is 255 */
#define UNIT_ALIASES_SIZE 512
#define INVOCATION_SIZE	  16
#define RULE_NAME_SIZE	  32
#define JOB_NAME_SIZE	  96

/* ---- units -------------------------------------------------------------- */

enum unit_kind {
	UNIT_KIND_SERVICE, /* of systemd's manager */
	UNIT_KIND_SCOPE,
	UNIT_KIND_SHARED, /* many short-lived, randomly named ones in one row */
	UNIT_KIND_CGROUP, /* a host without systemd */
	UNIT_KIND_TREE,	  /* a host with a single cgroup: a child of PID 1 and what is below it */
	UNIT_KIND_HOST,
	UNIT_KIND_N
};

enum unit_active {
	UNIT_ACTIVE_UNKNOWN, /* no manager to ask */
	UNIT_ACTIVE_INACTIVE,
	UNIT_ACTIVE_ACTIVATING,
	UNIT_ACTIVE_ACTIVE,
	UNIT_ACTIVE_RELOADING,
	UNIT_ACTIVE_DEACTIVATING,
	UNIT_ACTIVE_FAILED,
	UNIT_ACTIVE_GONE, /* the manager does not know it any more */
	UNIT_ACTIVE_N
};

enum unit_flag {
	UNIT_SYNTHETIC = 1 << 0,      /* made by the simulator */
	UNIT_LONG_RUNNING = 1 << 1,   /* simple, exec, notify, forking or dbus: meant to stay up */
	UNIT_TRANSIENT = 1 << 2,      /* made by systemd-run and the like */
	UNIT_TIMER_STARTED = 1 << 3,  /* a timer triggers it */
	UNIT_PER_CONNECTION = 1 << 4, /* an instance of an Accept=yes socket */
	UNIT_JOB_PENDING = 1 << 5,    /* systemd is about to change it */
	UNIT_AUTO_RESTART = 1 << 6,   /* Restart= will start it again by itself */
	UNIT_START_LIMITED = 1 << 7,  /* systemd gave up: start limit hit */
	UNIT_OOM_KILLED = 1 << 8,     /* systemd's Result= says oom-kill */
	UNIT_REFUSES_ORDERS = 1 << 9, /* RefuseManualStart= or RefuseManualStop= */
	UNIT_MASKED = 1 << 10,
	UNIT_STOPPED_BY_HAND =
		1 << 11, /* inactive, and systemd did not fail it: somebody wanted that */
	UNIT_NAMES_CUT =
		1 << 12, /* more names than `aliases` or `dependents` hold: treat as untouchable */
	UNIT_DOWN_BEFORE =
		1 << 13, /* it was failed when we first looked: who wanted that is not known */
	UNIT_POLICY_BROKEN = 1 << 15, /* [X-SelfHeal] cannot be read: it is only observed */
	UNIT_CAN_RELOAD = 1 << 16,    /* it has ExecReload=, or the like */
};

/* What the manager (systemd, or whoever stands in) says of a unit now. */
struct unit_status {
	uint32_t unit;
	enum unit_kind kind;
	enum unit_active active;
	uint32_t flags;	     /* enum unit_flag */
	uint32_t n_restarts; /* systemd's NRestarts: by Restart= since the last start by hand */
	uint32_t main_pid;   /* 0: none or not known */
	uint64_t cgroup_id;  /* 0: none now */
	uint64_t identity;   /* hash of its unit files and its binary: another one, another unit; 0:
				not known */
	uint64_t changed_ms; /* boot time of its last change of `active`; 0: not known */
	uint64_t
		started_ms; /* boot time at which this run began to start (InactiveExitTimestamp); 0: not known */
	uint32_t startup_ms; /* what its starts take, the longest seen; 0: not known */
	uint64_t
		files_changed_ms; /* boot time at which its files or its program were seen to be others; 0: never */
	/* What it may have at most, by systemd, its cgroups and the host; 0: no limit is known. Not kept in live.db. */
	uint64_t memory_most_bytes, threads_most;
	uint64_t descriptors_most;	     /* of each process it starts: the soft limit */
	uint8_t invocation[INVOCATION_SIZE]; /* of this run; all 0: none, or not known */
	char name[UNIT_NAME_SIZE];
	char aliases[UNIT_ALIASES_SIZE];    /* its other names, one space between them */
	char dependents[UNIT_ALIASES_SIZE]; /* what systemd restarts with it; not kept in live.db */
	char cgroup[UNIT_ALIASES_SIZE];	    /* path below the cgroup root; "" when it has none */
	struct terms terms;		    /* how it may be healed; live.db keeps its mode alone */
};

bool unit_has_invocation(const struct unit_status *status);
/* Is the name in the list, whose names have one space between them? */
bool unit_names_have(const char *list, const char *name);
/* Is that its name, or one of its aliases? */
bool unit_is_called(const struct unit_status *status, const char *name);

/* ---- the path of a fact -------------------------------------------------- */

enum sample_flag {
	SAMPLE_SYNTHETIC = 1 << 0, /* simulated; carried by all that follows from it */
	SAMPLE_DISTURBED = 1 << 1, /* being healed or just started: teaches nothing */
	SAMPLE_LOSSY = 1 << 2,	   /* events were lost in this span: counts are lower bounds */
	SAMPLE_BY_HAND = 1 << 3,   /* of what follows from a sample: somebody asked for the heal */
};

/* One unit at one tick. */
struct sample {
	uint32_t unit;
	uint32_t flags; /* enum sample_flag */
	uint64_t when_ms;
	uint64_t wall_ms;
	uint32_t span_ms; /* what rates and counts cover; 0 in a unit's first sample */
	uint8_t invocation[INVOCATION_SIZE];
	uint64_t have; /* METRIC_BIT() of each value below that was read */
	double value[METRIC_N];
	/* How old each of them is, in seconds: 0 is of this tick, 255 is that or more. */
	uint8_t age_s[METRIC_N];
};

bool sample_has(const struct sample *sample, enum metric metric);
/* A value that is not finite (a share of nothing) stays absent. */
void sample_set(struct sample *sample, enum metric metric, double value);

/* A sample as distances from the unit's own normal, in spreads; have as above. */
struct vector {
	uint64_t have;
	float deviation[METRIC_N];
};

enum health {
	HEALTH_UNKNOWN,	 /* nothing measured yet */
	HEALTH_LEARNING, /* rules on facts speak already, statistics do not */
	HEALTH_HEALTHY,
	HEALTH_UNUSUAL, /* noted, no more */
	HEALTH_SICK,	/* a rule has held for its For= */
	HEALTH_DOWN,	/* not running, and that is somebody's wish or its nature */
	HEALTH_N
};

/* What kind of harm a rule is about; HealOn= lists those that may be healed. */
enum fault_class {
	FAULT_CLASS_MEMORY,
	FAULT_CLASS_FDS,
	FAULT_CLASS_THREADS,
	FAULT_CLASS_LATENCY, /* work waits: its clients or neighbours are hurt */
	FAULT_CLASS_ERRORS,
	FAULT_CLASS_HANG,
	FAULT_CLASS_CRASH, /* failed, start limit, OOM kill */
	FAULT_CLASS_CPU,   /* CPU that hurts nobody */
	FAULT_CLASS_N
};

enum action {
	ACTION_NONE,
	ACTION_RELOAD,
	ACTION_RESTART,
	ACTION_RESTART_DEPENDENTS, /* it, and then what talks to it, in order */
	ACTION_NOTIFY,		   /* people; nothing is disturbed */
	ACTION_N
};

/* Who of the judge's experts spoke. */
enum expert {
	EXPERT_RULE,	 /* what a rule needs, and none of those below says */
	EXPERT_WORK,	 /* above what its work explains, for longer than it ever was */
	EXPERT_GROWTH,	 /* the same, while it grows as it never did */
	EXPERT_FOREST,	 /* unlike all that it was in health, taken together */
	EXPERT_HANG,	 /* work waits, and nobody does any of it */
	EXPERT_SIBLINGS, /* apart from the other instances of its template */
	EXPERT_LIMIT,	 /* a limit will be reached */
	EXPERT_N
};

/* One thing that speaks of trouble. What is not known, or does not apply, is NaN. */
struct symptom {
	enum expert expert;
	uint32_t metric; /* enum metric; METRIC_N: of the unit as a whole, */
	float value;	 /* which is then the score of the forest, or the seconds of a hang */
	float low, high; /* the range to be expected; of the score, high is the threshold */
	float expected;
	float share;  /* of the forest's score that it owns; 0: none, or the score was ordinary */
	float rare_h; /* it is so once in so many hours of this unit's health */
	bool unseen;  /* and was never so: these are all there were */
	float left_s; /* time left to the limit */
};
#define VERDICT_SYMPTOMS 6

/* What the evidence of this tick comes to. */
struct verdict {
	uint32_t unit;
	uint32_t flags; /* SAMPLE_SYNTHETIC, SAMPLE_DISTURBED */
	uint64_t when_ms;
	uint64_t wall_ms;
	enum health health;
	uint64_t since_ms;     /* boot time at which this health began */
	uint32_t learn_left_s; /* while learning */
	float score;	       /* the forest's, 0 to 1; negative: none yet */
	float threshold;       /* what 99 of 100 healthy samples score less than */
	uint32_t generation;   /* trees replaced so far: which model spoke */
	/* The metric that is furthest from normal, or the first a rule spoke of. */
	uint32_t lead;	  /* enum metric; METRIC_N: none */
	float lead_share; /* of the score that it owns, 0 to 1 */
	double lead_value;
	double lead_expected; /* by its work, or the unit's own median; NaN: not learnt */
	float lead_deviation; /* in spreads */
	/* Where the rule speaks of the time that is left to it: the lead's limit, and when it is met at the
	 * earliest and at the latest. 0: it does not. */
	double lead_limit, left_soonest_s, left_latest_s;
	/* The rule that has held longest, if one holds. */
	char rule[RULE_NAME_SIZE]; /* "": none */
	enum fault_class class;
	enum action wants;	/* ACTION_NONE until the rule's time is up */
	bool on_fact;		/* the rule speaks of facts, not statistics */
	uint32_t held_s, for_s; /* how long it has held, of how long it must */
	bool is_news;	   /* something lasts as it never did, so nobody needs to wait for it */
	uint32_t lasted_s; /* how long that has been so by now; 0: not known. Not kept */
	/* What spoke of trouble, the most telling first; none of a unit that is well. Not in
	 * live.db. */
	uint32_t n_symptoms;
	struct symptom symptom[VERDICT_SYMPTOMS];
};

/* Why a decision came out as it did. */
enum why {
	WHY_ALLOWED,
	WHY_NOTHING_WANTED,
	WHY_OBSERVING,	    /* Mode=observe */
	WHY_POLICY_BROKEN,  /* the unit's [X-SelfHeal] cannot be read */
	WHY_NOT_APPROVED,   /* Mode=approve: somebody has to agree first */
	WHY_PAUSED,	    /* by hand: this unit, or all healing */
	WHY_NOT_IN_HEAL_ON, /* its class is not in HealOn= */
	WHY_NO_MANAGER,	    /* a cgroup, a process tree, the host: nobody to ask for a restart */
	WHY_NOT_LONG_RUNNING,
	WHY_TRANSIENT,
	WHY_TIMER_STARTED,
	WHY_PER_CONNECTION,
	WHY_UNTOUCHABLE,
	WHY_REFUSES_ORDERS,
	WHY_NEVER_WELL, /* it was not seen active and well before */
	WHY_STOPPED_BY_HAND,
	WHY_DOWN_BEFORE, /* it was down before we looked */
	WHY_JOB_PENDING,
	WHY_BOOTING,
	WHY_CHANGING_STATE, /* activating, deactivating, reloading, auto-restart */
	WHY_ATTEMPT_RUNNING,
	WHY_OTHER_HEALER, /* somebody else has just restarted it: two healers of one unit would fight */
	WHY_COOLING_DOWN,
	WHY_UNIT_BUDGET_SPENT,
	WHY_HOST_BUDGET_SPENT,
	WHY_LEDGER_LOST, /* the record was damaged: budgets count as spent for an hour */
	WHY_CANNOT_RECORD,
	WHY_GONE,
	WHY_UPSTREAM_SICK, /* what it depends on is sick: that one is healed, and this one held */
	WHY_STORM,	   /* so many are sick that it is the host */
	WHY_SHUTTING_DOWN,
	WHY_PACKAGES,	    /* packages are being installed */
	WHY_CHANGED,	    /* its files or its program have just been changed */
	WHY_OUTSIDE_WINDOW, /* it may not be disturbed at this time */
	WHY_DOWNTIME_SPENT, /* heals have had it down for as long as they may */
	WHY_LADDER_ENDED,   /* all that there is to try has been tried */
	WHY_N
};

/* How an allowed action leaves. */
enum way { WAY_NONE, WAY_MOCK, WAY_SYSTEMD, WAY_SIMULATOR, WAY_N };

struct decision {
	uint64_t id; /* of the row; also names its attempt and its outcome */
	uint64_t incident;
	uint32_t unit;
	uint32_t flags;
	uint64_t when_ms;
	uint64_t wall_ms;
	enum action action; /* what is wanted */
	enum why why;	    /* WHY_ALLOWED: it will be done */
	enum way way;
	uint32_t budget_left; /* restarts this unit may still have in its tightest window */
	uint64_t until_ms; /* boot time until which the answer cannot change by itself; 0: open */
	uint32_t rung;	   /* of the ladder, from 0 */
	uint32_t because;  /* WHY_UPSTREAM_SICK: that unit; 0 */
	enum fault_class class;
	char rule[RULE_NAME_SIZE];
	uint32_t lead; /* the value that triggered it, and what was normal */
	double lead_value;
	double lead_expected;
	float score;
	uint8_t invocation[INVOCATION_SIZE]; /* of the run that is to be replaced */
	/* What else is disturbed by it: systemd restarts or stops it along, or it is restarted after it. */
	char blast[UNIT_ALIASES_SIZE];
};

/* Is it to be done, and does it disturb the unit? (To call people does not.) */
bool decision_disturbs(const struct decision *decision);

enum attempt_state { ATTEMPT_ASKED, ATTEMPT_RUNNING, ATTEMPT_DONE, ATTEMPT_STATE_N };

enum attempt_result {
	ATTEMPT_RESULT_NONE,	/* not ended */
	ATTEMPT_RESULT_DONE,	/* systemd's job ended well */
	ATTEMPT_RESULT_MOCKED,	/* all but the call */
	ATTEMPT_RESULT_FAILED,	/* the job failed */
	ATTEMPT_RESULT_REFUSED, /* the call was refused: rights, or no such unit */
	ATTEMPT_RESULT_TIMEOUT, /* no end within the deadline */
	ATTEMPT_RESULT_LOST,	/* the daemon or the bus went away; not known */
	ATTEMPT_RESULT_N
};

/* One call in flight. */
struct attempt {
	uint64_t decision;
	uint32_t unit;
	enum action action; /* not in its row: its decision has it */
	enum way way;
	enum attempt_state state;
	enum attempt_result result;
	uint64_t started_ms, started_wall_ms;
	uint64_t deadline_ms;
	uint64_t ended_ms, ended_wall_ms; /* 0: not ended */
	char job[JOB_NAME_SIZE];	  /* systemd's job path, or what was said instead of one */
};

enum outcome_result {
	OUTCOME_NONE,
	OUTCOME_HEALED,	   /* the triggering values were read again from the new invocation, and are
			      in the unit's normal range */
	OUTCOME_UNCHANGED, /* the same trouble, in the new invocation or without one */
	OUTCOME_WORSE,
	OUTCOME_GONE,		/* it did not come back */
	OUTCOME_JOB_FAILED,	/* systemd did not do it */
	OUTCOME_MOCKED,		/* nothing was done, so nothing can be proven */
	OUTCOME_UNKNOWN,	/* the daemon was away: not proven */
	OUTCOME_DEPENDENT_DOWN, /* it is well, but what was disturbed along with it is not */
	OUTCOME_RESTARTED, /* by hand: it runs anew and stays up; no rule had held whose values could
			       be read again */
	OUTCOME_N
};

struct outcome {
	uint64_t decision;
	uint32_t unit;
	uint32_t flags;
	uint64_t when_ms;
	uint64_t wall_ms;
	enum outcome_result result;
	float score_before, score_after; /* negative: none */
	uint32_t lead;
	double value_before, value_after;    /* NaN: not read */
	double normal_low, normal_high;	     /* the range it had to be in; NaN: not learnt */
	uint32_t n_samples;		     /* of the new invocation that were looked at */
	uint8_t invocation[INVOCATION_SIZE]; /* the new one; all 0: none seen */
	uint64_t served_ms, served_wall_ms;  /* from when on it was well again; 0: it was not */
	char hurt[UNIT_NAME_SIZE];	     /* DEPENDENT_DOWN: the first of these; "" */
};

/* What is remembered of an attempt after a restart of the daemon. */
struct past_attempt {
	struct decision decision;
	enum outcome_result result; /* OUTCOME_NONE: not known */
	uint64_t down_ms;	    /* from being asked for to being done */
};

/* The thread through all of one trouble. */
struct incident {
	uint64_t id;
	uint32_t unit;
	uint32_t flags;
	uint64_t onset_ms,
		onset_wall_ms; /* when the evidence begins that opened it, or made it sick */
	uint64_t opened_ms, opened_wall_ms;
	uint64_t closed_ms, closed_wall_ms; /* 0: open */
	enum health worst;
	float score; /* the worst so far; negative: none */
	enum fault_class class;
	char rule[RULE_NAME_SIZE]; /* "": only unusual */
	uint32_t lead;
	double lead_value, lead_expected; /* when it was at its worst */
	uint32_t n_attempts;
	enum outcome_result outcome; /* of the last attempt */
	enum why why;		     /* the last answer of the policy */
};

/* ---- the present, as people look at it ------------------------------------ */

/* One unit now: a row of live.db. */
struct present {
	struct unit_status status;
	struct sample sample;
	struct verdict verdict;
	enum why why;	/* the policy's standing answer */
	uint64_t age_s; /* healthy time its model has been taught */
	uint32_t
		cpu_wait_s; /* so long a core more than its work explains must last to be told; 0: not
			      * known yet */
	uint64_t incident; /* the open one; 0: none */
};

enum store_state {
	STORE_WELL,
	STORE_FULL,   /* the disk, or the bound: nothing can be recorded, so we only watch */
	STORE_STUCK,  /* the disk does not answer in time */
	STORE_FAILED, /* another error of the database */
	STORE_STATE_N
};
const char *store_state_word(enum store_state state);

/* The healer's own health: the one other row of live.db. */
struct keeper {
	uint32_t pid;
	uint64_t started_wall_ms;
	uint64_t at_wall_ms; /* of the last tick */
	uint64_t n_ticks;
	uint32_t n_units;
	uint32_t n_unwatched;	/* units there are beyond the bounds: nobody looks at them */
	uint32_t tier;		/* of telemetry, 0 to 3 */
	char limit[256];	/* why not a higher tier; "" */
	uint32_t walk_every_ms; /* tasks are walked so often */
	char source[32];	/* where the list of units comes from */
	char mode[16];		/* observe, mock, enforce */
	bool simulates;
	uint32_t speed;	  /* 1: real time */
	uint64_t n_lost;  /* events and samples lost so far */
	uint64_t cpu_us;  /* CPU time used by the daemon so far */
	uint64_t tick_us; /* of the last tick */
	enum store_state store;
	uint64_t distrust_until_wall_ms; /* budgets count as spent until then; 0 */
};

/* ---- words --------------------------------------------------------------- */

/* The stable words for the enums above: for JSON, rules, rows and people. Never NULL. */
const char *unit_kind_word(enum unit_kind kind);
const char *unit_active_word(enum unit_active active);
const char *health_word(enum health health);
const char *fault_class_word(enum fault_class class);
const char *action_word(enum action action);
const char *expert_word(enum expert expert);
const char *why_word(enum why why);	/* "budget-spent": one word for machines */
const char *why_sentence(enum why why); /* "its budget is spent": for people */
const char *way_word(enum way way);
const char *attempt_result_word(enum attempt_result result);
const char *outcome_word(enum outcome_result result);
/* And back: -ENOENT. */
int unit_active_from_word(const char *word, enum unit_active *ret); /* systemd's ActiveState */
int fault_class_from_word(const char *word, enum fault_class *ret);
int action_from_word(const char *word, enum action *ret);
