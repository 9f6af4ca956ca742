/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One list of what would have been and what was; and how much of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay_lines.h"

static int compare_lines(const void *a, const void *b)
{
	const struct replay_line *left = a, *right = b;

	return left->wall_ms < right->wall_ms ? -1 : left->wall_ms > right->wall_ms;
}

int replay_lines(const struct replay *replay, struct replay_line **ret, size_t *ret_n)
{
	struct replay_line *lines =
		calloc(replay->n_incidents + replay->n_real + 1, sizeof(*lines));
	size_t n = 0;

	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < replay->n_incidents; i++) {
		const struct replay_incident *incident = &replay->incident[i];

		lines[n++] = (struct replay_line) {
			.wall_ms = incident->incident.opened_wall_ms,
			.incident = incident,
			.real = incident->n_real > 0 ? &replay->real[incident->real] : NULL,
		};
	}
	for (size_t i = 0; i < replay->n_real; i++)
		if (!replay->real[i].is_found)
			lines[n++] = (struct replay_line) {
				.wall_ms = replay->real[i].story->incident.opened_wall_ms,
				.real = &replay->real[i],
			};
	qsort(lines, n, sizeof(*lines), compare_lines);
	*ret = lines;
	*ret_n = n;
	return 0;
}

static void sum_units(const struct replay *replay, struct replay_sums *sums)
{
	for (size_t i = 0; i < replay->n_units; i++) {
		const struct replay_unit *unit = &replay->unit[i];
		uint64_t judged_s = 0;

		for (size_t j = 0; j < REPLAY_SPANS; j++) {
			judged_s += unit->judged_s[j];
			sums->judged_s[j] += unit->judged_s[j];
		}
		if (judged_s == 0)
			continue;
		sums->n_units_judged++;
		sums->n_units_learning += unit->is_learning;
		sums->n_units_assumed += !unit->is_present;
	}
}

struct replay_sums replay_sum(const struct replay *replay)
{
	struct replay_sums sums = { 0 };
	uint64_t downtime_ms = 0;

	sum_units(replay, &sums);
	for (size_t i = 0; i < replay->n_incidents; i++) {
		const struct replay_incident *incident = &replay->incident[i];

		sums.n_sick += incident->incident.worst == HEALTH_SICK;
		sums.n_new += incident->n_real == 0;
		if (replay_downtime_ms(replay, incident, &downtime_ms))
			sums.downtime_ms += downtime_ms;
		else
			sums.n_unknown += incident->incident.n_attempts;
	}
	for (size_t i = 0; i < replay->n_real; i++) {
		const char *why = replay_missed_word(&replay->real[i]);

		sums.n_found += replay->real[i].is_found;
		if (replay->real[i].is_found)
			continue;
		sums.n_missed++;
		sums.n_not_judged += strcmp(why, "not-judged") == 0;
		sums.n_learning += strcmp(why, "learning") == 0;
	}
	return sums;
}
