/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, sizes, spans and moments as people write them, read whole or not at all. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

/* ---- numbers --------------------------------------------------------------- */

/* digits / 10^n_fraction. Kept as integers, so that "1.3G" and "0.4" are as exact as can be. */
struct decimal {
	uint64_t digits;
	unsigned int n_fraction;
};

/* More digits after the point than a double can tell apart are read over. */
#define FRACTION_MAX 12u

static uint64_t power_of_ten(unsigned int n)
{
	uint64_t power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool add_digit(uint64_t *digits, char c)
{
	return !__builtin_mul_overflow(*digits, 10, digits) &&
	       !__builtin_add_overflow(*digits, (uint64_t)(c - '0'), digits);
}

/* Take "12" or "12.5" from the front of *text. */
static int take_decimal(const char **text, struct decimal *ret)
{
	struct decimal decimal = { 0 };
	const char *c = *text;

	if (!is_digit(*c))
		return -EINVAL;
	for (; is_digit(*c); c++)
		if (!add_digit(&decimal.digits, *c))
			return -ERANGE;
	if (*c == '.') {
		if (!is_digit(*++c))
			return -EINVAL;
		for (; is_digit(*c); c++) {
			if (decimal.n_fraction == FRACTION_MAX)
				continue;
			if (!add_digit(&decimal.digits, *c))
				return -ERANGE;
			decimal.n_fraction++;
		}
	}
	*text = c;
	*ret = decimal;
	return 0;
}

/* decimal * unit, cut to a whole number. */
static int decimal_times(const struct decimal *decimal, uint64_t unit, uint64_t *ret)
{
	unsigned __int128 product = (unsigned __int128)decimal->digits * unit;

	product /= power_of_ten(decimal->n_fraction);
	if (product > UINT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)product;
	return 0;
}

/* The power of 1024 that a suffix of one letter stands for; 0: no such suffix. */
static uint64_t size_unit(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (!*suffix)
		return 1;
	letter = strchr(letters, suffix[0]);
	if (!letter || suffix[1])
		return 0;
	return UINT64_C(1) << (10 * (letter - letters + 1));
}

int text_parse_u64(const char *text, uint64_t *ret)
{
	uint64_t digits = 0;

	if (!*text)
		return -EINVAL;
	for (const char *c = text; *c; c++)
		if (!is_digit(*c))
			return -EINVAL;
	for (const char *c = text; *c; c++)
		if (!add_digit(&digits, *c))
			return -ERANGE;
	*ret = digits;
	return 0;
}

int text_parse_number(const char *text, double *ret)
{
	const char *rest = *text == '-' ? text + 1 : text;
	struct decimal decimal;
	uint64_t unit;
	double value;
	int r;

	r = take_decimal(&rest, &decimal);
	if (r < 0)
		return r;
	if (strcmp(rest, "%") == 0) {
		decimal.n_fraction += 2;
		rest++;
	}
	unit = size_unit(rest);
	if (unit == 0)
		return -EINVAL;
	value = (double)decimal.digits / (double)power_of_ten(decimal.n_fraction) * (double)unit;
	*ret = *text == '-' ? -value : value;
	return 0;
}

int text_parse_size(const char *text, uint64_t *ret_bytes)
{
	struct decimal decimal;
	uint64_t unit;
	int r;

	r = take_decimal(&text, &decimal);
	if (r < 0)
		return r;
	unit = size_unit(text);
	if (unit == 0)
		return -EINVAL;
	return decimal_times(&decimal, unit, ret_bytes);
}

/* ---- time ------------------------------------------------------------------ */

/* systemd.time(7), but what is shorter than our millisecond. */
static const struct {
	const char *name;
	uint64_t ms;
} span_units[] = {
	{ "msec", 1 },
	{ "ms", 1 },
	{ "seconds", SECONDS(1) },
	{ "second", SECONDS(1) },
	{ "sec", SECONDS(1) },
	{ "s", SECONDS(1) },
	{ "minutes", MINUTES(1) },
	{ "minute", MINUTES(1) },
	{ "min", MINUTES(1) },
	{ "m", MINUTES(1) },
	{ "hours", HOURS(1) },
	{ "hour", HOURS(1) },
	{ "hr", HOURS(1) },
	{ "h", HOURS(1) },
	{ "days", DAYS(1) },
	{ "day", DAYS(1) },
	{ "d", DAYS(1) },
	{ "weeks", DAYS(7) },
	{ "week", DAYS(7) },
	{ "w", DAYS(7) },
};

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* Take the name of a unit from the front of *text. */
static int take_span_unit(const char **text, uint64_t *ret_ms)
{
	size_t length = 0;

	while (((*text)[length] | 0x20) >= 'a' && ((*text)[length] | 0x20) <= 'z')
		length++;
	for (size_t i = 0; i < sizeof(span_units) / sizeof(span_units[0]); i++) {
		if (strlen(span_units[i].name) != length ||
		    strncmp(span_units[i].name, *text, length) != 0)
			continue;
		*text += length;
		*ret_ms = span_units[i].ms;
		return 0;
	}
	return -EINVAL;
}

int text_parse_span(const char *text, uint64_t *ret_ms)
{
	uint64_t sum_ms = 0;
	bool is_first = true;

	do {
		uint64_t unit_ms = SECONDS(1), part_ms;
		struct decimal decimal;
		int r;

		r = take_decimal(&text, &decimal);
		if (r < 0)
			return r;
		text = skip_spaces(text);
		/* A number without a unit beside others would be a guess. */
		if (*text || !is_first) {
			r = take_span_unit(&text, &unit_ms);
			if (r < 0)
				return r;
		}
		r = decimal_times(&decimal, unit_ms, &part_ms);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum_ms, part_ms, &sum_ms))
			return -ERANGE;
		text = skip_spaces(text);
		is_first = false;
	} while (*text);
	*ret_ms = sum_ms;
	return 0;
}

