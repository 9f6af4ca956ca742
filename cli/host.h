/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The host's systemd and polkit, asked over the system bus. What they say is not ours until checked. */
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "cli/unit_set.h"
#include "record/record.h"
#include "record/unitfile.h"

/* An open bus; whoever has it closes it. */
int host_open(sd_bus **ret);

/* A service by any of its names, also one that is not loaded now. ret has its canonical name, all its
 * names as aliases, its dependents, and the flags that policy_by_nature() asks for. */
struct host_service {
	struct unit_status status;
	char load[32]; /* systemd's LoadState: only with "loaded" is the rest known */
	struct unitfile own, dropped_in; /* [X-SelfHeal] of the unit file, and of all drop-ins */
	bool policy_broken;		 /* one of these files cannot be read */
};
/* What all the files that systemd goes by come to. */
const struct unitfile *host_policy(const struct host_service *service);
int host_service(sd_bus *bus, const char *name, struct host_service *ret);

/* Add the names of all services, loaded or installed, aliases too; templates are none. */
int host_services(sd_bus *bus, struct unit_set *units);

/* Let systemd read all unit files again; returns when it has. */
int host_reload(sd_bus *bus);

/* Is there a polkit that reads rules in JavaScript? problem gets the reason of a failure, for people:
 * -ENOPKG: not installed, or one without such rules; others: it does not answer. */
int host_polkit(sd_bus *bus, char *problem, size_t size);
