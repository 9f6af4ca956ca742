/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The few calls to the daemon, over its direct socket or over the system bus. */
#include <stdbool.h>
#include <stddef.h>

/* Make a simulated unit ill. Where the socket cannot be opened and or_system_bus is true, the daemon is
 * asked there, and polkit decides. message gets the words of the daemon, or of the bus for it; it is ""
 * where there are none, so also when nobody answered (-ENOENT, -ECONNREFUSED, -EACCES at the socket,
 * -ETIMEDOUT after 5 s). With words: -ENOENT: no such unit; -EINVAL: no such fault; -EALREADY: it is ill
 * already; -EOPNOTSUPP: the daemon does not simulate; -EACCES: not for this user. */
int bus_inject(const char *socket_path, bool or_system_bus, const char *fault, const char *unit,
	       char *message, size_t size);
