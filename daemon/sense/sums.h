/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the sockets of one dump come to, by the cgroup that made them. Part of listeners.h. */
#include <stddef.h>
#include <stdint.h>

#define SUMS_MAX 4096 /* cgroups that have sockets */

/* What the sockets of one cgroup come to; of systemd's, those of one service. */
struct sums {
	uint64_t cgroup_id;
	uint32_t unit; /* by a .socket unit; 0: whose the cgroup is */
	uint32_t connections, n_rtt, listening, backlog;
	uint64_t rtt_us, unread, overflows;
	double share;
};

/* In the order of cgroup and unit. */
struct sum_table {
	size_t n, last;
	struct sums *sums;
	struct sums host;
	size_t n_sockets, n_told; /* of these, those whose cgroup is told */
	uint64_t began_ms;	  /* 0: not asked yet */
};

int sum_table_new(struct sum_table *table); /* -ENOMEM */
void sum_table_clear(struct sum_table *table);
/* A new dump begins. */
void sum_table_begin(struct sum_table *table, uint64_t now_ms);
/* Those of that cgroup and unit, made if they are new; NULL: there is no room for another. */
struct sums *sum_table_at(struct sum_table *table, uint64_t cgroup_id, uint32_t unit);
void sums_add(struct sums *to, const struct sums *more);
