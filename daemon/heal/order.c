/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of systemd's manager for each kind of action, and what its answers mean. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "heal/order.h"
#include "record/names.h"

#define NO_BUS "no connection to the bus"

/* ---- how it ends ------------------------------------------------------------ */

/* For people: made harmless, and cut where there is no room. */
static void say(struct order *order, const char *words)
{
	char line[UNIT_NAME_SIZE + 256];

	if (order->is_at_dependents &&
	    text_format(line, sizeof(line), "%s: %.200s", order->name, words) >= 0)
		words = line;
	(void)text_escape(order->job, sizeof(order->job), words);
}

static void finish(struct order *order, enum attempt_result result)
{
	order->call = sd_bus_slot_unref(order->call);
	order->result = result;
}

static void give_up(struct order *order, enum attempt_result result, const char *words)
{
	say(order, words);
	finish(order, result);
}

static void finish_job(struct order *order, const char *result)
{
	char words[JOB_NAME_SIZE + 32];

	if (strcmp(result, "done") != 0) {
		(void)text_format(words, sizeof(words), "%s: %s", order->job, result);
		give_up(order, ATTEMPT_RESULT_FAILED, words);
	} else if (order->dependents[order->next]) {
		order->is_between = true;
	} else {
		finish(order, ATTEMPT_RESULT_DONE);
	}
}

/* Refused, unless the answer itself is missing: then it may have been done or not. Of a dependent: what
 * was allowed was done in part. */
static void finish_error(struct order *order, const sd_bus_error *error)
{
	static const struct {
		const char *name, *words;
	} known[] = {
		{ SD_BUS_ERROR_ACCESS_DENIED, "not allowed: no polkit rule lets this user do it" },
		{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
		  "not allowed: no polkit rule lets this user do it" },
		{ ORDER_MANAGER ".TransactionIsDestructive", "another job of it is in the way" },
	};
	int number = sd_bus_error_get_errno(error);
	const char *words = error->message ?: error->name;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (sd_bus_error_has_name(error, known[i].name))
			words = known[i].words;
	if (number == ETIMEDOUT || number == ECONNRESET)
		give_up(order, ATTEMPT_RESULT_LOST, words);
	else
		give_up(order,
			order->is_at_dependents ? ATTEMPT_RESULT_FAILED : ATTEMPT_RESULT_REFUSED,
			words);
}

/* ---- the calls ------------------------------------------------------------------ */

/* To systemd, and only it: the bus daemon must start nobody to answer instead. */
static int message_new(sd_bus *bus, const char *path, const char *iface, const char *member,
		       const char *first, const char *second, sd_bus_message **ret)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, ORDER_MANAGER, path, iface, member);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, false);
	if (r >= 0 && first)
		r = sd_bus_message_append(m, "s", first);
	if (r >= 0 && second)
		r = sd_bus_message_append(m, "s", second);
	if (r >= 0)
		*ret = TAKE(m);
	return r;
}

int order_call(sd_bus *bus, const char *member, const char *name, const char *mode,
	       sd_bus_slot **ret_slot, sd_bus_message_handler_t answer, void *userdata)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = message_new(bus, ORDER_MANAGER_PATH, ORDER_MANAGER_IFACE, member, name, mode, &m);
	if (r < 0)
		return r;
	return sd_bus_call_async(bus, ret_slot, m, answer, userdata, 0);
}

/* Its job may have ended before we were told which one it is. */
static void look_back(struct order *order)
{
	for (size_t i = 0; i < ORDER_EARLY_MAX; i++)
		if (strcmp(order->early->job[i].path, order->job) == 0) {
			finish_job(order, order->early->job[i].result);
			return;
		}
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct order *order = userdata;
	const char *path;

	(void)ret_error;
	if (sd_bus_message_is_method_error(m, NULL)) {
		finish_error(order, sd_bus_message_get_error(m));
		return 0;
	}
	order->call = sd_bus_slot_unref(order->call);
	if (sd_bus_message_read(m, "o", &path) < 0 ||
	    text_format(order->job, sizeof(order->job), "%s", path) < 0)
		give_up(order, ATTEMPT_RESULT_LOST, "an answer that is no job");
	else
		look_back(order);
	return 0;
}

/* "fail", not "replace": see systemd.h. */
static int ask(struct order *order, const char *member)
{
	return order_call(order->bus, member, order->name, "fail", &order->call, on_job, order);
}

static int ask_restart(struct order *order)
{
	return ask(order, order->was_up ? "TryRestartUnit" : "RestartUnit");
}

/* Whether it could be reset or not: what the restart is told is what counts. */
static int on_reset(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct order *order = userdata;

	(void)m, (void)ret_error;
	order->call = sd_bus_slot_unref(order->call);
	if (ask_restart(order) < 0)
		give_up(order, ATTEMPT_RESULT_LOST, NO_BUS);
	return 0;
}

static int restart(struct order *order, const struct unit_status *status)
{
	/* What was up is restarted only if it still is: systemd decides that in one step, so a stop
	 * that came just before the call wins. */
	order->was_up = status->active == UNIT_ACTIVE_ACTIVE;
	if (status->flags & UNIT_START_LIMITED)
		return order_call(order->bus, "ResetFailedUnit", order->name, NULL, &order->call,
				  on_reset, order);
	return ask_restart(order);
}

/* ---- what is restarted after it -------------------------------------------------- */

