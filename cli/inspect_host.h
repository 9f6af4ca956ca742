/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * All installed files of settings, and what only this host can tell of them:
 * that a name is not known, or that a line has no effect. A line a problem.
 */
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "cli/output.h"

struct inspection {
	const struct output *output;
	sd_bus *bus;	   /* NULL: unit files, and what they are checked against, are left out */
	uint64_t measured; /* METRIC_BIT() of each metric that this host has now; 0: not known */
	size_t n_files, n_problems;
};

/* Say what is wrong, "file:line: text", and count it. */
void inspection_problem(struct inspection *inspection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Negative: it could not go on, as said. */
int inspect_host(struct inspection *inspection);
