/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, spans, moments and hostile text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/unit/assertion.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct number_case {
	const char *text;
	int r;
	double value;
};

Test(text, whole_numbers_are_decimal_and_fit_or_are_refused)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "99999999999999999999999x", -EINVAL, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = 42;

		cr_expect(eq(int, text_parse_u64(cases[i].text, &value), cases[i].r), "%s",
			  cases[i].text);
		cr_expect(eq(u64, value, cases[i].r < 0 ? 42 : cases[i].value), "%s",
			  cases[i].text);
	}
}

static const struct number_case numbers[] = {
	{ "0.25", 0, 0.25 },	{ "1.3", 0, 1.3 },
	{ "0.1", 0, 0.1 },	{ "40%", 0, 0.4 },
	{ "0.5%", 0, 0.005 },	{ "-4", 0, -4 },
	{ "-0.5", 0, -0.5 },	{ "64M", 0, 64.0 * 1024 * 1024 },
	{ "1.5K", 0, 1536 },	{ "0.33333333333333333333333333", 0, 0.333333333333 },
	{ "", -EINVAL, 0 },	{ "-", -EINVAL, 0 },
	{ "--1", -EINVAL, 0 },	{ ".5", -EINVAL, 0 },
	{ "5.", -EINVAL, 0 },	{ "1,5", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },	{ "nan", -EINVAL, 0 },
	{ "inf", -EINVAL, 0 },	{ "0x1p3", -EINVAL, 0 },
	{ "40%M", -EINVAL, 0 }, { "64MB", -EINVAL, 0 },
	{ "64 M", -EINVAL, 0 }, { "99999999999999999999", -ERANGE, 0 },
};

Test(text, numbers_are_as_exact_as_the_compilers)
{
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		double value = 42;

		cr_expect(eq(int, text_parse_number(numbers[i].text, &value), numbers[i].r), "%s",
			  numbers[i].text);
		cr_expect(eq(dbl, value, numbers[i].r < 0 ? 42 : numbers[i].value), "%s",
			  numbers[i].text);
	}
}

Test(text, sizes_are_powers_of_1024_and_exact)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} cases[] = {
		{ "4096", 0, 4096 },
		{ "256M", 0, UINT64_C(256) << 20 },
		{ "1.5G", 0, UINT64_C(3) << 29 },
		{ "0.1K", 0, 102 },
		{ "16777215T", 0, UINT64_C(16777215) << 40 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "16777216T", -ERANGE, 0 },
		{ "256m", -EINVAL, 0 },
		{ "256MiB", -EINVAL, 0 },
		{ "M", -EINVAL, 0 },
		{ "-1K", -EINVAL, 0 },
		{ "50%", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t bytes = 42;

		cr_expect(eq(int, text_parse_size(cases[i].text, &bytes), cases[i].r), "%s",
			  cases[i].text);
		cr_expect(eq(u64, bytes, cases[i].r < 0 ? 42 : cases[i].bytes), "%s",
			  cases[i].text);
	}
}

Test(text, spans_are_read_as_systemd_writes_them)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ms;
	} cases[] = {
		{ "90", 0, SECONDS(90) },
		{ "0", 0, 0 },
		{ "90s", 0, SECONDS(90) },
		{ "1.5h", 0, MINUTES(90) },
		{ "5min", 0, MINUTES(5) },
		{ "5 min", 0, MINUTES(5) },
		{ "1h 30min", 0, MINUTES(90) },
		{ "1h30m", 0, MINUTES(90) },
		{ "2d", 0, DAYS(2) },
		{ "1week 1day", 0, DAYS(8) },
		{ "250ms", 0, 250 },
		{ "55s500ms", 0, 55500 },
		{ "0.0001s", 0, 0 },
		{ "5M", -EINVAL, 0 }, /* months, to systemd */
		{ "1h 30", -EINVAL, 0 },
		{ "30 1h", -EINVAL, 0 },
		{ "5 30", -EINVAL, 0 },
		{ "min", -EINVAL, 0 },
		{ "-5s", -EINVAL, 0 },
		{ "5fortnights", -EINVAL, 0 },
		{ "5min,", -EINVAL, 0 },
		{ "5minx", -EINVAL, 0 },
		{ " 5s", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "infinity", -EINVAL, 0 },
		{ "18446744073709551615w", -ERANGE, 0 },
		{ "18446744073709551615ms 1ms", -ERANGE, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t ms = 42;

		cr_expect(eq(int, text_parse_span(cases[i].text, &ms), cases[i].r), "%s",
			  cases[i].text);
		cr_expect(eq(u64, ms, cases[i].r < 0 ? 42 : cases[i].ms), "%s", cases[i].text);
	}
}

/* 2026-11-24 14:03:20 in Berlin, an hour ahead of UTC in winter. */
static const uint64_t now_ms = SECONDS(1795525400);

