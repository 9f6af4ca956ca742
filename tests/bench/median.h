/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The middle one of some figures, which a busy neighbour moves least. */
#include <stddef.h>

/* n > 0; they are sorted then. */
double median(double *values, size_t n);
