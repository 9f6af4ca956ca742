/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns the wheel over what is stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/replay.h"
#include "judge/judge.h"

#define SEED	   1 /* the same history gives the same answer */
#define TELL_EVERY 4096
/* What a unit is, not how it happens to be now. */
#define NATURE                                                                                     \
	(UNIT_SYNTHETIC | UNIT_LONG_RUNNING | UNIT_TRANSIENT | UNIT_TIMER_STARTED |                \
	 UNIT_PER_CONNECTION | UNIT_REFUSES_ORDERS | UNIT_MASKED | UNIT_NAMES_CUT |                \
	 UNIT_POLICY_BROKEN | UNIT_CAN_RELOAD)

const uint32_t replay_span_s[REPLAY_SPANS] = { 1, 10, 60, 600 };

/* The wheel while it turns. */
struct wheel {
	struct replay *replay;
	struct judge *judge; /* knows units by their places, from 1 */
	uint64_t swept_ms;
	size_t incidents_room, heals_room;
};

void replay_clear(struct replay *replay)
{
	free(TAKE(replay->unit));
	free(TAKE(replay->incident));
	free(TAKE(replay->heal));
	free(TAKE(replay->story));
	free(TAKE(replay->real));
}

/* ---- who the units were ---------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void assume(struct replay_unit *unit)
{
	unit->status = (struct unit_status) {
		.kind = ends_with(unit->name, ".service") ? UNIT_KIND_SERVICE
			: ends_with(unit->name, ".scope") ? UNIT_KIND_SCOPE
							  : UNIT_KIND_CGROUP,
		.flags = UNIT_LONG_RUNNING,
	};
	memcpy(unit->status.name, unit->name, sizeof(unit->name));
}

static void take_present(struct replay_unit *unit, const struct present *present, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(present[i].status.name, unit->name) != 0)
			continue;
		unit->is_present = true;
		unit->status = present[i].status;
		unit->status.flags &= NATURE;
		unit->status.n_restarts = unit->status.main_pid = 0;
		unit->status.identity = unit->status.changed_ms = 0;
		memset(unit->status.invocation, 0, sizeof(unit->status.invocation));
	}
}

static int meet_units(struct replay *replay, struct reader *reader)
{
	CLEANUP(cleanup_free) struct present *present = NULL;
	size_t n = 0;
	int r;

	r = reader_present(reader, &present, &n);
	if (r < 0 && r != -ENODATA)
		return r;
	for (size_t i = 0; i < replay->n_units; i++) {
		struct replay_unit *unit = &replay->unit[i];

		assume(unit);
		take_present(unit, present, n);
		unit->status.unit = (uint32_t)i + 1;
		unit->status.active = UNIT_ACTIVE_ACTIVE; /* something of it was measured */
		r = reader_restart_ms(reader, unit->unit, &unit->restart_ms);
		unit->has_restart_ms = r >= 0;
		if (r < 0 && r != -ENODATA && r != -EBADMSG)
			return r;
	}
	return 0;
}

/* ---- what really happened ---------------------------------------------------------- */

static int compare_reals(const void *a, const void *b)
{
	const struct replay_real *left = a, *right = b;
	uint64_t l = left->story->incident.opened_wall_ms,
		 r = right->story->incident.opened_wall_ms;

	if (left->unit != right->unit)
		return left->unit < right->unit ? -1 : 1;
	return l < r ? -1 : l > r;
}

static uint64_t closed_ms(const struct incident *incident)
{
	return incident->closed_wall_ms ? incident->closed_wall_ms : UINT64_MAX;
}

static void take_story(struct replay *replay, const struct story *story)
{
	for (size_t i = 0; i < replay->n_units; i++) {
		if (replay->unit[i].unit != story->incident.unit ||
		    story->incident.opened_wall_ms >= replay->until_ms)
			continue;
		if (story->incident.flags & SAMPLE_SYNTHETIC)
			replay->unit[i].status.flags |= UNIT_SYNTHETIC;
		replay->real[replay->n_real++] = (struct replay_real) { .unit = i, .story = story };
	}
}

static int recall(struct replay *replay, struct reader *reader)
{
	int r;

	r = reader_stories(reader, NULL, replay->since_ms, 0, &replay->story, &replay->n_stories);
	if (r < 0 || replay->n_stories == 0)
		return r;
	replay->real = calloc(replay->n_stories, sizeof(*replay->real));
	if (!replay->real)
		return -ENOMEM;
	for (size_t i = 0; i < replay->n_stories; i++)
		take_story(replay, &replay->story[i]);
	qsort(replay->real, replay->n_real, sizeof(*replay->real), compare_reals);
	for (size_t i = replay->n_real; i > 0; i--) {
		struct replay_unit *unit = &replay->unit[replay->real[i - 1].unit];

		unit->first_real = unit->at_real = i - 1;
		unit->n_real++;
	}
	return 0;
}

