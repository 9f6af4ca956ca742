/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Whom nobody heals: PID 1's own units, the bus, the journal, polkit, login, ourselves, display managers, udev,
 * network, name resolution, ssh, container runtimes, storage, cluster agents: compiled in.
 */
#include "record/record.h"

bool untouchable_by_name(const char *name);
/* By one of its names, or because systemd would restart such a unit along with it. */
bool untouchable_by_status(const struct unit_status *status);
