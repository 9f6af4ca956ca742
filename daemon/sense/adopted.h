/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Cgroups of .socket units, counted as their services': there are no tasks in
 * them, but the sockets that systemd made for a service carry them, and so do the
 * connections that come in by these.
 */
#include <stddef.h>

#include "sense/activation.h"
#include "sense/probe.h"

/* { 0 } to begin. */
struct adopted {
	size_t n;
	struct adopted_cgroup {
		uint64_t id;
		uint32_t unit;
	} at[ACTIVATION_UNITS];
};

/* Watch those that are new, and leave those that are gone. */
void adopted_turn(struct adopted *adopted, const struct activation *activation,
		  struct probe *probe);
