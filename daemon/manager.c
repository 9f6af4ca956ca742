/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a fact, once a second; and the life of all parts. */
#include <errno.h>
#include <signal.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "announce.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "control.h"
#include "heal/healer.h"
#include "heal/mock.h"
#include "judge/judge.h"
#include "link.h"
#include "manager.h"
#include "outbox.h"
#include "remember.h"
#include "record/names.h"
#include "sense/sampler.h"
#include "sense/simulator.h"
#include "simulation.h"
#include "store/live.h"
#include "store/writer.h"

#define TICK_US		 UINT64_C(1000000)
#define DISK_PATIENCE_MS 10000u /* of real time */
#define RELINK_MS	 SECONDS(2)
#define EARLY_GAP_MS	 200u  /* an early tick comes no sooner than this after the last */
#define LESSON_TICKS	 3600u /* what a unit taught is kept once an hour, */
#define LESSON_YOUNG	 300u  /* every five minutes in its first hour */
#define LESSON_YOUNG_S	 3600u

struct manager {
	sd_event *event;
	const struct options *options;
	struct settings settings;

	struct writer *writer;
	struct live *live;
	struct judge *judge;
	struct link *link;	 /* NULL: no systemd here */
	struct sampler *sampler; /* NULL with --speed: real units cannot be sped up */
	struct simulation *simulation;
	struct healer *healer;
	struct control *control;
	struct announcer announcer;
	struct actuator mock, by_systemd, by_simulator;

	sd_event_source *timer, *ring, *acknowledgements, *hangup;
	uint64_t last_tick_ms, last_link_ms;
	bool is_hidden;			/* the present could not be published */
	const struct sample *simulated; /* samples that are: of this tick */
	uint64_t inject_at_ms;		/* 0: no fault is to come */

	struct keeper keeper;
	struct present *present;
	size_t n_present, n_room;
	struct outbox outbox;
};

/* What the outbox asks: how is the unit at this moment? */
static const struct unit_status *status_of(uint32_t unit, void *userdata)
{
	const struct manager *manager = userdata;
	const struct unit_status *status =
		manager->sampler ? sampler_status(manager->sampler, unit) : NULL;

	if (status)
		return status;

	for (size_t i = 0; i < manager->n_present; i++)
		if (manager->present[i].status.unit == unit)
			return &manager->present[i].status;
	return NULL;
}

/* ---- the tick: section 2 of the house, from top to bottom ---------------------- */

static void record_finding(struct manager *manager, const struct finding *finding, const char *name)
{
	bool turned = finding->sick_began ||
		      (finding->incident_changed && finding->incident.closed_ms != 0);
	int r = 0;

	if (finding->incident_changed)
		r = writer_incident(manager->writer, &finding->incident);
	if (r >= 0 && finding->concluded)
		r = writer_outcome(manager->writer, &finding->outcome);
	if (r >= 0 && turned) /* its last minutes at 1 Hz */
		r = writer_detail(manager->writer, finding->verdict.unit);
	if (r < 0)
		(void)log_warning_errno(r, "cannot record what happens to %s", name);
	announce_finding(&manager->announcer, finding, name);
	if (finding->decided)
		outbox_put(&manager->outbox, &finding->decision, manager->last_tick_ms);
}

static int make_room(struct manager *manager, size_t n)
{
	struct present *present;

	if (n <= manager->n_room)
		return 0;
	n += n / 2 + 16;
	present = reallocarray(manager->present, n, sizeof(*present));
	if (!present)
		return -ENOMEM;
	manager->present = present;
	manager->n_room = n;
	return 0;
}

static int consider(struct manager *manager, const struct sample *samples,
		    const struct unit_status *status, size_t n)
{
	bool can_record = manager->keeper.store == STORE_WELL;
	struct finding finding;
	int r;

	for (size_t i = 0; i < n; i++) {
		struct present *present = &manager->present[manager->n_present];

		if (samples != manager->simulated &&
		    simulation_owns(manager->simulation, samples[i].unit))
			continue; /* a real unit of that very name: two lives would be one record */
		r = judge_take(manager->judge, &samples[i], &status[i], can_record, &finding);
		if (r == -ENOMEM)
			return log_error_errno(r, "cannot judge %s", status[i].name);
		if (r < 0)
			continue; /* one unit must not blind us for all others */
		*present = (struct present) {
			.status = status[i],
			.sample = samples[i],
			.verdict = finding.verdict,
			.why = finding.why,
			.age_s = judge_age_s(manager->judge, samples[i].unit),
			.incident = finding.incident.closed_ms ? 0 : finding.incident.id,
		};
		manager->n_present++;
		record_finding(manager, &finding, status[i].name);
	}
	return writer_samples(manager->writer, samples, n);
}

