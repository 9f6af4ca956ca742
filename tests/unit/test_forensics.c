/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits for evidence, for how long, and what goes on without. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture_store.h"
#include "forensics.h"
#include "tests/unit/assertion.h"

TestSuite(forensics, .init = place_make, .fini = place_remove);

struct desk {
	sd_event *event;
	struct writer *writer;
	struct forensics *forensics;
	size_t n_done;
	struct decision done;
	enum mode mode;
};

static void take_done(const struct decision *decision, enum mode mode, void *userdata)
{
	struct desk *desk = userdata;

	desk->n_done++;
	desk->done = *decision;
	desk->mode = mode;
}

static void tell_at_once(const struct scene *scene, int fd)
{
	(void)dprintf(fd, "journal\t\"journal\":[{\"text\":\"%s\"}]\n", scene->unit);
}

static void hang(const struct scene *scene, int fd)
{
	(void)scene, (void)fd;
	for (;;)
		(void)pause();
}

static void open_desk(struct desk *desk, gatherer_tell *tell, uint64_t limit_ms)
{
	struct forensics_setup setup = {
		.tell = tell, .limit_ms = limit_ms, .done = take_done, .userdata = desk
	};

	*desk = (struct desk) { 0 };
	cr_assert(zero(int, sd_event_new(&desk->event)));
	desk->writer = place_begin(BOUND);
	setup.event = desk->event;
	setup.writer = desk->writer;
	cr_assert(zero(int, forensics_new(&setup, &desk->forensics)));
}

static void close_desk(struct desk *desk)
{
	(void)forensics_free(desk->forensics);
	(void)writer_close(desk->writer);
	(void)sd_event_unref(desk->event);
}

static int begin(struct desk *desk, uint64_t id)
{
	const struct unit_status status = { .name = "shop.service", .unit = 1 };
	struct incident incident = place_begin_incident(desk->writer, id);
	struct decision decision = place_decision(id, &incident);

	return forensics_begin(desk->forensics, &decision, MODE_ENFORCE, &status);
}

static void await_done(struct desk *desk, size_t n)
{
	while (desk->n_done < n)
		cr_assert(gt(int, sd_event_run(desk->event, 20000000), 0));
}

Test(forensics, only_what_disturbs_something_real_is_worth_it)
{
	struct decision decision = { .action = ACTION_RESTART, .way = WAY_SYSTEMD };

	cr_assert(forensics_wants(&decision));
	decision.action = ACTION_NOTIFY;
	cr_assert(not(forensics_wants(&decision)));
	decision.action = ACTION_RELOAD;
	cr_assert(forensics_wants(&decision));
	decision.way = WAY_MOCK;
	cr_assert(not(forensics_wants(&decision)));
	decision.way = WAY_SIMULATOR;
	cr_assert(not(forensics_wants(&decision)));
}

Test(forensics, a_decision_goes_on_once_all_was_seen_which_is_kept)
{
	struct desk desk;

	open_desk(&desk, tell_at_once, MINUTES(1));
	cr_assert(zero(int, begin(&desk, 7)));
	cr_assert(zero(sz, desk.n_done), "not before the loop turns");
	await_done(&desk, 1);
	cr_assert(eq(u64, desk.done.id, 7));
	cr_assert(eq(int, desk.mode, MODE_ENFORCE));
	close_desk(&desk);
	cr_assert(eq(
		i64,
		place_ask("selfheal.db",
			  "SELECT is_whole FROM evidence WHERE incident = 7 AND decision = 7 AND "
			  "body->>'$.journal[0].text' = 'shop.service'"),
		1));
}

Test(forensics, one_that_hangs_holds_a_heal_up_to_the_limit_and_no_longer)
{
	struct desk desk;

	open_desk(&desk, hang, 50);
	cr_assert(zero(int, begin(&desk, 7)));
	await_done(&desk, 1);
	forensics_turn(desk.forensics, clock_boot_ms());
	cr_assert(eq(sz, desk.n_done, 1), "once");
	close_desk(&desk);
	cr_assert(eq(i64, place_ask("selfheal.db", "SELECT is_whole FROM evidence"), 0));
}

Test(forensics, so_many_at_once_and_the_next_is_not_held_up)
{
	struct desk desk;

	open_desk(&desk, hang, MINUTES(1));
	for (uint64_t id = 1; id <= FORENSICS_AT_ONCE; id++)
		cr_assert(zero(int, begin(&desk, id)));
	cr_assert(eq(int, begin(&desk, 99), -EBUSY));
	close_desk(&desk);
	cr_assert(zero(sz, desk.n_done), "what is under way at the end is not told");
}
