/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks all readers for what they have of each unit, once a tick. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sense/bare.h"
#include "sense/errors.h"
#include "sense/join.h"
#include "sense/limits.h"
#include "sense/members.h"
#include "sense/network.h"
#include "sense/procfs.h"
#include "sense/sampler.h"
#include "sense/trace.h"
#include "sense/units.h"

#define HOST		   "host"
#define MANAGER_UNIT	   "init.scope" /* systemd's own */
#define BARE_REFRESH_TICKS 10

/* What is held of one unit from tick to tick. */
struct held {
	uint32_t unit;
	uint64_t tick; /* it was last seen in */
	struct join_past past;
	struct members members;
	struct limits_memory limits;
	uint64_t error_lines; /* since we look */
	bool is_suspect;      /* the probe knows */
	bool is_doubted;      /* whether the probe had room for it or not */
};

struct sampler {
	sampler_number *number;
	void *userdata;
	const struct classes *classes; /* borrowed; NULL: none */
	struct units *units;	       /* NULL: without systemd */
	struct bare *bare;	       /* NULL: with systemd */
	struct members_ground ground;
	struct network *network;
	struct errors *errors; /* NULL: there can be none */
	uint64_t error_lines;  /* of all units, and of none */
	uint64_t when_ms;      /* of this tick */
	size_t n_left_out;     /* in this tick: listed, and not taken */
	uint64_t lost;	       /* up to the last tick */
	bool has_snapshot;     /* in this tick: the probe walked, */
	bool has_trees;	       /* the processes were folded */
	uint64_t traced;       /* metrics that the probe has from tracepoints */
	struct signals signals;
	struct unit_status host;
	struct limits host_limits;
	struct join_past host_past;
	/* of equal length: a unit's place is the same in all; the host's is behind the last */
	size_t n, n_max;
	struct held *held;
	struct sample *sample;
	struct unit_status *status;
	struct join_found found; /* of the unit at hand: large for a stack */
};

/* ---- the list ------------------------------------------------------------ */

static int reserve(struct sampler *sampler, size_t n)
{
	size_t n_max = sampler->n_max ? sampler->n_max : 32;
	void *memory;

	while (n_max < n)
		n_max *= 2;
	if (n_max == sampler->n_max)
		return 0;
	memory = reallocarray(sampler->held, n_max, sizeof(*sampler->held));
	if (!memory)
		return -ENOMEM;
	sampler->held = memory;
	memory = reallocarray(sampler->sample, n_max, sizeof(*sampler->sample));
	if (!memory)
		return -ENOMEM;
	sampler->sample = memory;
	memory = reallocarray(sampler->status, n_max, sizeof(*sampler->status));
	if (!memory)
		return -ENOMEM;
	sampler->status = memory;
	sampler->n_max = n_max;
	return 0;
}

/* Lists hardly change, so the unit is most often where it was, or just behind. */
static struct held *find_held(const struct sampler *sampler, uint32_t unit, size_t place)
{
	for (size_t i = 0; i < sampler->n; i++) {
		struct held *held = &sampler->held[(place + i) % sampler->n];

		if (held->unit == unit)
			return held;
	}
	return NULL;
}

struct keeping {
	struct held *held;
	struct members_ground *ground;
};

static int keep_member(const char *cgroup, uint64_t id, void *userdata)
{
	struct keeping *keeping = userdata;

	return members_keep(&keeping->held->members, keeping->ground, keeping->held->unit, cgroup,
			    id);
}

static int keep_members(struct sampler *sampler, struct held *held)
{
	struct keeping keeping = { held, &sampler->ground };

	if (sampler->units)
		return units_members(sampler->units, held->unit, keep_member, &keeping);
	return bare_members(sampler->bare, held->unit, keep_member, &keeping);
}

/* Two units of one number, or one of the host's, would be one unit with two values: the first is
 * taken. While those of the last tick hold all places, a new one waits for the next. */
static bool is_takeable(const struct sampler *sampler, const struct unit_status *status,
			const struct held *held)
{
	if (status->unit == 0 || status->unit == sampler->host.unit)
		return false;
	return held ? held->tick != sampler->ground.tick : sampler->n < UNITS_MAX;
}

