/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a second's work to the values of a sample. */
#include <math.h>
#include <string.h>

#include "tests/days/reading.h"

#define NOISE_KEEP    0.88 /* a second: noise has forgotten where it was after eight */
#define PRESSURE_STEP 2
#define SOCKETS_STEP  5
#define THREADS_STEP  10
#define PAGE_BYTES    4096.0
#define READ_BYTES    49152.0 /* of a usual request to storage, read ahead or gathered */
#define WRITE_BYTES   24576.0
/* An SSD: so long a request when it is idle, and four times that at so much a second. */
#define STORAGE_S	0.0004
#define STORAGE_BYTES_S (200.0 * 1048576.0)
#define SLICE_PER_S	15.0 /* a thread that computes loses its CPU to the kernel's own so often */
#define PUSHED_PER_S	180.0 /* ... and to others where the host is full */
#define SCATTER_BYTES	700.0 /* a request that has come and is read within the same millisecond */

/* How much each second's value wanders, a share of it. What is not here is counted, not estimated. */
static const double noise_share[METRIC_N] = {
	[METRIC_CPU] = 0.08,
	[METRIC_RUN_DELAY] = 0.3,
	[METRIC_MEMORY] = 0.002,
	[METRIC_RSS] = 0.004,
	[METRIC_DESCRIPTORS] = 0.01,
	[METRIC_MINOR_FAULTS] = 0.15,
	[METRIC_READ_BYTES] = 0.35,
	[METRIC_WRITE_BYTES] = 0.35,
	[METRIC_SWITCHES_VOLUNTARY] = 0.08,
	[METRIC_SWITCHES_INVOLUNTARY] = 0.25,
	[METRIC_PSI_CPU_SOME] = 0.25,
	[METRIC_PSI_IO_SOME] = 0.3,
	[METRIC_IO_LATENCY] = 0.25,
	[METRIC_THREAD_CPU] = 0.1,
	[METRIC_THREAD_SWITCHES] = 0.12,
	[METRIC_RTT] = 0.06,
};

/* Known of every service. */
#define EVERYONES                                                                                  \
	(METRIC_BIT(METRIC_CPU) | METRIC_BIT(METRIC_RUN_DELAY) | METRIC_BIT(METRIC_MEMORY) |       \
	 METRIC_BIT(METRIC_RSS) | METRIC_BIT(METRIC_SWAP) | METRIC_BIT(METRIC_PROCESSES) |         \
	 METRIC_BIT(METRIC_THREADS) | METRIC_BIT(METRIC_DESCRIPTORS) |                             \
	 METRIC_BIT(METRIC_BLOCKED) | METRIC_BIT(METRIC_STOPPED) | METRIC_BIT(METRIC_ZOMBIES) |    \
	 METRIC_BIT(METRIC_MINOR_FAULTS) | METRIC_BIT(METRIC_MAJOR_FAULTS) |                       \
	 METRIC_BIT(METRIC_READ_BYTES) | METRIC_BIT(METRIC_WRITE_BYTES) |                          \
	 METRIC_BIT(METRIC_SWITCHES_VOLUNTARY) | METRIC_BIT(METRIC_SWITCHES_INVOLUNTARY) |         \
	 METRIC_BIT(METRIC_PSI_CPU_SOME) | METRIC_BIT(METRIC_PSI_CPU_FULL) |                       \
	 METRIC_BIT(METRIC_PSI_MEMORY_SOME) | METRIC_BIT(METRIC_PSI_MEMORY_FULL) |                 \
	 METRIC_BIT(METRIC_PSI_IO_SOME) | METRIC_BIT(METRIC_PSI_IO_FULL) |                         \
	 METRIC_BIT(METRIC_FORKS) | METRIC_BIT(METRIC_EXITS) | METRIC_BIT(METRIC_EXITS_FAILED) |   \
	 METRIC_BIT(METRIC_EXITS_SIGNAL) | METRIC_BIT(METRIC_OOM_KILLS) |                          \
	 METRIC_BIT(METRIC_RESTARTS) | METRIC_BIT(METRIC_ACCEPTS) | METRIC_BIT(METRIC_CONNECTS) |  \
	 METRIC_BIT(METRIC_RETRANSMITS) | METRIC_BIT(METRIC_RESETS_SENT) |                         \
	 METRIC_BIT(METRIC_RESETS_RECEIVED) | METRIC_BIT(METRIC_UDP_DROPS) |                       \
	 METRIC_BIT(METRIC_IO_REQUESTS) | METRIC_BIT(METRIC_THREAD_CPU) |                          \
	 METRIC_BIT(METRIC_THREAD_SWITCHES) | METRIC_BIT(METRIC_STUCK) |                           \
	 METRIC_BIT(METRIC_DESCRIPTORS_SHARE) | METRIC_BIT(METRIC_CONNECTIONS) |                   \
	 METRIC_BIT(METRIC_UNREAD) | METRIC_BIT(METRIC_ERROR_LINES))
/* And of who listens. */
#define LISTENERS                                                                                  \
	(METRIC_BIT(METRIC_BACKLOG) | METRIC_BIT(METRIC_BACKLOG_SHARE) |                           \
	 METRIC_BIT(METRIC_OVERFLOWS))

