/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test's own systemd: answers by hand what units.c and heal/systemd.c ask. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "fake_manager.h"
#include "tests/unit/assertion.h"

#define NAME	  "org.freedesktop.systemd1"
#define PATH	  "/org/freedesktop/systemd1"
#define UNIT_PATH PATH "/unit"
#define IFACE	  NAME ".Manager"

struct fake_unit fake_service(const char *name)
{
	return (struct fake_unit) {
		.name = name,
		.active = "active",
		.sub = "running",
		.result = "success",
		.type = "simple",
		.cgroup = "/system.slice/x.service",
		.invocation = 1,
		.main_pid = 100,
		.active_enter_us = 1,
	};
}

static void append_socket(sd_bus_message *m, const struct fake_unit *unit)
{
	if (!unit->listen)
		return;
	(void)sd_bus_message_append(m, "{sv}", "Accept", "b", unit->accepts);
	(void)sd_bus_message_append(m, "{sv}", "Listen", "a(ss)", 2, "Stream", unit->listen,
				    "Datagram", "0.0.0.0:53");
	(void)sd_bus_message_append(m, "{sv}", "Triggers", "as", 1, unit->triggers);
}

static void append_files(sd_bus_message *m, const struct fake_unit *unit)
{
	if (unit->fragment)
		(void)sd_bus_message_append(m, "{sv}", "FragmentPath", "s", unit->fragment);
	if (unit->program)
		(void)sd_bus_message_append(m, "{sv}", "ExecStart", "a(sasbttttuii)", 1,
					    unit->program, 1, unit->program, 0, UINT64_C(0),
					    UINT64_C(0), UINT64_C(0), UINT64_C(0), 0, 0, 0);
}

static int append_list(sd_bus_message *m, const char *key, const char *first, const char *second)
{
	return sd_bus_message_append(m, "{sv}", key, "as", (first != NULL) + (second != NULL),
				     first ?: second, second);
}

int fake_append(sd_bus_message *m, const struct fake_unit *unit)
{
	uint8_t invocation[16];
	int r;

	memset(invocation, unit->invocation, sizeof(invocation));
	r = sd_bus_message_open_container(m, 'a', "{sv}");
	cr_assert(ge(int, r, 0));
	(void)sd_bus_message_append(m, "{sv}", "ActiveState", "s", unit->active);
	(void)sd_bus_message_append(m, "{sv}", "SubState", "s", unit->sub);
	(void)sd_bus_message_append(m, "{sv}", "Result", "s", unit->result);
	(void)sd_bus_message_append(m, "{sv}", "Type", "s", unit->type);
	(void)sd_bus_message_append(m, "{sv}", "LoadState", "s", "loaded");
	(void)sd_bus_message_append(m, "{sv}", "ControlGroup", "s", unit->cgroup);
	(void)sd_bus_message_append(m, "{sv}", "ControlGroupId", "t", UINT64_C(77));
	(void)sd_bus_message_append(m, "{sv}", "MainPID", "u", unit->main_pid);
	(void)sd_bus_message_append(m, "{sv}", "NRestarts", "u", unit->n_restarts);
	(void)sd_bus_message_append(m, "{sv}", "Job", "(uo)", unit->job,
				    unit->job ? PATH "/job/1" : "/");
	(void)sd_bus_message_append(m, "{sv}", "MemoryMax", "t", UINT64_C(1) << 29);
	(void)sd_bus_message_append(m, "{sv}", "TasksMax", "t", UINT64_MAX);
	(void)sd_bus_message_append(m, "{sv}", "LimitNOFILESoft", "t", UINT64_C(1024));
	(void)sd_bus_message_append(m, "{sv}", "ActiveEnterTimestamp", "t", unit->active_enter_us);
	(void)append_list(m, "Names", unit->name, unit->alias);
	(void)append_list(m, "TriggeredBy", unit->trigger, NULL);
	append_socket(m, unit);
	append_files(m, unit);
	(void)append_list(m, "Requires", "system.slice", unit->requires);
	(void)append_list(m, "Wants", unit->wants, NULL);
	(void)append_list(m, "After", "sysinit.target", unit->after);
	(void)sd_bus_message_open_container(m, 'e', "sv");
	(void)sd_bus_message_append(m, "s", "InvocationID");
	(void)sd_bus_message_open_container(m, 'v', "ay");
	(void)sd_bus_message_append_array(m, 'y', invocation, sizeof(invocation));
	(void)sd_bus_message_close_container(m);
	(void)sd_bus_message_close_container(m);
	return sd_bus_message_close_container(m);
}

/* ---- calls ------------------------------------------------------------------- */

static int answer_list(struct fake_manager *fake, sd_bus_message *m)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	char name[32];

	(void)sd_bus_message_new_method_return(m, &reply);
	(void)sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
	for (unsigned int i = 0; i < fake->n_crowd; i++) {
		(void)snprintf(name, sizeof(name), "crowd-%u.service", i);
		(void)sd_bus_message_append(reply, "(ssssssouso)", name, "", "loaded", "active",
					    "running", "", "/", 0, "", "/");
	}
	for (size_t i = 0; i < FAKE_UNITS && fake->unit[i].name; i++)
		(void)sd_bus_message_append(reply, "(ssssssouso)", fake->unit[i].name, "", "loaded",
					    fake->unit[i].active, fake->unit[i].sub, "", "/", 0, "",
					    "/");
	(void)sd_bus_message_close_container(reply);
	return sd_bus_send(fake->server, reply, NULL);
}