/* So that of each real incident it is known whether it could have been met. */
static void witness(struct replay *replay, struct replay_unit *unit, const struct sample *sample,
		    const struct verdict *verdict)
{
	size_t end = unit->first_real + unit->n_real;
	uint64_t from_ms = sample->wall_ms - sample->span_ms;

	while (unit->at_real < end &&
	       closed_ms(&replay->real[unit->at_real].story->incident) < from_ms)
		unit->at_real++;
	for (size_t i = unit->at_real; i < end; i++) {
		struct replay_real *real = &replay->real[i];

		if (real->story->incident.opened_wall_ms > sample->wall_ms)
			break;
		if (closed_ms(&real->story->incident) < from_ms)
			continue;
		real->n_samples++;
		real->n_learning += verdict->health == HEALTH_LEARNING;
	}
}

/* ---- what would have happened --------------------------------------------------------- */

/* Room for one more of size bytes behind n; NULL: no memory. */
static void *grow(void *items, size_t n, size_t size, size_t *room)
{
	void *grown = items;

	if (n < *room)
		return items;
	grown = reallocarray(items, *room * 2 + 16, size);
	if (grown)
		*room = *room * 2 + 16;
	return grown;
}

/* Its incident, new or known, as it is now. */
static int note_incident(struct wheel *wheel, size_t nth, const struct incident *incident,
			 uint32_t span_ms)
{
	struct replay *replay = wheel->replay;
	struct replay_unit *unit = &replay->unit[nth];
	struct replay_incident *grown, *noted;

	if (unit->open == 0) {
		grown = grow(replay->incident, replay->n_incidents, sizeof(*grown),
			     &wheel->incidents_room);
		if (!grown)
			return -ENOMEM;
		replay->incident = grown;
		replay->incident[replay->n_incidents++] = (struct replay_incident) {
			.unit = nth,
			.from_wall_ms = incident->opened_wall_ms - span_ms,
			.span_s = span_ms / 1000,
		};
		unit->open = replay->n_incidents;
	}
	noted = &replay->incident[unit->open - 1];
	noted->incident = *incident;
	if (incident->closed_ms != 0)
		unit->open = 0;
	return 0;
}

/* It is carried out by nobody, and is done at once. */
static int note_heal(struct wheel *wheel, size_t nth, const struct decision *decision)
{
	struct replay *replay = wheel->replay;
	size_t open = replay->unit[nth].open;
	struct attempt attempt = {
		.decision = decision->id,
		.unit = decision->unit,
		.way = WAY_MOCK,
		.state = ATTEMPT_DONE,
		.result = ATTEMPT_RESULT_MOCKED,
	};
	struct decision *grown;

	grown = grow(replay->heal, replay->n_heals, sizeof(*grown), &wheel->heals_room);
	if (!grown)
		return -ENOMEM;
	replay->heal = grown;
	grown[replay->n_heals] = *decision;
	grown[replay->n_heals++].incident = open - 1;
	if (replay->incident[open - 1].healed_wall_ms == 0)
		replay->incident[open - 1].healed_wall_ms = decision->wall_ms;
	judge_attempt(wheel->judge, &attempt);
	return 0;
}

/* Incidents of units that are not measured any more. A unit whose points are ten minutes apart is: they
 * are as far from each other as an absence is long. */