/* Whatever may be healed soon: was it changed meanwhile? One that is down is no suspect. */
static void look_at_files(struct sampler *sampler, const struct held *held,
			  const struct unit_status *status)
{
	if (sampler->units && (held->is_doubted || status->active == UNIT_ACTIVE_FAILED))
		units_look_at_files(sampler->units, status->unit); /* which writes to *status */
}

static int list_unit(struct sampler *sampler, const struct unit_status *status, size_t place)
{
	struct held *held = find_held(sampler, status->unit, place);
	int r;

	if (!is_takeable(sampler, status, held)) {
		sampler->n_left_out++;
		return 0;
	}
	if (!held) {
		r = reserve(sampler, sampler->n + 2);
		if (r < 0)
			return r;
		held = &sampler->held[sampler->n++];
		*held = (struct held) { .unit = status->unit };
	}
	held->tick = sampler->ground.tick;
	look_at_files(sampler, held, status);
	sampler->status[held - sampler->held] = *status;
	limits_tell(&held->limits, &sampler->ground.roots, &sampler->host_limits, sampler->when_ms,
		    &sampler->status[held - sampler->held]);
	return keep_members(sampler, held);
}

/* Those that are not on the list any more. The last takes the free place. */
static void forget_unlisted(struct sampler *sampler)
{
	for (size_t i = sampler->n; i-- > 0;) {
		if (sampler->held[i].tick == sampler->ground.tick)
			continue;
		members_clear(&sampler->held[i].members, &sampler->ground);
		sampler->n--;
		sampler->held[i] = sampler->held[sampler->n];
		sampler->status[i] = sampler->status[sampler->n];
	}
}