static bool is_down(const char *state)
{
	return strcmp(state, "inactive") == 0 || strcmp(state, "failed") == 0 ||
	       strcmp(state, "deactivating") == 0;
}

/* systemd would do so too, but by a job that is done and leaves it down, and that is what a stop looks
 * like to those who follow its units. */
static void pass_over(struct order *order)
{
	say(order, "passed over, since it was down");
	finish_job(order, "done");
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct order *order = userdata;
	const char *state;

	(void)ret_error;
	if (sd_bus_message_is_method_error(m, NULL)) {
		finish_error(order, sd_bus_message_get_error(m));
		return 0;
	}
	order->call = sd_bus_slot_unref(order->call);
	if (sd_bus_message_read(m, "v", "s", &state) < 0)
		give_up(order, ATTEMPT_RESULT_LOST, "an answer that is no state");
	else if (is_down(state))
		pass_over(order);
	else if (ask(order, "TryRestartUnit") < 0)
		give_up(order, ATTEMPT_RESULT_LOST, NO_BUS);
	return 0;
}

static int ask_state(struct order *order)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	CLEANUP(cleanup_free) char *path = NULL;
	int r;

	r = sd_bus_path_encode(ORDER_MANAGER_PATH "/unit", order->name, &path);
	if (r < 0)
		return r;
	r = message_new(order->bus, path, "org.freedesktop.DBus.Properties", "Get",
			ORDER_MANAGER ".Unit", "ActiveState", &m);
	if (r < 0)
		return r;
	return sd_bus_call_async(order->bus, &order->call, m, on_state, order, 0);
}

/* The list without the unit itself and those that systemd restarts with it anyway. -EINVAL: there is something in it that is no unit's name. */
static int take_dependents(struct order *order, const struct unit_status *status, const char *list)
{
	char name[UNIT_NAME_SIZE];
	size_t length, used = 0;

	for (; *list; list += length + strspn(list + length, " ")) {
		length = strcspn(list, " ");
		if (text_format(name, sizeof(name), "%.*s", (int)length, list) < 0 ||
		    !text_is_unit_name(name))
			return -EINVAL;
		if (strcmp(name, order->name) == 0 || unit_names_have(status->dependents, name))
			continue;
		(void)text_format(order->dependents + used, sizeof(order->dependents) - used,
				  "%s%s", used ? " " : "", name);
		used += strlen(order->dependents + used);
	}
	return 0;
}

void order_go_on(struct order *order)
{
	const char *name = order->dependents + order->next;
	size_t length = strcspn(name, " ");

	if (order->result != ATTEMPT_RESULT_NONE || !order->is_between)
		return;
	(void)text_format(order->name, sizeof(order->name), "%.*s", (int)length, name);
	order->next += length + strspn(name + length, " ");
	order->is_between = false;
	order->is_at_dependents = true;
	say(order, "asked");
	if (ask_state(order) < 0)
		give_up(order, ATTEMPT_RESULT_LOST, NO_BUS);
}

/* ---- its life --------------------------------------------------------------------- */

static bool is_service(const struct unit_status *status)
{
	const char *type = strrchr(status->name, '.');

	return status->kind == UNIT_KIND_SERVICE && !(status->flags & UNIT_SYNTHETIC) &&
	       text_is_unit_name(status->name) && type && strcmp(type, ".service") == 0;
}

static int begin_notify(struct order *order, const struct decision *decision,
			const char **ret_words)
{
	if (decision->incident == 0) {
		*ret_words = "no incident that people could be told of";
		return -EINVAL;
	}
	(void)text_format(order->name, sizeof(order->name),
			  NAME_NOTIFY_TEMPLATE "@%" PRIu64 ".service", decision->incident);
	return ask(order, "StartUnit");
}

static int begin_reload(struct order *order, const struct unit_status *status,
			const char **ret_words)
{
	if (!(status->flags & UNIT_CAN_RELOAD)) {
		*ret_words = "it cannot be reloaded";
		return -EOPNOTSUPP;
	}
	return ask(order, "ReloadUnit");
}

static int begin_restart(struct order *order, const struct decision *decision,
			 const struct unit_status *status, const char **ret_words)
{
	if (decision->action == ACTION_RESTART_DEPENDENTS &&
	    take_dependents(order, status, decision->blast) < 0) {
		*ret_words = "what is to be restarted after it is no list of units";
		return -EINVAL;
	}
	return restart(order, status);
}

int order_begin(struct order *order, const struct decision *decision,
		const struct unit_status *status, const char **ret_words)
{
	say(order, "asked");
	if (decision->action == ACTION_NOTIFY)
		return begin_notify(order, decision, ret_words);
	if (decision->action == ACTION_NONE || !is_service(status)) {
		*ret_words = "not a service of systemd";
		return -EINVAL;
	}
	(void)text_format(order->name, sizeof(order->name), "%s", status->name);
	if (decision->action == ACTION_RELOAD)
		return begin_reload(order, status, ret_words);
	return begin_restart(order, decision, status, ret_words);
}

bool order_take_job(struct order *order, const char *path, const char *result)
{
	if (!order->decision || order->result != ATTEMPT_RESULT_NONE || order->call ||
	    order->is_between || strcmp(order->job, path) != 0)
		return false;
	finish_job(order, result);
	return true;
}

void order_clear(struct order *order)
{
	sd_bus_slot_unref(order->call);
	*order = (struct order) { .bus = order->bus, .early = order->early };
}
