/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and spans for people to read, and text of strangers made harmless.
 * A decimal has a point wherever the client runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define UNKNOWN_SHOWN "-"

/* ---- printing -------------------------------------------------------------- */

/* Like "%.*f", with a point in every locale; n_decimals at most 2. */
static char *print_decimal(char *buffer, size_t size, double value, unsigned int n_decimals,
			   const char *suffix)
{
	const uint64_t one = n_decimals == 2 ? 100 : 10;
	double scaled = fabs(value) * (double)one + 0.5;
	uint64_t digits;

	if (n_decimals == 0 || scaled >= 1e18) {
		(void)snprintf(buffer, size, "%.0f%s", value, suffix);
		return buffer;
	}
	digits = (uint64_t)scaled;
	(void)snprintf(buffer, size, "%s%" PRIu64 ".%0*" PRIu64 "%s",
		       value < 0 && digits > 0 ? "-" : "", digits / one, (int)n_decimals,
		       digits % one, suffix);
	return buffer;
}

/* About three digits, as one reads numbers in a table. */
static char *print_short(char *buffer, size_t size, double value, const char *suffix)
{
	double magnitude = fabs(value);
	unsigned int n_decimals = 2;

	if (magnitude >= 100 || value == 0)
		n_decimals = 0;
	else if (magnitude >= 10)
		n_decimals = 1;
	return print_decimal(buffer, size, value, n_decimals, suffix);
}

static char *print_size(char *buffer, size_t size, double bytes, const char *per)
{
	static const char letters[] = "BKMGTPE";
	char suffix[8];
	size_t i = 0;

	/* Not 1024: what would be rounded up to "1024.0K" is "1.0M". */
	while (fabs(bytes) >= 1023.95 && letters[i + 1]) {
		bytes /= 1024;
		i++;
	}
	(void)snprintf(suffix, sizeof(suffix), "%c%s", letters[i], per);
	return print_decimal(buffer, size, bytes, i == 0 ? 0 : 1, suffix);
}

char *text_point(char *number, const char *mark)
{
	char *found = strstr(number, mark), *rest;

	if (found) { /* of more than one byte in some locales */
		rest = found + strlen(mark);
		*found = '.';
		memmove(found + 1, rest, strlen(rest) + 1);
	}
	return number;
}

char *text_float(char *buffer, size_t size, float value, int n_digits)
{
	if (!isfinite(value)) {
		(void)snprintf(buffer, size, "%s", UNKNOWN_SHOWN);
		return buffer;
	}
	if (n_digits > 0)
		(void)snprintf(buffer, size, "%.*g", n_digits, (double)value);
	else /* 9 are enough for any */
		for (n_digits = 6; n_digits <= 9; n_digits++) {
			(void)snprintf(buffer, size, "%.*g", n_digits, (double)value);
			if (strtof(buffer, NULL) == value)
				break;
		}
	return text_point(buffer, localeconv()->decimal_point);
}

char *text_size(char *buffer, size_t size, double bytes)
{
	return text_quantity(buffer, size, "bytes", bytes);
}

/* 85us, 12.3ms, 4.2s */
static void print_seconds(char *buffer, size_t size, double value)
{
	if (value != 0 && fabs(value) < 0.9995e-3)
		print_decimal(buffer, size, value * 1e6, 0, "us");
	else if (value != 0 && fabs(value) < 0.99995)
		print_decimal(buffer, size, value * 1e3, 1, "ms");
	else
		print_decimal(buffer, size, value, value != trunc(value), "s");
}

/* EBADF; one that has no name is a number. */
static void print_errno(char *buffer, size_t size, double value)
{
	const char *name = value >= 0 && value < 4096 ? strerrorname_np((int)value) : NULL;

	if (name)
		(void)snprintf(buffer, size, "%s", name);
	else
		print_decimal(buffer, size, value, 0, "");
}

char *text_quantity(char *buffer, size_t size, const char *quantity, double value)
{
	if (!isfinite(value))
		(void)snprintf(buffer, size, "%s", UNKNOWN_SHOWN);
	else if (strcmp(quantity, "bytes") == 0)
		print_size(buffer, size, value, "");
	else if (strcmp(quantity, "bytes_per_second") == 0)
		print_size(buffer, size, value, "/s");
	else if (strcmp(quantity, "ratio") == 0)
		print_decimal(buffer, size, value * 100, fabs(value) < 0.1 && value != 0, "%");
	else if (strcmp(quantity, "cores") == 0)
		print_decimal(buffer, size, value, 2, " cores");
	else if (strcmp(quantity, "seconds_per_second") == 0)
		print_decimal(buffer, size, value, 2, "s/s");
	else if (strcmp(quantity, "seconds") == 0)
		print_seconds(buffer, size, value);
	else if (strcmp(quantity, "per_second") == 0)
		print_short(buffer, size, value, "/s");
	else if (strcmp(quantity, "errno") == 0)
		print_errno(buffer, size, value);
	else
		print_decimal(buffer, size, value, value != trunc(value), "");
	return buffer;
}

