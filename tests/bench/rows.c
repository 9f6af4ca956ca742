/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Invented rows. */
#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "tests/bench/rows.h"
#include "tests/days/luck.h"

#define CAUSES_N   3
#define CAUSE_KEEP 0.95 /* a row: a cause has forgotten where it was after twenty */
#define OWN_SHARE  0.6	/* of a column, that is no cause's */
#define TAIL	   0.7	/* spread of the logarithm of what is heavy-tailed */

struct host {
	struct luck luck;
	double cause[CAUSES_N];
};

static void step(struct host *host)
{
	for (unsigned int i = 0; i < CAUSES_N; i++)
		host->cause[i] = CAUSE_KEEP * host->cause[i] +
				 sqrt(1 - CAUSE_KEEP * CAUSE_KEEP) * luck_normal(&host->luck);
}

static float value_of(struct host *host, unsigned int column)
{
	double own = luck_normal(&host->luck);
	double level =
		OWN_SHARE * own + sqrt(1 - OWN_SHARE * OWN_SHARE) * host->cause[column % CAUSES_N];

	if (column == 0)
		return 7;
	if (column == 1)
		return own > 2.5 ? 1 : 0;
	if (column == 2)
		return (float)floor(3 * exp(0.3 * level));
	return (float)(column % 2 ? exp(TAIL * level) : level);
}

/* By spreads of the bell that each column was made of, or about as much. */
static void make_odd(struct host *host, float *row, unsigned int n_columns)
{
	unsigned int n = 1 + (unsigned int)(3 * luck_share(&host->luck));

	for (unsigned int i = 0; i < n; i++)
		row[(unsigned int)(n_columns * luck_share(&host->luck))] +=
			(float)(4 + 4 * luck_share(&host->luck));
}

float *rows_invent(uint64_t seed, size_t n, unsigned int n_columns, bool with_odd)
{
	float *values = reallocarray(NULL, n, n_columns * sizeof(*values));
	struct host host = { .luck = luck_begin(seed, 0) };

	if (!values)
		errx(1, "memory");
	for (size_t i = 0; i < n; i++) {
		float *row = values + i * n_columns;

		step(&host);
		for (unsigned int column = 0; column < n_columns; column++)
			row[column] = value_of(&host, column);
		if (with_odd && luck_share(&host.luck) < 0.01)
			make_odd(&host, row, n_columns);
	}
	return values;
}

void rows_scale(float *values, size_t n, unsigned int n_columns)
{
	for (unsigned int column = 0; column < n_columns; column++) {
		float *value = values + column;
		double sum = 0, squares = 0, mean, spread;

		for (size_t i = 0; i < n; i++)
			sum += value[i * n_columns];
		mean = sum / (double)n;
		for (size_t i = 0; i < n; i++)
			squares += pow(value[i * n_columns] - mean, 2);
		spread = squares > 0 ? sqrt(squares / (double)n) : 1;
		for (size_t i = 0; i < n; i++)
			value[i * n_columns] = (float)((value[i * n_columns] - mean) / spread);
	}
}
