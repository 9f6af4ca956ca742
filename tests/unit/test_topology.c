/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From all that is told of edges to rows, once a minute. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/clock.h"
#include "fixture_store.h"
#include "tests/unit/assertion.h"
#include "topology.h"

TestSuite(topology, .init = place_make, .fini = place_remove);

static struct judge *a_judge(void)
{
	static const struct rulebook rulebook;
	struct judge_setup setup = { .rulebook = &rulebook };
	struct judge *judge;

	config_defaults(&setup.config);
	cr_assert(zero(int, judge_new(&setup, &judge)));
	return judge;
}

static void tick(struct parts *parts, uint64_t when_ms)
{
	const struct unit_status *status;
	const struct sample *samples;

	simulation_take(parts->simulation, when_ms, NOON + when_ms, &samples, &status);
}

static int64_t ask(const char *what)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM edge", what);
	return place_ask("selfheal.db", sql);
}

Test(topology, edges_are_kept_once_a_minute_and_their_connections_add_up)
{
	struct topology topology = { 0 };
	struct parts parts = { .judge = a_judge() };

	parts.past.writer = place_begin(BOUND);
	cr_assert(zero(int, simulation_new(writer_number, parts.past.writer, &parts.simulation)));
	for (uint64_t second = 1; second <= 130; second++) {
		tick(&parts, SECONDS(second));
		cr_assert(zero(int, topology_turn(&topology, &parts, SECONDS(second),
						  NOON + SECONDS(second))));
	}
	topology_clear(&topology);
	(void)simulation_free(parts.simulation);
	(void)writer_close(parts.past.writer);
	(void)judge_free(parts.judge);
	cr_assert(eq(i64, ask("count(*)"), 1));
	cr_assert(eq(i64, ask("n_connections"), 121), "at 1, 61 and 121 s");
	cr_assert(eq(i64, ask("first_wall_ms"), (int64_t)(NOON + SECONDS(1))));
	cr_assert(eq(i64, ask("last_wall_ms"), (int64_t)(NOON + SECONDS(121))));
	cr_assert(eq(i64, ask("flags"), SAMPLE_SYNTHETIC));
}

Test(topology, with_nothing_to_ask_nothing_is_written)
{
	struct topology topology = { 0 };
	struct parts parts = { .judge = a_judge() };

	parts.past.writer = place_begin(BOUND);
	cr_assert(zero(int, topology_turn(&topology, &parts, SECONDS(1), NOON)));
	(void)writer_close(parts.past.writer);
	(void)judge_free(parts.judge);
	cr_assert(zero(i64, ask("count(*)")));
}
