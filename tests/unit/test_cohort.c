/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances of one template: the odd one is told from all that befalls them together. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/chance.h"
#include "judge/cohort.h"
#include "tests/unit/assertion.h"

#define WORKERS_MOST 8
#define HOT	     1 /* the one that the tests make odd */

/* Workers that share the load: so many cores each, give or take. */
struct crew {
	struct cohorts cohorts;
	struct cohort_member *member[WORKERS_MOST];
	struct evidence evidence[WORKERS_MOST];
	struct chance chance;
	size_t n;
	uint64_t at_s;
	uint32_t span_ms;
	double load;		   /* cores */
	double more[WORKERS_MOST]; /* cores of its own, on top */
	double accepts[WORKERS_MOST];
	bool is_away[WORKERS_MOST], is_unfit[WORKERS_MOST];
};

static struct unit_status named(const char *format, unsigned int number)
{
	struct unit_status status = fixture_status("", 1);

	(void)snprintf(status.name, sizeof(status.name), format, number);
	return status;
}

static void hire(struct crew *crew, size_t n)
{
	*crew = (struct crew) { .n = n, .span_ms = 1000, .load = 0.5 };
	chance_init(&crew->chance, 3, 1);
	for (size_t i = 0; i < n; i++) {
		struct unit_status status = named("worker@%u.service", (unsigned int)i);

		cr_assert(zero(int, cohort_join(&crew->cohorts, &status, &crew->member[i])));
		cr_assert(ne(ptr, crew->member[i], NULL));
	}
}

static void dismiss(struct crew *crew)
{
	for (size_t i = 0; i < crew->n; i++)
		crew->member[i] = cohort_leave(crew->member[i]);
	cr_assert(eq(ptr, crew->cohorts.first, NULL));
}

static void work_a_second(struct crew *crew, size_t i)
{
	struct sample sample = { .when_ms = SECONDS(crew->at_s), .span_ms = crew->span_ms };
	double noise = 0.9 + 0.2 * chance_share(&crew->chance);

	sample_set(&sample, METRIC_CPU, crew->load * noise + crew->more[i]);
	sample_set(&sample, METRIC_ACCEPTS, 20 + crew->accepts[i]);
	crew->evidence[i] = (struct evidence) { 0 };
	cohort_look(crew->member[i], &sample, !crew->is_unfit[i], 0, &crew->evidence[i]);
}

static void work(struct crew *crew, unsigned int samples)
{
	for (unsigned int s = 0; s < samples; s++) {
		crew->at_s += crew->span_ms / 1000;
		for (size_t i = 0; i < crew->n; i++)
			if (!crew->is_away[i])
				work_a_second(crew, i);
	}
}

static bool is_noted(const struct crew *crew, size_t i)
{
	return crew->evidence[i].noted & METRIC_BIT(METRIC_CPU);
}

static size_t n_noted(const struct crew *crew)
{
	size_t n = 0;

	for (size_t i = 0; i < crew->n; i++)
		n += is_noted(crew, i);
	return n;
}

Test(cohort, one_odd_instance_shows_while_the_load_of_all_doubles)
{
	struct crew crew;

	hire(&crew, 5);
	work(&crew, 4000);
	cr_assert(zero(sz, n_noted(&crew)));
	crew.load = 1;
	crew.more[HOT] = 1;
	work(&crew, 120);
	cr_assert(is_noted(&crew, HOT));
	cr_assert(eq(sz, n_noted(&crew), 1));
	cr_assert(gt(dbl, crew.evidence[HOT].apart[METRIC_CPU], 0.7));
	cr_assert(le(dbl, crew.evidence[HOT].apart[METRIC_CPU], 1.1));
	cr_assert(epsilon_eq(dbl, crew.evidence[HOT].expected[METRIC_CPU], 1, 0.15));
	dismiss(&crew);
}

Test(cohort, when_all_move_together_none_is_odd)
{
	struct crew crew;

	hire(&crew, 5);
	work(&crew, 4000);
	for (int i = 0; i < 10; i++) {
		crew.load = i % 2 ? 0.1 : 3;
		work(&crew, 120);
		cr_assert(zero(sz, n_noted(&crew)));
	}
	dismiss(&crew);
}

Test(cohort, an_instance_that_always_differs_is_silent_and_odd_when_it_differs_more)
{
	struct crew crew;

	hire(&crew, 5);
	crew.more[HOT] = 0.5;
	work(&crew, 4000);
	for (int i = 0; i < 100; i++) {
		work(&crew, 10);
		cr_assert(zero(sz, n_noted(&crew)));
	}
	crew.more[HOT] = 1.5;
	work(&crew, 120);
	cr_assert(is_noted(&crew, HOT));
	dismiss(&crew);
}

Test(cohort, who_usually_does_less_is_not_above_its_siblings_when_all_rest)
{
	struct crew crew;

	hire(&crew, 5);
	crew.load = 2;
	crew.more[HOT] = -1.8;
	work(&crew, 4000);
	crew.load = 0.01;
	crew.more[HOT] = 0;
	work(&crew, 300);
	cr_assert(zero(sz, n_noted(&crew)));
	dismiss(&crew);
}

