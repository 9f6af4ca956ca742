/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the past and reads back what must not be forgotten. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/names.h"
#include "remember.h"

#define DISTRUST_MS HOURS(1) /* a lost ledger counts as spent for so long */
#define PATH_SIZE   512
#define LEDGER_MS   DAYS(1) /* the longest window of a budget */
#define FOREST_SEED UINT64_C(0x5e1f4ea1)

static void remember_attempt(const struct past_attempt *past, void *userdata)
{
	judge_remember_attempt(userdata, past);
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

static void path_of_past(const struct options *options, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s/" NAME_PAST_DB, options->state_dir);
}

int remember_open(const struct options *options, const struct settings *settings, struct past *ret)
{
	char path[PATH_SIZE];
	int r;

	path_of_past(options, path, sizeof(path));
	r = writer_open(path, settings->config.max_size_bytes, clock_wall_ms(), &ret->writer,
			&ret->start);
	if (r < 0)
		return say_why_not_opened(r, path);
	if (ret->start.obstacle == -ENOSPC)
		log_error("there is no space for %s: until there is, units are watched, but "
			  "nothing is learnt for good, recorded or healed (or name another folder "
			  "with --state-dir)",
			  path);
	else if (ret->start.obstacle)
		/* What systemd gave the service of that disk stays read-only. */
		log_error("the disk is read-only that holds %s: units are watched, but nothing is "
			  "learnt for good, recorded or healed; when it can be written again: "
			  "systemctl restart selfhealed",
			  path);
	else
		say_what_was_found(&ret->start, path);
	return 0;
}

int remember_find_room(const struct options *options, const struct settings *settings,
		       struct past *past)
{
	char path[PATH_SIZE];
	int r;

	path_of_past(options, path, sizeof(path));
	r = writer_find_room(past->writer, path, settings->config.max_size_bytes, clock_wall_ms(),
			     &past->start);
	if (r == -ENOSPC || r == -EROFS)
		return -EAGAIN;
	if (r < 0)
		return say_why_not_opened(r, path);
	log_notice("%s can be written now: all begins anew with what is remembered there", path);
	say_what_was_found(&past->start, path);
	return 0;
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

int remember_judge(const struct past *past, const struct settings *settings,
		   const bool can_act[WAY_N], struct judge **ret_judge,
		   uint64_t *ret_distrust_until_wall_ms)
{
	CLEANUP(judge_freep) struct judge *judge = NULL;
	uint64_t wall_ms = clock_wall_ms(), distrust_until_wall_ms = 0;
	struct judge_setup setup = { .config = settings->config,
				     .rulebook = &settings->rulebook,
				     .seed = FOREST_SEED,
				     .next_incident = past->start.next_incident,
				     .next_decision = past->start.next_decision };
	int r;

	memcpy(setup.can_act, can_act, sizeof(setup.can_act));
	r = judge_new(&setup, &judge);
	if (r >= 0)
		r = read_back(past->writer, judge, setup.config.cooldown_ms, wall_ms);
	if (r < 0)
		return log_error_errno(r, "cannot read what is remembered");
	if (past->start.damaged_wall_ms + DISTRUST_MS > wall_ms &&
	    past->start.damaged_wall_ms != 0) {
		distrust_until_wall_ms = past->start.damaged_wall_ms + DISTRUST_MS;
		judge_ledger_lost(judge, distrust_until_wall_ms);
	}
	*ret_judge = TAKE(judge);
	*ret_distrust_until_wall_ms = distrust_until_wall_ms;
	return 0;
}
