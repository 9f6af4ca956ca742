/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs of the targets that a host goes down by. */
#include <string.h>

#include "sense/shutdown.h"

/* From the first ENDS of them there is no way back. */
#define ENDS 6
static const char *const targets[SHUTDOWN_TARGETS] = {
	"shutdown.target", "reboot.target",	 "poweroff.target", "halt.target",
	"kexec.target",	   "soft-reboot.target", "rescue.target",   "emergency.target",
};

static size_t target_of(const char *unit)
{
	size_t i = 0;

	while (i < SHUTDOWN_TARGETS && strcmp(targets[i], unit) != 0)
		i++;
	return i;
}

bool shutdown_job_new(struct shutdown *shutdown, uint32_t id, const char *unit)
{
	size_t target = target_of(unit);

	if (target == SHUTDOWN_TARGETS)
		return false;
	shutdown->job[target] = id;
	shutdown->is_listed[target] = false;
	return true;
}

void shutdown_job_removed(struct shutdown *shutdown, uint32_t id, const char *unit,
			  const char *result)
{
	size_t target = target_of(unit);

	if (target == SHUTDOWN_TARGETS || shutdown->job[target] != id)
		return;
	shutdown->job[target] = 0;
	if (target < ENDS && shutdown->is_listed[target] && strcmp(result, "done") == 0)
		shutdown->is_down = true;
}

void shutdown_list(struct shutdown *shutdown)
{
	memset(shutdown->job, 0, sizeof(shutdown->job));
}

void shutdown_listed(struct shutdown *shutdown, uint32_t id, const char *unit, const char *type)
{
	size_t target = target_of(unit);

	if (target == SHUTDOWN_TARGETS || strcmp(type, "start") != 0)
		return;
	shutdown->job[target] = id;
	shutdown->is_listed[target] = true;
}

bool shutdown_is_under_way(const struct shutdown *shutdown)
{
	for (size_t i = 0; i < SHUTDOWN_TARGETS; i++)
		if (shutdown->job[i])
			return true;
	return shutdown->is_down;
}