char *text_span(char *buffer, size_t size, uint64_t ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "d", DAYS(1) }, { "h", HOURS(1) }, { "min", MINUTES(1) }, { "s", 1000 } };
	size_t i = 0;
	uint64_t second;

	if (ms > 0 && ms < 100) {
		(void)snprintf(buffer, size, "%" PRIu64 "ms", ms);
		return buffer;
	}
	if (ms < SECONDS(10) && ms % 1000 >= 100) {
		(void)snprintf(buffer, size, "%" PRIu64 ".%" PRIu64 "s", ms / 1000,
			       ms % 1000 / 100);
		return buffer;
	}
	while (i < 3 && ms < units[i].ms)
		i++;
	second = i < 3 ? ms % units[i].ms / units[i + 1].ms : 0;
	if (second > 0)
		(void)snprintf(buffer, size, "%" PRIu64 "%s %" PRIu64 "%s", ms / units[i].ms,
			       units[i].name, second, units[i + 1].name);
	else
		(void)snprintf(buffer, size, "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
	return buffer;
}

/* A century is for ever, and no number can be too large then. */
#define SPAN_MOST_S (100 * 365.25 * 86400)

char *text_span_range(char *buffer, size_t size, double from_s, double to_s)
{
	double step_s = to_s >= 120 ? 60 : 10;
	char from[48], to[48];

	if (isnan(from_s) || isnan(to_s)) {
		(void)snprintf(buffer, size, "-");
		return buffer;
	}
	from_s = step_s * floor(fmin(fmax(from_s, 0), SPAN_MOST_S) / step_s);
	to_s = step_s * ceil(fmin(fmax(to_s, 0), SPAN_MOST_S) / step_s);
	(void)snprintf(buffer, size, "%s to %s",
		       text_span(from, sizeof(from), SECONDS((uint64_t)from_s)),
		       text_span(to, sizeof(to), SECONDS((uint64_t)to_s)));
	return buffer;
}

char *text_ago(char *buffer, size_t size, uint64_t ms)
{
	char span[48];

	if (ms < SECONDS(2))
		(void)snprintf(buffer, size, "now");
	else
		(void)snprintf(buffer, size, "%s ago",
			       text_span(span, sizeof(span), ms - ms % 1000));
	return buffer;
}

char *text_moment(char *buffer, size_t size, uint64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm local;

	if (!localtime_r(&seconds, &local) ||
	    strftime(buffer, size, "%Y-%m-%d %H:%M:%S", &local) == 0)
		(void)snprintf(buffer, size, "%s", UNKNOWN_SHOWN);
	return buffer;
}

/* ---- text of strangers ----------------------------------------------------- */

/* The length of the UTF-8 character at the front (RFC 3629: no overlong form, no surrogate, nothing
 * above U+10FFFF); 0: there is none. */
static size_t take_character(const char *text, size_t left, uint32_t *ret)
{
	const unsigned char *byte = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t length;

	if (left == 0)
		return 0;
	length = byte[0] < 0x80	  ? 1
		 : byte[0] < 0xc0 ? 0
		 : byte[0] < 0xe0 ? 2
		 : byte[0] < 0xf0 ? 3
		 : byte[0] < 0xf8 ? 4
				  : 0;
	if (length == 0 || length > left)
		return 0;
	code = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret = code;
	return length;
}

/* Controls, and what would hide or turn round the text beside it (U+202E makes "gpj.exe" of a
 * terminal's line). */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x061c ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

char *text_escape(char *buffer, size_t size, const char *text)
{
	static const char dots[] = "...";
	size_t left = strlen(text), at = 0, cut = 0;
	char piece[8];

	if (size == 0)
		return buffer;
	while (left > 0) {
		uint32_t code = 0;
		size_t taken = take_character(text, left, &code), n = taken;

		if (taken == 0 || is_harmful(code)) {
			(void)snprintf(piece, sizeof(piece), "\\x%02x", (unsigned char)*text);
			n = 4;
			taken = 1; /* the bytes behind it follow, each as one that is no UTF-8 */
		} else {
			memcpy(piece, text, taken);
		}
		if (at + n >= size) {
			(void)snprintf(buffer + cut, size - cut, "%s", dots);
			return buffer;
		}
		memcpy(buffer + at, piece, n);
		at += n;
		if (at + sizeof(dots) <= size)
			cut = at;
		text += taken;
		left -= taken;
	}
	buffer[at] = '\0';
	return buffer;
}

bool text_is_utf8(const char *text, size_t length)
{
	uint32_t code;
	size_t taken;

	while (length > 0) {
		taken = take_character(text, length, &code);
		if (taken == 0)
			return false;
		text += taken;
		length -= taken;
	}
	return true;
}

bool text_is_unit_name(const char *text)
{
	static const char *const types[] = { "service",	  "scope",  "socket", "target",
					     "slice",	  "mount",  "timer",  "path",
					     "automount", "device", "swap" };
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@";
	size_t length = strnlen(text, 256);
	const char *dot = strrchr(text, '.');

	if (length > 255 || strspn(text, allowed) != length || !dot || dot == text ||
	    text[0] == '@')
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot + 1, types[i]) == 0)
			return true;
	return false;
}

/* Only the last star has to be tried again: what an earlier one could take, it can take as well. So
 * the time is the product of the lengths at worst. */
bool text_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *tried = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			tried = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++tried;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

int text_format(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	if (r < 0)
		return -EINVAL;
	return (size_t)r < size ? 0 : -ENAMETOOLONG;
}
