/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a fact, once a second; and what has to be made anew meanwhile. */
#include <errno.h>
#include <signal.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "announce.h"
#include "around.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/privilege.h"
#include "lessons.h"
#include "manager.h"
#include "orders.h"
#include "parts.h"
#include "sense/network.h"
#include "sense/simulator.h"
#include "topology.h"

#define TICK_US	     UINT64_C(1000000)
#define RELINK_MS    SECONDS(2)
#define ROOM_MS	     SECONDS(5)
#define EARLY_GAP_MS 200u /* an early tick comes no sooner than this after the last */

struct manager {
	sd_event *event;
	const struct options *options;
	struct settings settings;
	struct parts parts;
	struct announcer announcer;
	struct topology topology;

	sd_event_source *timer, *ring, *acknowledgements, *hangup;
	uint64_t last_tick_ms, last_link_ms, last_room_ms, last_fed_ms;
	uint64_t feed_ms;		/* how often systemd's watchdog is fed; 0: there is none */
	bool is_hidden;			/* the present could not be published */
	const struct sample *simulated; /* samples that are: of this tick */

	struct keeper keeper;
	struct present *present;
	size_t n_present, n_room;
};

/* What the outbox asks: how is the unit at this moment? */
static const struct unit_status *status_of(uint32_t unit, void *userdata)
{
	const struct manager *manager = userdata;
	const struct unit_status *status =
		manager->parts.sampler ? sampler_status(manager->parts.sampler, unit) : NULL;

	if (status)
		return status;

	for (size_t i = 0; i < manager->n_present; i++)
		if (manager->present[i].status.unit == unit)
			return &manager->present[i].status;
	return NULL;
}

/* The job of an order of ours is nobody's stop. */
static void follow_order(const struct attempt *attempt, void *userdata)
{
	struct manager *manager = userdata;

	if (manager->parts.sampler)
		sampler_follow_order(manager->parts.sampler, attempt);
}

/* ---- the tick: section 2 of the house, from top to bottom ---------------------- */

static void record_finding(struct manager *manager, const struct finding *finding, const char *name)
{
	bool turned = finding->sick_began ||
		      (finding->incident_changed && finding->incident.closed_ms != 0);
	/* That people are called says nothing new of the unit, whose incident may be over. */
	bool is_judged = finding->decided && finding->decision.action != ACTION_NOTIFY;
	int r = 0;

	if (finding->incident_changed)
		r = writer_incident(manager->parts.past.writer, &finding->incident);
	if (r >= 0 && (finding->sick_began || is_judged)) /* before the decision: with it */
		r = writer_verdict(manager->parts.past.writer, finding->incident.id,
				   &finding->verdict);
	if (r >= 0 && finding->concluded)
		r = writer_outcome(manager->parts.past.writer, &finding->outcome);
	if (r >= 0 && turned) /* its last minutes at 1 Hz */
		r = writer_detail(manager->parts.past.writer, finding->verdict.unit);
	if (r < 0)
		(void)log_warning_errno(r, "cannot record what happens to %s", name);
	announce_finding(&manager->announcer, finding, name);
	if (finding->decided)
		outbox_put(&manager->parts.outbox, &finding->decision, manager->last_tick_ms);
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

/* Of one that is down there is nothing to see. */
static bool is_up(const struct unit_status *status)
{
	return status->active != UNIT_ACTIVE_INACTIVE && status->active != UNIT_ACTIVE_FAILED &&
	       status->active != UNIT_ACTIVE_GONE;
}

/* Will its next values decide something? Those of one that is being healed have to prove it. */
static bool is_urgent(const struct finding *finding)
{
	return finding->verdict.rule[0] || finding->verdict.health == HEALTH_SICK ||
	       finding->why == WHY_ATTEMPT_RUNNING;
}

/* What is merely unusual is worth a closer look, but is so too often to walk all tasks for it. */
static void suspect(struct manager *manager, size_t i, const struct finding *finding,
		    const struct unit_status *status)
{
	bool is_unusual = finding->verdict.health == HEALTH_UNUSUAL;

	sampler_suspect(manager->parts.sampler, i,
			is_up(status) && (is_unusual || is_urgent(finding)));
	if (is_up(status) && is_urgent(finding))
		sampler_hurry(manager->parts.sampler, true);
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
		    simulation_owns(manager->parts.simulation, samples[i].unit))
			continue; /* a real unit of that very name: two lives would be one record */
		r = judge_take(manager->parts.judge, &samples[i], &status[i], can_record, &finding);
		if (r == -ENOMEM)
			return log_error_errno(r, "cannot judge %s", status[i].name);
		if (r < 0)
			continue; /* one unit must not blind us for all others */
		if (samples != manager->simulated)
			suspect(manager, i, &finding, &status[i]);
		if (manager->parts.past.start.obstacle) /* no number that the past will know */
			finding.incident.id = finding.decision.incident = 0;
		*present = (struct present) {
			.status = status[i],
			.sample = samples[i],
			.verdict = finding.verdict,
			.why = finding.why,
			.age_s = judge_age_s(manager->parts.judge, samples[i].unit),
			.cpu_wait_s = judge_cpu_wait_s(manager->parts.judge, samples[i].unit),
			.incident = finding.incident.closed_ms ? 0 : finding.incident.id,
		};
		manager->n_present++;
		record_finding(manager, &finding, status[i].name);
	}
	return writer_samples(manager->parts.past.writer, samples, n);
}