static void in_berlin(void)
{
	/* Written out, so that no time zone database is needed. */
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
}

Test(text, moments_are_local_and_never_guessed, .init = in_berlin)
{
	static const struct {
		const char *text;
		int r;
		const char *shown;
	} cases[] = {
		{ "0s", 0, "2026-11-24 14:03:20" },
		{ "2h", 0, "2026-11-24 12:03:20" },
		{ "2h ago", 0, "2026-11-24 12:03:20" },
		{ "1h 3min ago", 0, "2026-11-24 13:00:20" },
		{ "today", 0, "2026-11-24 00:00:00" },
		{ "yesterday", 0, "2026-11-23 00:00:00" },
		{ "2026-11-24", 0, "2026-11-24 00:00:00" },
		{ "2026-07-01 12:00", 0, "2026-07-01 12:00:00" },
		{ "2026-07-01 12:00:59", 0, "2026-07-01 12:00:59" },
		{ "2030-01-01", 0, "2030-01-01 00:00:00" },
		{ "2024-02-29", 0, "2024-02-29 00:00:00" },
		{ "2026-02-29", -EINVAL, NULL },
		{ "2026-13-01", -EINVAL, NULL },
		{ "2026-00-01", -EINVAL, NULL },
		{ "2026-11-00", -EINVAL, NULL },
		{ "2026-11-24 24:00", -EINVAL, NULL },
		{ "2026-11-24 14:60", -EINVAL, NULL },
		{ "2026-11-24 14", -EINVAL, NULL },
		{ "2026-11-24T14:03", -EINVAL, NULL },
		{ "2026-11-24 14:03:20 ", -EINVAL, NULL },
		{ "2026-1-24", -EINVAL, NULL },
		{ "1969-12-31", -ERANGE, NULL },
		{ "100000w ago", -ERANGE, NULL },
		{ "tomorrow", -EINVAL, NULL },
		{ "ago", -EINVAL, NULL },
		{ " ago", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
	};
	char shown[32];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t moment_ms = 42;

		cr_expect(eq(int, text_parse_moment(cases[i].text, now_ms, &moment_ms), cases[i].r),
			  "%s", cases[i].text);
		if (cases[i].r < 0)
			cr_expect(eq(u64, moment_ms, 42), "%s", cases[i].text);
		else
			cr_expect(eq(str, text_moment(shown, sizeof(shown), moment_ms),
				     (char *)cases[i].shown),
				  "%s", cases[i].text);
	}
}

Test(text, a_moment_that_does_not_fit_is_not_cut)
{
	char shown[32];

	cr_assert(eq(str, text_moment(shown, 8, now_ms), "-"));
}

Test(text, spans_are_shown_in_two_units)
{
	static const struct {
		uint64_t ms;
		const char *span, *ago;
	} cases[] = {
		{ 0, "0s", "now" },
		{ 34, "34ms", "now" },
		{ 800, "0.8s", "now" },
		{ 1050, "1s", "now" },
		{ 3210, "3.2s", "3s ago" },
		{ 9999, "9.9s", "9s ago" },
		{ SECONDS(34) + 567, "34s", "34s ago" },
		{ SECONDS(60), "1min", "1min ago" },
		{ SECONDS(90), "1min 30s", "1min 30s ago" },
		{ MINUTES(64) + SECONDS(59), "1h 4min", "1h 4min ago" },
		{ HOURS(2) + SECONDS(59), "2h", "2h ago" },
		{ DAYS(3) + HOURS(5), "3d 5h", "3d 5h ago" },
		{ DAYS(400), "400d", "400d ago" },
		{ UINT64_MAX, "213503982334d 14h", "213503982334d 14h ago" },
	};
	char shown[32];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cr_expect(eq(str, text_span(shown, sizeof(shown), cases[i].ms),
			     (char *)cases[i].span));
		cr_expect(
			eq(str, text_ago(shown, sizeof(shown), cases[i].ms), (char *)cases[i].ago));
	}
}

Test(text, a_range_of_spans_is_never_narrower_than_it_is)
{
	static const struct {
		double from_s, to_s;
		const char *shown;
	} cases[] = {
		{ 559, 830, "9min to 14min" },	  { 60, 120, "1min to 2min" },
		{ 33, 41, "30s to 50s" },	  { 0, 0, "0s to 0s" },
		{ -5, 10, "0s to 10s" },	  { 7000, 7300, "1h 56min to 2h 2min" },
		{ 59, INFINITY, "0s to 36525d" }, { NAN, 10, "-" },
	};
	char shown[64];

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_expect(eq(str,
			     text_span_range(shown, sizeof(shown), cases[i].from_s, cases[i].to_s),
			     (char *)cases[i].shown));
}

struct shown_case {
	const char *quantity;
	double value;
	const char *shown;
};

