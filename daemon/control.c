/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The direct socket: accepts, checks who and what, asks the handler, answers by name. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/text.h"
#include "control.h"
#include "record/names.h"
#include "record/order.h"

struct connection {
	struct control *control;
	sd_bus *bus; /* NULL: free */
	uid_t peer;
};

struct control {
	sd_event *event;
	sd_event_source *accept;
	const struct control_handler *handler;
	void *userdata;
	int fd;
	struct sockaddr_un address;
	bool is_bound; /* the file at that address is ours */
	struct connection connection[CONTROL_CONNECTIONS_MAX];
};

/* ---- the object ---------------------------------------------------------------- */

static int say_no(sd_bus_error *ret_error, int error)
{
	for (size_t i = 0; i < ORDER_ERRORS; i++)
		if (order_error_table[i].error == -error)
			return sd_bus_error_set_const(ret_error, order_error_table[i].name,
						      order_error_table[i].words);
	return sd_bus_error_setf(ret_error, SD_BUS_ERROR_FAILED, "that failed: %s",
				 strerror(-error));
}

static bool is_fault_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length < 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz-") == length;
}

static int on_inject(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct connection *connection = userdata;
	struct control *control = connection->control;
	const char *fault, *unit;
	int r;

	if (connection->peer != 0 && connection->peer != geteuid())
		return say_no(ret_error, -EACCES);
	r = sd_bus_message_read(m, "ss", &fault, &unit);
	if (r < 0)
		return r;
	if (!is_fault_name(fault) || !text_is_unit_name(unit))
		return sd_bus_error_set_const(ret_error, SD_BUS_ERROR_INVALID_ARGS,
					      "expected a fault and the name of a unit");
	r = control->handler->inject(control->userdata, fault, unit);
	if (r < 0)
		return say_no(ret_error, r);
	return sd_bus_reply_method_return(m, "s", "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	/* Unprivileged for sd-bus only: on_inject() looks at the peer itself. */
	SD_BUS_METHOD_WITH_ARGS("Inject", SD_BUS_ARGS("s", fault, "s", unit),
				SD_BUS_RESULT("s", words), on_inject, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

/* ---- connections ------------------------------------------------------------------ */

static void connection_close(struct connection *connection)
{
	sd_bus *bus = TAKE(connection->bus);

	if (!bus)
		return;
	(void)sd_bus_detach_event(bus);
	(void)sd_bus_close_unref(bus);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m, (void)ret_error;
	connection_close(userdata);
	return 0;
}

/* Takes fd over. */
static int connection_bus(int fd, sd_bus **ret)
{
	CLEANUP(sd_bus_unrefp) sd_bus *bus = NULL;
	sd_id128_t id;
	int r;

	r = sd_bus_new(&bus);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	r = sd_bus_set_fd(bus, fd, fd);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	r = sd_id128_randomize(&id);
	if (r >= 0)
		r = sd_bus_set_server(bus, true, id);
	if (r < 0)
		return r;
	*ret = TAKE(bus);
	return 0;
}

static int connection_start(struct connection *connection)
{
	sd_bus *bus = connection->bus;
	int r;

	r = sd_bus_attach_event(bus, connection->control->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, NAME_BUS_PATH, NAME_BUS_IFACE, vtable,
					     connection);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, NULL, "org.freedesktop.DBus.Local",
					"Disconnected", on_disconnected, connection);
	if (r >= 0)
		r = sd_bus_start(bus);
	return r;
}

/* Takes fd over. A peer that cannot be served is gone, and we are not. */
static void serve(struct control *control, int fd)
{
	struct connection *connection = control->connection;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	while (connection < control->connection + CONTROL_CONNECTIONS_MAX && connection->bus)
		connection++;
	if (connection == control->connection + CONTROL_CONNECTIONS_MAX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		(void)close(fd);
		return;
	}
	connection->control = control;
	connection->peer = peer.uid;
	if (connection_bus(fd, &connection->bus) >= 0 && connection_start(connection) < 0)
		connection_close(connection);
}

static int on_accept(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source, (void)revents;
	if (peer >= 0)
		serve(userdata, peer);
	return 0;
}

/* ---- the socket --------------------------------------------------------------------- */

static int connect_to(const struct sockaddr_un *address)
{
	CLEANUP(cleanup_close)
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return 0;
}

/* Left behind by a daemon that was killed: a socket at which nobody listens. */
static bool is_stale(const struct sockaddr_un *address)
{
	struct stat file;

	return lstat(address->sun_path, &file) == 0 && S_ISSOCK(file.st_mode) &&
	       connect_to(address) == -ECONNREFUSED;
}

static int bind_to(int fd, const struct sockaddr_un *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_stale(address))
		return -errno;
	if (unlink(address->sun_path) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return 0;
}

static int open_socket(struct control *control, const char *path)
{
	int r;

	control->address.sun_family = AF_UNIX;
	r = text_format(control->address.sun_path, sizeof(control->address.sun_path), "%s", path);
	if (r < 0)
		return r;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return -errno;
	/* Before bind() this sets the mode which the file is made with, so that it is never wider,
	 * whatever the umask. */
	if (fchmod(control->fd, 0600) < 0)
		return -errno;
	r = bind_to(control->fd, &control->address);
	if (r < 0)
		return r;
	control->is_bound = true;
	return listen(control->fd, CONTROL_CONNECTIONS_MAX) < 0 ? -errno : 0;
}

/* ---- life ----------------------------------------------------------------------------- */

int control_new(sd_event *event, const char *socket_path, const struct control_handler *handler,
		void *userdata, struct control **ret)
{
	CLEANUP(control_freep) struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return -ENOMEM;
	control->fd = -1;
	control->event = sd_event_ref(event);
	control->handler = handler;
	control->userdata = userdata;
	r = open_socket(control, socket_path);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &control->accept, control->fd, EPOLLIN, on_accept, control);
	if (r < 0)
		return r;
	*ret = TAKE(control);
	return 0;
}

struct control *control_free(struct control *control)
{
	if (!control)
		return NULL;
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
		connection_close(&control->connection[i]);
	(void)sd_event_source_disable_unref(control->accept);
	if (control->is_bound)
		(void)unlink(control->address.sun_path);
	if (control->fd >= 0)
		(void)close(control->fd);
	(void)sd_event_unref(control->event);
	free(control);
	return NULL;
}
