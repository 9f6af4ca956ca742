/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Normal equations, solved anew each half minute. */
#include <math.h>

#include "judge/work.h"

#define MEMORY_S    14400.0
#define YOUNG_S	    60.0
#define KNOWN_S	    30
#define TELLING_S   600
#define SOLVE_EVERY 30
#define RIDGE	    1e-3
#define HANDFUL	    10.0
#define CENTRE_S    900.0
#define SPREAD_S    300.0
#define SPREAD_MOST 1e15

static void factors_of(const double demand[WORK_DEMANDS], double ret[WORK_FACTORS])
{
	for (int i = 0; i < WORK_DEMANDS; i++)
		ret[2 + i] = demand[i] / HANDFUL;
	ret[0] = 1;
	ret[1] = ret[2] * ret[2];
}

bool work_is_known(const struct work *work)
{
	return work->n_taken >= KNOWN_S;
}

static double by_weights(const struct work *work, const double factor[WORK_FACTORS], int response)
{
	double sum = 0;

	for (int i = 0; i < WORK_FACTORS; i++)
		sum += work->weight[response][i] * factor[i];
	return sum;
}

double work_expected(const struct work *work, const double demand[WORK_DEMANDS], int response)
{
	double factor[WORK_FACTORS];

	factors_of(demand, factor);
	return by_weights(work, factor, response) + work->centre[response];
}

double work_asked(const struct work *work, const double demand[WORK_DEMANDS], int response)
{
	double factor[WORK_FACTORS];

	factors_of(demand, factor);
	factor[0] = 0;
	return by_weights(work, factor, response);
}

double work_spread(const struct work *work, int response, double least)
{
	return fmax(work->spread[response], least);
}

void work_shift(struct work *work, int response, double by)
{
	work->centre[response] += by;
}

/* a = l l', with a little more on the diagonal, so that factors which never vary do no harm. */
static void factorise(const struct work *work, double l[WORK_FACTORS][WORK_FACTORS])
{
	for (int i = 0; i < WORK_FACTORS; i++)
		for (int j = 0; j <= i; j++) {
			double sum = work->a[i][j];

			if (i == j)
				sum += RIDGE * work->a[i][i] + 1e-9;
			for (int k = 0; k < j; k++)
				sum -= l[i][k] * l[j][k];
			l[i][j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / l[j][j];
		}
}

/* What a few minutes say of demand would be believed far beyond them. */
static void solve_constant(struct work *work)
{
	for (int response = 0; response < WORK_RESPONSES; response++)
		work->weight[response][0] = work->b[response][0] / fmax(work->a[0][0], 1e-9);
}

void work_solve(struct work *work)
{
	double l[WORK_FACTORS][WORK_FACTORS], half[WORK_FACTORS];

	if (work->n_taken < TELLING_S) {
		solve_constant(work);
		return;
	}
	factorise(work, l);
	for (int response = 0; response < WORK_RESPONSES; response++) {
		double *weight = work->weight[response];

		for (int i = 0; i < WORK_FACTORS; i++) {
			half[i] = work->b[response][i];
			for (int k = 0; k < i; k++)
				half[i] -= l[i][k] * half[k];
			half[i] /= l[i][i];
		}
		for (int i = WORK_FACTORS - 1; i >= 0; i--) {
			weight[i] = half[i];
			for (int k = i + 1; k < WORK_FACTORS; k++)
				weight[i] -= l[k][i] * weight[k];
			weight[i] /= l[i][i];
		}
	}
}

/* The centre is no part of what is learnt here: the two would drift apart. */
static double learnt_response(struct work *work, const struct work_second *second, int response,
			      double expected)
{
	double *spread = &work->spread[response], *centre = &work->centre[response];
	double least = second->least[response], value = second->response[response];
	double left = value - expected - *centre, most;

	if (isnan(value))
		return expected;
	if (work->n_taken < TELLING_S) {
		*spread += (fabs(left) - *spread) / (work->n_taken + 1);
		return value;
	}
	*spread *= fabs(left) > *spread ? 1 + 1 / SPREAD_S : 1 - 1 / SPREAD_S;
	*spread = fmin(fmax(*spread, least), SPREAD_MOST);
	most = WORK_CLIP * *spread;
	*centre += copysign(*spread / CENTRE_S, left);
	return expected + fmin(fmax(left, -most), most);
}

void work_learn(struct work *work, const struct work_second *second)
{
	double keep = 1 - 1 / fmin(work->n_taken + YOUNG_S, MEMORY_S);
	double factor[WORK_FACTORS];

	factors_of(second->demand, factor);
	for (int response = 0; response < WORK_RESPONSES; response++) {
		double expected = by_weights(work, factor, response);
		double value = learnt_response(work, second, response, expected);

		for (int i = 0; i < WORK_FACTORS; i++)
			work->b[response][i] = keep * work->b[response][i] + value * factor[i];
	}
	for (int i = 0; i < WORK_FACTORS; i++)
		for (int j = 0; j <= i; j++)
			work->a[i][j] = keep * work->a[i][j] + factor[i] * factor[j];
	work->n_taken += work->n_taken < UINT32_MAX;
	if (work->n_taken < KNOWN_S || work->n_taken % SOLVE_EVERY == 0)
		work_solve(work);
}
