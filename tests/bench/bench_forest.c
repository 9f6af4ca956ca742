/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forests of judge/forest.h on invented rows.
 *
 *	forest times          CPU time of the textbook's: to train it on 10,000 rows of 16 columns,
 *	                      to score one of them, and to score each of 100,000 rows of 38 columns
 *	forest truth          how far scores of both forms are from a naive forest's, at most
 *	forest rows SMALL BIG write these rows, as raw floats, for another forest to be timed on
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "judge/forest.h"
#include "tests/bench/median.h"
#include "tests/bench/naive.h"
#include "tests/bench/rows.h"

#define SEED  1
#define TURNS 9

static const struct size {
	size_t n;
	unsigned int n_columns;
} small = { 10000, 16 }, big = { 100000, 38 };

static struct forest_rows invent(struct size size)
{
	return (struct forest_rows) { rows_invent(SEED, size.n, size.n_columns, true), size.n,
				      size.n_columns };
}

static struct forest *train(enum forest_form form, const struct forest_rows *rows)
{
	struct forest *forest;

	if (forest_train(form, rows, SEED, &forest) < 0)
		errx(1, "cannot train a forest");
	return forest;
}

/* ---- how long ------------------------------------------------------------------- */

/* us a unit of work, of which each turn does so many. */
static double median_us(double (*turn)(const struct forest_rows *rows),
			const struct forest_rows *rows, double n)
{
	double us[TURNS];

	for (unsigned int i = 0; i < TURNS; i++) {
		uint64_t from_us = clock_cpu_us();

		(void)turn(rows);
		us[i] = (double)(clock_cpu_us() - from_us) / n;
	}
	return median(us, TURNS);
}

#define FITS 20

static double fit(const struct forest_rows *rows)
{
	for (unsigned int i = 0; i < FITS; i++)
		(void)forest_free(train(FOREST_AXES, rows));
	return 0;
}

static const struct forest *trained;

static double score(const struct forest_rows *rows)
{
	double sum = 0;

	for (size_t i = 0; i < rows->n; i++)
		sum += (double)forest_score(trained, rows->values + i * rows->n_columns);
	return sum;
}

static void print_times(void)
{
	const struct forest_rows few = invent(small), many = invent(big);

	(void)printf("fit_us %.2f\n", median_us(fit, &few, FITS));
	trained = train(FOREST_AXES, &few);
	(void)printf("score_us %.4f\n", median_us(score, &few, (double)few.n));
	trained = train(FOREST_AXES, &many);
	(void)printf("throughput_us %.4f\n", median_us(score, &many, (double)many.n));
}

/* ---- how exact -------------------------------------------------------------------- */

/* Of all rows, of which each third one is stretched to twice its distance and each third to three times it, so
 * that many are outside of what was seen. */
static void print_error(const char *name, enum forest_form form, const struct forest_rows *rows)
{
	struct naive *naive = naive_grow(form, rows, SEED);
	const struct forest *forest = train(form, rows);
	double most = 0;

	for (size_t i = 0; i < rows->n; i++) {
		float row[FOREST_COLUMNS_MAX];

		for (unsigned int c = 0; c < rows->n_columns; c++)
			row[c] = rows->values[i * rows->n_columns + c] * (float)(1 + i % 3);
		most = fmax(most,
			    fabs((double)forest_score(forest, row) - naive_score(naive, row)));
	}
	(void)printf("%s_error %.3g\n", name, most);
	naive_free(naive);
}

static void print_truth(void)
{
	const struct forest_rows rows = invent(small);
	float *scaled = rows_invent(SEED, small.n, big.n_columns, true);
	const struct forest_rows judged = { scaled, small.n, big.n_columns };

	rows_scale(scaled, small.n, big.n_columns);
	print_error("axes", FOREST_AXES, &rows);
	print_error("planes", FOREST_PLANES, &judged);
}

/* ---- rows for others ----------------------------------------------------------------- */

static void write_rows(const char *path, struct size size)
{
	const struct forest_rows rows = invent(size);
	FILE *file = fopen(path, "w");
	size_t n = size.n * size.n_columns;

	if (!file || fwrite(rows.values, sizeof(*rows.values), n, file) != n || fclose(file) != 0)
		err(1, "cannot write %s", path);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "times") == 0) {
		print_times();
	} else if (argc == 2 && strcmp(argv[1], "truth") == 0) {
		print_truth();
	} else if (argc == 4 && strcmp(argv[1], "rows") == 0) {
		write_rows(argv[2], small);
		write_rows(argv[3], big);
	} else {
		errx(2, "usage: forest times | truth | rows SMALL BIG");
	}
	return 0;
}
