/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One sample a unit and tick: asks the probe, fills what it lacks from cgroup and
 * proc files, and has all of it joined.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "record/edge.h"
#include "record/record.h"
#include "record/signal.h"
#include "sense/probe.h"

struct classes;
struct network;
struct sampler;

typedef uint32_t sampler_number(const char *name, void *userdata);

/* bus may be NULL (no systemd to ask); it stays the caller's. `number` gives a name its unit, never
 * 0 for "host"; of a name with 0 there is no sample. Without systemd, BPF or rights there is less to see, which is no
 * error. -ETIMEDOUT, -ECONNRESET, -ENOTCONN: systemd is there, and does not answer now. */
int sampler_new(sd_bus *bus, sampler_number *number, void *userdata, struct sampler **ret);
struct sampler *sampler_free(struct sampler *sampler);
DEFINE_CLEANUP(struct sampler *, sampler_free)

/* After the bus was lost: ask systemd over another one. This waits as sampler_new() does; on failure
 * all is as before. -EINVAL: the list does not come from systemd. */
int sampler_set_bus(struct sampler *sampler, sd_bus *bus);

/* What is said of classes of units: units_set_classes(). */
void sampler_set_classes(struct sampler *sampler, const struct classes *classes);

/* Take one sample of every unit there is, and of the host (always the last). The arrays are the
 * sampler's, of equal length, and live until the next call: status[i] is of samples[i]. A unit that
 * cannot be read has a sample without values. At most UNITS_MAX and the host. -ENOMEM only. */
struct harvest {
	size_t n;
	const struct sample *samples;
	const struct unit_status *status;
};
int sampler_take(struct sampler *sampler, uint64_t when_ms, uint64_t wall_ms, struct harvest *ret);

/* How many units are there and are not in the last harvest because a bound is met: UNITS_MAX, or
 * BARE_UNITS_MAX without systemd, or `number` gave 0. A level: it falls when they end. What is left
 * out on purpose, such as a service that never ran, is not counted. */
size_t sampler_unwatched(const struct sampler *sampler);

/* From where the values of the last harvest came; the sampler's own. */
const struct signals *sampler_signals(const struct sampler *sampler);

/* How a unit is at this very moment, newer than the last harvest; NULL: it is on no list of systemd. */
const struct unit_status *sampler_status(const struct sampler *sampler, uint32_t unit);
/* An order of our own to systemd went as far as the attempt says: its job is nobody's stop. */
void sampler_follow_order(struct sampler *sampler, const struct attempt *attempt);

/* Events, sockets and lines lost so far on the way here, at least. */
uint64_t sampler_lost(const struct sampler *sampler);
/* Is the unit at that place of the last harvest under suspicion? Then its files are looked at in each tick
 * (units_look_at_files), its threads whenever tasks are walked, and deep probes attached for a while if it lasts. */
void sampler_suspect(struct sampler *sampler, size_t place, bool is_suspect);
/* From now on tasks are walked in each tick, or at their pace: probe.h. */
void sampler_hurry(struct sampler *sampler, bool is_hurried);

/* What systemd says that units need of one another, as units_edges(); nothing without systemd. */
int sampler_edges(const struct sampler *sampler, uint64_t wall_ms, struct edge_list *ret);
uint64_t sampler_edges_version(const struct sampler *sampler);

struct network *sampler_network(struct sampler *sampler);
struct probe *sampler_probe(struct sampler *sampler);
/* Does whoever gives the list answer? false between a lost bus and its return. */
bool sampler_is_known(const struct sampler *sampler);
/* "systemd", "cgroups" or "process trees": where the list of units comes from. */
const char *sampler_source(const struct sampler *sampler);
/* units_are_shutting_down(); false without systemd. */
bool sampler_is_shutting_down(const struct sampler *sampler);
