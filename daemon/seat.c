/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to the bus, made, named, watched, and made again. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/names.h"
#include "seat.h"

#define RETRY_MS       SECONDS(2)
#define SYSTEM_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* The bus's answer to RequestName: somebody else has it, and we are next. */
#define NAME_QUEUED 2u

struct seat {
	sd_event *event;
	const char *address;
	const struct seat_service *service;
	void *userdata;
	sd_bus *bus; /* NULL: none now */
	sd_bus_slot *request;
	bool is_refused; /* the name: it is not asked for again */
	bool was_lost;	 /* and that was said */
	bool was_tried;
	uint64_t tried_ms;
};

static void leave(struct seat *seat)
{
	sd_bus *bus = TAKE(seat->bus);

	if (!bus)
		return;
	seat->service->close(seat->userdata);
	seat->request = sd_bus_slot_unref(seat->request);
	(void)sd_bus_detach_event(bus);
	(void)sd_bus_close_unref(bus);
}

static void lose(struct seat *seat)
{
	leave(seat);
	if (!seat->was_lost)
		log_info("no orders over the system bus until it is back");
	seat->was_lost = true;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m, (void)ret_error;
	lose(userdata);
	return 0;
}

static void give_up(struct seat *seat, const char *why)
{
	log_info("no orders over the system bus, since it does not give us the name " NAME_BUS
		 ": %s",
		 why);
	seat->is_refused = true;
	leave(seat);
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct seat *seat = userdata;
	uint32_t answer;

	(void)ret_error;
	if (error && sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY)) {
		lose(seat); /* it is not the bus which says that, but the lack of one */
	} else if (error) {
		give_up(seat, error->message ?: error->name);
	} else if (sd_bus_message_read(reply, "u", &answer) < 0) {
		give_up(seat, "its answer cannot be read");
	} else {
		seat->was_lost = false;
		if (answer == NAME_QUEUED)
			log_info("another daemon has the name " NAME_BUS
				 " on the system bus; orders come here when it has ended");
		else
			log_info("orders may come over the system bus, as " NAME_BUS);
	}
	return 0;
}

/* As sd_bus_open_system() does it, which waits for nothing either; but without descriptors, that
 * nobody can make us keep open. */
static int open_bus(struct seat *seat)
{
	int r;

	r = sd_bus_new(&seat->bus);
	if (r >= 0)
		r = sd_bus_set_address(seat->bus, seat->address);
	if (r >= 0)
		r = sd_bus_set_bus_client(seat->bus, true);
	if (r >= 0)
		r = sd_bus_negotiate_fds(seat->bus, false);
	if (r >= 0)
		r = sd_bus_attach_event(seat->bus, seat->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = seat->service->open(seat->userdata, seat->bus);
	if (r >= 0)
		r = sd_bus_match_signal(seat->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_disconnected, seat);
	if (r >= 0)
		r = sd_bus_start(seat->bus);
	if (r >= 0) /* in the queue, so that it comes to us when another daemon ends */
		r = sd_bus_request_name_async(seat->bus, &seat->request, NAME_BUS,
					      SD_BUS_NAME_QUEUE, on_name, seat);
	return r;
}

void seat_turn(struct seat *seat, uint64_t when_ms)
{
	if (seat->bus || seat->is_refused ||
	    (seat->was_tried && when_ms - seat->tried_ms < RETRY_MS))
		return;
	seat->was_tried = true;
	seat->tried_ms = when_ms;
	if (open_bus(seat) < 0)
		lose(seat);
}

int seat_new(sd_event *event, const char *address, const struct seat_service *service,
	     void *userdata, struct seat **ret)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return -ENOMEM;
	seat->event = sd_event_ref(event);
	seat->service = service;
	seat->userdata = userdata;
	seat->address = address;
	if (!seat->address)
		seat->address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: SYSTEM_ADDRESS;
	*ret = seat;
	return 0;
}

struct seat *seat_free(struct seat *seat)
{
	if (!seat)
		return NULL;
	leave(seat);
	(void)sd_event_unref(seat->event);
	free(seat);
	return NULL;
}
