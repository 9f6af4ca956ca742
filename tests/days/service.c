/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A day's demand, the jobs within it, and the work of one second that comes of both. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/days/jobs.h"
#include "tests/days/reading.h"
#include "tests/days/service.h"

#define DAY_S	       86400.0
#define WANDER_S       600.0 /* demand has forgotten where it was after ten minutes, */
#define FLICKER_S      12.0  /* and its quick part after some seconds */
#define FLICKER_SHARE  0.07
#define CREEP_S	       120.0  /* a new level is reached within minutes, not at once */
#define DOWN_S	       2      /* of a deployment */
#define WARMING_S      120.0  /* caches of a new run fill so quickly */
#define SPREAD_S       3600.0 /* `small` knows a metric's spread over so long, */
#define SPREAD_YOUNG_S 600    /* and takes everything for ordinary at first */
#define SMALL_CLIP     3.0
#define CLIENT_WAITS_S 30.0 /* a client that gets no answer gives up after that */
#define REQUEST_BYTES  600.0
#define BUSIEST	       1.6     /* the busiest of its workers has so many times its part */
#define CHUNK_BYTES    65536.0 /* of storage; a thread sleeps once for each */
#define FILES	       1.2     /* of each connection: itself, and now and then a file for it */
#define COLD_RSS       0.6     /* what a new run has from the start, of the memory and of */
#define COLD_CACHE     0.3     /* the cache that it will have */
#define RECENT_S       60.0    /* who asks what goes on is told of what has just ended, too */
#define RECENT_LEVEL_S 1800.0
#define THREADS_MOST   4915 /* systemd's default TasksMax=: 15 % of a pid_max of 32768 */
#define LEVELS_N       3

const enum metric small_metrics[SMALL_N] = {
	METRIC_CPU,	     METRIC_RUN_DELAY,
	METRIC_RSS,	     METRIC_DESCRIPTORS,
	METRIC_MINOR_FAULTS, METRIC_READ_BYTES,
	METRIC_WRITE_BYTES,  METRIC_SWITCHES_VOLUNTARY,
	METRIC_IO_REQUESTS,  METRIC_SWITCHES_INVOLUNTARY,
	METRIC_CONNECTIONS,  METRIC_THREAD_CPU,
};

/* Of one metric's values over the last hour. */
struct spread {
	double n; /* values so far */
	double mean, variance;
};

/* What changes for good: a factor that creeps to where it is going. */
enum level { LEVEL_DEMAND, LEVEL_COST, LEVEL_MEMORY };

struct service {
	const struct kind *kind;
	uint64_t seed;
	uint64_t n_steps;
	double now_s;
	double phase; /* of the day at which it begins, 0 to 1 */
	struct luck demand_luck, life_luck;
	double wander, flicker; /* of demand: spread 1, with a memory */
	struct jobs jobs;
	double level[LEVELS_N], level_goal[LEVELS_N];
	double next_deploy_s, next_shift_s, shifted_s, started_s;
	uint32_t n_runs, n_programs;
	double garbage_bytes;
	uint32_t n_own; /* processes of jobs, in the second before */
	struct trouble trouble;
	struct spread spread[SMALL_N];
	struct reading reading;
	struct unit_status status;
	struct sample sample;
};

/* ---- life ------------------------------------------------------------------ */

/* Each run is told from the others by bytes that seed and count decide. */
static void name_run(struct service *service)
{
	struct luck luck = luck_begin(service->seed, 1000 + service->n_runs);

	for (size_t i = 0; i < INVOCATION_SIZE; i++)
		service->status.invocation[i] = (uint8_t)(1 + 255 * luck_share(&luck));
	service->status.identity = 1 + service->n_programs;
}

int service_new(const struct kind *kind, uint64_t seed, uint32_t unit, struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));

	if (!service)
		return -ENOMEM;
	service->kind = kind;
	service->seed = seed * KINDS_N + (uint64_t)(kind - kind_table);
	service->demand_luck = luck_begin(service->seed, 1);
	service->life_luck = luck_begin(service->seed, 2);
	service->phase = luck_share(&service->life_luck);
	service->next_deploy_s = luck_gap(&service->life_luck, kind->deploy_every_s);
	service->next_shift_s = luck_gap(&service->life_luck, kind->shift_every_s);
	service->shifted_s = service->started_s = -DAY_S; /* it has been up for long */
	for (size_t i = 0; i < LEVELS_N; i++)
		service->level[i] = service->level_goal[i] = 1;
	jobs_begin(&service->jobs, kind, service->seed);
	reading_begin(&service->reading, luck_begin(service->seed, 3).seed);
	service->status =
		(struct unit_status) { .unit = unit,
				       .kind = UNIT_KIND_SERVICE,
				       .active = UNIT_ACTIVE_ACTIVE,
				       .flags = UNIT_LONG_RUNNING,
				       .memory_most_bytes = (uint64_t)kind->memory_most_bytes,
				       .threads_most = THREADS_MOST,
				       .descriptors_most = (uint64_t)kind->descriptors_most };
	(void)snprintf(service->status.name, sizeof(service->status.name), "%s.service",
		       kind->name);
	name_run(service);
	*ret = service;
	return 0;
}

