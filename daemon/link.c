/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system bus, opened, watched and closed. */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "heal/systemd.h"
#include "link.h"

struct link {
	sd_bus *bus;
	struct systemd *systemd;
	bool lost;
};

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct link *link = userdata;

	(void)message, (void)error;
	link->lost = true;
	log_warning("the system bus is gone: the state of units is unknown until it is back");
	return 0;
}

static int open_bus(struct link *link, sd_event *event)
{
	int r;

	r = sd_bus_open_system(&link->bus);
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(link->bus, 0);
	if (r >= 0)
		r = sd_bus_attach_event(link->bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_match_signal(link->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_disconnected, link);
	return r;
}

int link_new(sd_event *event, struct link **ret)
{
	CLEANUP(link_freep) struct link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return -ENOMEM;
	r = open_bus(link, event);
	if (r >= 0)
		r = systemd_new(link->bus, &link->systemd);
	if (r < 0)
		return r;
	*ret = TAKE(link);
	return 0;
}

struct link *link_free(struct link *link)
{
	if (!link)
		return NULL;
	(void)systemd_free(link->systemd);
	(void)sd_bus_flush_close_unref(link->bus);
	free(link);
	return NULL;
}

sd_bus *link_bus(const struct link *link)
{
	return link->bus;
}

struct actuator link_actuator(struct link *link)
{
	return systemd_actuator(link->systemd);
}

bool link_is_lost(const struct link *link)
{
	return link->lost;
}
