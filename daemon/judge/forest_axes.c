/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees that split by columns: growing them, packing them into blocks, walking them. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "judge/forest_axes.h"

/*
 * How a tree lies in memory. Every walk is eight steps, without a branch: a tree
 * that ends earlier is padded with splits at infinity, which always lead left.
 *
 * A split is four bytes. Where it falls is drawn at random anyway, so the low six
 * bits of its float are given to the number of its column, and the value with
 * these very bits is what both growing and walking compare with: it is exact.
 *
 * The upper four levels and the lower four are blocks: a walk touches three or
 * four cache lines instead of eight. Of 16 lower blocks only six hold a split on
 * average; all others are one shared empty block, and the leaf that they would
 * hold stands in the top. That divides the memory by three.
 */
#define LEVELS	      8 /* log2(FOREST_SAMPLE): below that depth nothing is left to isolate */
#define BLOCK	      16
#define SLOTS	      256 /* of a padded tree: nodes 1 to 255, and as many leaves */
#define EMPTY	      0	  /* the shared block */
#define COLUMN_MASK   63u
#define SPLIT_NOWHERE 0x7f800000u /* infinity, of column 0 */
#define STRETCH_BITS  24
#define STRETCHES     ((double)(1u << STRETCH_BITS))

struct top {
	uint32_t node[BLOCK];  /* children of i: 2 i and 2 i + 1; [0] is not used */
	uint16_t child[BLOCK]; /* blocks */
	uint16_t leaf[BLOCK];  /* 0 where a block has it */
};

struct block {
	uint32_t node[BLOCK]; /* in a free block, [0] is the next free one */
	uint16_t leaf[BLOCK]; /* 0 where the top has it */
};

struct axes {
	alignas(64) struct top top[FOREST_AXES_TREES];
	uint32_t stretch[FOREST_AXES_TREES]; /* in units of 1 / STRETCHES */
	bool is_stretched;		     /* one of them at least is, or was */
	struct paths paths;
	struct block *block;
	uint32_t n_blocks, n_free, first_free;
};

_Static_assert(FOREST_AXES_COLUMNS_MAX == COLUMN_MASK + 1,
	       "a column's number must fit its six bits");
_Static_assert(FOREST_SAMPLE == 1 << LEVELS && SLOTS == FOREST_SAMPLE, "one leaf a row");

/* ---- growing ------------------------------------------------------------- */

/* A tree before it is packed. */
struct growth {
	struct sapling *sapling;
	uint32_t node[SLOTS];
	uint16_t leaf[SLOTS]; /* the node 256 + i */
};

static float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Between low and high (low included) at random, as a split; false if no number with the column's
 * bits lies there, as happens when the two are next to each other. */
static bool draw_split(struct growth *growth, unsigned int column, float low, float high,
		       uint32_t *ret)
{
	double drawn = low + chance_share(&growth->sapling->chance) * ((double)high - low);
	uint32_t bits = (bits_of((float)drawn) & ~COLUMN_MASK) | column;
	const uint32_t tries[] = { bits, bits + COLUMN_MASK + 1, bits - COLUMN_MASK - 1 };

	for (unsigned int i = 0; i < 3; i++) {
		float split = float_of(tries[i]);

		if (low <= split && split < high) {
			*ret = tries[i];
			return true;
		}
	}
	return false;
}

static unsigned int draw_column(struct growth *growth, uint64_t among)
{
	uint32_t skip =
		chance_below(&growth->sapling->chance, (uint32_t)__builtin_popcountll(among));

	while (skip-- > 0)
		among &= among - 1;
	return (unsigned int)__builtin_ctzll(among);
}

/* Choose how to part rows [begin, begin + n). Columns found constant leave `varying`: they are
 * constant in all that lies below, too. */