static int local_to_ms(struct tm *local, uint64_t *ret_ms)
{
	const int asked_month = local->tm_mon;
	time_t seconds;

	local->tm_isdst = -1;
	seconds = mktime(local);
	if (seconds < 0)
		return -ERANGE;
	/* mktime() turns February 30 into a day of March, and month 13 into January. */
	if (local->tm_mon != asked_month)
		return -EINVAL;
	*ret_ms = SECONDS(seconds);
	return 0;
}

/* Midnight of the day that lies so many days before now. */
static int midnight(uint64_t now_ms, int days_ago, uint64_t *ret_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm local;
	time_t seconds;

	if (!localtime_r(&now, &local))
		return -ERANGE;
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_mday -= days_ago;
	local.tm_isdst = -1;
	seconds = mktime(&local);
	if (seconds < 0)
		return -ERANGE;
	*ret_ms = SECONDS(seconds);
	return 0;
}

/* Take n digits and the character behind them ('\0': the end) from the front of *text. */
static bool take_part(const char **text, int n, char end, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*text)++) {
		if (!is_digit(**text))
			return false;
		value = value * 10 + (**text - '0');
	}
	if (**text != end)
		return false;
	if (end)
		(*text)++;
	*ret = value;
	return true;
}

/* "2026-11-24", "2026-11-24 14:03" or "2026-11-24 14:03:20". */
static int parse_date(const char *text, uint64_t *ret_ms)
{
	bool has_time = strlen(text) > strlen("2026-11-24");
	bool has_second = strlen(text) > strlen("2026-11-24 14:03");
	struct tm local = { 0 };
	int year, month;

	if (!take_part(&text, 4, '-', &year) || !take_part(&text, 2, '-', &month) ||
	    !take_part(&text, 2, has_time ? ' ' : '\0', &local.tm_mday))
		return -EINVAL;
	if (has_time && (!take_part(&text, 2, ':', &local.tm_hour) ||
			 !take_part(&text, 2, has_second ? ':' : '\0', &local.tm_min)))
		return -EINVAL;
	if (has_second && !take_part(&text, 2, '\0', &local.tm_sec))
		return -EINVAL;
	if (local.tm_hour > 23 || local.tm_min > 59 || local.tm_sec > 59)
		return -EINVAL;
	local.tm_year = year - 1900;
	local.tm_mon = month - 1;
	return local_to_ms(&local, ret_ms);
}

int text_parse_moment(const char *text, uint64_t now_ms, uint64_t *ret_ms)
{
	static const char ago[] = " ago";
	size_t length = strlen(text);
	char span[64];
	uint64_t span_ms;
	int r;

	if (strcmp(text, "today") == 0)
		return midnight(now_ms, 0, ret_ms);
	if (strcmp(text, "yesterday") == 0)
		return midnight(now_ms, 1, ret_ms);
	if (length > 4 && text[4] == '-')
		return parse_date(text, ret_ms);

	if (length > strlen(ago) && strcmp(text + length - strlen(ago), ago) == 0)
		length -= strlen(ago);
	if (length >= sizeof(span))
		return -EINVAL;
	*(char *)mempcpy(span, text, length) = '\0';
	r = text_parse_span(span, &span_ms);
	if (r < 0)
		return r;
	if (span_ms > now_ms)
		return -ERANGE;
	*ret_ms = now_ms - span_ms;
	return 0;
}
