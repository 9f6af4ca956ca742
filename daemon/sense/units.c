/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of units, as systemd's manager tells it over the bus. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sense/facts.h"
#include "sense/graph.h"
#include "sense/roll.h"
#include "sense/units.h"
#include "sense/units_questions.h"

/* ---- signals -------------------------------------------------------------------------- */

static bool is_from_manager(const struct units *units, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	return sender && units->owner[0] && strcmp(sender, units->owner) == 0;
}

static int on_unit_new(struct units *units, sd_bus_message *m)
{
	struct follower *follower;
	const char *name;
	int r;

	r = sd_bus_message_read(m, "so", &name, NULL);
	if (r < 0 || units->is_reloading || !units_is_followed(name))
		return r;
	r = roll_add(&units->roll, name, &follower);
	if (r == -ENOSPC)
		units->n_beyond++; /* if it does not run, the next count leaves it out */
	if (r < 0)
		return r;
	follower->units = units;
	follower->is_new = true;
	units_look_at_new(units);
	return 0;
}

static int on_unit_removed(struct units *units, sd_bus_message *m)
{
	struct follower *follower;
	const char *name;
	int r;

	r = sd_bus_message_read(m, "so", &name, NULL);
	if (r < 0 || units->is_reloading)
		return r;
	follower = roll_find(&units->roll, name);
	if (follower)
		roll_drop(&units->roll, follower, clock_boot_ms(), clock_wall_ms());
	return 0;
}

static int on_job_new(struct units *units, sd_bus_message *m)
{
	const char *name;
	uint32_t id;
	int r;

	r = sd_bus_message_read(m, "uos", &id, NULL, &name);
	if (r >= 0 && shutdown_job_new(&units->shutdown, id, name))
		units_read_jobs(units);
	return r;
}

static int on_job_removed(struct units *units, sd_bus_message *m)
{
	struct follower *follower;
	const char *name, *result;
	uint32_t id;
	int r;

	r = sd_bus_message_read(m, "uoss", &id, NULL, &name, &result);
	if (r < 0)
		return r;
	shutdown_job_removed(&units->shutdown, id, name, result);
	follower = roll_find(&units->roll, name);
	if (!follower)
		return 0;
	facts_job_ended(&follower->facts, result);
	units_show(units, follower);
	return 0;
}

static int on_reloading(struct units *units, sd_bus_message *m)
{
	int is_active, r;

	r = sd_bus_message_read(m, "b", &is_active);
	if (r < 0)
		return r;
	units->is_reloading = is_active;
	if (!is_active)
		units_read_list(units);
	return 0;
}

/* A signal that cannot be read, or finds no memory, is passed over: the next list has it all. */
static int on_manager(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)ret_error;
	if (!is_from_manager(units, m))
		return 0;
	if (sd_bus_message_is_signal(m, UNITS_MANAGER_IFACE, "UnitNew"))
		(void)on_unit_new(units, m);
	else if (sd_bus_message_is_signal(m, UNITS_MANAGER_IFACE, "UnitRemoved"))
		(void)on_unit_removed(units, m);
	else if (sd_bus_message_is_signal(m, UNITS_MANAGER_IFACE, "JobNew"))
		(void)on_job_new(units, m);
	else if (sd_bus_message_is_signal(m, UNITS_MANAGER_IFACE, "JobRemoved"))
		(void)on_job_removed(units, m);
	else if (sd_bus_message_is_signal(m, UNITS_MANAGER_IFACE, "Reloading"))
		(void)on_reloading(units, m);
	return 0;
}

static struct follower *follower_of_path(const struct units *units, const char *path)
{
	CLEANUP(cleanup_free) char *name = NULL;

	if (!path || sd_bus_path_decode(path, UNITS_PATH, &name) <= 0)
		return NULL;
	return roll_find(&units->roll, name);
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;
	struct follower *follower;
	int r;

	(void)ret_error;
	if (!is_from_manager(units, m))
		return 0;
	follower = follower_of_path(units, sd_bus_message_get_path(m));
	if (!follower)
		return 0;
	r = sd_bus_message_skip(m, "s");
	if (r >= 0)
		r = facts_read(&follower->facts, m);
	/* One that does not run any more has told all; see take_listed(). */
	if (r != 0 && follower->facts.active != UNIT_ACTIVE_INACTIVE &&
	    follower->facts.active != UNIT_ACTIVE_GONE)
		follower->is_stale = true;
	units_show(units, follower);
	units_read_stale(units);
	return 0;
}