struct service *service_free(struct service *service)
{
	free(service);
	return NULL;
}

void service_suffer(struct service *service, const struct trouble *trouble)
{
	if (trouble->room_share > 0 && service->trouble.room_share <= 0)
		service->status.memory_most_bytes =
			(uint64_t)(service->sample.value[METRIC_RSS] +
				   trouble->room_share * service->kind->rss_bytes);
	service->trouble = *trouble;
}

static bool is_in_trouble(const struct service *service)
{
	const struct trouble *trouble = &service->trouble;

	return trouble->leaked_share > 0 || trouble->leaked_descriptors > 0 ||
	       trouble->leaked_threads > 0 || trouble->spinning > 0 || trouble->slower > 0 ||
	       trouble->failing_share > 0 || trouble->hung_s > 0 || trouble->small > 0;
}

/* ---- what changes for good --------------------------------------------------- */

/* A level moves by some tenths, seldom by half, and never far from where it began: it is the same service
 * still. */
static void shift(struct service *service, enum level level, double spread)
{
	double goal = luck_near(&service->life_luck, service->level_goal[level], spread);

	service->level_goal[level] = fmin(fmax(goal, 0.6), 1.7);
}

static void deploy(struct service *service)
{
	struct luck *luck = &service->life_luck;

	service->n_runs++;
	service->n_programs += luck_share(luck) < 0.5;
	shift(service, LEVEL_COST, 0.1);
	shift(service, LEVEL_MEMORY, 0.08);
	service->level[LEVEL_COST] = service->level_goal[LEVEL_COST];
	service->level[LEVEL_MEMORY] = service->level_goal[LEVEL_MEMORY];
	service->started_s = service->now_s + DOWN_S;
	service->garbage_bytes = 0;
	service->next_deploy_s = service->started_s + luck_gap(luck, service->kind->deploy_every_s);
	name_run(service);
	reading_anew(&service->reading);
}

static void live(struct service *service)
{
	if (service->now_s >= service->next_shift_s) {
		double which = luck_share(&service->life_luck) * LEVELS_N;

		shift(service, (enum level)which, 0.2);
		service->shifted_s = service->now_s;
		service->next_shift_s +=
			luck_gap(&service->life_luck, service->kind->shift_every_s);
	}
	if (service->now_s >= service->next_deploy_s && !is_in_trouble(service))
		deploy(service);
	for (size_t i = 0; i < LEVELS_N; i++)
		service->level[i] += (service->level_goal[i] - service->level[i]) / CREEP_S;
}

/* As systemd tells it: the job has stopped the old run, and starts the new one. */
static void tell_state(struct service *service)
{
	bool is_down = service->now_s < service->started_s;

	service->status.active = is_down ? UNIT_ACTIVE_ACTIVATING : UNIT_ACTIVE_ACTIVE;
	if (service->now_s < service->started_s + 1)
		service->status.changed_ms = service->sample.when_ms;
}

/* ---- demand --------------------------------------------------------------------- */

static double loudness(const struct service *service, double day)
{
	struct luck luck = luck_begin(service->seed, 10000 + (uint64_t)day);

	return luck_near(&luck, 1.0, service->kind->days_spread);
}

/* The share of the busiest hour's requests: a day is a hill, and its quietest hour the night. */
static double hour_share(const struct service *service)
{
	double day = service->now_s / DAY_S + service->phase;
	double part = day - floor(day);
	double hill = 0.5 - 0.5 * cos(2.0 * M_PI * part);
	double loud = loudness(service, floor(day)) * (1 - part) +
		      loudness(service, floor(day) + 1) * part;

	return (service->kind->night + (1.0 - service->kind->night) * pow(hill, 1.5)) * loud;
}

