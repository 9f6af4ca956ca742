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

#define MANAGER_NAME  "org.freedesktop.systemd1"
#define MANAGER_PATH  "/org/freedesktop/systemd1"
#define MANAGER_IFACE "org.freedesktop.systemd1.Manager"
#define UNIT_PATH     "/org/freedesktop/systemd1/unit"
#define ANSWER_US     (uint64_t)10000000
#define CALLS_MAX     32 /* a bus daemon refuses more than 128 unanswered calls of one client */
#define RECOUNT_MS    (uint64_t)60000 /* the list of thousands of units is long */

struct units {
	sd_bus *bus;
	struct roll roll;
	sd_bus_slot *matches[4];
	sd_bus_slot *subscribe, *list, *look, *recount; /* questions under way */
	size_t n_beyond;       /* units that run and found no place in the roll */
	uint64_t recounted_ms; /* 0: never */
	char owner[32];	       /* unique name of who owns MANAGER_NAME; "": not known */
	int error;	       /* why it cannot begin */
	bool is_reloading; /* units come and go: that is settled by reading the list afterwards */
	bool list_again;   /* it changed while it was read */
	bool is_listed, is_known;
};

static void read_list_again(struct units *units);

/* ---- questions ---------------------------------------------------------------- */

/* For systemd, and only it: the bus daemon must start nobody to answer instead. */
static int question_new(struct units *units, const char *path, const char *iface,
			const char *member, sd_bus_message **ret)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(units->bus, &m, MANAGER_NAME, path, iface, member);
	if (r < 0)
		return r;
	r = sd_bus_message_set_auto_start(m, false);
	if (r < 0)
		return r;
	*ret = TAKE(m);
	return 0;
}

/* Whatever stands in the way of the beginning ends it; later it is known from the bus itself. */
static void note_error(struct units *units, int error)
{
	if (error < 0 && units->error == 0)
		units->error = error;
}

static bool is_from_manager(const struct units *units, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	return sender && units->owner[0] && strcmp(sender, units->owner) == 0;
}

static bool is_followed(const char *name)
{
	const char *type = strrchr(name, '.');

	return type && (strcmp(type, ".service") == 0 || strcmp(type, ".scope") == 0) &&
	       text_is_unit_name(name);
}

static void show(struct units *units, struct follower *follower)
{
	roll_show(&units->roll, follower, clock_boot_ms(), clock_wall_ms());
}

/* ---- one unit's properties ------------------------------------------------------ */

static void read_stale(struct units *units);

static int on_read(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct follower *follower = userdata;
	struct units *units = follower->units;
	int error = sd_bus_message_get_errno(m);

	(void)ret_error;
	follower->call = sd_bus_slot_unref(follower->call);
	if (error == ETIMEDOUT) {
		note_error(units, -ETIMEDOUT);
		follower->is_stale = true;
	} else if (error == 0 && facts_read_whole(&follower->facts, m) >= 0) {
		show(units, follower);
	}
	read_stale(units);
	return 0;
}

static int read_properties(struct units *units, struct follower *follower)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	CLEANUP(cleanup_free) char *path = NULL;
	int r;

	r = sd_bus_path_encode(UNIT_PATH, follower->name, &path);
	if (r < 0)
		return r;
	r = question_new(units, path, "org.freedesktop.DBus.Properties", "GetAll", &m);
	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "s", ""); /* of all its interfaces in one answer */
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, &follower->call, m, on_read, follower, ANSWER_US);
}

/* Ask about as many as may be asked at once; each answer brings us here again. */
static void read_stale(struct units *units)
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
			note_error(units, r);
			return;
		}
		follower->is_stale = false;
		n_calls++;
	}
	if (n_calls == 0 && units->is_listed)
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

	if (!is_followed(name))
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
	show(units, follower);
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
	note_error(units, r);
	if (r == 0) {
		drop_unlisted(units);
		units->is_listed = true;
	}
	if (units->list_again || r == -ETIMEDOUT)
		read_list_again(units);
	read_stale(units);
	return 0;
}

static int ask_list(struct units *units, sd_bus_slot **slot, sd_bus_message_handler_t handler)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = question_new(units, MANAGER_PATH, MANAGER_IFACE, "ListUnits", &m);
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, slot, m, handler, units, ANSWER_US);
}

static void read_list_again(struct units *units)
{
	units->list_again = units->list != NULL;
	if (!units->list)
		note_error(units, ask_list(units, &units->list, on_list));
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
	read_stale(units);
	return 0;
}

/* No signal tells when one of them ends, or when there is room for one: look from time to time. */
static void recount_when_due(struct units *units, uint64_t boot_ms)
{
	if (units->n_beyond == 0 || units->recount || !units->is_known || units->is_reloading ||
	    (units->recounted_ms > 0 && boot_ms - units->recounted_ms < RECOUNT_MS))
		return;
	units->recounted_ms = boot_ms;
	(void)ask_list(units, &units->recount, on_recount);
}

/* ---- new units ---------------------------------------------------------------------- */

static void look_at_new(struct units *units);

static int on_look(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)ret_error;
	units->look = sd_bus_slot_unref(units->look);
	if (sd_bus_message_is_method_error(m, NULL) || read_list(units, m, LISTING_STATES) < 0)
		read_list_again(units);
	look_at_new(units);
	read_stale(units);
	return 0;
}

/* Which of the new ones run? In contrast to their properties this can be asked without loading them
 * again if they are gone by now. A unit's name has no character that is special in a pattern. */
