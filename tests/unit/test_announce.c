/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people are told of troubles: all that is sick, and the rarest of what is merely unusual. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "announce.h"
#include "base/clock.h"
#include "fixture.h"
#include "tests/unit/assertion.h"

static struct announcer announcer = { .notices_per_day = 2 }; /* too large for the stack */

TestSuite(announce, .init = cr_redirect_stderr);

/* A trouble of shop.service begins that is seen once in so many hours. */
static void begin(uint64_t at_s, enum health health, float rare_h, bool unseen)
{
	struct finding finding = { .sick_began = true, .verdict = fixture_sick(SECONDS(at_s)) };

	finding.verdict.health = health;
	finding.verdict.n_symptoms = 1;
	finding.verdict.symptom[0].rare_h = rare_h;
	finding.verdict.symptom[0].unseen = unseen;
	announce_finding(&announcer, &finding, "shop.service");
}

/* All that was said; what was read before is read again. */
static const char *said(void)
{
	static char text[8192];
	static size_t n;

	(void)fflush(stderr);
	n += fread(text + n, 1, sizeof(text) - 1 - n, cr_get_redirected_stderr());
	return text;
}

static unsigned int times_said(const char *part)
{
	unsigned int n = 0;

	for (const char *at = said(); (at = strstr(at, part)); at++)
		n++;
	return n;
}

Test(announce, a_notice_says_how_rare_it_is)
{
	begin(1, HEALTH_UNUSUAL, 12, true);
	cr_assert(eq(uint,
		     times_said("shop.service is unusual: rss 200.0M, normally 100.0M; "
				"never before in 12 h of its health (rule"),
		     1),
		  "%s", said());
}

Test(announce, of_a_rarity_that_is_not_known_nothing_is_said)
{
	begin(1, HEALTH_UNUSUAL, (float)NAN, false);
	cr_assert(eq(uint, times_said("normally 100.0M (rule"), 1), "%s", said());
}

Test(announce, the_rarer_finds_the_place_that_the_common_ones_left)
{
	for (uint64_t at_s = 1; at_s <= 5; at_s++)
		begin(at_s, HEALTH_UNUSUAL, 3, false);
	begin(6, HEALTH_UNUSUAL, 40, false);
	begin(7, HEALTH_UNUSUAL, 400, false);
	cr_assert(eq(uint, times_said("once in 3 h"), 1), "%s", said());
	cr_assert(eq(uint, times_said("once in 40 h"), 1), "%s", said());
	cr_assert(zero(uint, times_said("once in 400 h")), "all are spent: %s", said());
}

Test(announce, what_is_sick_is_always_told)
{
	for (uint64_t at_s = 1; at_s <= 9; at_s++)
		begin(at_s, HEALTH_SICK, 1, false);
	cr_assert(eq(uint, times_said("shop.service is sick"), 9), "%s", said());
}
