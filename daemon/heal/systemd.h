/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Orders to systemd's manager over the system bus, asynchronous: ResetFailedUnit
 * where a start limit was hit; then TryRestartUnit of a unit that is up (systemd
 * itself then leaves one alone that was stopped a moment ago), RestartUnit of one
 * that failed; then JobRemoved of that very job.
 *
 * What is restarted after it is restarted so too, one after the other, each once the
 * job before it was done; one that is down is passed over. A reload is ReloadUnit;
 * people are told by StartUnit of NAME_NOTIFY_TEMPLATE@INCIDENT.service, whatever
 * the unit is that the incident is about.
 *
 * The mode of the job is "fail", not "replace": a job that somebody queued
 * meanwhile, as an admin's stop, is then not pushed out; ours is refused
 * (TransactionIsDestructive) and theirs goes on.
 *
 * attempt->job is the job's path while it runs and after it was done; when it
 * ended otherwise, or there was none, what systemd or the bus said:
 * ".../job/91: canceled", "Unit x.service not found."; of what is restarted
 * after it with its name before that.
 */
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "heal/actuator.h"

struct systemd;

/* The bus stays the caller's, attached to its loop. Nothing waits. */
int systemd_new(sd_bus *bus, struct systemd **ret);
struct systemd *systemd_free(struct systemd *systemd);
DEFINE_CLEANUP(struct systemd *, systemd_free)
/* Lives as long as systemd does. Takes services of a real manager only, unless people are to be
 * told: -EINVAL for a simulated unit, a scope, a shared row, a name that is none, also in the list of
 * what is restarted after it; -EOPNOTSUPP for a reload where the unit knows none. */
struct actuator systemd_actuator(struct systemd *systemd);
