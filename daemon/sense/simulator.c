/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two invented services. Each value is a shape, idle to busy, followed by the
 * service's load; noise with a memory lies on top, and a fault or a cold cache
 * bends the result. Load and schedule are functions of time, noise is drawn in the
 * order of the calls: the same seed and calls give the same samples.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sense/simulator.h"

#define MIB		 (1024.0 * 1024.0)
#define STOPPING_MS	 1000u /* of a restart: first the old run ends, */
#define STARTING_MS	 1000u /* then the new one comes up */
#define RESTART_MS	 (STOPPING_MS + STARTING_MS)
#define WARMING_S	 10.0 /* until the caches of a new run are filled */
#define NOISE_MEMORY_S	 15.0 /* after so long noise has forgotten where it was */
#define WEB_DAY_S	 600.0
#define WORKER_PERIOD_MS 180000u
/* 4 % of the normal memory a second is beyond any noise within ten seconds, and takes seven
 * minutes to the limit at which the leak stops: no host invites more. */
#define LEAK_PER_S 0.04
#define LEAK_MAX   16.0

enum fault { FAULT_NONE, FAULT_CPU_SPIKE, FAULT_MEMORY_LEAK, FAULT_N };

static const char *const fault_names[FAULT_N] = {
	[FAULT_CPU_SPIKE] = "cpu-spike",
	[FAULT_MEMORY_LEAK] = "memory-leak",
};

/* From no load to full load; noise is a share of the value. */
struct shape {
	double idle, busy, noise;
};

struct recipe {
	const char *name;
	double (*load)(uint64_t seed, uint64_t when_ms); /* 0 to 1 */
	struct shape shape[METRIC_N];			 /* rates and counts are per second */
};

/* Swap, stopped threads, the two `full` pressures, and what came after restarts are absent: this fleet's
 * invented kernel does not tell them, and whoever reads samples must live with that. */
#define ABSENT                                                                                     \
	(METRIC_BIT(METRIC_SWAP) | METRIC_BIT(METRIC_STOPPED) |                                    \
	 METRIC_BIT(METRIC_PSI_MEMORY_FULL) | METRIC_BIT(METRIC_PSI_IO_FULL))
/* Nor does it tell any metric that came later; and these must not change the luck of the others. */
#define TOLD	(METRIC_RESTARTS + 1)
#define PRESENT (~ABSENT & (METRIC_BIT(TOLD) - 1))

