/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distance of Damerau and Levenshtein, where no letter is changed twice. */
#include <string.h>

#include "cli/nearest.h"

#define LENGTH_MAX 255

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b, size_t most)
{
	size_t row[3][LENGTH_MAX + 1]; /* of this letter of a, the one before, and before that */
	size_t *now = row[0], *last = row[1], *second = row[2], *free_row;
	size_t length_a = strlen(a), length_b = strlen(b);

	if (length_a > LENGTH_MAX || length_b > LENGTH_MAX)
		return most;
	for (size_t j = 0; j <= length_b; j++)
		now[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		free_row = second;
		second = last;
		last = now;
		now = free_row;
		now[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], second[j - 2] + 1);
		}
	}
	return least(now[length_b], most);
}

const char *nearest_name(const char *name, const char *names, size_t n, size_t stride)
{
	size_t least_off = strlen(name) / 3 + 1, off;
	const char *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		off = nearest_distance(name, names + i * stride, least_off);
		if (off >= least_off)
			continue;
		least_off = off;
		nearest = names + i * stride;
	}
	return nearest;
}