double work_contention(const struct work *work)
{
	double full = (work->cores + work->others) / HOST_CORES;

	return fmin(1.0, full * full * full * full);
}

void reading_begin(struct reading *reading, uint64_t seed)
{
	memset(reading, 0, sizeof(*reading));
	reading->luck = luck_begin(seed, 0);
}

void reading_anew(struct reading *reading)
{
	reading->n_taken = 0;
	memset(reading->pressure, 0, sizeof(reading->pressure));
}

static void wander(struct reading *reading)
{
	const double fresh = sqrt(1.0 - NOISE_KEEP * NOISE_KEEP);

	for (size_t i = 0; i < METRIC_N; i++)
		if (noise_share[i] > 0)
			reading->noise[i] = NOISE_KEEP * reading->noise[i] +
					    fresh * luck_normal(&reading->luck);
}

static double noisy(const struct reading *reading, enum metric metric, double value)
{
	return value * fmax(0.0, 1.0 + noise_share[metric] * reading->noise[metric]);
}

/* Its CPU time, what it waited for that, and how its threads come and go. */
static void read_cpu(struct reading *reading, const struct work *work, double *value)
{
	double waits = work_contention(work);
	double crowd = fmax(1.0, (work->cores + work->others) / HOST_CORES);
	double got = noisy(reading, METRIC_CPU, work->cores / crowd);
	double some = noisy(reading, METRIC_PSI_CPU_SOME, waits * (1.0 - exp(-1.5 * work->cores)));

	value[METRIC_CPU] = fmin(got, HOST_CORES);
	value[METRIC_RUN_DELAY] = noisy(reading, METRIC_RUN_DELAY,
					got * waits * 0.5 + work->cores - work->cores / crowd);
	value[METRIC_SWITCHES_VOLUNTARY] =
		noisy(reading, METRIC_SWITCHES_VOLUNTARY, work->switches);
	value[METRIC_SWITCHES_INVOLUNTARY] = noisy(reading, METRIC_SWITCHES_INVOLUNTARY,
						   got * (SLICE_PER_S + PUSHED_PER_S * waits));
	value[METRIC_PSI_CPU_SOME] = some;
	/* All of it waits only where hardly anything of it runs. */
	value[METRIC_PSI_CPU_FULL] = some * exp(-2.0 * work->cores);
	value[METRIC_THREAD_CPU] =
		fmin(1.0, noisy(reading, METRIC_THREAD_CPU, work->widest / crowd));
	value[METRIC_THREAD_SWITCHES] =
		noisy(reading, METRIC_THREAD_SWITCHES, work->widest_switches);
}

static void read_memory(struct reading *reading, const struct work *work, double *value)
{
	double rss = noisy(reading, METRIC_RSS, work->rss_bytes);

	value[METRIC_RSS] = floor(rss / PAGE_BYTES) * PAGE_BYTES;
	value[METRIC_MEMORY] =
		value[METRIC_RSS] +
		floor(noisy(reading, METRIC_MEMORY, work->cache_bytes) / PAGE_BYTES) * PAGE_BYTES;
	value[METRIC_MINOR_FAULTS] =
		noisy(reading, METRIC_MINOR_FAULTS, work->fault_bytes / PAGE_BYTES);
}

static void read_storage(struct reading *reading, const struct work *work, double *value)
{
	double load = (work->read_bytes + work->write_bytes) / STORAGE_BYTES_S;
	double latency = STORAGE_S * (1.0 + 3.0 * load) *
			 exp(noise_share[METRIC_IO_LATENCY] * reading->noise[METRIC_IO_LATENCY]);
	double reads = noisy(reading, METRIC_READ_BYTES, work->read_bytes) / READ_BYTES;
	double writes = noisy(reading, METRIC_WRITE_BYTES, work->write_bytes) / WRITE_BYTES;
	double n_reads = luck_count(&reading->luck, reads);
	double n_writes = luck_count(&reading->luck, writes);
	/* Who reads waits for it; who writes seldom does, for the kernel writes later. */
	double some = noisy(reading, METRIC_PSI_IO_SOME,
			    fmin(1.0, (0.8 * reads + 0.1 * writes) * latency));

	value[METRIC_READ_BYTES] = n_reads * READ_BYTES;
	value[METRIC_WRITE_BYTES] = n_writes * WRITE_BYTES;
	value[METRIC_IO_REQUESTS] = n_reads + n_writes;
	value[METRIC_IO_LATENCY] = n_reads + n_writes > 0 ? latency : NAN;
	value[METRIC_PSI_IO_SOME] = some;
	value[METRIC_PSI_IO_FULL] = some * exp(-2.0 * work->cores);
	value[METRIC_MAJOR_FAULTS] = luck_count(&reading->luck, 0.002 * reads);
	value[METRIC_BLOCKED] = luck_count(&reading->luck, 0.8 * some);
}

