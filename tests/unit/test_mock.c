/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actuator that touches nothing. */
#include <criterion/criterion.h>

#include "heal/mock.h"
#include "tests/unit/assertion.h"

Test(mock, every_order_is_accepted_and_ends_as_mocked)
{
	const struct decision decision = { .id = 1, .action = ACTION_RESTART };
	const struct unit_status status = { .name = "a.service" };
	struct actuator mock = mock_actuator();
	struct attempt attempt = { .decision = 1 };

	cr_assert(eq(int, mock.start(mock.self, &decision, &status, &attempt), 0));
	cr_assert(eq(str, attempt.job, "mock"));
	cr_assert(eq(int, attempt.result, ATTEMPT_RESULT_NONE));
	cr_assert(eq(int, mock.poll(mock.self, &attempt), 1));
	cr_assert(eq(int, attempt.result, ATTEMPT_RESULT_MOCKED));
}
