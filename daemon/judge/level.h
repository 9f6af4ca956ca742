/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A column of the judged scales in 16 bits: they end below 50, and a step of 1/1000 is at most a tenth of
 * the least that matters. */
#include <stdint.h>

#define LEVEL_ABSENT UINT16_MAX

/* NaN is LEVEL_ABSENT; what is beyond the ends counts as them. In the order of the columns. */
uint16_t level_from(float column);
float level_column(uint16_t level);
