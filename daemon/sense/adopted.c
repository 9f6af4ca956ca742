/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is adopted now against what was. */
#include <stdbool.h>

#include "sense/adopted.h"

static void take(uint64_t id, uint32_t unit, void *userdata)
{
	struct adopted *adopted = userdata;

	for (size_t i = 0; i < adopted->n; i++)
		if (adopted->at[i].id == id) /* a unit that listens at several addresses */
			return;
	if (adopted->n < ACTIVATION_UNITS)
		adopted->at[adopted->n++] = (struct adopted_cgroup) { id, unit };
}

static bool has(const struct adopted *adopted, const struct adopted_cgroup *cgroup, bool or_others)
{
	for (size_t i = 0; i < adopted->n; i++)
		if (adopted->at[i].id == cgroup->id)
			return or_others || adopted->at[i].unit == cgroup->unit;
	return false;
}

void adopted_turn(struct adopted *adopted, const struct activation *activation, struct probe *probe)
{
	struct adopted now = { 0 };

	activation_cgroups(activation, take, &now);
	for (size_t i = now.n; i-- > 0;) /* what is refused, for want of room, is tried again */
		if (!has(adopted, &now.at[i], false) &&
		    probe_watch(probe, now.at[i].id, now.at[i].unit) < 0)
			now.at[i] = now.at[--now.n];
	for (size_t i = 0; i < adopted->n; i++)
		if (!has(&now, &adopted->at[i], true))
			probe_unwatch(probe, adopted->at[i].id);
	*adopted = now;
}
