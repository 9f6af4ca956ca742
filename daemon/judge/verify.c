/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did it help? Asked of the new invocation, on the values that triggered. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "judge/verify.h"

/* A value is back when it is inside the range the unit was seen in, or this near its median: the
 * range of a short past is narrow. */
#define NORMAL_DEVIATION 3.0f
/* So much more than before is no longer merely unchanged. */
#define WORSE_RATIO 2.0

void verify_begin(struct verify *verify, const struct decision *decision, const struct rule *rule,
		  const struct unit_status *status, const struct evidence *evidence)
{
	uint32_t lead = decision->lead;

	memset(verify, 0, sizeof(*verify));
	verify->running = true;
	verify->decision = *decision;
	if (rule)
		verify->rule = *rule;
	verify->score_before = evidence->score;
	verify->grace_ms = 2 * (uint64_t)status->startup_ms;
	if (verify->grace_ms < VERIFY_GRACE_MS)
		verify->grace_ms = VERIFY_GRACE_MS;
	verify->low = verify->high = NAN;
	if (lead < METRIC_N && (evidence->have_normal & METRIC_BIT(lead))) {
		verify->low = evidence->low[lead];
		verify->high = evidence->high[lead];
	}
}

void verify_attempt_ended(struct verify *verify, const struct attempt *attempt)
{
	verify->result = attempt->result;
}

static bool metric_is_normal(const struct need *need, const struct sample *sample,
			     const struct evidence *evidence)
{
	uint64_t bit = METRIC_BIT(need->metric);

	if (need->aspect == ASPECT_RECENT) /* a fact: it must not happen again */
		return (sample->have & bit) && sample->value[need->metric] == 0;
	if (need->aspect == ASPECT_OVER) /* that it is no more is all that was asked for */
		return (evidence->have & bit) != 0;
	if (!(evidence->have & bit) || !(evidence->have_normal & bit))
		return false; /* not read again, or nothing to compare with: not proven */
	/* Little time is left to what is high. */
	if (need->aspect != ASPECT_LEFT_S &&
	    (need->relation == RELATION_BELOW || need->relation == RELATION_AT_MOST))
		return evidence->value[need->metric] >= evidence->low[need->metric] ||
		       evidence->deviation[need->metric] >= -NORMAL_DEVIATION;
	return evidence->value[need->metric] <= evidence->high[need->metric] ||
	       evidence->deviation[need->metric] <= NORMAL_DEVIATION;
}

/* Does the rule still hold, its sums of past counts left aside? */
static bool still_holds(const struct rule *rule, const struct unit_status *status,
			const struct evidence *evidence)
{
	uint32_t n_asked = 0;

	for (uint32_t i = 0; i < rule->n_needs; i++) {
		if (rule->need[i].aspect == ASPECT_RECENT)
			continue;
		n_asked++;
		if (!rulebook_need_holds(&rule->need[i], evidence, status))
			return false;
	}
	return n_asked > 0;
}

/* Are all values that triggered back in the unit's normal range, in this very sample? */
static bool is_normal(const struct rule *rule, const struct sample *sample,
		      const struct unit_status *status, const struct evidence *evidence)
{
	if (status->active != UNIT_ACTIVE_ACTIVE || still_holds(rule, status, evidence))
		return false;
	for (uint32_t i = 0; i < rule->n_needs; i++) {
		const struct need *need = &rule->need[i];

		if (need->metric < METRIC_N) {
			if (!metric_is_normal(need, sample, evidence))
				return false;
		} else if (need->aspect == ASPECT_SCORE &&
			   (evidence->score < 0 || evidence->score >= evidence->threshold)) {
			return false;
		}
	}
	return true;
}

/* A reload leaves the run as it is; after anything else another one has to show that it is well. */
static bool is_new_invocation(const struct verify *verify, const struct unit_status *status)
{
	bool same = memcmp(status->invocation, verify->decision.invocation, INVOCATION_SIZE) == 0;

	return unit_has_invocation(status) && same == (verify->decision.action == ACTION_RELOAD);
}

/* Clients that wait for a while, whatever the rule spoke of, are not served. */
#define FLOWS_S 5u
static bool work_flows(const struct evidence *evidence)
{
	return evidence->backlog_waiting_s < FLOWS_S && evidence->unread_waiting_s < FLOWS_S;
}

/* Follow the runs that came after the old one: each begins its proof anew. */
static void follow_runs(struct verify *verify, const struct unit_status *status)
{
	if (memcmp(verify->invocation, status->invocation, INVOCATION_SIZE) == 0)
		return;
	memcpy(verify->invocation, status->invocation, INVOCATION_SIZE);
	verify->n_runs++;
	verify->n_samples = 0;
	verify->calm_since_ms = 0;
}

/* Nobody can tell any more: the manager does not answer, or somebody else has stopped the unit. */
static bool is_out_of_sight(const struct unit_status *status)
{
	return status->active == UNIT_ACTIVE_UNKNOWN || (status->flags & UNIT_STOPPED_BY_HAND);
}

static bool is_away(const struct unit_status *status)
{
	return status->active == UNIT_ACTIVE_INACTIVE || status->active == UNIT_ACTIVE_FAILED ||
	       status->active == UNIT_ACTIVE_GONE;
}

static enum outcome_result of_attempt(enum attempt_result result)
{
	switch (result) {
	case ATTEMPT_RESULT_DONE:
		return OUTCOME_NONE; /* the unit itself has to say */
	case ATTEMPT_RESULT_MOCKED:
		return OUTCOME_MOCKED;
	case ATTEMPT_RESULT_LOST:
		return OUTCOME_UNKNOWN;
	default:
		return OUTCOME_JOB_FAILED;
	}
}

