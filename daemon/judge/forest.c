/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Isolation Forest: growing trees, packing them into blocks, walking them. */
#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "judge/chance.h"
#include "judge/forest.h"

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
 * average; all others are one shared empty block, and the path length that they
 * would hold stands in the top. That divides the memory by three.
 */
#define LEVELS	      8 /* log2(FOREST_SAMPLE): below that depth nothing is left to isolate */
#define BLOCK	      16
#define SLOTS	      256 /* of a padded tree: nodes 1 to 255, and as many leaves */
#define EMPTY	      0	  /* the shared block */
#define COLUMN_MASK   63u
#define SPLIT_NOWHERE 0x7f800000u /* infinity, of column 0 */

struct top {
	uint32_t node[BLOCK];  /* children of i: 2 i and 2 i + 1; [0] is not used */
	uint16_t child[BLOCK]; /* blocks */
	uint16_t path[BLOCK];  /* to be added to the block's path */
};

struct block {
	uint32_t node[BLOCK]; /* in a free block, [0] is the next free one */
	uint16_t path[BLOCK];
};

/* Path lengths are kept as integers of 1/3072: the longest, below, then just fits 16 bits, and
 * scores are within 1e-6 of those in double precision (3e-6 in trees of fewer rows). */
#define PATH_UNITS 3072.0

struct forest {
	alignas(64) struct top top[FOREST_TREES]; /* tree number s is top[s % FOREST_TREES] */
	unsigned int n_columns;
	uint64_t seed;
	uint64_t n_grown;     /* the number of the next tree */
	double score_per_sum; /* the score is 2^-(sum of path units x this) */
	struct block *block;
	uint32_t n_blocks, n_free, first_free;
};

_Static_assert(FOREST_COLUMNS_MAX == COLUMN_MASK + 1, "a column's number must fit its six bits");
_Static_assert(FOREST_SAMPLE == 1 << LEVELS && SLOTS == FOREST_SAMPLE, "one leaf a row");

/* ---- growing ------------------------------------------------------------- */

/* One tree while it grows: on the stack, so that growing allocates nothing. */
struct growth {
	struct chance chance;
	unsigned int n, depth_max;
	double path_unit;
	const float *row[FOREST_SAMPLE];
	float value[FOREST_SAMPLE]; /* of the column that is looked at */
	uint64_t varying;	    /* columns: no other ever parts two rows */
	float average[FOREST_SAMPLE + 1];
	uint32_t node[SLOTS];
	uint16_t path[SLOTS]; /* of leaf i, the node 256 + i */
};

/* The mean depth of a search that fails in a tree of n: what an isolated row would still have
 * walked, and what makes scores comparable. H(n - 1) is summed up, since it is exact and cheap. */
static void fill_average(float *average)
{
	double harmonic = 0;

	average[0] = average[1] = 0;
	for (unsigned int n = 2; n <= FOREST_SAMPLE; n++) {
		harmonic += 1.0 / (n - 1);
		average[n] = (float)(2 * harmonic - 2.0 * (n - 1) / n);
	}
}

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

/* By comparisons, since fminf() is a call and this is the innermost of all. */
static float clean(float value)
{
	value = value > FOREST_FARTHEST ? FOREST_FARTHEST : value;
	value = value < -FOREST_FARTHEST ? -FOREST_FARTHEST : value;
	return value == value ? value : 0;
}

/* Between low and high (low included) at random, as a split; false if no number with the column's
 * bits lies there, as happens when the two are next to each other. */
static bool draw_split(struct growth *growth, unsigned int column, float low, float high,
		       uint32_t *ret)
{
	double drawn = low + chance_share(&growth->chance) * ((double)high - low);
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
	uint32_t skip = chance_below(&growth->chance, (uint32_t)__builtin_popcountll(among));

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
			float value = clean(growth->row[i][column]);

			growth->value[i] = value;
			low = value < low ? value : low;
			high = value > high ? value : high;
		}
		if (low < high && draw_split(growth, column, low, high, ret))
			return true;
		*varying &= ~(UINT64_C(1) << column);
	}
	return false;
}

/* Rows not above the split first; returns how many. Their values are in growth->value. */
static unsigned int part(struct growth *growth, unsigned int begin, unsigned int n, float split)
{
	unsigned int left = begin;

	for (unsigned int i = begin; i < begin + n; i++) {
		const float *row = growth->row[i];

		growth->row[i] = growth->row[left];
		growth->row[left] = row;
		left += !(growth->value[i] > split);
	}
	return left - begin;
}

/* The subtree of rows [begin, begin + n) at this node; deep as the tree, so eight at most. */
static void grow(struct growth *growth, unsigned int begin, unsigned int n, unsigned int depth,
		 unsigned int node, uint64_t varying)
{
	unsigned int below = LEVELS - depth;
	uint32_t split;
	unsigned int n_left;

	if (depth < growth->depth_max && n > 1 &&
	    choose_split(growth, begin, n, &varying, &split)) {
		n_left = part(growth, begin, n, float_of(split));
		growth->node[node] = split;
		grow(growth, begin, n_left, depth + 1, 2 * node, varying);
		grow(growth, begin + n_left, n - n_left, depth + 1, 2 * node + 1, varying);
		return;
	}
	for (unsigned int leaf = 0; leaf < 1u << below; leaf++)
		growth->path[(node << below) - SLOTS + leaf] =
			(uint16_t)lrint((depth + (double)growth->average[n]) * growth->path_unit);
}

