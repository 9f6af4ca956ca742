/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of [X-SelfHeal]: each of them, how lines and layers add up, and when windows are open. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "record/record.h"
#include "record/terms.h"
#include "tests/unit/assertion.h"

#define LENGTH(array)	      (sizeof(array) / sizeof((array)[0]))
#define AT(day, hour, minute) ((day)*1440u + (hour)*60u + (minute))
enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static void set(struct terms *terms, const char *key, const char *value)
{
	const char *expected = "";

	cr_assert(zero(int, terms_set(terms, key, value, &expected)), "%s=%s: %s", key, value,
		  expected);
}

static const char *text_of(const struct terms *terms, enum term term)
{
	static char text[TERMS_TEXT_SIZE];

	return terms_text(text, sizeof(text), terms, term);
}

/* Bytes between fields may differ. */
static void assert_same(const struct terms *terms, const struct terms *other, const char *what)
{
	char text[TERMS_TEXT_SIZE];

	cr_expect(eq(u32, terms->says, other->says), "%s", what);
	cr_expect(eq(u32, terms->resets, other->resets), "%s", what);
	for (enum term term = 0; term < TERM_N; term++)
		if (terms_say(terms, term))
			cr_expect(eq(str, (char *)text_of(terms, term),
				     terms_text(text, sizeof(text), other, term)),
				  "%s", what);
}

static const struct {
	enum term term;
	const char *key, *value, *text;
} right[] = {
	{ TERM_MODE, "Mode", "observe", "observe" },
	{ TERM_MODE, "Mode", "mock", "mock" },
	{ TERM_MODE, "Mode", "approve", "approve" },
	{ TERM_MODE, "Mode", "enforce", "enforce" },
	{ TERM_HEAL_ON, "HealOn", "cpu  memory", "memory cpu" },
	{ TERM_LADDER, "Ladder", "reload\trestart notify", "reload restart notify" },
	{ TERM_UNIT_BUDGET, "UnitBudget", "5min/d 3/h", "3/h 300s/d" },
	{ TERM_UNIT_BUDGET, "UnitBudget", "0/d", "0/d" },
	{ TERM_COOLDOWN, "Cooldown", "3661s", "1h 1min 1s" },
	{ TERM_COOLDOWN, "Cooldown", "250ms", "250ms" },
	{ TERM_COOLDOWN, "Cooldown", "30d", "30d" },
	{ TERM_COOLDOWN, "Cooldown", "0", "0" },
	{ TERM_WINDOW, "Window", "Mon..Wed,Sun 22:00-06:00", "Mon..Wed,Sun 22:00-06:00" },
	{ TERM_WINDOW, "Window", "Fri..Tue 01:00-02:00", "Mon,Tue,Fri..Sun 01:00-02:00" },
	{ TERM_WINDOW, "Window", "Mon,Wed,Fri 01:00-02:00", "Mon,Wed,Fri 01:00-02:00" },
	{ TERM_WINDOW, "Window", "Tue,Wed 01:00-02:00", "Tue,Wed 01:00-02:00" },
	{ TERM_WINDOW, "Window", "00:00-24:00", "00:00-24:00" },
	{ TERM_WINDOW, "Window", "22:00-00:00", "22:00-24:00" },
	{ TERM_FOR, "For", "90", "1min 30s" },
	{ TERM_FOR, "For", "0", "0" },
	{ TERM_FOR, "For", "1d", "1d" },
	{ TERM_DEPENDS_ON, "DependsOn", "b.service\ta@1.service b.service",
	  "b.service a@1.service" },
	{ TERM_DEPENDS_ON, "DependsOn", "b-1.service b.service", "b-1.service b.service" },
	{ TERM_IGNORE, "Ignore", "psi_io_some rss", "rss psi_io_some" },
	{ TERM_LIMITS, "Limits", "rss=1536M threads=500.5", "rss=1536M threads=500.5" },
	{ TERM_LIMITS, "Limits", "rss=2G rss=1G", "rss=1G" },
	{ TERM_LIMITS, "Limits", "psi_io_some=40% cpu=1.25", "psi_io_some=40% cpu=1.25" },
};

Test(terms, what_is_read_is_written_so_that_it_is_read_as_the_same)
{
	for (size_t i = 0; i < LENGTH(right); i++) {
		struct terms terms = { 0 }, again = { 0 };

		set(&terms, right[i].key, right[i].value);
		cr_assert(eq(u32, terms.says, 1u << right[i].term), "%s", right[i].key);
		cr_expect(eq(str, (char *)text_of(&terms, right[i].term), (char *)right[i].text),
			  "%s=%s", right[i].key, right[i].value);
		set(&again, right[i].key, text_of(&terms, right[i].term));
		assert_same(&terms, &again, right[i].value);
	}
}

