/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What several records have, as JSON: one name and value each, unless said otherwise. Part of
 * reader.h. */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "record/record.h"

void field_put_score(struct json *json, const char *name, float value);	    /* negative: null */
void field_put_metric(struct json *json, const char *name, uint32_t value); /* METRIC_N: null */
void field_put_invocation(struct json *json, const char *name,
			  const uint8_t value[INVOCATION_SIZE]);
/* "class"; null without a rule, for only a rule is about a class of fault. */
void field_put_class(struct json *json, const char *rule, enum fault_class class);

struct flag_word {
	uint32_t flag;
	const char *word;
};
/* "flags": the words of those that are set. */
void field_put_flags(struct json *json, uint32_t value, const struct flag_word *words, size_t n);
/* "synthetic" and "flags" of whatever follows from a sample. */
void field_put_marks(struct json *json, uint32_t value);

/* All that is said of a verdict, from its flags to for_s. */
void field_put_verdict(struct json *json, const struct verdict *verdict);