/* Units that are sampled no more leave nothing open behind. */
static void close_what_is_gone(struct manager *manager, uint64_t when_ms, uint64_t wall_ms)
{
	struct finding finding;

	while (judge_sweep(manager->parts.judge, when_ms, wall_ms, &finding))
		record_finding(manager, &finding, "a unit that is gone");
}

/* Who ordered it had heard "yes". */
static void tell_what_lapsed(struct manager *manager, uint64_t when_ms)
{
	const struct unit_status *status;
	uint32_t unit;

	while (judge_lapsed(manager->parts.judge, when_ms, &unit)) {
		status = status_of(unit, manager);
		log_warning("the heal of %s that was ordered is not done, since it was not sampled "
			    "within %" PRIu64 " s; order it again if it is still wanted",
			    status ? status->name : "a unit that is gone", JUDGE_ASKED_MS / 1000);
	}
}

/* Said when the first is left out, and when all are watched again. */
static void count_unwatched(struct manager *manager)
{
	const struct sampler *sampler = manager->parts.sampler;
	uint32_t n = sampler ? (uint32_t)sampler_unwatched(sampler) : 0;

	if (n > 0 && manager->keeper.n_unwatched == 0)
		log_warning("%" PRIu32 " units are beyond the bounds of what is watched; "
			    "see BOUNDS in selfhealed(8)",
			    n);
	else if (n == 0 && manager->keeper.n_unwatched > 0)
		log_notice("no unit is beyond the bounds of what is watched any more");
	manager->keeper.n_unwatched = n;
}

static void publish(struct manager *manager, uint64_t wall_ms, uint64_t began_cpu_us)
{
	struct keeper *keeper = &manager->keeper;
	int r;

	keeper->at_wall_ms = wall_ms;
	keeper->n_ticks++;
	keeper->n_units = (uint32_t)manager->n_present;
	(void)snprintf(keeper->mode, sizeof(keeper->mode), "%s",
		       manager->parts.hold.all ? "stopped"
					       : mode_word(manager->settings.config.mode));
	count_unwatched(manager);
	keeper->cpu_us = clock_cpu_us();
	keeper->tick_us = keeper->cpu_us - began_cpu_us;
	keeper->n_lost = writer_lost(manager->parts.past.writer);
	if (manager->parts.sampler)
		keeper->walk_every_ms = probe_walk_every_ms(sampler_probe(manager->parts.sampler));
	if (manager->parts.sampler)
		keeper->n_lost += sampler_lost(manager->parts.sampler) +
				  network_calls_lost(sampler_network(manager->parts.sampler));
	r = parts_publish(&manager->parts, keeper, manager->present, manager->n_present);
	if (r < 0 && !manager->is_hidden)
		(void)log_warning_errno(r,
					"cannot publish the present, so status shows an old one");
	else if (r >= 0 && manager->is_hidden)
		log_notice("the present is published again");
	manager->is_hidden = r < 0;
}

static void keep_topology(struct manager *manager, uint64_t when_ms, uint64_t wall_ms)
{
	int r;

	r = topology_turn(&manager->topology, &manager->parts, when_ms, wall_ms);
	if (r < 0)
		(void)log_warning_errno(r, "cannot keep who talks to whom");
}

/* Said when it begins and when it is over: in between nothing is decided. */
static void follow_store(struct manager *manager, uint64_t when_ms)
{
	enum store_state state = writer_state(manager->parts.past.writer, when_ms);

	if (state != manager->keeper.store)
		announce_store(state, manager->options->state_dir);
	manager->keeper.store = state;
}

