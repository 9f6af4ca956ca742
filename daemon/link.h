/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The connection to systemd: the system bus, and the way of orders over it. A
 * link that is lost stays lost; who wants to go on makes a new one.
 */
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "heal/actuator.h"

struct link;

/* Open the system bus and attach it to the loop. A negative errno: nobody answers there. */
int link_new(sd_event *event, struct link **ret);
/* What was asked over it is not told any more. */
struct link *link_free(struct link *link);
DEFINE_CLEANUP(struct link *, link_free)

/* The link's own, for as long as it lives. */
sd_bus *link_bus(const struct link *link);
struct actuator link_actuator(struct link *link);
/* Has the other end gone? That is said once, when it happens. */
bool link_is_lost(const struct link *link);
