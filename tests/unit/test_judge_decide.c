/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several units of one judge: causes and effects, storms, ladders, and who is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/judge.h"
#include "tests/unit/assertion.h"

#define WARDS 8

/* A host with so many services; units are numbered from 1. */
struct host {
	struct judge *judge;
	struct config config;
	struct unit_status status[WARDS + 1];
	uint8_t run[WARDS + 1];
	struct finding finding[WARDS + 1];
	/* of each, so far: */
	unsigned int n_allowed[WARDS + 1], n_told[WARDS + 1];
	struct decision last[WARDS + 1]; /* the last that was allowed, to disturb it */
	enum storm_news news;		 /* the last there was */
	uint64_t at_s;
	size_t n;
};

static struct rulebook rulebook;

static struct host open_host(size_t n, void (*change)(struct config *config))
{
	struct judge_setup setup = { .config = fixture_config(),
				     .rulebook = &rulebook,
				     .seed = 1,
				     .next_incident = 10,
				     .next_decision = 20 };
	struct host host = { .n = n };

	rulebook.n = 1;
	rulebook.rule[0] = fixture_failed_rule();
	setup.config.storm.n_units = 0;
	if (change)
		change(&setup.config);
	setup.can_act[WAY_SYSTEMD] = setup.can_act[WAY_MOCK] = true;
	cr_assert(zero(int, judge_new(&setup, &host.judge)));
	host.config = setup.config;
	for (size_t i = 1; i <= n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "s%zu.service", i);
		host.run[i] = 1;
		host.status[i] = fixture_status(name, 1);
		host.status[i].unit = (uint32_t)i;
	}
	return host;
}

static void take(struct host *host, size_t i)
{
	struct sample sample = fixture_sample(SECONDS(host->at_s), host->run[i], 100 * MIB);
	struct finding *finding = &host->finding[i];

	sample.unit = (uint32_t)i;
	memset(host->status[i].invocation, host->run[i], INVOCATION_SIZE);
	cr_assert(zero(int, judge_take(host->judge, &sample, &host->status[i], true, finding)));
	if (finding->storm != STORM_NEWS_NONE)
		host->news = finding->storm;
	if (!finding->decided || finding->decision.why != WHY_ALLOWED)
		return;
	if (!decision_disturbs(&finding->decision)) {
		host->n_told[i]++;
		return;
	}
	host->n_allowed[i]++;
	host->last[i] = finding->decision;
}

static void live(struct host *host, unsigned int n_s)
{
	for (unsigned int s = 0; s < n_s; s++) {
		host->at_s++;
		for (size_t i = 1; i <= host->n; i++)
			take(host, i);
	}
}

static void fail(struct host *host, size_t i)
{
	host->status[i].active = UNIT_ACTIVE_FAILED;
}

static void come_back(struct host *host, size_t i)
{
	host->status[i].active = UNIT_ACTIVE_ACTIVE;
	host->run[i]++;
}

/* What the healer would say of the last decision on it. */
static void answer(struct host *host, size_t i, enum attempt_result result)
{
	const struct attempt attempt = { .decision = host->last[i].id,
					 .unit = (uint32_t)i,
					 .way = host->last[i].way,
					 .state = ATTEMPT_DONE,
					 .result = result,
					 .started_ms = SECONDS(host->at_s),
					 .ended_ms = SECONDS(host->at_s) + 500 };

	judge_attempt(host->judge, &attempt);
}

static void need(struct host *host, uint32_t client, uint32_t server)
{
	const struct edge edge = { .client = client, .server = server, .kind = EDGE_TCP };

	cr_assert(zero(int, judge_edges(host->judge, &edge, 1)));
}

static void close_host(struct host *host)
{
	(void)judge_free(host->judge);
}

/* ---- causes ---------------------------------------------------------------------------- */

Test(decide, while_what_it_needs_is_sick_a_unit_is_held_and_told_why)
{
	CLEANUP(close_host) struct host host = open_host(2, NULL);

	need(&host, 1, 2);
	live(&host, 60);
	fail(&host, 2);
	fail(&host, 1);
	live(&host, 10);
	cr_assert(eq(uint, host.n_allowed[2], 1), "the cause is healed");
	cr_assert(eq(uint, host.n_allowed[1], 0));
	cr_assert(eq(int, host.finding[1].why, WHY_UPSTREAM_SICK));
	come_back(&host, 2);
	answer(&host, 2, ATTEMPT_RESULT_DONE);
	live(&host, 40);
	cr_assert(eq(uint, host.n_allowed[1], 0), "it has time to get well by itself");
	live(&host, 30);
	cr_assert(eq(uint, host.n_allowed[1], 1), "and is healed if it does not");
}

