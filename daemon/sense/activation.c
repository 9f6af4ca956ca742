/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the .socket units, one after the other, into a table of addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sense/activation.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define UNIT_PATH    "/org/freedesktop/systemd1/unit"
#define ANSWER_US    (uint64_t)10000000

/* One address, and the service that gets what comes there. */
struct activated {
	struct diag_end end;
	uint64_t cgroup_id; /* of the .socket unit; 0: none, or not known */
	uint32_t unit;
	char service[UNIT_NAME_SIZE];
};

struct table {
	size_t n;
	struct activated *at;
};

struct activation {
	sd_bus *bus;
	const struct cgroup_roots *roots;
	sd_bus_slot *call;	 /* the question under way */
	uint64_t asked_ms;	 /* 0: never */
	size_t n_unknown;	 /* when it was asked last */
	struct table now, to_be; /* what is known, and what is being read */
	size_t n_names, next;
	char (*name)[UNIT_NAME_SIZE]; /* .socket units to be read */
};

/* ---- one unit ------------------------------------------------------------------ */

int activation_parse_end(const char *text, struct diag_end *ret)
{
	const char *colon = strrchr(text, ':'), *from = text, *to = colon;
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16] = { [10] = 0xff, [11] = 0xff };
	unsigned long port;
	char *end;

	if (!colon || colon == text || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port == 0 || port > UINT16_MAX)
		return -EINVAL;
	if (*text == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		from++;
		to = from + strcspn(from, "%]");
	}
	if (to < from || (size_t)(to - from) >= sizeof(address))
		return -EINVAL;
	memcpy(address, from, (size_t)(to - from));
	address[to - from] = '\0';
	if (inet_pton(*text == '[' ? AF_INET6 : AF_INET, address,
		      *text == '[' ? bytes : bytes + 12) != 1)
		return -EINVAL;
	memcpy(ret->address, bytes, sizeof(bytes));
	ret->port = (uint16_t)port;
	return 0;
}

struct unit_read {
	bool accepts; /* Accept=yes */
	char service[UNIT_NAME_SIZE];
	uint64_t cgroup_id;
	char cgroup[UNIT_ALIASES_SIZE];
	size_t n;
	struct diag_end end[16];
};

static int read_listen(sd_bus_message *m, struct unit_read *unit)
{
	const char *type, *address;
	int r;

	r = sd_bus_message_enter_container(m, 'v', "a(ss)");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "(ss)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "(ss)", &type, &address)) > 0)
		if (unit->n < sizeof(unit->end) / sizeof(unit->end[0]) &&
		    strcmp(type, "Stream") == 0 &&
		    activation_parse_end(address, &unit->end[unit->n]) >= 0)
			unit->n++;
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The first that is triggered: systemd lets a socket have one. */
static int read_triggers(sd_bus_message *m, struct unit_read *unit)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "s");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "s", &name)) > 0)
		if (!unit->service[0] && text_is_unit_name(name))
			(void)text_format(unit->service, sizeof(unit->service), "%s", name);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_property(sd_bus_message *m, const char *name, struct unit_read *unit)
{
	const char *path;
	int accepts, r;

	if (strcmp(name, "Listen") == 0)
		return read_listen(m, unit);
	if (strcmp(name, "Triggers") == 0)
		return read_triggers(m, unit);
	if (strcmp(name, "ControlGroupId") == 0)
		return sd_bus_message_read(m, "v", "t", &unit->cgroup_id);
	if (strcmp(name, "ControlGroup") == 0) {
		r = sd_bus_message_read(m, "v", "s", &path);
		if (r >= 0)
			(void)text_format(unit->cgroup, sizeof(unit->cgroup), "%s", path);
		return r;
	}
	if (strcmp(name, "Accept") != 0)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_read(m, "v", "b", &accepts);
	unit->accepts = accepts;
	return r;
}

static int read_unit(sd_bus_message *m, struct unit_read *unit)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &name);
		if (r >= 0)
			r = read_property(m, name, unit);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static void keep_unit(struct activation *activation, const struct unit_read *unit)
{
	struct table *table = &activation->to_be;
	uint64_t id = unit->cgroup_id;

	if (unit->accepts || !unit->service[0])
		return;
	if (id == 0 && unit->cgroup[0]) /* an old systemd does not tell it */
		(void)cgroup_id(activation->roots, unit->cgroup, &id);
	for (size_t i = 0; i < unit->n && table->n < ACTIVATION_ENDS; i++) {
		struct activated *activated = &table->at[table->n++];

		*activated = (struct activated) { .end = unit->end[i], .cgroup_id = id };
		memcpy(activated->service, unit->service, sizeof(unit->service));
	}
}

/* ---- all of them ------------------------------------------------------------------ */

static int question_new(struct activation *activation, const char *path, const char *iface,
			const char *member, sd_bus_message **ret)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(activation->bus, &m, MANAGER_NAME, path, iface, member);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, false);
	if (r < 0)
		return r;
	*ret = TAKE(m);
	return 0;
}

static void read_next(struct activation *activation);

static int on_unit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct activation *activation = userdata;
	struct unit_read unit = { 0 };

	(void)ret_error;
	activation->call = sd_bus_slot_unref(activation->call);
	if (!sd_bus_message_is_method_error(m, NULL) && read_unit(m, &unit) >= 0)
		keep_unit(activation, &unit);
	read_next(activation);
	return 0;
}

