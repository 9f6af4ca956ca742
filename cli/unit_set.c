/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted array of names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/unit_set.h"

void unit_set_clear(struct unit_set *set)
{
	free(set->name);
	*set = (struct unit_set) { 0 };
}

/* Where it is, or belongs. */
static size_t place_of(const struct unit_set *set, const char *name)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(set->name[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct unit_set *set, size_t place, const char *name)
{
	return place < set->n && strcmp(set->name[place], name) == 0;
}

int unit_set_add(struct unit_set *set, const char *name)
{
	size_t place = place_of(set, name);
	char(*grown)[UNIT_NAME_SIZE];

	if (!text_is_unit_name(name))
		return -EINVAL;
	if (is_at(set, place, name))
		return 0;
	grown = reallocarray(set->name, set->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	set->name = grown;
	memmove(grown + place + 1, grown + place, (set->n - place) * sizeof(*grown));
	(void)snprintf(grown[place], sizeof(*grown), "%s", name);
	set->n++;
	return 0;
}

void unit_set_remove(struct unit_set *set, const char *name)
{
	size_t place = place_of(set, name);

	if (!is_at(set, place, name))
		return;
	set->n--;
	memmove(set->name + place, set->name + place + 1, (set->n - place) * sizeof(*set->name));
}

bool unit_set_has(const struct unit_set *set, const char *name)
{
	return is_at(set, place_of(set, name), name);
}