Test(decide, the_decision_names_the_unit_for_whose_sake_it_is_held)
{
	CLEANUP(close_host) struct host host = open_host(3, NULL);
	struct decision decision = { .because = 0 };

	need(&host, 1, 3);
	live(&host, 60);
	fail(&host, 3);
	live(&host, 7);
	fail(&host, 1);
	for (int i = 0; i < 10 && decision.because == 0; i++) {
		live(&host, 1);
		if (host.finding[1].decided)
			decision = host.finding[1].decision;
	}
	cr_assert(eq(int, decision.why, WHY_UPSTREAM_SICK));
	cr_assert(eq(u32, decision.because, 3));
}

Test(decide, of_two_that_need_one_another_who_fell_sick_first_is_healed)
{
	const struct edge edges[] = { { .client = 1, .server = 2, .kind = EDGE_TCP },
				      { .client = 2, .server = 1, .kind = EDGE_TCP } };
	CLEANUP(close_host) struct host host = open_host(2, NULL);

	cr_assert(zero(int, judge_edges(host.judge, edges, 2)));
	live(&host, 60);
	fail(&host, 2);
	live(&host, 2);
	fail(&host, 1);
	live(&host, 20);
	cr_assert(eq(uint, host.n_allowed[2], 1));
	cr_assert(eq(uint, host.n_allowed[1], 0));
}

/* ---- storms ------------------------------------------------------------------------------ */

static void brake(struct config *config)
{
	config->storm = (struct storm_brake) { .n_units = 3, .share = 1 };
}

Test(decide, many_at_once_freeze_all_until_one_heal_is_proven)
{
	CLEANUP(close_host) struct host host = open_host(8, brake);
	unsigned int n_tried = 0;

	live(&host, 60);
	for (size_t i = 1; i <= 5; i++)
		fail(&host, i);
	live(&host, 6);
	cr_assert(eq(int, host.news, STORM_NEWS_BEGAN));
	live(&host, 50);
	for (size_t i = 1; i <= 5; i++)
		cr_assert(eq(int, host.finding[i].why, WHY_STORM), "unit %zu", i);
	live(&host, 10);
	for (size_t i = 1; i <= 5; i++)
		n_tried += host.n_allowed[i];
	cr_assert(eq(uint, n_tried, 1), "one is tried");
}

Test(decide, those_that_are_sick_for_one_units_sake_are_no_storm)
{
	const struct edge edges[] = { { .client = 2, .server = 1, .kind = EDGE_TCP },
				      { .client = 3, .server = 1, .kind = EDGE_TCP },
				      { .client = 4, .server = 1, .kind = EDGE_TCP } };
	CLEANUP(close_host) struct host host = open_host(6, brake);

	cr_assert(zero(int, judge_edges(host.judge, edges, 3)));
	live(&host, 60);
	for (size_t i = 1; i <= 4; i++)
		fail(&host, i);
	live(&host, 20);
	cr_assert(eq(int, host.news, STORM_NEWS_NONE));
	cr_assert(eq(uint, host.n_allowed[1], 1));
	for (size_t i = 2; i <= 4; i++)
		cr_assert(eq(int, host.finding[i].why, WHY_UPSTREAM_SICK), "unit %zu", i);
}

Test(decide, what_was_down_before_we_looked_is_no_part_of_a_storm)
{
	CLEANUP(close_host) struct host host = open_host(6, brake);

	for (size_t i = 1; i <= 4; i++) {
		fail(&host, i);
		host.status[i].flags |= UNIT_DOWN_BEFORE;
	}
	live(&host, 40);
	fail(&host, 5);
	live(&host, 10);
	cr_assert(eq(int, host.news, STORM_NEWS_NONE));
	cr_assert(eq(uint, host.n_allowed[5], 1));
}

/* ---- ladders ------------------------------------------------------------------------------- */

static void tell_all(struct config *config)
{
	config->notify_on = (1u << OCCASION_N) - 1;
}

/* Until the next decision that disturbs it, at most an hour. */
static void await_decision(struct host *host, size_t i)
{
	unsigned int n = host->n_allowed[i];

	for (int s = 0; s < 3600 && host->n_allowed[i] == n; s++)
		live(host, 1);
}

static void await_outcome(struct host *host, size_t i)
{
	do
		live(host, 1);
	while (!host->finding[i].concluded && host->at_s < 20000);
}

