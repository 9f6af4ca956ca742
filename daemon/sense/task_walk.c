/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pace of walks, and the maps of threads from one to the next. */
#include <bpf/libbpf.h>

#include "bpf/events.h"
#include "sense/maps.h"
#include "sense/probe.h"
#include "sense/task_walk.h"

#include "tasks.skel.h"

#define EARLY_MS 500 /* a tick may come so much earlier than its second */

/* ---- the pace ---------------------------------------------------------------- */

uint32_t task_walk_every_ms(const struct task_walk *walk)
{
	uint64_t every_ms, n_tasks = walk->programs ? walk->programs->bss->n_tasks : 0;

	if (n_tasks == 0 || walk->has_no_pace || walk->is_hurried)
		return 1000;
	every_ms = (1 + (n_tasks - 1) / walk->tasks_a_second) * 1000;
	return (uint32_t)(every_ms < PROBE_WALK_MOST_MS ? every_ms : PROBE_WALK_MOST_MS);
}

bool task_walk_is_due(const struct task_walk *walk, uint64_t now_ms)
{
	uint32_t every_ms = task_walk_every_ms(walk);

	return walk->at_ms == 0 || every_ms == 1000 || now_ms - walk->at_ms + EARLY_MS >= every_ms;
}

/* ---- one walk ---------------------------------------------------------------- */

static int empty_if_any(const struct bpf_map *map, __u32 *n, void *keys, void *records)
{
	int r;

	if (*n == 0)
		return 0;
	r = maps_empty(map, keys, records);
	if (r < 0)
		return r;
	*n = 0;
	return 0;
}

/* The number of the walk says which maps hold the threads of the one before, and which are for
 * this one. */
static int begin(struct task_walk *walk, void *keys, void *records)
{
	struct tasks_bpf *tasks = walk->programs;
	bool odd = ++tasks->bss->walk & 1;
	int r;

	tasks->bss->before_ns = walk->left_over ? 0 : tasks->bss->began_ns;
	tasks->bss->began_ns = 0;
	tasks->bss->n_tasks = tasks->bss->n_processes = 0;
	r = empty_if_any(odd ? tasks->maps.threads_odd : tasks->maps.threads_even,
			 &tasks->bss->n_threads[odd], keys, records);
	if (r >= 0)
		r = empty_if_any(odd ? tasks->maps.blocked_odd : tasks->maps.blocked_even,
				 &tasks->bss->n_blocked[odd], keys, records);
	if (r >= 0 && walk->left_over)
		r = maps_empty(tasks->maps.sums, keys, records);
	return r < 0 ? r : 0;
}

int task_walk_run(struct task_walk *walk, void *keys, void *records)
{
	int r;

	r = begin(walk, keys, records);
	walk->left_over = true;
	if (r >= 0)
		r = maps_walk(walk->programs->links.tasks_walk);
	if (r >= 0)
		r = maps_empty(walk->programs->maps.sums, keys, records);
	if (r >= 0)
		walk->left_over = false;
	return r;
}
