/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands lessons from the judge to the writer. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "lessons.h"

#define OLD_TICKS   3600u
#define YOUNG_TICKS 300u
#define YOUNG_S	    3600u

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
	for (size_t i = 0; i < n; i++) {
		uint64_t every = present[i].age_s < YOUNG_S ? YOUNG_TICKS : OLD_TICKS;

		if (tick % every == present[i].status.unit % every)
			keep(parts, &present[i]);
	}
}

void lessons_keep(const struct parts *parts, const struct present *present, size_t n)
{
	for (size_t i = 0; i < n; i++)
		keep(parts, &present[i]);
}
