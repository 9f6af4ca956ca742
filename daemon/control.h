/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The orders that people may give, as a D-Bus object on a direct socket: no bus
 * daemon is needed, and the peer's credentials decide. Everything that comes in
 * is hostile until checked; only root and the daemon's own user are heard.
 *
 * Interface NAME_BUS_IFACE at NAME_BUS_PATH: Inject(s fault, s unit) -> s words.
 * Errors are those of record/order.h, and org.freedesktop.DBus.Error.InvalidArgs
 * for what is no fault's or unit's name.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"

#define CONTROL_CONNECTIONS_MAX 16 /* more are closed at once */

struct control;

/* Who carries the orders out. fault is of a-z and '-', unit is a unit's name. */
struct control_handler {
	/* -ENOENT: no such unit; -EINVAL: no such fault; -EALREADY: it is ill already; -EOPNOTSUPP:
	 * this daemon does not simulate. */
	int (*inject)(void *userdata, const char *fault, const char *unit);
};

/* Listen at socket_path, which only this user (and root) may open. A socket that nobody listens at
 * is replaced. -EADDRINUSE: somebody does, or it is no socket; -ENAMETOOLONG: over 107 bytes. */
int control_new(sd_event *event, const char *socket_path, const struct control_handler *handler,
		void *userdata, struct control **ret);
/* Closes all connections and removes the socket. */
struct control *control_free(struct control *control);
DEFINE_CLEANUP(struct control *, control_free)