static int answer_properties(struct fake_manager *fake, sd_bus_message *m)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	CLEANUP(cleanup_free) char *name = NULL;

	(void)sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PATH, &name);
	for (size_t i = 0; name && i < FAKE_UNITS && fake->unit[i].name; i++) {
		if (strcmp(fake->unit[i].name, name) != 0)
			continue;
		(void)sd_bus_message_new_method_return(m, &reply);
		(void)fake_append(reply, &fake->unit[i]);
		return sd_bus_send(fake->server, reply, NULL);
	}
	return sd_bus_reply_method_errorf(m, NAME ".NoSuchUnit", "no such unit");
}

static int answer_jobs(struct fake_manager *fake, sd_bus_message *m)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

	(void)sd_bus_message_new_method_return(m, &reply);
	(void)sd_bus_message_open_container(reply, 'a', "(usssoo)");
	if (fake->queued)
		(void)sd_bus_message_append(reply, "(usssoo)", 1, fake->queued, fake->queued_type,
					    "waiting", PATH "/job/1", "/");
	(void)sd_bus_message_close_container(reply);
	return sd_bus_send(fake->server, reply, NULL);
}

/* The one property that anybody asks for alone. */
static int answer_state(struct fake_manager *fake, sd_bus_message *m)
{
	CLEANUP(cleanup_free) char *name = NULL;

	(void)sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PATH, &name);
	for (size_t i = 0; name && i < FAKE_UNITS && fake->unit[i].name; i++)
		if (strcmp(fake->unit[i].name, name) == 0)
			return sd_bus_reply_method_return(m, "v", "s", fake->unit[i].active);
	return sd_bus_reply_method_errorf(m, NAME ".NoSuchUnit", "no such unit");
}

static bool is_order(const char *member)
{
	static const char *const orders[] = { "RestartUnit", "TryRestartUnit", "ReloadUnit",
					      "StartUnit" };

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(member, orders[i]) == 0)
			return true;
	return false;
}

static int answer_restart(struct fake_manager *fake, sd_bus_message *m)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *early = NULL;

	if (fake->no)
		return sd_bus_reply_method_errorf(m, fake->no, "no, because");
	if (fake->done_before) {
		(void)sd_bus_message_new_signal(fake->server, &early, PATH, IFACE, "JobRemoved");
		(void)sd_bus_message_append(early, "uoss", 1, fake->job_path, "a.service",
					    fake->done_before);
		(void)sd_bus_send(fake->server, early, NULL);
	}
	return sd_bus_reply_method_return(m, "o", fake->job_path);
}

static void note(struct fake_manager *fake, sd_bus_message *m)
{
	const char *member = sd_bus_message_get_member(m), *name = "", *mode = "";
	size_t length = strlen(fake->asked);

	if (is_order(member))
		(void)sd_bus_message_read(m, "ss", &name, &mode);
	if (strcmp(member, "ResetFailedUnit") == 0)
		(void)sd_bus_message_read(m, "s", &name);
	(void)snprintf(fake->asked + length, sizeof(fake->asked) - length, "%s%s%s%s%s%s",
		       length ? " " : "", member, *name ? ":" : "", name, *mode ? ":" : "", mode);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct fake_manager *fake = userdata;

	(void)error;
	if (sd_bus_message_is_method_call(m, NULL, NULL) <= 0)
		return 0;
	note(fake, m);
	if (sd_bus_message_is_method_call(m, IFACE, "ListUnits") ||
	    sd_bus_message_is_method_call(m, IFACE, "ListUnitsByPatterns"))
		return answer_list(fake, m) < 0 ? -EIO : 1;
	if (sd_bus_message_is_method_call(m, NULL, "GetAll"))
		return answer_properties(fake, m) < 0 ? -EIO : 1;
	if (sd_bus_message_is_method_call(m, IFACE, "ListJobs"))
		return answer_jobs(fake, m) < 0 ? -EIO : 1;
	if (sd_bus_message_is_method_call(m, NULL, "Get"))
		return answer_state(fake, m) < 0 ? -EIO : 1;
	if (is_order(sd_bus_message_get_member(m)))
		return answer_restart(fake, m) < 0 ? -EIO : 1;
	if (sd_bus_message_is_method_call(m, IFACE, "Subscribe") && fake->owner_error)
		return sd_bus_reply_method_errorf(m, fake->owner_error, "no");
	return sd_bus_reply_method_return(m, "");
}

/* ---- life ----------------------------------------------------------------------- */