Test(terms, what_is_wrong_says_what_was_expected_and_changes_nothing)
{
	static const struct {
		const char *key, *value, *expected;
	} wrong[] = {
		{ "Mode", "Enforce", "observe, mock, approve or enforce" },
		{ "Mode", "mock enforce", "observe, mock, approve or enforce" },
		{ "HealOn", "all", "words out of: memory fds " },
		{ "Ladder", "none", "at most 8 words out of: reload restart " },
		{ "UnitBudget", "many", "restarts in any hour, " },
		{ "Cooldown", "31d", "a span of at most 30d" },
		{ "Cooldown", "-1", "a span of at most 30d" },
		{ "Window", "22:00", "days and a span of the day, at most 6 " },
		{ "For", "1d 1s", "a span of whole seconds, at most 1d" },
		{ "For", "1.5s", "a span of whole seconds, at most 1d" },
		{ "DependsOn", "db", "names of units, such as 'db.service', 255 bytes" },
		{ "DependsOn", "a.service ../b.service", "names of units" },
		{ "DependsOn", "a.service,b.service", "names of units" },
		{ "DependsOn", "*.service", "names of units" },
		{ "DependsOn", "\x1b[2J.service", "names of units" },
		{ "Ignore", "all", "names of metrics" },
		{ "Limits", "rss", "METRIC=MOST, at most 8 " },
		{ "Limits", "rss=1G threads", "METRIC=MOST, at most 8 " },
	};
	struct terms terms = { 0 }, before;
	const char *expected;

	for (size_t i = 0; i < LENGTH(right); i++)
		if (i == 0 || right[i].term != right[i - 1].term)
			set(&terms, right[i].key, right[i].value);
	before = terms;
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		expected = "";
		cr_expect(eq(int, terms_set(&terms, wrong[i].key, wrong[i].value, &expected),
			     -EINVAL),
			  "%s=%s", wrong[i].key, wrong[i].value);
		cr_expect(eq(ptr, strstr(expected, wrong[i].expected), (void *)expected),
			  "%s=%s: %s", wrong[i].key, wrong[i].value, expected);
		assert_same(&terms, &before, wrong[i].value);
	}
	cr_assert(eq(int, terms_set(&terms, "Mood", "mock", &expected), -ENOENT));
	cr_assert(eq(int, terms_set(&terms, "mode", "mock", &expected), -ENOENT));
	cr_assert(eq(int, terms_set(&terms, "", "", &expected), -ENOENT));
}

Test(terms, lines_of_lists_add_up_and_all_others_replace)
{
	struct terms terms = { 0 };

	set(&terms, "Mode", "enforce");
	set(&terms, "Mode", "mock");
	set(&terms, "HealOn", "memory");
	set(&terms, "HealOn", "cpu");
	set(&terms, "Ladder", "reload restart");
	set(&terms, "Ladder", "notify");
	set(&terms, "UnitBudget", "1/h");
	set(&terms, "UnitBudget", "2/d");
	set(&terms, "Window", "01:00-02:00");
	set(&terms, "Window", "Sun 03:00-04:00");
	set(&terms, "DependsOn", "a.service");
	set(&terms, "DependsOn", "b.socket a.service");
	set(&terms, "Ignore", "rss");
	set(&terms, "Ignore", "cpu");
	set(&terms, "Limits", "rss=1G");
	set(&terms, "Limits", "threads=9 rss=2G");
	cr_assert(eq(str, (char *)text_of(&terms, TERM_MODE), "mock"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_HEAL_ON), "cpu"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_LADDER), "notify"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_UNIT_BUDGET), "2/d"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_WINDOW), "01:00-02:00; Sun 03:00-04:00"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_DEPENDS_ON), "a.service b.socket"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_IGNORE), "cpu rss"));
	cr_assert(eq(str, (char *)text_of(&terms, TERM_LIMITS), "rss=2G threads=9"));
	for (enum term term = 0; term < TERM_N; term++)
		cr_assert(eq(int, term_is_list(term),
			     term == TERM_WINDOW || term == TERM_DEPENDS_ON ||
				     term == TERM_IGNORE || term == TERM_LIMITS));
}