static int ask_look(struct units *units)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct roll *roll = &units->roll;
	int r;

	r = question_new(units, MANAGER_PATH, MANAGER_IFACE, "ListUnitsByPatterns", &m);
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
	return sd_bus_call_async(units->bus, &units->look, m, on_look, units, ANSWER_US);
}

static void look_at_new(struct units *units)
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

/* ---- signals -------------------------------------------------------------------------- */

static int on_unit_new(struct units *units, sd_bus_message *m)
{
	struct follower *follower;
	const char *name;
	int r;

	r = sd_bus_message_read(m, "so", &name, NULL);
	if (r < 0 || units->is_reloading || !is_followed(name))
		return r;
	r = roll_add(&units->roll, name, &follower);
	if (r == -ENOSPC)
		units->n_beyond++; /* if it does not run, the next count leaves it out */
	if (r < 0)
		return r;
	follower->units = units;
	follower->is_new = true;
	look_at_new(units);
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

static int on_job_removed(struct units *units, sd_bus_message *m)
{
	struct follower *follower;
	const char *name, *result;
	int r;

	r = sd_bus_message_read(m, "uoss", NULL, NULL, &name, &result);
	if (r < 0)
		return r;
	follower = roll_find(&units->roll, name);
	if (!follower)
		return 0;
	facts_job_ended(&follower->facts, result);
	show(units, follower);
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
		read_list_again(units);
	return 0;
}

/* A signal that cannot be read, or finds no memory, is passed over: the next list has it all. */
static int on_manager(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)ret_error;
	if (!is_from_manager(units, m))
		return 0;
	if (sd_bus_message_is_signal(m, MANAGER_IFACE, "UnitNew"))
		(void)on_unit_new(units, m);
	else if (sd_bus_message_is_signal(m, MANAGER_IFACE, "UnitRemoved"))
		(void)on_unit_removed(units, m);
	else if (sd_bus_message_is_signal(m, MANAGER_IFACE, "JobRemoved"))
		(void)on_job_removed(units, m);
	else if (sd_bus_message_is_signal(m, MANAGER_IFACE, "Reloading"))
		(void)on_reloading(units, m);
	return 0;
}

static struct follower *follower_of_path(const struct units *units, const char *path)
{
	CLEANUP(cleanup_free) char *name = NULL;

	if (!path || sd_bus_path_decode(path, UNIT_PATH, &name) <= 0)
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
	show(units, follower);
	read_stale(units);
	return 0;
}

/* ---- the manager itself ----------------------------------------------------------------- */

static void lose_manager(struct units *units)
{
	struct roll *roll = &units->roll;

	units->owner[0] = '\0';
	units->is_known = units->is_listed = units->is_reloading = units->list_again = false;
	units->subscribe = sd_bus_slot_unref(units->subscribe);
	units->list = sd_bus_slot_unref(units->list);
	units->look = sd_bus_slot_unref(units->look);
	units->recount = sd_bus_slot_unref(units->recount);
	for (size_t i = 0; i < roll->n; i++) {
		struct follower *follower = roll->follower[i];

		follower->call = sd_bus_slot_unref(follower->call);
		follower->is_stale = follower->is_new = false;
		if (follower->gone_ms)
			continue;
		facts_set_active(&follower->facts, UNIT_ACTIVE_UNKNOWN);
		show(units, follower);
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
		note_error(units, -ENOENT);
	} else if (error && !sd_bus_error_has_name(error, MANAGER_NAME ".AlreadySubscribed")) {
		note_error(units, -sd_bus_error_get_errno(error));
	} else if (!sender || text_format(units->owner, sizeof(units->owner), "%s", sender) < 0) {
		note_error(units, -EPROTO);
	} else {
		read_list_again(units);
	}
	return 0;
}

static int ask_subscribe(struct units *units)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = question_new(units, MANAGER_PATH, MANAGER_IFACE, "Subscribe", &m);
	if (r < 0)
		return r;
	return sd_bus_call_async(units->bus, &units->subscribe, m, on_subscribed, units, ANSWER_US);
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
		note_error(units, ask_subscribe(units));
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct units *units = userdata;

	(void)m, (void)ret_error;
	note_error(units, -ENOTCONN);
	lose_manager(units);
	return 0;
}

static int on_matched(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	note_error(userdata, -sd_bus_message_get_errno(m));
	return 0;
}

static int listen(struct units *units)
{
	static const struct {
		const char *match;
		sd_bus_message_handler_t handler;
	} wanted[] = {
		{ "type='signal',sender='" MANAGER_NAME "',path='" MANAGER_PATH
		  "',interface='" MANAGER_IFACE "'",
		  on_manager },
		{ "type='signal',sender='" MANAGER_NAME "',path_namespace='" UNIT_PATH
		  "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
		  on_properties },
		{ "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		  "member='NameOwnerChanged',arg0='" MANAGER_NAME "'",
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
	roll_clear(&units->roll);
	sd_bus_unref(units->bus);
	free(units);
	return NULL;
}

const struct unit_status *units_list(struct units *units, size_t *ret_n)
{
	uint64_t boot_ms = clock_boot_ms();

	roll_sweep(&units->roll, boot_ms, clock_wall_ms());
	recount_when_due(units, boot_ms);
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
		facts_order_begins(&follower->facts);
	if (attempt->state != ATTEMPT_DONE)
		return;
	facts_order_ended(&follower->facts, attempt->result == ATTEMPT_RESULT_DONE);
	show(units, follower);
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