void fake_open(struct fake_manager *fake)
{
	const sd_id128_t id =
		SD_ID128_MAKE(00, 11, 22, 33, 44, 55, 66, 77, 88, 99, aa, bb, cc, dd, ee, ff);
	int fd[2], r;

	*fake = (struct fake_manager) { .job_path = PATH "/job/1" };
	r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd);
	cr_assert(eq(int, r, 0));
	cr_assert(ge(int, sd_bus_new(&fake->server), 0));
	cr_assert(ge(int, sd_bus_set_fd(fake->server, fd[0], fd[0]), 0));
	cr_assert(ge(int, sd_bus_set_server(fake->server, 1, id), 0));
	cr_assert(ge(int, sd_bus_set_sender(fake->server, FAKE_OWNER), 0));
	cr_assert(ge(int, sd_bus_add_filter(fake->server, NULL, on_call, fake), 0));
	cr_assert(ge(int, sd_bus_start(fake->server), 0));
	cr_assert(ge(int, sd_bus_new(&fake->client), 0));
	cr_assert(ge(int, sd_bus_set_fd(fake->client, fd[1], fd[1]), 0));
	cr_assert(ge(int, sd_bus_start(fake->client), 0));
	fake_settle(fake);
}

void fake_close(struct fake_manager *fake)
{
	fake->server = sd_bus_close_unref(fake->server);
	fake->client = sd_bus_close_unref(fake->client);
}

void fake_settle(struct fake_manager *fake)
{
	int at_server, at_client;

	do {
		at_server = fake->server ? sd_bus_process(fake->server, NULL) : 0;
		at_client = sd_bus_process(fake->client, NULL);
	} while (at_server > 0 || at_client > 0);
}

static void *serve(void *userdata)
{
	struct fake_manager *fake = userdata;

	while (!fake->stop) {
		while (sd_bus_process(fake->server, NULL) > 0)
			;
		(void)sd_bus_wait(fake->server, 1000);
	}
	return NULL;
}

void fake_serve(struct fake_manager *fake)
{
	fake->stop = false;
	cr_assert(eq(int, pthread_create(&fake->thread, NULL, serve, fake), 0));
}

void fake_serve_no_more(struct fake_manager *fake)
{
	fake->stop = true;
	cr_assert(eq(int, pthread_join(fake->thread, NULL), 0));
	fake_settle(fake);
}

/* ---- signals -------------------------------------------------------------------- */

static sd_bus_message *signal_new(struct fake_manager *fake, const char *path, const char *iface,
				  const char *member, const char *sender)
{
	sd_bus_message *m = NULL;

	cr_assert(ge(int, sd_bus_message_new_signal(fake->server, &m, path, iface, member), 0));
	cr_assert(ge(int, sd_bus_message_set_sender(m, sender), 0));
	return m;
}

static void signal_send(struct fake_manager *fake, sd_bus_message *m)
{
	cr_assert(ge(int, sd_bus_send(fake->server, m, NULL), 0));
	sd_bus_message_unref(m);
	fake_settle(fake);
}

void fake_changed(struct fake_manager *fake, const struct fake_unit *unit, const char *sender)
{
	CLEANUP(cleanup_free) char *path = NULL;
	sd_bus_message *m;

	(void)sd_bus_path_encode(UNIT_PATH, unit->name, &path);
	m = signal_new(fake, path, "org.freedesktop.DBus.Properties", "PropertiesChanged", sender);
	(void)sd_bus_message_append(m, "s", NAME ".Unit");
	(void)fake_append(m, unit);
	(void)sd_bus_message_append(m, "as", 0);
	signal_send(fake, m);
}

void fake_unit_signal(struct fake_manager *fake, const char *member, const char *name)
{
	CLEANUP(cleanup_free) char *path = NULL;
	sd_bus_message *m = signal_new(fake, PATH, IFACE, member, FAKE_OWNER);

	(void)sd_bus_path_encode(UNIT_PATH, name, &path);
	(void)sd_bus_message_append(m, "so", name, path);
	signal_send(fake, m);
}

void fake_job_new(struct fake_manager *fake, const char *name)
{
	sd_bus_message *m = signal_new(fake, PATH, IFACE, "JobNew", FAKE_OWNER);

	(void)sd_bus_message_append(m, "uos", 1, PATH "/job/1", name);
	signal_send(fake, m);
}

void fake_job_removed(struct fake_manager *fake, const char *path, const char *name,
		      const char *result, const char *sender)
{
	sd_bus_message *m = signal_new(fake, PATH, IFACE, "JobRemoved", sender);

	(void)sd_bus_message_append(m, "uoss", 1, path, name, result);
	signal_send(fake, m);
}

void fake_reloading(struct fake_manager *fake, int active)
{
	sd_bus_message *m = signal_new(fake, PATH, IFACE, "Reloading", FAKE_OWNER);

	(void)sd_bus_message_append(m, "b", active);
	signal_send(fake, m);
}

void fake_owner(struct fake_manager *fake, const char *owner, const char *sender)
{
	sd_bus_message *m = signal_new(fake, "/org/freedesktop/DBus", "org.freedesktop.DBus",
				       "NameOwnerChanged", sender);

	(void)sd_bus_message_append(m, "sss", NAME, FAKE_OWNER, owner);
	signal_send(fake, m);
}
