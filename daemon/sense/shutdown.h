/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Is the host going down? systemd says so by the jobs it queues: each way down
 * starts shutdown.target, with which nearly every unit is in conflict. The ways
 * themselves count too: they are queued with it, and a unit may have left
 * out the conflict. To be rescued is no shutdown, but takes as much away.
 *
 * A signal does not tell whether its job is a start or a stop, only the list of
 * jobs does. So a new job is taken for a start until the list has come. Knows
 * no bus; units.c tells it what systemd said.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHUTDOWN_TARGETS 8

struct shutdown {
	uint32_t job[SHUTDOWN_TARGETS]; /* a start of that target is queued; 0: none */
	bool is_listed[SHUTDOWN_TARGETS];
	bool is_down; /* one of them that is the end was reached */
};

/* A job was queued. True: it may be a way down, so the list of jobs is to be read. */
bool shutdown_job_new(struct shutdown *shutdown, uint32_t id, const char *unit);
/* It ended, or was taken back. */
void shutdown_job_removed(struct shutdown *shutdown, uint32_t id, const char *unit,
			  const char *result);
/* The list of all jobs, from its beginning; then each of them. */
void shutdown_list(struct shutdown *shutdown);
void shutdown_listed(struct shutdown *shutdown, uint32_t id, const char *unit, const char *type);

bool shutdown_is_under_way(const struct shutdown *shutdown);
