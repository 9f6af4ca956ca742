/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first lines of every status: is anybody watching, and how well? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/keeper.h"

static uint64_t speed(const struct keeper *keeper)
{
	return keeper->speed ? keeper->speed : 1;
}

uint64_t keeper_time(const struct keeper *keeper, uint64_t wall_ms)
{
	if (wall_ms <= keeper->started_wall_ms)
		return wall_ms;
	return keeper->started_wall_ms + (wall_ms - keeper->started_wall_ms) * speed(keeper);
}

uint64_t keeper_last_ms(const struct keeper *keeper)
{
	if (keeper->at_wall_ms <= keeper->started_wall_ms)
		return keeper->at_wall_ms;
	return keeper->started_wall_ms +
	       (keeper->at_wall_ms - keeper->started_wall_ms) / speed(keeper);
}

bool keeper_is_running(const struct keeper *keeper, uint64_t wall_ms)
{
	uint64_t last_ms = keeper_last_ms(keeper);

	uint64_t apart_ms = wall_ms > last_ms ? wall_ms - last_ms : last_ms - wall_ms;

	return apart_ms <= KEEPER_SILENT_MS; /* a present of tomorrow is none */
}

bool keeper_is_well(const struct keeper *keeper, uint64_t wall_ms)
{
	return keeper_is_running(keeper, wall_ms) && keeper->store == STORE_WELL;
}

static const char *mode_sentence(const char *mode)
{
	if (strcmp(mode, "observe") == 0)
		return "observe: it looks and never acts";
	if (strcmp(mode, "mock") == 0)
		return "mock: every step of a heal but the last call";
	if (strcmp(mode, "enforce") == 0)
		return "enforce: it restarts what is sick";
	if (strcmp(mode, "stopped") == 0)
		return "stopped: it looks and does not act, because somebody stopped all healing";
	return mode;
}

static const char *store_sentence(enum store_state state)
{
	switch (state) {
	case STORE_WELL:
		return "well";
	case STORE_FULL:
		return "FULL: nothing can be recorded, so it only watches";
	case STORE_STUCK:
		return "STUCK: the disk does not answer, so it only watches";
	default:
		return "FAILED: the database cannot be written, so it only watches";
	}
}

static void print_headline(const struct output *output, const struct keeper *keeper,
			   uint64_t wall_ms)
{
	uint64_t last_ms = keeper_last_ms(keeper);
	char last[32], ago[32];

	if (keeper_is_running(keeper, wall_ms))
		output_headline(output, keeper->store == STORE_WELL ? PAINT_GOOD : PAINT_NOTICE,
				"selfhealed: watching %" PRIu32 " units (%s)", keeper->n_units,
				*keeper->source ? keeper->source : "source unknown");
	else
		output_headline(output, PAINT_BAD,
				"selfhealed: NOT RUNNING: the newest state is from %s, %s",
				text_moment(last, sizeof(last), last_ms),
				text_ago(ago, sizeof(ago), wall_ms - last_ms));
}

static void print_run(const struct output *output, const struct keeper *keeper, uint64_t wall_ms)
{
	uint64_t last_ms = keeper_last_ms(keeper), ran_ms = 0;
	bool running = keeper_is_running(keeper, wall_ms);
	char started[32], span[32];

	if (last_ms > keeper->started_wall_ms)
		ran_ms = last_ms - keeper->started_wall_ms;
	output_field(output, running ? "Running:" : "Ran:", PAINT_NONE, "%s %s (%s), pid %" PRIu32,
		     running ? "since" : "from",
		     text_moment(started, sizeof(started), keeper->started_wall_ms),
		     text_span(span, sizeof(span), ran_ms), keeper->pid);
}

static void print_mode(const struct output *output, const struct keeper *keeper)
{
	char services[96] = "";

	if (speed(keeper) > 1)
		(void)snprintf(services, sizeof(services),
			       "; only simulated services, their time %" PRIu64 " times as fast",
			       speed(keeper));
	else if (keeper->simulates)
		(void)snprintf(services, sizeof(services),
			       "; simulated services beside the real ones");
	output_field(output, "Mode:", PAINT_NONE, "%s%s", mode_sentence(keeper->mode), services);
}

/* What it costs; a share only once the start, which costs most, is a small part of the time. */
static void print_ticks(const struct output *output, const struct keeper *keeper)
{
	uint64_t last_ms = keeper_last_ms(keeper), ran_ms = 0;
	char number[32], cost[64], lost[64] = "";

	if (last_ms > keeper->started_wall_ms)
		ran_ms = last_ms - keeper->started_wall_ms;
	if (ran_ms >= MINUTES(5))
		(void)snprintf(cost, sizeof(cost), "%s of a CPU",
			       text_quantity(number, sizeof(number), "ratio",
					     (double)keeper->cpu_us / 1000 / (double)ran_ms));
	else
		(void)snprintf(cost, sizeof(cost), "%s of CPU time",
			       text_span(number, sizeof(number), keeper->cpu_us / 1000));
	if (keeper->n_lost > 0)
		(void)snprintf(lost, sizeof(lost), "; %" PRIu64 " events or samples lost",
			       keeper->n_lost);
	output_field(output, "Ticks:", keeper->n_lost ? PAINT_NOTICE : PAINT_NONE,
		     "%" PRIu64 ", the last took %.1fms; %s since its start%s", keeper->n_ticks,
		     (double)keeper->tick_us / 1000, cost, lost);
}

static void print_record(const struct output *output, const struct keeper *keeper)
{
	char until[32];

	output_field(output, "Record:", keeper->store == STORE_WELL ? PAINT_NONE : PAINT_BAD, "%s",
		     store_sentence(keeper->store));
	if (keeper->distrust_until_wall_ms > keeper->at_wall_ms)
		output_field(output, "Budgets:", PAINT_NOTICE,
			     "count as spent until %s: the record of past heals was lost",
			     text_moment(until, sizeof(until), keeper->distrust_until_wall_ms));
}

/* Who is beyond the bounds is told, with the bound: nobody may take them for healthy. */
static void print_unwatched(const struct output *output, const struct keeper *keeper)
{
	bool are_cgroups = strcmp(keeper->source, "cgroups") == 0;

	if (keeper->n_unwatched > 0)
		output_field(output, "Not watched:", PAINT_NOTICE,
			     "%" PRIu32 " more unit%s, beyond the bound of %s at once or of 4096 "
			     "names on record; a restart of selfhealed forgets those not seen for "
			     "90 days",
			     keeper->n_unwatched, keeper->n_unwatched == 1 ? "" : "s",
			     are_cgroups ? "512 cgroups" : "1024 units");
}

void keeper_print(const struct output *output, const struct keeper *keeper, uint64_t wall_ms)
{
	print_headline(output, keeper, wall_ms);
	print_run(output, keeper, wall_ms);
	print_mode(output, keeper);
	output_field(output, "Telemetry:", PAINT_NONE, "tier %" PRIu32 "%s%s", keeper->tier,
		     *keeper->limit ? "; not higher: " : "", keeper->limit);
	print_unwatched(output, keeper);
	print_ticks(output, keeper);
	print_record(output, keeper);
}
