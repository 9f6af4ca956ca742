/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actuator that means it: restarts a service through systemd's manager. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "heal/healer.h"
#include "heal/systemd.h"

#define MANAGER_NAME  "org.freedesktop.systemd1"
#define MANAGER_PATH  "/org/freedesktop/systemd1"
#define MANAGER_IFACE "org.freedesktop.systemd1.Manager"
#define EARLY_MAX     16 /* jobs that ended, some of ours perhaps, before we were told their path */

/* One order: the call under way, then its job. */
struct order {
	struct systemd *systemd;
	uint64_t decision; /* 0: free */
	uint64_t started_ms;
	sd_bus_slot *call;
	bool was_up;		    /* it is to be restarted only if it still is */
	enum attempt_result result; /* NONE: under way */
	char job[JOB_NAME_SIZE];    /* its path, once known; then also how it ended */
	char name[UNIT_NAME_SIZE];
};

struct ended_job {
	char path[JOB_NAME_SIZE];
	char result[32];
};

struct systemd {
	sd_bus *bus;
	sd_bus_slot *job_removed, *owner_changed, *subscribe;
	struct order order[HEALER_ATTEMPTS_MAX];
	size_t n_early; /* so many were put in so far; the newest EARLY_MAX are kept */
	struct ended_job early[EARLY_MAX];
	char owner[32]; /* unique name of who answered to MANAGER_NAME last */
};

/* ---- how it ends ------------------------------------------------------------ */

/* For people: made harmless, and cut where there is no room. */
static void say(struct order *order, const char *words)
{
	(void)text_escape(order->job, sizeof(order->job), words);
}

static void finish(struct order *order, enum attempt_result result)
{
	order->call = sd_bus_slot_unref(order->call);
	order->result = result;
}

static void finish_job(struct order *order, const char *result)
{
	size_t length = strlen(order->job);

	if (strcmp(result, "done") == 0) {
		finish(order, ATTEMPT_RESULT_DONE);
		return;
	}
	(void)text_format(order->job + length, sizeof(order->job) - length, ": %s", result);
	finish(order, ATTEMPT_RESULT_FAILED);
}

/* Refused, unless the answer itself is missing: then it may have been done or not. */
static void finish_error(struct order *order, const sd_bus_error *error)
{
	static const struct {
		const char *name, *words;
	} known[] = {
		{ SD_BUS_ERROR_ACCESS_DENIED, "not allowed: no polkit rule lets this user do it" },
		{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
		  "not allowed: no polkit rule lets this user do it" },
		{ MANAGER_NAME ".TransactionIsDestructive", "another job of it is in the way" },
	};
	int number = sd_bus_error_get_errno(error);

	say(order, error->message ?: error->name);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (sd_bus_error_has_name(error, known[i].name))
			say(order, known[i].words);
	finish(order, number == ETIMEDOUT || number == ECONNRESET ? ATTEMPT_RESULT_LOST
								  : ATTEMPT_RESULT_REFUSED);
}

/* ---- the calls ------------------------------------------------------------------ */

/* To systemd, and only it: the bus daemon must start nobody to answer instead. */
static int call(struct systemd *systemd, const char *member, const char *name, const char *mode,
		sd_bus_slot **ret_slot, sd_bus_message_handler_t answer, void *userdata)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(systemd->bus, &m, MANAGER_NAME, MANAGER_PATH,
					   MANAGER_IFACE, member);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, false);
	if (r >= 0 && name)
		r = sd_bus_message_append(m, "s", name);
	if (r >= 0 && mode)
		r = sd_bus_message_append(m, "s", mode);
	if (r < 0)
		return r;
	return sd_bus_call_async(systemd->bus, ret_slot, m, answer, userdata, 0);
}

/* Its job may have ended before we were told which one it is. */
static void look_back(struct order *order)
{
	const struct systemd *systemd = order->systemd;

	for (size_t i = 0; i < EARLY_MAX; i++)
		if (strcmp(systemd->early[i].path, order->job) == 0) {
			finish_job(order, systemd->early[i].result);
			return;
		}
}

static int on_restart(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
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
	    text_format(order->job, sizeof(order->job), "%s", path) < 0) {
		say(order, "an answer that is no job");
		finish(order, ATTEMPT_RESULT_LOST);
		return 0;
	}
	look_back(order);
	return 0;
}

