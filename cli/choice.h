/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Which of the units that the store knows somebody means: by name, as a service without its type, or by glob. */
#include <stdbool.h>
#include <stddef.h>

#include "store/reader.h"

/* Mark in ret_chosen those of the n known ones that one argument means. False: none. */
bool choice_mark(const char *argument, const struct known_unit *known, size_t n, bool *ret_chosen);
/* Whom a name that means none of them may have been for; NULL. */
const char *choice_nearest(const char *argument, const struct known_unit *known, size_t n);
