/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The host's systemd and polkit, asked over the system bus. What they say is not ours until checked. */
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "cli/unit_set.h"
#include "record/record.h"
#include "record/terms.h"

/* An open bus; whoever has it closes it. */
int host_open(sd_bus **ret);

#define HOST_PATH_SIZE 512

/* A service by any of its names, also one that is not loaded now. ret has its canonical name, all its
 * names as aliases, its dependents, and the flags that policy_by_nature() asks for. */
struct host_service {
	struct unit_status status;
	char load[32]; /* systemd's LoadState: only with "loaded" is the rest known */
	char fragment[HOST_PATH_SIZE];	   /* its unit file; "" */
	char drop_ins[8 * HOST_PATH_SIZE]; /* in systemd's order, a newline after each */
	struct terms terms;		   /* [X-SelfHeal] of all of these */
	bool policy_broken;		   /* one of them cannot be read */
};
int host_service(sd_bus *bus, const char *name, struct host_service *ret);
/* Its unit file, if it has one, and its drop-ins, in that order, until visit() returns a negative errno, which
 * is then the result. */
int host_files(const struct host_service *service,
	       int (*visit)(const char *path, bool is_drop_in, void *userdata), void *userdata);

/* Add the names of all services, loaded or installed, aliases too; templates are none. */
int host_services(sd_bus *bus, struct unit_set *units);
/* The unit file of each template of services, until visit() returns a negative errno. */
int host_templates(sd_bus *bus, int (*visit)(const char *path, bool is_drop_in, void *userdata),
		   void *userdata);

/* Let systemd read all unit files again; returns when it has. */
int host_reload(sd_bus *bus);

/* Is there a polkit that reads rules in JavaScript? problem gets the reason of a failure, for people:
 * -ENOPKG: not installed, or one without such rules; others: it does not answer. */
int host_polkit(sd_bus *bus, char *problem, size_t size);