/* Once for all trees of a roll, since most of what never changes is soon told: by its first rows. */
static uint64_t find_varying(const struct forest_rows *rows)
{
	uint64_t varying = 0;

	for (unsigned int column = 0; column < rows->n_columns; column++) {
		const float *value = rows->values + column;
		float first = clean(*value);

		for (size_t i = 1; i < rows->n; i++)
			if (clean(value[i * rows->n_columns]) != first) {
				varying |= UINT64_C(1) << column;
				break;
			}
	}
	return varying;
}

static void growth_init(struct growth *growth, const struct forest_rows *rows)
{
	growth->n = rows->n < FOREST_SAMPLE ? (unsigned int)rows->n : FOREST_SAMPLE;
	growth->depth_max = 0;
	while (1u << growth->depth_max < growth->n)
		growth->depth_max++;
	growth->varying = find_varying(rows);
	fill_average(growth->average);
	/* Trees of fewer rows are shallower. Stretched to the usual depth they can be summed
	 * up with all others. The longest path, 19.55 of 33 rows, still fits 16 bits. */
	growth->path_unit =
		PATH_UNITS * growth->average[FOREST_SAMPLE] / growth->average[growth->n];
}

/* A sample without repetition in one pass and without memory (Knuth's algorithm S). */
static void draw_rows(struct growth *growth, const struct forest_rows *rows)
{
	unsigned int taken = 0;

	for (size_t i = 0; taken < growth->n; i++)
		if (chance_share(&growth->chance) * (double)(rows->n - i) < growth->n - taken)
			growth->row[taken++] = rows->values + i * rows->n_columns;
}

static void grow_tree(struct growth *growth, const struct forest_rows *rows, uint64_t seed,
		      uint64_t tree)
{
	chance_init(&growth->chance, seed, tree);
	draw_rows(growth, rows);
	for (unsigned int node = 0; node < SLOTS; node++)
		growth->node[node] = SPLIT_NOWHERE;
	grow(growth, 0, growth->n, 0, 1, growth->varying);
}

/* ---- packing ------------------------------------------------------------- */

#define BLOCKS_MORE 64u /* some ten trees */

static int reserve_blocks(struct forest *forest, unsigned int n)
{
	uint32_t n_blocks = forest->n_blocks + BLOCKS_MORE;
	struct block *block;

	if (forest->n_free >= n)
		return 0;
	block = reallocarray(forest->block, n_blocks, sizeof(*block));
	if (!block)
		return -ENOMEM;
	for (uint32_t i = n_blocks; i-- > forest->n_blocks;) {
		block[i].node[0] = forest->first_free;
		forest->first_free = i;
	}
	forest->n_free += BLOCKS_MORE;
	forest->block = block;
	forest->n_blocks = n_blocks;
	return 0;
}

static uint16_t take_block(struct forest *forest)
{
	uint32_t taken = forest->first_free;

	forest->first_free = forest->block[taken].node[0];
	forest->n_free--;
	return (uint16_t)taken;
}

static void clear_tree(struct forest *forest, struct top *top)
{
	for (unsigned int i = 0; i < BLOCK; i++) {
		uint16_t child = top->child[i];

		if (child == EMPTY)
			continue;
		forest->block[child].node[0] = forest->first_free;
		forest->first_free = child;
		forest->n_free++;
		top->child[i] = EMPTY;
	}
}

static void pack_block(const struct growth *growth, unsigned int child, struct block *ret)
{
	for (unsigned int level = 0; level < LEVELS / 2; level++)
		for (unsigned int i = 0; i < 1u << level; i++)
			ret->node[(1u << level) + i] = growth->node[((BLOCK + child) << level) + i];
	memcpy(ret->path, growth->path + (size_t)child * BLOCK, sizeof(ret->path));
}

static int pack_tree(struct forest *forest, const struct growth *growth, struct top *top)
{
	int r;

	r = reserve_blocks(forest, BLOCK); /* all that one tree can need */
	if (r < 0)
		return r;
	clear_tree(forest, top);
	memcpy(top->node, growth->node, sizeof(top->node));
	for (unsigned int i = 0; i < BLOCK; i++) {
		if (growth->node[BLOCK + i] == SPLIT_NOWHERE) {
			top->path[i] = growth->path[(size_t)i * BLOCK];
			continue;
		}
		top->path[i] = 0;
		top->child[i] = take_block(forest);
		pack_block(growth, i, &forest->block[top->child[i]]);
	}
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

static int make_forest(unsigned int n_columns, uint64_t seed, struct forest **ret)
{
	CLEANUP(forest_freep) struct forest *forest = aligned_alloc(64, sizeof(*forest));
	int r;

	if (!forest)
		return -ENOMEM;
	memset(forest, 0, sizeof(*forest));
	forest->n_columns = n_columns;
	forest->seed = seed;
	r = reserve_blocks(forest, 1);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < BLOCK; i++) {
		forest->block[EMPTY].node[i] = SPLIT_NOWHERE;
		forest->block[EMPTY].path[i] = 0;
	}
	forest->first_free = EMPTY + 1; /* the first block is taken for good */
	forest->n_free--;
	*ret = TAKE(forest);
	return 0;
}