static const struct shown_case shown_values[] = {
	{ "bytes", 0, "0B" },
	{ "bytes", 1023, "1023B" },
	{ "bytes", 1024, "1.0K" },
	{ "bytes", 51.2 * 1024 * 1024, "51.2M" },
	{ "bytes", 1024.0 * 1024 - 1, "1.0M" },
	{ "bytes", 1.5 * 1024 * 1024 * 1024, "1.5G" },
	{ "bytes", 1e30, "867361737988.4E" },
	{ "bytes", -2048, "-2.0K" },
	{ "bytes", NAN, "-" },
	{ "bytes", INFINITY, "-" },
	{ "bytes_per_second", 2048, "2.0K/s" },
	{ "ratio", 0, "0%" },
	{ "ratio", 0.032, "3.2%" },
	{ "ratio", 0.38, "38%" },
	{ "ratio", 1, "100%" },
	{ "cores", 0.976, "0.98 cores" },
	{ "cores", 12, "12.00 cores" },
	{ "seconds_per_second", 0.25, "0.25s/s" },
	{ "seconds", 0, "0s" },
	{ "seconds", 0.000085, "85us" },
	{ "seconds", 0.0123, "12.3ms" },
	{ "seconds", 0.99999, "1.0s" },
	{ "seconds", 42, "42s" },
	{ "per_second", 0, "0/s" },
	{ "per_second", 0.5, "0.50/s" },
	{ "per_second", 12.34, "12.3/s" },
	{ "per_second", 1234.5, "1234/s" },
	{ "errno", 9, "EBADF" },
	{ "errno", 4000, "4000" },
	{ "errno", 1e20, "100000000000000000000" },
	{ "count", 12, "12" },
	{ "count", 12.25, "12.3" },
	{ "count", 1e20, "100000000000000000000" },
};

Test(text, values_are_shown_in_their_quantity)
{
	char shown[32];

	for (size_t i = 0; i < LENGTH(shown_values); i++)
		cr_expect(eq(str,
			     text_quantity(shown, sizeof(shown), shown_values[i].quantity,
					   shown_values[i].value),
			     (char *)shown_values[i].shown));
}

Test(text, a_float_is_told_in_as_few_digits_as_read_back_as_the_same)
{
	char buffer[32];
	uint32_t bits = 1;
	float value;

	cr_expect(eq(str, text_float(buffer, sizeof(buffer), 0, 0), "0"));
	cr_expect(eq(str, text_float(buffer, sizeof(buffer), 0.1f, 0), "0.1"));
	cr_expect(eq(str, text_float(buffer, sizeof(buffer), -1234.5f, 0), "-1234.5"));
	cr_expect(eq(str, text_float(buffer, sizeof(buffer), NAN, 0), "-"));
	cr_expect(eq(str, text_float(buffer, sizeof(buffer), INFINITY, 3), "-"));
	cr_expect(eq(str, text_float(buffer, sizeof(buffer), 0.123456f, 3), "0.123"));
	for (int i = 0; i < 10000; i++) {
		bits = bits * 1664525u + 1013904223u;
		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value))
			cr_assert(eq(flt,
				     strtof(text_float(buffer, sizeof(buffer), value, 0), NULL),
				     value));
	}
}

Test(text, the_decimal_mark_of_any_locale_becomes_a_point)
{
	char comma[] = "-1,250",
	     arabic[] = "1\xd9\xab"
			"5e-05",
	     whole[] = "7";

	cr_expect(eq(str, text_point(comma, ","), "-1.250"));
	cr_expect(eq(str, text_point(arabic, "\xd9\xab"), "1.5e-05"));
	cr_expect(eq(str, text_point(whole, ","), "7"));
}

Test(text, sizes_are_cut_rather_than_the_buffer_overrun)
{
	char shown[32];

	cr_assert(eq(str, text_size(shown, sizeof(shown), 51.2 * 1024 * 1024), "51.2M"));
	cr_assert(eq(str, text_size(shown, 4, 51.2 * 1024 * 1024), "51."));
}

Test(text, hostile_text_is_made_harmless)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "", "" },
		{ "nginx.service", "nginx.service" },
		{ "M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80",
		  "M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "dev-disk\\x2dby", "dev-disk\\x2dby" },
		{ "a\x1b[31mb\r\n\t\x7f", "a\\x1b[31mb\\x0d\\x0a\\x09\\x7f" },
		{ "\xc2\x9b", "\\xc2\\x9b" }, /* a C1 control: CSI in one character */
		{ "\xe2\x80\xae"
		  "exe\xe2\x80\xac",
		  "\\xe2\\x80\\xaeexe\\xe2\\x80\\xac" }, /* right-to-left override */
		{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },	 /* byte order mark */
		{ "\xe2\x82", "\\xe2\\x82" },		 /* ends in the middle of a character */
		{ "\xe2"
		  "a",
		  "\\xe2"
		  "a" },
		{ "\x80\xff\xfe", "\\x80\\xff\\xfe" },
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong "/" */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
	};
	char shown[64];

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_expect(eq(str, text_escape(shown, sizeof(shown), cases[i].text),
			     (char *)cases[i].shown));
}

