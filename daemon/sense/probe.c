/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the maps and the ring of the kernel's side. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "bpf/events.h"
#include "sense/census.h"
#include "sense/calls.h"
#include "sense/deep.h"
#include "sense/flush.h"
#include "sense/maps.h"
#include "sense/probe.h"
#include "sense/programs.h"
#include "sense/streams.h"
#include "sense/task_walk.h"

#include "cgroups.skel.h"
#include "lifecycle.skel.h"
#include "tasks.skel.h"

#define RECORDS_MAX	 (WATCHED_MAX + 1) /* of any map */
#define RECORD_BYTES_MAX sizeof(struct task_sums)

_Static_assert(RLIMIT_NOFILE == 7, "as bpf/kernel.h has it: not on alpha, mips and sparc");
/* The map of threads has more entries than others, smaller ones. */
_Static_assert(sizeof(__u32) * THREADS_MAX <= RECORDS_MAX * sizeof(__u64), "keys fit");
_Static_assert(4 * sizeof(__u64) * THREADS_MAX <= RECORDS_MAX * RECORD_BYTES_MAX, "so do they");

struct probe {
	enum probe_view view;
	struct programs programs;
	struct ring_buffer *ring;
	uint64_t when_ms; /* of the last snapshot */
	struct task_walk walk;

	struct census *census;
	struct calls *calls;	   /* NULL: no network programs */
	struct streams *streams;   /* NULL: no walk of open files */
	struct process *processes; /* by process only */
	size_t n_processes;

	__u64 *keys; /* one batch of a map; 32-bit keys lie closer */
	void *records;

	/* Of the drain under way. */
	void (*take)(const struct probe_event *event, void *userdata);
	void *userdata;
};

static int take_event(void *userdata, void *bytes, size_t size)
{
	struct probe *probe = userdata;
	const struct kernel_event *event = bytes;

	if (size < sizeof(*event) || !probe->take)
		return 0;
	const struct probe_event told = {
		.when_ns = event->when_ns,
		.unit = event->unit,
		.oom_kill = event->kind == KERNEL_EVENT_OOM_KILL,
		.pid = event->pid,
		.code = event->code,
	};
	probe->take(&told, probe->userdata);
	return 0;
}

static int reserve(struct probe *probe)
{
	const struct lifecycle_bpf *lifecycle = probe->programs.lifecycle;
	int r;

	r = census_new(&probe->census);
	if (r < 0)
		return r;
	/* At full size, since it costs only what is touched. */
	probe->keys = calloc(RECORDS_MAX, sizeof(*probe->keys));
	probe->records = calloc(RECORDS_MAX, RECORD_BYTES_MAX);
	if (probe->view == PROBE_BY_PROCESS)
		probe->processes = calloc(RECORDS_MAX, sizeof(*probe->processes));
	if (!probe->keys || !probe->records ||
	    (probe->view == PROBE_BY_PROCESS && !probe->processes))
		return -ENOMEM;
	if (probe->programs.traffic & METRIC_BIT(METRIC_ACCEPTS)) {
		r = calls_new(probe->programs.network, &probe->calls);
		if (r < 0)
			return r;
	}
	if (probe->programs.streams) {
		r = streams_new(probe->programs.streams, &probe->streams);
		if (r < 0)
			return r;
	}
	if (!lifecycle)
		return 0;
	probe->ring =
		ring_buffer__new(bpf_map__fd(lifecycle->maps.events), take_event, probe, NULL);
	return probe->ring ? 0 : -ENOMEM;
}

int probe_new(enum probe_view view, struct probe **ret)
{
	CLEANUP(probe_freep) struct probe *probe = calloc(1, sizeof(*probe));
	int r;

	if (!probe)
		return -ENOMEM;
	probe->view = view;
	programs_load(&probe->programs, view == PROBE_BY_PROCESS);
	probe->walk = (struct task_walk) {
		.programs = probe->programs.tasks,
		/* CPU time of each second is then that of tasks. */
		.has_no_pace = view == PROBE_BY_PROCESS || !probe->programs.cgroups,
		.tasks_a_second = PROBE_TASKS_A_SECOND,
	};
	r = reserve(probe);
	if (r < 0)
		return r;
	*ret = TAKE(probe);
	return 0;
}

struct probe *probe_free(struct probe *probe)
{
	if (probe) {
		ring_buffer__free(probe->ring);
		calls_free(probe->calls);
		streams_free(probe->streams);
		programs_clear(&probe->programs);
		census_free(probe->census);
		free(probe->processes);
		free(probe->records);
		free(probe->keys);
		free(probe);
	}
	return NULL;
}

/* ---- what works ---------------------------------------------------------- */

enum tier probe_tier(const struct probe *probe)
{
	if (!probe->programs.tasks)
		return TIER_FILES;
	if (!probe->programs.lifecycle)
		return TIER_ITERATORS;
	return probe->programs.deep ? TIER_DEEP : TIER_EVENTS;
}

const char *probe_limit(const struct probe *probe)
{
	return probe->programs.limit;
}

bool probe_walks_cgroups(const struct probe *probe)
{
	return probe->programs.cgroups != NULL;
}

