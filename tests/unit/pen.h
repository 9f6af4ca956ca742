/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A pen: a cgroup of a test's own with processes in it, and the kernel's side that
 * counts it; for who has the rights to load that and to make a cgroup. Whatever
 * else fails here fails the test.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "sense/cgroup.h"
#include "sense/probe.h"

#define PEN_UNIT 7

/* A cgroup of a test's own, which the probe counts as PEN_UNIT. */
struct pen {
	struct probe *probe;
	struct cgroup_roots roots;
	char path[64]; /* below the root */
	char folder[320];
	uint64_t id;
};

/* False, and said with the test's full name ("suite/test"): not here. Nothing waits for the pace of walks.
 * Use: CLEANUP(pen_remove) struct pen pen; */
bool pen_make(struct pen *pen, const char *test);
/* Who was in it has been killed, or is about to be, and may take a moment to go. */
void pen_remove(struct pen *pen);

/* Fork a child into the pen, which does as told, and then waits for its end. */
pid_t pen_fork(const struct pen *pen, void (*live)(void *userdata), void *userdata);
void pen_end(pid_t pid);
/* For the child: one more thread, with a small stack. */
void pen_begin_thread(void *(*run)(void *userdata), void *userdata);

/* What the probe has of the pen after one more snapshot. */
struct usage pen_look(const struct pen *pen);

double pen_clock_s(void);
/* Not asleep: until the clock says so. */
void pen_wait_s(double span_s);
