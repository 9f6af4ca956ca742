/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Rows as a host's metrics give them, invented: columns that follow a few causes
 * which remember, half of them heavy-tailed, one that counts, one that is nearly
 * always 0, one that never varies; and where it is wished, one row of a hundred in
 * which one to three columns are 4 to 8 spreads off.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n rows of n_columns >= 4, without a gap; the caller's to free(). Ends the program where memory does. */
float *rows_invent(uint64_t seed, size_t n, unsigned int n_columns, bool with_odd);
/* Put each column on a scale of mean 0 and spread 1, as judged columns are. */
void rows_scale(float *values, size_t n, unsigned int n_columns);