/* ---- events -------------------------------------------------------------- */

int probe_fd(const struct probe *probe)
{
	return probe->ring ? ring_buffer__epoll_fd(probe->ring) : -1;
}

int probe_drain(struct probe *probe, void (*take)(const struct probe_event *event, void *userdata),
		void *userdata)
{
	if (!probe->ring)
		return 0;
	probe->take = take;
	probe->userdata = userdata;
	return ring_buffer__consume(probe->ring);
}

uint64_t probe_lost(const struct probe *probe)
{
	uint64_t n = 0;

	if (probe->programs.tasks)
		n += probe->programs.tasks->bss->lost;
	if (probe->programs.cgroups)
		n += probe->programs.cgroups->bss->lost;
	if (probe->programs.lifecycle)
		n += probe->programs.lifecycle->bss->dropped;
	return n;
}

/* ---- who is watched ------------------------------------------------------ */

#define COUNTING_MAPS_MAX 2

/* The maps in which each unit has a record that user space makes; how many. */
static size_t counting_maps(const struct programs *programs, int ret_fd[COUNTING_MAPS_MAX])
{
	size_t n = 0;

	if (programs->lifecycle)
		ret_fd[n++] = bpf_map__fd(programs->lifecycle->maps.counters);
	if (programs->traffic)
		ret_fd[n++] = programs->traffic_fd;
	return n;
}

/* What the kernel's side has of a unit; 0 is never forgotten. */
static void forget_unit(struct probe *probe, __u32 unit)
{
	int fd[COUNTING_MAPS_MAX];
	size_t n = counting_maps(&probe->programs, fd);

	if (unit == 0)
		return;
	for (size_t i = 0; i < n; i++)
		(void)bpf_map_delete_elem(fd[i], &unit);
	(void)probe_suspect(probe, unit, false);
	if (probe->programs.deep)
		deep_forget(probe->programs.deep, unit);
}

