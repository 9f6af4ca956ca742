/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The needs of one unit, packed. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sense/needs.h"

void needs_clear(struct needs *needs)
{
	free(needs->text);
	*needs = (struct needs) { 0 };
}

static bool is_kept(enum edge_kind kind, const char *name)
{
	const char *type = strrchr(name, '.');

	if (!type || !text_is_unit_name(name))
		return false;
	return strcmp(type, ".socket") == 0 ||
	       (strcmp(type, ".service") == 0 && kind != EDGE_TRIGGERED_BY);
}

void needs_add(struct needs *needs, enum edge_kind kind, const char *name)
{
	size_t length = strlen(name) + 1;
	char *grown;

	if (needs->n == NEEDS_MAX || !is_kept(kind, name) ||
	    (kind == EDGE_AFTER && needs->n_after == NEEDS_AFTER_MAX))
		return;
	grown = realloc(needs->text, needs->size + 1 + length);
	if (!grown)
		return;
	grown[needs->size] = (char)kind;
	memcpy(grown + needs->size + 1, name, length);
	needs->text = grown;
	needs->size += 1 + length;
	needs->n++;
	needs->n_after += kind == EDGE_AFTER;
}

bool needs_are_equal(const struct needs *a, const struct needs *b)
{
	return a->size == b->size && (a->size == 0 || memcmp(a->text, b->text, a->size) == 0);
}

bool needs_next(const struct needs *needs, size_t *at, enum edge_kind *ret_kind,
		const char **ret_name)
{
	if (*at == needs->size)
		return false;
	*ret_kind = (enum edge_kind)needs->text[*at];
	*ret_name = needs->text + *at + 1;
	*at += 1 + strlen(*ret_name) + 1;
	return true;
}