int forest_roll(struct forest *forest, const struct forest_rows *rows, unsigned int n_trees)
{
	struct growth growth;
	int r;

	assert(rows->n_columns == forest->n_columns);
	if (rows->n < FOREST_ROWS_MIN)
		return -ENODATA;
	growth_init(&growth, rows);
	for (unsigned int i = 0; i < n_trees; i++) {
		grow_tree(&growth, rows, forest->seed, forest->n_grown);
		r = pack_tree(forest, &growth, &forest->top[forest->n_grown % FOREST_TREES]);
		if (r < 0)
			return r;
		forest->n_grown++;
	}
	forest->score_per_sum =
		1 / (PATH_UNITS * FOREST_TREES * (double)growth.average[FOREST_SAMPLE]);
	return 0;
}

int forest_train(const struct forest_rows *rows, uint64_t seed, struct forest **ret)
{
	CLEANUP(forest_freep) struct forest *forest = NULL;
	int r;

	if (rows->n_columns > FOREST_COLUMNS_MAX)
		return -E2BIG;
	r = make_forest(rows->n_columns, seed, &forest);
	if (r < 0)
		return r;
	r = forest_roll(forest, rows, FOREST_TREES);
	if (r < 0)
		return r;
	*ret = TAKE(forest);
	return 0;
}

struct forest *forest_free(struct forest *forest)
{
	if (forest)
		free(forest->block);
	free(forest);
	return NULL;
}

uint32_t forest_generation(const struct forest *forest)
{
	return (uint32_t)(forest->n_grown - FOREST_TREES);
}

size_t forest_bytes(const struct forest *forest)
{
	return sizeof(*forest) + forest->n_blocks * sizeof(struct block);
}

/* ---- walking ------------------------------------------------------------- */

/* Trees walked side by side: each step waits for memory, and so that many wait at once. When the
 * forests of 300 units are asked in turn, 20 abreast are more than twice as fast as 4. */
#define ABREAST 20
_Static_assert(FOREST_TREES % ABREAST == 0, "no tree is left over");

static uint32_t step(const uint32_t *nodes, uint32_t at, const float *column)
{
	uint32_t split = nodes[at];

	return 2 * at + (column[split & COLUMN_MASK] > float_of(split));
}

static uint32_t sum_paths(const struct forest *forest, const float *column)
{
	uint32_t sum = 0;

	for (const struct top *top = forest->top; top < forest->top + FOREST_TREES;
	     top += ABREAST) {
		const struct block *block[ABREAST];
		uint32_t at[ABREAST];

		for (unsigned int i = 0; i < ABREAST; i++)
			at[i] = 1;
		for (unsigned int level = 0; level < LEVELS / 2; level++)
			for (unsigned int i = 0; i < ABREAST; i++)
				at[i] = step(top[i].node, at[i], column);
		for (unsigned int i = 0; i < ABREAST; i++) {
			sum += top[i].path[at[i] - BLOCK];
			block[i] = &forest->block[top[i].child[at[i] - BLOCK]];
			at[i] = 1;
		}
		for (unsigned int level = 0; level < LEVELS / 2; level++)
			for (unsigned int i = 0; i < ABREAST; i++)
				at[i] = step(block[i]->node, at[i], column);
		for (unsigned int i = 0; i < ABREAST; i++)
			sum += block[i]->path[at[i] - BLOCK];
	}
	return sum;
}

static float score_of(const struct forest *forest, const float *column)
{
	return (float)exp2(-(double)sum_paths(forest, column) * forest->score_per_sum);
}

static void fill_columns(const struct forest *forest, const float *row, float *ret)
{
	for (unsigned int i = 0; i < forest->n_columns; i++)
		ret[i] = clean(row[i]);
}

float forest_score(const struct forest *forest, const float *row)
{
	float column[FOREST_COLUMNS_MAX] = { 0 };

	fill_columns(forest, row, column);
	return score_of(forest, column);
}

void forest_blame(const struct forest *forest, const float *row, float *ret_share)
{
	float column[FOREST_COLUMNS_MAX] = { 0 };
	float score, total = 0;

	fill_columns(forest, row, column);
	score = score_of(forest, column);
	for (unsigned int i = 0; i < forest->n_columns; i++) {
		float kept = column[i];

		ret_share[i] = 0;
		if (kept == 0)
			continue;
		column[i] = 0;
		ret_share[i] = fmaxf(score - score_of(forest, column), 0);
		column[i] = kept;
		total += ret_share[i];
	}
	for (unsigned int i = 0; total > 0 && i < forest->n_columns; i++)
		ret_share[i] /= total;
}
