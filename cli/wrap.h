/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where a text may be broken into lines: at spaces, else inside long names, else anywhere. */
#include <stddef.h>

/* How many columns of a terminal it fills, in the present locale. */
size_t wrap_cells(const char *text);

/* How many bytes of it make the first line of at most `width` columns; at least one character, so
 * that a loop ends. A space that follows belongs to neither line. */
size_t wrap_line(const char *text, size_t width);