Test(decide, what_does_not_help_climbs_to_the_ladders_end_and_people_are_told_once)
{
	CLEANUP(close_host) struct host host = open_host(1, tell_all);

	live(&host, 60);
	fail(&host, 1);
	for (uint32_t rung = 0; rung < 2; rung++) {
		await_decision(&host, 1);
		cr_assert(eq(int, host.last[1].action, ACTION_RESTART));
		cr_assert(eq(u32, host.last[1].rung, rung));
		host.run[1]++; /* it runs anew, and fails again */
		answer(&host, 1, ATTEMPT_RESULT_DONE);
		await_outcome(&host, 1);
		cr_assert(eq(int, host.finding[1].outcome.result, OUTCOME_UNCHANGED));
	}
	live(&host, 4000);
	cr_assert(eq(uint, host.n_allowed[1], 2));
	cr_assert(eq(int, host.finding[1].why, WHY_LADDER_ENDED));
	cr_assert(eq(uint, host.n_told[1], 2), "after the first, and by the rung notify");
}

Test(decide, each_heal_that_does_not_help_doubles_the_cool_down)
{
	CLEANUP(close_host) struct host host = open_host(1, NULL);
	uint64_t first_s;

	live(&host, 60);
	fail(&host, 1);
	await_decision(&host, 1);
	first_s = host.at_s;
	host.run[1]++;
	answer(&host, 1, ATTEMPT_RESULT_DONE);
	await_decision(&host, 1);
	cr_assert(eq(u64, host.at_s - first_s, 120), "twice the 60 s");
}

Test(decide, a_heal_that_helped_begins_the_next_trouble_at_the_first_rung)
{
	CLEANUP(close_host) struct host host = open_host(1, NULL);

	live(&host, 60);
	fail(&host, 1);
	await_decision(&host, 1);
	host.run[1]++;
	answer(&host, 1, ATTEMPT_RESULT_DONE);
	await_outcome(&host, 1); /* unchanged */
	await_decision(&host, 1);
	cr_assert(eq(u32, host.last[1].rung, 1));
	come_back(&host, 1);
	answer(&host, 1, ATTEMPT_RESULT_DONE);
	await_outcome(&host, 1);
	cr_assert(eq(int, host.finding[1].outcome.result, OUTCOME_HEALED));
	cr_assert(ne(u64, host.finding[1].outcome.served_ms, 0));
	live(&host, 100);
	fail(&host, 1);
	await_decision(&host, 1);
	cr_assert(eq(u32, host.last[1].rung, 0));
}

/* ---- people ---------------------------------------------------------------------------------- */

Test(decide, who_has_to_approve_is_told_and_a_heal_that_was_refused_too)
{
	CLEANUP(close_host) struct host host = open_host(1, tell_all);

	host.status[1].terms.says = 1u << TERM_MODE;
	host.status[1].terms.mode = MODE_APPROVE;
	live(&host, 60);
	fail(&host, 1);
	live(&host, 10);
	cr_assert(eq(uint, host.n_told[1], 1));
	cr_assert(eq(int, host.finding[1].why, WHY_NOT_APPROVED));
	cr_assert(zero(int, judge_approve(host.judge, 10)));
	live(&host, 2);
	answer(&host, 1, ATTEMPT_RESULT_REFUSED);
	live(&host, 3);
	cr_assert(eq(uint, host.n_told[1], 2));
}

Test(decide, in_mock_mode_people_are_called_in_mock_too_and_never_by_systemd)
{
	CLEANUP(close_host) struct host host = open_host(1, tell_all);

	host.status[1].terms.says = 1u << TERM_MODE;
	host.status[1].terms.mode = MODE_MOCK;
	live(&host, 60);
	fail(&host, 1);
	for (int i = 0; i < 2000; i++) {
		live(&host, 1);
		if (host.finding[1].decided && host.finding[1].decision.why == WHY_ALLOWED)
			cr_assert(eq(int, host.finding[1].decision.way, WAY_MOCK));
		if (host.finding[1].decided && decision_disturbs(&host.finding[1].decision))
			answer(&host, 1, ATTEMPT_RESULT_MOCKED);
	}
	cr_assert(eq(uint, host.n_allowed[1], 2));
	cr_assert(gt(uint, host.n_told[1], 0));
}

/* ---- what else is disturbed -------------------------------------------------------------------- */