static double requests_now(struct service *service, const struct effect *jobs)
{
	double keep = exp(-1.0 / WANDER_S), keep_quick = exp(-1.0 / FLICKER_S);

	service->wander =
		keep * service->wander + sqrt(1 - keep * keep) * luck_normal(&service->demand_luck);
	service->flicker = keep_quick * service->flicker +
			   sqrt(1 - keep_quick * keep_quick) * luck_normal(&service->demand_luck);
	return service->kind->requests * hour_share(service) * service->level[LEVEL_DEMAND] *
	       exp(service->kind->demand_noise * service->wander +
		   FLICKER_SHARE * service->flicker) *
	       (1.0 + jobs->demand);
}

/* ---- the work of a second ---------------------------------------------------------- */

/* What is young and dead is collected when there is enough of it; an anonymous sawtooth. */
static double collect_garbage(struct service *service, double requests)
{
	const struct kind *kind = service->kind;
	double share = luck_share(&service->demand_luck);

	service->garbage_bytes += requests * kind->garbage_bytes;
	if (service->garbage_bytes >= kind->garbage_most * service->level[LEVEL_MEMORY])
		service->garbage_bytes *= 0.05 + 0.15 * share; /* some of it lives on */
	return service->garbage_bytes;
}

static double warmth(const struct service *service)
{
	return 1.0 - exp(-(service->now_s - service->started_s) / WARMING_S);
}

/* How long its clients wait, as a factor: contention and jobs slow each request down. */
static double slowness(const struct service *service, const struct effect *jobs,
		       const struct work *work)
{
	return (1.0 + jobs->slower + work_contention(work)) * (1.0 + service->trouble.slower);
}

static void work_on_cpu(const struct service *service, const struct effect *jobs, struct work *work)
{
	const struct kind *kind = service->kind;
	double cost = service->level[LEVEL_COST] * (1.0 - 0.5 * service->trouble.failing_share);
	double serving = work->requests * kind->core_s * cost;
	double one = BUSIEST * serving / fmax(kind->workers, 1);
	double most = fmin(fmax(fmax(one, jobs->wide), kind->idle_cores), 1.0);

	work->cores = kind->idle_cores + serving + jobs->cores;
	work->switches = kind->wakeups + work->requests * kind->switches +
			 (jobs->read_bytes + jobs->write_bytes) / CHUNK_BYTES;
	work->widest = most;
	/* Who computes sleeps only for what it reads; who serves sleeps as often as there are requests. */
	work->widest_switches = jobs->wide > one ? jobs->read_bytes / CHUNK_BYTES
						 : work->switches / fmax(kind->workers, 1);
	if (service->trouble.spinning > most) {
		work->widest = service->trouble.spinning;
		work->widest_switches = 0;
	}
	work->cores += service->trouble.spinning;
	work->others = 0.15 + jobs->others;
}

/* By Little's law as many are open as come in a second, times how long each is. */
static void work_on_connections(struct service *service, const struct effect *jobs,
				struct work *work)
{
	const struct kind *kind = service->kind;
	double open_s = kind->serve_s * slowness(service, jobs, work);

	work->accepts = work->requests * kind->accepts;
	work->connects = work->requests * kind->connects;
	work->segments = work->requests * kind->segments;
	work->rtt_s = kind->rtt_s;
	work->lost = jobs->lost;
	work->connections = kind->pool + luck_count(&service->demand_luck, work->accepts * open_s);
	work->errors =
		kind->errors + jobs->errors + work->requests * service->trouble.failing_share;
	work->backlog_most = kind->backlog_most;
}

static void work_on_memory(struct service *service, const struct effect *jobs, struct work *work)
{
	const struct kind *kind = service->kind;
	double level = service->level[LEVEL_MEMORY], warm = warmth(service);
	double own = kind->rss_bytes * level * (COLD_RSS + (1.0 - COLD_RSS) * warm);

	work->rss_bytes = own + work->connections * kind->rss_per_connection + jobs->rss_bytes +
			  collect_garbage(service, work->requests) +
			  service->trouble.leaked_share * kind->rss_bytes;
	work->cache_bytes = kind->cache_bytes * (COLD_CACHE + (1.0 - COLD_CACHE) * warm);
	work->fault_bytes = work->requests * kind->fault_bytes + jobs->rss_bytes * 0.05 +
			    kind->idle_cores * 1e6;
	work->read_bytes = work->requests * kind->read_bytes + jobs->read_bytes +
			   kind->cache_bytes / WARMING_S * (1.0 - COLD_CACHE) * (1.0 - warm);
	work->write_bytes = work->requests * kind->write_bytes + jobs->write_bytes;
}

