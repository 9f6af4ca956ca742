/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two questions, one after the other: the bus is asked who it is, and polkit if he may. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "permission.h"

#define BUS_NAME      "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define POLKIT_NAME   "org.freedesktop.PolicyKit1"
#define POLKIT_PATH   "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_IFACE  "org.freedesktop.PolicyKit1.Authority"
#define TOO_MANY      "too many orders wait for polkit's answer"
#define MAY_ASK_HUMAN 1u		  /* polkit's AllowUserInteraction */
#define PATIENCE_US   UINT64_C(120000000) /* for a password */

struct request {
	struct permission *permission;
	sd_bus_message *message; /* NULL: free */
	sd_bus_slot *question;
	sd_bus_slot *watch; /* for the sender's end */
	const char *action, *unit;
	uid_t who;
	char id[24]; /* by which polkit knows the question; "": it is not asked */
};

struct permission {
	sd_bus *bus;
	permission_granted *granted;
	void *userdata;
	uint64_t n_asked;
	struct request request[PERMISSION_PENDING_MAX];
};

static void end(struct request *request)
{
	sd_bus_slot_unref(request->question);
	sd_bus_slot_unref(request->watch);
	sd_bus_message_unref(request->message);
	*request = (struct request) { 0 };
}

/* Nobody waits for polkit's answer any more: then the password needs not be asked for either. */
static void call_off(struct request *request)
{
	if (request->id[0])
		(void)sd_bus_call_method_async(
			request->permission->bus, NULL, POLKIT_NAME, POLKIT_PATH, POLKIT_IFACE,
			"CancelCheckAuthorization", NULL, NULL, "s", request->id);
}

static int refuse(struct request *request, const char *name, const char *words)
{
	(void)sd_bus_reply_method_errorf(request->message, name, "%s", words);
	end(request);
	return 0;
}

static int grant(struct request *request)
{
	struct permission *permission = request->permission;
	int r;

	r = permission->granted(request->message, request->who, permission->userdata);
	if (r < 0)
		(void)sd_bus_reply_method_errno(request->message, r, NULL);
	end(request);
	return 0;
}

/* ---- polkit ------------------------------------------------------------------------- */

static int polkit_failed(struct request *request, const sd_bus_error *error)
{
	const char *words = error->message ?: error->name;

	if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		words = "there is no polkit here: only root may give orders";
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY)) {
		call_off(request);
		words = "polkit did not answer in time";
	}
	return refuse(request, SD_BUS_ERROR_ACCESS_DENIED, words);
}

static int on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct request *request = userdata;
	int granted, could_ask, r;

	(void)ret_error;
	if (error)
		return polkit_failed(request, error);
	r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(reply, "bb", &granted, &could_ask);
	if (r >= 0 && granted)
		return grant(request);
	if (r >= 0 && could_ask)
		return refuse(request, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			      "an administrator must authenticate");
	return refuse(request, SD_BUS_ERROR_ACCESS_DENIED, "not allowed by polkit");
}

static int ask_polkit(struct request *request)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *question = NULL;
	struct permission *permission = request->permission;
	uint32_t flags = 0;
	int r;

	if (sd_bus_message_get_allow_interactive_authorization(request->message) > 0)
		flags |= MAY_ASK_HUMAN;
	r = text_format(request->id, sizeof(request->id), "%" PRIu64, ++permission->n_asked);
	if (r >= 0)
		r = sd_bus_message_new_method_call(permission->bus, &question, POLKIT_NAME,
						   POLKIT_PATH, POLKIT_IFACE, "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(question, "(sa{sv})s", "system-bus-name", 1, "name", "s",
					  sd_bus_message_get_sender(request->message),
					  request->action);
	if (r >= 0 && request->unit)
		r = sd_bus_message_append(question, "a{ss}", 1, "unit", request->unit);
	else if (r >= 0)
		r = sd_bus_message_append(question, "a{ss}", 0);
	if (r >= 0)
		r = sd_bus_message_append(question, "us", flags, request->id);
	if (r >= 0)
		r = sd_bus_call_async(permission->bus, &request->question, question, on_polkit,
				      request, PATIENCE_US);
	return r;
}

