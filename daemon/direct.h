/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The direct socket: D-Bus without a bus daemon, for whoever may open a file.
 * It takes connections and tells who is at the other end; the object that is
 * served on them belongs to somebody else.
 */
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

#define DIRECT_CONNECTIONS_MAX 16 /* more are closed at once */

struct direct;

/* Put on a new connection what is served there; place, below DIRECT_CONNECTIONS_MAX, is its own until
 * it is closed. A negative errno closes it. */
typedef int direct_opened(void *userdata, size_t place, sd_bus *bus, uid_t peer);

/* Listen at path, which only this user (and root) may open. A socket that nobody listens at is
 * replaced. -EADDRINUSE: somebody does, or it is no socket; -ENAMETOOLONG: over 107 bytes. */
int direct_new(sd_event *event, const char *path, direct_opened *opened, void *userdata,
	       struct direct **ret);
/* Closes all connections and removes the socket. */
struct direct *direct_free(struct direct *direct);
DEFINE_CLEANUP(struct direct *, direct_free)
