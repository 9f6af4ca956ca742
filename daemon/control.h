/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The orders that people may give, as one D-Bus object: on a direct socket, where
 * the peer's credentials decide (root and the daemon's own user are heard), and on
 * the system bus, where polkit does. All that comes in is hostile until checked,
 * and is checked first.
 *
 * Interface NAME_BUS_IFACE at NAME_BUS_PATH:
 *   Inject(s fault, s unit) -> s words
 *   Stop(s reason) -> s words                        all healing, until Resume
 *   Pause(s unit, t seconds, s reason) -> s words    1 second to a year
 *   Resume(s unit) -> s words                        "": all that is held
 *   Approve(t incident) -> s words                   what its unit waits for, with Mode=approve
 *   Heal(s unit) -> s words                          restart it through the same brakes, and prove it
 *   read-only properties: Version s, Mode s, Units u, Sick u, Simulates b
 * words are for people, and mostly "". The unit need not be there to be paused. Errors are
 * those of record/order.h, and of org.freedesktop.DBus.Error: InvalidArgs for what is no fault, name,
 * span or reason; on the bus AccessDenied, InteractiveAuthorizationRequired (polkit would allow it after
 * a password) and LimitsExceeded (too many wait for polkit).
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

struct control;

enum order_kind {
	ORDER_INJECT,
	ORDER_STOP,
	ORDER_PAUSE,
	ORDER_RESUME,
	ORDER_APPROVE,
	ORDER_HEAL,
	ORDER_N
};

/* What is checked: fault is of a-z and '-', unit is a unit's name (or "", for Resume), reason is at
 * most HOLD_REASON_BYTES of printable text. What a kind does not have is NULL or 0. */
struct order {
	enum order_kind kind;
	uid_t who;
	const char *fault, *unit, *reason;
	uint64_t for_ms;
	uint64_t incident;
};

struct control_state {
	const char *mode;
	uint32_t n_units, n_sick;
	bool simulates;
};

struct control_handler {
	/* 0, or an error of record/order.h. *ret_words, which is "", may become other words, that last; after
	 * an error they stand in place of its own. */
	int (*obey)(void *userdata, const struct order *order, const char **ret_words);
	/* For the properties; mode must last until the next tick. */
	void (*describe)(void *userdata, struct control_state *ret);
};

/* Nobody is heard yet. */
int control_new(sd_event *event, const struct control_handler *handler, void *userdata,
		struct control **ret);
/* Closes all connections, removes the socket, gives the name back. */
struct control *control_free(struct control *control);
DEFINE_CLEANUP(struct control *, control_free)

/* Serve at that path, as direct_new(), whose errors these are. */
int control_listen(struct control *control, const char *path);
/* Serve on the system bus (address NULL), as long as control_turn() is called; see seat.h. */
int control_join(struct control *control, const char *address);
void control_turn(struct control *control, uint64_t when_ms);
