/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands between a sick unit and an action. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "judge/ladder.h"
#include "judge/policy.h"
#include "judge/untouchable.h"

/* Each heal that did not help doubles the cool-down, up to this, unless the first is longer already. */
#define BACK_OFF_MOST_MS HOURS(1)
/* A unit is left alone for so many of its own starts. */
#define STARTS 3u

void policy_init(struct policy *policy, const struct config *config)
{
	memset(policy, 0, sizeof(*policy));
	policy->config = *config;
}

void policy_limits(struct policy *policy, const struct config *config)
{
	policy->config = *config;
}

bool policy_is_fact(bool on_fact, enum fault_class class)
{
	return on_fact || class == FAULT_CLASS_HANG;
}

struct ledger_entry policy_entry(const struct decision *decision, bool on_fact)
{
	return (struct ledger_entry) {
		.decision = decision->id,
		.unit = decision->unit,
		.signature = ledger_signature(decision->rule),
		.action = decision->action,
		.synthetic = (decision->flags & SAMPLE_SYNTHETIC) != 0,
		.by_statistics = !on_fact && !(decision->flags & SAMPLE_BY_HAND),
		.when_ms = decision->when_ms,
		.wall_ms = decision->wall_ms,
	};
}

/* Who asks for a heal has agreed to it, and wants it whatever the trouble is. */
static bool is_by_hand(const struct verdict *verdict)
{
	return (verdict->flags & SAMPLE_BY_HAND) != 0;
}

/* All that a question is answered from. */
struct question {
	const struct policy *policy;
	const struct verdict *verdict;
	const struct unit_status *status;
	const struct policy_case *circumstance;
	/* What would be done: */
	enum action action;
	uint32_t rung;
	bool has_rung; /* there is something left to try */
};

static struct ledger_account account_of(const struct question *question, uint32_t unit,
					bool of_statistics)
{
	const struct verdict *verdict = question->verdict;

	return (struct ledger_account) {
		.unit = unit,
		.of_statistics = of_statistics,
		.synthetic = (verdict->flags & SAMPLE_SYNTHETIC) != 0,
		.when_ms = verdict->when_ms,
		.wall_ms = verdict->wall_ms,
	};
}

/* ---- budgets ------------------------------------------------------------------------ */

/* What is left of a budget in its tightest window. */
static uint32_t left_of(const struct question *question, const struct budget *budget, uint32_t unit,
			bool of_statistics)
{
	const struct ledger_account account = account_of(question, unit, of_statistics);
	uint32_t in_hour = ledger_count(&question->policy->ledger, &account, HOURS(1));
	uint32_t in_day = ledger_count(&question->policy->ledger, &account, DAYS(1));
	uint32_t hour = budget->per_hour > in_hour ? budget->per_hour - in_hour : 0;
	uint32_t day = budget->per_day > in_day ? budget->per_day - in_day : 0;

	return hour < day ? hour : day;
}

/* What only statistics want has to fit a smaller budget too, so that a judge who is wrong does bounded harm. */
static uint32_t left_to(const struct question *question, uint32_t unit)
{
	const struct config *config = &question->policy->config;
	const struct budget *all =
		unit ? config_unit_budget(config, question->status) : &config->host_budget;
	const struct budget *doubted =
		unit ? &config->unit_statistics_budget : &config->host_statistics_budget;
	uint32_t left = left_of(question, all, unit, false), left_doubted;

	if (policy_is_fact(question->verdict->on_fact, question->verdict->class) ||
	    is_by_hand(question->verdict))
		return left;
	left_doubted = left_of(question, doubted, unit, true);
	return left < left_doubted ? left : left_doubted;
}

static bool is_downtime_spent(const struct question *question)
{
	const struct budget *budget =
		config_unit_budget(&question->policy->config, question->status);
	const struct ledger_account account = account_of(question, question->verdict->unit, false);

	return budget->down_s_per_day != UINT32_MAX &&
	       ledger_down_ms(&question->policy->ledger, &account) >=
		       SECONDS(budget->down_s_per_day);
}