/* ---- the manager itself ----------------------------------------------------------------- */

/* The bus is among the first that go down with a host: what was known of that stays. */
static void lose_manager(struct units *units)
{
	struct roll *roll = &units->roll;

	units->owner[0] = '\0';
	units->is_known = units->is_listed = units->is_reloading = false;
	units->list_again = units->jobs_again = false;
	units->subscribe = sd_bus_slot_unref(units->subscribe);
	units->list = sd_bus_slot_unref(units->list);
	units->look = sd_bus_slot_unref(units->look);
	units->recount = sd_bus_slot_unref(units->recount);
	units->jobs = sd_bus_slot_unref(units->jobs);
	for (size_t i = 0; i < roll->n; i++) {
		struct follower *follower = roll->follower[i];

		follower->call = sd_bus_slot_unref(follower->call);
		follower->is_stale = follower->is_new = false;
		if (follower->gone_ms)
			continue;
		facts_set_active(&follower->facts, UNIT_ACTIVE_UNKNOWN);
		units_show(units, follower);
	}
}

static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);
	const char *sender = sd_bus_message_get_sender(m);
	struct units *units = userdata;

	(void)ret_error;
	units->subscribe = sd_bus_slot_unref(units->subscribe);
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		units_note_error(units, -ENOENT);
	} else if (error && !sd_bus_error_has_name(error, UNITS_MANAGER ".AlreadySubscribed")) {
		units_note_error(units, -sd_bus_error_get_errno(error));
	} else if (!sender || text_format(units->owner, sizeof(units->owner), "%s", sender) < 0) {
		units_note_error(units, -EPROTO);
	} else {
		units_read_jobs(units);
		units_read_list(units);
	}
	return 0;
}

static int ask_subscribe(struct units *units)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = units_question_new(units, UNITS_MANAGER_PATH, UNITS_MANAGER_IFACE, "Subscribe", &m);
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, &units->subscribe, m, on_subscribed, units,
				 UNITS_ANSWER_US);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const char *sender = sd_bus_message_get_sender(m);
	struct units *units = userdata;
	const char *owner;

	(void)ret_error;
	if (!sender || strcmp(sender, "org.freedesktop.DBus") != 0 ||
	    sd_bus_message_read(m, "sss", NULL, NULL, &owner) < 0)
		return 0;
	lose_manager(units);
	if (*owner)
		units_note_error(units, ask_subscribe(units));
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)m, (void)ret_error;
	units_note_error(units, -ENOTCONN);
	lose_manager(units);
	return 0;
}

static int on_matched(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	units_note_error(userdata, -sd_bus_message_get_errno(m));
	return 0;
}

