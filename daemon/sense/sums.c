/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted array, searched for each socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sense/sums.h"

int sum_table_new(struct sum_table *table)
{
	*table = (struct sum_table) { 0 };
	/* At full size, since it costs only what is touched. */
	table->sums = calloc(SUMS_MAX, sizeof(*table->sums));
	return table->sums ? 0 : -ENOMEM;
}

void sum_table_clear(struct sum_table *table)
{
	free(table->sums);
	*table = (struct sum_table) { 0 };
}

static int compare_sums(const struct sums *sums, uint64_t cgroup_id, uint32_t unit)
{
	if (sums->cgroup_id != cgroup_id)
		return sums->cgroup_id < cgroup_id ? -1 : 1;
	return sums->unit < unit ? -1 : sums->unit > unit;
}

static size_t place_of_sums(const struct sum_table *table, uint64_t cgroup_id, uint32_t unit)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare_sums(&table->sums[middle], cgroup_id, unit) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Sockets of one owner often follow one another. */
struct sums *sum_table_at(struct sum_table *table, uint64_t cgroup_id, uint32_t unit)
{
	size_t at = table->last;

	if (at < table->n && compare_sums(&table->sums[at], cgroup_id, unit) == 0)
		return &table->sums[at];
	at = place_of_sums(table, cgroup_id, unit);
	if (at == table->n || compare_sums(&table->sums[at], cgroup_id, unit) != 0) {
		if (table->n == SUMS_MAX)
			return NULL;
		memmove(&table->sums[at + 1], &table->sums[at],
			(table->n - at) * sizeof(*table->sums));
		table->sums[at] = (struct sums) { .cgroup_id = cgroup_id, .unit = unit };
		table->n++;
	}
	table->last = at;
	return &table->sums[at];
}

void sum_table_begin(struct sum_table *table, uint64_t now_ms)
{
	table->n = table->last = table->n_sockets = table->n_told = 0;
	table->host = (struct sums) { 0 };
	table->began_ms = now_ms;
}

void sums_add(struct sums *to, const struct sums *more)
{
	to->connections += more->connections;
	to->n_rtt += more->n_rtt;
	to->listening += more->listening;
	to->backlog += more->backlog;
	to->rtt_us += more->rtt_us;
	to->unread += more->unread;
	to->overflows += more->overflows;
	if (more->share > to->share)
		to->share = more->share;
}
