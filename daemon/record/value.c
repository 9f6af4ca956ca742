/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of settings to their values. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "record/record.h"
#include "record/value.h"

#define SPACES	" \t"
#define DAY_MIN (24u * 60)

int value_word(const char **list, char *ret, size_t size)
{
	const char *word = *list + strspn(*list, SPACES);
	size_t length = strcspn(word, SPACES);

	if (length >= size)
		return -EINVAL;
	*(char *)mempcpy(ret, word, length) = '\0';
	*list = word + length;
	return length > 0;
}

int value_classes(const char *text, uint32_t *ret)
{
	uint32_t classes = 0;
	enum fault_class class;
	char word[16];
	int r;

	while ((r = value_word(&text, word, sizeof(word))) > 0) {
		r = fault_class_from_word(word, &class);
		if (r < 0)
			return -EINVAL;
		classes |= UINT32_C(1) << class;
	}
	if (r < 0)
		return r;
	*ret = classes;
	return 0;
}

/* "3/h", "120s/d": into the window that it names, which must not be set yet. */
static int read_share(char *word, struct budget *budget)
{
	char *slash = strchr(word, '/');
	uint32_t *window;
	uint64_t count;
	bool is_span;

	if (!slash || slash == word)
		return -EINVAL;
	*slash = '\0';
	is_span = slash[-1] < '0' || slash[-1] > '9';
	if (strcmp(slash + 1, "h") == 0)
		window = &budget->per_hour;
	else if (strcmp(slash + 1, "d") == 0)
		window = is_span ? &budget->down_s_per_day : &budget->per_day;
	else
		return -EINVAL;
	if (*window != UINT32_MAX)
		return -EINVAL;
	if (is_span)
		return window == &budget->down_s_per_day
			       ? value_span_s(word, 0, UINT64_C(86400000), window)
			       : -EINVAL;
	if (text_parse_u64(word, &count) < 0 || count > VALUE_BUDGET_MOST)
		return -EINVAL;
	*window = (uint32_t)count;
	return 0;
}

int value_budget(const char *text, struct budget *ret)
{
	struct budget budget = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
	char word[24];
	int r;

	/* Nothing said would be no limit at all, which nobody asks for by an empty line. */
	if (!text[strspn(text, SPACES)])
		return -EINVAL;
	while ((r = value_word(&text, word, sizeof(word))) > 0) {
		r = read_share(word, &budget);
		if (r < 0)
			return -EINVAL;
	}
	if (r < 0)
		return r;
	*ret = budget;
	return 0;
}

int value_ladder(const char *text, struct ladder *ret)
{
	struct ladder ladder = { 0 };
	enum action action;
	char word[24];
	int r;

	while ((r = value_word(&text, word, sizeof(word))) > 0) {
		if (ladder.n == LADDER_RUNGS || action_from_word(word, &action) < 0 ||
		    action == ACTION_NONE)
			return -EINVAL;
		ladder.rung[ladder.n++] = (uint8_t)action;
	}
	if (r < 0 || ladder.n == 0)
		return -EINVAL;
	*ret = ladder;
	return 0;
}

int value_span_ms(const char *text, uint64_t least_ms, uint64_t most_ms, uint64_t *ret_ms)
{
	uint64_t ms;
	int r;

	r = text_parse_span(text, &ms);
	if (r < 0)
		return r;
	if (ms < least_ms || ms > most_ms)
		return -ERANGE;
	*ret_ms = ms;
	return 0;
}

int value_span_s(const char *text, uint64_t least_ms, uint64_t most_ms, uint32_t *ret_s)
{
	uint64_t ms;
	int r;

	r = value_span_ms(text, least_ms, most_ms, &ms);
	if (r < 0)
		return r;
	if (ms % 1000 != 0)
		return -EINVAL;
	*ret_s = (uint32_t)(ms / 1000);
	return 0;
}

/* ---- windows --------------------------------------------------------------------- */