static int manager_tick(struct manager *manager)
{
	uint64_t when_ms = clock_boot_ms(), wall_ms = clock_wall_ms(), cpu_us = clock_cpu_us();
	const struct unit_status *status;
	const struct sample *samples;
	struct harvest harvest = { 0 };
	struct surroundings around;
	int r;

	manager->last_tick_ms = when_ms;
	follow_store(manager, when_ms);
	manager->n_present = 0;
	if (manager->parts.sampler) {
		r = sampler_take(manager->parts.sampler, when_ms, wall_ms, &harvest);
		if (r < 0)
			return log_error_errno(r, "cannot sample");
		sampler_hurry(manager->parts.sampler, false); /* unless one of these is urgent */
	}
	around_look(&manager->parts, when_ms, wall_ms, &around);
	judge_surroundings(manager->parts.judge, &around);
	r = make_room(manager, harvest.n + SIMULATOR_UNITS);
	if (r < 0)
		return log_error_errno(r, "cannot watch %zu units", harvest.n);
	r = consider(manager, harvest.samples, harvest.status, harvest.n);
	if (r >= 0 && manager->parts.simulation) {
		simulation_take(manager->parts.simulation, when_ms, wall_ms, &samples, &status);
		manager->simulated = samples;
		r = consider(manager, samples, status, SIMULATOR_UNITS);
	}
	if (r == -ENOMEM)
		return r;
	orders_turn(&manager->parts, when_ms);
	healer_turn(manager->parts.healer, when_ms, wall_ms);
	outbox_turn(&manager->parts.outbox, when_ms);
	forensics_turn(manager->parts.forensics, when_ms);
	close_what_is_gone(manager, when_ms, wall_ms);
	tell_what_lapsed(manager, when_ms);
	lessons_turn(&manager->parts, manager->present, manager->n_present,
		     manager->keeper.n_ticks);
	keep_topology(manager, when_ms, wall_ms);
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
	r = probe_drain(sampler_probe(manager->parts.sampler), on_kernel_event, &urgent);
	if (r < 0)
		(void)log_warning_errno(r, "cannot read the kernel's events");
	if (!urgent || clock_boot_ms() - manager->last_tick_ms < EARLY_GAP_MS)
		return 0;
	r = sd_event_now(manager->event, CLOCK_MONOTONIC, &now_us);
	return r < 0 ? r : arm(manager->timer, now_us);
}

static void apply_settings(struct manager *manager)
{
	manager->announcer.notices_per_day = manager->settings.config.notices_per_day;
}

/* What is said of the daemon itself, as far as the parts know it. */
static void describe_keeper(struct manager *manager)
{
	struct keeper *keeper = &manager->keeper;
	struct sampler *sampler = manager->parts.sampler;

	keeper->distrust_until_wall_ms = manager->parts.distrust_until_wall_ms;
	(void)snprintf(keeper->source, sizeof(keeper->source), "%s",
		       sampler ? sampler_source(sampler) : "the simulator alone");
	if (!sampler)
		return;
	keeper->tier = (uint32_t)probe_tier(sampler_probe(sampler));
	(void)snprintf(keeper->limit, sizeof(keeper->limit), "%s",
		       probe_limit(sampler_probe(sampler)));
}

static int still_works(void *probe)
{
	return probe_works(probe);
}

/* What was loaded is read without any right; a kernel that wants them for that too keeps them, and it is
 * said. While there is no past, all parts will be made anew, and loading needs them. */
static void spend_privilege(struct manager *manager)
{
	struct sampler *sampler = manager->parts.sampler;
	int r;

	if (manager->parts.past.start.obstacle)
		return;
	r = privilege_drop(sampler ? still_works : NULL, sampler ? sampler_probe(sampler) : NULL);
	if (r < 0)
		(void)log_warning_errno(r, "cannot read the kernel's side without capabilities, so "
					   "they are kept");
}

/* ---- parts that come back --------------------------------------------------------- */

static int watch_ring(struct manager *manager)
{
	int fd = manager->parts.sampler ? probe_fd(sampler_probe(manager->parts.sampler)) : -1;

	if (fd < 0)
		return 0;
	return sd_event_add_io(manager->event, &manager->ring, fd, EPOLLIN, on_ring, manager);
}

static void relink_when_due(struct manager *manager, uint64_t when_ms)
{
	if (when_ms - manager->last_link_ms < RELINK_MS)
		return;
	manager->last_link_ms = when_ms;
	if (parts_relink(&manager->parts))
		log_notice("the system bus is back");
}

