/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The few calls to the daemon, over its direct socket or over the system bus. */
#include <stdarg.h>
#include <stdbool.h>

/* What the daemon answered: a text for people, which may be "", or why not. */
struct bus_answer {
	char words[512];
};

/* Give an order: its member in selfhealed(8), ORDERS, and what it takes, as sd_bus_call_method() has it. Where the
 * socket cannot be opened and or_system_bus is true, the daemon is asked there, and polkit decides. The words
 * are those of the daemon, or of the bus for it; "" where there are none, so also when
 * nobody answered (-ENOENT, -ECONNREFUSED, -EACCES at the socket, -ETIMEDOUT after 5 s). With words:
 * an errno of record/order.h; -EACCES: not for this user. */
int bus_order(const char *socket_path, bool or_system_bus, struct bus_answer *ret,
	      const char *member, const char *types, va_list arguments);
