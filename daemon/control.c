/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The object: reads an order, checks it, asks who may give it, has it carried out, answers. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "control.h"
#include "direct.h"
#include "judge/hold.h"
#include "permission.h"
#include "record/names.h"
#include "record/order.h"
#include "seat.h"

#define PAUSE_S_MAX (UINT64_C(365) * 24 * 3600)

/* Where an order comes in. */
struct door {
	struct control *control;
	struct permission *permission; /* on the bus; NULL: the direct socket */
	uid_t peer;		       /* at the direct socket */
};

struct control {
	sd_event *event;
	const struct control_handler *handler;
	void *userdata;
	struct direct *direct; /* NULL: not listening */
	struct seat *seat;     /* NULL: not on the bus */
	struct door place[DIRECT_CONNECTIONS_MAX];
	struct door bus;
};

/* ---- what an order must look like ------------------------------------------------- */

static int is_wrong(sd_bus_error *ret_error, const char *words)
{
	return sd_bus_error_set_const(ret_error, SD_BUS_ERROR_INVALID_ARGS, words);
}

static bool is_fault_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length < 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz-") == length;
}

/* Text that needs no escape. (The bus lets nothing pass that is no UTF-8.) */
static bool is_reason(const char *text)
{
	char escaped[HOLD_REASON_BYTES + 1];

	return strlen(text) <= HOLD_REASON_BYTES &&
	       strcmp(text_escape(escaped, sizeof(escaped), text), text) == 0;
}

static int read_inject(sd_bus_message *m, struct order *order, sd_bus_error *ret_error)
{
	int r;

	r = sd_bus_message_read(m, "ss", &order->fault, &order->unit);
	if (r < 0)
		return r;
	if (!is_fault_name(order->fault) || !text_is_unit_name(order->unit))
		return is_wrong(ret_error, "expected a fault and the name of a unit");
	return 0;
}

static int read_stop(sd_bus_message *m, struct order *order, sd_bus_error *ret_error)
{
	int r;

	r = sd_bus_message_read(m, "s", &order->reason);
	if (r < 0)
		return r;
	if (!is_reason(order->reason))
		return is_wrong(ret_error, "expected a reason: printable, at most 200 bytes");
	return 0;
}

static int read_pause(sd_bus_message *m, struct order *order, sd_bus_error *ret_error)
{
	uint64_t for_s;
	int r;

	r = sd_bus_message_read(m, "sts", &order->unit, &for_s, &order->reason);
	if (r < 0)
		return r;
	if (!text_is_unit_name(order->unit) || for_s == 0 || for_s > PAUSE_S_MAX ||
	    !is_reason(order->reason))
		return is_wrong(ret_error, "expected the name of a unit, 1 second to a year, and a "
					   "reason: printable, at most 200 bytes");
	order->for_ms = SECONDS(for_s);
	return 0;
}

static int read_resume(sd_bus_message *m, struct order *order, sd_bus_error *ret_error)
{
	int r;

	r = sd_bus_message_read(m, "s", &order->unit);
	if (r < 0)
		return r;
	if (order->unit[0] && !text_is_unit_name(order->unit))
		return is_wrong(ret_error, "expected the name of a unit, or nothing for all");
	return 0;
}

static int read_approve(sd_bus_message *m, struct order *order, sd_bus_error *ret_error)
{
	int r;

	r = sd_bus_message_read(m, "t", &order->incident);
	if (r < 0)
		return r;
	if (order->incident == 0)
		return is_wrong(ret_error, "expected the number of an incident");
	return 0;
}

static int read_heal(sd_bus_message *m, struct order *order, sd_bus_error *ret_error)
{
	int r;

	r = sd_bus_message_read(m, "s", &order->unit);
	if (r < 0)
		return r;
	if (!text_is_unit_name(order->unit))
		return is_wrong(ret_error, "expected the name of a unit");
	return 0;
}

static const struct {
	const char *member, *action;
	int (*read)(sd_bus_message *m, struct order *order, sd_bus_error *ret_error);
} order_table[ORDER_N] = {
	[ORDER_INJECT] = { "Inject", NAME_POLKIT_ACTION "inject", read_inject },
	[ORDER_STOP] = { "Stop", NAME_POLKIT_ACTION "stop", read_stop },
	[ORDER_PAUSE] = { "Pause", NAME_POLKIT_ACTION "pause", read_pause },
	[ORDER_RESUME] = { "Resume", NAME_POLKIT_ACTION "resume", read_resume },
	[ORDER_APPROVE] = { "Approve", NAME_POLKIT_ACTION "approve", read_approve },
	[ORDER_HEAL] = { "Heal", NAME_POLKIT_ACTION "heal", read_heal },
};

static int read_order(sd_bus_message *m, struct order *ret, sd_bus_error *ret_error)
{
	const char *member = sd_bus_message_get_member(m);

	*ret = (struct order) { .kind = ORDER_INJECT };
	while (strcmp(order_table[ret->kind].member, member) != 0) {
		ret->kind++;
		assert(ret->kind < ORDER_N); /* the vtable has no others */
	}
	return order_table[ret->kind].read(m, ret, ret_error);
}

/* ---- what is done about it ---------------------------------------------------------- */

