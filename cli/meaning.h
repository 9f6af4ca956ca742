/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the columns of a file mean: one that is called as a metric is that metric,
 * and a map gives a meaning to others. A map is text, a line a column:
 *
 *	# of the old collector
 *	mem_kb = rss * 1024
 *	busy, all cores = cpu
 *
 * COLUMN = METRIC, or COLUMN = METRIC * FACTOR, by which its numbers become the
 * metric's quantity. It goes before the column's own name.
 */
#include <stdbool.h>

#include "cli/csv.h"
#include "record/record.h"

struct meaning {
	unsigned int n;			  /* columns that have one */
	uint32_t metric[CSV_METRICS_MAX]; /* of each column; METRIC_N: none */
	double factor[CSV_METRICS_MAX];
};

/* map_path NULL: by their names alone. -EINVAL: a line of the map is not as it should be, names a column that
 * csv does not have, or one column or one metric has two; or why the map cannot be read. error is set by each. */
int meaning_find(const struct csv *csv, const char *map_path, struct meaning *ret,
		 struct csv_error *error);
