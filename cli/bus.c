/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's end of the direct socket. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/bus.h"
#include "record/names.h"
#include "record/order.h"

#define ANSWER_US (uint64_t)5000000

static int open_socket(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	r = text_format(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* By descriptor, since a path in a bus address would have to be escaped. */
static int open_bus(const char *path, sd_bus **ret)
{
	CLEANUP(sd_bus_close_unrefp) sd_bus *bus = NULL;
	CLEANUP(cleanup_close) int fd = -1;
	int r;

	r = open_socket(path, &fd);
	if (r < 0)
		return r;
	r = sd_bus_new(&bus);
	if (r < 0)
		return r;
	r = sd_bus_set_fd(bus, fd, fd);
	if (r < 0)
		return r;
	fd = -1; /* the bus closes it */
	r = sd_bus_set_method_call_timeout(bus, ANSWER_US);
	if (r < 0)
		return r;
	r = sd_bus_start(bus);
	if (r < 0)
		return r;
	*ret = TAKE(bus);
	return 0;
}

/* The errno that the daemon meant. Words of the bus library itself are not the daemon's. */
static int error_of(const sd_bus_error *error, int r, char *message, size_t size)
{
	for (size_t i = 0; i < ORDER_ERRORS; i++) {
		if (!sd_bus_error_has_name(error, order_error_table[i].name))
			continue;
		(void)snprintf(message, size, "%s", error->message);
		return -order_error_table[i].error;
	}
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_INVALID_ARGS, SD_BUS_ERROR_FAILED))
		(void)snprintf(message, size, "%s", error->message);
	return r;
}

int bus_inject(const char *socket_path, const char *fault, const char *unit, char *message,
	       size_t size)
{
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	CLEANUP(sd_bus_close_unrefp) sd_bus *bus = NULL;
	const char *words;
	int r;

	message[0] = '\0';
	r = open_bus(socket_path, &bus);
	if (r < 0)
		return r;
	r = sd_bus_call_method(bus, NULL, NAME_BUS_PATH, NAME_BUS_IFACE, "Inject", &error, &reply,
			       "ss", fault, unit);
	if (r < 0)
		return error_of(&error, r, message, size);
	r = sd_bus_message_read(reply, "s", &words);
	if (r < 0)
		return r;
	(void)snprintf(message, size, "%s", words);
	return 0;
}
