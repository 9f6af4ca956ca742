/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What is made of the moments that are remembered: the normal of each metric, a
 * forest on what they were lately, and the score from which a moment is unusual,
 * which is that of the past under this very forest.
 */
#include <stdbool.h>

#include "judge/baseline.h"
#include "judge/oddity.h"
#include "judge/remembered.h"

/* The baseline in the metrics' own quantities: kept, since 66 expm1() a look would double its cost. */
struct normal {
	double median[METRIC_N], low[METRIC_N], high[METRIC_N];
};

struct model {
	struct oddity
		oddity; /* of the columns that were lately; the rest means nothing until it is fit */
	float threshold;
	struct baseline baseline;
	struct normal normal;
};

void model_init(struct model *model);
/* As it was after model_init(). */
void model_clear(struct model *model);
bool model_is_fit(const struct model *model);
/* Anew from all that is remembered; of the forest, once there is one, only the n_trees oldest trees. As
 * oddity_fit(). */
int model_fit(struct model *model, const struct remembered *kept, uint64_t seed,
	      unsigned int n_trees);
