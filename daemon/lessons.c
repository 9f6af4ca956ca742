/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands lessons from the judge to the writer. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "lessons.h"

#define YOUNG_S 3600u

/* Numbers are given in order: in that order all would have their turn in a daemon's first minute. */
static uint64_t turn_of(uint32_t unit, uint64_t every)
{
	/* Knuth's multiplier: the prime next to 2^32 by the golden ratio. */
	return unit * UINT64_C(2654435761) % every;
}

bool lessons_is_turn(const struct present *present, uint64_t tick)
{
	uint64_t every = present->age_s < YOUNG_S ? LESSONS_YOUNG_TICKS : LESSONS_OLD_TICKS;

	return tick % every == turn_of(present->status.unit, every);
}

static void keep(const struct parts *parts, const struct present *present)
{
	uint32_t unit = present->status.unit;
	struct judge_lesson lesson;
	int r;

	r = judge_lesson(parts->judge, unit, &lesson);
	if (r == -ENODATA)
		return;
	if (r >= 0)
		r = writer_lesson(parts->past.writer, unit, lesson.identity, lesson.was_well,
				  clock_wall_ms(), lesson.bytes, lesson.size);
	if (r < 0)
		(void)log_warning_errno(r, "cannot keep what was learnt of %s",
					present->status.name);
}

void lessons_turn(const struct parts *parts, const struct present *present, size_t n, uint64_t tick)
{
	for (size_t i = 0; i < n; i++)
		if (lessons_is_turn(&present[i], tick))
			keep(parts, &present[i]);
}

void lessons_keep(const struct parts *parts, const struct present *present, size_t n)
{
	for (size_t i = 0; i < n; i++)
		keep(parts, &present[i]);
}