static int listen(struct units *units)
{
	static const struct {
		const char *match;
		sd_bus_message_handler_t handler;
	} wanted[] = {
		{ "type='signal',sender='" UNITS_MANAGER "',path='" UNITS_MANAGER_PATH
		  "',interface='" UNITS_MANAGER_IFACE "'",
		  on_manager },
		{ "type='signal',sender='" UNITS_MANAGER "',path_namespace='" UNITS_PATH
		  "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
		  on_properties },
		{ "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		  "member='NameOwnerChanged',arg0='" UNITS_MANAGER "'",
		  on_owner },
		{ "type='signal',sender='org.freedesktop.DBus.Local',"
		  "interface='org.freedesktop.DBus.Local',member='Disconnected'",
		  on_disconnected },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		r = sd_bus_add_match_async(units->bus, &units->matches[i], wanted[i].match,
					   wanted[i].handler, on_matched, units);
	return r;
}

/* ---- life ---------------------------------------------------------------------------------- */

/* Every question ends by an answer or its time-out, so this ends. */
static int wait_until_known(struct units *units)
{
	int r;

	while (!units->is_known) {
		r = sd_bus_process(units->bus, NULL);
		if (units->error < 0)
			return units->error;
		if (r == 0)
			r = sd_bus_wait(units->bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

int units_new(sd_bus *bus, units_number *number, void *userdata, struct units **ret)
{
	CLEANUP(units_freep) struct units *units = calloc(1, sizeof(*units));
	int r;

	if (!units)
		return -ENOMEM;
	units->bus = sd_bus_ref(bus);
	units->roll.number = number;
	units->roll.userdata = userdata;
	r = listen(units);
	if (r < 0)
		return r;
	r = ask_subscribe(units);
	if (r < 0)
		return r;
	r = wait_until_known(units);
	if (r < 0)
		return r;
	*ret = TAKE(units);
	return 0;
}

struct units *units_free(struct units *units)
{
	if (!units)
		return NULL;
	for (size_t i = 0; i < sizeof(units->matches) / sizeof(units->matches[0]); i++)
		sd_bus_slot_unref(units->matches[i]);
	sd_bus_slot_unref(units->subscribe);
	sd_bus_slot_unref(units->list);
	sd_bus_slot_unref(units->look);
	sd_bus_slot_unref(units->recount);
	sd_bus_slot_unref(units->jobs);
	roll_clear(&units->roll);
	sd_bus_unref(units->bus);
	free(units);
	return NULL;
}

const struct unit_status *units_list(struct units *units, size_t *ret_n)
{
	uint64_t boot_ms = clock_boot_ms();

	roll_sweep(&units->roll, boot_ms, clock_wall_ms());
	units_recount_when_due(units, boot_ms);
	*ret_n = units->roll.n_rows;
	return units->roll.status;
}

size_t units_unwatched(const struct units *units)
{
	return roll_unwatched(&units->roll) + units->n_beyond;
}

const struct unit_status *units_find(const struct units *units, uint32_t unit)
{
	for (size_t i = 0; i < units->roll.n_rows; i++)
		if (units->roll.unit[i] == unit)
			return &units->roll.status[i];
	return NULL;
}

void units_follow_order(struct units *units, const struct attempt *attempt)
{
	const struct unit_status *status = units_find(units, attempt->unit);
	struct follower *follower = status ? roll_find(&units->roll, status->name) : NULL;

	if (!follower)
		return;
	if (attempt->state == ATTEMPT_ASKED)
		facts_order_begins(&follower->facts, attempt->decision);
	if (attempt->state != ATTEMPT_DONE)
		return;
	facts_order_ended(&follower->facts, attempt->decision,
			  attempt->result == ATTEMPT_RESULT_DONE);
	units_show(units, follower);
}

void units_look_at_files(struct units *units, uint32_t unit)
{
	const struct unit_status *status = units_find(units, unit);
	struct follower *follower = status ? roll_find(&units->roll, status->name) : NULL;

	if (follower && facts_look_at_files(&follower->facts, clock_boot_ms()))
		units_show(units, follower);
}

void units_set_classes(struct units *units, const struct classes *classes)
{
	roll_classes(&units->roll, classes, clock_boot_ms(), clock_wall_ms());
}

uint32_t units_row(const struct units *units, const char *name)
{
	const struct follower *follower = roll_find(&units->roll, name);

	return follower && follower->row != ROLL_NO_ROW ? units->roll.unit[follower->row] : 0;
}

int units_members(const struct units *units, uint32_t unit,
		  int (*visit)(const char *cgroup, uint64_t cgroup_id, void *userdata),
		  void *userdata)
{
	const struct roll *roll = &units->roll;
	int r = 0;

	for (size_t i = 0; r == 0 && i < roll->n; i++) {
		const struct follower *follower = roll->follower[i];

		if (follower->row != ROLL_NO_ROW && roll->unit[follower->row] == unit &&
		    follower->facts.cgroup[0])
			r = visit(follower->facts.cgroup, follower->facts.cgroup_id, userdata);
	}
	return r;
}

int units_edges(const struct units *units, uint64_t wall_ms, struct edge_list *ret)
{
	return graph_edges(&units->roll, wall_ms, ret);
}

uint64_t units_edges_version(const struct units *units)
{
	return units->roll.version;
}

bool units_are_known(const struct units *units)
{
	return units->is_known;
}

bool units_are_shutting_down(const struct units *units)
{
	return shutdown_is_under_way(&units->shutdown);
}
