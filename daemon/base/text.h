/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Numbers, sizes, spans and moments as people write them, both ways; and text
 * of strangers made harmless. Parsers take the whole text or return -EINVAL
 * (-ERANGE where it would not fit) and then leave *ret alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal, no sign, no spaces. */
int text_parse_u64(const char *text, uint64_t *ret);
/* A finite number: "0.25", "-3", "40%" (0.4), "64M" (2^20 each). No exponent. */
int text_parse_number(const char *text, double *ret);
/* "256M", "1.5G", "4096": K M G T are powers of 1024. */
int text_parse_size(const char *text, uint64_t *ret_bytes);
/* "90", "90s", "5min", "1h 30min", "2d", "250ms", as systemd.time(7) has them, from milliseconds to
 * weeks; a number alone is seconds, a bare one beside others is an error. */
int text_parse_span(const char *text, uint64_t *ret_ms);
/* "2h", "2h ago", "today", "yesterday", "2026-11-24", "2026-11-24 14:03[:20]", local time; ret in
 * ms since 1970, never later than now_ms unless written so. */
int text_parse_moment(const char *text, uint64_t now_ms, uint64_t *ret_ms);

/* Printers write at most size bytes with the final NUL and return buffer. What is not known (NaN, no
 * such date) is "-". A decimal has a point, whatever the locale. */
char *text_size(char *buffer, size_t size, double bytes); /* "51.2M" */
char *text_span(char *buffer, size_t size, uint64_t ms);  /* "1h 4min", "34s", "0.8s" */
/* "9min to 14min": in whole minutes, below two in tens of seconds, and no narrower than it is. */
char *text_span_range(char *buffer, size_t size, double from_s, double to_s);
char *text_ago(char *buffer, size_t size, uint64_t ms);		/* "2h 5min ago"; under 2 s "now" */
char *text_moment(char *buffer, size_t size, uint64_t wall_ms); /* "2026-11-24 14:03:20", local */
/* Put a point into what printf() made of a number, in place of localeconv()'s decimal mark; returns it. */
char *text_point(char *number, const char *mark);
/* A number of no quantity, to so many significant digits; 0: as few as read back as the same float. */
char *text_float(char *buffer, size_t size, float value, int n_digits); /* "0.5", "1.2e-05" */
/* A value in its quantity, as metric_info.quantity names it: "bytes", "ratio", "cores", ... */
char *text_quantity(char *buffer, size_t size, const char *quantity, double value);

/* Control characters, invisible ones that would turn or hide what stands beside them, and bytes that
 * are no UTF-8 become \xNN; the text is cut (with "...", never within a character or a \xNN) rather
 * than the buffer overrun. */
char *text_escape(char *buffer, size_t size, const char *text);
bool text_is_utf8(const char *text, size_t length);
/* 1 to 255 characters of those systemd allows in unit names (letters digits :-_.\@), with a type
 * suffix after the last dot. */
bool text_is_unit_name(const char *text);
/* Does a glob of `*`, `?` (one byte) and literal characters match the whole text? */
bool text_glob(const char *pattern, const char *text);

/* snprintf() that cannot be cut in silence: 0, or -ENAMETOOLONG if it did not fit. */
int text_format(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
