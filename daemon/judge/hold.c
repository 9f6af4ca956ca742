/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short list of names; who is on it is left alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judge/hold.h"

static struct held *find(struct hold *hold, const char *unit)
{
	for (size_t i = 0; i < hold->n; i++)
		if (strcmp(hold->unit[i].unit, unit) == 0)
			return &hold->unit[i];
	return NULL;
}

static void take_out(struct hold *hold, struct held *held)
{
	*held = hold->unit[--hold->n];
}

void hold_all(struct hold *hold, const char *reason)
{
	hold->all = true;
	(void)snprintf(hold->reason, sizeof(hold->reason), "%s", reason);
}

int hold_unit(struct hold *hold, const char *unit, uint64_t until_ms, const char *reason)
{
	struct held *held = find(hold, unit);

	if (!held && hold->n == HOLD_UNITS_MAX)
		return -ENOBUFS;
	if (!held)
		held = &hold->unit[hold->n++];
	(void)snprintf(held->unit, sizeof(held->unit), "%s", unit);
	(void)snprintf(held->reason, sizeof(held->reason), "%s", reason);
	held->until_ms = until_ms;
	return 0;
}

int hold_release(struct hold *hold, const char *unit)
{
	struct held *held = find(hold, unit);

	if (!held)
		return -ENODATA;
	take_out(hold, held);
	return 0;
}

void hold_release_all(struct hold *hold)
{
	hold->all = false;
	hold->n = 0;
}

bool hold_lapse(struct hold *hold, uint64_t now_ms, struct held *ret)
{
	for (size_t i = 0; i < hold->n; i++) {
		if (hold->unit[i].until_ms > now_ms)
			continue;
		*ret = hold->unit[i];
		take_out(hold, &hold->unit[i]);
		return true;
	}
	return false;
}

bool hold_binds(const struct hold *hold, const struct unit_status *status)
{
	if (!hold)
		return false;
	if (hold->all)
		return true;
	for (size_t i = 0; i < hold->n; i++)
		if (unit_is_called(status, hold->unit[i].unit))
			return true;
	return false;
}
