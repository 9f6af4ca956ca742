/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where lines stand: forgotten with the value that was replaced, kept with the list that grew. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/origin.h"
#include "tests/unit/assertion.h"

static void take(struct origins *origins, struct terms *terms, enum term term, unsigned int number,
		 const char *value)
{
	const struct ini_line line = { .file = "a", .number = number, .value = value };
	const char *expected;

	cr_assert(zero(int, terms_set(terms, term_key(term), value, &expected)));
	origins_take(term, &line, origins);
}

Test(origin, values_have_one_place_and_lists_have_all_since_they_were_last_taken_back)
{
	struct origins origins = { 0 };
	struct terms terms = { 0 };

	take(&origins, &terms, TERM_MODE, 1, "mock");
	take(&origins, &terms, TERM_MODE, 2, "enforce");
	take(&origins, &terms, TERM_WINDOW, 3, "01:00-02:00");
	take(&origins, &terms, TERM_WINDOW, 4, "");
	cr_assert(eq(str, origins.from[TERM_WINDOW], ""));
	take(&origins, &terms, TERM_WINDOW, 5, "01:00-02:00");
	take(&origins, &terms, TERM_WINDOW, 6, "03:00-04:00");
	cr_assert(eq(str, origins.from[TERM_MODE], "a:2\n"));
	cr_assert(eq(str, origins.from[TERM_WINDOW], "a:5\na:6\n"));
	take(&origins, &terms, TERM_MODE, 7, "");
	cr_assert(eq(str, origins.from[TERM_MODE], ""));
}

Test(origin, places_are_laid_over_one_another_as_the_values_are)
{
	struct origins below = { 0 }, above = { 0 };
	struct terms below_terms = { 0 }, above_terms = { 0 };

	take(&below, &below_terms, TERM_MODE, 1, "mock");
	take(&below, &below_terms, TERM_WINDOW, 2, "01:00-02:00");
	take(&below, &below_terms, TERM_IGNORE, 3, "rss");
	take(&below, &below_terms, TERM_FOR, 4, "1min");
	take(&below, &below_terms, TERM_COOLDOWN, 5, "1min");
	take(&above, &above_terms, TERM_MODE, 11, "enforce");
	take(&above, &above_terms, TERM_WINDOW, 12, "03:00-04:00");
	take(&above, &above_terms, TERM_IGNORE, 13, "");
	take(&above, &above_terms, TERM_IGNORE, 14, "cpu");
	take(&above, &above_terms, TERM_FOR, 15, "");
	origins_overlay(&below, &above, &above_terms);
	cr_assert(eq(str, below.from[TERM_MODE], "a:11\n"));
	cr_assert(eq(str, below.from[TERM_WINDOW], "a:2\na:12\n"));
	cr_assert(eq(str, below.from[TERM_IGNORE], "a:14\n"));
	cr_assert(eq(str, below.from[TERM_FOR], ""));
	cr_assert(eq(str, below.from[TERM_COOLDOWN], "a:5\n"));
}

Test(origin, more_places_than_there_is_room_for_are_left_out_whole)
{
	struct origins origins = { 0 };
	struct ini_line line = { .file = "a-file-with-a-longer-name", .value = "rss" };

	for (line.number = 1000; line.number < 2000; line.number++)
		origins_take(TERM_IGNORE, &line, &origins);
	cr_assert(lt(sz, strlen(origins.from[TERM_IGNORE]), ORIGIN_SIZE));
	cr_assert(eq(chr, origins.from[TERM_IGNORE][strlen(origins.from[TERM_IGNORE]) - 1], '\n'));
}
