/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON, a value at a time. */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

void json_separate(struct json *json)
{
	if (json->has_before)
		(void)fputc(',', json->out);
	json->has_before = true;
}

void json_begin(struct json *json, char bracket)
{
	(void)fputc(bracket, json->out);
	json->has_before = false;
}

void json_end(struct json *json, char bracket)
{
	(void)fputc(bracket, json->out);
	json->has_before = true;
}

/* How many bytes at text are one character of UTF-8; 0: none. */
static size_t character(const char *text)
{
	for (size_t length = 1; length <= 4 && text[length - 1] != '\0'; length++)
		if (text_is_utf8(text, length))
			return length;
	return 0;
}

void json_put_text(struct json *json, const char *text)
{
	size_t length;
	unsigned int code;

	(void)fputc('"', json->out);
	for (; *text != '\0'; text += length) {
		length = character(text);
		code = (unsigned char)text[0];
		if (length == 2 && code == 0xc2 && (unsigned char)text[1] < 0xa0)
			code = (unsigned char)text[1];
		if (length == 0) {
			(void)fputs("\\ufffd", json->out);
			length = 1;
		} else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			(void)fprintf(json->out, "\\u%04x", code);
		} else {
			if (code == '"' || code == '\\')
				(void)fputc('\\', json->out);
			(void)fwrite(text, 1, length, json->out);
		}
	}
	(void)fputc('"', json->out);
}

void json_key(struct json *json, const char *name)
{
	json_separate(json);
	(void)fprintf(json->out, "\"%s\":", name);
}

void json_text(struct json *json, const char *name, const char *value)
{
	json_key(json, name);
	json_put_text(json, value);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
	json_key(json, name);
	(void)fprintf(json->out, "%" PRIu64, value);
}

void json_null(struct json *json, const char *name)
{
	json_key(json, name);
	(void)fputs("null", json->out);
}

void json_number_or_null(struct json *json, const char *name, uint64_t value)
{
	if (value == 0)
		json_null(json, name);
	else
		json_number(json, name, value);
}

void json_boolean(struct json *json, const char *name, bool value)
{
	json_key(json, name);
	(void)fputs(value ? "true" : "false", json->out);
}

void json_real(struct json *json, const char *name, double value)
{
	char digits[40];
	double again;

	if (!isfinite(value)) {
		json_null(json, name);
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%.15g", value);
	if (sscanf(digits, "%lf", &again) != 1 || again != value)
		(void)snprintf(digits, sizeof(digits), "%.17g", value);
	json_key(json, name);
	/* A locale's decimal comma is none of JSON's. */
	(void)fputs(text_point(digits, localeconv()->decimal_point), json->out);
}

void json_single(struct json *json, const char *name, float value)
{
	char digits[40];
	double rounded = NAN;

	if (isfinite(value)) {
		(void)snprintf(digits, sizeof(digits), "%.7g", (double)value);
		(void)sscanf(digits, "%lf", &rounded);
	}
	json_real(json, name, rounded);
}

void json_text_or_null(struct json *json, const char *name, const char *value)
{
	if (value[0])
		json_text(json, name, value);
	else
		json_null(json, name);
}
