/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of settings: what is taken, and that what is not leaves everything alone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "record/record.h"
#include "record/value.h"
#include "tests/unit/assertion.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define EVERY_DAY     0x7f

Test(value, words_are_what_blanks_separate_and_one_that_does_not_fit_is_an_error)
{
	const char *list = " one\ttwo  three ";
	char word[4];

	cr_assert(eq(int, value_word(&list, word, sizeof(word)), 1));
	cr_assert(eq(str, word, "one"));
	cr_assert(eq(int, value_word(&list, word, sizeof(word)), 1));
	cr_assert(eq(str, word, "two"));
	cr_assert(eq(int, value_word(&list, word, sizeof(word)), -EINVAL));
	cr_assert(eq(str, word, "two"), "untouched");
	list = " \t";
	cr_assert(eq(int, value_word(&list, word, sizeof(word)), 0));
}

Test(value, classes_are_words_in_any_order_and_none_is_none)
{
	static const struct {
		const char *text;
		int r;
		uint32_t classes;
	} cases[] = {
		{ "cpu", 0, 1 << FAULT_CLASS_CPU },
		{ "hang\tmemory  hang", 0, 1 << FAULT_CLASS_MEMORY | 1 << FAULT_CLASS_HANG },
		{ "", 0, 0 },
		{ "memory,cpu", -EINVAL, 42 },
		{ "Memory", -EINVAL, 42 },
		{ "memory averyverylongwordindeed", -EINVAL, 42 },
		{ "~cpu", -EINVAL, 42 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint32_t classes = 42;

		cr_expect(eq(int, value_classes(cases[i].text, &classes), cases[i].r), "%s",
			  cases[i].text);
		cr_expect(eq(u32, classes, cases[i].classes), "%s", cases[i].text);
	}
}

Test(value, a_budget_counts_restarts_and_seconds_and_what_is_not_named_is_not_limited)
{
	static const struct {
		const char *text;
		struct budget budget;
	} cases[] = {
		{ "3/h", { 3, UINT32_MAX, UINT32_MAX } },
		{ "6/d\t0/h", { 0, 6, UINT32_MAX } },
		{ "300s/d", { UINT32_MAX, UINT32_MAX, 300 } },
		{ "1000/h 1000/d 1d/d", { 1000, 1000, 86400 } },
		{ "5min/d 2/d", { UINT32_MAX, 2, 300 } },
		{ "0s/d", { UINT32_MAX, UINT32_MAX, 0 } },
		{ "1.5min/d", { UINT32_MAX, UINT32_MAX, 90 } },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct budget budget = { 0 };

		cr_assert(zero(int, value_budget(cases[i].text, &budget)), "%s", cases[i].text);
		cr_expect(eq(u32, budget.per_hour, cases[i].budget.per_hour), "%s", cases[i].text);
		cr_expect(eq(u32, budget.per_day, cases[i].budget.per_day), "%s", cases[i].text);
		cr_expect(eq(u32, budget.down_s_per_day, cases[i].budget.down_s_per_day), "%s",
			  cases[i].text);
	}
}

Test(value, a_budget_that_is_none_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"3",
		"3/",
		"/h",
		"/",
		"3/m",
		"3/h 4/h",
		"3/h,6/d",
		"-3/h",
		"3.5/h",
		"1001/h",
		"1001/d",
		"3/hour",
		"3 /h",
		"3/h six",
		"0x3/h",
		"300s/h",
		"300s/d 5min/d",
		"86401s/d",
		"250ms/d",
		"s/d",
		"1h 30min/d",
		"3/h/d",
		"4294967298/h",
		"4294967296s/d",
		"300S/d",
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct budget budget = { 1, 2, 3 };

		cr_expect(eq(int, value_budget(bad[i], &budget), -EINVAL), "%s", bad[i]);
		cr_expect(eq(u32, budget.per_hour, 1), "%s", bad[i]);
	}
}

Test(value, a_ladder_has_one_to_eight_rungs_and_may_repeat_itself)
{
	static const char *const bad[] = {
		"",
		"none",
		"restart none",
		"reboot",
		"restart,notify",
		"Restart",
		"reload reload reload reload reload reload reload reload reload",
	};
	struct ladder ladder = { 0 };

	cr_assert(zero(int,
		       value_ladder("reload restart restart restart-dependents notify", &ladder)));
	cr_assert(eq(u32, ladder.n, 5));
	cr_assert(eq(int, ladder.rung[0], ACTION_RELOAD));
	cr_assert(eq(int, ladder.rung[2], ACTION_RESTART));
	cr_assert(eq(int, ladder.rung[3], ACTION_RESTART_DEPENDENTS));
	cr_assert(eq(int, ladder.rung[4], ACTION_NOTIFY));
	for (size_t i = 0; i < LENGTH(bad); i++)
		cr_expect(eq(int, value_ladder(bad[i], &ladder), -EINVAL), "%s", bad[i]);
	cr_assert(eq(u32, ladder.n, 5), "untouched");
	cr_assert(zero(int, value_ladder("reload reload reload reload reload reload reload reload",
					 &ladder)));
	cr_assert(eq(u32, ladder.n, 8));
}