/* ---- cool-down ---------------------------------------------------------------------- */

static uint64_t first_cooldown_ms(const struct question *question)
{
	uint64_t said_ms = config_cooldown_ms(&question->policy->config, question->status);
	uint64_t starts_ms = STARTS * (uint64_t)question->status->startup_ms;

	return said_ms > starts_ms ? said_ms : starts_ms;
}

static uint64_t back_off_ms(const struct question *question, uint64_t first_ms)
{
	uint64_t ms = first_ms;

	for (uint32_t n = ledger_failures(&question->policy->ledger, question->verdict->unit);
	     n > 0 && ms < BACK_OFF_MOST_MS; n--)
		ms *= 2;
	return ms > BACK_OFF_MOST_MS && first_ms < BACK_OFF_MOST_MS ? BACK_OFF_MOST_MS : ms;
}

/* How much of it is left: after its last heal; and after the start of what is up, whoever started it, since
 * one that starts is no patient (InactiveExitTimestamp; the time it became active would forget the start). */
static uint64_t cooling_ms(const struct question *question)
{
	const struct unit_status *status = question->status;
	const struct ledger_account account = account_of(question, question->verdict->unit, false);
	uint64_t first_ms = first_cooldown_ms(question);
	uint64_t after_heal_ms = back_off_ms(question, first_ms);
	uint64_t age_ms = ledger_age_ms(&question->policy->ledger, &account);
	uint64_t now_ms = question->verdict->when_ms, left_ms = 0;

	if (age_ms < after_heal_ms)
		left_ms = after_heal_ms - age_ms;
	if (status->active == UNIT_ACTIVE_ACTIVE && status->started_ms != 0 &&
	    now_ms < status->started_ms + first_ms &&
	    status->started_ms + first_ms - now_ms > left_ms)
		left_ms = status->started_ms + first_ms - now_ms;
	return left_ms;
}

/* ---- the unit itself ---------------------------------------------------------------- */

enum why policy_by_nature(const struct unit_status *status)
{
	switch (status->kind) {
	case UNIT_KIND_SERVICE:
		break;
	case UNIT_KIND_SCOPE:
		return WHY_NOT_LONG_RUNNING;
	case UNIT_KIND_SHARED:
		return WHY_TRANSIENT;
	default:
		return WHY_NO_MANAGER;
	}
	if (untouchable_by_status(status))
		return WHY_UNTOUCHABLE;
	if (status->flags & UNIT_TRANSIENT)
		return WHY_TRANSIENT;
	if (status->flags & UNIT_TIMER_STARTED)
		return WHY_TIMER_STARTED;
	if (status->flags & UNIT_PER_CONNECTION)
		return WHY_PER_CONNECTION;
	if (!(status->flags & UNIT_LONG_RUNNING))
		return WHY_NOT_LONG_RUNNING;
	if (status->flags & (UNIT_REFUSES_ORDERS | UNIT_MASKED))
		return WHY_REFUSES_ORDERS;
	return WHY_ALLOWED;
}

/* Is it in a state in which anybody may touch it? */
static enum why by_state(const struct unit_status *status, const struct policy_case *circumstance)
{
	if (status->flags & UNIT_STOPPED_BY_HAND)
		return WHY_STOPPED_BY_HAND;
	if (status->flags & UNIT_DOWN_BEFORE)
		return WHY_DOWN_BEFORE;
	if (status->flags & UNIT_JOB_PENDING)
		return WHY_JOB_PENDING;
	if (status->flags & UNIT_AUTO_RESTART)
		return WHY_CHANGING_STATE;
	switch (status->active) {
	case UNIT_ACTIVE_ACTIVE:
	case UNIT_ACTIVE_FAILED:
		break;
	case UNIT_ACTIVE_INACTIVE:
		return WHY_STOPPED_BY_HAND;
	case UNIT_ACTIVE_GONE:
		return WHY_GONE;
	case UNIT_ACTIVE_UNKNOWN:
		return WHY_NO_MANAGER;
	default:
		return WHY_CHANGING_STATE;
	}
	return circumstance->was_well ? WHY_ALLOWED : WHY_NEVER_WELL;
}

