/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of [X-SelfHeal], written so that they could be read again: nothing is rounded. */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/record.h"
#include "record/terms.h"

#define DAY_MIN (24u * 60)

/* One word more, behind the separator if it is not the first. */
static void __attribute__((format(printf, 4, 5)))
add(char *buffer, size_t size, const char *separator, const char *format, ...)
{
	size_t length = strlen(buffer);
	va_list list;

	if (length > 0)
		length += (size_t)snprintf(buffer + length, size - length, "%s", separator);
	if (length >= size)
		return;
	va_start(list, format);
	(void)vsnprintf(buffer + length, size - length, format, list);
	va_end(list);
}

static void write_budget(char *buffer, size_t size, const struct budget *budget)
{
	if (budget->per_hour != UINT32_MAX)
		add(buffer, size, " ", "%u/h", budget->per_hour);
	if (budget->per_day != UINT32_MAX)
		add(buffer, size, " ", "%u/d", budget->per_day);
	if (budget->down_s_per_day != UINT32_MAX)
		add(buffer, size, " ", "%us/d", budget->down_s_per_day);
}

/* "Mon,Wed..Fri"; of a range that goes past Sunday, two. */
static void write_days(char *buffer, size_t size, uint8_t days)
{
	static const char names[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	uint32_t last;

	for (uint32_t day = 0; day < 7; day = last + 1) {
		for (last = day; last < 6 && (days & (1u << day)) && (days & (2u << last)); last++)
			;
		if (last < day + 2)
			last = day; /* two are a list */
		if (last > day)
			add(buffer, size, ",", "%s..%s", names[day], names[last]);
		else if (days & (1u << day))
			add(buffer, size, ",", "%s", names[day]);
	}
}

static void write_window(char *buffer, size_t size, const struct window *window)
{
	uint32_t to = (window->from_min + (uint32_t)window->n_min) % DAY_MIN;
	char days[40] = "";

	if (to == 0)
		to = DAY_MIN; /* a whole day would end where it began, which no window may */
	if (window->days != 0x7f)
		write_days(days, sizeof(days), window->days);
	add(buffer, size, "; ", "%s%s%02u:%02u-%02u:%02u", days, days[0] ? " " : "",
	    window->from_min / 60u, window->from_min % 60u, to / 60, to % 60);
}

static void write_span(char *buffer, size_t size, uint64_t ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {
		{ "d", DAYS(1) }, { "h", HOURS(1) }, { "min", MINUTES(1) },
		{ "s", 1000 },	  { "ms", 1 },
	};

	if (ms == 0)
		add(buffer, size, " ", "0");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms >= units[i].ms)
			add(buffer, size, " ", "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
		ms %= units[i].ms;
	}
}

/* Without an exponent, which is not read; six digits behind the point are more than anybody sets. */
static void write_limit(char *buffer, size_t size, const struct hand_limit *limit)
{
	const char *name = metric_table[limit->metric].name;
	const char *quantity = metric_table[limit->metric].quantity;
	bool is_bytes = strncmp(quantity, "bytes", strlen("bytes")) == 0;
	const char *unit = strcmp(quantity, "ratio") == 0 ? "%" : "";
	double most = *unit ? limit->most * 100 : limit->most;
	char number[96];
	size_t length;

	for (const char *letter = "KMGT"; is_bytes && *letter && fmod(most, 1024) == 0; letter++) {
		most /= 1024;
		unit = letter;
	}
	(void)snprintf(number, sizeof(number), "%.6f", most);
	(void)text_point(number, localeconv()->decimal_point);
	length = strlen(number);
	while (number[length - 1] == '0')
		length--;
	length -= number[length - 1] == '.';
	number[length] = '\0';
	add(buffer, size, " ", "%s=%s%.1s", name, number, unit);
}

char *terms_text(char *buffer, size_t size, const struct terms *terms, enum term term)
{
	buffer[0] = '\0';
	switch (term) {
	case TERM_MODE:
		add(buffer, size, " ", "%s", mode_word(terms->mode));
		break;
	case TERM_HEAL_ON:
		for (uint32_t i = 0; i < FAULT_CLASS_N; i++)
			if (terms->heal_on & (1u << i))
				add(buffer, size, " ", "%s", fault_class_word((enum fault_class)i));
		break;
	case TERM_LADDER:
		for (uint32_t i = 0; i < terms->ladder.n; i++)
			add(buffer, size, " ", "%s",
			    action_word((enum action)terms->ladder.rung[i]));
		break;
	case TERM_UNIT_BUDGET:
		write_budget(buffer, size, &terms->unit_budget);
		break;
	case TERM_COOLDOWN:
		write_span(buffer, size, terms->cooldown_ms);
		break;
	case TERM_FOR:
		write_span(buffer, size, SECONDS((uint64_t)terms->for_s));
		break;
	case TERM_WINDOW:
		for (uint32_t i = 0; i < terms->n_windows; i++)
			write_window(buffer, size, &terms->window[i]);
		break;
	case TERM_DEPENDS_ON:
		add(buffer, size, " ", "%s", terms->depends_on);
		break;
	case TERM_IGNORE:
		for (uint32_t i = 0; i < METRIC_N; i++)
			if (terms->ignore & METRIC_BIT(i))
				add(buffer, size, " ", "%s", metric_table[i].name);
		break;
	case TERM_LIMITS:
		for (uint32_t i = 0; i < terms->n_limits; i++)
			write_limit(buffer, size, &terms->limit[i]);
		break;
	default:
		break;
	}
	return buffer;
}
