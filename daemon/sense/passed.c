/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted array. */
#include <stdlib.h>

#include "sense/passed.h"

static int compare(const void *a, const void *b)
{
	const struct passed_on *left = a, *right = b;

	if (left->made.cgroup_id != right->made.cgroup_id)
		return left->made.cgroup_id < right->made.cgroup_id ? -1 : 1;
	return left->made.port - right->made.port;
}

size_t passed_fill(struct passed *passed, const struct made *made, const struct made_holder *holder,
		   size_t n)
{
	size_t n_lost = 0;

	passed->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (holder[i].is_several)
			continue;
		if (passed->n < PASSED_MAX)
			passed->on[passed->n++] =
				(struct passed_on) { made[i], holder[i].cgroup_id };
		else
			n_lost++;
	}
	qsort(passed->on, passed->n, sizeof(*passed->on), compare);
	return n_lost;
}

uint64_t passed_to(const struct passed *passed, uint64_t cgroup_id, uint16_t port)
{
	const struct passed_on key = { .made = { .cgroup_id = cgroup_id, .port = port } };
	const struct passed_on *found = NULL;

	if (passed)
		found = bsearch(&key, passed->on, passed->n, sizeof(*passed->on), compare);
	return found ? found->holder : cgroup_id;
}
