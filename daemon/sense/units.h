/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which units there are, and how they are: services and scopes of systemd's
 * manager over the system bus, read once and then followed by its signals. It
 * never calls systemd and waits after units_new().
 *
 * user@N.service and a unit with Delegate= count as one with all below them.
 * Randomly named units (run-u7.service, session-3.scope, containers, instances
 * per connection) share a bounded number of rows of UNIT_KIND_SHARED: share.h.
 *
 * Any program may send us a signal that looks like systemd's: only those of the
 * name's owner are believed.
 *
 * A host without a manager to ask gets its list from sense/bare.h instead.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "record/classes.h"
#include "record/edge.h"
#include "record/record.h"

#define UNITS_MAX	  1024 /* rows; what is beyond is counted by units_unwatched() */
#define UNITS_MEMBERS_MAX 4096 /* services and scopes that are followed; the same */
#define UNITS_GONE_MS	  (uint64_t)600000 /* how long a unit that systemd dropped is shown */

struct units;

/* The number of a name, the same for ever: asked of whoever keeps the table of units. 0: full. */
typedef uint32_t units_number(const char *name, void *userdata);

/* Listen first, then read the list. This part waits, at most 10 s for each answer. -ENOENT: no
 * systemd on this bus; -ETIMEDOUT, -ENOTCONN, -ENOMEM and what the bus says. The bus stays the
 * caller's and must be attached to the loop by it; when it is disconnected, free the units and make
 * them anew over another one. */
int units_new(sd_bus *bus, units_number *number, void *userdata, struct units **ret);
struct units *units_free(struct units *units);
DEFINE_CLEANUP(struct units *, units_free)

/* Units that have been active, or failed, in our time, and services that were stopped before it. The
 * array is the units' own and lives until the loop turns or this is called again. */
const struct unit_status *units_list(struct units *units, size_t *ret_n);
/* How many should be in that list, or in a shared row of it, and are not: there is no row or no number
 * left, or more units run than are followed. Of the latter it may be a minute late. */
size_t units_unwatched(const struct units *units);
/* NULL: no such unit. Lives as long as the list. */
const struct unit_status *units_find(const struct units *units, uint32_t unit);
/* An order of our own to systemd about it went as far as the attempt says: its job is nobody's stop. */
void units_follow_order(struct units *units, const struct attempt *attempt);
/* Look at the unit file and the program of that unit: if they are others than before, its status says
 * when. It costs two stat(2), so it is for those that somebody is about to heal. */
void units_look_at_files(struct units *units, uint32_t unit);
/* What is said of classes of units, from now on; borrowed, and to be called again when it has changed. NULL: nothing. */
void units_set_classes(struct units *units, const struct classes *classes);
/* The number of the row that shows the unit of that name; 0: none does. */
uint32_t units_row(const struct units *units, const char *name);
/* The cgroups that belong to a row: one for a plain unit, many for a shared row, none for one that
 * does not run. cgroup_id 0: not known, look at the folder. visit() returns 0 to go on, and what
 * else it returns is returned. */
int units_members(const struct units *units, uint32_t unit,
		  int (*visit)(const char *cgroup, uint64_t cgroup_id, void *userdata),
		  void *userdata);
/* systemd's own graph between these units: graph.h. While the version stays, so do the edges. */
int units_edges(const struct units *units, uint64_t wall_ms, struct edge_list *ret);
uint64_t units_edges_version(const struct units *units);
/* Is the manager answering? false between a lost bus and its return: all is then unknown. */
bool units_are_known(const struct units *units);
/* Is the host going down, or to be rescued? Where nobody can be asked any more, what was known last. */
bool units_are_shutting_down(const struct units *units);
