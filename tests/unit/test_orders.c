/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an order does. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fixture.h"
#include "orders.h"
#include "tests/unit/assertion.h"

/* Two units, of which the second is sick and has an alias; no simulator, no bus. */
struct desk {
	struct parts parts;
	struct settings settings;
	struct present present[2];
	const char *words;
};

static void open_desk(struct desk *desk)
{
	*desk = (struct desk) { .words = "" };
	desk->settings.config = fixture_config();
	desk->parts.settings = &desk->settings;
	desk->present[0].status = fixture_status("web.service", 1);
	desk->present[1].status = fixture_status("mysql.service", 1);
	desk->present[1].verdict.health = HEALTH_SICK;
	(void)snprintf(desk->present[1].status.aliases, UNIT_ALIASES_SIZE, "db.service");
	desk->parts.shown = (struct shown) { desk->present, 2 };
}

static int give(struct desk *desk, struct order order)
{
	desk->words = "";
	order.who = 1000;
	return orders_handler.obey(&desk->parts, &order, &desk->words);
}

static int pause_it(struct desk *desk, const char *unit)
{
	return give(desk, (struct order) { .kind = ORDER_PAUSE,
					   .unit = unit,
					   .reason = "why not",
					   .for_ms = HOURS(1) });
}

static int resume_it(struct desk *desk, const char *unit)
{
	return give(desk, (struct order) { .kind = ORDER_RESUME, .unit = unit });
}

static int stop_all(struct desk *desk)
{
	return give(desk, (struct order) { .kind = ORDER_STOP, .reason = "a fire" });
}

static bool is_held(const struct desk *desk, size_t i)
{
	return hold_binds(&desk->parts.hold, &desk->present[i].status);
}

Test(orders, a_pause_holds_its_unit_by_any_name_until_it_is_resumed)
{
	struct desk desk;

	open_desk(&desk);
	cr_assert(zero(int, pause_it(&desk, "db.service")));
	cr_assert(eq(str, (char *)desk.words, ""));
	cr_assert(is_held(&desk, 1));
	cr_assert(not(is_held(&desk, 0)));
	cr_assert(zero(int, resume_it(&desk, "mysql.service")));
	cr_assert(not(is_held(&desk, 1)));
	cr_assert(eq(int, resume_it(&desk, "mysql.service"), -ENODATA));
}

Test(orders, a_unit_that_nobody_knows_is_paused_with_a_remark)
{
	struct desk desk;

	open_desk(&desk);
	cr_assert(zero(int, pause_it(&desk, "later.service")));
	cr_assert(ne(str, (char *)desk.words, ""));
	desk.present[0].status = fixture_status("new.service", 1); /* now it is there, */
	(void)snprintf(desk.present[0].status.aliases, UNIT_ALIASES_SIZE, "later.service");
	cr_assert(is_held(&desk, 0));
	cr_assert(zero(int, resume_it(&desk, "later.service")));
	cr_assert(not(is_held(&desk, 0)));
}

Test(orders, a_pause_ends_by_itself)
{
	uint64_t now_ms = clock_boot_ms();
	struct desk desk;

	open_desk(&desk);
	(void)pause_it(&desk, "web.service");
	orders_turn(&desk.parts, now_ms + MINUTES(59));
	cr_assert(is_held(&desk, 0));
	orders_turn(&desk.parts, now_ms + MINUTES(61));
	cr_assert(not(is_held(&desk, 0)));
}

Test(orders, a_stop_holds_all_until_all_is_resumed)
{
	struct control_state state;
	struct desk desk;

	open_desk(&desk);
	(void)pause_it(&desk, "web.service");
	cr_assert(zero(int, stop_all(&desk)));
	cr_assert(is_held(&desk, 1));
	orders_handler.describe(&desk.parts, &state);
	cr_assert(eq(str, (char *)state.mode, "stopped"));
	cr_assert(zero(int, resume_it(&desk, "web.service")));
	cr_assert(eq(str, (char *)desk.words, "all healing is still stopped"));
	cr_assert(zero(int, resume_it(&desk, "")));
	cr_assert(not(is_held(&desk, 0)));
	cr_assert(not(is_held(&desk, 1)));
}

Test(orders, the_state_is_what_was_published_last)
{
	struct control_state state;
	struct desk desk;

	open_desk(&desk);
	orders_handler.describe(&desk.parts, &state);
	cr_assert(eq(str, (char *)state.mode, "enforce"));
	cr_assert(eq(u32, state.n_units, 2));
	cr_assert(eq(u32, state.n_sick, 1));
	cr_assert(not(state.simulates));
}

Test(orders, nothing_is_injected_where_nothing_is_simulated)
{
	struct desk desk;

	open_desk(&desk);
	cr_assert(eq(int,
		     give(&desk, (struct order) { .fault = "cpu-spike", .unit = "web.service" }),
		     -EOPNOTSUPP));
}
