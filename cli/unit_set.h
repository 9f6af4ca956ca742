/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Names of units: each once, in the order of names. */
#include <stdbool.h>
#include <stddef.h>

#include "record/record.h"

struct unit_set {
	char (*name)[UNIT_NAME_SIZE]; /* { 0 } is the empty set */
	size_t n;
};

void unit_set_clear(struct unit_set *set);
/* -EINVAL: that is no unit's name. One that is there already is no error. */
int unit_set_add(struct unit_set *set, const char *name);
void unit_set_remove(struct unit_set *set, const char *name);
bool unit_set_has(const struct unit_set *set, const char *name);
