/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's end: of the direct socket, or of the system bus. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
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
#define PASSWORD_US                                                                                \
	(uint64_t)125000000 /* polkit may ask for one; the daemon ends that after 120 s */

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
static int open_direct(const char *path, sd_bus **ret)
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

static int open_system_bus(sd_bus **ret)
{
	CLEANUP(sd_bus_close_unrefp) sd_bus *bus = NULL;
	int r;

	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_set_allow_interactive_authorization(bus, true);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, PASSWORD_US);
	if (r < 0)
		return r;
	*ret = TAKE(bus);
	return 0;
}

static void say(struct bus_answer *answer, const char *words)
{
	(void)snprintf(answer->words, sizeof(answer->words), "%s", words);
}

/* The errno that the daemon, or the bus for it, meant. Words of the bus library itself are not theirs. */
static int error_of(const sd_bus_error *error, int r, struct bus_answer *ret)
{
	for (size_t i = 0; i < ORDER_ERRORS; i++) {
		if (!sd_bus_error_has_name(error, order_error_table[i].name))
			continue;
		say(ret, error->message ?: error->name);
		return -order_error_table[i].error;
	}
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_INVALID_ARGS, SD_BUS_ERROR_FAILED,
				   SD_BUS_ERROR_ACCESS_DENIED, SD_BUS_ERROR_LIMITS_EXCEEDED,
				   SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
		say(ret, error->message ?: error->name);
	if (sd_bus_error_has_names(error, SD_BUS_ERROR_ACCESS_DENIED,
				   SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
		return -EACCES;
	return r;
}

static int order_over(sd_bus *bus, const char *destination, struct bus_answer *ret,
		      const char *member, const char *types, va_list arguments)
{
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *words;
	int r;

	r = sd_bus_call_methodv(bus, destination, NAME_BUS_PATH, NAME_BUS_IFACE, member, &error,
				&reply, types, arguments);
	if (r < 0)
		return error_of(&error, r, ret);
	r = sd_bus_message_read(reply, "s", &words);
	if (r < 0)
		return r;
	say(ret, words);
	return 0;
}

int bus_order(const char *socket_path, bool or_system_bus, struct bus_answer *ret,
	      const char *member, const char *types, va_list arguments)
{
	CLEANUP(sd_bus_close_unrefp) sd_bus *direct = NULL, *bus = NULL;
	int r, r_bus;

	ret->words[0] = '\0';
	r = open_direct(socket_path, &direct);
	if (r >= 0)
		return order_over(direct, NULL, ret, member, types, arguments);
	if (!or_system_bus)
		return r;
	r_bus = open_system_bus(&bus);
	if (r_bus >= 0)
		r_bus = order_over(bus, NAME_BUS, ret, member, types, arguments);
	return r_bus >= 0 || ret->words[0] ? r_bus
					   : r; /* nobody is there either: what was wrong first */
}
