/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the parts of the daemon, and says what stands in the way. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "heal/mock.h"
#include "orders.h"
#include "parts.h"
#include "record/names.h"

#define DISK_PATIENCE_MS 10000u /* of real time */
#define PATH_SIZE	 512

static int make_folder(const char *path)
{
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return log_error_errno(-errno,
				       "cannot make the folder %s; make it, or name another with "
				       "--state-dir",
				       path);
	return 0;
}

static int open_judge(struct parts *parts)
{
	bool can_act[WAY_N] = { false };
	int r;

	can_act[WAY_MOCK] = true;
	can_act[WAY_SIMULATOR] = parts->options->simulate;
	can_act[WAY_SYSTEMD] = sd_booted() > 0;
	r = remember_judge(&parts->past, parts->settings, can_act, &parts->judge,
			   &parts->distrust_until_wall_ms);
	if (r >= 0)
		judge_hold(parts->judge, &parts->hold);
	return r;
}

static int open_simulation(struct parts *parts)
{
	const struct options *options = parts->options;
	int r;

	if (!options->simulate)
		return 0;
	r = simulation_new(writer_number, parts->past.writer, &parts->simulation);
	if (r >= 0)
		r = simulation_past(parts->simulation, parts->judge, clock_boot_ms(),
				    clock_wall_ms());
	if (r < 0)
		return log_error_errno(r, "cannot simulate");
	parts->by_simulator = simulation_actuator(parts->simulation);
	if (!options->inject_fault[0])
		return 0;
	r = simulation_plan(parts->simulation, options->inject_fault, options->inject_unit,
			    clock_boot_ms() + options->inject_after_ms);
	if (r < 0)
		log_error("--inject: there is no fault '%s' or no simulated service '%s'; faults: "
			  "cpu-spike, memory-leak; services: sim-web.service, sim-worker.service",
			  options->inject_fault, options->inject_unit);
	return r;
}

/* With --speed there is no host to watch: only simulated time can run faster. */
static int open_sampler(struct parts *parts)
{
	int r;

	if (parts->options->speed != 1)
		return 0;
	if (sd_booted() > 0) {
		r = link_new(parts->event, &parts->link);
		if (r >= 0)
			parts->by_systemd = link_actuator(parts->link);
		else
			(void)log_warning_errno(r, "cannot ask systemd over the system bus, so "
						   "cgroups are watched and nothing can be "
						   "restarted; is dbus.service running?");
	}
	r = sampler_new(parts->link ? link_bus(parts->link) : NULL, writer_number,
			parts->past.writer, &parts->sampler);
	if (r < 0)
		return log_error_errno(r, "cannot watch this host");
	sampler_set_classes(parts->sampler, &parts->settings->classes);
	packages_init(&parts->packages, "", "/proc/locks");
	return 0;
}

static int open_healer(struct parts *parts)
{
	struct outbox *outbox = &parts->outbox;
	int r;

	parts->mock = mock_actuator();
	outbox->writer = parts->past.writer;
	outbox->judge = parts->judge;
	outbox->hold = &parts->hold;
	outbox->config = &parts->settings->config;
	outbox->patience_ms = (uint64_t)DISK_PATIENCE_MS * parts->options->speed;
	r = healer_new(&parts->mock, &parts->by_systemd, &parts->by_simulator, outbox_attempt,
		       outbox, &parts->healer);
	if (r < 0)
		return log_error_errno(r, "cannot heal");
	outbox->healer = parts->healer;
	return 0;
}

/* Where no real unit is watched, none is disturbed. */
static int open_forensics(struct parts *parts)
{
	const struct forensics_setup setup = {
		.event = parts->event,
		.writer = parts->past.writer,
		.closeup = parts->sampler ? probe_closeup(sampler_probe(parts->sampler)) : NULL,
		.tell = scene_tell,
		.limit_ms = FORENSICS_LIMIT_MS,
		.done = outbox_carry_out,
		.userdata = &parts->outbox,
	};
	int r;

	r = forensics_new(&setup, &parts->forensics);
	if (r < 0)
		return log_error_errno(r, "cannot gather evidence");
	parts->outbox.forensics = parts->forensics;
	return 0;
}

