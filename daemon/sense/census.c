/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sorted arrays, of units and of cgroups, allocated once at their full size. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sense/census.h"

struct unit_record {
	uint32_t unit;
	uint32_t n_cgroups;
	struct task_sums sums;
	struct unit_counters before, after;
	bool was_settled;
	struct totals settled;
	struct unit_traffic traffic, traffic_before;
	uint32_t n_found, n_charged; /* cgroups of this walk; those that block I/O is charged to */
	bool has_busiest;
	uint64_t busiest_ms, busiest_walk; /* when it was seen */
	double busiest_cores, busiest_switches_per_s;
};

struct cgroup_record {
	uint64_t id;
	uint32_t unit;
	bool found, was_found;
	struct cgroup_facts facts;
	uint64_t psi_before_ns[FACT_PSI_N], psi_told_ns[FACT_PSI_N];
};

struct census {
	struct census_known known;
	uint64_t n_walks; /* of tasks */
	bool walks_tasks; /* in the walk under way */
	size_t n_units, n_cgroups;
	struct unit_record *units; /* the first is unit 0 */
	struct cgroup_record *cgroups;
};

int census_new(struct census **ret)
{
	struct census *census = calloc(1, sizeof(*census));

	if (!census)
		return -ENOMEM;
	/* Unit 0, and the one that a cgroup joins before it leaves another. */
	census->units = calloc(WATCHED_MAX + 2, sizeof(*census->units));
	census->cgroups = calloc(WATCHED_MAX, sizeof(*census->cgroups));
	if (!census->units || !census->cgroups) {
		census_free(census);
		return -ENOMEM;
	}
	census->n_units = 1;
	*ret = census;
	return 0;
}

struct census *census_free(struct census *census)
{
	if (census) {
		free(census->units);
		free(census->cgroups);
		free(census);
	}
	return NULL;
}

/* ---- who is watched ------------------------------------------------------ */

