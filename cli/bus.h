/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The few calls to the daemon, over its direct socket. */
#include <stddef.h>

/* Make a simulated unit ill. message gets the daemon's words; it is "" where there are none, so also
 * when nobody answered (-ENOENT, -ECONNREFUSED, -EACCES at the socket, -ETIMEDOUT after 5 s). With
 * words: -ENOENT: no such unit; -EINVAL: no such fault; -EALREADY: it is ill already; -EOPNOTSUPP: the
 * daemon does not simulate; -EACCES: not for this user. */
int bus_inject(const char *socket_path, const char *fault, const char *unit, char *message,
	       size_t size);
