/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Our seat on the system bus: a connection of its own, our name on it, and the
 * way back after a loss. Nothing here waits for the bus: it is asked, and goes
 * on when it answers. Without a seat nothing is lost but the orders that would
 * have come that way.
 */
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

struct seat;

/* What is served at the seat. */
struct seat_service {
	/* Put it on a new connection, before anybody can call. A negative errno closes that again. */
	int (*open)(void *userdata, sd_bus *bus);
	/* The connection is about to be closed: keep nothing of it. */
	void (*close)(void *userdata);
};

/* address: of the bus, must outlive the seat; NULL: the system bus. A connection is asked for at the
 * first seat_turn(). -ENOMEM. */
int seat_new(sd_event *event, const char *address, const struct seat_service *service,
	     void *userdata, struct seat **ret);
struct seat *seat_free(struct seat *seat);
DEFINE_CLEANUP(struct seat *, seat_free)

/* To be called once a second or so: asks again two seconds after the last time, where there is no
 * connection; after a bus that refused us the name, never. That, and a loss, is said once. */
void seat_turn(struct seat *seat, uint64_t when_ms);