/* Units that are sampled no more leave nothing open behind. */
static void close_what_is_gone(struct manager *manager, uint64_t when_ms, uint64_t wall_ms)
{
	struct finding finding;

	while (judge_sweep(manager->judge, when_ms, wall_ms, &finding))
		record_finding(manager, &finding, "a unit that is gone");
}

static void keep_lessons(struct manager *manager, bool all)
{
	uint64_t tick = manager->keeper.n_ticks;
	struct judge_lesson lesson;

	for (size_t i = 0; i < manager->n_present; i++) {
		uint32_t unit = manager->present[i].status.unit;
		uint64_t every =
			manager->present[i].age_s < LESSON_YOUNG_S ? LESSON_YOUNG : LESSON_TICKS;
		int r;

		if (!all && tick % every != unit % every)
			continue;
		r = judge_lesson(manager->judge, unit, &lesson);
		if (r == -ENODATA)
			continue;
		if (r >= 0)
			r = writer_lesson(manager->writer, unit, lesson.identity, lesson.was_well,
					  clock_wall_ms(), lesson.bytes, lesson.size);
		if (r < 0)
			(void)log_warning_errno(r, "cannot keep what was learnt of %s",
						manager->present[i].status.name);
	}
}

static void publish(struct manager *manager, uint64_t wall_ms, uint64_t began_cpu_us)
{
	struct keeper *keeper = &manager->keeper;
	int r;

	keeper->at_wall_ms = wall_ms;
	keeper->n_ticks++;
	keeper->n_units = (uint32_t)manager->n_present;
	keeper->cpu_us = clock_cpu_us();
	keeper->tick_us = keeper->cpu_us - began_cpu_us;
	keeper->n_lost = writer_lost(manager->writer);
	if (manager->sampler)
		keeper->n_lost += probe_lost(sampler_probe(manager->sampler));
	r = live_publish(manager->live, keeper, manager->present, manager->n_present);
	if (r < 0 && !manager->is_hidden)
		(void)log_warning_errno(r,
					"cannot publish the present, so status shows an old one");
	else if (r >= 0 && manager->is_hidden)
		log_notice("the present is published again");
	manager->is_hidden = r < 0;
}

static void inject_when_due(struct manager *manager, uint64_t when_ms)
{
	int r;

	if (manager->inject_at_ms == 0 || when_ms < manager->inject_at_ms)
		return;
	manager->inject_at_ms = 0;
	r = simulation_inject(manager->simulation, manager->options->inject_fault,
			      manager->options->inject_unit, when_ms);
	if (r < 0)
		(void)log_error_errno(r, "cannot inject %s into %s", manager->options->inject_fault,
				      manager->options->inject_unit);
	else
		log_notice("%s (simulated) falls ill: %s", manager->options->inject_unit,
			   manager->options->inject_fault);
}

/* Said when it begins and when it is over: in between nothing is decided. */
static void follow_store(struct manager *manager, uint64_t when_ms)
{
	enum store_state state = writer_state(manager->writer, when_ms);

	if (state != manager->keeper.store && state == STORE_WELL)
		log_notice("decisions can be recorded again");
	else if (state != manager->keeper.store)
		log_error(
			"decisions cannot be recorded (the past is %s), so nothing is healed until "
			"they can: look at the disk of %s",
			store_state_word(state), manager->options->state_dir);
	manager->keeper.store = state;
}