static int list_units(struct sampler *sampler)
{
	const struct unit_status *status;
	size_t n;
	int r;

	if (sampler->bare && sampler->ground.tick % BARE_REFRESH_TICKS == 0) {
		r = bare_refresh(sampler->bare);
		if (r == -ENOMEM)
			return r;
	}
	status = sampler->units ? units_list(sampler->units, &n) : bare_list(sampler->bare, &n);
	sampler->n_left_out = 0;
	for (size_t i = 0; i < n; i++) {
		r = list_unit(sampler, &status[i], i);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- sockets and error lines ------------------------------------------------ */

static uint32_t row_of(const char *name, void *userdata)
{
	const struct sampler *sampler = userdata;

	return units_row(sampler->units, name);
}

struct owning {
	struct owners *owners;
	uint32_t unit;
};

static void own(uint64_t id, void *userdata)
{
	const struct owning *owning = userdata;

	owners_add(owning->owners, id, owning->unit);
}

static uint64_t list_owners(struct owners *owners, void *userdata)
{
	const struct sampler *sampler = userdata;
	uint64_t manager = 0;

	for (size_t i = 0; i < sampler->n; i++) {
		const struct unit_status *status = &sampler->status[i];
		struct owning owning = { owners, status->unit };

		(void)members_ids(&sampler->held[i].members, &sampler->ground, own, &owning);
		if (strcmp(status->name, MANAGER_UNIT) == 0)
			manager = members_id(&sampler->held[i].members, &sampler->ground);
	}
	return manager;
}

static void take_errors(const char *name, uint64_t n, void *userdata)
{
	struct sampler *sampler = userdata;
	uint32_t unit = name[0] ? units_row(sampler->units, name) : 0;

	sampler->error_lines += n;
	for (size_t i = 0; unit != 0 && i < sampler->n; i++)
		if (sampler->held[i].unit == unit) {
			sampler->held[i].error_lines += n;
			return;
		}
}

static bool has_errors(const struct sampler *sampler)
{
	return sampler->errors && errors_are_known(sampler->errors, sampler->when_ms);
}

static void find_errors(const struct sampler *sampler, uint64_t lines, struct usage *usage)
{
	if (has_errors(sampler))
		usage_set(usage, METRIC_ERROR_LINES, (double)lines);
}

/* ---- the values ---------------------------------------------------------- */

static bool is_trees(const struct sampler *sampler)
{
	return sampler->bare && bare_is_trees(sampler->bare);
}

/* The probe is not mixed with files: their totals of one process differ a little, and the
 * difference would be taken for work. */
static int fold_trees(struct sampler *sampler)
{
	CLEANUP(cleanup_free) struct process *read = NULL;
	const struct process *processes;
	size_t n = 0;
	int r;

	sampler->has_trees = false;
	if (probe_tier(sampler->ground.probe) < TIER_ITERATORS) {
		r = procfs_processes("/proc", &read, &n);
		if (r < 0)
			return r == -ENOMEM ? r : 0;
		processes = read;
	} else {
		if (!sampler->has_snapshot)
			return 0;
		processes = probe_processes(sampler->ground.probe, &n);
	}
	r = bare_fold(sampler->bare, processes, n);
	sampler->has_trees = r >= 0;
	return r;
}

static int find_members(struct sampler *sampler, struct held *held, struct unit_status *status)
{
	struct usage *from = sampler->found.from;
	struct members_ground *ground = &sampler->ground;
	uint64_t id;
	int r;

	status->cgroup_id = members_id(&held->members, ground);
	if (members_ids(&held->members, ground, NULL, NULL))
		network_usage(sampler->network, status->unit, sampler->when_ms,
			      &from[JOIN_SOCKETS]);
	/* With an id the probe's CPU time is the cgroup's, without one it is that of tasks: a row
	 * with now one cgroup, now two keeps to the latter. */
	id = status->kind == UNIT_KIND_SHARED ? 0 : status->cgroup_id;
	if (sampler->has_snapshot && members_are_watched(&held->members, ground))
		(void)probe_usage(ground->probe, status->unit, id, &from[JOIN_PROBE]);
	/* ... and a unit that is down, to neither. */
	if (id == 0 && status->kind != UNIT_KIND_SHARED)
		from[JOIN_PROBE].have &= ~METRIC_BIT(METRIC_CPU);
	r = members_read_files(&held->members, ground, from[JOIN_PROBE].have, &from[JOIN_FILES]);
	if (r < 0)
		return r;
	if (probe_tier(ground->probe) >= TIER_ITERATORS)
		return 0;
	return members_read_processes(&held->members, ground, &from[JOIN_PROCESSES]);
}

static int find(struct sampler *sampler, size_t place)
{
	struct unit_status *status = &sampler->status[place];
	struct usage *from = sampler->found.from;

	memset(&sampler->found, 0, sizeof(sampler->found));
	if (sampler->units && status->kind == UNIT_KIND_SERVICE)
		usage_set(&from[JOIN_MANAGER], METRIC_RESTARTS, status->n_restarts);
	/* What has no process writes nothing, which is no news. */
	if (sampler->units && (status->kind == UNIT_KIND_SHARED || status->cgroup[0]))
		find_errors(sampler, sampler->held[place].error_lines, &from[JOIN_JOURNAL]);
	if (!is_trees(sampler))
		return find_members(sampler, &sampler->held[place], status);
	if (sampler->has_trees)
		(void)bare_usage(sampler->bare, status->unit, &from[JOIN_PROCESSES]);
	return 0;
}

static struct trace trace_of(struct sampler *sampler)
{
	return (struct trace) {
		.signals = &sampler->signals,
		.traced = sampler->traced,
		.folds_walks =
			is_trees(sampler) && probe_tier(sampler->ground.probe) >= TIER_ITERATORS,
	};
}

static void sample_host(struct sampler *sampler, uint64_t when_ms)
{
	struct trace trace = trace_of(sampler);
	struct usage *from = sampler->found.from;

	memset(&sampler->found, 0, sizeof(sampler->found));
	procfs_host("/proc", &from[JOIN_PROCESSES]);
	if (sampler->has_snapshot)
		(void)probe_usage(sampler->ground.probe, 0, 0, &from[JOIN_PROBE]);
	if (!(from[JOIN_PROBE].have & METRIC_BIT(METRIC_PROCESSES)))
		procfs_count("/proc", &from[JOIN_PROCESSES]);
	network_usage(sampler->network, 0, when_ms, &from[JOIN_SOCKETS]);
	if (sampler->units)
		find_errors(sampler, sampler->error_lines, &from[JOIN_JOURNAL]);
	sampler->status[sampler->n] = sampler->host;
	join_sample(&sampler->host_past, &sampler->host, &sampler->found, when_ms,
		    &sampler->sample[sampler->n]);
	trace_host(&trace, &sampler->host_past, &sampler->sample[sampler->n]);
}

static int sample_units(struct sampler *sampler, uint64_t when_ms)
{
	struct trace trace = trace_of(sampler);
	int r;

	signals_clear(&sampler->signals);
	network_turn(sampler->network, &(struct network_ground) { list_owners, row_of, sampler },
		     when_ms);
	if (sampler->errors)
		errors_drain(sampler->errors, take_errors, sampler);
	for (size_t i = 0; i < sampler->n; i++) {
		r = find(sampler, i);
		if (r < 0)
			return r;
		join_sample(&sampler->held[i].past, &sampler->status[i], &sampler->found, when_ms,
			    &sampler->sample[i]);
		trace_unit(&trace, &sampler->held[i].past, &sampler->sample[i]);
		members_part(&sampler->held[i].members, &sampler->ground);
	}
	sample_host(sampler, when_ms);
	return 0;
}

/* Units whose cgroups are new must be watched before the walk; trees are known only after it. */
static int look(struct sampler *sampler)
{
	int r = 0;

	if (!is_trees(sampler))
		r = list_units(sampler);
	if (r < 0)
		return r;
	sampler->has_snapshot = probe_snapshot(sampler->ground.probe) >= 0;
	if (!is_trees(sampler))
		return 0;
	r = fold_trees(sampler);
	return r < 0 ? r : list_units(sampler);
}

int sampler_take(struct sampler *sampler, uint64_t when_ms, uint64_t wall_ms, struct harvest *ret)
{
	uint64_t lost;
	uint32_t flags;
	int r;

	sampler->when_ms = when_ms;
	sampler->ground.tick++;
	tally_begin(sampler->ground.tally);
	r = look(sampler);
	if (r < 0)
		return r;
	forget_unlisted(sampler);
	r = sample_units(sampler, when_ms);
	if (r < 0)
		return r;

	lost = sampler_lost(sampler);
	flags = lost > sampler->lost ? SAMPLE_LOSSY : 0;
	sampler->lost = lost;
	for (size_t i = 0; i <= sampler->n; i++) {
		sampler->sample[i].wall_ms = wall_ms;
		sampler->sample[i].flags = flags;
	}
	*ret = (struct harvest) { sampler->n + 1, sampler->sample, sampler->status };
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

static bool is_passing(int error)
{
	return error == -ETIMEDOUT || error == -ECONNRESET || error == -ENOTCONN;
}

/* Whatever systemd answers but its list, we can do without it. But that it does not answer now is no
 * reason to do so for ever. */
static int choose_source(struct sampler *sampler, sd_bus *bus)
{
	int r = -ENOENT;

	if (bus)
		r = units_new(bus, sampler->number, sampler->userdata, &sampler->units);
	if (r >= 0)
		return r;
	if (r == -ENOMEM || is_passing(r))
		return r;
	if (bus)
		(void)log_warning_errno(r, "systemd does not tell its units, so cgroups are "
					   "watched and nothing can be restarted");
	return bare_new(&sampler->ground.roots, sampler->number, sampler->userdata, &sampler->bare);
}

void sampler_set_classes(struct sampler *sampler, const struct classes *classes)
{
	sampler->classes = classes;
	if (sampler->units)
		units_set_classes(sampler->units, classes);
}

int sampler_set_bus(struct sampler *sampler, sd_bus *bus)
{
	CLEANUP(units_freep) struct units *units = NULL;
	int r;

	if (!sampler->units)
		return -EINVAL;
	r = units_new(bus, sampler->number, sampler->userdata, &units);
	if (r >= 0)
		r = network_set_bus(sampler->network, bus);
	if (r < 0)
		return r;
	units_free(sampler->units);
	sampler->units = TAKE(units);
	units_set_classes(sampler->units, sampler->classes);
	return 0;
}

int sampler_new(sd_bus *bus, sampler_number *number, void *userdata, struct sampler **ret)
{
	CLEANUP(sampler_freep) struct sampler *sampler = NULL;
	uint32_t host = number(HOST, userdata);
	int r;

	if (host == 0)
		return -ENOSPC;
	sampler = calloc(1, sizeof(*sampler));
	if (!sampler)
		return -ENOMEM;
	sampler->host = (struct unit_status) { .unit = host, .kind = UNIT_KIND_HOST, .name = HOST };
	limits_of_host("/proc", &sampler->host_limits);
	sampler->host.memory_most_bytes = sampler->host_limits.memory_bytes;
	sampler->host.threads_most = sampler->host_limits.threads;
	sampler->traced = signal_of_units(SIGNAL_TRACEPOINTS);
	sampler->number = number;
	sampler->userdata = userdata;
	r = tally_new(&sampler->ground.tally);
	if (r < 0)
		return r;
	r = reserve(sampler, 1);
	if (r < 0)
		return r;
	/* No cgroups at all: nothing below finds a folder, and process trees remain. */
	r = cgroup_roots_read("/proc/self/mountinfo", &sampler->ground.roots);
	if (r == -ENOMEM)
		return r;
	r = choose_source(sampler, bus);
	if (r < 0)
		return r;
	r = probe_new(is_trees(sampler) ? PROBE_BY_PROCESS : PROBE_BY_CGROUP,
		      &sampler->ground.probe);
	if (r >= 0)
		r = network_new(sampler->units ? bus : NULL, &sampler->ground.roots,
				sampler->ground.probe, &sampler->network);
	if (r < 0)
		return r;
	if (sampler->units) /* whose names the lines tell; without a count of them all else goes on */
		(void)errors_new(NULL, &sampler->errors);
	*ret = TAKE(sampler);
	return 0;
}

struct sampler *sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return NULL;
	for (size_t i = 0; i < sampler->n; i++)
		members_clear(&sampler->held[i].members, &sampler->ground);
	units_free(sampler->units);
	bare_free(sampler->bare);
	network_free(sampler->network);
	errors_free(sampler->errors);
	probe_free(sampler->ground.probe);
	tally_free(sampler->ground.tally);
	free(sampler->held);
	free(sampler->sample);
	free(sampler->status);
	free(sampler);
	return NULL;
}

size_t sampler_unwatched(const struct sampler *sampler)
{
	return sampler->n_left_out +
	       (sampler->units ? units_unwatched(sampler->units) : bare_unwatched(sampler->bare));
}

const struct signals *sampler_signals(const struct sampler *sampler)
{
	return &sampler->signals;
}

const struct unit_status *sampler_status(const struct sampler *sampler, uint32_t unit)
{
	return sampler->units ? units_find(sampler->units, unit) : NULL;
}

void sampler_follow_order(struct sampler *sampler, const struct attempt *attempt)
{
	if (sampler->units)
		units_follow_order(sampler->units, attempt);
}

uint64_t sampler_lost(const struct sampler *sampler)
{
	return probe_lost(sampler->ground.probe) + network_lost(sampler->network) +
	       (sampler->errors ? errors_lost(sampler->errors) : 0);
}

void sampler_suspect(struct sampler *sampler, size_t place, bool is_suspect)
{
	struct held *held = &sampler->held[place];

	if (place < sampler->n)
		held->is_doubted = is_suspect;
	/* Said of a suspect in each tick, since the probe forgets it with its last cgroup. */
	if (place >= sampler->n || (!held->is_suspect && !is_suspect))
		return;
	/* Where there are too many suspects already, it is one as soon as there is room. */
	if (probe_suspect(sampler->ground.probe, held->unit, is_suspect) >= 0)
		held->is_suspect = is_suspect;
}

void sampler_hurry(struct sampler *sampler, bool is_hurried)
{
	probe_hurry(sampler->ground.probe, is_hurried);
}

int sampler_edges(const struct sampler *sampler, uint64_t wall_ms, struct edge_list *ret)
{
	return sampler->units ? units_edges(sampler->units, wall_ms, ret) : 0;
}

uint64_t sampler_edges_version(const struct sampler *sampler)
{
	return sampler->units ? units_edges_version(sampler->units) : 0;
}

struct network *sampler_network(struct sampler *sampler)
{
	return sampler->network;
}

struct probe *sampler_probe(struct sampler *sampler)
{
	return sampler->ground.probe;
}

bool sampler_is_known(const struct sampler *sampler)
{
	return !sampler->units || units_are_known(sampler->units);
}

const char *sampler_source(const struct sampler *sampler)
{
	if (sampler->units)
		return "systemd";
	return is_trees(sampler) ? "process trees" : "cgroups";
}

bool sampler_is_shutting_down(const struct sampler *sampler)
{
	return sampler->units && units_are_shutting_down(sampler->units);
}
