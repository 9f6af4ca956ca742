/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of units in their order, and what they say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sense/socket_rows.h"

/* At full size, since it costs only what is touched. */
int socket_rows_new(struct socket_rows *rows)
{
	*rows = (struct socket_rows) { 1, calloc(SUMS_MAX + 1, sizeof(*rows->row)) };
	return rows->row ? 0 : -ENOMEM;
}

void socket_rows_clear(struct socket_rows *rows)
{
	free(rows->row);
	*rows = (struct socket_rows) { 0 };
}

void socket_rows_forget(struct socket_rows *rows, bool of_queues)
{
	for (size_t i = 0; i < rows->n; i++)
		*(of_queues ? &rows->row[i].queues : &rows->row[i].connected) = (struct sums) { 0 };
}

static size_t place_of(const struct socket_rows *rows, uint32_t unit)
{
	size_t low = 0, high = rows->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (rows->row[middle].unit < unit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct socket_row *socket_rows_find(const struct socket_rows *rows, uint32_t unit)
{
	size_t at = place_of(rows, unit);

	return at < rows->n && rows->row[at].unit == unit ? &rows->row[at] : NULL;
}

/* NULL: there is no room; then as many units have had sockets as there can be units. */
static struct socket_row *make_row(struct socket_rows *rows, uint32_t unit)
{
	size_t at = place_of(rows, unit);
	struct socket_row *row = &rows->row[at];

	if (at < rows->n && row->unit == unit)
		return row;
	if (rows->n == SUMS_MAX + 1)
		return NULL;
	memmove(row + 1, row, (rows->n - at) * sizeof(*row));
	rows->n++;
	*row = (struct socket_row) { .unit = unit };
	return row;
}

int socket_rows_add(struct socket_rows *rows, uint32_t unit, const struct sums *sums,
		    bool of_queues)
{
	struct socket_row *row = make_row(rows, unit);

	if (!row)
		return -ENOSPC;
	sums_add(of_queues ? &row->queues : &row->connected, sums);
	row->overflows += sums->overflows;
	return 0;
}

void socket_row_tell_queues(const struct socket_row *row, uint64_t age_ms, struct usage *usage)
{
	if (row->queues.listening > 0) {
		usage_set_aged(usage, METRIC_BACKLOG, row->queues.backlog, age_ms);
		usage_set_aged(usage, METRIC_BACKLOG_SHARE, row->queues.share, age_ms);
	}
	if (row->queues.listening > 0 || row->overflows > 0)
		usage_set_aged(usage, METRIC_OVERFLOWS, (double)row->overflows, age_ms);
}

void socket_row_tell_connected(const struct socket_row *row, uint64_t age_ms, struct usage *usage)
{
	const struct sums *sums = &row->connected;

	usage_set_aged(usage, METRIC_CONNECTIONS, sums->connections, age_ms);
	usage_set_aged(usage, METRIC_UNREAD, (double)sums->unread, age_ms);
	if (sums->n_rtt > 0)
		usage_set_aged(usage, METRIC_RTT, (double)sums->rtt_us / sums->n_rtt / 1e6, age_ms);
}
