/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums over things that come and go. */
#include <criterion/criterion.h>

#include "sense/tally.h"
#include "tests/unit/assertion.h"

static struct usage used(double cpu, double rss)
{
	struct usage usage = { 0 };

	usage_set(&usage, METRIC_CPU, cpu);
	usage_set(&usage, METRIC_RSS, rss);
	return usage;
}

static void add(struct tally *tally, uint64_t key, struct usage usage, struct tally_sum *sum)
{
	cr_assert(eq(int, tally_add(tally, key, &usage, sum), 0));
}

static void next(struct tally *tally, struct tally_sum *sum)
{
	tally_begin(tally);
	tally_sum_begin(sum);
}

static struct usage total(const struct tally_sum *sum)
{
	struct usage usage = { 0 };

	cr_assert(tally_sum_usage(sum, &usage));
	return usage;
}

Test(tally, total_grows_by_what_each_did_although_one_ends)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum sum = { 0 };
	double before;

	cr_assert(eq(int, tally_new(&tally), 0));
	next(tally, &sum);
	add(tally, 10, used(100, 5), &sum);
	add(tally, 11, used(3, 7), &sum);
	before = total(&sum).total[METRIC_CPU];
	cr_assert(eq(dbl, total(&sum).total[METRIC_RSS], 12));

	next(tally, &sum); /* 10 has ended, 12 is new */
	add(tally, 11, used(4, 8), &sum);
	add(tally, 12, used(0.5, 1), &sum);
	cr_assert(eq(dbl, total(&sum).total[METRIC_CPU] - before, 1.5));
	cr_assert(eq(dbl, total(&sum).total[METRIC_RSS], 9), "levels are of this tick");
}

Test(tally, share_of_a_limit_and_time_stuck_are_those_of_the_worst)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum sum = { 0 };
	struct usage first = used(1, 1), second = used(1, 1);

	cr_assert(eq(int, tally_new(&tally), 0));
	usage_set(&first, METRIC_DESCRIPTORS_SHARE, 0.9);
	usage_set(&second, METRIC_DESCRIPTORS_SHARE, 0.4);
	usage_set(&first, METRIC_STUCK, 0);
	usage_set(&second, METRIC_STUCK, 7);
	next(tally, &sum);
	add(tally, 10, first, &sum);
	add(tally, 11, second, &sum);
	cr_assert(eq(dbl, total(&sum).total[METRIC_DESCRIPTORS_SHARE], 0.9));
	cr_assert(eq(dbl, total(&sum).total[METRIC_STUCK], 7));
	next(tally, &sum);
	add(tally, 11, second, &sum);
	cr_assert(eq(dbl, total(&sum).total[METRIC_DESCRIPTORS_SHARE], 0.4), "the other is gone");
}

Test(tally, thing_that_could_not_be_read_once_does_not_come_back_with_its_history)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum sum = { 0 };
	double before;

	cr_assert(eq(int, tally_new(&tally), 0));
	next(tally, &sum);
	add(tally, 10, used(100, 1), &sum);
	add(tally, 11, used(1, 1), &sum);
	for (int i = 0; i < TALLY_MEMORY_TICKS - 1; i++) {
		next(tally, &sum);
		add(tally, 11, used(1, 1), &sum);
	}
	before = total(&sum).total[METRIC_CPU];
	next(tally, &sum);
	add(tally, 10, used(102, 1), &sum);
	cr_assert(eq(dbl, total(&sum).total[METRIC_CPU] - before, 2));
}

Test(tally, what_one_thing_lacks_or_lost_is_absent_from_the_sum)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum sum = { 0 };
	struct usage bare = { 0 }, zombie = { 0 };

	usage_set(&bare, METRIC_RSS, 1);
	usage_set(&zombie, METRIC_ZOMBIES, 1);
	cr_assert(eq(int, tally_new(&tally), 0));

	next(tally, &sum);
	add(tally, 10, used(5, 1), &sum);
	add(tally, 11, bare, &sum);
	cr_assert(eq(u64, total(&sum).have, METRIC_BIT(METRIC_RSS)));

	next(tally, &sum); /* a total fell */
	add(tally, 10, used(4, 1), &sum);
	cr_assert(eq(u64, total(&sum).have, METRIC_BIT(METRIC_RSS)));

	next(tally, &sum); /* nobody has CPU: what was summed earlier is not of this tick */
	add(tally, 11, bare, &sum);
	cr_assert(eq(u64, total(&sum).have, METRIC_BIT(METRIC_RSS)));

	next(tally, &sum);
	add(tally, 10, used(6, 1), &sum);
	add(tally, 12, zombie, &sum);
	cr_assert(ne(u64, total(&sum).have & METRIC_BIT(METRIC_CPU), 0),
		  "of a zombie nothing is asked");

	next(tally, &sum);
	add(tally, 12, zombie, &sum);
	cr_assert(eq(u64, total(&sum).have, METRIC_BIT(METRIC_ZOMBIES)), "and nothing assumed");
}

Test(tally, mover_brings_growth_and_not_history)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum old = { 0 }, new = { 0 };
	double before;

	cr_assert(eq(int, tally_new(&tally), 0));
	next(tally, &old);
	tally_sum_begin(&new);
	add(tally, 10, used(1000, 1), &old);
	add(tally, 11, used(1, 1), &new);
	before = total(&new).total[METRIC_CPU];
	next(tally, &old);
	tally_sum_begin(&new);
	add(tally, 10, used(1001, 1), &new);
	add(tally, 11, used(1, 1), &new);
	cr_assert(eq(dbl, total(&new).total[METRIC_CPU] - before, 1));
	cr_assert(not(tally_sum_usage(&old, &(struct usage) { 0 })), "it has nothing left");
}

Test(tally, thing_of_two_owners_counts_in_both)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum inner = { 0 }, outer = { 0 };

	cr_assert(eq(int, tally_new(&tally), 0));
	for (int i = 0; i < 2; i++) {
		next(tally, &inner);
		tally_sum_begin(&outer);
		add(tally, 10, used(10 + i, 1), &inner);
		add(tally, 10, used(10 + i, 1), &outer);
	}
	cr_assert(eq(dbl, total(&inner).total[METRIC_CPU], 11));
	cr_assert(eq(dbl, total(&outer).total[METRIC_CPU], 11));
}

Test(tally, thousands_come_and_go_and_each_is_told_from_the_others)
{
	CLEANUP(tally_freep) struct tally *tally = NULL;
	struct tally_sum sum = { 0 };
	double before = 0;

	cr_assert(eq(int, tally_new(&tally), 0));
	for (uint64_t tick = 0; tick < (uint64_t)3 * TALLY_MEMORY_TICKS; tick++) {
		next(tally, &sum);
		add(tally, 1, used((double)tick, 1), &sum); /* stays */
		for (uint64_t i = 0; i < 50; i++)	    /* each new, with 0.25 s */
			add(tally, 100 + tick * 50 + i, used(0.25, 1), &sum);
		if (tick > 0)
			cr_assert(eq(dbl, total(&sum).total[METRIC_CPU] - before, 13.5));
		before = total(&sum).total[METRIC_CPU];
	}
}
