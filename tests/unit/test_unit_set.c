/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in their order, each once. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "cli/unit_set.h"
#include "tests/unit/assertion.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

Test(unit_set, has_each_name_once_in_the_order_of_names)
{
	static const char *const names[] = { "c.service", "a.service", "b.service", "a.service" };
	CLEANUP(unit_set_clear) struct unit_set set = { 0 };

	for (size_t i = 0; i < LENGTH(names); i++)
		cr_assert(ge(int, unit_set_add(&set, names[i]), 0));
	cr_assert(eq(sz, set.n, 3));
	cr_assert(eq(str, set.name[0], "a.service"));
	cr_assert(eq(str, set.name[1], "b.service"));
	cr_assert(eq(str, set.name[2], "c.service"));
	unit_set_remove(&set, "a.service");
	unit_set_remove(&set, "d.service");
	cr_assert(eq(sz, set.n, 2));
	cr_assert(not(unit_set_has(&set, "a.service")));
	cr_assert(unit_set_has(&set, "b.service"));
	cr_assert(unit_set_has(&set, "c.service"));
}
