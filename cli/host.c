/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to systemd and polkit, one after the other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/host.h"
#include "record/unitfile.h"

#define MANAGER_NAME  "org.freedesktop.systemd1"
#define MANAGER_PATH  "/org/freedesktop/systemd1"
#define MANAGER_IFACE "org.freedesktop.systemd1.Manager"
#define UNIT_PATH     "/org/freedesktop/systemd1/unit"
#define POLKIT_NAME   "org.freedesktop.PolicyKit1"
#define POLKIT_PATH   "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_IFACE  "org.freedesktop.PolicyKit1.Authority"
#define RELOAD_US     (uint64_t)180000000 /* all generators run again: systemctl waits as long */

int host_open(sd_bus **ret)
{
	return sd_bus_open_system(ret);
}

/* ---- one service ------------------------------------------------------------------- */

static void take_id(struct host_service *service, const char *text)
{
	(void)snprintf(service->status.name, sizeof(service->status.name), "%s", text);
}

static void take_load(struct host_service *service, const char *text)
{
	(void)snprintf(service->load, sizeof(service->load), "%s", text);
}

static void take_type(struct host_service *service, const char *text)
{
	static const char *const types[] = { "simple",	      "exec",	 "notify",
					     "notify-reload", "forking", "dbus" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(text, types[i]) == 0)
			service->status.flags |= UNIT_LONG_RUNNING;
}

static void take_file_state(struct host_service *service, const char *text)
{
	if (strcmp(text, "masked") == 0 || strcmp(text, "masked-runtime") == 0)
		service->status.flags |= UNIT_MASKED;
}

/* One name more in a list of UNIT_ALIASES_SIZE bytes. */
static void list_name(struct host_service *service, char *list, const char *name)
{
	size_t length = strlen(list);

	if (text_is_unit_name(name) && text_format(list + length, UNIT_ALIASES_SIZE - length,
						   "%s%s", length ? " " : "", name) >= 0)
		return;
	list[length] = '\0';
	service->status.flags |= UNIT_NAMES_CUT;
}

static void take_name(struct host_service *service, const char *text)
{
	list_name(service, service->status.aliases, text);
}

static void take_dependent(struct host_service *service, const char *text)
{
	list_name(service, service->status.dependents, text);
}

static void take_trigger(struct host_service *service, const char *text)
{
	const char *type = strrchr(text, '.');

	if (type && strcmp(type, ".timer") == 0)
		service->status.flags |= UNIT_TIMER_STARTED;
}

static void take_fragment(struct host_service *service, const char *text)
{
	if (text_format(service->fragment, sizeof(service->fragment), "%s", text) >= 0)
		return;
	service->fragment[0] = '\0';
	service->policy_broken = true; /* it is not looked at */
}

static void take_drop_in(struct host_service *service, const char *text)
{
	size_t length = strlen(service->drop_ins);

	if (text_format(service->drop_ins + length, sizeof(service->drop_ins) - length, "%s\n",
			text) >= 0)
		return;
	service->drop_ins[length] = '\0';
	service->policy_broken = true; /* one of so many is not looked at */
}

int host_files(const struct host_service *service,
	       int (*visit)(const char *path, bool is_drop_in, void *userdata), void *userdata)
{
	char path[HOST_PATH_SIZE];
	const char *at = service->drop_ins;
	size_t length;
	int r;

	if (service->fragment[0]) {
		r = visit(service->fragment, false, userdata);
		if (r < 0)
			return r;
	}
	for (; *at; at += length + 1) {
		length = strcspn(at, "\n");
		if (text_format(path, sizeof(path), "%.*s", (int)length, at) < 0)
			return -ENAMETOOLONG;
		r = visit(path, true, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Two layers, as the daemon has them: so a list is as long here as there. */
struct policies {
	struct terms own, dropped_in;
	bool is_broken;
};

static int read_policy(const char *path, bool is_drop_in, void *userdata)
{
	struct policies *policies = userdata;
	struct ini_error error;

	if (unitfile_load(path, is_drop_in ? &policies->dropped_in : &policies->own, &error) < 0)
		policies->is_broken = true;
	return 0;
}

/* The unit file first, whatever the order in which the bus told them. */
static void read_policies(struct host_service *service)
{
	struct policies policies = { .is_broken = service->policy_broken };

	if (host_files(service, read_policy, &policies) < 0)
		policies.is_broken = true;
	service->policy_broken = policies.is_broken;
	service->terms = policies.own;
	(void)terms_overlay(&service->terms, &policies.dropped_in);
}

/* The properties we read: a text, each text of a list, or a flag if it is true. */
static const struct property {
	const char *name, *type;
	void (*take)(struct host_service *service, const char *text);
	uint32_t flag;
} property_table[] = {
	{ "Id", "s", take_id, 0 },
	{ "LoadState", "s", take_load, 0 },
	{ "Type", "s", take_type, 0 },
	{ "UnitFileState", "s", take_file_state, 0 },
	{ "FragmentPath", "s", take_fragment, 0 },
	{ "DropInPaths", "as", take_drop_in, 0 },
	{ "Names", "as", take_name, 0 },
	{ "RequiredBy", "as", take_dependent, 0 },
	{ "BoundBy", "as", take_dependent, 0 },
	{ "ConsistsOf", "as", take_dependent, 0 },
	{ "PropagatesStopTo", "as", take_dependent, 0 },
	{ "TriggeredBy", "as", take_trigger, 0 },
	{ "Transient", "b", NULL, UNIT_TRANSIENT },
	{ "CanReload", "b", NULL, UNIT_CAN_RELOAD },
	{ "RefuseManualStart", "b", NULL, UNIT_REFUSES_ORDERS },
	{ "RefuseManualStop", "b", NULL, UNIT_REFUSES_ORDERS },
};

static const struct property *property_find(const char *name)
{
	for (size_t i = 0; i < sizeof(property_table) / sizeof(property_table[0]); i++)
		if (strcmp(property_table[i].name, name) == 0)
			return &property_table[i];
	return NULL;
}

static int read_list(sd_bus_message *m, const struct property *property,
		     struct host_service *service)
{
	const char *text;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "s");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read_basic(m, 's', &text)) > 0)
		property->take(service, text);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const struct property *property,
		      struct host_service *service)
{
	const char *text;
	int truth, r;

