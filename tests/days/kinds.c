/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Five kinds of service, and what befalls each of them. */
#include <string.h>

#include "tests/days/kinds.h"

#define KIB   1024.0
#define MIB   (1024.0 * KIB)
#define MIN   60.0
#define HOUR  3600.0
#define DAY   86400.0
#define WEEKS (14 * DAY)

/* ---- what befalls services of several kinds ------------------------------- */

/* Another service of the host works hard: some times a day, for a quarter of an hour or so. */
#define NEIGHBOUR                                                                                  \
	{                                                                                          \
		.name = "neighbour", .every_s = 6 * HOUR, .slack = 1, .lasts_s = 12 * MIN,         \
		.lasts_spread = 0.7, .height_spread = 0.4, .ramp_s = 10,                           \
		.effect = { .others = 2.2 },                                                       \
	}
/* The nightly pack of yesterday's log: one compressor, as fast as a core reads and writes. */
#define LOG_ROTATION                                                                               \
	{                                                                                          \
		.name = "log-rotation", .every_s = DAY, .slack = 0.01, .lasts_s = 45,              \
		.lasts_spread = 0.3, .height_spread = 0.1, .ramp_s = 2,                            \
		.effect = { .cores = 0.95,                                                         \
			    .wide = 1,                                                             \
			    .read_bytes = 30 * MIB,                                                \
			    .write_bytes = 3 * MIB,                                                \
			    .rss_bytes = 4 * MIB,                                                  \
			    .processes = 1,                                                        \
			    .threads = 1,                                                          \
			    .descriptors = 5 },                                                    \
	}
/* A link on a page that many read: up within a minute, gone within a quarter of an hour. */
#define FLASH_CROWD                                                                                \
	{                                                                                          \
		.name = "flash-crowd", .every_s = 30 * HOUR, .slack = 1, .lasts_s = 9 * MIN,       \
		.lasts_spread = 0.5, .height_spread = 0.4, .ramp_s = 60,                           \
		.effect = { .demand = 1.8 },                                                       \
	}
/* Somebody tries what there is to attack: few requests, most of them logged as errors. */
#define SCANNER                                                                                    \
	{                                                                                          \
		.name = "scanner", .every_s = 9 * HOUR, .slack = 1, .lasts_s = 90,                 \
		.lasts_spread = 0.6, .height_spread = 0.5, .ramp_s = 1,                            \
		.effect = { .demand = 0.05, .errors = 1.5 },                                       \
	}
/* The way to the clients is bad for a while. */
#define BAD_NETWORK                                                                                \
	{                                                                                          \
		.name = "bad-network", .every_s = 14 * HOUR, .slack = 1, .lasts_s = 3 * MIN,       \
		.lasts_spread = 0.6, .height_spread = 0.4, .ramp_s = 10,                           \
		.effect = { .lost = 0.03, .slower = 0.3 },                                         \
	}