/* Did the trouble itself stay, or did the leading value even double? */
static enum outcome_result unchanged_or_worse(const struct verify *verify,
					      const struct evidence *evidence)
{
	uint32_t lead = verify->decision.lead;

	if (lead < METRIC_N && (evidence->have & METRIC_BIT(lead)) &&
	    evidence->value[lead] > WORSE_RATIO * verify->decision.lead_value)
		return OUTCOME_WORSE;
	return OUTCOME_UNCHANGED;
}

/* A unit that is down again: for a rule about that very thing it is the same trouble. */
static enum outcome_result when_away(const struct verify *verify)
{
	for (uint32_t i = 0; i < verify->rule.n_needs; i++)
		if (verify->rule.need[i].aspect == ASPECT_FAILED ||
		    verify->rule.need[i].aspect == ASPECT_START_LIMITED)
			return OUTCOME_UNCHANGED;
	return OUTCOME_GONE;
}

static void follow_calm(struct verify *verify, bool normal, uint64_t since_job_ms, uint64_t now_ms)
{
	if (!normal)
		verify->calm_since_ms = 0;
	else if (verify->calm_since_ms == 0)
		verify->calm_since_ms = now_ms;
	if (normal || since_job_ms < verify->grace_ms)
		verify->trouble_since_ms = 0;
	else if (verify->trouble_since_ms == 0)
		verify->trouble_since_ms = now_ms;
}

static enum outcome_result look(struct verify *verify, const struct sample *sample,
				const struct unit_status *status, const struct evidence *evidence,
				const char *hurt)
{
	uint64_t now_ms = sample->when_ms, since_job_ms;
	bool fresh = is_new_invocation(verify, status);
	bool normal;

	if (fresh)
		follow_runs(verify, status);
	normal =
		fresh && work_flows(evidence) && is_normal(&verify->rule, sample, status, evidence);
	if (verify->job_ended_ms == 0)
		verify->job_ended_ms = now_ms;
	since_job_ms = now_ms - verify->job_ended_ms;
	verify->n_samples += fresh;
	follow_calm(verify, normal, since_job_ms, now_ms);

	if (normal && now_ms - verify->calm_since_ms >= VERIFY_CALM_MS && !hurt)
		return verify->rule.n_needs > 0 ? OUTCOME_HEALED : OUTCOME_RESTARTED;
	if (normal && hurt)
		return since_job_ms >= VERIFY_PATIENCE_MS ? OUTCOME_DEPENDENT_DOWN : OUTCOME_NONE;
	if (verify->n_runs >= VERIFY_RUNS_MOST)
		return unchanged_or_worse(verify, evidence);
	if (verify->trouble_since_ms == 0)
		return since_job_ms >= VERIFY_PATIENCE_MS ? unchanged_or_worse(verify, evidence)
							  : OUTCOME_NONE;
	if (now_ms - verify->trouble_since_ms < VERIFY_TROUBLE_MS &&
	    since_job_ms < VERIFY_PATIENCE_MS)
		return OUTCOME_NONE;
	if (is_out_of_sight(status))
		return OUTCOME_UNKNOWN;
	return is_away(status) ? when_away(verify) : unchanged_or_worse(verify, evidence);
}

static void conclude(struct verify *verify, enum outcome_result result, uint64_t when_ms,
		     uint64_t wall_ms, struct outcome *ret)
{
	verify->running = false;
	*ret = (struct outcome) {
		.decision = verify->decision.id,
		.unit = verify->decision.unit,
		.flags = verify->decision.flags,
		.when_ms = when_ms,
		.wall_ms = wall_ms,
		.result = result,
		.score_before = verify->score_before,
		.score_after = -1,
		.lead = verify->decision.lead,
		.value_before = verify->decision.lead_value,
		.value_after = NAN,
		.normal_low = verify->low,
		.normal_high = verify->high,
		.n_samples = verify->n_samples,
	};
}

void verify_give_up(struct verify *verify, uint64_t when_ms, uint64_t wall_ms, struct outcome *ret)
{
	conclude(verify, OUTCOME_UNKNOWN, when_ms, wall_ms, ret);
}

bool verify_reach(struct verify *verify, const struct sample *sample,
		  const struct unit_status *status, const struct evidence *evidence,
		  const char *hurt, struct outcome *ret)
{
	uint32_t lead = verify->decision.lead;
	enum outcome_result result;

	if (!verify->running || verify->result == ATTEMPT_RESULT_NONE)
		return false;
	result = of_attempt(verify->result);
	if (result == OUTCOME_NONE)
		result = look(verify, sample, status, evidence, hurt);
	if (result == OUTCOME_NONE)
		return false;

	conclude(verify, result, sample->when_ms, sample->wall_ms, ret);
	if (verify->calm_since_ms != 0 && result != OUTCOME_JOB_FAILED) {
		ret->served_ms = verify->calm_since_ms;
		ret->served_wall_ms = sample->wall_ms - (sample->when_ms - verify->calm_since_ms);
	}
	if (result == OUTCOME_DEPENDENT_DOWN)
		(void)text_format(ret->hurt, sizeof(ret->hurt), "%s", hurt);
	ret->score_after = evidence->score;
	if (lead < METRIC_N && (evidence->have & METRIC_BIT(lead)))
		ret->value_after = evidence->value[lead];
	if (is_new_invocation(verify, status))
		memcpy(ret->invocation, status->invocation, INVOCATION_SIZE);
	return true;
}
