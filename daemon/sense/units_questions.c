/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to systemd's manager, and their answers. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sense/facts.h"
#include "sense/units_questions.h"

#define CALLS_MAX  32 /* a bus daemon refuses more than 128 unanswered calls of one client */
#define RECOUNT_MS (uint64_t)60000 /* the list of thousands of units is long */

int units_question_new(struct units *units, const char *path, const char *iface, const char *member,
		       sd_bus_message **ret)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(units->bus, &m, UNITS_MANAGER, path, iface, member);
	if (r < 0)
		return r;
	r = sd_bus_message_set_auto_start(m, false);
	if (r < 0)
		return r;
	*ret = TAKE(m);
	return 0;
}

void units_note_error(struct units *units, int error)
{
	if (error < 0 && units->error == 0)
		units->error = error;
}

bool units_is_followed(const char *name)
{
	const char *type = strrchr(name, '.');

	return type && (strcmp(type, ".service") == 0 || strcmp(type, ".scope") == 0) &&
	       text_is_unit_name(name);
}

void units_show(struct units *units, struct follower *follower)
{
	roll_show(&units->roll, follower, clock_boot_ms(), clock_wall_ms());
}

/* ---- one unit's properties ------------------------------------------------------ */

static int on_read(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct follower *follower = userdata;
	struct units *units = follower->units;
	int error = sd_bus_message_get_errno(m);

	(void)ret_error;
	follower->call = sd_bus_slot_unref(follower->call);
	if (error == ETIMEDOUT) {
		units_note_error(units, -ETIMEDOUT);
		follower->is_stale = true;
	} else if (error == 0 && facts_read_whole(&follower->facts, m) >= 0) {
		units_show(units, follower);
	}
	units_read_stale(units);
	return 0;
}

static int read_properties(struct units *units, struct follower *follower)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	CLEANUP(cleanup_free) char *path = NULL;
	int r;

	r = sd_bus_path_encode(UNITS_PATH, follower->name, &path);
	if (r < 0)
		return r;
	r = units_question_new(units, path, "org.freedesktop.DBus.Properties", "GetAll", &m);
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "s", ""); /* of all its interfaces in one answer */
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, &follower->call, m, on_read, follower,
				 UNITS_ANSWER_US);
}

void units_read_stale(struct units *units)
{
	const struct roll *roll = &units->roll;
	size_t n_calls = 0;
	int r;

	for (size_t i = 0; i < roll->n; i++)
		n_calls += roll->follower[i]->call != NULL;
	for (size_t i = 0; i < roll->n && n_calls < CALLS_MAX; i++) {
		struct follower *follower = roll->follower[i];

		if (!follower->is_stale || follower->call)
			continue;
		r = read_properties(units, follower);
		if (r < 0) {
			units_note_error(units, r);
			return;
		}
		follower->is_stale = false;
		n_calls++;
	}
	if (n_calls == 0 && units->is_listed && !units->jobs)
		units->is_known = true;
}

/* ---- the list --------------------------------------------------------------------- */

/* Which units of a list are taken: all; all, but of those that do not run only the state; or those
 * that run and are not followed yet. */
enum listing { LISTING_WHOLE, LISTING_STATES, LISTING_BEYOND };

/* Units that do not run are read only when the whole list is: asking about one makes systemd load it
 * again once it was dropped, which is a signal to ask about it, and so on for ever. */
static int take_listed(struct units *units, const char *name, const char *load, const char *active,
		       enum listing listing)
{
	bool is_idle = strcmp(active, "inactive") == 0;
	struct follower *follower;
	int r;

	if (!units_is_followed(name))
		return 0;
	if (is_idle && strcmp(load, "loaded") != 0 && strcmp(load, "masked") != 0 &&
	    !roll_find(&units->roll, name))
		return 0; /* only mentioned by others */
	if (listing == LISTING_BEYOND && (is_idle || roll_find(&units->roll, name)))
		return 0;
	r = roll_add(&units->roll, name, &follower);
	if (r == -ENOSPC) {
		units->n_beyond += !is_idle;
		return 0;
	}
	if (r < 0)
		return r;
	follower->units = units;
	follower->is_listed = true;
	follower->gone_ms = 0;
	if (!is_idle || listing == LISTING_WHOLE) {
		follower->is_stale = true;
		return 0;
	}
	facts_set_active(&follower->facts, UNIT_ACTIVE_INACTIVE);
	units_show(units, follower);
	return 0;
}

static int read_list(struct units *units, sd_bus_message *m, enum listing listing)
{
	const char *name, *load, *active;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "(ssssssouso)", &name, NULL, &load, &active, NULL, NULL,
					NULL, NULL, NULL, NULL)) > 0) {
		r = take_listed(units, name, load, active, listing);
		if (r < 0)
			return r;
	}
	return r;
}