const struct kind kind_table[KINDS_N] = {
	/* Clients by day and few by night; a process with a garbage collector. */
	{
		.name = "web",
		.requests = 160,
		.night = 0.06,
		.days_spread = 0.25,
		.demand_noise = 0.1,
		.accepts = 0.5, /* the other half comes over a connection that is open already */
		.serve_s = 0.5,
		.connects = 0.2,
		.segments = 12,
		.rtt_s = 0.035,
		.core_s = 0.004,
		.idle_cores = 0.004,
		.switches = 7,
		.wakeups = 60,
		.write_bytes = 700, /* a line of the access log, and now and then a session */
		.read_bytes = 250,
		.fault_bytes = 40 * KIB,
		.rss_bytes = 210 * MIB,
		.rss_per_connection = 60 * KIB,
		.cache_bytes = 180 * MIB,
		.garbage_bytes = 24 * KIB,
		.garbage_most = 70 * MIB,
		.processes = 1,
		.threads = 22,
		.workers = 8,
		.descriptors = 70,
		.memory_most_bytes = 512 * MIB,
		.descriptors_most = 65536,
		.backlog_most = 511,
		.errors = 0.02,
		.deploy_every_s = 40 * HOUR,
		.shift_every_s = 36 * HOUR,
		.job = { NEIGHBOUR,
			 LOG_ROTATION,
			 FLASH_CROWD,
			 SCANNER,
			 BAD_NETWORK,
			 { /* sessions that ran out are deleted, once an hour */
			   .name = "cron",
			   .every_s = HOUR,
			   .slack = 0.002,
			   .lasts_s = 20,
			   .lasts_spread = 0.3,
			   .height_spread = 0.2,
			   .ramp_s = 1,
			   .effect = { .cores = 0.5,
				       .wide = 1,
				       .read_bytes = 2 * MIB,
				       .write_bytes = 1 * MIB,
				       .rss_bytes = 20 * MIB,
				       .processes = 1,
				       .threads = 1,
				       .descriptors = 8 } },
			 { /* the whole heap, not only what is young */
			   .name = "full-collection",
			   .every_s = 2 * HOUR,
			   .slack = 0.5,
			   .lasts_s = 4,
			   .lasts_spread = 0.4,
			   .height_spread = 0.2,
			   .ramp_s = 0.5,
			   .effect = { .cores = 1.8, .wide = 2, .slower = 1 } } },
	},
	/* Nothing to do, and then all at once: a queue that fills when it fills. */
	{
		.name = "worker",
		.pool = 2, /* to its broker */
		.segments = 12,
		.rtt_s = 0.0006,
		.idle_cores = 0.003,
		.wakeups = 12,
		.rss_bytes = 90 * MIB,
		.cache_bytes = 60 * MIB,
		.processes = 5,
		.threads = 13,
		.descriptors = 40,
		.memory_most_bytes = 256 * MIB,
		.descriptors_most = 1024,
		.errors = 0.002,
		.deploy_every_s = 48 * HOUR,
		.shift_every_s = 48 * HOUR,
		.job = { NEIGHBOUR,
			 LOG_ROTATION,
			 { .name = "batch",
			   .every_s = 12 * MIN,
			   .slack = 1,
			   .lasts_s = 90,
			   .lasts_spread = 0.9, /* some are ten times as long as most */
			   .height_spread = 0.5,
			   .ramp_s = 3,
			   .effect = { .cores = 1.2,
				       .wide = 2,
				       .read_bytes = 5 * MIB,
				       .write_bytes = 2 * MIB,
				       .rss_bytes = 40 * MIB,
				       .descriptors = 12 } },
			 { .name = "small-batch",
			   .every_s = 3 * MIN,
			   .slack = 1,
			   .lasts_s = 8,
			   .lasts_spread = 0.5,
			   .height_spread = 0.4,
			   .ramp_s = 1,
			   .effect = { .cores = 0.4,
				       .wide = 1,
				       .read_bytes = 1 * MIB,
				       .write_bytes = 300 * KIB,
				       .rss_bytes = 6 * MIB,
				       .descriptors = 4 } },
			 { /* a job of another sort: in processes of its own */
			   .name = "cron",
			   .every_s = HOUR,
			   .slack = 0.002,
			   .lasts_s = 35,
			   .lasts_spread = 0.3,
			   .height_spread = 0.2,
			   .ramp_s = 1,
			   .effect = { .cores = 0.7,
				       .wide = 1,
				       .read_bytes = 4 * MIB,
				       .rss_bytes = 25 * MIB,
				       .processes = 1,
				       .threads = 1,
				       .descriptors = 9 } } },
	},
	/* A process for each connection, shared memory, and work of its own besides its clients'. */
	{
		.name = "database",
		.requests = 320,
		.night = 0.25,
		.days_spread = 0.2,
		.demand_noise = 0.12,
		.accepts = 0.08, /* most queries come over the pool */
		.serve_s = 0.4,
		.pool = 24,
		.segments = 6,
		.rtt_s = 0.0004,
		.core_s = 0.002,
		.idle_cores = 0.01,
		.switches = 4,
		.wakeups = 40,
		.read_bytes = 5 * KIB,
		.write_bytes = 3 * KIB,
		.fault_bytes = 12 * KIB,
		.rss_bytes = 380 * MIB,
		.rss_per_connection = 3 * MIB,
		.cache_bytes = 1500 * MIB,
		.processes = 7,
		.threads = 7,
		.threads_per_connection = 1,
		.workers = 24,
		.descriptors = 120,
		.memory_most_bytes = 768 * MIB,
		.descriptors_most = 4096,
		.backlog_most = 244,
		.errors = 0.01,
		.deploy_every_s = WEEKS,
		.shift_every_s = 40 * HOUR,
		.job = { NEIGHBOUR,
			 LOG_ROTATION,
			 FLASH_CROWD,
			 { /* what has changed is written out, spread over a third of the time until the next */
			   .name = "checkpoint",
			   .every_s = 5 * MIN,
			   .slack = 0.02,
			   .lasts_s = 100,
			   .lasts_spread = 0.15,
			   .height_spread = 0.3,
			   .ramp_s = 4,
			   .effect = { .cores = 0.05,
				       .wide = 1,
				       .write_bytes = 9 * MIB,
				       .slower = 0.15 } },
			 { /* a table that has changed enough is cleaned up */
			   .name = "vacuum",
			   .every_s = 40 * MIN,
			   .slack = 1,
			   .lasts_s = 70,
			   .lasts_spread = 0.9,
			   .height_spread = 0.2,
			   .ramp_s = 1,
			   .effect = { .cores = 0.45,
				       .wide = 1,
				       .read_bytes = 14 * MIB,
				       .write_bytes = 5 * MIB,
				       .rss_bytes = 30 * MIB,
				       .processes = 1,
				       .threads = 1,
				       .descriptors = 20 } },
			 { .name = "backup",
			   .every_s = DAY,
			   .slack = 0.005,
			   .lasts_s = 25 * MIN,
			   .lasts_spread = 0.15,
			   .height_spread = 0.1,
			   .ramp_s = 3,
			   .effect = { .cores = 0.8,
				       .wide = 1,
				       .read_bytes = 45 * MIB,
				       .rss_bytes = 12 * MIB,
				       .processes = 1,
				       .threads = 1,
				       .descriptors = 30,
				       .slower = 0.3 } },
			 { /* somebody asks for a report: one long query */
			   .name = "report",
			   .every_s = 4 * HOUR,
			   .slack = 1,
			   .lasts_s = 60,
			   .lasts_spread = 0.9,
			   .height_spread = 0.1,
			   .ramp_s = 1,
			   .effect = { .cores = 0.9,
				       .wide = 1,
				       .read_bytes = 20 * MIB,
				       .rss_bytes = 60 * MIB } } },
	},
	/* A daemon that is there in case: its monitor asks every ten seconds, hardly anybody else does. */
	{
		.name = "idle",
		.requests = 0.12,
		.night = 0.8,
		.demand_noise = 0.05,
		.accepts = 1,
		.serve_s = 0.05,
		.segments = 8,
		.rtt_s = 0.0003,
		.core_s = 0.003,
		.idle_cores = 0.0008,
		.switches = 12,
		.wakeups = 4,
		.write_bytes = 300,
		.fault_bytes = 20 * KIB,
		.rss_bytes = 18 * MIB,
		.rss_per_connection = 40 * KIB,
		.cache_bytes = 12 * MIB,
		.processes = 1,
		.threads = 5,
		.workers = 1,
		.descriptors = 22,
		.memory_most_bytes = 64 * MIB,
		.descriptors_most = 1024,
		.backlog_most = 128,
		.errors = 0.0003,
		.deploy_every_s = WEEKS,
		.shift_every_s = WEEKS,
		.job = { NEIGHBOUR,
			 { .name = "timer",
			   .every_s = MIN,
			   .slack = 0.02,
			   .lasts_s = 1,
			   .ramp_s = 0.2,
			   .height_spread = 0.3,
			   .effect = { .cores = 0.02, .wide = 1, .write_bytes = 8 * KIB } },
			 { .name = "cron",
			   .every_s = HOUR,
			   .slack = 0.01,
			   .lasts_s = 5,
			   .lasts_spread = 0.3,
			   .height_spread = 0.3,
			   .ramp_s = 0.5,
			   .effect = { .cores = 0.35,
				       .wide = 1,
				       .read_bytes = 1 * MIB,
				       .rss_bytes = 3 * MIB,
				       .descriptors = 3 } },
			 { /* lists are fetched anew and read in */
			   .name = "update",
			   .every_s = DAY,
			   .slack = 0.05,
			   .lasts_s = 40,
			   .lasts_spread = 0.3,
			   .height_spread = 0.1,
			   .ramp_s = 1,
			   .effect = { .cores = 0.9,
				       .wide = 1,
				       .write_bytes = 1 * MIB,
				       .rss_bytes = 15 * MIB,
				       .descriptors = 4 } } },
	},
	/* Requests as above, fewer; and reports that only compute: one thread each, no storage, no client. */
	{
		.name = "webjobs",
		.requests = 60,
		.night = 0.1,
		.days_spread = 0.25,
		.demand_noise = 0.12,
		.accepts = 0.7,
		.serve_s = 0.6,
		.connects = 0.3,
		.segments = 12,
		.rtt_s = 0.03,
		.core_s = 0.005,
		.idle_cores = 0.004,
		.switches = 8,
		.wakeups = 50,
		.write_bytes = 800,
		.read_bytes = 300,
		.fault_bytes = 48 * KIB,
		.rss_bytes = 260 * MIB,
		.rss_per_connection = 80 * KIB,
		.cache_bytes = 150 * MIB,
		.garbage_bytes = 30 * KIB,
		.garbage_most = 60 * MIB,
		.processes = 3,
		.threads = 24,
		.workers = 6,
		.descriptors = 85,
		.memory_most_bytes = 640 * MIB,
		.descriptors_most = 65536,
		.backlog_most = 511,
		.errors = 0.02,
		.deploy_every_s = 48 * HOUR,
		.shift_every_s = 36 * HOUR,
		.job = { NEIGHBOUR,
			 LOG_ROTATION,
			 FLASH_CROWD,
			 SCANNER,
			 { .name = "compute",
			   .every_s = 50 * MIN,
			   .slack = 1,
			   .lasts_s = 100,
			   .lasts_spread = 0.9,
			   .height_spread = 0.02,
			   .ramp_s = 1,
			   .effect = { .cores = 0.98, .wide = 1, .rss_bytes = 15 * MIB } },
			 { .name = "hourly-report",
			   .every_s = HOUR,
			   .slack = 0.002,
			   .lasts_s = 50,
			   .lasts_spread = 0.3,
			   .height_spread = 0.05,
			   .ramp_s = 1,
			   .effect = { .cores = 1.8, .wide = 2, .rss_bytes = 30 * MIB } } },
	},
};

const struct kind *kind_named(const char *name)
{
	for (size_t i = 0; i < KINDS_N; i++)
		if (strcmp(kind_table[i].name, name) == 0)
			return &kind_table[i];
	return NULL;
}