Test(terms, an_empty_value_takes_back_what_was_said_before_and_not_what_comes_after)
{
	for (size_t i = 0; i < LENGTH(right); i++) {
		struct terms terms = { 0 };

		set(&terms, right[i].key, right[i].value);
		set(&terms, right[i].key, "");
		cr_assert(not(terms_say(&terms, right[i].term)), "%s", right[i].key);
		cr_assert(eq(u32, terms.resets, 1u << right[i].term));
		set(&terms, right[i].key, right[i].value);
		cr_assert(eq(str, (char *)text_of(&terms, right[i].term), (char *)right[i].text),
			  "%s", right[i].key);
	}
}

Test(terms, a_layer_replaces_values_adds_to_lists_and_takes_back_as_its_lines_would)
{
	struct terms below = { 0 }, above = { 0 };

	set(&below, "Mode", "enforce");
	set(&below, "Cooldown", "1min");
	set(&below, "For", "1min");
	set(&below, "HealOn", "memory");
	set(&below, "Window", "01:00-02:00");
	set(&below, "Ignore", "rss");
	set(&below, "DependsOn", "a.service b.service");
	set(&below, "Limits", "rss=1G cpu=2");
	set(&above, "Mode", "observe");
	set(&above, "For", "");
	set(&above, "HealOn", "cpu");
	set(&above, "Window", "03:00-04:00");
	set(&above, "Ignore", "");
	set(&above, "Ignore", "cpu");
	set(&above, "DependsOn", "b.service c.service");
	set(&above, "Limits", "rss=2G");
	cr_assert(zero(int, terms_overlay(&below, &above)));
	cr_assert(eq(str, (char *)text_of(&below, TERM_MODE), "observe"));
	cr_assert(eq(str, (char *)text_of(&below, TERM_COOLDOWN), "1min"), "not said above");
	cr_assert(not(terms_say(&below, TERM_FOR)), "taken back above");
	cr_assert(eq(str, (char *)text_of(&below, TERM_HEAL_ON), "cpu"));
	cr_assert(eq(str, (char *)text_of(&below, TERM_WINDOW), "01:00-02:00; 03:00-04:00"));
	cr_assert(eq(str, (char *)text_of(&below, TERM_IGNORE), "cpu"));
	cr_assert(
		eq(str, (char *)text_of(&below, TERM_DEPENDS_ON), "a.service b.service c.service"));
	cr_assert(eq(str, (char *)text_of(&below, TERM_LIMITS), "rss=2G cpu=2"));
}

Test(terms, what_a_layer_takes_back_stays_taken_back_in_the_layers_below_it)
{
	struct terms class = { 0 }, own = { 0 }, dropped_in = { 0 };

	set(&class, "Window", "01:00-02:00");
	set(&class, "Mode", "enforce");
	set(&own, "Ladder", "notify");
	set(&dropped_in, "Window", "");
	set(&dropped_in, "Mode", "");
	/* The two layers of the unit first, then both upon the class. */
	cr_assert(zero(int, terms_overlay(&own, &dropped_in)));
	cr_assert(zero(int, terms_overlay(&class, &own)));
	cr_assert(eq(u32, class.says, 1u << TERM_LADDER));
	cr_assert(zero(int, (int)class.n_windows));
}

Test(terms, lists_have_bounds_within_a_layer_and_are_cut_at_them_across_layers)
{
	static const char *const metrics[] = { "rss",	"cpu",	 "swap",      "threads", "memory",
					       "forks", "exits", "processes", "blocked" };
	struct terms terms = { 0 }, more = { 0 };
	const char *expected = "";
	char text[300];

	for (int i = 0; i < TERMS_WINDOWS; i++)
		set(&terms, "Window", "01:00-02:00");
	cr_assert(eq(int, terms_set(&terms, "Window", "01:00-02:00", &expected), -EINVAL));
	for (int i = 0; i < TERMS_LIMITS; i++) {
		(void)snprintf(text, sizeof(text), "%s=1", metrics[i]);
		set(&terms, "Limits", text);
	}
	set(&terms, "Limits", "rss=2");
	(void)snprintf(text, sizeof(text), "%s=1", metrics[TERMS_LIMITS]);
	cr_assert(eq(int, terms_set(&terms, "Limits", text, &expected), -EINVAL));
	(void)snprintf(text, sizeof(text), "%0*d.service", (int)(TERMS_NAMES_SIZE - 1 - 8), 1);
	set(&terms, "DependsOn", text);
	set(&terms, "DependsOn", text);
	cr_assert(eq(int, terms_set(&terms, "DependsOn", "a.service", &expected), -EINVAL));
	cr_assert(eq(str, terms.depends_on, text));

	set(&more, "Window", "02:00-03:00");
	cr_assert(eq(int, terms_overlay(&terms, &more), -E2BIG));
	cr_assert(eq(u32, terms.n_windows, TERMS_WINDOWS));
	more = (struct terms) { 0 };
	set(&more, "DependsOn", "b.service");
	set(&more, "Mode", "mock");
	cr_assert(eq(int, terms_overlay(&terms, &more), -E2BIG));
	cr_assert(eq(str, terms.depends_on, text));
	cr_assert(terms_say(&terms, TERM_MODE), "the rest counts");
}

