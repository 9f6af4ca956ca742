/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats: what all incidents of the last days come to, and what mock mode would have done. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/stats_report.h"

#define SINCE_INITIAL "7d"

static bool is_empty(const struct stats *stats)
{
	return stats->part[STATS_REAL].n_incidents + stats->part[STATS_SIMULATED].n_incidents == 0;
}

/* As with systemctl, a name without a type is a service. */
static int read_stats(const struct context *context, const char *unit, uint64_t since_ms,
		      struct stats *ret)
{
	char service[UNIT_NAME_SIZE];
	int r;

	r = reader_stats(context->reader, unit, since_ms, ret);
	if (r < 0 || !unit || !is_empty(ret) ||
	    text_format(service, sizeof(service), "%s.service", unit) < 0)
		return r;
	stats_clear(ret);
	return reader_stats(context->reader, service, since_ms, ret);
}

static int stats_run(struct context *context, int argc, char **argv)
{
	CLEANUP(stats_clear) struct stats stats = { 0 };
	const char *since = context->since ? context->since : SINCE_INITIAL;
	const char *unit = argc > 1 ? argv[1] : NULL;
	uint64_t since_ms;
	int r;

	if (argc > 2)
		return command_usage(&command_stats, "one unit at most");
	if (text_parse_moment(since, clock_wall_ms(), &since_ms) < 0)
		return command_usage(&command_stats,
				     "--since: cannot read '%s' (try 7d, today, "
				     "'2026-11-24 14:03')",
				     since);
	r = read_stats(context, unit, since_ms, &stats);
	if (r == -EINVAL)
		return command_usage(&command_stats, "'%s' can be no unit", unit);
	if (r < 0)
		return log_error_errno(r, "cannot read the history");

	if (context->json) {
		reader_json_stats(context->output->file, &stats);
		output_raw(context->output, "\n");
	} else if (is_empty(&stats)) {
		stats_report_none(context->output, &stats, unit);
	} else {
		stats_report(context->output, &stats);
	}
	return 0;
}

const struct command command_stats = {
	.name = "stats",
	.usage = "[UNIT]",
	.summary =
		"how fast troubles were noted, acted on and over; what mock mode would have done",
	.details = "Adds up the incidents of the last 7 days, or since WHEN: how many, what was "
		   "done, how long\nit took from their onset, why nothing was done, and what would "
		   "have been done in mock mode,\nwith its cost. Simulated units are counted "
		   "apart.\nExits with 0 when it could read, whatever it found.\n\n"
		   "  selfhealctl stats --since 30d\n"
		   "  selfhealctl stats shop --json | jq '.real.mock.would'\n",
	.accepts = ACCEPTS_SINCE | ACCEPTS_JSON,
	.reads = true,
	.run = stats_run,
};