static enum why by_mode(const struct policy *policy, const struct verdict *verdict,
			const struct unit_status *status, const struct policy_case *circumstance)
{
	if (status->flags & UNIT_POLICY_BROKEN)
		return WHY_POLICY_BROKEN;
	switch (config_mode(&policy->config, status)) {
	case MODE_MOCK:
	case MODE_ENFORCE:
		return WHY_ALLOWED;
	case MODE_APPROVE:
		return circumstance->is_approved || is_by_hand(verdict) ? WHY_ALLOWED
									: WHY_NOT_APPROVED;
	default:
		return WHY_OBSERVING;
	}
}

/* ---- the host, and what has been tried ----------------------------------------------- */

/* Whoever orders a heal has seen the host, and a simulated service is on none. */
static enum why by_surroundings(const struct question *question)
{
	const struct config *config = &question->policy->config;
	const struct verdict *verdict = question->verdict;
	uint64_t changed_ms = question->status->files_changed_ms;

	if (verdict->flags & SAMPLE_SYNTHETIC)
		return WHY_ALLOWED;
	if (question->policy->around.shutting_down)
		return WHY_SHUTTING_DOWN;
	if (question->policy->around.installs_packages)
		return WHY_PACKAGES;
	if (is_by_hand(verdict))
		return WHY_ALLOWED;
	if (verdict->when_ms < config->boot_blackout_ms)
		return WHY_BOOTING;
	if (changed_ms != 0 && verdict->when_ms < changed_ms + config->change_blackout_ms)
		return WHY_CHANGED;
	return WHY_ALLOWED;
}

/* What holds back only what disturbs the unit. */
static enum why by_cost(const struct question *question)
{
	if (!terms_are_open(&question->status->terms, question->policy->around.week_min) &&
	    question->action != ACTION_RELOAD)
		return WHY_OUTSIDE_WINDOW;
	if (cooling_ms(question) > 0)
		return WHY_COOLING_DOWN;
	if (left_to(question, question->verdict->unit) == 0)
		return WHY_UNIT_BUDGET_SPENT;
	if (is_downtime_spent(question))
		return WHY_DOWNTIME_SPENT;
	if (left_to(question, 0) == 0)
		return WHY_HOST_BUDGET_SPENT;
	if (question->verdict->wall_ms < question->policy->distrust_until_ms)
		return WHY_LEDGER_LOST;
	return WHY_ALLOWED;
}

static enum why by_limits(const struct question *question)
{
	const struct policy *policy = question->policy;
	const struct verdict *verdict = question->verdict;
	enum why why = by_surroundings(question);
	enum why mode = by_mode(policy, verdict, question->status, question->circumstance);

	if (!is_by_hand(verdict) &&
	    !(config_heal_on(&policy->config, question->status) & (1u << verdict->class)))
		return WHY_NOT_IN_HEAL_ON;
	if (mode == WHY_POLICY_BROKEN || mode == WHY_OBSERVING)
		return mode;
	if (why != WHY_ALLOWED)
		return why;
	if (hold_binds(policy->hold, question->status))
		return WHY_PAUSED;
	if (question->circumstance->upstream != 0)
		return WHY_UPSTREAM_SICK;
	if (question->circumstance->is_storm)
		return WHY_STORM;
	if (!question->has_rung)
		return WHY_LADDER_ENDED;
	if (question->action != ACTION_NOTIFY)
		why = by_cost(question);
	if (why == WHY_ALLOWED && question->action != ACTION_NOTIFY)
		why = mode; /* last: nobody is asked to approve what could not be done anyway */
	if (why == WHY_ALLOWED && !question->circumstance->can_record)
		why = WHY_CANNOT_RECORD;
	return why;
}

