/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees that split by planes: growing them, and walking them. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "judge/forest_planes.h"
#include "judge/lanes.h"

/*
 * How a tree lies in memory: its planes in the order in which they were grown, in
 * one piece, as many as it has. No deeper than LEVELS: what is odd is told apart
 * near the root, and each level more doubles the memory.
 *
 * A weight is a byte. It is drawn at random anyway, so what fits the byte is the
 * weight, and the very same sum is what both growing and walking compare with.
 */
#define LEVELS	      5
#define PLANES_MAX    ((1u << LEVELS) - 1)
#define PLANE_COLUMNS 12
/* Less is the same: memory that rests, a residue that drifts a little with what is expected. */
#define LEAST_SPREAD 0.05
#define SPLITS	     65536.0f

struct plane {
	uint8_t column[PLANE_COLUMNS];
	uint8_t weight[PLANE_COLUMNS]; /* see place_of() */
	float low;		       /* of the sums of the rows that were parted here */
	float per_width;	       /* of the range of these sums */
	uint16_t split;	  /* a place in it, in units of 1 / SPLITS; above it is next[1] */
	uint16_t next[2]; /* below PLANES_MAX another plane; else a leaf and PLANES_MAX */
};

struct tree {
	float stretch; /* see sapling.h */
	uint16_t root; /* as next */
	uint16_t n_planes;
	struct plane plane[];
};

struct planes {
	struct paths paths;
	struct tree *tree[FOREST_PLANES_TREES];
};

/* ---- walking ------------------------------------------------------------- */

typedef int8_t bytes __attribute__((vector_size(LANES * sizeof(int8_t))));
_Static_assert(PLANE_COLUMNS % LANES == 0, "no column is left over");

/*
 * The byte of a weight is the top of a float: its sign, five bits of its exponent,
 * two of its fraction. Exponents end at 2^0 and begin at 2^-31: the spreads among
 * a few rows can differ by as much.
 */
#define WEIGHT_BITS   INT32_C(-0x70200000) /* sign and the seven bits from 2^21 on */
#define WEIGHT_SHIFT  21
#define EXPONENT_LESS 96
#define EXPONENT_BITS 23

/* Where the row is in the plane's range: in [0, 1], or outside. */
static float place_of(const struct plane *plane, const float *row)
{
	floats sum = { 0 };

	for (unsigned int i = 0; i < PLANE_COLUMNS; i += LANES) {
		const uint8_t *column = plane->column + i;
		const floats value = { row[column[0]], row[column[1]], row[column[2]],
				       row[column[3]] };
		bytes byte;
		ints bits;

		memcpy(&byte, plane->weight + i, sizeof(byte));
		bits = __builtin_convertvector(byte, ints) * (1 << WEIGHT_SHIFT) & WEIGHT_BITS;
		bits += EXPONENT_LESS << EXPONENT_BITS;
		sum += (floats)bits * value;
	}
	return ((sum[0] + sum[1]) + (sum[2] + sum[3]) - plane->low) * plane->per_width;
}

/* One step of a walk, and by how much it shortens the path: 2 e / (2 + e), e being the excess in
 * widths of the range, which is about e while it is small. Written so that infinity gives 2. */
static void step(const struct tree *tree, const float *row, uint32_t *next, float *less)
{
	const struct plane *plane = &tree->plane[*next];
	float place = place_of(plane, row);
	float excess = place < 0 ? -place : place > 1 ? place - 1 : 0;

	*less += 2 - 4 / (2 + excess);
	*next = plane->next[place * SPLITS > (float)plane->split];
}

/* Trees walked side by side: each step waits for the one before, and so several wait at once. */
#define ABREAST 10
_Static_assert(FOREST_PLANES_TREES % ABREAST == 0, "no tree is left over");

