/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * JSON, written a value at a time into a stream. The commas are set here; that
 * what is begun is ended, and that an object's values have names, is the caller's
 * part. An error of the stream is for its owner to find.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where a comma is due. Every object and list begins without. */
struct json {
	FILE *out;
	bool has_before;
};

/* Before each value of a list, and before what is put without a name. */
void json_separate(struct json *json);
/* A bracket of either kind; the first begins the text, others follow json_key() or json_separate(). */
void json_begin(struct json *json, char bracket);
void json_end(struct json *json, char bracket);
/* The name of the value that is put next. Names are ours, and written as they are. */
void json_key(struct json *json, const char *name);
/* A text alone. Text is hostile: beside what JSON itself forbids, the control characters of U+007F to
 * U+009F are escaped, for a terminal would act on them; what is no UTF-8 becomes U+FFFD. */
void json_put_text(struct json *json, const char *text);

/* A name and its value. */
void json_text(struct json *json, const char *name, const char *value);
void json_text_or_null(struct json *json, const char *name, const char *value); /* "" is null */
void json_number(struct json *json, const char *name, uint64_t value);
void json_number_or_null(struct json *json, const char *name, uint64_t value); /* 0 is null */
void json_null(struct json *json, const char *name);
void json_boolean(struct json *json, const char *name, bool value);
/* The shortest of 15 or 17 digits that reads back as the same number, whatever the locale; null for
 * what is none. */
void json_real(struct json *json, const char *name, double value);
/* The same with the 7 digits of a float that are worth telling. */
void json_single(struct json *json, const char *name, float value);
