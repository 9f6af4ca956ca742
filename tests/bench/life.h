/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The seconds of a web service as tests/days invents it, of which 24 metrics are
 * read: what any service has, with its demand and what it is judged by. It lives as one
 * run, for deployments are for tests/days to look at.
 */
#include <stddef.h>

#include "tests/days/service.h"

#define LIFE_METRICS 24
extern const enum metric life_metrics[LIFE_METRICS];

struct life {
	struct unit_status status;
	size_t n;
	struct sample *sample; /* one a second */
};

/* Ends the program where memory does. life_clear() it. */
void life_live(uint64_t seed, size_t n, struct life *ret);
void life_clear(struct life *life);