Test(value, spans_have_bounds_which_belong_to_them)
{
	uint64_t ms = 7;
	uint32_t s = 7;

	cr_assert(zero(int, value_span_ms("10s", SECONDS(10), SECONDS(20), &ms)));
	cr_assert(eq(u64, ms, SECONDS(10)));
	cr_assert(zero(int, value_span_ms("20s", SECONDS(10), SECONDS(20), &ms)));
	cr_assert(eq(int, value_span_ms("9999ms", SECONDS(10), SECONDS(20), &ms), -ERANGE));
	cr_assert(eq(int, value_span_ms("20001ms", SECONDS(10), SECONDS(20), &ms), -ERANGE));
	cr_assert(eq(int, value_span_ms("soon", 0, DAYS(1), &ms), -EINVAL));
	cr_assert(eq(u64, ms, SECONDS(20)));
	cr_assert(zero(int, value_span_s("1min 30s", 0, DAYS(1), &s)));
	cr_assert(eq(u32, s, 90));
	cr_assert(eq(int, value_span_s("1.5s", 0, DAYS(1), &s), -EINVAL), "it is not cut");
	cr_assert(eq(u32, s, 90));
}

Test(value, a_window_is_days_and_a_span_of_the_day)
{
	static const struct {
		const char *text;
		struct window window;
	} cases[] = {
		{ "22:00-06:00", { EVERY_DAY, 22 * 60, 8 * 60 } },
		{ "00:00-24:00", { EVERY_DAY, 0, 24 * 60 } },
		{ "23:59-00:00", { EVERY_DAY, 23 * 60 + 59, 1 } },
		{ "12:00-11:59", { EVERY_DAY, 12 * 60, 24 * 60 - 1 } },
		{ "Mon 01:30-05:00", { 1 << 0, 90, 210 } },
		{ "Mon..Fri 22:00-24:00", { 0x1f, 22 * 60, 120 } },
		{ "Sat,Sun\t 00:00-12:00", { 3 << 5, 0, 12 * 60 } },
		{ "Fri..Mon 01:00-02:00", { 1 << 4 | 1 << 5 | 1 << 6 | 1 << 0, 60, 60 } },
		{ "Mon..Wed,Wed,Sun 01:00-02:00", { 7 | 1 << 6, 60, 60 } },
		{ "Tue..Tue 01:00-02:00", { 1 << 1, 60, 60 } },
		{ "Mon..Sun 01:00-02:00", { EVERY_DAY, 60, 60 } },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct window window = { 0 };

		cr_assert(zero(int, value_window(cases[i].text, &window)), "%s", cases[i].text);
		cr_expect(eq(int, window.days, cases[i].window.days), "%s", cases[i].text);
		cr_expect(eq(int, window.from_min, cases[i].window.from_min), "%s", cases[i].text);
		cr_expect(eq(int, window.n_min, cases[i].window.n_min), "%s", cases[i].text);
	}
}

Test(value, a_window_that_is_none_is_refused)
{
	static const char *const bad[] = {
		"",
		"Mon",
		"Mon..Fri",
		"22:00",
		"22:00-",
		"-06:00",
		"22:00-22:00",
		"24:00-06:00",
		"22:00-24:01",
		"22:60-23:00",
		"2:00-3:00",
		"22:00 - 06:00",
		"22:00-06:00 Mon",
		"mon 01:00-02:00",
		"Monday 01:00-02:00",
		"Mon,01:00-02:00",
		"Mon, Tue 01:00-02:00",
		"Mon Tue 01:00-02:00",
		"Mon..,Tue 01:00-02:00",
		",Mon 01:00-02:00",
		"Mon.Fri 01:00-02:00",
		"Mon..Fri..Sun 01:00-02:00",
		"Mon01:00-02:00",
		"01:00-02:00,03:00-04:00",
		"01:00:00-02:00:00",
		"*-*-* 01:00",
		"\xc3\xa4 01:00-02:00",
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct window window = { .days = 42 };

		cr_expect(eq(int, value_window(bad[i], &window), -EINVAL), "%s", bad[i]);
		cr_expect(eq(int, window.days, 42), "%s", bad[i]);
	}
}

Test(value, metrics_and_limits_are_told_by_the_names_of_rules)
{
	static const char *const bad[] = {
		"rss",
		"rss=",
		"=2G",
		"rss=0",
		"rss=-1",
		"rss=much",
		"rss = 2G",
		"Rss=2G",
		"rss=2G=3",
		"rss=1e9",
		"failing_errno=5",
		"averyveryveryveryveryveryverylongname=1",
		"rss=99999999999999999999",
	};
	struct hand_limit limit = { 0 };
	uint64_t metrics = 42;

	cr_assert(zero(int, value_metrics("rss psi_io_some\trss", &metrics)));
	cr_assert(eq(u64, metrics, METRIC_BIT(METRIC_RSS) | METRIC_BIT(METRIC_PSI_IO_SOME)));
	cr_assert(eq(int, value_metrics("rss rsss", &metrics), -EINVAL));
	cr_assert(eq(int, value_metrics("rss,cpu", &metrics), -EINVAL));
	cr_assert(zero(int, value_limit("rss=2G", &limit)));
	cr_assert(eq(u32, limit.metric, METRIC_RSS));
	cr_assert(eq(dbl, limit.most, 2.0 * 1024 * 1024 * 1024));
	cr_assert(zero(int, value_limit("psi_io_some=40%", &limit)));
	cr_assert(eq(dbl, limit.most, 0.4));
	for (size_t i = 0; i < LENGTH(bad); i++)
		cr_expect(eq(int, value_limit(bad[i], &limit), -EINVAL), "%s", bad[i]);
	cr_assert(eq(u32, limit.metric, METRIC_PSI_IO_SOME), "untouched");
}