static int say_no(sd_bus_error *ret_error, int error, const char *words)
{
	for (size_t i = 0; i < ORDER_ERRORS; i++)
		if (order_error_table[i].error == -error)
			return sd_bus_error_set_const(ret_error, order_error_table[i].name,
						      words[0] ? words
							       : order_error_table[i].words);
	return sd_bus_error_setf(ret_error, SD_BUS_ERROR_FAILED, "that failed: %s",
				 strerror(-error));
}

static int obey(struct control *control, sd_bus_message *m, const struct order *order,
		sd_bus_error *ret_error)
{
	const char *words = "";
	int r;

	r = control->handler->obey(control->userdata, order, &words);
	if (r < 0)
		return say_no(ret_error, r, words);
	return sd_bus_reply_method_return(m, "s", words);
}

/* Its sender may give it: it is read once more, since so long only the message was kept. */
static int on_granted(sd_bus_message *m, uid_t who, void *userdata)
{
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct order order;
	int r;

	r = sd_bus_message_rewind(m, true);
	if (r >= 0)
		r = read_order(m, &order, &error);
	if (r >= 0) {
		order.who = who;
		r = obey(userdata, m, &order, &error);
	}
	if (r < 0 && sd_bus_error_is_set(&error))
		return sd_bus_reply_method_error(m, &error);
	return r;
}

static int on_order(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct door *door = userdata;
	struct order order;
	int r;

	r = read_order(m, &order, ret_error);
	if (r < 0)
		return r;
	if (door->permission)
		return permission_ask(door->permission, m, order_table[order.kind].action,
				      order.unit && order.unit[0] ? order.unit : NULL, ret_error);
	if (door->peer != 0 && door->peer != geteuid())
		return say_no(ret_error, -EACCES, "");
	order.who = door->peer;
	return obey(door->control, m, &order, ret_error);
}

/* ---- the object --------------------------------------------------------------------- */

static int on_property(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct door *door = userdata;
	struct control *control = door->control;
	struct control_state state = { .mode = "" };

	(void)bus, (void)path, (void)interface, (void)ret_error;
	control->handler->describe(control->userdata, &state);
	if (strcmp(property, "Version") == 0)
		return sd_bus_message_append(reply, "s", NAME_VERSION);
	if (strcmp(property, "Mode") == 0)
		return sd_bus_message_append(reply, "s", state.mode);
	if (strcmp(property, "Simulates") == 0)
		return sd_bus_message_append(reply, "b", state.simulates);
	return sd_bus_message_append(reply, "u",
				     strcmp(property, "Sick") == 0 ? state.n_sick : state.n_units);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	/* Unprivileged for sd-bus only, which would wait for the bus to learn who it is: on_order()
	 * looks at that itself. */
	SD_BUS_METHOD_WITH_ARGS("Inject", SD_BUS_ARGS("s", fault, "s", unit),
				SD_BUS_RESULT("s", words), on_order, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("s", reason), SD_BUS_RESULT("s", words),
				on_order, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_ARGS("s", unit, "t", seconds, "s", reason),
				SD_BUS_RESULT("s", words), on_order, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_ARGS("s", unit), SD_BUS_RESULT("s", words),
				on_order, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Approve", SD_BUS_ARGS("t", incident), SD_BUS_RESULT("s", words),
				on_order, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Heal", SD_BUS_ARGS("s", unit), SD_BUS_RESULT("s", words), on_order,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Version", "s", on_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Mode", "s", on_property, 0, 0),
	SD_BUS_PROPERTY("Units", "u", on_property, 0, 0),
	SD_BUS_PROPERTY("Sick", "u", on_property, 0, 0),
	SD_BUS_PROPERTY("Simulates", "b", on_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

static int show(struct door *door, sd_bus *bus)
{
	return sd_bus_add_object_vtable(bus, NULL, NAME_BUS_PATH, NAME_BUS_IFACE, vtable, door);
}

/* ---- the ways in -------------------------------------------------------------------- */

static int on_direct(void *userdata, size_t place, sd_bus *bus, uid_t peer)
{
	struct control *control = userdata;

	control->place[place] = (struct door) { .control = control, .peer = peer };
	return show(&control->place[place], bus);
}

int control_listen(struct control *control, const char *path)
{
	return direct_new(control->event, path, on_direct, control, &control->direct);
}

static int on_seat(void *userdata, sd_bus *bus)
{
	struct control *control = userdata;
	int r;

	control->bus = (struct door) { .control = control, .peer = (uid_t)-1 };
	r = permission_new(bus, on_granted, control, &control->bus.permission);
	return r < 0 ? r : show(&control->bus, bus);
}

static void on_seat_lost(void *userdata)
{
	struct control *control = userdata;

	control->bus.permission = permission_free(control->bus.permission);
}

int control_join(struct control *control, const char *address)
{
	static const struct seat_service service = { .open = on_seat, .close = on_seat_lost };

	return seat_new(control->event, address, &service, control, &control->seat);
}

void control_turn(struct control *control, uint64_t when_ms)
{
	if (control->seat)
		seat_turn(control->seat, when_ms);
}

/* ---- life ----------------------------------------------------------------------------- */

int control_new(sd_event *event, const struct control_handler *handler, void *userdata,
		struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return -ENOMEM;
	control->event = sd_event_ref(event);
	control->handler = handler;
	control->userdata = userdata;
	*ret = control;
	return 0;
}

struct control *control_free(struct control *control)
{
	if (!control)
		return NULL;
	(void)direct_free(control->direct);
	(void)seat_free(control->seat);
	(void)sd_event_unref(control->event);
	free(control);
	return NULL;
}