static int open_live(struct parts *parts)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/" NAME_LIVE_DB, parts->options->live_dir);
	return live_open(path, &parts->live);
}

static int open_present(struct parts *parts)
{
	const char *folder = parts->options->live_dir;
	int r;

	r = make_folder(folder);
	if (r < 0)
		return r;
	r = open_live(parts);
	if (r == -ENOSPC)
		log_error("there is no space for " NAME_LIVE_DB " in %s: selfhealctl status has "
			  "nothing to show until there is",
			  folder);
	else if (r < 0)
		return log_error_errno(r, "cannot open " NAME_LIVE_DB " in %s", folder);
	return 0;
}

int parts_publish(struct parts *parts, const struct keeper *keeper, const struct present *present,
		  size_t n)
{
	int r = 0;

	parts->shown = (struct shown) { .present = present, .n = n };
	if (!parts->live)
		r = open_live(parts);
	if (r >= 0 && parts->sampler)
		live_set_signals(parts->live, sampler_signals(parts->sampler));
	return r < 0 ? r : live_publish(parts->live, keeper, present, n);
}

/* At the direct socket always, and on the system bus where there is one. */
static int open_control(struct parts *parts)
{
	char path[PATH_SIZE];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" NAME_CONTROL, parts->options->live_dir);
	r = control_new(parts->event, &orders_handler, parts, &parts->control);
	if (r >= 0 && parts->link)
		r = control_join(parts->control, NULL);
	if (r >= 0)
		r = control_listen(parts->control, path);
	if (r == -ENOSPC && parts->past.start.obstacle)
		log_warning("there is no space for %s, so no orders are taken there until there is",
			    path);
	else if (r < 0)
		return log_error_errno(r, "cannot take orders at %s", path);
	return 0;
}

/* All but the past. */
static int open_others(struct parts *parts)
{
	static int (*const steps[])(struct parts *) = {
		open_judge,  open_present,   open_simulation, open_sampler,
		open_healer, open_forensics, open_control,
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](parts);
	return r;
}

int parts_open(struct parts *parts)
{
	int r;

	r = make_folder(parts->options->state_dir);
	if (r >= 0)
		r = remember_open(parts->options, parts->settings, &parts->past);
	return r < 0 ? r : open_others(parts);
}

static void close_others(struct parts *parts)
{
	parts->shown = (struct shown) { 0 };
	parts->control = control_free(parts->control);
	parts->forensics = forensics_free(parts->forensics);
	parts->outbox.forensics = NULL;
	parts->healer = healer_free(parts->healer);
	parts->outbox.n = 0;
	parts->sampler = sampler_free(parts->sampler);
	parts->link = link_free(parts->link);
	parts->simulation = simulation_free(parts->simulation);
	parts->by_systemd = parts->by_simulator = (struct actuator) { 0 };
	parts->judge = judge_free(parts->judge);
	parts->live = live_close(parts->live);
}

int parts_find_room(struct parts *parts)
{
	int r;

	r = remember_find_room(parts->options, parts->settings, &parts->past);
	if (r < 0)
		return r;
	close_others(parts);
	return open_others(parts);
}

bool parts_relink(struct parts *parts)
{
	CLEANUP(link_freep) struct link *link = NULL;

	if (!parts->link || !link_is_lost(parts->link) ||
	    strcmp(sampler_source(parts->sampler), "systemd") != 0)
		return false; /* where the list is not systemd's, nothing of ours hangs on the bus */
	if (link_new(parts->event, &link) < 0 ||
	    sampler_set_bus(parts->sampler, link_bus(link)) < 0)
		return false; /* it was said when it was lost, and is tried again */
	healer_lose(parts->healer, WAY_SYSTEMD, clock_boot_ms(), clock_wall_ms());
	(void)link_free(parts->link);
	parts->link = TAKE(link);
	parts->by_systemd = link_actuator(parts->link);
	return true;
}

void parts_close(struct parts *parts)
{
	close_others(parts);
	parts->past.writer = writer_close(parts->past.writer);
}
