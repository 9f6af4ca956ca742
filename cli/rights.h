/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The file of polkit rules that says which services the daemon's user may
 * restart and reload. The list of enrolled services is kept in it and nowhere else, so the
 * list and the right cannot differ.
 *
 * polkit's engine knows JavaScript of 2009 (ES5). The names are compared, not
 * matched: what is not listed letter by letter is refused, and so is all else
 * that this user may ask of anybody.
 */
#include <stdbool.h>

#include "cli/unit_set.h"

/* ret is an empty set and gets the names; no file: none. ret_as_written: nobody else has changed it,
 * contents or permissions; what an older version wrote is no change, and allows no reload. -EBADMSG: it is not one of ours. */
int rights_read(const char *path, struct unit_set *ret, bool *ret_as_written);
/* Write all of it anew, or remove it where the set is empty. */
int rights_write(const char *path, const struct unit_set *units);