Test(decide, what_goes_down_with_it_is_named_and_must_be_up_for_a_proof)
{
	CLEANUP(close_host) struct host host = open_host(3, NULL);

	(void)snprintf(host.status[1].dependents, sizeof(host.status[1].dependents),
		       "s2.service s3.service other.service");
	host.status[3].active = UNIT_ACTIVE_INACTIVE;
	live(&host, 60);
	fail(&host, 1);
	await_decision(&host, 1);
	cr_assert(eq(str, host.last[1].blast, "s2.service"), "of those that are up");
	come_back(&host, 1);
	host.status[2].active = UNIT_ACTIVE_INACTIVE; /* systemd stopped it, and did not start it */
	answer(&host, 1, ATTEMPT_RESULT_DONE);
	await_outcome(&host, 1);
	cr_assert(eq(int, host.finding[1].outcome.result, OUTCOME_DEPENDENT_DOWN));
	cr_assert(eq(str, host.finding[1].outcome.hurt, "s2.service"));
}

Test(decide, restart_dependents_takes_along_what_talks_to_it_the_needed_first)
{
	const struct edge edges[] = { { .client = 2, .server = 1, .kind = EDGE_TCP },
				      { .client = 3, .server = 1, .kind = EDGE_TCP },
				      { .client = 2, .server = 3, .kind = EDGE_TCP } };
	CLEANUP(close_host) struct host host = open_host(3, NULL);

	cr_assert(zero(int, judge_edges(host.judge, edges, 3)));
	host.status[1].terms.says = 1u << TERM_LADDER;
	host.status[1].terms.ladder =
		(struct ladder) { .n = 1, .rung = { ACTION_RESTART_DEPENDENTS } };
	live(&host, 60);
	fail(&host, 1);
	await_decision(&host, 1);
	cr_assert(eq(int, host.last[1].action, ACTION_RESTART_DEPENDENTS));
	cr_assert(eq(str, host.last[1].blast, "s3.service s2.service"));
}

/* ---- terms --------------------------------------------------------------------------------------- */

Test(decide, a_units_for_stands_instead_of_that_of_any_rule)
{
	CLEANUP(close_host) struct host host = open_host(1, NULL);

	host.status[1].terms.says = 1u << TERM_FOR;
	host.status[1].terms.for_s = 60;
	live(&host, 60);
	fail(&host, 1);
	live(&host, 55);
	cr_assert(eq(uint, host.n_allowed[1], 0));
	cr_assert(eq(u32, host.finding[1].verdict.for_s, 60));
	live(&host, 10);
	cr_assert(eq(uint, host.n_allowed[1], 1));
}

Test(decide, a_limit_by_hand_makes_sick_and_the_rest_of_the_units_are_not_held_to_it)
{
	CLEANUP(close_host) struct host host = open_host(2, NULL);
	const struct rulebook over = {
		.n = 1,
		.rule = { { .name = "memory-over-limit",
			    .class = FAULT_CLASS_MEMORY,
			    .action = ACTION_RESTART,
			    .for_s = 30,
			    .n_needs = 1,
			    .need = { { ASPECT_OVER, METRIC_RSS, RELATION_ABOVE, 1 } } } },
	};

	judge_reconfigure(host.judge, &host.config, &over);
	live(&host, 60);
	host.status[1].terms.says = 1u << TERM_LIMITS;
	host.status[1].terms.n_limits = 1;
	host.status[1].terms.limit[0] = (struct hand_limit) { METRIC_RSS, 90 * MIB };
	live(&host, 40);
	cr_assert(eq(uint, host.n_allowed[1], 1));
	cr_assert(eq(str, host.last[1].rule, "memory-over-limit"));
	cr_assert(eq(uint, host.n_allowed[2], 0));
}

Test(decide, what_is_ignored_is_not_judged)
{
	CLEANUP(close_host) struct host host = open_host(1, NULL);
	const struct rulebook counts = {
		.n = 1,
		.rule = { { .name = "oom-kill",
			    .class = FAULT_CLASS_CRASH,
			    .action = ACTION_RESTART,
			    .n_needs = 1,
			    .need = { { ASPECT_RECENT, METRIC_OOM_KILLS, RELATION_AT_MOST,
					0 } } } },
	};

	judge_reconfigure(host.judge, &host.config, &counts);
	host.status[1].terms.says = 1u << TERM_IGNORE;
	host.status[1].terms.ignore = METRIC_BIT(METRIC_OOM_KILLS);
	live(&host, 60);
	cr_assert(eq(uint, host.n_allowed[1], 0));
	host.status[1].terms.says = 0;
	live(&host, 60);
	cr_assert(eq(uint, host.n_allowed[1], 1), "it would have been");
}
