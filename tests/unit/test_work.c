/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be expected of a response, against a law that the test knows. */
#include <criterion/criterion.h>
#include <math.h>

#include "judge/chance.h"
#include "judge/work.h"
#include "tests/unit/assertion.h"

/* The first response takes 3 and half of the first demand; the second is a level of 100. */
static void law(const double demand[WORK_DEMANDS], struct chance *chance, struct work_second *ret)
{
	for (int i = 0; i < WORK_DEMANDS; i++)
		ret->demand[i] = demand[i];
	for (int i = 0; i < WORK_RESPONSES; i++) {
		ret->response[i] = NAN;
		ret->least[i] = 0.1;
	}
	ret->response[0] = 3 + 0.5 * demand[0] + 0.1 * (chance_share(chance) - 0.5);
	ret->response[1] = 100 + chance_share(chance) - 0.5;
}

static void live(struct work *work, int seconds, double above)
{
	struct work_second second;
	struct chance chance;

	chance_init(&chance, 1, 1);
	for (int i = 0; i < seconds; i++) {
		double demand[WORK_DEMANDS] = { 20 * chance_share(&chance), chance_share(&chance) };

		law(demand, &chance, &second);
		second.response[0] += above;
		work_learn(work, &second);
	}
}

static double expected_at(const struct work *work, double demand)
{
	const double demands[WORK_DEMANDS] = { demand, 0.5 };

	return work_expected(work, demands, 0);
}

Test(work, what_is_expected_is_what_the_demand_explains)
{
	struct work work = { 0 };

	live(&work, 600, 0);
	cr_assert(epsilon_eq(dbl, expected_at(&work, 0), 3, 0.2));
	cr_assert(epsilon_eq(dbl, expected_at(&work, 10), 8, 0.2));
	cr_assert(epsilon_eq(dbl, expected_at(&work, 20), 13, 0.2));
	cr_assert(epsilon_eq(dbl, work_expected(&work, (double[WORK_DEMANDS]) { 7 }, 1), 100, 1));
}

Test(work, nothing_is_known_before_half_a_minute)
{
	struct work work = { 0 };

	live(&work, 29, 0);
	cr_assert(not(work_is_known(&work)));
	live(&work, 1, 0);
	cr_assert(work_is_known(&work));
}

Test(work, for_ten_minutes_demand_explains_nothing)
{
	struct work work = { 0 };

	live(&work, 599, 0);
	cr_assert(eq(dbl, expected_at(&work, 0), expected_at(&work, 1000)));
	live(&work, 31, 0);
	cr_assert(gt(dbl, expected_at(&work, 1000), 100));
}

Test(work, a_trouble_of_minutes_is_not_learnt_as_work)
{
	struct work work = { 0 };

	live(&work, 3600, 0);
	live(&work, 300, 50);
	cr_assert(lt(dbl, expected_at(&work, 10), 10), "8, and not 58");
}

Test(work, what_stays_is_learnt_within_hours)
{
	struct work work = { 0 };

	live(&work, 3600, 0);
	live(&work, 6 * 3600, 1);
	cr_assert(epsilon_eq(dbl, expected_at(&work, 10), 9, 0.3));
}

Test(work, it_can_be_told_that_something_has_changed)
{
	struct work work = { 0 };

	live(&work, 600, 0);
	work_shift(&work, 0, 2);
	cr_assert(epsilon_eq(dbl, expected_at(&work, 10), 10, 0.2));
}

Test(work, a_demand_that_never_varies_and_one_that_is_huge_do_no_harm)
{
	struct work work = { 0 };
	struct work_second second = { .demand = { 5, 0, 1e9, 0 } };

	for (int i = 0; i < WORK_RESPONSES; i++) {
		second.response[i] = 1e15;
		second.least[i] = 1;
	}
	for (int i = 0; i < 600; i++)
		work_learn(&work, &second);
	for (int i = 0; i < WORK_RESPONSES; i++)
		cr_assert(epsilon_eq(dbl, work_expected(&work, second.demand, i) / 1e15, 1, 0.01));
}

Test(work, what_is_not_known_teaches_nothing)
{
	struct work work = { 0 }, same = { 0 };
	struct work_second second = { .demand = { 1 } };

	live(&work, 600, 0);
	live(&same, 600, 0);
	for (int i = 0; i < WORK_RESPONSES; i++) {
		second.response[i] = NAN;
		second.least[i] = 0.1;
	}
	for (int i = 0; i < 300; i++)
		work_learn(&work, &second);
	cr_assert(epsilon_eq(dbl, expected_at(&work, 10), expected_at(&same, 10), 0.2));
}

Test(work, the_spread_is_that_of_half_and_never_less_than_what_matters)
{
	struct work work = { 0 };

	live(&work, 3600, 0);
	cr_assert(epsilon_eq(dbl, work_spread(&work, 1, 0.1), 0.25, 0.05),
		  "of an even -0.5 to 0.5");
	cr_assert(eq(dbl, work_spread(&work, 0, 0.1), 0.1));
}