static int restart(struct order *order)
{
	return call(order->systemd, order->was_up ? "TryRestartUnit" : "RestartUnit", order->name,
		    "fail", &order->call, on_restart, order);
}

/* Whether it could be reset or not: what the restart is told is what counts. */
static int on_reset(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct order *order = userdata;

	(void)m, (void)ret_error;
	order->call = sd_bus_slot_unref(order->call);
	if (restart(order) < 0) {
		say(order, "no connection to the bus");
		finish(order, ATTEMPT_RESULT_LOST);
	}
	return 0;
}

static int begin(struct order *order, const struct unit_status *status)
{
	/* What was up is restarted only if it still is: systemd decides that in one step, so a stop
	 * that came just before the call wins. */
	order->was_up = status->active == UNIT_ACTIVE_ACTIVE;
	if (status->flags & UNIT_START_LIMITED)
		return call(order->systemd, "ResetFailedUnit", order->name, NULL, &order->call,
			    on_reset, order);
	return restart(order);
}

/* ---- the actuator ------------------------------------------------------------------ */

static bool is_service(const struct unit_status *status)
{
	const char *type = strrchr(status->name, '.');

	return status->kind == UNIT_KIND_SERVICE && !(status->flags & UNIT_SYNTHETIC) &&
	       text_is_unit_name(status->name) && type && strcmp(type, ".service") == 0;
}

static void order_clear(struct order *order)
{
	sd_bus_slot_unref(order->call);
	*order = (struct order) { .systemd = order->systemd };
}

/* A free place, or the oldest: the healer never has more in flight than there are places, and gives
 * up the oldest first, so that one is not waited for any more. */
static struct order *order_place(struct systemd *systemd)
{
	struct order *place = &systemd->order[0];

	for (size_t i = 0; i < HEALER_ATTEMPTS_MAX; i++) {
		struct order *order = &systemd->order[i];

		if (order->decision == 0)
			return order;
		if (order->started_ms < place->started_ms)
			place = order;
	}
	order_clear(place);
	return place;
}

static int refuse(struct attempt *attempt, int error, const char *words)
{
	attempt->result = ATTEMPT_RESULT_REFUSED;
	(void)text_format(attempt->job, sizeof(attempt->job), "%s", words);
	return error;
}

static int systemd_start(void *self, const struct decision *decision,
			 const struct unit_status *status, struct attempt *attempt)
{
	struct systemd *systemd = self;
	struct order *order;
	int r;

	if (decision->action != ACTION_RESTART || !is_service(status))
		return refuse(attempt, -EINVAL, "not a service of systemd");
	order = order_place(systemd);
	order->decision = decision->id;
	order->started_ms = attempt->started_ms;
	(void)text_format(order->name, sizeof(order->name), "%s", status->name);
	say(order, "asked");
	r = begin(order, status);
	if (r < 0) {
		order_clear(order);
		return refuse(attempt, r, "no connection to the bus");
	}
	memcpy(attempt->job, order->job, sizeof(attempt->job));
	return 0;
}

static struct order *order_find(struct systemd *systemd, uint64_t decision)
{
	for (size_t i = 0; i < HEALER_ATTEMPTS_MAX; i++)
		if (systemd->order[i].decision == decision)
			return &systemd->order[i];
	return NULL;
}

static int systemd_poll(void *self, struct attempt *attempt)
{
	struct systemd *systemd = self;
	struct order *order = order_find(systemd, attempt->decision);

	if (!order) {
		attempt->result = ATTEMPT_RESULT_LOST;
		return 1;
	}
	memcpy(attempt->job, order->job, sizeof(attempt->job));
	if (order->result == ATTEMPT_RESULT_NONE && sd_bus_is_open(systemd->bus) <= 0)
		order->result = ATTEMPT_RESULT_LOST;
	if (order->result == ATTEMPT_RESULT_NONE)
		return 0;
	attempt->result = order->result;
	order_clear(order);
	return 1;
}

struct actuator systemd_actuator(struct systemd *systemd)
{
	return (struct actuator) {
		.start = systemd_start,
		.poll = systemd_poll,
		.self = systemd,
	};
}