Test(text, what_does_not_fit_is_cut_between_characters)
{
	static const struct {
		size_t size;
		const char *text, *shown;
	} cases[] = {
		{ 1, "abc", "" },
		{ 1, "", "" },
		{ 2, "abc", "." },
		{ 3, "abc", ".." },
		{ 4, "abc", "abc" },
		{ 4, "abcd", "..." },
		{ 7, "abcdef", "abcdef" },
		{ 7, "abcdefg", "abc..." },
		{ 7,
		  "ab\xe2\x82\xac"
		  "d",
		  "ab\xe2\x82\xac"
		  "d" },
		{ 7,
		  "ab\xe2\x82\xac"
		  "de",
		  "ab..." },
		{ 8,
		  "ab\x1b"
		  "cde",
		  "ab..." },
		{ 9,
		  "ab\x1b"
		  "cd",
		  "ab\\x1b"
		  "cd" },
		{ 8, "\x1b\x1b", "\\x1b..." },
	};
	char shown[16];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		memset(shown, '#', sizeof(shown));
		cr_expect(eq(str, text_escape(shown, cases[i].size, cases[i].text),
			     (char *)cases[i].shown));
		cr_expect(eq(chr, shown[cases[i].size], '#'), "%zu bytes of '%s'", cases[i].size,
			  cases[i].text);
	}
	memset(shown, '#', sizeof(shown));
	(void)text_escape(shown, 0, "abc");
	cr_expect(eq(chr, shown[0], '#'), "no byte is no byte");
}

Test(text, any_bytes_in_any_buffer_end_as_clean_text)
{
	char bytes[24], shown[32];
	uint32_t state = 1;

	for (int round = 0; round < 20000; round++) {
		size_t size = 1 + (size_t)round % sizeof(shown);

		for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = (char)(state >> 24);
		}
		bytes[sizeof(bytes) - 1] = '\0';
		(void)text_escape(shown, size, bytes);
		cr_assert(lt(sz, strlen(shown), size));
		cr_assert(text_is_utf8(shown, strlen(shown)));
		cr_assert(eq(sz, strcspn(shown, "\x1b\r\n\t\x7f"), strlen(shown)));
	}
}

Test(text, unit_names_are_those_of_systemd)
{
	static const char *const good[] = {
		"a.service",	     "getty@tty1.service", "dev-sda\\x2d1.device",
		"user@1000.service", "a.b.scope",	   "x:y_z-1.slice"
	};
	static const char *const bad[] = { "",
					   "service",
					   ".service",
					   "a.serv",
					   "a.service ",
					   "a b.service",
					   "a/b.service",
					   "a.service\n",
					   "\xc3\xbc.service",
					   "@1.service",
					   "a.",
					   "../x.service",
					   "a;rm.service",
					   "a$.service" };
	char longest[257];

	for (size_t i = 0; i < LENGTH(good); i++)
		cr_expect(text_is_unit_name(good[i]), "%s", good[i]);
	for (size_t i = 0; i < LENGTH(bad); i++)
		cr_expect(not(text_is_unit_name(bad[i])), "%s", bad[i]);

	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 255 - strlen(".service"), ".service", sizeof(".service"));
	cr_expect(text_is_unit_name(longest), "255 characters");
	(void)memmove(longest + 1, longest, 256);
	cr_expect(not(text_is_unit_name(longest)), "256 characters");
}

Test(text, globs_match_the_whole_text)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "ssh*", "sshd.service", true },
		{ "ssh*", "open-sshd.service", false },
		{ "*.service", "a.service", true },
		{ "*.service", "a.service.d", false },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "a*b*c", "a-b-b-c", true },
		{ "a*b*c", "a-c-b", false },
		{ "**", "x", true },
		{ "a\\*", "a*", false },
		{ "[a]", "a", false },
		{ "*aab", "aaab", true },
		/* would take for ever if every star were tried at every place */
		{ "*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_expect(eq(int, text_glob(cases[i].pattern, cases[i].text), cases[i].matches),
			  "'%s' on '%s'", cases[i].pattern, cases[i].text);
}

Test(text, a_format_that_does_not_fit_is_an_error)
{
	char buffer[6];

	cr_assert(eq(int, text_format(buffer, sizeof(buffer), "%d-%s", 12, "ab"), 0));
	cr_assert(eq(str, buffer, "12-ab"));
	cr_assert(eq(int, text_format(buffer, sizeof(buffer), "%d-%s", 12, "abc"), -ENAMETOOLONG));
}
