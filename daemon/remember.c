/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the past and reads back what must not be forgotten. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/names.h"
#include "remember.h"

#define DISTRUST_MS  HOURS(1) /* a lost ledger counts as spent for so long */
#define ROOM_EVERY_S 5
#define LEDGER_MS    DAYS(1) /* the longest window of a budget */
#define FOREST_SEED  UINT64_C(0x5e1f4ea1)

static void remember_attempt(uint32_t unit, bool synthetic, uint64_t wall_ms, void *userdata)
{
	judge_remember_attempt(userdata, unit, synthetic, wall_ms);
}

static void remember_lesson(uint32_t unit, uint64_t identity, bool was_well, const uint8_t *bytes,
			    size_t size, void *userdata)
{
	int r;

	r = judge_remember_unit(userdata, unit, identity, was_well, bytes, size);
	if (r < 0)
		(void)log_warning_errno(r,
					"what was learnt of unit number %" PRIu32
					" cannot be read: it is learnt again",
					unit);
}

static int say_why_not_opened(int r, const char *path)
{
	switch (r) {
	case -ECANCELED:
		log_notice("ended while waiting for space for %s", path);
		return r;
	case -EBUSY:
		return log_error_errno(r,
				       "somebody has a transaction open in %s; end it (a "
				       "sqlite3 of yours?), and start again",
				       path);
	case -EALREADY:
		return log_error_errno(r,
				       "another selfhealed keeps its state in %s; stop it, or name "
				       "another folder with --state-dir",
				       path);
	case -EPROTONOSUPPORT:
		return log_error_errno(
			r,
			"%s was written by a newer selfhealed; install that version, "
			"or begin anew: mv %s %s.newer",
			path, path, path);
	case -EPERM:
		return log_error_errno(r,
				       "%s is damaged and belongs to another user, so it is left "
				       "alone; as its owner: mv %s %s.damaged",
				       path, path, path);
	case -EACCES:
		return log_error_errno(r,
				       "cannot open %s; as root: chown -R %u \"$(dirname %s)\", or "
				       "name another folder with --state-dir",
				       path, (unsigned int)geteuid(), path);
	default:
		return log_error_errno(r,
				       "cannot open %s; is the folder writable for this user? (see "
				       "--state-dir)",
				       path);
	}
}

static void say_what_was_found(const struct writer_start *start, const char *path)
{
	if (start->replaced)
		log_error("%s was damaged: it is kept as %s and a new one begun; budgets count as "
			  "spent for an hour, since past heals are not known",
			  path, start->kept_as);
	if (start->n_interrupted)
		log_warning("%" PRIu64 " heal(s) were under way when the daemon ended: closed as "
			    "unknown, not as healed",
			    start->n_interrupted);
}

/* A full disk is waited for: nothing can be watched for want of a memory, but nobody has to come back
 * and start us either. The signals that end us are blocked by now, so they are asked for. */
static int open_when_there_is_room(const char *path, uint64_t max_size_bytes, struct writer **ret,
				   struct writer_start *ret_start)
{
	const struct timespec pause = { .tv_sec = ROOM_EVERY_S };
	sigset_t ends;
	int r;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	r = writer_open(path, max_size_bytes, clock_wall_ms(), ret, ret_start);
	if (r == -ENOSPC)
		log_error(
			"there is no space for %s: nothing is watched until there is some (or name "
			"another folder with --state-dir)",
			path);
	while (r == -ENOSPC) {
		if (sigtimedwait(&ends, NULL, &pause) > 0)
			return -ECANCELED;
		r = writer_open(path, max_size_bytes, clock_wall_ms(), ret, ret_start);
	}
	return r;
}

static int read_back(struct writer *writer, struct judge *judge, uint64_t cooldown_ms,
		     uint64_t wall_ms)
{
	uint64_t span_ms = cooldown_ms > LEDGER_MS ? cooldown_ms : LEDGER_MS;
	int r;

	r = writer_attempts_since(writer, wall_ms > span_ms ? wall_ms - span_ms : 0,
				  remember_attempt, judge);
	return r < 0 ? r : writer_lessons(writer, remember_lesson, judge);
}

int remember(const char *state_dir, const struct settings *settings, const bool can_act[WAY_N],
	     struct writer **ret_writer, struct judge **ret_judge,
	     uint64_t *ret_distrust_until_wall_ms)
{
	CLEANUP(writer_closep) struct writer *writer = NULL;
	CLEANUP(judge_freep) struct judge *judge = NULL;
	uint64_t wall_ms;
	struct judge_setup setup = { .config = settings->config,
				     .rulebook = &settings->rulebook,
				     .seed = FOREST_SEED };
	struct writer_start start;
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" NAME_PAST_DB, state_dir);
	r = open_when_there_is_room(path, setup.config.max_size_bytes, &writer, &start);
	if (r < 0)
		return say_why_not_opened(r, path);
	wall_ms = clock_wall_ms();
	say_what_was_found(&start, path);

	setup.next_incident = start.next_incident;
	setup.next_decision = start.next_decision;
	memcpy(setup.can_act, can_act, sizeof(setup.can_act));
	r = judge_new(&setup, &judge);
	if (r >= 0)
		r = read_back(writer, judge, setup.config.cooldown_ms, wall_ms);
	if (r < 0)
		return log_error_errno(r, "cannot read what is remembered in %s", path);
	if (start.damaged_wall_ms + DISTRUST_MS > wall_ms && start.damaged_wall_ms != 0) {
		judge_ledger_lost(judge, start.damaged_wall_ms + DISTRUST_MS);
		*ret_distrust_until_wall_ms = start.damaged_wall_ms + DISTRUST_MS;
	}
	*ret_writer = TAKE(writer);
	*ret_judge = TAKE(judge);
	return 0;
}
