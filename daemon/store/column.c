/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record's fields to the columns of a statement and back. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "store/column.h"
#include "store/schema.h"

static void put(struct columns *columns, int result)
{
	columns->at++;
	if (result != SQLITE_OK && columns->r == 0)
		columns->r = schema_errno(result);
}

void column_put_int(struct columns *columns, uint64_t value)
{
	put(columns, sqlite3_bind_int64(columns->statement, columns->at + 1, (sqlite3_int64)value));
}

static void put_null(struct columns *columns)
{
	put(columns, sqlite3_bind_null(columns->statement, columns->at + 1));
}

void column_put_time(struct columns *columns, uint64_t ms)
{
	if (ms == 0)
		put_null(columns);
	else
		column_put_int(columns, ms);
}

/* Infinity would come out of SQLite's own JSON functions as a bare word. */
void column_put_real(struct columns *columns, double value)
{
	if (!isfinite(value))
		put_null(columns);
	else
		put(columns, sqlite3_bind_double(columns->statement, columns->at + 1, value));
}

void column_put_score(struct columns *columns, double score)
{
	column_put_real(columns, score < 0 ? (double)NAN : score);
}

void column_put_text(struct columns *columns, const char *text)
{
	put(columns,
	    sqlite3_bind_text(columns->statement, columns->at + 1, text, -1, SQLITE_STATIC));
}

void column_put_metric(struct columns *columns, uint32_t metric)
{
	if (metric >= METRIC_N)
		put_null(columns);
	else
		column_put_text(columns, metric_table[metric].name);
}

void column_put_invocation(struct columns *columns, const uint8_t invocation[INVOCATION_SIZE])
{
	static const uint8_t none[INVOCATION_SIZE];

	if (memcmp(invocation, none, sizeof(none)) == 0)
		put_null(columns);
	else
		column_put_bytes(columns, invocation, INVOCATION_SIZE);
}

void column_put_bytes(struct columns *columns, const void *bytes, size_t size)
{
	put(columns,
	    sqlite3_bind_blob64(columns->statement, columns->at + 1, bytes, size, SQLITE_STATIC));
}

void column_put_verdict(struct columns *columns, const struct verdict *verdict)
{
	column_put_int(columns, verdict->flags);
	column_put_text(columns, health_word(verdict->health));
	column_put_int(columns, verdict->since_ms);
	column_put_int(columns, verdict->learn_left_s);
	column_put_score(columns, verdict->score);
	column_put_score(columns, verdict->threshold);
	column_put_int(columns, verdict->generation);
	column_put_metric(columns, verdict->lead);
	column_put_real(columns, verdict->lead_share);
	column_put_real(columns, verdict->lead_value);
	column_put_real(columns, verdict->lead_expected);
	column_put_real(columns, verdict->lead_deviation);
	column_put_real(columns, verdict->lead_limit);
	column_put_real(columns, verdict->left_soonest_s);
	column_put_real(columns, verdict->left_latest_s);
	column_put_text(columns, verdict->rule);
	column_put_text(columns, fault_class_word(verdict->class));
	column_put_text(columns, action_word(verdict->wants));
	column_put_int(columns, verdict->on_fact);
	column_put_int(columns, verdict->held_s);
	column_put_int(columns, verdict->for_s);
}

static void bad(struct columns *columns)
{
	if (columns->r == 0)
		columns->r = -EBADMSG;
}

uint64_t column_get_bits(struct columns *columns)
{
	return (uint64_t)sqlite3_column_int64(columns->statement, columns->at++);
}

uint64_t column_get_u64(struct columns *columns)
{
	uint64_t value = column_get_bits(columns);

	if (value > INT64_MAX) {
		bad(columns);
		return 0;
	}
	return value;
}

uint32_t column_get_u32(struct columns *columns)
{
	uint64_t value = column_get_u64(columns);

	if (value > UINT32_MAX) {
		bad(columns);
		return 0;
	}
	return (uint32_t)value;
}

bool column_get_bool(struct columns *columns)
{
	return column_get_bits(columns) != 0;
}

double column_get_real(struct columns *columns)
{
	int at = columns->at++;

	if (sqlite3_column_type(columns->statement, at) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(columns->statement, at);
}

float column_get_score(struct columns *columns)
{
	double score = column_get_real(columns);

	if (isnan(score))
		return -1;
	if (score < 0) {
		bad(columns);
		return -1;
	}
	return (float)score;
}

void column_get_text(struct columns *columns, char *ret, size_t size)
{
	int at = columns->at++;
	const char *text = (const char *)sqlite3_column_text(columns->statement, at);
	size_t length = (size_t)sqlite3_column_bytes(columns->statement, at);

	ret[0] = '\0';
	if (!text || length >= size || memchr(text, '\0', length)) {
		bad(columns);
		return;
	}
	memcpy(ret, text, length);
	ret[length] = '\0';
}

unsigned int column_get_word(struct columns *columns, column_word *word, unsigned int n)
{
	char text[64];

	column_get_text(columns, text, sizeof(text));
	for (unsigned int value = 0; value < n; value++)
		if (strcmp(text, word(value)) == 0)
			return value;
	bad(columns);
	return 0;
}

uint32_t column_get_metric(struct columns *columns)
{
	char text[64];
	enum metric metric;

	if (sqlite3_column_type(columns->statement, columns->at) == SQLITE_NULL) {
		columns->at++;
		return METRIC_N;
	}
	column_get_text(columns, text, sizeof(text));
	if (metric_from_name(text, &metric) < 0) {
		bad(columns);
		return METRIC_N;
	}
	return metric;
}

void column_get_invocation(struct columns *columns, uint8_t ret[INVOCATION_SIZE])
{
	int at = columns->at++;
	const void *bytes = sqlite3_column_blob(columns->statement, at);

	memset(ret, 0, INVOCATION_SIZE);
	if (!bytes)
		return;
	if (sqlite3_column_bytes(columns->statement, at) != INVOCATION_SIZE)
		bad(columns);
	else
		memcpy(ret, bytes, INVOCATION_SIZE);
}
