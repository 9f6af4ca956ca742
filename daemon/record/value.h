/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The values that settings have, from text: of selfhealed.conf and of [X-SelfHeal]
 * alike. All return 0, or -EINVAL (-ERANGE where a number is out of bounds) and
 * leave *ret alone.
 */
#include <stddef.h>
#include <stdint.h>

#include "record/terms.h"

#define VALUE_BUDGET_MOST 1000u
#define VALUE_BUDGET_EXPECTED                                                                      \
	"restarts in any hour, in any day, seconds down in any day, or some of these, restarts "   \
	"at most 1000: '3/h 6/d 300s/d'"
#define VALUE_CLASSES_EXPECTED "words out of: memory fds threads latency errors hang crash cpu"
#define VALUE_LADDER_EXPECTED  "at most 8 words out of: reload restart restart-dependents notify"

/* The next word of a list, taken from the front of *list; 0: there is none, -EINVAL: it does not fit. */
int value_word(const char **list, char *ret, size_t size);
int value_classes(const char *text, uint32_t *ret); /* 1 << enum fault_class */
int value_budget(const char *text, struct budget *ret);
int value_ladder(const char *text, struct ladder *ret);
int value_span_ms(const char *text, uint64_t least_ms, uint64_t most_ms, uint64_t *ret_ms);
/* What is no whole second is refused rather than cut. */
int value_span_s(const char *text, uint64_t least_ms, uint64_t most_ms, uint32_t *ret_s);
/* "22:00-06:00", "Mon..Fri,Sun 01:30-05:00" */
int value_window(const char *text, struct window *ret);
int value_metrics(const char *text, uint64_t *ret); /* METRIC_BIT() of each */
/* "rss=2G" */
int value_limit(const char *word, struct hand_limit *ret);
