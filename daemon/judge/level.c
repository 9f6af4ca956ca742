/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps on the judged scales. */
#include <math.h>

#include "judge/level.h"

#define STEPS	1000.0
#define LOWEST	-10.0 /* what is less than expected by a factor of 22,000 */
#define HIGHEST (LEVEL_ABSENT - 1.0)

uint16_t level_from(float column)
{
	if (isnan(column))
		return LEVEL_ABSENT;
	return (uint16_t)lrint(fmin(fmax(((double)column - LOWEST) * STEPS, 0), HIGHEST));
}

float level_column(uint16_t level)
{
	return level == LEVEL_ABSENT ? NAN : (float)(level / STEPS + LOWEST);
}
