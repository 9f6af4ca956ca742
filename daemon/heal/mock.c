/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actuator that touches nothing: it accepts every order, and says so when asked how it went. */
#include "base/text.h"
#include "heal/mock.h"

static int mock_start(void *self, const struct decision *decision, const struct unit_status *status,
		      struct attempt *attempt)
{
	(void)self, (void)decision, (void)status;
	(void)text_format(attempt->job, sizeof(attempt->job), "mock");
	return 0;
}

static int mock_poll(void *self, struct attempt *attempt)
{
	(void)self;
	attempt->result = ATTEMPT_RESULT_MOCKED;
	return 1;
}

struct actuator mock_actuator(void)
{
	return (struct actuator) { .start = mock_start, .poll = mock_poll };
}
