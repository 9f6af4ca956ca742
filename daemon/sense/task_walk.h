/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Walks over all tasks: when the next is due, and what it leaves for that after it. Part of probe.h. */
#include <stdbool.h>
#include <stdint.h>

struct tasks_bpf;

struct task_walk {
	struct tasks_bpf *programs; /* NULL: there are no walks */
	bool has_no_pace;	    /* what each second tells must not wait */
	bool is_hurried;
	uint32_t tasks_a_second;
	uint64_t at_ms; /* of the last that was whole; 0: the next is due */
	bool left_over; /* one that failed may have left records in the map */
};

/* As probe_walk_every_ms(). */
uint32_t task_walk_every_ms(const struct task_walk *walk);
bool task_walk_is_due(const struct task_walk *walk, uint64_t now_ms);
/* One walk: the number of records, of units or of processes, in arrays that have room for all of any map
 * of these programs. */
int task_walk_run(struct task_walk *walk, void *keys, void *records);
