/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Why a verdict came out as it did: which things spoke of trouble, how far each is
 * from what was to be expected, and who of the experts says so. It only tells what
 * was found; it decides nothing.
 */
#include "judge/evidence.h"
#include "record/record.h"
#include "record/rulefile.h"

/* Fills the symptoms of the verdict, the most telling first and each metric once: what the rule
 * needs (NULL: none holds), then what lasts as it never did, then what owns more of an unusual
 * score than its even part. */
void explain_verdict(const struct rule *rule, const struct evidence *evidence,
		     struct verdict *verdict);

/* Of the metrics in that mask, that which is furthest above what is expected of it; METRIC_N: the
 * mask is empty. */
uint32_t explain_furthest(const struct evidence *evidence, uint64_t mask);

/* The rarest of its symptoms; NULL: of none it is known how rare it is. */
const struct symptom *explain_rarest(const struct verdict *verdict);
/* "seen once in 40 h of its health", "never before in 12 h of its health"; "" where that is not
 * known. At most size bytes with the final NUL; returns buffer. */
char *explain_rarity(char *buffer, size_t size, const struct symptom *symptom);
