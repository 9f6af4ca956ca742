/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts from order to end, with actuators of the test's own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "heal/healer.h"
#include "tests/unit/assertion.h"

/* An actuator that does as it is told. */
struct puppet {
	int start_error;
	enum attempt_result result; /* NONE: under way */
	size_t n_started, n_polled;
};

static int puppet_start(void *self, const struct decision *decision,
			const struct unit_status *status, struct attempt *attempt)
{
	struct puppet *puppet = self;

	(void)decision, (void)status;
	puppet->n_started++;
	attempt->result = puppet->start_error ? puppet->result : ATTEMPT_RESULT_NONE;
	strcpy(attempt->job, "job");
	return puppet->start_error;
}

static int puppet_poll(void *self, struct attempt *attempt)
{
	struct puppet *puppet = self;

	puppet->n_polled++;
	if (puppet->result == ATTEMPT_RESULT_NONE)
		return 0;
	attempt->result = puppet->result;
	return 1;
}

struct told {
	size_t n;
	struct attempt attempt[256];
};

static void tell(const struct attempt *attempt, void *userdata)
{
	struct told *told = userdata;

	told->attempt[told->n++] = *attempt;
}

struct bench {
	struct puppet puppet;
	struct actuator actuator;
	struct told told;
	struct healer *healer;
};

static void bench_open(struct bench *bench)
{
	*bench = (struct bench) { 0 };
	bench->actuator = (struct actuator) {
		.start = puppet_start,
		.poll = puppet_poll,
		.self = &bench->puppet,
	};
	cr_assert(eq(int,
		     healer_new(NULL, &bench->actuator, NULL, tell, &bench->told, &bench->healer),
		     0));
}

static void bench_close(struct bench *bench)
{
	bench->healer = healer_free(bench->healer);
}

#define BENCH(bench)                                                                               \
	CLEANUP(bench_close) struct bench bench;                                                   \
	bench_open(&bench)

static int submit(struct bench *bench, uint32_t unit, enum way way)
{
	const struct unit_status status = { .unit = unit, .name = "a.service" };
	const struct decision decision = {
		.id = 100 + unit,
		.unit = unit,
		.action = ACTION_RESTART,
		.why = WHY_ALLOWED,
		.way = way,
	};

	return healer_submit(bench->healer, &decision, &status, SECONDS(10), HOURS(1));
}

static const struct attempt *last(const struct bench *bench)
{
	return &bench->told.attempt[bench->told.n - 1];
}

Test(healer, an_attempt_is_told_as_asked_running_and_done)
{
	BENCH(bench);

	cr_assert(eq(int, submit(&bench, 7, WAY_SYSTEMD), 0));
	cr_assert(eq(sz, bench.told.n, 2));
	cr_assert(eq(int, bench.told.attempt[0].state, ATTEMPT_ASKED));
	cr_assert(eq(int, bench.told.attempt[1].state, ATTEMPT_RUNNING));
	cr_assert(eq(str, bench.told.attempt[1].job, "job"));
	cr_assert(eq(u64, last(&bench)->decision, 107));
	cr_assert(eq(u64, last(&bench)->started_ms, SECONDS(10)));
	cr_assert(eq(u64, last(&bench)->deadline_ms, SECONDS(10) + HEALER_DEADLINE_MS));

	healer_turn(bench.healer, SECONDS(11), HOURS(1) + 1000);
	cr_assert(eq(sz, bench.told.n, 2), "nothing new");
	bench.puppet.result = ATTEMPT_RESULT_DONE;
	healer_turn(bench.healer, SECONDS(12), HOURS(1) + 2000);
	cr_assert(eq(sz, bench.told.n, 3));
	cr_assert(eq(int, last(&bench)->state, ATTEMPT_DONE));
	cr_assert(eq(int, last(&bench)->result, ATTEMPT_RESULT_DONE));
	cr_assert(eq(u64, last(&bench)->ended_ms, SECONDS(12)));
	cr_assert(eq(u64, last(&bench)->ended_wall_ms, HOURS(1) + 2000));
	healer_turn(bench.healer, SECONDS(13), HOURS(1) + 3000);
	cr_assert(eq(sz, bench.told.n, 3), "told once");
}

