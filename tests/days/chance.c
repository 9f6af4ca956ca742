/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers out of a seed, and the laws that they follow. */
#include <math.h>

#include "tests/days/chance.h"

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

struct chance chance_begin(uint64_t seed, uint64_t number)
{
	return (struct chance) { .seed = mix(mix(seed, 0), number) };
}

static uint64_t draw(struct chance *chance)
{
	return mix(chance->seed, chance->n++);
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

double chance_share(struct chance *chance)
{
	return share_of(draw(chance));
}

double chance_normal(struct chance *chance)
{
	return normal_of(draw(chance));
}

double chance_gap(struct chance *chance, double mean)
{
	return -mean * log1p(-chance_share(chance));
}

double chance_near(struct chance *chance, double median, double spread)
{
	return median * exp(spread * chance_normal(chance));
}

double chance_count(struct chance *chance, double mean)
{
	uint64_t random = draw(chance);
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
