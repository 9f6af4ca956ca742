/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A record's fields to the columns of a statement and back, one after another,
 * with one look at the errors at the end. What is absent in a record (NaN, no
 * score, no invocation, time 0) is NULL in a row.
 *
 * Rows are hostile: a number that does not fit, text too long, a word nobody
 * knows makes r -EBADMSG; the fields are then not to be used.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct columns {
	sqlite3_stmt *statement;
	int at; /* the next column, from 0 */
	int r;	/* the first error, as a negative errno */
};

/* One of record.h's: an enum's value to its word. */
typedef const char *column_word(unsigned int value);

/* Texts and bytes must live until the statement was stepped. */
void column_put_int(struct columns *columns, uint64_t value); /* any 64 bits */
void column_put_time(struct columns *columns, uint64_t ms);   /* 0: NULL */
void column_put_real(struct columns *columns, double value);  /* not finite: NULL */
void column_put_score(struct columns *columns, double score); /* negative: NULL */
void column_put_text(struct columns *columns, const char *text);
void column_put_metric(struct columns *columns, uint32_t metric); /* METRIC_N: NULL */
void column_put_invocation(struct columns *columns, const uint8_t invocation[INVOCATION_SIZE]);
void column_put_bytes(struct columns *columns, const void *bytes, size_t size);
/* What both databases keep of a verdict: 18 columns, from its flags to for_s. */
void column_put_verdict(struct columns *columns, const struct verdict *verdict);

uint64_t column_get_u64(struct columns *columns);  /* not negative; NULL: 0 */
uint64_t column_get_bits(struct columns *columns); /* any 64 bits */
uint32_t column_get_u32(struct columns *columns);
bool column_get_bool(struct columns *columns);
double column_get_real(struct columns *columns); /* NULL: NaN */
float column_get_score(struct columns *columns); /* NULL: -1 */
void column_get_text(struct columns *columns, char *ret, size_t size);
unsigned int column_get_word(struct columns *columns, column_word *word, unsigned int n);
uint32_t column_get_metric(struct columns *columns);
void column_get_invocation(struct columns *columns, uint8_t ret[INVOCATION_SIZE]);
