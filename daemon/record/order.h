/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How the daemon says no to an order: what the client is told is the same errno again. */
#include <errno.h>

#include "record/names.h"

struct order_error {
	int error;
	const char *name;  /* on the bus */
	const char *words; /* for people */
};

static const struct order_error order_error_table[] = {
	{ EACCES, NAME_BUS_ERROR "Refused", "only root and the daemon's own user may order this" },
	{ ENOENT, NAME_BUS_ERROR "NoSuchUnit", "there is no simulated service of that name" },
	{ EINVAL, NAME_BUS_ERROR "NoSuchFault", "there is no such fault" },
	{ EALREADY, NAME_BUS_ERROR "AlreadyIll", "that service is ill already" },
	{ EOPNOTSUPP, NAME_BUS_ERROR "NotSimulating",
	  "this daemon simulates nothing: start it with --simulate" },
	{ ENOBUFS, NAME_BUS_ERROR "TooMany", "64 units are paused already" },
	{ ESRCH, NAME_BUS_ERROR "NotWaiting",
	  "no open incident of that number waits for approval" },
	{ EPERM, NAME_BUS_ERROR "HeldBack", "a brake holds it back" },
	{ ENODATA, NAME_BUS_ERROR "NotPaused", "its healing is not paused" },
};

#define ORDER_ERRORS (sizeof(order_error_table) / sizeof(order_error_table[0]))