static int make_counters(struct probe *probe, __u32 unit)
{
	static const union {
		struct unit_counters counters;
		struct unit_traffic traffic;
	} none;
	int fd[COUNTING_MAPS_MAX];
	size_t n = counting_maps(&probe->programs, fd);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = bpf_map_update_elem(fd[i], &unit, &none, BPF_NOEXIST);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

int probe_watch(struct probe *probe, uint64_t cgroup_id, uint32_t unit)
{
	const __u64 key = cgroup_id;
	uint32_t dropped;
	int r;

	if (probe->programs.watched_fd < 0)
		return 0;
	r = census_watch(probe->census, cgroup_id, unit, &dropped);
	if (r < 0)
		return r;
	probe->walk.at_ms = 0;
	r = make_counters(probe, unit);
	if (r >= 0)
		r = bpf_map_update_elem(probe->programs.watched_fd, &key, &unit, BPF_ANY);
	forget_unit(probe, dropped);
	if (probe->programs.deep)
		deep_renew(probe->programs.deep, unit);
	if (r < 0)
		probe_unwatch(probe, cgroup_id);
	return r == -E2BIG ? -ENOSPC : r;
}

void probe_unwatch(struct probe *probe, uint64_t cgroup_id)
{
	const __u64 key = cgroup_id;

	if (probe->programs.watched_fd < 0)
		return;
	(void)bpf_map_delete_elem(probe->programs.watched_fd, &key);
	forget_unit(probe, census_unwatch(probe->census, cgroup_id));
}

int probe_suspect(struct probe *probe, uint32_t unit, bool is_suspect)
{
	const struct tasks_bpf *tasks = probe->programs.tasks;
	__u32 first;
	int r;

	if (!tasks || probe->view == PROBE_BY_PROCESS)
		return 0;
	if (probe->programs.deep) {
		r = deep_suspect(probe->programs.deep, unit, is_suspect, clock_boot_ms());
		if (r < 0)
			return r;
	}
	if (!is_suspect) {
		(void)bpf_map_delete_elem(bpf_map__fd(tasks->maps.suspects), &unit);
		return 0;
	}
	first = tasks->bss->walk + 1;
	r = bpf_map_update_elem(bpf_map__fd(tasks->maps.suspects), &unit, &first, BPF_NOEXIST);
	if (r == -EEXIST)
		return 0;
	return r == -E2BIG ? -ENOSPC : r;
}

/* ---- a snapshot ---------------------------------------------------------- */

static int read_map(struct probe *probe, int fd)
{
	return maps_read(fd, probe->keys, probe->records, RECORDS_MAX);
}

typedef void counters_taker(struct census *census, uint32_t unit,
			    const struct unit_counters *counters);

static int take_counters(struct probe *probe, counters_taker *take)
{
	const struct unit_counters *counters = probe->records;
	const __u32 *units = (const __u32 *)probe->keys;
	int n;

	if (!probe->programs.lifecycle)
		return 0;
	n = read_map(probe, bpf_map__fd(probe->programs.lifecycle->maps.counters));
	for (int i = 0; i < n; i++)
		take(probe->census, units[i], &counters[i]);
	return n < 0 ? n : 0;
}

static int take_traffic(struct probe *probe)
{
	const struct unit_traffic *traffic = probe->records;
	const __u32 *units = (const __u32 *)probe->keys;
	int n;

	if (!probe->programs.traffic)
		return 0;
	n = read_map(probe, probe->programs.traffic_fd);
	for (int i = 0; i < n; i++)
		census_traffic(probe->census, units[i], &traffic[i]);
	return n < 0 ? n : 0;
}

static void take_process(struct probe *probe, __u32 pid, const struct task_sums *sums)
{
	struct process *process = &probe->processes[probe->n_processes++];

	*process = (struct process) {
		.pid = pid,
		.parent = sums->parent,
		.cgroup_id = sums->cgroup_id,
	};
	memcpy(process->command, sums->command, sizeof(process->command));
	process->command[sizeof(process->command) - 1] = '\0';
	census_convert(sums, &sums->alive, probe->programs.tasks->bss->lacks, &process->usage);
}

static int walk_tasks(struct probe *probe)
{
	const struct task_sums *sums = probe->records;
	int n;

	if (!probe->walk.programs)
		return 0;
	n = task_walk_run(&probe->walk, probe->keys, probe->records);
	for (int i = 0; i < n; i++) {
		if (probe->view == PROBE_BY_PROCESS)
			take_process(probe, (__u32)probe->keys[i], &sums[i]);
		else
			census_sums(probe->census, (uint32_t)probe->keys[i], &sums[i]);
	}
	return n < 0 ? n : 0;
}

static int walk_cgroups(struct probe *probe, bool *ret_flushed)
{
	const struct cgroup_facts *facts = probe->records;
	int n;

	if (!probe->programs.cgroups)
		return 0;
	*ret_flushed = flush_all(probe->programs.flush) >= 0;
	n = maps_walk(probe->programs.cgroups->links.cgroups_walk);
	if (n >= 0)
		n = maps_empty(probe->programs.cgroups->maps.facts, probe->keys, probe->records);
	for (int i = 0; i < n; i++)
		census_facts(probe->census, probe->keys[i], &facts[i]);
	return n < 0 ? n : 0;
}

uint32_t probe_walk_every_ms(const struct probe *probe)
{
	return task_walk_every_ms(&probe->walk);
}

void probe_hurry(struct probe *probe, bool is_hurried)
{
	probe->walk.is_hurried = is_hurried;
}

void probe_set_pace(struct probe *probe, uint32_t tasks_a_second)
{
	probe->walk.tasks_a_second = tasks_a_second;
}

int probe_snapshot(struct probe *probe)
{
	uint64_t now_ms = clock_boot_ms();
	bool walks_tasks = task_walk_is_due(&probe->walk, now_ms);
	struct census_known known = {
		.tasks = probe->programs.tasks && probe->view == PROBE_BY_CGROUP,
		.counters = probe->programs.lifecycle != NULL,
		.oom_kills = probe->programs.counts_oom_kills,
		.cgroups = probe->programs.cgroups != NULL,
		.traffic = probe->programs.traffic,
		.when_ms = now_ms,
	};
	int r;

	census_begin(probe->census, walks_tasks);
	probe->n_processes = 0;
	r = take_traffic(probe);
	if (r >= 0 && walks_tasks) {
		r = take_counters(probe, census_counters_before);
		if (r >= 0)
			r = walk_tasks(probe);
	}
	if (r >= 0)
		r = take_counters(probe, census_counters_after);
	if (r >= 0)
		r = walk_cgroups(probe, &known.cpu);
	/* One that cannot be attached is tried again, and what it would tell stays unknown. Here, since they
	 * have to be detached in time whatever failed. */
	if (probe->programs.deep)
		(void)deep_turn(probe->programs.deep, now_ms);
	if (r < 0) {
		probe->n_processes = 0;
		probe->walk.at_ms = 0;
		return r;
	}
	if (walks_tasks)
		probe->walk.at_ms = now_ms;
	known.tasks_ms = probe->walk.at_ms;
	if (probe->programs.tasks) {
		known.lacks = probe->programs.tasks->bss->lacks;
		known.n_processes = probe->programs.tasks->bss->n_processes;
	}
	census_end(probe->census, &known);
	probe->when_ms = known.when_ms;
	return 0;
}

int probe_works(struct probe *probe)
{
	int r;

	r = probe_snapshot(probe);
	if (r >= 0)
		programs_try_deep(&probe->programs);
	return r;
}

bool probe_usage(const struct probe *probe, uint32_t unit, uint64_t cgroup_id, struct usage *usage)
{
	if (probe->programs.deep)
		deep_usage(probe->programs.deep, unit, probe->when_ms, usage);
	return census_usage(probe->census, unit, cgroup_id, usage);
}

struct calls *probe_calls(struct probe *probe)
{
	return probe->calls;
}

struct streams *probe_streams(struct probe *probe)
{
	return probe->streams;
}

struct closeup *probe_closeup(struct probe *probe)
{
	return probe->programs.closeup;
}

const struct process *probe_processes(const struct probe *probe, size_t *ret_n)
{
	*ret_n = probe->n_processes;
	return probe->processes;
}
