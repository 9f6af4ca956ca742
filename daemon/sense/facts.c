/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only the order of systemd's words tells of a unit, and what comes of all of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sense/facts.h"
#include "sense/facts_properties.h"
#include "sense/identity.h"
#include "sense/limits.h"

/* ---- what the order tells ------------------------------------------------------ */

/* What, once changed, makes the rest of the facts old. */
struct state {
	enum unit_active active;
	bool auto_restart;
	uint32_t main_pid;
	uint8_t invocation[INVOCATION_SIZE];
};

static struct state state_of(const struct facts *facts)
{
	struct state state = {
		.active = facts->active,
		.auto_restart = facts->auto_restart,
		.main_pid = facts->main_pid,
	};

	memcpy(state.invocation, facts->invocation, sizeof(state.invocation));
	return state;
}

static bool same_invocation(const struct state *a, const struct state *b)
{
	return memcmp(a->invocation, b->invocation, sizeof(a->invocation)) == 0;
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->active == b->active && a->auto_restart == b->auto_restart &&
	       a->main_pid == b->main_pid && same_invocation(a, b);
}

/*
 * A crash loop that hits its start limit keeps Result= of the last crash, so the word
 * start-limit-hit is not seen. But systemd counts the restart it had queued (NRestarts), and then
 * fails the unit before it gets a new invocation: nothing else does both.
 */
static void follow_start_limit(struct facts *facts, bool new_invocation)
{
	if (new_invocation)
		facts->n_restarts_at_start = facts->n_restarts;
	facts->start_limit_hit =
		facts->active == UNIT_ACTIVE_FAILED &&
		(facts->start_limit_hit || facts->start_limit_named ||
		 (facts->was_read && facts->n_restarts > facts->n_restarts_at_start));
}

static void forget_cgroup(struct facts *facts)
{
	facts->cgroup_id = 0;
	facts->cgroup[0] = '\0';
}

/* What the start took that made it active. */
static void follow_startup(struct facts *facts)
{
	uint64_t took_us = facts->active_enter_wall_us - facts->inactive_exit_wall_us;

	if (!facts->inactive_exit_wall_us ||
	    facts->active_enter_wall_us < facts->inactive_exit_wall_us ||
	    took_us / 1000 > UINT32_MAX)
		return;
	if (facts->startup_ms < took_us / 1000)
		facts->startup_ms = (uint32_t)(took_us / 1000);
}

static void follow_state(struct facts *facts)
{
	switch (facts->active) {
	case UNIT_ACTIVE_ACTIVE:
		follow_startup(facts);
		__attribute__((fallthrough));
	case UNIT_ACTIVE_ACTIVATING:
	case UNIT_ACTIVE_RELOADING:
		facts->stopped_by_hand = false;
		facts->down_before = false;
		facts->was_running = true;
		break;
	case UNIT_ACTIVE_DEACTIVATING:
	case UNIT_ACTIVE_FAILED:
		facts->was_running = true;
		break;
	case UNIT_ACTIVE_INACTIVE: /* signals do not say that these are gone */
		facts->main_pid = 0;
		forget_cgroup(facts);
		break;
	default:
		break;
	}
	if (!facts->cgroup[0])
		facts->cgroup_id = 0; /* systemd still tells the last one */
}

static bool facts_are_broken(const struct facts *facts)
{
	return facts->own_broken || facts->dropped_in_broken;
}

static int read_known(struct facts *facts, sd_bus_message *m)
{
	const struct state before = state_of(facts);
	struct state after;
	int r;

	r = facts_properties_read(facts, m);
	if (r == -ENXIO) /* sd-bus: not the type that it should be */
		r = -EBADMSG;
	if (r < 0)
		return r;
	facts->told_broken = facts->told_broken && facts_are_broken(facts);
	follow_state(facts);
	after = state_of(facts);
	follow_start_limit(facts, !same_invocation(&before, &after));
	return !same_state(&before, &after);
}

void facts_clear(struct facts *facts)
{
	needs_clear(&facts->needs);
	free(TAKE(facts->fragment_path));
	free(TAKE(facts->program_path));
}

/* Only whole answers tell what it needs. */
int facts_read(struct facts *facts, sd_bus_message *m)
{
	const struct needs needs = facts->needs;
	int r;

	facts->needs = (struct needs) { 0 };
	r = read_known(facts, m);
	needs_clear(&facts->needs);
	facts->needs = needs;
	return r;
}