static int sweep(struct wheel *wheel, uint64_t when_ms)
{
	struct finding finding;
	int r;

	if (when_ms - wheel->swept_ms < MINUTES(1))
		return 0;
	wheel->swept_ms = when_ms;
	while (judge_sweep(wheel->judge, when_ms - 1, when_ms - 1, &finding)) {
		r = note_incident(wheel, finding.incident.unit - 1, &finding.incident, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

static void count_span(struct replay_unit *unit, uint32_t span_s)
{
	for (size_t i = 0; i < REPLAY_SPANS; i++)
		if (replay_span_s[i] == span_s)
			unit->judged_s[i] += span_s;
}

static int take(struct wheel *wheel, struct sample *sample, size_t nth)
{
	struct replay *replay = wheel->replay;
	struct replay_unit *unit = &replay->unit[nth];
	struct finding finding;
	int r;

	sample->unit = unit->status.unit;
	sample->flags = unit->status.flags & UNIT_SYNTHETIC ? SAMPLE_SYNTHETIC : 0;
	r = sweep(wheel, sample->when_ms);
	if (r < 0)
		return r;
	r = judge_take(wheel->judge, sample, &unit->status, true, &finding);
	if (r < 0)
		return r;
	if (finding.incident_changed)
		r = note_incident(wheel, nth, &finding.incident, sample->span_ms);
	if (r >= 0 && finding.decided && decision_disturbs(&finding.decision))
		r = note_heal(wheel, nth, &finding.decision);
	if (r < 0)
		return r;
	if (replay->n_samples++ == 0)
		replay->first_wall_ms = sample->wall_ms - sample->span_ms;
	replay->last_wall_ms = sample->wall_ms;
	unit->is_learning = finding.verdict.health == HEALTH_LEARNING;
	count_span(unit, sample->span_ms / 1000);
	witness(replay, unit, sample, &finding.verdict);
	return 0;
}

static int turn(struct wheel *wheel, struct history *history)
{
	struct replay *replay = wheel->replay;
	struct sample sample;
	size_t nth;
	int r;

	while ((r = history_next(history, &sample, &nth)) > 0) {
		r = take(wheel, &sample, nth);
		if (r < 0)
			return r;
		if (replay->tell && replay->n_samples % TELL_EVERY == 0)
			replay->tell(history_progress(history), replay->userdata);
	}
	return r;
}

/* ---- one beside the other ------------------------------------------------------------- */

/* Of one unit, and at the same time: the whole span in which it was noticed counts. */
static void match(struct replay *replay, struct replay_incident *incident)
{
	const struct replay_unit *unit = &replay->unit[incident->unit];

	for (size_t i = unit->first_real; i < unit->first_real + unit->n_real; i++) {
		struct replay_real *real = &replay->real[i];

		if (real->story->incident.opened_wall_ms > closed_ms(&incident->incident) ||
		    closed_ms(&real->story->incident) < incident->from_wall_ms)
			continue;
		if (incident->n_real++ == 0)
			incident->real = i;
		real->is_found = true;
	}
}

static int open_history(const struct replay *replay, struct reader *reader, struct history **ret)
{
	CLEANUP(cleanup_free)
	uint32_t *units = reallocarray(NULL, replay->n_units + 1, sizeof(*units));

	if (!units)
		return -ENOMEM;
	for (size_t i = 0; i < replay->n_units; i++)
		units[i] = replay->unit[i].unit;
	return history_open(reader, units, replay->n_units, replay->since_ms / 1000,
			    replay->until_ms / 1000, ret);
}

int replay_run(struct replay *replay, struct reader *reader)
{
	struct judge_setup setup = {
		.config = *replay->config,
		.rulebook = replay->rulebook,
		.seed = SEED,
		.next_incident = 1,
		.next_decision = 1,
		.can_act = { [WAY_MOCK] = true, [WAY_SYSTEMD] = true, [WAY_SIMULATOR] = true },
	};
	CLEANUP(history_closep) struct history *history = NULL;
	CLEANUP(judge_freep) struct judge *judge = NULL;
	struct wheel wheel = { .replay = replay };
	int r;

	setup.config.notify_on = 0; /* nobody is called for what was long ago */
	r = meet_units(replay, reader);
	if (r >= 0)
		r = recall(replay, reader);
	if (r >= 0)
		r = open_history(replay, reader, &history);
	if (r >= 0)
		r = judge_new(&setup, &judge);
	wheel.judge = judge;
	if (r >= 0)
		r = turn(&wheel, history);
	if (r < 0)
		return r;
	for (size_t i = 0; i < replay->n_incidents; i++)
		match(replay, &replay->incident[i]);
	return replay->n_samples > 0 ? 0 : -ENODATA;
}

bool replay_downtime_ms(const struct replay *replay, const struct replay_incident *incident,
			uint64_t *ret_ms)
{
	const struct replay_unit *unit = &replay->unit[incident->unit];

	if (!unit->has_restart_ms && incident->incident.n_attempts > 0)
		return false;
	*ret_ms = incident->incident.n_attempts * unit->restart_ms;
	return true;
}

const char *replay_missed_word(const struct replay_real *real)
{
	if (real->n_samples == 0)
		return "not-judged";
	return real->n_learning == real->n_samples ? "learning" : "not-noticed";
}