static void drop_unlisted(struct units *units)
{
	struct roll *roll = &units->roll;

	for (size_t i = roll->n; i-- > 0;)
		if (!roll->follower[i]->is_listed)
			roll_drop(roll, roll->follower[i], clock_boot_ms(), clock_wall_ms());
}

static int on_list(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;
	int r = -sd_bus_message_get_errno(m);

	(void)ret_error;
	units->list = sd_bus_slot_unref(units->list);
	for (size_t i = 0; i < units->roll.n; i++)
		units->roll.follower[i]->is_listed = false;
	if (r == 0) {
		units->n_beyond = 0;
		r = read_list(units, m, LISTING_WHOLE);
	}
	units_note_error(units, r);
	if (r == 0) {
		drop_unlisted(units);
		units->is_listed = true;
	}
	if (units->list_again || r == -ETIMEDOUT)
		units_read_list(units);
	units_read_stale(units);
	return 0;
}

static int ask_list(struct units *units, const char *member, sd_bus_slot **slot,
		    sd_bus_message_handler_t handler)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = units_question_new(units, UNITS_MANAGER_PATH, UNITS_MANAGER_IFACE, member, &m);
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, slot, m, handler, units, UNITS_ANSWER_US);
}

void units_read_list(struct units *units)
{
	units->list_again = units->list != NULL;
	if (!units->list)
		units_note_error(units, ask_list(units, "ListUnits", &units->list, on_list));
}

static int on_recount(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)ret_error;
	units->recount = sd_bus_slot_unref(units->recount);
	if (sd_bus_message_is_method_error(m, NULL))
		return 0; /* it is asked again */
	units->n_beyond = 0;
	(void)read_list(units, m, LISTING_BEYOND);
	units_read_stale(units);
	return 0;
}

void units_recount_when_due(struct units *units, uint64_t boot_ms)
{
	if (units->n_beyond == 0 || units->recount || !units->is_known || units->is_reloading ||
	    (units->recounted_ms > 0 && boot_ms - units->recounted_ms < RECOUNT_MS))
		return;
	units->recounted_ms = boot_ms;
	(void)ask_list(units, "ListUnits", &units->recount, on_recount);
}

/* ---- the jobs ----------------------------------------------------------------------- */

static int read_jobs(struct units *units, sd_bus_message *m)
{
	const char *name, *type;
	uint32_t id;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "(usssoo)");
	if (r < 0)
		return r;
	shutdown_list(&units->shutdown);
	while ((r = sd_bus_message_read(m, "(usssoo)", &id, &name, &type, NULL, NULL, NULL)) > 0)
		shutdown_listed(&units->shutdown, id, name, type);
	return r;
}

/* Without an answer what the signals said stands. */
static int on_jobs(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)ret_error;
	units->jobs = sd_bus_slot_unref(units->jobs);
	if (!sd_bus_message_is_method_error(m, NULL))
		(void)read_jobs(units, m);
	if (units->jobs_again)
		units_read_jobs(units);
	units_read_stale(units);
	return 0;
}

void units_read_jobs(struct units *units)
{
	units->jobs_again = units->jobs != NULL;
	if (!units->jobs)
		units_note_error(units, ask_list(units, "ListJobs", &units->jobs, on_jobs));
}

/* ---- new units ---------------------------------------------------------------------- */

static int on_look(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)ret_error;
	units->look = sd_bus_slot_unref(units->look);
	if (sd_bus_message_is_method_error(m, NULL) || read_list(units, m, LISTING_STATES) < 0)
		units_read_list(units);
	units_look_at_new(units);
	units_read_stale(units);
	return 0;
}

/* Which of the new ones run? In contrast to their properties this can be asked without loading them
 * again if they are gone by now. A unit's name has no character that is special in a pattern. */
static int ask_look(struct units *units)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct roll *roll = &units->roll;
	int r;

	r = units_question_new(units, UNITS_MANAGER_PATH, UNITS_MANAGER_IFACE,
			       "ListUnitsByPatterns", &m);
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "as", 0); /* in any state */
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(m, 'a', "s");
	for (size_t i = 0; r >= 0 && i < roll->n; i++)
		if (roll->follower[i]->is_new)
			r = sd_bus_message_append(m, "s", roll->follower[i]->name);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, &units->look, m, on_look, units, UNITS_ANSWER_US);
}

void units_look_at_new(struct units *units)
{
	struct roll *roll = &units->roll;
	bool are_new = false;

	for (size_t i = 0; i < roll->n; i++)
		are_new |= roll->follower[i]->is_new;
	if (!are_new || units->look)
		return;
	if (ask_look(units) < 0)
		return;
	for (size_t i = 0; i < roll->n; i++)
		roll->follower[i]->is_new = false;
}