uint32_t planes_walk(const struct planes *planes, const float *row)
{
	uint32_t sum = 0;

	for (struct tree *const *tree = planes->tree; tree < planes->tree + FOREST_PLANES_TREES;
	     tree += ABREAST) {
		uint32_t next[ABREAST];
		float less[ABREAST] = { 0 };

		for (unsigned int i = 0; i < ABREAST; i++)
			next[i] = tree[i]->root;
		for (unsigned int level = 0; level < LEVELS; level++)
			for (unsigned int i = 0; i < ABREAST; i++)
				if (next[i] < PLANES_MAX)
					step(tree[i], row, &next[i], &less[i]);
		for (unsigned int i = 0; i < ABREAST; i++) {
			float path = (float)paths_of_leaf(&planes->paths, next[i] - PLANES_MAX);

			path -= less[i] * (float)PATH_UNITS;
			sum += (uint32_t)((path > 0 ? path : 0) * tree[i]->stretch);
		}
	}
	return sum;
}

/* ---- growing ------------------------------------------------------------- */

struct growth {
	struct sapling *sapling;
	uint8_t varying[FOREST_COLUMNS_MAX]; /* the columns, in an order that changes */
	unsigned int n;			     /* planes so far */
	struct plane plane[PLANES_MAX];
};

/* The standard deviation of a column among rows [begin, begin + n). */
static double spread_of(const struct sapling *sapling, unsigned int begin, unsigned int n,
			unsigned int column)
{
	double sum = 0, squares = 0, mean;

	for (unsigned int i = begin; i < begin + n; i++)
		sum += sapling_clean(sapling->row[i][column]);
	mean = sum / n;
	for (unsigned int i = begin; i < begin + n; i++) {
		double distance = sapling_clean(sapling->row[i][column]) - mean;

		squares += distance * distance;
	}
	return sqrt(squares / n);
}

/* A bell, never 0: the heads less the tails of 63 coins. */
static double draw_weight(struct chance *chance)
{
	return 2 * __builtin_popcountll(chance_next(chance) >> 1) - 63;
}

/* The nearest that fits, of what is less than 1. */
static uint8_t byte_of(double weight)
{
	const uint32_t least = (uint32_t)EXPONENT_LESS << (EXPONENT_BITS - WEIGHT_SHIFT);
	float value = (float)fabs(weight);
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = (bits + (1u << (WEIGHT_SHIFT - 1))) >> WEIGHT_SHIFT;
	bits = bits > least ? bits - least : 0;
	return (uint8_t)(bits | (weight < 0 ? 0x80u : 0));
}

static void swap(uint8_t *one, uint8_t *other)
{
	uint8_t kept = *one;

	*one = *other;
	*other = kept;
}

/* Draw columns, of the first n_varying that are listed, and their weights. Those found constant
 * leave the list: they are constant in all that lies below, too. Returns how many columns there are. */
static unsigned int draw_columns(struct growth *growth, unsigned int begin, unsigned int n,
				 unsigned int *n_varying, uint8_t *ret_column, double *ret_weight)
{
	struct chance *chance = &growth->sapling->chance;
	uint8_t *varying = growth->varying;
	unsigned int taken = 0;

	while (taken < PLANE_COLUMNS && taken < *n_varying) {
		unsigned int left = *n_varying - taken;
		double spread;

		swap(&varying[taken], &varying[taken + chance_below(chance, left)]);
		spread = spread_of(growth->sapling, begin, n, varying[taken]);
		if (spread <= LEAST_SPREAD) {
			swap(&varying[taken], &varying[--*n_varying]);
			continue;
		}
		ret_column[taken] = varying[taken];
		ret_weight[taken++] = draw_weight(chance) / spread;
	}
	return taken;
}

/* A plane's direction; false if no column varies. */
static bool draw_direction(struct growth *growth, unsigned int begin, unsigned int n,
			   unsigned int *n_varying, struct plane *ret)
{
	double weight[PLANE_COLUMNS] = { 0 };
	double most = 0;
	unsigned int taken;
	int exponent;

	taken = draw_columns(growth, begin, n, n_varying, ret->column, weight);
	if (taken == 0)
		return false;
	for (unsigned int i = 0; i < taken; i++)
		most = fmax(most, fabs(weight[i]));
	(void)frexp(most, &exponent);
	for (unsigned int i = 0; i < PLANE_COLUMNS; i++)
		ret->weight[i] = byte_of(ldexp(weight[i], -exponent));
	/* What is left over weighs next to nothing: let it be in a column that is asked anyway. */
	memset(ret->column + taken, ret->column[0], PLANE_COLUMNS - taken);
	return true;
}

