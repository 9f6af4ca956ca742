/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A list that grows, of items of one size. Part of reader.h. */
#include <stdlib.h>

struct list {
	void *items; /* owned */
	size_t n, n_room, size;
};

static inline void list_clear(struct list *list)
{
	free(list->items);
}

/* Room for one more behind the last, which counts once n was raised. NULL: no memory. */
static inline void *list_next(struct list *list)
{
	size_t n_room = list->n_room * 2 + 16;
	void *grown;

	if (list->n == list->n_room) {
		grown = reallocarray(list->items, n_room, list->size);
		if (!grown)
			return NULL;
		list->items = grown;
		list->n_room = n_room;
	}
	return (char *)list->items + list->n * list->size;
}