static int manager_tick(struct manager *manager)
{
	uint64_t when_ms = clock_boot_ms(), wall_ms = clock_wall_ms(), cpu_us = clock_cpu_us();
	const struct unit_status *status;
	const struct sample *samples;
	struct harvest harvest = { 0 };
	int r;

	manager->last_tick_ms = when_ms;
	follow_store(manager, when_ms);
	manager->n_present = 0;
	if (manager->sampler) {
		r = sampler_take(manager->sampler, when_ms, wall_ms, &harvest);
		if (r < 0)
			return log_error_errno(r, "cannot sample");
	}
	r = make_room(manager, harvest.n + SIMULATOR_UNITS);
	if (r < 0)
		return log_error_errno(r, "cannot watch %zu units", harvest.n);
	r = consider(manager, harvest.samples, harvest.status, harvest.n);
	if (r >= 0 && manager->simulation) {
		inject_when_due(manager, when_ms);
		simulation_take(manager->simulation, when_ms, wall_ms, &samples, &status);
		manager->simulated = samples;
		r = consider(manager, samples, status, SIMULATOR_UNITS);
	}
	if (r == -ENOMEM)
		return r;
	healer_turn(manager->healer, when_ms, wall_ms);
	outbox_turn(&manager->outbox, when_ms);
	close_what_is_gone(manager, when_ms, wall_ms);
	keep_lessons(manager, false);
	publish(manager, wall_ms, cpu_us);
	return 0;
}

/* ---- the loop calls ------------------------------------------------------------ */

static int arm(sd_event_source *timer, uint64_t when_us)
{
	int r;

	r = sd_event_source_set_time(timer, when_us);
	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void on_kernel_event(const struct probe_event *event, void *userdata)
{
	bool *urgent = userdata;

	*urgent = *urgent || (event->oom_kill && event->unit != 0);
}

/* An OOM kill of a watched unit brings the next tick forward. */
static int on_ring(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;
	bool urgent = false;
	uint64_t now_us;
	int r;

	(void)source, (void)fd, (void)revents;
	r = probe_drain(sampler_probe(manager->sampler), on_kernel_event, &urgent);
	if (r < 0)
		(void)log_warning_errno(r, "cannot read the kernel's events");
	if (!urgent || clock_boot_ms() - manager->last_tick_ms < EARLY_GAP_MS)
		return 0;
	r = sd_event_now(manager->event, CLOCK_MONOTONIC, &now_us);
	return r < 0 ? r : arm(manager->timer, now_us);
}

static void apply_settings(struct manager *manager)
{
	const struct config *config = &manager->settings.config;

	manager->announcer.notices_per_day = config->notices_per_day;
	(void)snprintf(manager->keeper.mode, sizeof(manager->keeper.mode), "%s",
		       mode_word(config->mode));
}

/* ---- the system bus ------------------------------------------------------------- */

static int watch_ring(struct manager *manager)
{
	int fd = manager->sampler ? probe_fd(sampler_probe(manager->sampler)) : -1;

	if (fd < 0)
		return 0;
	return sd_event_add_io(manager->event, &manager->ring, fd, EPOLLIN, on_ring, manager);
}

/* What is in flight ends as lost; the list of units and the way of orders are made anew. */
static void relink(struct manager *manager)
{
	CLEANUP(link_freep) struct link *link = NULL;
	uint64_t now_ms = clock_boot_ms();

	if (now_ms - manager->last_link_ms < RELINK_MS ||
	    strcmp(sampler_source(manager->sampler), "systemd") != 0)
		return; /* where the list is not systemd's, nothing of ours hangs on the bus */
	manager->last_link_ms = now_ms;
	if (link_new(manager->event, &link) < 0 ||
	    sampler_set_bus(manager->sampler, link_bus(link)) < 0)
		return; /* it was said when it was lost, and is tried again */
	healer_lose(manager->healer, WAY_SYSTEMD, now_ms, clock_wall_ms());
	(void)link_free(manager->link);
	manager->link = TAKE(link);
	manager->by_systemd = link_actuator(manager->link);
	log_notice("the system bus is back");
}

/* ---- the heart -------------------------------------------------------------------- */

/* Armed first thing, so that no way out can stop the heart; beats that were missed are left out. */
static int on_tick(sd_event_source *timer, uint64_t due_us, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t period_us = TICK_US / manager->options->speed, now_us;
	int r;

	r = sd_event_now(manager->event, CLOCK_MONOTONIC, &now_us);
	if (r >= 0)
		r = arm(timer,
			due_us + period_us > now_us ? due_us + period_us : now_us + period_us);
	if (r < 0)
		return log_error_errno(r, "cannot arm the timer");
	if (manager->link && link_is_lost(manager->link))
		relink(manager);
	r = manager_tick(manager);
	if (r < 0) /* an error returned would only stop this timer, and we would look alive */
		return sd_event_exit(manager->event, r);
	if (manager->keeper.n_ticks == 1)
		announce_start(&manager->keeper, manager->options->state_dir);
	return 0;
}

static int on_acknowledgements(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)fd, (void)revents;
	outbox_acknowledge(&manager->outbox);
	return 0;
}

