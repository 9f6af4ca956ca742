/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket in a file: bound, accepted from, and removed. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/text.h"
#include "direct.h"

struct direct {
	sd_event *event;
	sd_event_source *accept;
	direct_opened *opened;
	void *userdata;
	int fd;
	struct sockaddr_un address;
	bool is_bound;				    /* the file at that address is ours */
	sd_bus *connection[DIRECT_CONNECTIONS_MAX]; /* NULL: free */
};

/* ---- connections ------------------------------------------------------------------ */

static void connection_close(sd_bus **connection)
{
	sd_bus *bus = TAKE(*connection);

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
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus, false); /* no order wants one */
	if (r < 0)
		return r;
	*ret = TAKE(bus);
	return 0;
}

static int connection_start(struct direct *direct, size_t place, uid_t peer)
{
	sd_bus *bus = direct->connection[place];
	int r;

	r = sd_bus_attach_event(bus, direct->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = direct->opened(direct->userdata, place, bus, peer);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, NULL, "org.freedesktop.DBus.Local",
					"Disconnected", on_disconnected,
					&direct->connection[place]);
	if (r >= 0)
		r = sd_bus_start(bus);
	return r;
}

/* Takes fd over. A peer that cannot be served is gone, and we are not. */
static void serve(struct direct *direct, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	size_t place = 0;

	while (place < DIRECT_CONNECTIONS_MAX && direct->connection[place])
		place++;
	if (place == DIRECT_CONNECTIONS_MAX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		(void)close(fd);
		return;
	}
	if (connection_bus(fd, &direct->connection[place]) >= 0 &&
	    connection_start(direct, place, peer.uid) < 0)
		connection_close(&direct->connection[place]);
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

static int open_socket(struct direct *direct, const char *path)
{
	int r;

	direct->address.sun_family = AF_UNIX;
	r = text_format(direct->address.sun_path, sizeof(direct->address.sun_path), "%s", path);
	if (r < 0)
		return r;
	direct->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (direct->fd < 0)
		return -errno;
	/* Before bind() this sets the mode which the file is made with, so that it is never wider,
	 * whatever the umask. */
	if (fchmod(direct->fd, 0600) < 0)
		return -errno;
	r = bind_to(direct->fd, &direct->address);
	if (r < 0)
		return r;
	direct->is_bound = true;
	return listen(direct->fd, DIRECT_CONNECTIONS_MAX) < 0 ? -errno : 0;
}

/* ---- life ----------------------------------------------------------------------------- */

int direct_new(sd_event *event, const char *path, direct_opened *opened, void *userdata,
	       struct direct **ret)
{
	CLEANUP(direct_freep) struct direct *direct = calloc(1, sizeof(*direct));
	int r;

	if (!direct)
		return -ENOMEM;
	direct->fd = -1;
	direct->event = sd_event_ref(event);
	direct->opened = opened;
	direct->userdata = userdata;
	r = open_socket(direct, path);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &direct->accept, direct->fd, EPOLLIN, on_accept, direct);
	if (r < 0)
		return r;
	*ret = TAKE(direct);
	return 0;
}

struct direct *direct_free(struct direct *direct)
{
	if (!direct)
		return NULL;
	for (size_t i = 0; i < DIRECT_CONNECTIONS_MAX; i++)
		connection_close(&direct->connection[i]);
	(void)sd_event_source_disable_unref(direct->accept);
	if (direct->is_bound)
		(void)unlink(direct->address.sun_path);
	if (direct->fd >= 0)
		(void)close(direct->fd);
	(void)sd_event_unref(direct->event);
	free(direct);
	return NULL;
}