/* Units have other numbers then, so what was seen of them is forgotten too. */
static int find_room_when_due(struct manager *manager, uint64_t when_ms)
{
	int r;

	if (!manager->parts.past.start.obstacle || when_ms - manager->last_room_ms < ROOM_MS)
		return 0;
	manager->last_room_ms = when_ms;
	/* Before its descriptor may be closed, and the number be somebody else's. */
	manager->ring = sd_event_source_disable_unref(manager->ring);
	r = parts_find_room(&manager->parts);
	if (r == 0) {
		manager->n_present = 0;
		manager->simulated = NULL;
		topology_clear(&manager->topology);
		spend_privilege(manager);
		describe_keeper(manager);
	}
	if (r < 0 && r != -EAGAIN)
		return r;
	r = watch_ring(manager);
	return r < 0 ? log_error_errno(r, "cannot watch the kernel's events") : 0;
}

/* ---- the heart -------------------------------------------------------------------- */

/* By the tick, and not by the loop: a loop that only turns proves nothing. */
static void feed_watchdog(struct manager *manager)
{
	uint64_t now_ms = clock_boot_ms();

	if (manager->feed_ms == 0 || now_ms - manager->last_fed_ms < manager->feed_ms)
		return;
	manager->last_fed_ms = now_ms;
	(void)sd_notify(0, "WATCHDOG=1");
}

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
	relink_when_due(manager, clock_boot_ms());
	r = find_room_when_due(manager, clock_boot_ms());
	if (r >= 0)
		r = manager_tick(manager);
	if (r < 0) /* an error returned would only stop this timer, and we would look alive */
		return sd_event_exit(manager->event, r);
	feed_watchdog(manager);
	if (manager->keeper.n_ticks == 1)
		announce_start(&manager->keeper, manager->options->state_dir);
	return 0;
}

static int on_acknowledgements(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)fd, (void)revents;
	outbox_acknowledge(&manager->parts.outbox);
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
	judge_reconfigure(manager->parts.judge, &manager->settings.config,
			  &manager->settings.rulebook);
	if (manager->parts.sampler)
		sampler_set_classes(manager->parts.sampler, &manager->settings.classes);
	log_notice("settings read again (MaxSize= and LearnSec= count from the next start)");
	return 0;
}

/* ---- life ------------------------------------------------------------------------- */

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
		r = sd_event_add_io(event, &manager->acknowledgements,
				    writer_fd(manager->parts.past.writer), EPOLLIN,
				    on_acknowledgements, manager);
	if (r >= 0)
		r = sd_event_add_signal(event, &manager->hangup, SIGHUP, on_hangup, manager);
	return r < 0 ? log_error_errno(r, "cannot begin the loop") : 0;
}

static int start(struct manager *manager)
{
	struct keeper *keeper = &manager->keeper;
	uint64_t watchdog_us;
	int r;

	r = parts_open(&manager->parts);
	if (r < 0)
		return r;
	keeper->pid = (uint32_t)getpid();
	keeper->started_wall_ms = clock_wall_ms();
	keeper->simulates = manager->options->simulate;
	keeper->speed = manager->options->speed;
	if (manager->parts.past.start.obstacle)
		keeper->store =
			writer_state(manager->parts.past.writer, 0); /* it was said already */
	spend_privilege(manager);
	describe_keeper(manager);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		manager->feed_ms = watchdog_us / 1000 / 3;
	return begin(manager);
}

int manager_new(sd_event *event, const struct options *options, const struct settings *settings,
		struct manager **ret)
{
	CLEANUP(manager_freep) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return log_error_errno(-ENOMEM, "cannot start");
	manager->event = sd_event_ref(event);
	manager->options = options;
	manager->settings = *settings;
	manager->parts = (struct parts) {
		.event = event,
		.options = options,
		.settings = &manager->settings,
		.outbox = { .status = status_of, .order = follow_order, .userdata = manager }
	};
	apply_settings(manager);
	r = start(manager);
	if (r < 0)
		return r;
	*ret = TAKE(manager);
	return 0;
}

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;
	if (manager->parts.judge) {
		lessons_keep(&manager->parts, manager->present, manager->n_present);
		manager->topology.turned_ms = 0; /* its last minute, however short */
		keep_topology(manager, clock_boot_ms(), clock_wall_ms());
	}
	(void)sd_event_source_disable_unref(manager->timer);
	(void)sd_event_source_disable_unref(manager->ring);
	(void)sd_event_source_disable_unref(manager->acknowledgements);
	(void)sd_event_source_disable_unref(manager->hangup);
	topology_clear(&manager->topology);
	parts_close(&manager->parts);
	(void)sd_event_unref(manager->event);
	free(manager->present);
	free(manager);
	return NULL;
}
