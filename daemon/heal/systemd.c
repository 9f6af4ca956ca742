/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actuator that means it: keeps the orders to systemd's manager, and hears how their jobs end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "heal/healer.h"
#include "heal/order.h"
#include "heal/systemd.h"

struct systemd {
	sd_bus *bus;
	sd_bus_slot *job_removed, *owner_changed, *subscribe;
	struct order order[HEALER_ATTEMPTS_MAX];
	struct ended_jobs early;
	char owner[32]; /* unique name of who answered to ORDER_MANAGER last */
};

/* ---- the actuator ------------------------------------------------------------------ */

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
	const char *words = "no connection to the bus";
	struct order *order = order_place(systemd);
	int r;

	order->decision = decision->id;
	order->started_ms = attempt->started_ms;
	r = order_begin(order, decision, status, &words);
	if (r < 0) {
		order_clear(order);
		return refuse(attempt, r, words);
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
	order_go_on(order);
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
	for (size_t i = 0; i < HEALER_ATTEMPTS_MAX; i++)
		if (order_take_job(&systemd->order[i], path, result))
			return 0;
	early = &systemd->early.job[systemd->early.n++ % ORDER_EARLY_MAX];
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
	    !sd_bus_message_is_method_error(m, ORDER_MANAGER ".AlreadySubscribed"))
		return 0;
	if (!sender || text_format(systemd->owner, sizeof(systemd->owner), "%s", sender) < 0)
		systemd->owner[0] = '\0';
	return 0;
}

static int subscribe(struct systemd *systemd)
{
	systemd->owner[0] = '\0';
	systemd->subscribe = sd_bus_slot_unref(systemd->subscribe);
	return order_call(systemd->bus, "Subscribe", NULL, NULL, &systemd->subscribe, on_subscribed,
			  systemd);
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
		systemd->order[i] = (struct order) { .bus = bus, .early = &systemd->early };
	r = sd_bus_match_signal_async(bus, &systemd->job_removed, ORDER_MANAGER, ORDER_MANAGER_PATH,
				      ORDER_MANAGER_IFACE, "JobRemoved", on_job_removed, on_matched,
				      systemd);
	if (r >= 0)
		r = sd_bus_add_match_async(
			bus, &systemd->owner_changed,
			"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop."
			"DBus',member='NameOwnerChanged',arg0='" ORDER_MANAGER "'",
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