static bool has_room(const struct permission *permission, uid_t who)
{
	size_t n = 0, n_own = 0;

	for (size_t i = 0; i < PERMISSION_PENDING_MAX; i++) {
		const struct request *request = &permission->request[i];

		n += request->id[0] != '\0';
		n_own += request->id[0] != '\0' && request->who == who;
	}
	return n < PERMISSION_ASKING_MAX && n_own < PERMISSION_PER_USER_MAX;
}

/* ---- the bus ------------------------------------------------------------------------ */

/* root needs no polkit, so orders can be given where there is none. */
static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct request *request = userdata;
	uint32_t uid;

	(void)ret_error;
	request->question = sd_bus_slot_unref(request->question);
	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "u", &uid) < 0)
		return refuse(request, SD_BUS_ERROR_ACCESS_DENIED, "the bus does not know you");
	request->who = uid;
	if (uid == 0)
		return grant(request);
	if (!has_room(request->permission, uid))
		return refuse(request, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);
	if (ask_polkit(request) < 0)
		return refuse(request, SD_BUS_ERROR_FAILED, "polkit cannot be asked");
	return 0;
}

static int on_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m, (void)ret_error;
	call_off(userdata);
	end(userdata);
	return 0;
}

/* Without a handler of its own, sd-bus ends the connection where the bus refuses a match. */
static int on_watched(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	(void)reply, (void)userdata, (void)ret_error;
	return 0;
}

/* In this order: the end of a sender who is known to be there cannot be missed. */
static int ask_bus(struct request *request)
{
	const char *sender = sd_bus_message_get_sender(request->message);
	sd_bus *bus = request->permission->bus;
	char match[512];
	int r;

	if (!sender)
		return -EACCES;
	r = text_format(match, sizeof(match),
			"type='signal',sender='" BUS_NAME "',path='" BUS_PATH
			"',interface='" BUS_NAME "',member='NameOwnerChanged',arg0='%s',arg2=''",
			sender);
	if (r >= 0)
		r = sd_bus_add_match_async(bus, &request->watch, match, on_gone, on_watched,
					   request);
	if (r >= 0)
		r = sd_bus_call_method_async(bus, &request->question, BUS_NAME, BUS_PATH, BUS_NAME,
					     "GetConnectionUnixUser", on_uid, request, "s", sender);
	return r;
}

/* One connection must not take all places before it is even known who that is. */
static bool has_too_many(const struct permission *permission, const char *sender)
{
	size_t n = 0;

	for (size_t i = 0; i < PERMISSION_PENDING_MAX; i++) {
		sd_bus_message *waiting = permission->request[i].message;

		n += waiting && sender && sd_bus_message_get_sender(waiting) &&
		     strcmp(sd_bus_message_get_sender(waiting), sender) == 0;
	}
	return n >= PERMISSION_PER_USER_MAX;
}

int permission_ask(struct permission *permission, sd_bus_message *m, const char *action,
		   const char *unit, sd_bus_error *error)
{
	struct request *request = permission->request;
	struct request *beyond = request + PERMISSION_PENDING_MAX;
	int r;

	while (request < beyond && request->message)
		request++;
	if (request == beyond || has_too_many(permission, sd_bus_message_get_sender(m)))
		return sd_bus_error_set_const(error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MANY);
	*request = (struct request) {
		.permission = permission,
		.message = sd_bus_message_ref(m),
		.action = action,
		.unit = unit,
	};
	r = ask_bus(request);
	if (r < 0) {
		end(request);
		return sd_bus_error_set_errno(error, r);
	}
	return 1;
}

int permission_new(sd_bus *bus, permission_granted *granted, void *userdata,
		   struct permission **ret)
{
	struct permission *permission = calloc(1, sizeof(*permission));

	if (!permission)
		return -ENOMEM;
	permission->bus = bus;
	permission->granted = granted;
	permission->userdata = userdata;
	*ret = permission;
	return 0;
}

struct permission *permission_free(struct permission *permission)
{
	if (!permission)
		return NULL;
	for (size_t i = 0; i < PERMISSION_PENDING_MAX; i++)
		end(&permission->request[i]);
	free(permission);
	return NULL;
}