static enum why first_no(const struct question *question)
{
	const struct policy_case *circumstance = question->circumstance;
	enum why why;

	if (question->verdict->wants == ACTION_NONE)
		return WHY_NOTHING_WANTED;
	why = policy_by_nature(question->status);
	if (why == WHY_ALLOWED && circumstance->attempt_running)
		why = WHY_ATTEMPT_RUNNING; /* whatever state it is in then is our own doing */
	if (why == WHY_ALLOWED)
		why = by_state(question->status, circumstance);
	if (why == WHY_NEVER_WELL && by_surroundings(question) == WHY_CHANGED)
		why = WHY_CHANGED; /* it was, as what it was before */
	if (why == WHY_ALLOWED && question->verdict->when_ms < circumstance->theirs_until_ms)
		why = WHY_OTHER_HEALER;
	return why == WHY_ALLOWED ? by_limits(question) : why;
}

/* A simulated service is healed by the simulator and by nobody else, and people are not called for it. */
static enum way way_for(const struct question *question)
{
	if (question->verdict->flags & SAMPLE_SYNTHETIC)
		return question->action == ACTION_NOTIFY ? WAY_MOCK : WAY_SIMULATOR;
	return config_mode(&question->policy->config, question->status) == MODE_MOCK ? WAY_MOCK
										     : WAY_SYSTEMD;
}

/* When the answer may be another one by itself. */
static uint64_t until_ms(const struct question *question, enum why why)
{
	const struct config *config = &question->policy->config;

	switch (why) {
	case WHY_OTHER_HEALER:
		return question->circumstance->theirs_until_ms;
	case WHY_BOOTING:
		return config->boot_blackout_ms;
	case WHY_CHANGED:
		return question->status->files_changed_ms + config->change_blackout_ms;
	case WHY_COOLING_DOWN:
		return question->verdict->when_ms + cooling_ms(question);
	default:
		return 0;
	}
}

/* Who asks for a heal means a restart. */
static void take_rung(struct question *question)
{
	const struct verdict *verdict = question->verdict;
	const struct policy *policy = question->policy;

	question->action = verdict->wants;
	question->has_rung = true;
	if (verdict->wants == ACTION_NONE || is_by_hand(verdict))
		return;
	question->has_rung =
		ladder_next(config_ladder(&policy->config, question->status),
			    question->circumstance->rung, question->status, &policy->ledger,
			    ledger_signature(verdict->rule), &question->rung, &question->action);
}

struct decision policy_decide(const struct policy *policy, const struct verdict *verdict,
			      const struct unit_status *status,
			      const struct policy_case *circumstance)
{
	struct question question = { policy, verdict, status, circumstance, .rung = 0 };
	struct decision decision = {
		.unit = verdict->unit,
		.flags = verdict->flags & (SAMPLE_SYNTHETIC | SAMPLE_BY_HAND),
		.when_ms = verdict->when_ms,
		.wall_ms = verdict->wall_ms,
		.class = verdict->class,
		.lead = verdict->lead,
		.lead_value = verdict->lead_value,
		.lead_expected = verdict->lead_expected,
		.score = verdict->score,
		.budget_left = left_to(&question, verdict->unit),
	};
	enum way way;

	take_rung(&question);
	way = way_for(&question);
	decision.action = question.action;
	decision.rung = question.rung;
	memcpy(decision.rule, verdict->rule, sizeof(decision.rule));
	memcpy(decision.invocation, status->invocation, sizeof(decision.invocation));
	decision.why = first_no(&question);
	if (decision.why == WHY_ALLOWED && !policy->can_act[way])
		decision.why = WHY_NO_MANAGER;
	if (decision.why == WHY_UPSTREAM_SICK)
		decision.because = circumstance->upstream;
	decision.until_ms = until_ms(&question, decision.why);
	if (decision.why != WHY_ALLOWED)
		return decision;
	decision.way = way;
	decision.budget_left -= question.action != ACTION_NOTIFY;
	return decision;
}