	switch (property->type[0]) {
	case 'a':
		return read_list(m, property, service);
	case 's':
		r = sd_bus_message_read_basic(m, 's', &text);
		if (r >= 0)
			property->take(service, text);
		return r;
	default:
		r = sd_bus_message_read_basic(m, 'b', &truth);
		if (r >= 0 && truth)
			service->status.flags |= property->flag;
		return r;
	}
}

/* Name and variant. */
static int read_entry(sd_bus_message *m, struct host_service *service)
{
	const struct property *property;
	const char *name, *type;
	int r;

	r = sd_bus_message_read_basic(m, 's', &name);
	if (r < 0)
		return r;
	r = sd_bus_message_peek_type(m, NULL, &type);
	if (r < 0)
		return r;
	property = property_find(name);
	if (!property || strcmp(property->type, type) != 0)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_enter_container(m, 'v', type);
	if (r < 0)
		return r;
	r = read_value(m, property, service);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_properties(sd_bus_message *m, struct host_service *service)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_entry(m, service);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r;
}

int host_service(sd_bus *bus, const char *name, struct host_service *ret)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	CLEANUP(cleanup_free) char *path = NULL;
	struct host_service service = { .status.kind = UNIT_KIND_SERVICE };
	int r;

	r = sd_bus_path_encode(UNIT_PATH, name, &path);
	if (r < 0)
		return r;
	r = sd_bus_call_method(bus, MANAGER_NAME, path, "org.freedesktop.DBus.Properties", "GetAll",
			       NULL, &reply, "s", ""); /* of all its interfaces */
	if (r < 0)
		return r;
	r = read_properties(reply, &service);
	if (r < 0)
		return r;
	if (!text_is_unit_name(service.status.name))
		return -EBADMSG;
	read_policies(&service);
	*ret = service;
	return 0;
}

/* ---- all of them ------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static int add_if_service(struct unit_set *units, const char *name)
{
	if (!ends_with(name, ".service") || ends_with(name, "@.service") ||
	    !text_is_unit_name(name))
		return 0;
	return unit_set_add(units, name);
}

static int add_loaded(sd_bus *bus, struct unit_set *units)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *name;
	int r;

	r = sd_bus_call_method(bus, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE, "ListUnits", NULL,
			       &reply, "");
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, NULL, NULL, NULL,
					NULL, NULL, NULL, NULL)) > 0) {
		r = add_if_service(units, name);
		if (r < 0)
			return r;
	}
	return r;
}

static int visit_installed(sd_bus *bus, int (*visit)(const char *path, void *userdata),
			   void *userdata)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *path;
	int r;

	r = sd_bus_call_method(bus, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE, "ListUnitFiles",
			       NULL, &reply, "");
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "(ss)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(reply, "(ss)", &path, NULL)) > 0) {
		r = visit(path, userdata);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_installed(const char *path, void *userdata)
{
	const char *slash = strrchr(path, '/');

	return add_if_service(userdata, slash ? slash + 1 : path);
}

struct templates {
	int (*visit)(const char *path, bool is_drop_in, void *userdata);
	void *userdata;
};

static int visit_template(const char *path, void *userdata)
{
	const struct templates *templates = userdata;

	return ends_with(path, "@.service") ? templates->visit(path, false, templates->userdata)
					    : 0;
}

int host_templates(sd_bus *bus, int (*visit)(const char *path, bool is_drop_in, void *userdata),
		   void *userdata)
{
	struct templates templates = { .visit = visit, .userdata = userdata };

	return visit_installed(bus, visit_template, &templates);
}

int host_services(sd_bus *bus, struct unit_set *units)
{
	int r;

	r = add_loaded(bus, units);
	if (r < 0)
		return r;
	return visit_installed(bus, add_installed, units);
}

int host_reload(sd_bus *bus)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, MANAGER_NAME, MANAGER_PATH, MANAGER_IFACE,
					   "Reload");
	if (r < 0)
		return r;
	return sd_bus_call(bus, m, RELOAD_US, NULL, NULL);
}

/* ---- polkit -------------------------------------------------------------------------- */

static int no_polkit(const sd_bus_error *error, int r, char *problem, size_t size)
{
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		(void)snprintf(problem, size, "there is no polkit on this host");
		return -ENOPKG;
	}
	(void)snprintf(problem, size, "polkit does not answer: %s", error->message ?: strerror(-r));
	return r;
}

/* "js" is the engine that reads rules; "local" was that of polkit before 0.106. */
int host_polkit(sd_bus *bus, char *problem, size_t size)
{
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP(cleanup_free) char *backend = NULL;
	int r;

	r = sd_bus_get_property_string(bus, POLKIT_NAME, POLKIT_PATH, POLKIT_IFACE, "BackendName",
				       &error, &backend);
	if (r < 0)
		return no_polkit(&error, r, problem, size);
	if (strcmp(backend, "js") == 0)
		return 0;
	(void)snprintf(problem, size, "the polkit of this host reads no rules in JavaScript");
	return -ENOPKG;
}
