/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all incidents of a time come to. */
#include <stdlib.h>

#include "record/stats.h"

void stats_clear(struct stats *stats)
{
	for (size_t i = 0; i < STATS_REALM_N; i++) {
		free(stats->part[i].unit);
		free(stats->part[i].would);
		stats->part[i].unit = NULL;
		stats->part[i].would = NULL;
	}
}

bool stats_would_downtime(const struct stats_would *would, uint64_t *ret_ms)
{
	if (would->action == ACTION_RELOAD) {
		*ret_ms = 0;
		return true;
	}
	if (!would->is_restart_known || would->restart_ms > UINT64_MAX / (would->n ? would->n : 1))
		return false;
	*ret_ms = would->n * would->restart_ms;
	return true;
}