static bool choose_split(struct growth *growth, unsigned int begin, unsigned int n,
			 uint64_t *varying, uint32_t *ret)
{
	while (*varying) {
		unsigned int column = draw_column(growth, *varying);
		float low = FLT_MAX, high = -FLT_MAX;

		for (unsigned int i = begin; i < begin + n; i++) {
			float value = sapling_clean(growth->sapling->row[i][column]);

			growth->sapling->value[i] = value;
			low = value < low ? value : low;
			high = value > high ? value : high;
		}
		if (low < high && draw_split(growth, column, low, high, ret))
			return true;
		*varying &= ~(UINT64_C(1) << column);
	}
	return false;
}

/* The subtree of rows [begin, begin + n) at this node; deep as the tree, so eight at most. */
static void grow(struct growth *growth, unsigned int begin, unsigned int n, unsigned int depth,
		 unsigned int node, uint64_t varying)
{
	unsigned int below = LEVELS - depth;
	uint32_t split;
	unsigned int n_left;

	if (depth < growth->sapling->depth_max && n > 1 &&
	    choose_split(growth, begin, n, &varying, &split)) {
		n_left = sapling_part(growth->sapling, begin, n, float_of(split));
		growth->node[node] = split;
		grow(growth, begin, n_left, depth + 1, 2 * node, varying);
		grow(growth, begin + n_left, n - n_left, depth + 1, 2 * node + 1, varying);
		return;
	}
	for (unsigned int i = 0; i < 1u << below; i++)
		growth->leaf[(node << below) - SLOTS + i] = sapling_leaf(depth, n);
}

static uint64_t varying_of(const struct sapling *sapling)
{
	uint64_t varying = 0;

	for (unsigned int i = 0; i < sapling->n_varying; i++)
		varying |= UINT64_C(1) << sapling->varying[i];
	return varying;
}

/* ---- packing ------------------------------------------------------------- */

#define BLOCKS_MORE 64u /* some ten trees */

static int reserve_blocks(struct axes *axes, unsigned int n)
{
	uint32_t n_blocks = axes->n_blocks + BLOCKS_MORE;
	struct block *block;

	if (axes->n_free >= n)
		return 0;
	block = reallocarray(axes->block, n_blocks, sizeof(*block));
	if (!block)
		return -ENOMEM;
	for (uint32_t i = n_blocks; i-- > axes->n_blocks;) {
		block[i].node[0] = axes->first_free;
		axes->first_free = i;
	}
	axes->n_free += BLOCKS_MORE;
	axes->block = block;
	axes->n_blocks = n_blocks;
	return 0;
}

static uint16_t take_block(struct axes *axes)
{
	uint32_t taken = axes->first_free;

	axes->first_free = axes->block[taken].node[0];
	axes->n_free--;
	return (uint16_t)taken;
}

static void clear_tree(struct axes *axes, struct top *top)
{
	for (unsigned int i = 0; i < BLOCK; i++) {
		uint16_t child = top->child[i];

		if (child == EMPTY)
			continue;
		axes->block[child].node[0] = axes->first_free;
		axes->first_free = child;
		axes->n_free++;
		top->child[i] = EMPTY;
	}
}

static void pack_block(const struct growth *growth, unsigned int child, struct block *ret)
{
	for (unsigned int level = 0; level < LEVELS / 2; level++)
		for (unsigned int i = 0; i < 1u << level; i++)
			ret->node[(1u << level) + i] = growth->node[((BLOCK + child) << level) + i];
	memcpy(ret->leaf, growth->leaf + (size_t)child * BLOCK, sizeof(ret->leaf));
}

static int pack_tree(struct axes *axes, const struct growth *growth, struct top *top)
{
	int r;

	r = reserve_blocks(axes, BLOCK); /* all that one tree can need */
	if (r < 0)
		return r;
	clear_tree(axes, top);
	memcpy(top->node, growth->node, sizeof(top->node));
	for (unsigned int i = 0; i < BLOCK; i++) {
		if (growth->node[BLOCK + i] == SPLIT_NOWHERE) {
			top->leaf[i] = growth->leaf[(size_t)i * BLOCK];
			continue;
		}
		top->leaf[i] = 0;
		top->child[i] = take_block(axes);
		pack_block(growth, i, &axes->block[top->child[i]]);
	}
	return 0;
}