static float place_of_sample(const struct plane *plane, const float *sample)
{
	float row[FOREST_COLUMNS_MAX];

	for (unsigned int i = 0; i < PLANE_COLUMNS; i++)
		row[plane->column[i]] = sapling_clean(sample[plane->column[i]]);
	return place_of(plane, row);
}

/* Choose how to part rows [begin, begin + n), and leave their places in the sapling's values. The
 * lowest row is never above the split and the highest always is, so both sides have one. */
static bool choose_plane(struct growth *growth, unsigned int begin, unsigned int n,
			 unsigned int *n_varying, struct plane *ret)
{
	struct sapling *sapling = growth->sapling;
	float *value = sapling->value;
	float low = FLT_MAX, high = -FLT_MAX;

	*ret = (struct plane) { .per_width = 1 };
	if (!draw_direction(growth, begin, n, n_varying, ret))
		return false;
	for (unsigned int i = begin; i < begin + n; i++) {
		value[i] = place_of_sample(ret, sapling->row[i]);
		low = value[i] < low ? value[i] : low;
		high = value[i] > high ? value[i] : high;
	}
	if (high - low < FLT_MIN)
		return false; /* each column varies, and yet the sums do not */
	ret->low = low;
	ret->per_width = 1 / (high - low);
	ret->split = (uint16_t)(chance_share(&sapling->chance) * (double)SPLITS);
	for (unsigned int i = begin; i < begin + n; i++)
		value[i] = (value[i] - low) * ret->per_width * SPLITS;
	return true;
}

/* The subtree of rows [begin, begin + n), as next; deep as the tree, so LEVELS at most. */
static uint16_t grow(struct growth *growth, unsigned int begin, unsigned int n, unsigned int depth,
		     unsigned int n_varying)
{
	struct sapling *sapling = growth->sapling;
	unsigned int at = growth->n;
	struct plane *plane = &growth->plane[at];
	unsigned int n_left;

	if (depth == LEVELS || depth == sapling->depth_max || n < 2 ||
	    !choose_plane(growth, begin, n, &n_varying, plane))
		return (uint16_t)(sapling_leaf(depth, n) + PLANES_MAX);
	growth->n++;
	n_left = sapling_part(sapling, begin, n, plane->split);
	plane->next[0] = grow(growth, begin, n_left, depth + 1, n_varying);
	plane->next[1] = grow(growth, begin + n_left, n - n_left, depth + 1, n_varying);
	return (uint16_t)at;
}

int planes_grow(struct planes *planes, struct sapling *sapling, unsigned int tree)
{
	struct growth growth;
	struct tree *grown;
	uint16_t root;

	growth.sapling = sapling;
	growth.n = 0;
	memcpy(growth.varying, sapling->varying, sapling->n_varying);
	root = grow(&growth, 0, sapling->n, 0, sapling->n_varying);
	grown = malloc(sizeof(*grown) + growth.n * sizeof(growth.plane[0]));
	if (!grown)
		return -ENOMEM;
	grown->stretch = (float)sapling->stretch;
	grown->root = root;
	grown->n_planes = (uint16_t)growth.n;
	memcpy(grown->plane, growth.plane, growth.n * sizeof(growth.plane[0]));
	free(planes->tree[tree]);
	planes->tree[tree] = grown;
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

int planes_new(struct planes **ret)
{
	struct planes *planes = calloc(1, sizeof(*planes));

	if (!planes)
		return -ENOMEM;
	paths_init(&planes->paths);
	*ret = planes;
	return 0;
}

struct planes *planes_free(struct planes *planes)
{
	for (unsigned int i = 0; planes && i < FOREST_PLANES_TREES; i++)
		free(planes->tree[i]);
	free(planes);
	return NULL;
}

size_t planes_bytes(const struct planes *planes)
{
	size_t n = sizeof(*planes);

	for (unsigned int i = 0; i < FOREST_PLANES_TREES; i++)
		n += sizeof(*planes->tree[i]) +
		     planes->tree[i]->n_planes * sizeof(planes->tree[i]->plane[0]);
	return n;
}