/* ---- what systemd tells ---------------------------------------------------------------- */

/* Any program may send us a signal that looks like systemd's. */
static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const char *sender = sd_bus_message_get_sender(m), *path, *result;
	struct systemd *systemd = userdata;
	struct ended_job *early;

	(void)ret_error;
	if (!sender || !systemd->owner[0] || strcmp(sender, systemd->owner) != 0 ||
	    sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result) < 0)
		return 0;
	for (size_t i = 0; i < HEALER_ATTEMPTS_MAX; i++) {
		struct order *order = &systemd->order[i];

		if (order->decision && order->result == ATTEMPT_RESULT_NONE &&
		    strcmp(order->job, path) == 0) {
			finish_job(order, result);
			return 0;
		}
	}
	early = &systemd->early[systemd->n_early++ % EARLY_MAX];
	if (text_format(early->path, sizeof(early->path), "%s", path) < 0 ||
	    text_format(early->result, sizeof(early->result), "%s", result) < 0)
		*early = (struct ended_job) { 0 };
	return 0;
}

/* Its answer tells who systemd is, also when it says that we were subscribed already. */
static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const char *sender = sd_bus_message_get_sender(m);
	struct systemd *systemd = userdata;

	(void)ret_error;
	systemd->subscribe = sd_bus_slot_unref(systemd->subscribe);
	if (sd_bus_message_is_method_error(m, NULL) &&
	    !sd_bus_message_is_method_error(m, MANAGER_NAME ".AlreadySubscribed"))
		return 0;
	if (!sender || text_format(systemd->owner, sizeof(systemd->owner), "%s", sender) < 0)
		systemd->owner[0] = '\0';
	return 0;
}

static int subscribe(struct systemd *systemd)
{
	systemd->owner[0] = '\0';
	systemd->subscribe = sd_bus_slot_unref(systemd->subscribe);
	return call(systemd, "Subscribe", NULL, NULL, &systemd->subscribe, on_subscribed, systemd);
}

/* systemd executed itself anew: its jobs and their paths stay, its unique name does not. */
static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const char *sender = sd_bus_message_get_sender(m), *owner;
	struct systemd *systemd = userdata;

	(void)ret_error;
	if (sender && strcmp(sender, "org.freedesktop.DBus") == 0 &&
	    sd_bus_message_read(m, "sss", NULL, NULL, &owner) >= 0 && *owner)
		(void)subscribe(systemd);
	return 0;
}

/* ---- life -------------------------------------------------------------------------------- */

/* A match that the bus refuses leaves orders without an end: they time out. */
static int on_matched(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m, (void)userdata, (void)ret_error;
	return 0;
}

int systemd_new(sd_bus *bus, struct systemd **ret)
{
	CLEANUP(systemd_freep) struct systemd *systemd = calloc(1, sizeof(*systemd));
	int r;

	if (!systemd)
		return -ENOMEM;
	systemd->bus = sd_bus_ref(bus);
	for (size_t i = 0; i < HEALER_ATTEMPTS_MAX; i++)
		systemd->order[i].systemd = systemd;
	r = sd_bus_match_signal_async(bus, &systemd->job_removed, MANAGER_NAME, MANAGER_PATH,
				      MANAGER_IFACE, "JobRemoved", on_job_removed, on_matched,
				      systemd);
	if (r >= 0)
		r = sd_bus_add_match_async(
			bus, &systemd->owner_changed,
			"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop."
			"DBus',member='NameOwnerChanged',arg0='" MANAGER_NAME "'",
			on_owner, on_matched, systemd);
	if (r >= 0)
		r = subscribe(systemd);
	if (r < 0)
		return r;
	*ret = TAKE(systemd);
	return 0;
}

struct systemd *systemd_free(struct systemd *systemd)
{
	if (!systemd)
		return NULL;
	for (size_t i = 0; i < HEALER_ATTEMPTS_MAX; i++)
		order_clear(&systemd->order[i]);
	sd_bus_slot_unref(systemd->job_removed);
	sd_bus_slot_unref(systemd->owner_changed);
	sd_bus_slot_unref(systemd->subscribe);
	sd_bus_unref(systemd->bus);
	free(systemd);
	return NULL;
}