/* SIGHUP: new settings, or the last good ones. */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *signal, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)signal;
	if (settings_load(manager->options, &manager->settings) < 0) {
		log_warning("the settings before stay in force");
		return 0;
	}
	apply_settings(manager);
	judge_reconfigure(manager->judge, &manager->settings.config, &manager->settings.rulebook);
	log_notice("settings read again (MaxSize= and LearnSec= count from the next start)");
	return 0;
}

/* ---- life ------------------------------------------------------------------------- */

static int make_folder(const char *path)
{
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return log_error_errno(-errno,
				       "cannot make the folder %s; make it, or name another with "
				       "--state-dir",
				       path);
	return 0;
}

/* The past: opened, and what must not be forgotten read back. */
static int open_past(struct manager *manager)
{
	bool can_act[WAY_N] = { false };
	int r;

	r = make_folder(manager->options->state_dir);
	if (r < 0)
		return r;
	can_act[WAY_MOCK] = true;
	can_act[WAY_SIMULATOR] = manager->options->simulate;
	can_act[WAY_SYSTEMD] = sd_booted() > 0;
	return remember(manager->options->state_dir, &manager->settings, can_act, &manager->writer,
			&manager->judge, &manager->keeper.distrust_until_wall_ms);
}

static int open_present(struct manager *manager)
{
	char path[512];
	int r;

	r = make_folder(manager->options->live_dir);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/" NAME_LIVE_DB, manager->options->live_dir);
	r = live_open(path, &manager->live);
	return r < 0 ? log_error_errno(r, "cannot open %s", path) : 0;
}

static int on_inject(void *userdata, const char *fault, const char *unit)
{
	struct manager *manager = userdata;
	int r;

	if (!manager->simulation)
		return -EOPNOTSUPP;
	r = simulation_inject(manager->simulation, fault, unit, clock_boot_ms());
	if (r >= 0)
		log_notice("%s (simulated) falls ill by order: %s", unit, fault);
	return r;
}

static int open_control(struct manager *manager)
{
	static const struct control_handler handler = { .inject = on_inject };
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" NAME_CONTROL, manager->options->live_dir);
	r = control_new(manager->event, path, &handler, manager, &manager->control);
	return r < 0 ? log_error_errno(r, "cannot take orders at %s", path) : 0;
}

static int open_simulation(struct manager *manager)
{
	uint64_t when_ms = clock_boot_ms();
	int r;

	if (!manager->options->simulate)
		return 0;
	r = simulation_new(writer_number, manager->writer, &manager->simulation);
	if (r >= 0)
		r = simulation_past(manager->simulation, manager->judge, when_ms, clock_wall_ms());
	if (r < 0)
		return log_error_errno(r, "cannot simulate");
	manager->by_simulator = simulation_actuator(manager->simulation);
	if (!manager->options->inject_fault[0])
		return 0;
	if (!simulation_knows(manager->options->inject_fault, manager->options->inject_unit)) {
		log_error("--inject: there is no fault '%s' or no simulated service '%s'; faults: "
			  "cpu-spike, memory-leak; services: sim-web.service, sim-worker.service",
			  manager->options->inject_fault, manager->options->inject_unit);
		return -EINVAL;
	}
	manager->inject_at_ms = when_ms + manager->options->inject_after_ms;
	return 0;
}

