/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to numbers: a hash table with open addressing, never more than half full. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/writer_numbers.h"

void numbers_clear(struct numbers *numbers)
{
	for (size_t i = 0; i < numbers->n; i++)
		free(numbers->entry[i].name);
	*numbers = (struct numbers) { .next = 1 };
}

/* FNV-1a. */
static size_t hash(const char *name)
{
	uint32_t value = 2166136261u;

	for (; *name; name++)
		value = (value ^ (unsigned char)*name) * 16777619u;
	return value % NUMBERS_SLOTS;
}

/* Where the name is, or would be. */
static size_t slot_of(const struct numbers *numbers, const char *name)
{
	size_t slot = hash(name);

	while (numbers->slot[slot] != 0 &&
	       strcmp(numbers->entry[numbers->slot[slot] - 1].name, name) != 0)
		slot = (slot + 1) % NUMBERS_SLOTS;
	return slot;
}

uint32_t numbers_find(const struct numbers *numbers, const char *name)
{
	size_t entry = numbers->slot[slot_of(numbers, name)];

	return entry == 0 ? 0 : numbers->entry[entry - 1].number;
}

int numbers_add(struct numbers *numbers, uint32_t number, const char *name)
{
	size_t slot = slot_of(numbers, name);
	char *copy;

	if (name[0] == '\0')
		return -EINVAL;
	if (strlen(name) >= UNIT_NAME_SIZE)
		return -ENAMETOOLONG;
	if (numbers->n == NUMBERS_MAX)
		return -ENOSPC;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	numbers->entry[numbers->n].number = number;
	numbers->entry[numbers->n].name = copy;
	numbers->slot[slot] = (uint16_t)++numbers->n;
	if (number >= numbers->next)
		numbers->next = number + 1;
	return 0;
}