Test(healer, a_unit_has_one_attempt_at_a_time)
{
	BENCH(bench);

	cr_assert(eq(int, submit(&bench, 7, WAY_SYSTEMD), 0));
	cr_assert(eq(int, submit(&bench, 7, WAY_SYSTEMD), -EALREADY));
	cr_assert(eq(int, submit(&bench, 8, WAY_SYSTEMD), 0));
	cr_assert(eq(sz, bench.puppet.n_started, 2));
	bench.puppet.result = ATTEMPT_RESULT_FAILED;
	healer_turn(bench.healer, SECONDS(12), HOURS(1));
	bench.puppet.result = ATTEMPT_RESULT_NONE;
	cr_assert(eq(int, submit(&bench, 7, WAY_SYSTEMD), 0));
}

Test(healer, attempts_in_flight_are_bounded)
{
	BENCH(bench);

	for (uint32_t unit = 1; unit <= HEALER_ATTEMPTS_MAX; unit++)
		cr_assert(eq(int, submit(&bench, unit, WAY_SYSTEMD), 0));
	cr_assert(eq(int, submit(&bench, 1000, WAY_SYSTEMD), -ENOSPC));
	cr_assert(eq(sz, bench.puppet.n_started, HEALER_ATTEMPTS_MAX));
}

Test(healer, a_way_that_is_not_there_is_not_taken)
{
	BENCH(bench);

	cr_assert(eq(int, submit(&bench, 7, WAY_MOCK), -EOPNOTSUPP));
	cr_assert(eq(int, submit(&bench, 7, WAY_NONE), -EOPNOTSUPP));
	bench.actuator = (struct actuator) { 0 }; /* the bus is lost, and so is its actuator */
	cr_assert(eq(int, submit(&bench, 7, WAY_SYSTEMD), -EOPNOTSUPP));
	cr_assert(eq(sz, bench.told.n, 0));
}

Test(healer, an_order_refused_at_once_is_told_as_an_end)
{
	static const struct {
		enum attempt_result said, told;
	} cases[] = {
		{ ATTEMPT_RESULT_NONE, ATTEMPT_RESULT_REFUSED },
		{ ATTEMPT_RESULT_REFUSED, ATTEMPT_RESULT_REFUSED },
		{ ATTEMPT_RESULT_LOST, ATTEMPT_RESULT_LOST },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		BENCH(bench);

		bench.puppet.start_error = -EACCES;
		bench.puppet.result = cases[i].said;
		cr_assert(eq(int, submit(&bench, 7, WAY_SYSTEMD), 0));
		cr_assert(eq(sz, bench.told.n, 2));
		cr_assert(eq(int, last(&bench)->state, ATTEMPT_DONE));
		cr_assert(eq(int, last(&bench)->result, cases[i].told));
		healer_turn(bench.healer, SECONDS(11), HOURS(1));
		cr_assert(eq(sz, bench.puppet.n_polled, 0), "nothing is in flight");
	}
}

Test(healer, past_its_deadline_an_attempt_is_a_timeout_unless_it_just_ended)
{
	BENCH(bench);

	(void)submit(&bench, 7, WAY_SYSTEMD);
	healer_turn(bench.healer, SECONDS(10) + HEALER_DEADLINE_MS - 1, HOURS(2));
	cr_assert(eq(sz, bench.told.n, 2));
	healer_turn(bench.healer, SECONDS(10) + HEALER_DEADLINE_MS, HOURS(2));
	cr_assert(eq(int, last(&bench)->result, ATTEMPT_RESULT_TIMEOUT));

	(void)submit(&bench, 8, WAY_SYSTEMD);
	bench.puppet.result = ATTEMPT_RESULT_DONE;
	healer_turn(bench.healer, SECONDS(10) + 2 * HEALER_DEADLINE_MS, HOURS(2));
	cr_assert(eq(int, last(&bench)->result, ATTEMPT_RESULT_DONE));
}

Test(healer, a_broken_way_loses_its_attempts_and_is_not_polled_again)
{
	BENCH(bench);

	(void)submit(&bench, 7, WAY_SYSTEMD);
	(void)submit(&bench, 8, WAY_SYSTEMD);
	healer_lose(bench.healer, WAY_MOCK, SECONDS(11), HOURS(1));
	cr_assert(eq(sz, bench.told.n, 4), "another way");
	healer_lose(bench.healer, WAY_SYSTEMD, SECONDS(11), HOURS(1));
	cr_assert(eq(sz, bench.told.n, 6));
	cr_assert(eq(int, last(&bench)->result, ATTEMPT_RESULT_LOST));
	healer_turn(bench.healer, SECONDS(12), HOURS(1));
	cr_assert(eq(sz, bench.puppet.n_polled, 0));
}
