/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers out of a seed, and the laws that they follow. */
#include <math.h>

#include "tests/days/luck.h"

/* From so many on a count is drawn as a normal number: adding up terms would take too long. */
#define COUNT_MANY 16.0

/* One well-mixed number of a seed and a number: splitmix64, Steele, Lea and Flood 2014. */
static uint64_t mix(uint64_t seed, uint64_t number)
{
	uint64_t z = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct luck luck_begin(uint64_t seed, uint64_t number)
{
	return (struct luck) { .seed = mix(mix(seed, 0), number) };
}

static uint64_t draw(struct luck *luck)
{
	return mix(luck->seed, luck->n++);
}

static double share_of(uint64_t random)
{
	return (double)(random >> 11) * 0x1p-53;
}

/* Four even numbers of 16 bits, added up, are normal enough; their spread is 1/sqrt(3). */
static double normal_of(uint64_t random)
{
	double sum = (double)(random & 0xffff) + (double)(random >> 16 & 0xffff) +
		     (double)(random >> 32 & 0xffff) + (double)(random >> 48);

	return (sum / 65535.0 - 2.0) * 1.7320508075688772;
}

double luck_share(struct luck *luck)
{
	return share_of(draw(luck));
}

double luck_normal(struct luck *luck)
{
	return normal_of(draw(luck));
}

double luck_gap(struct luck *luck, double mean)
{
	return -mean * log1p(-luck_share(luck));
}

double luck_near(struct luck *luck, double median, double spread)
{
	return median * exp(spread * luck_normal(luck));
}

double luck_count(struct luck *luck, double mean)
{
	uint64_t random = draw(luck);
	double left = share_of(random), term, n = 0;

	if (mean >= COUNT_MANY)
		return fmax(0, round(mean + sqrt(mean) * normal_of(random)));
	term = exp(-mean);
	while (left >= term && n < 4 * COUNT_MANY) {
		left -= term;
		n++;
		term *= mean / n;
	}
	return n;
}
