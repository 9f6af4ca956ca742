/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Owns the loop's parts and turns the wheel once a second: facts in, verdicts,
 * decisions, records, orders out. Knows everything, decides nothing.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "options.h"
#include "settings.h"

struct manager;

/* Opens the store, remembers, connects, loads the probes, arms the timers. After a failure it was
 * said why. options and event must outlive the manager. */
int manager_new(sd_event *event, const struct options *options, const struct settings *settings,
		struct manager **ret);
/* Keeps what was learnt, waits for the store (at most 5 s), takes all down. */
struct manager *manager_free(struct manager *manager);
DEFINE_CLEANUP(struct manager *, manager_free)