int axes_grow(struct axes *axes, struct sapling *sapling, unsigned int tree)
{
	struct growth growth;

	growth.sapling = sapling;
	for (unsigned int node = 0; node < SLOTS; node++)
		growth.node[node] = SPLIT_NOWHERE;
	grow(&growth, 0, sapling->n, 0, 1, varying_of(sapling));
	axes->stretch[tree] = (uint32_t)lrint(sapling->stretch * STRETCHES);
	axes->is_stretched |= axes->stretch[tree] != 1u << STRETCH_BITS;
	return pack_tree(axes, &growth, &axes->top[tree]);
}

/* ---- life ---------------------------------------------------------------- */

int axes_new(struct axes **ret)
{
	CLEANUP(axes_freep) struct axes *axes = aligned_alloc(64, sizeof(*axes));
	int r;

	if (!axes)
		return -ENOMEM;
	memset(axes, 0, sizeof(*axes));
	paths_init(&axes->paths);
	r = reserve_blocks(axes, 1);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < BLOCK; i++) {
		axes->block[EMPTY].node[i] = SPLIT_NOWHERE;
		axes->block[EMPTY].leaf[i] = 0;
	}
	axes->first_free = EMPTY + 1; /* the first block is taken for good */
	axes->n_free--;
	*ret = TAKE(axes);
	return 0;
}

struct axes *axes_free(struct axes *axes)
{
	if (axes)
		free(axes->block);
	free(axes);
	return NULL;
}

size_t axes_bytes(const struct axes *axes)
{
	return sizeof(*axes) + axes->n_blocks * sizeof(struct block);
}

/* ---- walking ------------------------------------------------------------- */

/* Trees walked side by side: each step waits for memory, and so that many wait at once. When the
 * forests of 300 units are asked in turn, 20 abreast are more than twice as fast as 4. */
#define ABREAST 20
_Static_assert(FOREST_AXES_TREES % ABREAST == 0, "no tree is left over");

static uint32_t step(const uint32_t *nodes, uint32_t at, const float *row)
{
	uint32_t split = nodes[at];

	return 2 * at + (row[split & COLUMN_MASK] > float_of(split));
}

uint32_t axes_walk(const struct axes *axes, const float *row)
{
	const uint32_t *stretch = axes->stretch;
	uint32_t sum = 0;

	for (const struct top *top = axes->top; top < axes->top + FOREST_AXES_TREES;
	     top += ABREAST, stretch += ABREAST) {
		const struct block *block[ABREAST];
		uint32_t at[ABREAST], leaf[ABREAST];

		for (unsigned int i = 0; i < ABREAST; i++)
			at[i] = 1;
		for (unsigned int level = 0; level < LEVELS / 2; level++)
			for (unsigned int i = 0; i < ABREAST; i++)
				at[i] = step(top[i].node, at[i], row);
		for (unsigned int i = 0; i < ABREAST; i++) {
			leaf[i] = top[i].leaf[at[i] - BLOCK];
			block[i] = &axes->block[top[i].child[at[i] - BLOCK]];
			at[i] = 1;
		}
		for (unsigned int level = 0; level < LEVELS / 2; level++)
			for (unsigned int i = 0; i < ABREAST; i++)
				at[i] = step(block[i]->node, at[i], row);
		for (unsigned int i = 0; i < ABREAST; i++) {
			uint32_t path;

			leaf[i] |= block[i]->leaf[at[i] - BLOCK];
			path = paths_of_leaf(&axes->paths, leaf[i]);
			if (axes->is_stretched)
				path = (uint32_t)(path * (uint64_t)stretch[i] >> STRETCH_BITS);
			sum += path;
		}
	}
	return sum;
}
