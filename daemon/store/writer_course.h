/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The present minute of telemetry, in memory: for each unit the 10 s means of this
 * minute and its last two minutes at 1 Hz. Part of writer.h, on the loop's side.
 *
 * All is kept by the wall clock. If that steps, the minute ends early, and what
 * was skipped is unknown. Counts are turned into rates, so that means of any span
 * compare.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "record/record.h"
#include "store/writer.h"

struct courses;

int courses_new(struct courses **ret);
struct courses *courses_free(struct courses *courses);
DEFINE_CLEANUP(struct courses *, courses_free)

/* A minute that is complete, as a row of `tail`. The caller owns bytes. */
struct course_minute {
	uint64_t minute;
	uint8_t *bytes;
	size_t size;
};

/* Take one tick. 1: a minute before it is complete, in ret. -ENOMEM: something of this tick, or the
 * minute before it, is lost. Samples of unit 0 are passed over. */
int courses_take(struct courses *courses, const struct sample *samples, size_t n,
		 struct course_minute *ret);
/* What there is of the present minute, at the end: 1, or 0 if there is nothing. */
int courses_finish(struct courses *courses, struct course_minute *ret);
/* A unit's last two minutes at 1 Hz as a chunk whose first point is of *ret_from_s; -ENOENT: the unit
 * has none. The caller owns ret. */
int courses_detail(struct courses *courses, uint32_t unit, uint64_t *ret_from_s, uint8_t **ret,
		   size_t *ret_size);
/* One metric of these, as writer_course(). */
int courses_metric(const struct courses *courses, uint32_t unit, enum metric metric,
		   uint64_t *ret_from_s, float ret[COURSE_SECONDS]);
