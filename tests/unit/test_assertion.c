/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions that order numbers can fail. */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/unit/assertion.h"

Test(assertion, equals_are_not_greater_than_one_another)
{
	cr_assert(not(gt(int, 1, 1)));
	cr_assert(gt(int, 2, 1));
	cr_assert(not(gt(int, 1, 2)));
	cr_assert(ge(int, 1, 1));
	cr_assert(not(ge(int, 1, 2)));
}

Test(assertion, what_is_no_number_has_no_order)
{
	cr_assert(not(gt(dbl, NAN, 0)));
	cr_assert(not(ge(dbl, NAN, 0)));
	cr_assert(not(lt(dbl, NAN, 0)));
	cr_assert(not(le(dbl, NAN, 0)));
}
