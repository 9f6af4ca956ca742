/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The naive forest. */
#include <err.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "judge/chance.h"
#include "tests/bench/naive.h"

#define AXES_LEVELS   8
#define PLANES_LEVELS 5
#define TERMS	      12

/* Of which a split asks: one column, or a sum of several. */
struct sum {
	unsigned int n, column[TERMS];
	double weight[TERMS];
};

struct node {
	struct node *left, *right; /* NULL: a leaf */
	struct sum sum;
	double split;	  /* what is above goes right; of a plane: in the range, 0 to 1 */
	double low, high; /* of the sums that were parted here */
	double path;	  /* of a leaf */
};

struct naive {
	enum forest_form form;
	double average; /* path of a tree of as many rows */
	unsigned int n_trees;
	struct node *root[FOREST_AXES_TREES]; /* the form that has more */
};

/* While a tree grows. */
struct growth {
	enum forest_form form;
	struct chance chance;
	unsigned int depth_max;
	unsigned int varying[FOREST_COLUMNS_MAX]; /* columns that are not constant, of all rows */
};

static double value_of(const float *row, unsigned int column)
{
	return isnan(row[column]) ? 0 : row[column];
}

static double average_path(size_t n)
{
	double harmonic = 0;

	for (size_t i = 1; i < n; i++)
		harmonic += 1.0 / (double)i;
	return n < 2 ? 0 : 2 * harmonic - 2 * (double)(n - 1) / (double)n;
}

/* ---- splits by a column ---------------------------------------------------------- */

static bool draw_between(struct chance *chance, double low, double high, unsigned int column,
			 double *ret)
{
	float drawn = (float)(low + chance_share(chance) * (high - low));
	uint32_t bits;

	memcpy(&bits, &drawn, sizeof(bits));
	bits = bits / 64 * 64 + column;
	for (int i = 0; i < 3; i++) {
		uint32_t try = i == 0 ? bits : i == 1 ? bits + 64 : bits - 64;

		memcpy(&drawn, &try, sizeof(drawn));
		if (low <= drawn && drawn < high) {
			*ret = drawn;
			return true;
		}
	}
	return false;
}

/* Those that vary stay in the order of their numbers. */
static bool choose_column(struct growth *growth, const float **rows, size_t n,
			  unsigned int *n_varying, struct node *node)
{
	while (*n_varying > 0) {
		unsigned int nth = chance_below(&growth->chance, *n_varying);
		unsigned int column = growth->varying[nth];

		node->low = INFINITY;
		node->high = -INFINITY;
		for (size_t i = 0; i < n; i++) {
			node->low = fmin(node->low, value_of(rows[i], column));
			node->high = fmax(node->high, value_of(rows[i], column));
		}
		node->sum = (struct sum) { 1, { column }, { 1 } };
		if (node->low < node->high &&
		    draw_between(&growth->chance, node->low, node->high, column, &node->split))
			return true;
		--*n_varying;
		memmove(growth->varying + nth, growth->varying + nth + 1,
			(*n_varying - nth) * sizeof(growth->varying[0]));
	}
	return false;
}

/* ---- splits by a plane ----------------------------------------------------------- */

static double spread_of(const float **rows, size_t n, unsigned int column)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += value_of(rows[i], column);
	for (size_t i = 0; i < n; i++)
		squares += pow(value_of(rows[i], column) - sum / (double)n, 2);
	return sqrt(squares / (double)n);
}

/* To two bits of fraction, in units of a power of two above the greatest. */
static double rounded(double weight, double most)
{
	int exponent, most_exponent;
	double part = frexp(fabs((float)weight), &exponent);

	(void)frexp(most, &most_exponent);
	part = ldexp(floor(part * 8 + 0.5) / 8, exponent - most_exponent);
	return copysign(fmax(part, 0x1p-31), weight);
}

static void swap(unsigned int *one, unsigned int *other)
{
	unsigned int kept = *one;

	*one = *other;
	*other = kept;
}

static bool draw_sum(struct growth *growth, const float **rows, size_t n, unsigned int *n_varying,
		     struct sum *sum)
{
	unsigned int *varying = growth->varying;
	double most = 0;

	sum->n = 0;
	while (sum->n < TERMS && sum->n < *n_varying) {
		unsigned int *taken = &varying[sum->n];
		int heads;
		double spread;

		swap(taken, taken + chance_below(&growth->chance, *n_varying - sum->n));
		spread = spread_of(rows, n, *taken);
		if (spread <= 0.05) {
			swap(taken, &varying[--*n_varying]);
			continue;
		}
		heads = __builtin_popcountll(chance_next(&growth->chance) >> 1);
		sum->column[sum->n] = *taken;
		sum->weight[sum->n] = (2 * heads - 63) / spread;
		most = fmax(most, fabs(sum->weight[sum->n++]));
	}
	for (unsigned int i = 0; i < TERMS; i++) { /* the rest weighs next to nothing */
		sum->column[i] = sum->column[i < sum->n ? i : 0];
		sum->weight[i] = i < sum->n ? rounded(sum->weight[i], most) : 0x1p-31;
	}
	return sum->n > 0;
}

static double place_of(enum forest_form form, const struct node *node, const float *row)
{
	float lane[4] = { 0 };
	float total;

	if (form == FOREST_AXES)
		return value_of(row, node->sum.column[0]);
	for (unsigned int i = 0; i < TERMS; i++)
		lane[i % 4] +=
			(float)node->sum.weight[i] * (float)value_of(row, node->sum.column[i]);
	total = lane[0] + lane[1] + (lane[2] + lane[3]);
	return total;
}

