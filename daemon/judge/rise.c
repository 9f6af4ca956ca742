/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floors of blocks, and how they follow one another. */
#include <math.h>

#include "judge/rise.h"

#define RISE_SPREADS 0.3
#define RISE_SHARE   0.1 /* of the mean step of this climb */
#define FALL_SPREADS 6.0 /* such a fall is a saw tooth's end */
#define GROWTH_S     30	 /* a step within ten seconds raises two floors */
#define LONGER	     1.5 /* than the longest before, and a block */
#define MOST_GROWN   1.4 /* times the most that it ever was */

void rise_take(struct rise *rise, double value, double left)
{
	rise->block_least = fmin(rise->block_least, left);
	rise->most_now = fmax(rise->most_now, value);
}

/* A floor that rose by next to nothing beside those before it goes on with no climb: after a step it is noise. */
static bool climbs_on(const struct rise *rise, double grown, double spread)
{
	double mean = rise->rising_s > 0 ? rise->climbed * RISE_BLOCK_S / rise->rising_s : 0;

	return grown > fmax(RISE_SPREADS * spread, RISE_SHARE * mean);
}

static void end_climb(struct rise *rise)
{
	if (rise->peak_s > rise->longest_s)
		rise->longest_s = rise->peak_s;
	rise->rising_s = rise->peak_s = 0;
	rise->climbed = 0;
}

void rise_end_block(struct rise *rise, double spread)
{
	double grown = rise->block_least - rise->last_least;

	rise->last_least = rise->block_least;
	rise->block_least = NAN;
	if (climbs_on(rise, grown, spread)) {
		rise->rising_s = (uint16_t)(rise->rising_s + RISE_BLOCK_S);
		rise->climbed += grown;
		rise->peak_s = rise->rising_s > rise->peak_s ? rise->rising_s : rise->peak_s;
	} else if (!(grown >= -FALL_SPREADS * spread) || rise->rising_s <= RISE_BLOCK_S) {
		end_climb(rise);
	} else {
		rise->climbed -= rise->climbed * RISE_BLOCK_S / rise->rising_s;
		rise->rising_s = (uint16_t)(rise->rising_s - RISE_BLOCK_S);
	}
}

void rise_settle(struct rise *rise, bool is_known)
{
	if (is_known)
		rise->most = fmax(rise->most, rise->most_now);
	rise->most_now = 0;
}

bool rise_is_beyond(const struct rise *rise, double times, double value)
{
	return rise->most > 0 && value > times * rise->most;
}

bool rise_is_growth(const struct rise *rise, double value)
{
	return rise->rising_s >= GROWTH_S &&
	       (rise->rising_s > LONGER * rise->longest_s + RISE_BLOCK_S ||
		rise_is_beyond(rise, MOST_GROWN, value));
}

void rise_drop(struct rise *rise)
{
	rise->rising_s = rise->peak_s = 0;
	rise->climbed = 0;
	rise->block_least = rise->last_least = NAN;
}
