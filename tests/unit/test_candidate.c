/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which services somebody means. */
#include <criterion/criterion.h>
#include <errno.h>

#include "cli/candidate.h"
#include "cli/command.h"
#include "tests/unit/assertion.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

Test(candidate, a_name_and_a_glob_without_a_type_mean_services)
{
	static const struct {
		const char *text, *unit; /* NULL: no name */
	} names[] = {
		{ "shop", "shop.service" },
		{ "shop.service", "shop.service" },
		{ "shop.timer", "shop.timer" },
		{ "foo@1", "foo@1.service" },
		{ "my.shop", "my.shop.service" },
		{ "", NULL },
		{ "a/b", NULL },
		{ "@x", NULL },
	};
	char unit[UNIT_NAME_SIZE];

	for (size_t i = 0; i < LENGTH(names); i++) {
		int r = command_unit_name(names[i].text, unit, sizeof(unit));

		cr_assert(eq(int, r, names[i].unit ? 0 : -EINVAL), "%s", names[i].text);
		if (names[i].unit)
			cr_assert(eq(str, unit, (char *)names[i].unit));
	}
	cr_assert(candidate_is_glob("shop-?"));
	cr_assert(not(candidate_is_glob("shop")));
	cr_assert(candidate_matches("shop-?", "shop-1.service"));
	cr_assert(candidate_matches("shop*", "shop.service"));
	cr_assert(candidate_matches("*.service", "shop.service"));
	cr_assert(not(candidate_matches("shop-?", "shop-12.service")));
	cr_assert(not(candidate_matches("*.timer", "shop.service")));
}
