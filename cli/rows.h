/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Rows whose columns have a meaning as the samples of one service, through the
 * whole judge: what it would have called them. Rows of `train` are learnt, then
 * those of `test` follow. A row stands for a second, or for the time since the row
 * before, where all times of the file can be read and rise.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cli/csv.h"
#include "cli/meaning.h"
#include "judge/rulebook.h"
#include "record/config.h"

struct row_verdict {
	uint8_t state; /* DETECTOR_* */
	uint8_t rule;  /* the place of the rule that held, from 1; 0: none */
};

/* The time each row stands for, in ms; false: the times do not say, and each is a second. ret has n_rows. */
bool rows_spans(const struct csv *csv, uint32_t *ret_ms);

/* test and train have the same columns. Of config LearnSec= and TrustSec= are not taken: what is normal is what
 * train holds. ret has a place for each row of test. -ENOMEM. */
int rows_judge(const struct csv *test, const struct csv *train, const struct meaning *meaning,
	       const struct config *config, const struct rulebook *rulebook, uint64_t seed,
	       struct row_verdict *ret);