Test(cohort, who_is_asked_for_more_than_its_siblings_may_do_more)
{
	struct crew crew;

	hire(&crew, 5);
	work(&crew, 4000);
	crew.accepts[HOT] = 40;
	crew.more[HOT] = 1;
	work(&crew, 300);
	cr_assert(zero(sz, n_noted(&crew)));
	for (size_t i = 0; i < crew.n; i++)
		crew.accepts[i] = 40; /* now all are: it still does more */
	work(&crew, 150);
	cr_assert(is_noted(&crew, HOT));
	dismiss(&crew);
}

Test(cohort, what_one_does_again_and_again_silences_itself)
{
	struct crew crew;

	hire(&crew, 5);
	for (int i = 0; i < 12; i++) { /* a job that this one has: five minutes of each half hour */
		crew.more[HOT] = 0;
		work(&crew, 1500);
		crew.more[HOT] = 1;
		work(&crew, 300);
		if (i >= 2)
			cr_assert(not(is_noted(&crew, HOT)), "job %d", i);
	}
	dismiss(&crew);
}

Test(cohort, what_has_been_so_for_half_an_hour_is_how_it_is_now)
{
	struct crew crew;

	hire(&crew, 5);
	work(&crew, 4000);
	crew.more[HOT] = 1;
	work(&crew, 1000);
	cr_assert(is_noted(&crew, HOT));
	work(&crew, 1000);
	cr_assert(not(is_noted(&crew, HOT)));
	dismiss(&crew);
}

Test(cohort, of_three_nobody_can_tell_the_odd_one_and_of_four_one_can)
{
	for (size_t n = 3; n <= 4; n++) {
		struct crew crew;

		hire(&crew, n);
		work(&crew, 4000);
		crew.more[HOT] = 1;
		work(&crew, 120);
		cr_assert(eq(int, is_noted(&crew, HOT), n == 4));
		dismiss(&crew);
	}
}

Test(cohort, whose_sibling_goes_away_or_is_not_fit_counts_on_those_that_are_left)
{
	for (int how = 0; how < 2; how++) {
		struct crew crew;

		hire(&crew, 5);
		work(&crew, 4000);
		(how ? crew.is_unfit : crew.is_away)[4] = true;
		crew.more[HOT] = 1;
		work(&crew, 120);
		cr_assert(is_noted(&crew, HOT), "four are enough");
		(how ? crew.is_unfit : crew.is_away)[3] = true;
		work(&crew, 10);
		cr_assert(not(is_noted(&crew, HOT)), "three are not");
		dismiss(&crew);
	}
}

Test(cohort, members_leave_in_any_order)
{
	struct crew crew;
	struct unit_status other = named("mailer@%u.service", 1);
	CLEANUP(cohort_leavep) struct cohort_member *mailer = NULL;

	hire(&crew, 5);
	cr_assert(zero(int, cohort_join(&crew.cohorts, &other, &mailer)));
	crew.member[2] = cohort_leave(crew.member[2]);
	crew.member[0] = cohort_leave(crew.member[0]);
	crew.is_away[0] = crew.is_away[2] = true;
	work(&crew, 10);
	for (size_t i = 0; i < crew.n; i++)
		crew.member[i] = cohort_leave(crew.member[i]);
	cr_assert(ne(ptr, crew.cohorts.first, NULL), "the mailer is still there");
}

Test(cohort, who_is_not_fit_is_not_compared_and_its_excursion_is_over)
{
	struct crew crew;

	hire(&crew, 5);
	work(&crew, 4000);
	crew.more[HOT] = 1;
	work(&crew, 120);
	crew.is_unfit[HOT] = true;
	work(&crew, 1);
	cr_assert(not(is_noted(&crew, HOT)));
	crew.is_unfit[HOT] = false;
	work(&crew, 30);
	cr_assert(not(is_noted(&crew, HOT)), "it must last anew");
	work(&crew, 60);
	cr_assert(is_noted(&crew, HOT));
	dismiss(&crew);
}

Test(cohort, a_young_cohort_is_only_followed)
{
	struct crew crew;

	hire(&crew, 5);
	work(&crew, 1000);
	crew.more[HOT] = 1;
	work(&crew, 300);
	cr_assert(zero(sz, n_noted(&crew)));
	dismiss(&crew);
}

Test(cohort, a_past_in_steps_of_a_minute_is_compared_too)
{
	struct crew crew;

	hire(&crew, 5);
	crew.span_ms = 60000;
	work(&crew, 100);
	crew.more[HOT] = 1;
	work(&crew, 5);
	cr_assert(is_noted(&crew, HOT));
	dismiss(&crew);
}

Test(cohort, only_instances_of_one_template_are_siblings)
{
	static const struct {
		const char *name;
		enum unit_kind kind;
		bool is;
	} cases[] = {
		{ "worker@1.service", UNIT_KIND_SERVICE, true },
		{ "worker@a@b.service", UNIT_KIND_SERVICE, true },
		{ "worker.service", UNIT_KIND_SERVICE, false },
		{ "user@1000.service", UNIT_KIND_SERVICE, false },
		{ "@1.service", UNIT_KIND_SERVICE, false },
		{ "worker@*.service", UNIT_KIND_SHARED, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct unit_status status = fixture_status(cases[i].name, 1);

		status.kind = cases[i].kind;
		cr_assert(eq(int, cohort_is_instance(&status), cases[i].is), "%s", cases[i].name);
	}
}