Test(terms, all_metrics_there_are_can_be_written_in_the_room_that_is_promised)
{
	struct terms terms = { .says = 1u << TERM_IGNORE, .ignore = UINT64_MAX };
	const char *text = text_of(&terms, TERM_IGNORE);
	struct terms again = { 0 };

	cr_assert(lt(sz, strlen(text), TERMS_TEXT_SIZE - 1));
	set(&again, "Ignore", text);
	cr_assert(eq(u64, again.ignore, METRIC_BIT(METRIC_N) - 1));
}

Test(terms, windows_are_open_from_their_first_minute_to_the_one_before_their_last)
{
	static const struct {
		const char *window;
		uint32_t week_min;
		bool is_open;
	} cases[] = {
		{ "01:00-02:00", AT(WED, 0, 59), false },
		{ "01:00-02:00", AT(WED, 1, 0), true },
		{ "01:00-02:00", AT(WED, 1, 59), true },
		{ "01:00-02:00", AT(WED, 2, 0), false },
		/* Past midnight it still belongs to the day on which it began. */
		{ "Fri 22:00-06:00", AT(FRI, 21, 59), false },
		{ "Fri 22:00-06:00", AT(FRI, 23, 0), true },
		{ "Fri 22:00-06:00", AT(SAT, 5, 59), true },
		{ "Fri 22:00-06:00", AT(SAT, 6, 0), false },
		{ "Fri 22:00-06:00", AT(FRI, 1, 0), false },
		/* The week has no end. */
		{ "Sun 22:00-06:00", AT(SUN, 23, 59), true },
		{ "Sun 22:00-06:00", AT(MON, 0, 0), true },
		{ "Sun 22:00-06:00", AT(MON, 5, 59), true },
		{ "Sun 22:00-06:00", AT(MON, 6, 0), false },
		{ "Sun 22:00-06:00", AT(SUN, 0, 0), false },
		{ "Sat..Mon 12:00-13:00", AT(SUN, 12, 30), true },
		{ "Sat..Mon 12:00-13:00", AT(TUE, 12, 30), false },
		{ "00:00-24:00", AT(MON, 0, 0), true },
		{ "00:00-24:00", AT(SUN, 23, 59), true },
		{ "Thu 00:00-24:00", AT(FRI, 0, 0), false },
		{ "Thu 00:00-24:00", AT(WED, 23, 59), false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct terms terms = { 0 };

		set(&terms, "Window", cases[i].window);
		cr_expect(eq(int, terms_are_open(&terms, cases[i].week_min), cases[i].is_open),
			  "%s at minute %u", cases[i].window, cases[i].week_min);
	}
}

Test(terms, without_a_window_it_is_always_open_and_with_several_in_any_of_them)
{
	struct terms terms = { 0 };

	cr_assert(terms_are_open(&terms, 0));
	set(&terms, "Window", "01:00-02:00");
	set(&terms, "Window", "Mon 12:00-13:00");
	cr_assert(terms_are_open(&terms, AT(TUE, 1, 30)));
	cr_assert(terms_are_open(&terms, AT(MON, 12, 30)));
	cr_assert(not(terms_are_open(&terms, AT(TUE, 12, 30))));
	set(&terms, "Window", "");
	cr_assert(terms_are_open(&terms, AT(TUE, 12, 30)));
}

Test(terms, every_key_has_a_name_and_a_word_of_help)
{
	for (enum term term = 0; term < TERM_N; term++) {
		cr_assert(ne(str, (char *)term_key(term), "unknown"));
		cr_assert(gt(sz, strlen(term_help(term)), 0));
	}
	cr_assert(eq(str, (char *)term_key(TERM_N), "unknown"));
	cr_assert(eq(str, (char *)term_help(TERM_N), "not known"));
	cr_assert(eq(str, (char *)mode_word(MODE_N), "unknown"));
}