static bool choose_plane(struct growth *growth, const float **rows, size_t n,
			 unsigned int *n_varying, struct node *node)
{
	if (!draw_sum(growth, rows, n, n_varying, &node->sum))
		return false;
	node->low = INFINITY;
	node->high = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		double place = place_of(FOREST_PLANES, node, rows[i]);

		node->low = fmin(node->low, place);
		node->high = fmax(node->high, place);
	}
	if (!(node->low < node->high))
		return false;
	node->split = floor(chance_share(&growth->chance) * 65536) / 65536;
	return true;
}

/* Of a plane, by where in the range the row is, which is a float. */
static bool goes_right(enum forest_form form, const struct node *node, double place)
{
	float low = (float)node->low, width = (float)node->high - low;

	if (form == FOREST_AXES)
		return place > node->split;
	return ((float)place - low) * (1 / width) > (float)node->split;
}

/* ---- growing --------------------------------------------------------------------- */

static struct node *new_node(void)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		errx(1, "memory");
	return node;
}

static struct node *grow(struct growth *growth, const float **rows, size_t n, unsigned int depth,
			 unsigned int n_varying)
{
	const float *left[FOREST_SAMPLE], *right[FOREST_SAMPLE];
	unsigned int varying[FOREST_COLUMNS_MAX];
	struct node *node = new_node();
	size_t n_left = 0, n_right = 0;

	node->path = depth + average_path(n);
	if (depth == growth->depth_max || n < 2)
		return node;
	if (!(growth->form == FOREST_AXES ? choose_column(growth, rows, n, &n_varying, node)
					  : choose_plane(growth, rows, n, &n_varying, node)))
		return node;
	for (size_t i = 0; i < n; i++)
		if (goes_right(growth->form, node, place_of(growth->form, node, rows[i])))
			right[n_right++] = rows[i];
		else
			left[n_left++] = rows[i];
	memcpy(varying, growth->varying, sizeof(varying));
	node->left = grow(growth, left, n_left, depth + 1, n_varying);
	if (growth->form == FOREST_AXES)
		memcpy(growth->varying, varying, sizeof(varying));
	node->right = grow(growth, right, n_right, depth + 1, n_varying);
	return node;
}

static unsigned int find_varying(const struct forest_rows *rows, unsigned int *ret)
{
	unsigned int n_varying = 0;

	for (unsigned int c = 0; c < rows->n_columns; c++)
		for (size_t i = 1; i < rows->n; i++)
			if (value_of(rows->values + i * rows->n_columns, c) !=
			    value_of(rows->values, c)) {
				ret[n_varying++] = c;
				break;
			}
	return n_varying;
}

static struct node *grow_tree(enum forest_form form, const struct forest_rows *rows, uint64_t seed,
			      uint64_t tree)
{
	size_t n = rows->n < FOREST_SAMPLE ? rows->n : FOREST_SAMPLE;
	const unsigned int levels = form == FOREST_AXES ? AXES_LEVELS : PLANES_LEVELS;
	const float *sample[FOREST_SAMPLE];
	uint32_t taken[FOREST_SAMPLE];
	struct growth growth = { .form = form };

	growth.depth_max = (unsigned int)fmin(ceil(log2((double)n)), levels);
	chance_init(&growth.chance, seed, tree);
	chance_sample(&growth.chance, (uint32_t)rows->n, (uint32_t)n, taken);
	for (size_t i = 0; i < n; i++)
		sample[i] = rows->values + (size_t)taken[i] * rows->n_columns;
	return grow(&growth, sample, n, 0, find_varying(rows, growth.varying));
}

struct naive *naive_grow(enum forest_form form, const struct forest_rows *rows, uint64_t seed)
{
	struct naive *naive = calloc(1, sizeof(*naive));

	if (!naive)
		errx(1, "memory");
	naive->form = form;
	naive->n_trees = form == FOREST_AXES ? FOREST_AXES_TREES : FOREST_PLANES_TREES;
	naive->average = average_path(rows->n < FOREST_SAMPLE ? rows->n : FOREST_SAMPLE);
	for (unsigned int tree = 0; tree < naive->n_trees; tree++)
		naive->root[tree] = grow_tree(form, rows, seed, tree);
	return naive;
}

static void free_tree(struct node *node)
{
	if (node->left) {
		free_tree(node->left);
		free_tree(node->right);
	}
	free(node);
}

void naive_free(struct naive *naive)
{
	for (unsigned int tree = 0; tree < naive->n_trees; tree++)
		free_tree(naive->root[tree]);
	free(naive);
}

/* ---- walking --------------------------------------------------------------------- */

/* Outside the range of what a plane parted, by e of its widths, a path is shorter by 2 e / (2 + e). */
static double less_at(const struct node *node, double place)
{
	double width = node->high - node->low;
	double excess = fmax(fmax(node->low - place, place - node->high), 0) / width;

	return 2 * excess / (2 + excess);
}

static double path_of(enum forest_form form, const struct node *node, const float *row)
{
	double less = 0;

	while (node->left) {
		double place = place_of(form, node, row);

		if (form == FOREST_PLANES)
			less += less_at(node, place);
		node = goes_right(form, node, place) ? node->right : node->left;
	}
	return fmax(node->path - less, 0);
}

double naive_score(const struct naive *naive, const float *row)
{
	double sum = 0;

	for (unsigned int tree = 0; tree < naive->n_trees; tree++)
		sum += path_of(naive->form, naive->root[tree], row);
	return exp2(-sum / naive->n_trees / naive->average);
}
