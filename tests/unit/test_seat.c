/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our seat on the bus: asked for, lost, had again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_bus.h"
#include "record/names.h"
#include "seat.h"
#include "tests/unit/assertion.h"

struct hall {
	sd_event *event;
	struct fake_bus fake;
	struct seat *seat;
	int opened, closed;
	int answer; /* of open */
};

static int on_open(void *userdata, sd_bus *bus)
{
	struct hall *hall = userdata;

	(void)bus;
	hall->opened++;
	return hall->answer;
}

static void on_close(void *userdata)
{
	struct hall *hall = userdata;

	hall->closed++;
}

static void hall_open(struct hall *hall)
{
	static const struct seat_service service = { .open = on_open, .close = on_close };

	*hall = (struct hall) { 0 };
	cr_assert(ge(int, sd_event_new(&hall->event), 0));
	fake_bus_open(&hall->fake, hall->event);
	cr_assert(
		zero(int, seat_new(hall->event, hall->fake.address, &service, hall, &hall->seat)));
}

static void hall_close(struct hall *hall)
{
	hall->seat = seat_free(hall->seat);
	fake_bus_close(&hall->fake);
	hall->event = sd_event_unref(hall->event);
}

#define HALL(hall)                                                                                 \
	CLEANUP(hall_close) struct hall hall;                                                      \
	hall_open(&hall)

static void turn(struct hall *hall, uint64_t when_ms)
{
	seat_turn(hall->seat, when_ms);
	fake_bus_settle(&hall->fake);
}

Test(seat, the_first_turn_takes_it_and_the_others_keep_it)
{
	HALL(hall);

	cr_assert(zero(int, hall.opened));
	turn(&hall, 1000);
	turn(&hall, 2000);
	turn(&hall, 5000);
	cr_assert(eq(str, hall.fake.asked, "Hello RequestName"));
	cr_assert(eq(uint, hall.fake.n_connections, 1));
	cr_assert(eq(int, hall.opened, 1));
	cr_assert(zero(int, hall.closed));
}

Test(seat, what_is_lost_is_asked_for_again_after_two_seconds)
{
	HALL(hall);

	turn(&hall, 1000);
	fake_bus_hang_up(&hall.fake);
	cr_assert(eq(int, hall.closed, 1));
	turn(&hall, 4000); /* nobody is there */
	cr_assert(eq(int, hall.opened, 2));
	cr_assert(eq(int, hall.closed, 2));
	fake_bus_listen(&hall.fake);
	turn(&hall, 5000);
	cr_assert(eq(uint, hall.fake.n_connections, 1));
	turn(&hall, 6000);
	cr_assert(eq(uint, hall.fake.n_connections, 2));
	cr_assert(eq(str, hall.fake.asked, "Hello RequestName Hello RequestName"));
	cr_assert(eq(int, hall.opened, 3));
	cr_assert(eq(int, hall.closed, 2));
}

Test(seat, a_name_that_is_refused_is_not_asked_for_again)
{
	HALL(hall);

	hall.fake.name_error = SD_BUS_ERROR_ACCESS_DENIED;
	for (uint64_t when_ms = 1000; when_ms < 20000; when_ms += 1000)
		turn(&hall, when_ms);
	cr_assert(eq(uint, hall.fake.n_connections, 1));
	cr_assert(eq(int, hall.closed, 1));
}

Test(seat, a_name_that_another_daemon_has_is_waited_for)
{
	HALL(hall);

	hall.fake.name_answer = 2;
	turn(&hall, 1000);
	turn(&hall, 5000);
	cr_assert(eq(uint, hall.fake.n_connections, 1));
	cr_assert(zero(int, hall.closed));
}

Test(seat, a_bus_that_says_nothing_keeps_nobody_waiting)
{
	HALL(hall);

	hall.fake.is_silent = true;
	turn(&hall, 1000);
	turn(&hall, 5000);
	cr_assert(eq(str, hall.fake.asked, "Hello RequestName"));
	cr_assert(eq(uint, hall.fake.n_connections, 1));
}

Test(seat, a_bus_that_does_not_even_accept_keeps_nobody_waiting)
{
	HALL(hall);

	hall.fake.accept = sd_event_source_disable_unref(hall.fake.accept);
	turn(&hall, 1000);
	turn(&hall, 5000);
	cr_assert(eq(int, hall.opened, 1));
	cr_assert(zero(int, hall.closed));
}

Test(seat, what_cannot_be_served_is_tried_again)
{
	HALL(hall);

	hall.answer = -ENOMEM;
	turn(&hall, 1000);
	cr_assert(eq(int, hall.closed, 1));
	cr_assert(zero(uint, hall.fake.n_connections));
	hall.answer = 0;
	turn(&hall, 3000);
	cr_assert(eq(str, hall.fake.asked, "Hello RequestName"));
}
