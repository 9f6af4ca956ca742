/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The part of struct facts that systemd says in so many words; for facts.c alone. */
#include <systemd/sd-bus.h>

#include "sense/facts.h"

/* Take in the a{sv} that the message stands at. What lists add up is begun anew where the message has the
 * list, but dependents and needs, which several properties add to, go on. A property we do not read, or of
 * another type than we know, is passed over. -ENXIO: it is no a{sv}; -EBADMSG, -ENOMEM. */
int facts_properties_read(struct facts *facts, sd_bus_message *m);