/* "Mon": 0 ... 6; -EINVAL. Moves *text past it. */
static int read_day(const char **text)
{
	static const char days[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

	for (int i = 0; i < 7; i++) {
		if (strncmp(*text, days[i], 3) != 0)
			continue;
		*text += 3;
		return i;
	}
	return -EINVAL;
}

/* "Mon..Fri" or "Sun"; a range may go past Sunday. */
static int read_range(const char **text, uint8_t *days)
{
	int from = read_day(text), to = from;

	if (from < 0)
		return from;
	if (strncmp(*text, "..", 2) == 0) {
		*text += 2;
		to = read_day(text);
		if (to < 0)
			return to;
	}
	for (int day = from;; day = (day + 1) % 7) {
		*days |= (uint8_t)(1u << day);
		if (day == to)
			return 0;
	}
}

/* "Mon..Fri,Sun ", to the time behind it; none are all. */
static int read_days(const char **text, uint8_t *days)
{
	size_t spaces;
	int r;

	if (**text >= '0' && **text <= '9') {
		*days = 0x7f;
		return 0;
	}
	for (;; ++*text) {
		r = read_range(text, days);
		if (r < 0)
			return r;
		if (**text != ',')
			break;
	}
	spaces = strspn(*text, SPACES);
	*text += spaces;
	return spaces > 0 ? 0 : -EINVAL;
}

static int read_digits(const char **text, unsigned int most, unsigned int *ret)
{
	const char *at = *text;

	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return -EINVAL;
	*ret = (unsigned int)(at[0] - '0') * 10 + (unsigned int)(at[1] - '0');
	*text += 2;
	return *ret <= most ? 0 : -EINVAL;
}

/* "06:00" in minutes; "24:00" is the end of a day. */
static int read_time(const char **text, unsigned int *ret_min)
{
	unsigned int hour, minute;

	if (read_digits(text, 24, &hour) < 0 || **text != ':')
		return -EINVAL;
	++*text;
	if (read_digits(text, 59, &minute) < 0 || hour * 60 + minute > DAY_MIN)
		return -EINVAL;
	*ret_min = hour * 60 + minute;
	return 0;
}

int value_window(const char *text, struct window *ret)
{
	struct window window = { 0 };
	unsigned int from, to;

	text += strspn(text, SPACES);
	if (read_days(&text, &window.days) < 0)
		return -EINVAL;
	if (read_time(&text, &from) < 0 || *text++ != '-' || read_time(&text, &to) < 0 ||
	    text[strspn(text, SPACES)] || from == to || from == DAY_MIN)
		return -EINVAL;
	window.from_min = (uint16_t)from;
	window.n_min = (uint16_t)(to > from ? to - from : DAY_MIN - from + to);
	*ret = window;
	return 0;
}

/* ---- metrics --------------------------------------------------------------------- */

int value_metrics(const char *text, uint64_t *ret)
{
	enum metric metric;
	uint64_t metrics = 0;
	char word[40];
	int r;

	while ((r = value_word(&text, word, sizeof(word))) > 0) {
		if (metric_from_name(word, &metric) < 0)
			return -EINVAL;
		metrics |= METRIC_BIT(metric);
	}
	if (r < 0)
		return r;
	*ret = metrics;
	return 0;
}

int value_limit(const char *word, struct hand_limit *ret)
{
	const char *sign = strchr(word, '=');
	enum metric metric;
	char name[40];
	double most;

	/* Of a code, such as an errno, more is not worse. */
	if (!sign || text_format(name, sizeof(name), "%.*s", (int)(sign - word), word) < 0 ||
	    metric_from_name(name, &metric) < 0 || metric_table[metric].kind == METRIC_KIND_CODE ||
	    text_parse_number(sign + 1, &most) < 0 || most <= 0)
		return -EINVAL;
	*ret = (struct hand_limit) { .metric = metric, .most = most };
	return 0;
}