/* With --speed there is no host to watch: only simulated time can run faster. */
static int open_sampler(struct manager *manager)
{
	int r;

	if (manager->options->speed != 1)
		return 0;
	if (sd_booted() > 0) {
		r = link_new(manager->event, &manager->link);
		if (r >= 0)
			manager->by_systemd = link_actuator(manager->link);
		else
			(void)log_warning_errno(r, "cannot ask systemd over the system bus, so "
						   "cgroups are watched and nothing can be "
						   "restarted; is dbus.service running?");
	}
	r = sampler_new(manager->link ? link_bus(manager->link) : NULL, writer_number,
			manager->writer, &manager->sampler);
	return r < 0 ? log_error_errno(r, "cannot watch this host") : 0;
}

static int open_healer(struct manager *manager)
{
	int r;

	manager->mock = mock_actuator();
	manager->outbox.writer = manager->writer;
	manager->outbox.judge = manager->judge;
	manager->outbox.config = &manager->settings.config;
	manager->outbox.patience_ms = (uint64_t)DISK_PATIENCE_MS * manager->options->speed;
	manager->outbox.status = status_of;
	manager->outbox.userdata = manager;
	r = healer_new(&manager->mock, &manager->by_systemd, &manager->by_simulator, outbox_attempt,
		       &manager->outbox, &manager->healer);
	if (r < 0)
		return log_error_errno(r, "cannot heal");
	manager->outbox.healer = manager->healer;
	return 0;
}

static void describe_keeper(struct manager *manager)
{
	struct keeper *keeper = &manager->keeper;
	const struct sampler *sampler = manager->sampler;

	keeper->pid = (uint32_t)getpid();
	keeper->started_wall_ms = clock_wall_ms();
	keeper->simulates = manager->options->simulate;
	keeper->speed = manager->options->speed;
	(void)snprintf(keeper->source, sizeof(keeper->source), "%s",
		       sampler ? sampler_source(sampler) : "the simulator alone");
	if (!sampler)
		return;
	keeper->tier = (uint32_t)probe_tier(sampler_probe(manager->sampler));
	(void)snprintf(keeper->limit, sizeof(keeper->limit), "%s",
		       probe_limit(sampler_probe(manager->sampler)));
}

static int begin(struct manager *manager)
{
	sd_event *event = manager->event;
	uint64_t now_us;
	int r;

	r = sd_event_now(event, CLOCK_MONOTONIC, &now_us);
	if (r >= 0)
		r = sd_event_add_time(event, &manager->timer, CLOCK_MONOTONIC, now_us, 1, on_tick,
				      manager);
	if (r >= 0)
		r = watch_ring(manager);
	if (r >= 0)
		r = sd_event_add_io(event, &manager->acknowledgements, writer_fd(manager->writer),
				    EPOLLIN, on_acknowledgements, manager);
	if (r >= 0)
		r = sd_event_add_signal(event, &manager->hangup, SIGHUP, on_hangup, manager);
	return r < 0 ? log_error_errno(r, "cannot begin the loop") : 0;
}

int manager_new(sd_event *event, const struct options *options, const struct settings *settings,
		struct manager **ret)
{
	static int (*const steps[])(struct manager *) = {
		open_past,   open_present, open_simulation, open_sampler,
		open_healer, open_control, begin,
	};
	CLEANUP(manager_freep) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return log_error_errno(-ENOMEM, "cannot start");
	manager->event = sd_event_ref(event);
	manager->options = options;
	manager->settings = *settings;
	apply_settings(manager);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r = steps[i](manager);
		if (r < 0)
			return r;
	}
	describe_keeper(manager);
	*ret = TAKE(manager);
	return 0;
}

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;
	if (manager->judge && manager->writer)
		keep_lessons(manager, true);
	(void)sd_event_source_disable_unref(manager->timer);
	(void)sd_event_source_disable_unref(manager->ring);
	(void)sd_event_source_disable_unref(manager->acknowledgements);
	(void)sd_event_source_disable_unref(manager->hangup);
	(void)control_free(manager->control);
	(void)healer_free(manager->healer);
	(void)sampler_free(manager->sampler);
	(void)link_free(manager->link);
	(void)simulation_free(manager->simulation);
	(void)judge_free(manager->judge);
	(void)writer_close(manager->writer);
	(void)live_close(manager->live);
	(void)sd_event_unref(manager->event);
	free(manager->present);
	free(manager);
	return NULL;
}