int facts_read_whole(struct facts *facts, sd_bus_message *m)
{
	CLEANUP(needs_clear) struct needs before = facts->needs;
	int r;

	/* Four properties add up to this list, seven to the needs; no signal carries any of them. */
	facts->dependents[0] = '\0';
	facts->dependents_cut = false;
	facts->needs = (struct needs) { 0 };
	r = read_known(facts, m);
	if (!needs_are_equal(&before, &facts->needs))
		facts->needs_changed = true;
	if (r < 0)
		return r;
	/* Who made it fail, a stop that had to kill or a fault, only those know who saw it. */
	if (!facts->was_read && facts->active == UNIT_ACTIVE_FAILED)
		facts->down_before = true;
	/* It was down and well before we looked: nobody wants it up. */
	if (!facts->was_read && facts->active == UNIT_ACTIVE_INACTIVE && facts->well_ended)
		facts->stopped_by_hand = true;
	/* A start limit is seen only by who saw the start. */
	if (!facts->was_read)
		facts->n_restarts_at_start = facts->n_restarts;
	if (!facts->was_read && facts->long_running && facts->active_enter_wall_us)
		facts->was_running = true;
	facts->was_read = true;
	return r;
}

static bool is_down(const struct facts *facts)
{
	return facts->active == UNIT_ACTIVE_INACTIVE || facts->active == UNIT_ACTIVE_FAILED ||
	       facts->active == UNIT_ACTIVE_GONE;
}

/*
 * Signals do not carry a job's type. But a job to start, restart or reload a long-running service is
 * "done" only once it is active: one that is done and leaves it down was a stop. A job that found
 * nothing to do, as try-restart of a failed unit, looks the same; so the first that ends while one of
 * ours is awaited may have been that. (Where it was a stop after all, ours is done next, and is that, or
 * never comes to be done, which its owner says.)
 */
void facts_job_ended(struct facts *facts, const char *result)
{
	bool may_be_ours = facts->awaits_ours;

	facts->awaits_ours = false;
	if (strcmp(result, "done") != 0)
		return;
	if (may_be_ours && facts->active == UNIT_ACTIVE_FAILED)
		facts->passed_over = true;
	else if (is_down(facts))
		facts->stopped_by_hand = true;
}

void facts_order_begins(struct facts *facts, uint64_t decision)
{
	facts->order = decision;
	facts->awaits_ours = true;
	facts->passed_over = false;
}

void facts_order_ended(struct facts *facts, uint64_t decision, bool is_done)
{
	if (facts->order != decision)
		return;
	if (facts->passed_over && !is_done && is_down(facts))
		facts->stopped_by_hand = true;
	facts->order = 0;
	facts->awaits_ours = false;
	facts->passed_over = false;
}

void facts_set_active(struct facts *facts, enum unit_active active)
{
	facts->active = active;
	facts->job_pending = false;
	facts->auto_restart = false;
	if (active != UNIT_ACTIVE_GONE)
		return;
	facts->main_pid = 0;
	forget_cgroup(facts);
}

/* ---- what comes of it ------------------------------------------------------------ */

bool facts_are_worth_a_row(const struct facts *facts)
{
	return facts->was_read && facts->was_running;
}

static uint32_t flag_if(bool truth, enum unit_flag flag)
{
	return truth ? (uint32_t)flag : 0;
}

static uint32_t facts_flags(const struct facts *facts)
{
	return flag_if(facts->long_running, UNIT_LONG_RUNNING) |
	       flag_if(facts->transient, UNIT_TRANSIENT) |
	       flag_if(facts->timer_started, UNIT_TIMER_STARTED) |
	       flag_if(facts->job_pending, UNIT_JOB_PENDING) |
	       flag_if(facts->auto_restart, UNIT_AUTO_RESTART) |
	       flag_if(facts->start_limit_hit, UNIT_START_LIMITED) |
	       flag_if(facts->oom_killed, UNIT_OOM_KILLED) |
	       flag_if(facts->refuses_start || facts->refuses_stop, UNIT_REFUSES_ORDERS) |
	       flag_if(facts->load_masked || facts->file_masked, UNIT_MASKED) |
	       flag_if(facts->names_cut || facts->dependents_cut, UNIT_NAMES_CUT) |
	       flag_if(facts->down_before && is_down(facts), UNIT_DOWN_BEFORE) |
	       flag_if(facts->can_reload, UNIT_CAN_RELOAD) |
	       flag_if(facts_are_broken(facts), UNIT_POLICY_BROKEN) |
	       flag_if(facts->stopped_by_hand && is_down(facts) && facts->long_running,
		       UNIT_STOPPED_BY_HAND);
}

