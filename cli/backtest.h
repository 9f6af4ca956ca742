/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A detector run over a file of samples: what it said of each row, for programs and for people. */
#include <stddef.h>
#include <stdint.h>

#include "cli/csv.h"
#include "cli/meaning.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "judge/detector.h"

struct backtest {
	enum detector_kind kind;
	uint64_t seed;
	const struct csv *test, *train; /* the same one, or both with the same columns */
	const struct meaning *meaning;	/* NULL: all columns are numbers and no more */
	const struct config *config;	/* these two with a meaning only */
	const struct rulebook *rulebook;

	/* From backtest_run(): */
	struct judgement *judgement; /* one for each row of test */
	struct row_verdict *verdict; /* the same; NULL: no column has a meaning */
	size_t detector_bytes;
};

/* Learn from train, then judge the rows of test in their order: by their numbers, and where columns have a
 * meaning by that too. A row's state is the graver one. -ENODATA: too few rows to learn from;
 * -ENOMEM. backtest_clear() it also after a failure. */
int backtest_run(struct backtest *backtest);
void backtest_clear(struct backtest *backtest);

const char *backtest_detector_word(enum detector_kind kind);

/* "row,score,threshold,state,top_metric" and a line for each row, from 1; floats read back as the same. */
void backtest_csv(const struct output *output, const struct backtest *backtest);
/* One object. */
void backtest_json(const struct output *output, const struct backtest *backtest);
/* How many rows are unusual, what columns mean, and the stretches of them with the highest scores. -ENOMEM. */
int backtest_table(const struct output *output, const struct backtest *backtest);
