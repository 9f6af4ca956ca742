/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Did you mean? Which of some names somebody may have mistyped. */
#include <stddef.h>

/* How many letters have to be put in, taken out, changed or exchanged with their neighbour to make one of the
 * other; `most` if there are as many or more. Names are of less than 256 bytes. */
size_t nearest_distance(const char *a, const char *b, size_t most);
/* Of these names (each a char array, `stride` bytes from the one before), the one that is nearest, a third of
 * its letters off at most; NULL: none is. */
const char *nearest_name(const char *name, const char *names, size_t n, size_t stride);
