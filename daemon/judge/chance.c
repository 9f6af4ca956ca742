/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generator, and the few shapes in which its numbers are wanted. */
#include <stdbool.h>
#include <string.h>

#include "judge/chance.h"

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void chance_init(struct chance *chance, uint64_t seed, uint64_t stream)
{
	uint64_t state = splitmix(&seed) ^ stream;

	for (unsigned int i = 0; i < 4; i++)
		chance->state[i] = splitmix(&state);
}

static uint64_t rotate_left(uint64_t value, unsigned int by)
{
	return value << by | value >> (64 - by);
}

uint64_t chance_next(struct chance *chance)
{
	uint64_t *s = chance->state;
	uint64_t ret = rotate_left(s[0] + s[3], 23) + s[0];
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return ret;
}

uint32_t chance_below(struct chance *chance, uint32_t n)
{
	return (uint32_t)((chance_next(chance) >> 32) * n >> 32);
}

double chance_share(struct chance *chance)
{
	return (double)(chance_next(chance) >> 11) * 0x1p-53;
}

/* Four times as many as are ever taken: most are at their place at once. */
#define PLACES_BITS 10
#define PLACES	    (1u << PLACES_BITS)
#define NOBODY	    UINT32_MAX

/* Put it among those that are taken already; false if it is one of them. */
static bool add(uint32_t places[PLACES], uint32_t number)
{
	uint32_t at = number * UINT32_C(0x9e3779b1) >> (32 - PLACES_BITS);

	for (; places[at] != NOBODY; at = (at + 1) % PLACES)
		if (places[at] == number)
			return false;
	places[at] = number;
	return true;
}

/* Floyd's algorithm: of all that are left out, none costs anything. (Bentley, Floyd: A sample of
 * brilliance, CACM 1987.) */
void chance_sample(struct chance *chance, uint32_t n, uint32_t n_taken, uint32_t *ret)
{
	uint32_t places[PLACES];

	memset(places, 0xff, sizeof(places));
	for (uint32_t last = n - n_taken; last < n; last++) {
		uint32_t drawn = chance_below(chance, last + 1);

		if (!add(places, drawn)) {
			drawn = last;
			(void)add(places, drawn);
		}
		*ret++ = drawn;
	}
}