static int ask_unit(struct activation *activation, const char *name)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	CLEANUP(cleanup_free) char *path = NULL;
	int r;

	r = sd_bus_path_encode(UNIT_PATH, name, &path);
	if (r >= 0)
		r = question_new(activation, path, "org.freedesktop.DBus.Properties", "GetAll", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", ""); /* of all its interfaces in one answer */
	if (r < 0)
		return r;
	return sd_bus_call_async(activation->bus, &activation->call, m, on_unit, activation,
				 ANSWER_US);
}

/* One at a time: nobody is in a hurry, and systemd has other work. */
static void read_next(struct activation *activation)
{
	struct table read = activation->to_be;

	while (activation->next < activation->n_names)
		if (ask_unit(activation, activation->name[activation->next++]) >= 0)
			return;
	activation->to_be = activation->now;
	activation->now = read;
}

static int on_list(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct activation *activation = userdata;
	const char *name;
	int r;

	(void)ret_error;
	activation->call = sd_bus_slot_unref(activation->call);
	if (sd_bus_message_is_method_error(m, NULL))
		return 0; /* it is asked again */
	activation->to_be.n = activation->n_names = activation->next = 0;
	r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");
	while (r >= 0 && (r = sd_bus_message_read(m, "(ssssssouso)", &name, NULL, NULL, NULL, NULL,
						  NULL, NULL, NULL, NULL, NULL)) > 0)
		if (activation->n_names < ACTIVATION_UNITS && text_is_unit_name(name))
			(void)text_format(activation->name[activation->n_names++], UNIT_NAME_SIZE,
					  "%s", name);
	if (r >= 0)
		read_next(activation);
	return 0;
}

static int ask_list(struct activation *activation)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = question_new(activation, MANAGER_PATH, MANAGER_NAME ".Manager", "ListUnitsByPatterns",
			 &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "asas", 1, "active", 1, "*.socket");
	if (r < 0)
		return r;
	return sd_bus_call_async(activation->bus, &activation->call, m, on_list, activation,
				 ANSWER_US);
}

void activation_turn(struct activation *activation, size_t n_unknown, uint64_t now_ms)
{
	bool is_news = n_unknown > activation->n_unknown;
	uint64_t every_ms = is_news ? ACTIVATION_HASTE_MS : ACTIVATION_EVERY_MS;

	if (activation->call || (n_unknown == 0 && activation->now.n == 0) ||
	    (activation->asked_ms > 0 && now_ms - activation->asked_ms < every_ms))
		return;
	activation->asked_ms = now_ms;
	activation->n_unknown = n_unknown;
	(void)ask_list(activation);
}

/* ---- what is known ------------------------------------------------------------------ */

void activation_number(struct activation *activation,
		       uint32_t (*unit_of)(const char *name, void *userdata), void *userdata)
{
	struct table *table = &activation->now;

	for (size_t i = 0; i < table->n; i++)
		table->at[i].unit = unit_of(table->at[i].service, userdata);
}

void activation_cgroups(const struct activation *activation,
			void (*visit)(uint64_t cgroup_id, uint32_t unit, void *userdata),
			void *userdata)
{
	const struct table *table = &activation->now;

	for (size_t i = 0; i < table->n; i++)
		if (table->at[i].unit != 0 && table->at[i].cgroup_id != 0)
			visit(table->at[i].cgroup_id, table->at[i].unit, userdata);
}

void activation_ports(const struct activation *activation,
		      void (*visit)(uint16_t port, uint32_t unit, void *userdata), void *userdata)
{
	const struct table *table = &activation->now;

	for (size_t i = 0; i < table->n; i++)
		if (table->at[i].unit != 0)
			visit(table->at[i].end.port, table->at[i].unit, userdata);
}

uint32_t activation_find(const struct activation *activation, const struct diag_end *local)
{
	const struct table *table = &activation->now;
	uint32_t unit = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct activated *activated = &table->at[i];

		if (activated->end.port != local->port)
			continue;
		if (memcmp(activated->end.address, local->address, sizeof(local->address)) == 0)
			return activated->unit;
		if (diag_is_any(activated->end.address))
			unit = activated->unit;
	}
	return unit;
}

/* ---- life ------------------------------------------------------------------------------ */

/* At full size, since it costs only what is touched. */
static int reserve(struct activation *activation)
{
	activation->now.at = calloc(ACTIVATION_ENDS, sizeof(*activation->now.at));
	activation->to_be.at = calloc(ACTIVATION_ENDS, sizeof(*activation->to_be.at));
	activation->name = calloc(ACTIVATION_UNITS, sizeof(*activation->name));
	return activation->now.at && activation->to_be.at && activation->name ? 0 : -ENOMEM;
}

int activation_new(sd_bus *bus, const struct cgroup_roots *roots, struct activation **ret)
{
	struct activation *activation = calloc(1, sizeof(*activation));
	int r;

	if (!activation)
		return -ENOMEM;
	activation->bus = sd_bus_ref(bus);
	activation->roots = roots;
	r = reserve(activation);
	if (r < 0) {
		activation_free(activation);
		return r;
	}
	*ret = activation;
	return 0;
}

struct activation *activation_free(struct activation *activation)
{
	if (activation) {
		sd_bus_slot_unref(activation->call);
		sd_bus_unref(activation->bus);
		free(activation->now.at);
		free(activation->to_be.at);
		free(activation->name);
		free(activation);
	}
	return NULL;
}
