/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * When the jobs of a kind begin and end, each with luck of its own, and what those
 * that go on add up to.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/days/luck.h"
#include "tests/days/kinds.h"

struct jobs {
	const struct kind *kind;
	/* Each job's next time, or the one that is under way. */
	struct turn {
		struct luck luck;
		double slot_s; /* of the clock it keeps */
		double begins_s, ends_s, height;
		double ended_s; /* the one before; 0: there was none */
	} turn[JOBS_MAX];
};

void jobs_begin(struct jobs *jobs, const struct kind *kind, uint64_t seed);
/* All that goes on in that second, which is not before one that was asked for. In the sum, `wide` is the CPU
 * that the busiest thread of a job wants. */
struct effect jobs_now(struct jobs *jobs, double now_s);
/* Does that job of the kind go on, or did it within so many seconds? */
bool jobs_goes_on(const struct jobs *jobs, size_t job, double now_s, double within_s);
