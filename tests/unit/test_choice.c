/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom somebody means, and whom they may have meant. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/choice.h"
#include "cli/nearest.h"
#include "tests/unit/assertion.h"

static const struct known_unit known[] = {
	{ 1, "bank.service" }, { 2, "shop-cart.service" }, { 3, "shop-web.service" }, { 4, "host" }
};
static bool chosen[4];

static bool mark(const char *argument)
{
	memset(chosen, 0, sizeof(chosen));
	return choice_mark(argument, known, 4, chosen);
}

Test(choice, a_name_means_its_unit)
{
	cr_assert(mark("bank.service"));
	cr_assert(chosen[0] && !chosen[1] && !chosen[2] && !chosen[3]);
}

Test(choice, a_name_without_a_type_is_a_service)
{
	cr_assert(mark("shop-web"));
	cr_assert(chosen[2] && !chosen[1]);
	cr_assert(mark("host"));
	cr_assert(chosen[3]);
}

Test(choice, a_glob_means_all_that_match)
{
	cr_assert(mark("shop-*"));
	cr_assert(chosen[1] && chosen[2] && !chosen[0] && !chosen[3]);
}

Test(choice, what_is_not_there_is_told)
{
	cr_assert(not(mark("shop")));
	cr_assert(not(mark("nothing-*")));
	cr_assert(not(mark("")));
}

Test(choice, a_mistyped_name_is_guessed)
{
	cr_assert(eq(str, (char *)choice_nearest("bnak", known, 4), "bank.service"));
	cr_assert(eq(str, (char *)choice_nearest("shop-carts.service", known, 4),
		     "shop-cart.service"));
	cr_assert(eq(ptr, (void *)choice_nearest("entirely-else", known, 4), NULL));
	cr_assert(eq(ptr, (void *)choice_nearest("bank", known, 0), NULL));
}

Test(choice, the_distance_counts_letters_put_in_taken_out_changed_or_exchanged)
{
	cr_assert(eq(sz, nearest_distance("abc", "abc", 9), 0));
	cr_assert(eq(sz, nearest_distance("abc", "abxc", 9), 1));
	cr_assert(eq(sz, nearest_distance("abc", "ac", 9), 1));
	cr_assert(eq(sz, nearest_distance("abc", "axc", 9), 1));
	cr_assert(eq(sz, nearest_distance("abc", "bac", 9), 1));
	cr_assert(eq(sz, nearest_distance("", "abc", 9), 3));
	cr_assert(eq(sz, nearest_distance("abc", "xyz", 2), 2));
}