static uint64_t identity_of(uint64_t fragment, uint64_t drop_ins, uint64_t program)
{
	const uint64_t parts[] = { fragment, drop_ins, program };

	if (!fragment && !program)
		return IDENTITY_NONE;
	return identity_of_bytes(IDENTITY_NONE, parts, sizeof(parts));
}

static uint64_t facts_identity(const struct facts *facts)
{
	return identity_of(facts->fragment, facts->drop_ins, facts->program);
}

static bool note_files(struct facts *facts, uint64_t files, uint64_t boot_ms)
{
	bool are_others = facts->files_seen != IDENTITY_NONE && facts->files_seen != files;

	facts->files_seen = files;
	if (are_others)
		facts->files_changed_ms = boot_ms;
	return are_others;
}

void facts_follow_files(struct facts *facts, uint64_t boot_ms)
{
	uint64_t files = facts_identity(facts);

	if (files == IDENTITY_NONE || files == facts->files_read)
		return;
	facts->files_read = files;
	(void)note_files(facts, files, boot_ms);
}

static uint64_t look_at(const char *path)
{
	return path ? identity_of_file(IDENTITY_NONE, path) : 0;
}

bool facts_look_at_files(struct facts *facts, uint64_t boot_ms)
{
	uint64_t fragment = look_at(facts->fragment_path), program = look_at(facts->program_path);

	/* Also a path that found no memory: what is not looked at has not changed. */
	if (facts->files_seen == IDENTITY_NONE || !fragment != !facts->fragment ||
	    !program != !facts->program)
		return false;
	return note_files(facts, identity_of(fragment, facts->drop_ins, program), boot_ms);
}

/* systemd tells moments in wall time; a clock that was set meanwhile makes one unknown. */
static uint64_t since_boot_ms(uint64_t wall_us, uint64_t boot_ms, uint64_t wall_ms)
{
	uint64_t then_ms = wall_us / 1000;

	if (!then_ms || (then_ms < wall_ms && wall_ms - then_ms > boot_ms))
		return 0;
	return then_ms < wall_ms ? boot_ms - (wall_ms - then_ms) : boot_ms;
}

/* Of two limits the lower one; systemd says UINT64_MAX where there is none. */
static uint64_t least_limit(uint64_t one, uint64_t other)
{
	uint64_t least = 0;

	limits_lower(&least, one);
	limits_lower(&least, other);
	return least;
}

void facts_status(const struct facts *facts, uint64_t boot_ms, uint64_t wall_ms,
		  struct unit_status *ret)
{
	ret->active = facts->active;
	ret->flags = facts_flags(facts);
	(void)terms_overlay(&ret->terms, &facts->own);
	(void)terms_overlay(&ret->terms, &facts->dropped_in);
	ret->n_restarts = facts->n_restarts;
	ret->main_pid = facts->main_pid;
	ret->cgroup_id = facts->cgroup_id;
	ret->identity = facts_identity(facts);
	ret->files_changed_ms = facts->files_changed_ms;
	ret->changed_ms = since_boot_ms(facts->changed_wall_us, boot_ms, wall_ms);
	ret->started_ms = since_boot_ms(facts->inactive_exit_wall_us, boot_ms, wall_ms);
	ret->startup_ms = facts->startup_ms;
	ret->memory_most_bytes =
		least_limit(facts->memory_most_bytes, facts->effective_memory_most_bytes);
	ret->threads_most = least_limit(facts->tasks_most, facts->effective_tasks_most);
	ret->descriptors_most = least_limit(facts->descriptors_most, 0);
	memcpy(ret->invocation, facts->invocation, sizeof(ret->invocation));
	memcpy(ret->aliases, facts->aliases, sizeof(ret->aliases));
	memcpy(ret->dependents, facts->dependents, sizeof(ret->dependents));
	memcpy(ret->cgroup, facts->cgroup, sizeof(ret->cgroup));
}