/* The place where it is, or would be. */
static size_t place_of_unit(const struct census *census, uint32_t unit)
{
	size_t low = 0, high = census->n_units;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (census->units[middle].unit < unit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t place_of_cgroup(const struct census *census, uint64_t id)
{
	size_t low = 0, high = census->n_cgroups;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (census->cgroups[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct unit_record *find_unit(const struct census *census, uint32_t unit)
{
	size_t i = place_of_unit(census, unit);

	return i < census->n_units && census->units[i].unit == unit ? &census->units[i] : NULL;
}

static struct cgroup_record *find_cgroup(const struct census *census, uint64_t id)
{
	size_t i = place_of_cgroup(census, id);

	return i < census->n_cgroups && census->cgroups[i].id == id ? &census->cgroups[i] : NULL;
}

static void join_unit(struct census *census, uint32_t unit)
{
	size_t i = place_of_unit(census, unit);
	struct unit_record *record = &census->units[i];

	if (i == census->n_units || record->unit != unit) {
		memmove(record + 1, record, (census->n_units - i) * sizeof(*record));
		*record = (struct unit_record) { .unit = unit };
		census->n_units++;
	}
	record->n_cgroups++;
	record->has_busiest = false; /* a new cgroup may be a new run */
}

/* Returns the unit if that was the last. */
static uint32_t leave_unit(struct census *census, uint32_t unit)
{
	size_t i = place_of_unit(census, unit);
	struct unit_record *record = &census->units[i];

	if (--record->n_cgroups > 0)
		return 0;
	census->n_units--;
	memmove(record, record + 1, (census->n_units - i) * sizeof(*record));
	return unit;
}

int census_watch(struct census *census, uint64_t cgroup_id, uint32_t unit, uint32_t *ret_dropped)
{
	size_t i = place_of_cgroup(census, cgroup_id);
	struct cgroup_record *record = &census->cgroups[i];

	*ret_dropped = 0;
	if (i < census->n_cgroups && record->id == cgroup_id) {
		join_unit(census, unit);
		*ret_dropped = leave_unit(census, record->unit);
		record->unit = unit;
		return 0;
	}
	if (census->n_cgroups == WATCHED_MAX)
		return -ENOSPC;
	memmove(record + 1, record, (census->n_cgroups - i) * sizeof(*record));
	*record = (struct cgroup_record) { .id = cgroup_id, .unit = unit };
	census->n_cgroups++;
	join_unit(census, unit);
	return 0;
}

uint32_t census_unwatch(struct census *census, uint64_t cgroup_id)
{
	size_t i = place_of_cgroup(census, cgroup_id);
	struct cgroup_record *record = &census->cgroups[i];
	uint32_t unit;

	if (i == census->n_cgroups || record->id != cgroup_id)
		return 0;
	unit = record->unit;
	census->n_cgroups--;
	memmove(record, record + 1, (census->n_cgroups - i) * sizeof(*record));
	return leave_unit(census, unit);
}

/* ---- one walk ------------------------------------------------------------- */

void census_begin(struct census *census, bool walks_tasks)
{
	census->known = (struct census_known) { 0 };
	census->walks_tasks = walks_tasks;
	census->n_walks += walks_tasks;
	for (size_t i = 0; i < census->n_units; i++) {
		if (walks_tasks)
			census->units[i].sums = (struct task_sums) { 0 };
		census->units[i].before = (struct unit_counters) { 0 };
		census->units[i].after = (struct unit_counters) { 0 };
		census->units[i].traffic_before = census->units[i].traffic;
		census->units[i].n_found = census->units[i].n_charged = 0;
	}
	for (size_t i = 0; i < census->n_cgroups; i++) {
		census->cgroups[i].was_found = census->cgroups[i].found;
		census->cgroups[i].found = false;
	}
}

void census_counters_before(struct census *census, uint32_t unit,
			    const struct unit_counters *counters)
{
	struct unit_record *record = find_unit(census, unit);

	if (record)
		record->before = *counters;
}

void census_counters_after(struct census *census, uint32_t unit,
			   const struct unit_counters *counters)
{
	struct unit_record *record = find_unit(census, unit);

	if (record)
		record->after = *counters;
}

void census_traffic(struct census *census, uint32_t unit, const struct unit_traffic *traffic)
{
	struct unit_record *record = find_unit(census, unit);

	if (record)
		record->traffic = *traffic;
}

void census_sums(struct census *census, uint32_t unit, const struct task_sums *sums)
{
	struct unit_record *record = find_unit(census, unit);

	if (record)
		record->sums = *sums;
}

/*
 * The kernel brings pressure totals up to date every two seconds, so at one look
 * a second their rate would be nothing and double by turns. The mean of two looks
 * runs evenly, loses nothing, and is half a tick later.
 */
static void tell_pressure(struct cgroup_record *record)
{
	for (size_t i = 0; i < FACT_PSI_N; i++) {
		uint64_t now = record->facts.psi_ns[i];
		uint64_t before = record->was_found ? record->psi_before_ns[i] : now;

		record->psi_told_ns[i] = before / 2 + now / 2;
		record->psi_before_ns[i] = now;
	}
}

void census_facts(struct census *census, uint64_t cgroup_id, const struct cgroup_facts *facts)
{
	struct cgroup_record *record = find_cgroup(census, cgroup_id);
	struct unit_record *unit;

	if (!record)
		return;
	record->facts = *facts;
	record->found = true;
	tell_pressure(record);
	unit = find_unit(census, record->unit);
	unit->n_found++;
	unit->n_charged += !!(facts->have & CGROUP_HAVE_IO);
}

static void settle(struct unit_record *record)
{
	for (size_t i = 0; i < TOTAL_N; i++) {
		uint64_t alive = record->sums.alive.of[i];
		uint64_t low = alive + record->before.ended.of[i];
		uint64_t high = alive + record->sums.leaving.of[i] + record->after.ended.of[i];
		uint64_t told = record->was_settled ? record->settled.of[i] : low;

		record->settled.of[i] = told < low ? low : told > high ? high : told;
	}
	record->was_settled = true;
}

/* What a look has found is told until the next, or until one is overdue. */
static void keep_busiest(struct unit_record *record, uint64_t walk, uint64_t when_ms)
{
	const struct task_sums *sums = &record->sums;

	if (sums->threads == 0 || walk - record->busiest_walk > BUSIEST_WALKS_MAX)
		record->has_busiest = false;
	if (sums->threads == 0 || sums->look != LOOK_COMPARE || sums->unknown > 0)
		return;
	record->has_busiest = true;
	record->busiest_ms = when_ms;
	record->busiest_walk = walk;
	record->busiest_cores = sums->busiest_cpu_ppm / 1e6;
	record->busiest_switches_per_s = sums->busiest_switches / 1e3;
}

void census_end(struct census *census, const struct census_known *known)
{
	census->known = *known;
	for (size_t i = 0; known->tasks && census->walks_tasks && i < census->n_units; i++) {
		settle(&census->units[i]);
		keep_busiest(&census->units[i], census->n_walks, known->when_ms);
	}
}

/* ---- what it says -------------------------------------------------------- */

static const struct {
	enum total total;
	enum metric metric;
	double divisor;
} columns[] = {
	{ TOTAL_EXEC_NS, METRIC_CPU, 1e9 },
	{ TOTAL_RUN_DELAY_NS, METRIC_RUN_DELAY, 1e9 },
	{ TOTAL_SWITCHES_VOLUNTARY, METRIC_SWITCHES_VOLUNTARY, 1 },
	{ TOTAL_SWITCHES_INVOLUNTARY, METRIC_SWITCHES_INVOLUNTARY, 1 },
	{ TOTAL_MINOR_FAULTS, METRIC_MINOR_FAULTS, 1 },
	{ TOTAL_MAJOR_FAULTS, METRIC_MAJOR_FAULTS, 1 },
	{ TOTAL_READ_BYTES, METRIC_READ_BYTES, 1 },
	{ TOTAL_WRITE_BYTES, METRIC_WRITE_BYTES, 1 },
};

static const enum metric pressure_metric[FACT_PSI_N] = {
	[FACT_PSI_IO_SOME] = METRIC_PSI_IO_SOME,
	[FACT_PSI_IO_FULL] = METRIC_PSI_IO_FULL,
	[FACT_PSI_MEMORY_SOME] = METRIC_PSI_MEMORY_SOME,
	[FACT_PSI_MEMORY_FULL] = METRIC_PSI_MEMORY_FULL,
	[FACT_PSI_CPU_SOME] = METRIC_PSI_CPU_SOME,
	[FACT_PSI_CPU_FULL] = METRIC_PSI_CPU_FULL,
};

void census_convert(const struct task_sums *sums, const struct totals *totals, uint32_t lacks,
		    struct usage *usage)
{
	double page_bytes = (double)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (!(lacks & 1u << columns[i].total))
			usage_set(usage, columns[i].metric,
				  (double)totals->of[columns[i].total] / columns[i].divisor);
	usage_set(usage, METRIC_RSS, (double)sums->rss_pages * page_bytes);
	usage_set(usage, METRIC_SWAP, (double)sums->swap_pages * page_bytes);
	usage_set(usage, METRIC_PROCESSES, sums->processes);
	usage_set(usage, METRIC_THREADS, sums->threads);
	usage_set(usage, METRIC_DESCRIPTORS, (double)sums->descriptors);
	usage_set(usage, METRIC_BLOCKED, sums->blocked);
	usage_set(usage, METRIC_STOPPED, sums->stopped);
	usage_set(usage, METRIC_ZOMBIES, sums->zombies);
	usage_set(usage, METRIC_STUCK, (double)sums->stuck_ns / 1e9);
	usage_set(usage, METRIC_DESCRIPTORS_SHARE,
		  sums->near_limit ? (double)sums->near_descriptors / sums->near_limit : 0);
}

/* A unit that is new since the last walk has no sums yet. */
static void tell_tasks(const struct census *census, const struct unit_record *record,
		       struct usage *usage)
{
	uint64_t had = usage->have;

	if (!record->was_settled)
		return;
	census_convert(&record->sums, &record->settled, census->known.lacks, usage);
	for (size_t i = 0; !census->walks_tasks && i < METRIC_N; i++)
		if (usage->have & ~had & METRIC_BIT(i))
			usage_age(usage, (enum metric)i,
				  census->known.when_ms - census->known.tasks_ms);
}

static void tell_busiest(const struct census *census, const struct unit_record *record,
			 struct usage *usage)
{
	uint64_t age_ms = census->known.when_ms - record->busiest_ms;

	if (!record->has_busiest)
		return;
	usage_set_aged(usage, METRIC_THREAD_CPU, record->busiest_cores, age_ms);
	usage_set_aged(usage, METRIC_THREAD_SWITCHES, record->busiest_switches_per_s, age_ms);
}

static void tell_processes(const struct census *census, struct usage *usage)
{
	const struct census_known *known = &census->known;

	if (known->n_processes == 0)
		return;
	usage_set(usage, METRIC_PROCESSES, known->n_processes);
	if (!census->walks_tasks)
		usage_age(usage, METRIC_PROCESSES, known->when_ms - known->tasks_ms);
}

static void tell_counts(const struct unit_counters *counters, bool oom_kills, struct usage *usage)
{
	usage_set(usage, METRIC_FORKS, (double)counters->forks);
	usage_set(usage, METRIC_EXITS, (double)counters->exits);
	usage_set(usage, METRIC_EXITS_FAILED, (double)counters->exits_failed);
	usage_set(usage, METRIC_EXITS_SIGNAL, (double)counters->exits_signal);
	if (oom_kills)
		usage_set(usage, METRIC_OOM_KILLS, (double)counters->oom_kills);
}

static const struct {
	enum traffic traffic;
	enum metric metric;
} traffic_columns[] = {
	{ TRAFFIC_ACCEPTS, METRIC_ACCEPTS },
	{ TRAFFIC_CONNECTS, METRIC_CONNECTS },
	{ TRAFFIC_RETRANSMITS, METRIC_RETRANSMITS },
	{ TRAFFIC_RESETS_SENT, METRIC_RESETS_SENT },
	{ TRAFFIC_RESETS_RECEIVED, METRIC_RESETS_RECEIVED },
	{ TRAFFIC_UDP_DROPS, METRIC_UDP_DROPS },
	{ TRAFFIC_IO_REQUESTS, METRIC_IO_REQUESTS },
};

/* What completed proves it where cgroups are not walked. */
static bool is_charged(const struct unit_record *record)
{
	return record->unit == 0 || record->traffic.of[TRAFFIC_IO_REQUESTS] > 0 ||
	       (record->n_found > 0 && record->n_charged == record->n_found);
}

static void tell_traffic(const struct unit_record *record, uint64_t known, struct usage *usage)
{
	const __u64 *now = record->traffic.of, *before = record->traffic_before.of;
	__u64 n_timed = now[TRAFFIC_IO_TIMED] - before[TRAFFIC_IO_TIMED];
	__u64 ns = now[TRAFFIC_IO_NS] - before[TRAFFIC_IO_NS];

	if (!is_charged(record))
		known &= ~(METRIC_BIT(METRIC_IO_REQUESTS) | METRIC_BIT(METRIC_IO_LATENCY));
	for (size_t i = 0; i < sizeof(traffic_columns) / sizeof(traffic_columns[0]); i++)
		if (known & METRIC_BIT(traffic_columns[i].metric))
			usage_set(usage, traffic_columns[i].metric,
				  (double)now[traffic_columns[i].traffic]);
	if (known & METRIC_BIT(METRIC_IO_LATENCY) && n_timed > 0)
		usage_set(usage, METRIC_IO_LATENCY, (double)ns / (double)n_timed / 1e9);
}

/* Where both tasks and the cgroup have a value, the task's is taken: it counts the same in all
 * hierarchies. */
static void tell_facts(const struct census *census, const struct cgroup_record *record,
		       struct usage *usage)
{
	const struct cgroup_facts *facts = &record->facts;
	double page_bytes = (double)sysconf(_SC_PAGESIZE);

	if (census->known.cpu)
		usage_set(usage, METRIC_CPU, (double)facts->cpu_ns / 1e9);
	if (facts->have & CGROUP_HAVE_MEMORY)
		usage_set(usage, METRIC_MEMORY, (double)facts->memory_pages * page_bytes);
	if (facts->have & CGROUP_HAVE_SWAP && !census->known.tasks)
		usage_set(usage, METRIC_SWAP, (double)facts->swap_pages * page_bytes);
	if (facts->have & CGROUP_HAVE_THREADS && !census->known.tasks)
		usage_set(usage, METRIC_THREADS, (double)facts->threads);
	for (size_t i = 0; facts->have & CGROUP_HAVE_PSI && i < FACT_PSI_N; i++)
		if (i != FACT_PSI_CPU_FULL || facts->have & CGROUP_HAVE_PSI_CPU_FULL)
			usage_set(usage, pressure_metric[i], (double)record->psi_told_ns[i] / 1e9);
	if (facts->have & CGROUP_HAVE_THROTTLED)
		usage_set(usage, METRIC_THROTTLED, (double)facts->throttled_ns / 1e9);
	if (facts->have & CGROUP_HAVE_MEMORY_EVENTS) {
		usage_set(usage, METRIC_MEMORY_HIGH, (double)facts->memory_high);
		usage_set(usage, METRIC_MEMORY_MAX, (double)facts->memory_max);
	}
}

bool census_usage(const struct census *census, uint32_t unit, uint64_t cgroup_id,
		  struct usage *usage)
{
	const struct unit_record *record = find_unit(census, unit);
	const struct cgroup_record *cgroup = cgroup_id ? find_cgroup(census, cgroup_id) : NULL;
	const struct census_known *known = &census->known;

	if (!record)
		return false;
	if (unit == 0)
		tell_processes(census, usage);
	if (known->counters)
		tell_counts(&record->after, known->oom_kills, usage);
	if (known->traffic)
		tell_traffic(record, known->traffic, usage);
	if (unit == 0)
		return known->counters || known->traffic || known->n_processes;
	if (known->tasks) {
		tell_tasks(census, record, usage);
		tell_busiest(census, record, usage);
	}
	/* Never now from here and now from there: the two totals began at different times. */
	if (known->cgroups && cgroup_id)
		usage->have &= ~METRIC_BIT(METRIC_CPU);
	if (known->cgroups && cgroup && cgroup->unit == unit && cgroup->found)
		tell_facts(census, cgroup, usage);
	return known->tasks || known->counters || known->cgroups || known->traffic;
}
