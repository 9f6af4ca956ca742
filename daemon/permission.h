/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * May the sender of this order give it? root may; for all others polkit is asked.
 * Nothing waits: the order is kept, and carried out when the answer has come. It
 * is forgotten when its sender goes away, and refused after two minutes.
 */
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"

/* Orders that may wait at once: somebody may be typing a password. Some places are kept for those of
 * whom it is not known yet who they are, so that root is heard while polkit does not answer. */
#define PERMISSION_PENDING_MAX	16
#define PERMISSION_ASKING_MAX	12
#define PERMISSION_PER_USER_MAX 4

struct permission;

/* Carries an order of that user out and answers m; a negative errno becomes the answer. */
typedef int permission_granted(sd_bus_message *m, uid_t who, void *userdata);

/* For the orders that come over that bus; it is borrowed. */
int permission_new(sd_bus *bus, permission_granted *granted, void *userdata,
		   struct permission **ret);
/* Orders that wait are not answered any more. */
struct permission *permission_free(struct permission *permission);
DEFINE_CLEANUP(struct permission *, permission_free)

/* For a method's handler, which returns what this does: 1, and m is answered later; or a negative errno
 * with error set. Ask when all in m has been checked: until then it is as large as a stranger likes.
 * action is polkit's, and its rules see the unit, unless it is NULL; both are of m's life. */
int permission_ask(struct permission *permission, sd_bus_message *m, const char *action,
		   const char *unit, sd_bus_error *error);