/* One well-mixed number of a seed and a number: splitmix64, Steele, Lea and Flood 2014. */
static uint64_t mix(uint64_t seed, uint64_t number)
{
	uint64_t z = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double share(uint64_t random)
{
	return (double)(random >> 11) * 0x1p-53; /* [0, 1) */
}

/* A day of ten minutes, so that somebody who watches sees it go by. */
static double load_web(uint64_t seed, uint64_t when_ms)
{
	double day = (double)when_ms / 1000.0 / WEB_DAY_S + share(mix(seed, 0));

	return 0.5 + 0.35 * sin(2.0 * M_PI * day);
}

/* A queue that fills every few minutes: one burst in each period, anywhere within it. */
static double load_worker(uint64_t seed, uint64_t when_ms)
{
	uint64_t period = when_ms / WORKER_PERIOD_MS;
	uint64_t length_ms = SECONDS(25) + mix(seed, period * 2) % SECONDS(25);
	uint64_t begin_ms = mix(seed, period * 2 + 1) % (WORKER_PERIOD_MS - length_ms);
	uint64_t since_ms = when_ms % WORKER_PERIOD_MS;

	return since_ms >= begin_ms && since_ms < begin_ms + length_ms ? 0.9 : 0.1;
}

static const struct recipe recipes[SIMULATOR_UNITS] = {
	{ "sim-web.service",
	  load_web,
	  {
		  [METRIC_CPU] = { 0.06, 0.62, 0.08 },
		  [METRIC_RUN_DELAY] = { 0.002, 0.04, 0.15 },
		  [METRIC_MEMORY] = { 290 * MIB, 320 * MIB, 0.006 },
		  [METRIC_RSS] = { 172 * MIB, 190 * MIB, 0.006 },
		  [METRIC_PROCESSES] = { 9, 9, 0 }, /* a parent and its 8 workers */
		  [METRIC_THREADS] = { 25, 25, 0 },
		  [METRIC_DESCRIPTORS] = { 58, 190, 0.05 },
		  [METRIC_BLOCKED] = { 0, 0.2, 0.5 },
		  [METRIC_MINOR_FAULTS] = { 120, 1900, 0.12 },
		  [METRIC_MAJOR_FAULTS] = { 0.02, 0.1, 0.5 },
		  [METRIC_READ_BYTES] = { 6e3, 60e3, 0.3 },
		  [METRIC_WRITE_BYTES] = { 20e3, 260e3, 0.2 },
		  [METRIC_SWITCHES_VOLUNTARY] = { 350, 4200, 0.08 },
		  [METRIC_SWITCHES_INVOLUNTARY] = { 8, 95, 0.2 },
		  [METRIC_PSI_CPU_SOME] = { 0.002, 0.03, 0.2 },
		  [METRIC_PSI_IO_SOME] = { 0.001, 0.004, 0.3 },
		  [METRIC_FORKS] = { 0.01, 0.05, 0 }, /* workers are replaced by and by */
	  } },
	{ "sim-worker.service",
	  load_worker,
	  {
		  [METRIC_CPU] = { 0.01, 0.95, 0.06 },
		  [METRIC_RUN_DELAY] = { 0.001, 0.07, 0.15 },
		  [METRIC_MEMORY] = { 150 * MIB, 176 * MIB, 0.008 },
		  [METRIC_RSS] = { 90 * MIB, 104 * MIB, 0.008 },
		  [METRIC_PROCESSES] = { 9, 9, 0 },
		  [METRIC_THREADS] = { 17, 17, 0 },
		  [METRIC_DESCRIPTORS] = { 44, 80, 0.04 },
		  [METRIC_BLOCKED] = { 0.05, 0.8, 0.5 },
		  [METRIC_MINOR_FAULTS] = { 30, 5200, 0.1 },
		  [METRIC_MAJOR_FAULTS] = { 0.01, 0.3, 0.5 },
		  [METRIC_READ_BYTES] = { 2e3, 9e6, 0.15 },
		  [METRIC_WRITE_BYTES] = { 8e3, 3e6, 0.15 },
		  [METRIC_SWITCHES_VOLUNTARY] = { 60, 1500, 0.1 },
		  [METRIC_SWITCHES_INVOLUNTARY] = { 2, 180, 0.2 },
		  [METRIC_PSI_CPU_SOME] = { 0.001, 0.05, 0.2 },
		  [METRIC_PSI_IO_SOME] = { 0.001, 0.06, 0.25 },
		  [METRIC_FORKS] = { 0.0, 0.15, 0 },
	  } },
};

struct service {
	const struct recipe *recipe;
	uint64_t seed;	    /* of its schedule */
	uint64_t n_drawn;   /* random numbers so far */
	double noise[TOLD]; /* spread 1, with a memory */
	enum fault fault;
	uint64_t fault_ms;   /* when it began */
	uint64_t restart_ms; /* when the last restart was asked for; valid if n_starts > 0 */
	uint32_t n_starts;   /* by us, so far */
	bool sampled;	     /* this run has had a sample */
};

struct simulator {
	struct service service[SIMULATOR_UNITS];
	struct unit_status status[SIMULATOR_UNITS];
	struct sample sample[SIMULATOR_UNITS];
};

const char *simulator_fault_name(size_t i)
{
	return i + 1 < FAULT_N ? fault_names[i + 1] : NULL;
}

const char *simulator_unit_name(size_t i)
{
	return i < SIMULATOR_UNITS ? recipes[i].name : NULL;
}

static double draw(struct service *service)
{
	return share(mix(service->seed ^ UINT64_C(0x5eed), service->n_drawn++));
}

/* Spread 1 and never beyond 3.5: four uniform numbers are normal enough for a demo. */
static double draw_normal(struct service *service)
{
	double sum = draw(service) + draw(service) + draw(service) + draw(service);

	return (sum - 2.0) * 1.7320508075688772; /* their spread is 1/sqrt(3) */
}

/* Each run is told from the others by bytes that seed and count decide. */
static void name_invocation(const struct service *service, struct unit_status *status)
{
	uint64_t half[2] = {
		mix(service->seed, UINT64_C(1) << 40 | (uint64_t)service->n_starts << 1) | 1,
		mix(service->seed, UINT64_C(1) << 40 | (uint64_t)service->n_starts << 1 | 1),
	};

	_Static_assert(sizeof(half) == INVOCATION_SIZE, "an invocation is two halves");
	memcpy(status->invocation, half, sizeof(half));
}

static void service_init(struct service *service, struct unit_status *status, size_t i,
			 uint64_t seed)
{
	service->recipe = &recipes[i];
	service->seed = mix(seed, i);
	status->kind = UNIT_KIND_SERVICE;
	status->active = UNIT_ACTIVE_ACTIVE;
	status->flags = UNIT_SYNTHETIC | UNIT_LONG_RUNNING;
	status->identity = i + 1; /* the program never changes: what was learnt stays true */
	memcpy(status->name, recipes[i].name, strlen(recipes[i].name) + 1);
	name_invocation(service, status);
}

int simulator_new(uint64_t seed, simulator_number *number, void *userdata, struct simulator **ret)
{
	struct simulator *simulator;
	uint32_t unit[SIMULATOR_UNITS];

	for (size_t i = 0; i < SIMULATOR_UNITS; i++) {
		unit[i] = number(recipes[i].name, userdata);
		if (unit[i] == 0)
			return -ENOSPC;
	}
	simulator = calloc(1, sizeof(*simulator));
	if (!simulator)
		return -ENOMEM;
	for (size_t i = 0; i < SIMULATOR_UNITS; i++) {
		service_init(&simulator->service[i], &simulator->status[i], i, seed);
		simulator->status[i].unit = unit[i];
	}
	*ret = simulator;
	return 0;
}

struct simulator *simulator_free(struct simulator *simulator)
{
	free(simulator);
	return NULL;
}

static uint64_t elapsed(uint64_t since_ms, uint64_t when_ms)
{
	return when_ms > since_ms ? when_ms - since_ms : 0;
}

/* Let time pass over the unit's state: a restart goes on, a fault ends of itself. */
static void service_advance(struct service *service, struct unit_status *status, uint64_t when_ms)
{
	uint64_t since_ms = elapsed(service->restart_ms, when_ms);

	if (service->fault && elapsed(service->fault_ms, when_ms) >= SIMULATOR_FAULT_MS)
		service->fault = FAULT_NONE;
	if (service->n_starts == 0)
		return;
	if (since_ms < STOPPING_MS) {
		status->active = UNIT_ACTIVE_DEACTIVATING;
		status->changed_ms = service->restart_ms;
		return;
	}
	name_invocation(service, status); /* systemd's changes as the start begins, too */
	status->active = since_ms < RESTART_MS ? UNIT_ACTIVE_ACTIVATING : UNIT_ACTIVE_ACTIVE;
	status->changed_ms =
		service->restart_ms + (since_ms < RESTART_MS ? STOPPING_MS : RESTART_MS);
}

static void noise_advance(struct service *service, uint32_t span_ms)
{
	double kept = exp(-(double)span_ms / 1000.0 / NOISE_MEMORY_S);

	for (size_t i = 0; i < TOLD; i++)
		service->noise[i] =
			kept * service->noise[i] + sqrt(1.0 - kept * kept) * draw_normal(service);
}

static void service_work(struct service *service, uint64_t when_ms, double *value)
{
	double load = service->recipe->load(service->seed, when_ms);

	for (size_t i = 0; i < TOLD; i++) {
		const struct shape *shape = &service->recipe->shape[i];
		double plain = shape->idle + (shape->busy - shape->idle) * load;

		value[i] = fmax(0.0, plain * (1.0 + shape->noise * service->noise[i]));
	}
}

/* One thread spins: it takes a core, and the eight that serve clients wait for it. */
static void suffer_cpu_spike(const struct service *service, double *value)
{
	value[METRIC_CPU] += 1.0 + 0.02 * service->noise[METRIC_CPU];
	value[METRIC_RUN_DELAY] += 0.9 * (1.0 + 0.1 * service->noise[METRIC_RUN_DELAY]);
	value[METRIC_PSI_CPU_SOME] += 0.6 * (1.0 + 0.08 * service->noise[METRIC_PSI_CPU_SOME]);
	value[METRIC_SWITCHES_VOLUNTARY] *= 0.35;
	value[METRIC_SWITCHES_INVOLUNTARY] += 240.0;
}

static void suffer_memory_leak(const struct service *service, double age_s, double *value)
{
	const struct shape *rss = &service->recipe->shape[METRIC_RSS];
	double leaked = rss->idle * fmin(LEAK_PER_S * age_s, LEAK_MAX);

	value[METRIC_RSS] += leaked;
	value[METRIC_MEMORY] += leaked;
	if (leaked < rss->idle * LEAK_MAX) /* new memory is touched page by page */
		value[METRIC_MINOR_FAULTS] += rss->idle * LEAK_PER_S / 4096.0;
}

/* A new run reads its files again and has not yet allocated what it will need. */
static void suffer_cold_caches(double warm, double *value)
{
	value[METRIC_RSS] *= 0.7 + 0.3 * warm;
	value[METRIC_MEMORY] *= 0.6 + 0.4 * warm;
	value[METRIC_MAJOR_FAULTS] += 45.0 * (1.0 - warm);
	value[METRIC_READ_BYTES] += 6.0 * MIB * (1.0 - warm);
	value[METRIC_PSI_IO_SOME] += 0.05 * (1.0 - warm);
}

static void service_suffer(const struct service *service, uint64_t when_ms, double *value)
{
	double up_s = (double)elapsed(service->restart_ms + RESTART_MS, when_ms) / 1000.0;

	if (service->n_starts > 0 && up_s < WARMING_S)
		suffer_cold_caches(up_s / WARMING_S, value);
	if (service->fault == FAULT_CPU_SPIKE)
		suffer_cpu_spike(service, value);
	if (service->fault == FAULT_MEMORY_LEAK)
		suffer_memory_leak(service, (double)elapsed(service->fault_ms, when_ms) / 1000.0,
				   value);
}

/* What can only be whole is whole; a share of time is at most all of it. */
static double settle(enum metric metric, double value, double luck)
{
	const struct metric_info *info = &metric_table[metric];

	if (strcmp(info->quantity, "ratio") == 0)
		return fmin(value, 1.0);
	if (info->kind == METRIC_KIND_LEVEL)
		return round(value);
	return info->kind == METRIC_KIND_COUNT ? floor(value + luck) : value;
}

/* As of a real unit: in the first sample of a run there are levels only. */
static void service_sample(struct service *service, uint32_t span_ms, struct sample *sample)
{
	double value[TOLD];

	service_work(service, sample->when_ms, value);
	service_suffer(service, sample->when_ms, value);
	sample->span_ms = service->sampled ? span_ms : 0;
	for (size_t i = 0; i < TOLD; i++) {
		enum metric_kind kind = metric_table[i].kind;

		if (kind == METRIC_KIND_COUNT)
			value[i] *= (double)sample->span_ms / 1000.0;
		if (sample->span_ms > 0 || kind == METRIC_KIND_LEVEL)
			sample_set(sample, (enum metric)i,
				   settle((enum metric)i, value[i], draw(service)));
	}
	if (sample_has(sample, METRIC_FORKS)) /* who is replaced ends, so their number stays */
		sample_set(sample, METRIC_EXITS, sample->value[METRIC_FORKS]);
	sample->have &= PRESENT;
	service->sampled = true;
}

void simulator_take(struct simulator *simulator, uint64_t when_ms, uint64_t wall_ms,
		    uint32_t span_ms, const struct sample **ret_samples,
		    const struct unit_status **ret_status)
{
	for (size_t i = 0; i < SIMULATOR_UNITS; i++) {
		struct service *service = &simulator->service[i];
		struct unit_status *status = &simulator->status[i];
		struct sample *sample = &simulator->sample[i];

		service_advance(service, status, when_ms);
		noise_advance(service, span_ms);
		*sample = (struct sample) {
			.unit = status->unit,
			.flags = SAMPLE_SYNTHETIC,
			.when_ms = when_ms,
			.wall_ms = wall_ms,
		};
		memcpy(sample->invocation, status->invocation, INVOCATION_SIZE);
		if (status->active == UNIT_ACTIVE_ACTIVE)
			service_sample(service, span_ms, sample);
	}
	*ret_samples = simulator->sample;
	*ret_status = simulator->status;
}

static int find_name(const struct simulator *simulator, const char *unit)
{
	for (int i = 0; i < SIMULATOR_UNITS; i++)
		if (strcmp(simulator->status[i].name, unit) == 0)
			return i;
	return -ENOENT;
}

static int find_number(const struct simulator *simulator, uint32_t unit)
{
	for (int i = 0; i < SIMULATOR_UNITS; i++)
		if (simulator->status[i].unit == unit)
			return i;
	return -ENOENT;
}

int simulator_inject(struct simulator *simulator, const char *fault, const char *unit,
		     uint64_t when_ms)
{
	int i = find_name(simulator, unit);
	enum fault kind = FAULT_NONE;

	for (enum fault f = FAULT_NONE + 1; f < FAULT_N; f++)
		if (strcmp(fault_names[f], fault) == 0)
			kind = f;
	if (i < 0)
		return i;
	if (kind == FAULT_NONE)
		return -EINVAL;
	service_advance(&simulator->service[i], &simulator->status[i], when_ms);
	if (simulator->service[i].fault != FAULT_NONE)
		return -EALREADY;
	simulator->service[i].fault = kind;
	simulator->service[i].fault_ms = when_ms;
	return 0;
}

int simulator_restart(struct simulator *simulator, uint32_t unit, uint64_t when_ms)
{
	int i = find_number(simulator, unit);
	struct service *service;

	if (i < 0)
		return i;
	if (!simulator_is_up(simulator, unit, when_ms))
		return -EALREADY;
	service = &simulator->service[i];
	service->fault = FAULT_NONE;
	service->restart_ms = when_ms;
	service->n_starts++;
	service->sampled = false;
	return 0;
}

bool simulator_is_up(const struct simulator *simulator, uint32_t unit, uint64_t when_ms)
{
	int i = find_number(simulator, unit);

	if (i < 0)
		return false;
	return simulator->service[i].n_starts == 0 ||
	       elapsed(simulator->service[i].restart_ms, when_ms) >= RESTART_MS;
}