static void work_on_tasks(struct service *service, const struct effect *jobs, struct work *work)
{
	const struct kind *kind = service->kind;
	double per_connection = work->connections * kind->threads_per_connection;
	uint32_t n_own = (uint32_t)jobs->processes;

	work->processes = kind->processes + per_connection + jobs->processes;
	work->threads =
		kind->threads + per_connection + jobs->threads + service->trouble.leaked_threads;
	work->descriptors = kind->descriptors + FILES * work->connections + jobs->descriptors +
			    service->trouble.leaked_descriptors;
	work->descriptors_most = kind->descriptors_most;
	work->forks = n_own > service->n_own ? n_own - service->n_own : 0;
	service->n_own = n_own;
}

/* No thread runs; who comes is taken into the queue by the kernel, who has sent waits to be read, and who has
 * waited for long enough leaves, though not the queue. */
static void hang(const struct service *service, struct work *work)
{
	double hung_s = service->trouble.hung_s;

	if (hung_s <= 0)
		return;
	work->hangs = true;
	work->waiting = work->accepts * hung_s;
	work->unread_bytes = work->requests * REQUEST_BYTES * fmin(hung_s, CLIENT_WAITS_S);
	work->connections += work->accepts * fmin(hung_s, CLIENT_WAITS_S);
	work->cores = work->switches = work->widest = work->widest_switches = 0;
	work->connects = work->errors = work->forks = 0;
	work->read_bytes = work->write_bytes = work->fault_bytes = 0;
}

/* The spread of what is ordinary: a burst counts as no further off than SMALL_CLIP of them. */
static void learn_spread(struct spread *spread, double value)
{
	double most = SMALL_CLIP * sqrt(spread->variance), off = value - spread->mean;
	double part;

	spread->n++;
	part = 1.0 / fmin(SPREAD_S, spread->n);
	if (spread->n > SPREAD_YOUNG_S)
		off = fmin(fmax(off, -most), most);
	spread->mean += part * off;
	if (spread->n > 1) /* one value has no spread */
		spread->variance += part * (off * off - spread->variance);
}

/* Each of a dozen metrics moves by as much of its own spread, which is that of health. */
static void suffer_small(struct service *service)
{
	for (size_t i = 0; i < SMALL_N; i++) {
		struct spread *spread = &service->spread[i];
		double *value = &service->sample.value[small_metrics[i]];

		if (!sample_has(&service->sample, small_metrics[i]))
			continue;
		if (service->trouble.small > 0)
			*value += service->trouble.small * sqrt(spread->variance);
		else
			learn_spread(spread, *value);
	}
}

static void work_for_a_second(struct service *service)
{
	struct effect jobs = jobs_now(&service->jobs, service->now_s);
	struct work work = { .requests = requests_now(service, &jobs) };

	work_on_cpu(service, &jobs, &work);
	work_on_connections(service, &jobs, &work);
	work_on_memory(service, &jobs, &work);
	work_on_tasks(service, &jobs, &work);
	hang(service, &work);
	reading_take(&service->reading, &work, &service->sample);
	suffer_small(service);
}

void service_step(struct service *service, const struct sample **ret_sample,
		  const struct unit_status **ret_status)
{
	uint64_t when_ms = SERVICE_START_MS + SECONDS(service->n_steps);

	service->now_s = (double)service->n_steps;
	service->n_steps++;
	service->sample = (struct sample) { .unit = service->status.unit,
					    .when_ms = when_ms,
					    .wall_ms = SERVICE_WALL_MS + when_ms };
	live(service);
	tell_state(service);
	memcpy(service->sample.invocation, service->status.invocation, INVOCATION_SIZE);
	if (service->status.active == UNIT_ACTIVE_ACTIVE)
		work_for_a_second(service);
	*ret_sample = &service->sample;
	*ret_status = &service->status;
}

static size_t append(char *buffer, size_t size, size_t used, const char *word)
{
	int n = snprintf(buffer + used, size - used, "%s%s", used > 0 ? "," : "", word);

	return n < 0 || (size_t)n >= size - used ? used : used + (size_t)n;
}

char *service_doings(const struct service *service, char *buffer, size_t size)
{
	size_t used = 0;

	(void)snprintf(buffer, size, "-");
	for (size_t i = 0; i < JOBS_MAX && service->kind->job[i].name; i++)
		if (jobs_goes_on(&service->jobs, i, service->now_s, RECENT_S))
			used = append(buffer, size, used, service->kind->job[i].name);
	if (service->now_s - service->shifted_s < RECENT_LEVEL_S)
		used = append(buffer, size, used, "level-shift");
	if (service->now_s - service->started_s < RECENT_LEVEL_S)
		(void)append(buffer, size, used, "deployment");
	return buffer;
}
