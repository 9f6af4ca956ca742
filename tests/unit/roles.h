/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Roles of a test: who calls, who serves, and who listens for another. Each has a
 * cgroup made for it, which the kernel's side counts as a unit; for who has the
 * rights to load that and to make cgroups. Whatever else fails here fails the test.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sense/probe.h"

#define ROLES_PATH_SIZE	   512
#define ROLES_CHILDREN_MAX 8
#define UNIT(role)	   ((uint32_t)(role) + 7)

enum role { CLIENT, SERVER, ACTIVATOR, ROLE_N }; /* a cgroup and a unit each */

/* Of the test that runs, which has a process of its own. */
struct roles {
	struct probe *probe;
	/* Made by the test's process, before it forks: a child has another number. */
	char folder[ROLE_N][ROLES_PATH_SIZE];
	char inner[ROLES_PATH_SIZE];	 /* a cgroup below the server's, in which it runs */
	pid_t child[ROLES_CHILDREN_MAX]; /* put here by the test, and ended with it */
	size_t n_children;
};
extern struct roles roles;

/* False, and said with the test's full name ("suite/test"): not here, where the probe does not have that
 * metric of the host. */
bool roles_make(const char *test, enum metric metric);
/* The .fini of a suite: ends the children, and takes all away. */
void roles_clean(void);

/* For a child: into the cgroup of that folder. */
void roles_join(const char *path);
/* What the probe has of the role after one more snapshot. */
double roles_total(enum role role, enum metric metric);
