/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two spans: since when nothing has moved, and since when something waits. */
#include <stddef.h>
#include <string.h>

#include "judge/hang.h"

/* Any of these above zero, and it ran, or was kept from it by something else than itself: by an
 * administrator or a debugger (stopped, which the frozen are too), by storage (blocked), or by others that
 * had the CPU. Pressure is asked, since run_delay counts a wait when it ends; and stuck, which is known where
 * the frozen can be told from those that sleep: not from the files of proc. */
static const enum metric moves[] = {
	METRIC_CPU,
	METRIC_SWITCHES_VOLUNTARY,
	METRIC_SWITCHES_INVOLUNTARY,
	METRIC_RUN_DELAY,
	METRIC_STOPPED,
	METRIC_BLOCKED,
	METRIC_STUCK,
	METRIC_PSI_CPU_SOME,
};
#define MOVES_N (sizeof(moves) / sizeof(moves[0]))

static bool is_known(const struct sample *sample)
{
	for (size_t i = 0; i < MOVES_N; i++)
		if (!sample_has(sample, moves[i]))
			return false;
	return true;
}

/* When the oldest of them was read. */
static uint64_t read_ms_of(const struct sample *sample)
{
	uint64_t age_ms = 0;

	for (size_t i = 0; i < MOVES_N; i++)
		if (sample->age_s[moves[i]] * UINT64_C(1000) > age_ms)
			age_ms = sample->age_s[moves[i]] * UINT64_C(1000);
	return sample->when_ms > age_ms ? sample->when_ms - age_ms : 0;
}

static bool moved(const struct sample *sample)
{
	for (size_t i = 0; i < MOVES_N; i++)
		if (sample->value[moves[i]] > 0)
			return true;
	return false;
}

static void follow_wait(struct hang_wait *wait, const struct sample *sample, enum metric metric)
{
	uint64_t age_ms = sample->age_s[metric] * UINT64_C(1000);
	uint64_t read_ms = sample->when_ms > age_ms ? sample->when_ms - age_ms : 0;
	bool goes_on = wait->first_ms != 0 && read_ms - wait->read_ms <= HANG_READING_GAP_MS;
	double value = sample->value[metric];

	if (!sample_has(sample, metric)) {
		*wait = (struct hang_wait) { 0 };
		return;
	}
	if (wait->read_ms != 0 && read_ms < wait->read_ms + HANG_READING_MS)
		return; /* that was taken already */
	if (value <= 0)
		wait->first_ms = 0;
	else if (!goes_on || value < wait->value)
		wait->first_ms = read_ms;
	wait->read_ms = read_ms;
	wait->value = value;
}

void hang_follow(struct hang_memory *memory, const struct sample *sample)
{
	if (memory->when_ms != 0 && sample->when_ms - memory->when_ms > HANG_GAP_MS)
		memset(memory, 0, sizeof(*memory));
	if (memory->when_ms == 0 || !memory->is_known || !is_known(sample) || moved(sample))
		memory->moved_ms = sample->when_ms;
	memory->is_known = is_known(sample);
	memory->read_ms = read_ms_of(sample);
	memory->when_ms = sample->when_ms;
	follow_wait(&memory->backlog, sample, METRIC_BACKLOG);
	follow_wait(&memory->unread, sample, METRIC_UNREAD);
}

static uint32_t span_s(const struct hang_wait *wait)
{
	return wait->first_ms ? (uint32_t)((wait->read_ms - wait->first_ms) / 1000) : 0;
}

void hang_tell(const struct hang_memory *memory, struct evidence *evidence)
{
	const uint64_t still_ms =
		memory->read_ms > memory->moved_ms ? memory->read_ms - memory->moved_ms : 0;
	const uint64_t still_s = still_ms / 1000;

	evidence->still_s = memory->is_known ? (double)still_s : -1;
	evidence->backlog_waiting_s = span_s(&memory->backlog);
	evidence->unread_waiting_s = span_s(&memory->unread);
}