static void read_network(struct reading *reading, const struct work *work, double *value)
{
	struct luck *luck = &reading->luck;
	double queued = work->accepts * 0.0002 * (1.0 + 20.0 * work_contention(work));

	value[METRIC_ACCEPTS] = luck_count(luck, work->accepts);
	value[METRIC_CONNECTS] = luck_count(luck, work->connects);
	value[METRIC_RETRANSMITS] = luck_count(luck, work->segments * (0.0005 + work->lost));
	value[METRIC_RESETS_SENT] = luck_count(luck, 0.002 * work->accepts);
	value[METRIC_RESETS_RECEIVED] = luck_count(luck, 0.01 * work->accepts);
	value[METRIC_CONNECTIONS] = floor(work->connections);
	value[METRIC_RTT] =
		value[METRIC_CONNECTIONS] > 0 ? noisy(reading, METRIC_RTT, work->rtt_s) : NAN;
	value[METRIC_UNREAD] =
		floor(work->unread_bytes) +
		SCATTER_BYTES * luck_count(luck, work->hangs ? 0 : 0.001 * work->requests);
	value[METRIC_BACKLOG] =
		fmin(floor(work->waiting) + luck_count(luck, work->hangs ? 0 : queued),
		     work->backlog_most + 1); /* the kernel takes one more than it is told */
	value[METRIC_BACKLOG_SHARE] =
		work->backlog_most > 0 ? value[METRIC_BACKLOG] / work->backlog_most : 0;
	value[METRIC_OVERFLOWS] =
		luck_count(luck, work->waiting > work->backlog_most ? work->accepts : 0);
	value[METRIC_ERROR_LINES] = luck_count(luck, work->errors);
}

static void read_tasks(struct reading *reading, const struct work *work, double *value)
{
	value[METRIC_PROCESSES] = round(work->processes);
	value[METRIC_THREADS] = round(work->threads);
	value[METRIC_DESCRIPTORS] = round(noisy(reading, METRIC_DESCRIPTORS, work->descriptors));
	value[METRIC_DESCRIPTORS_SHARE] =
		fmin(1.0, value[METRIC_DESCRIPTORS] / work->processes / work->descriptors_most);
	value[METRIC_FORKS] = work->forks;
	value[METRIC_EXITS] = work->forks; /* a job's process ends before long */
}

/* Gathered over two seconds, seen in one, and nothing in the other. */
static void step_pressure(struct reading *reading, double *value)
{
	static const enum metric pressures[] = { METRIC_PSI_CPU_SOME, METRIC_PSI_CPU_FULL,
						 METRIC_PSI_IO_SOME, METRIC_PSI_IO_FULL };
	bool is_due = reading->n_seconds % PRESSURE_STEP == 0;

	for (size_t i = 0; i < sizeof(pressures) / sizeof(pressures[0]); i++) {
		double *gathered = &reading->pressure[pressures[i]];

		*gathered += fmin(1.0, value[pressures[i]]);
		value[pressures[i]] = is_due ? fmin(1.0, *gathered) : 0;
		if (is_due)
			*gathered = 0;
	}
}

/* What is not read in this second is what it was, and older. */
static void keep_old(const struct reading *reading, struct sample *sample, uint64_t metrics,
		     unsigned int step)
{
	if (reading->n_taken % step == 0)
		return;
	for (size_t i = 0; i < METRIC_N; i++) {
		if (!(metrics & METRIC_BIT(i)))
			continue;
		sample->have &= ~METRIC_BIT(i);
		sample->have |= reading->before.have & METRIC_BIT(i);
		sample->value[i] = reading->before.value[i];
		sample->age_s[i] = (uint8_t)(reading->n_taken % step);
	}
}

void reading_take(struct reading *reading, const struct work *work, struct sample *sample)
{
	double value[METRIC_N] = { 0 };
	uint64_t have = EVERYONES | METRIC_BIT(METRIC_IO_LATENCY) | METRIC_BIT(METRIC_RTT);

	if (work->backlog_most > 0)
		have |= LISTENERS;
	wander(reading);
	read_cpu(reading, work, value);
	read_memory(reading, work, value);
	read_storage(reading, work, value);
	read_network(reading, work, value);
	read_tasks(reading, work, value);
	step_pressure(reading, value);
	sample->span_ms = reading->n_taken > 0 ? 1000 : 0;
	for (size_t i = 0; i < METRIC_N; i++)
		if (have & METRIC_BIT(i) &&
		    (sample->span_ms > 0 || metric_is_of_moment((enum metric)i)))
			sample_set(sample, (enum metric)i, value[i]);
	keep_old(reading, sample,
		 METRIC_BIT(METRIC_CONNECTIONS) | METRIC_BIT(METRIC_RTT) |
			 METRIC_BIT(METRIC_UNREAD) | METRIC_BIT(METRIC_BACKLOG) |
			 METRIC_BIT(METRIC_BACKLOG_SHARE),
		 SOCKETS_STEP);
	keep_old(reading, sample,
		 METRIC_BIT(METRIC_THREAD_CPU) | METRIC_BIT(METRIC_THREAD_SWITCHES), THREADS_STEP);
	reading->before = *sample;
	reading->n_taken++;
	reading->n_seconds++;
}
