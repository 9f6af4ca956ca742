/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of it, on the host that runs the tests. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fake_manager.h"
#include "sense/sampler.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

/* The table of units of a host: it is full after n_max. */
static struct {
	uint32_t n, n_max;
	char name[4096][UNIT_NAME_SIZE];
} table;

static uint32_t number(const char *name, void *userdata)
{
	(void)userdata;
	for (uint32_t i = 0; i < table.n; i++)
		if (strcmp(table.name[i], name) == 0)
			return i + 1;
	if (table.n == table.n_max)
		return 0;
	(void)snprintf(table.name[table.n++], UNIT_NAME_SIZE, "%s", name);
	return table.n;
}

Test(sampler, without_numbers_only_the_host_is_sampled_and_the_others_are_counted)
{
	CLEANUP(sampler_freep) struct sampler *sampler = NULL;
	struct harvest harvest;
	size_t before;

	cr_assert(eq(int, sampler_new(NULL, number, NULL, &sampler), -ENOSPC));
	table.n_max = 1;
	cr_assert(eq(u32, number("host", NULL), 1), "reserved before all others");
	cr_assert(zero(int, sampler_new(NULL, number, NULL, &sampler)));
	cr_assert(zero(int, sampler_take(sampler, SECONDS(1), SECONDS(1), &harvest)));
	cr_assert(eq(sz, harvest.n, 1));
	cr_assert(eq(u32, harvest.samples[0].unit, 1));
	cr_assert(eq(int, harvest.status[0].kind, UNIT_KIND_HOST));
	before = sampler_unwatched(sampler);
	cr_assert(gt(sz, before, 0), "this process is of some unit");

	table.n_max = 4096;
	for (uint64_t i = 2; i <= 10; i++)
		cr_assert(zero(int, sampler_take(sampler, SECONDS(i), SECONDS(i), &harvest)));
	cr_assert(gt(sz, harvest.n, 1));
	cr_assert(lt(sz, sampler_unwatched(sampler), before));
}

Test(sampler, every_value_has_one_source_that_can_give_it)
{
	CLEANUP(sampler_freep) struct sampler *sampler = NULL;
	const struct signals *signals;
	struct harvest harvest;

	table.n_max = 4096;
	cr_assert(zero(int, sampler_new(NULL, number, NULL, &sampler)));
	for (uint64_t i = 1; i <= 2; i++)
		cr_assert(zero(int, sampler_take(sampler, SECONDS(i), SECONDS(i), &harvest)));
	signals = sampler_signals(sampler);
	for (size_t metric = 0; metric < METRIC_N; metric++) {
		uint32_t n = 0, n_from = 0, host = signals->host[metric];

		for (size_t i = 0; i + 1 < harvest.n; i++)
			n += sample_has(&harvest.samples[i], (enum metric)metric);
		for (int source = 0; source < SIGNAL_SOURCE_N; source++) {
			n_from += signals->n_units[metric][source];
			if (signals->n_units[metric][source] > 0)
				cr_assert(ne(u64,
					     signal_of_units((enum signal_source)source) &
						     METRIC_BIT(metric),
					     0),
					  "%s", metric_table[metric].name);
		}
		cr_assert(eq(u32, n_from, n), "%s", metric_table[metric].name);
		cr_assert(eq(int, host < SIGNAL_SOURCE_N,
			     sample_has(&harvest.samples[harvest.n - 1], (enum metric)metric)),
			  "%s of the host", metric_table[metric].name);
		if (host < SIGNAL_SOURCE_N)
			cr_assert(ne(u64,
				     signal_of_host((enum signal_source)host) & METRIC_BIT(metric),
				     0),
				  "%s of the host", metric_table[metric].name);
	}
}

Test(sampler, a_systemd_that_does_not_answer_is_not_done_without_but_one_that_is_not_there_is)
{
	CLEANUP(fake_close) struct fake_manager fake;
	CLEANUP(sampler_freep) struct sampler *sampler = NULL;

	table.n_max = 4096;
	fake_open(&fake);
	fake.owner_error = SD_BUS_ERROR_NO_REPLY;
	fake_serve(&fake);
	cr_assert(eq(int, sampler_new(fake.client, number, NULL, &sampler), -ETIMEDOUT));
	fake.owner_error = SD_BUS_ERROR_SERVICE_UNKNOWN;
	cr_assert(zero(int, sampler_new(fake.client, number, NULL, &sampler)));
	fake_serve_no_more(&fake);
	cr_assert(ne(str, (char *)sampler_source(sampler), "systemd"));
}

Test(sampler, the_files_of_a_suspect_are_looked_at_in_each_tick_and_those_of_others_are_not)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(fake_close) struct fake_manager fake;
	CLEANUP(sampler_freep) struct sampler *sampler = NULL;
	struct harvest harvest;
	char program[256];

	(void)strcpy(program, scratch_write(&scratch, "program", "old"));
	table.n_max = 4096;
	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	fake.unit[0].program = program;
	fake_serve(&fake);
	cr_assert(zero(int, sampler_new(fake.client, number, NULL, &sampler)));
	fake_serve_no_more(&fake);
	(void)scratch_write(&scratch, "program", "newer");
	cr_assert(zero(int, sampler_take(sampler, SECONDS(1), SECONDS(1), &harvest)));
	cr_assert(eq(str, (char *)harvest.status[0].name, "a.service"));
	cr_assert(zero(u64, harvest.status[0].files_changed_ms));
	sampler_suspect(sampler, 0, true);
	cr_assert(zero(int, sampler_take(sampler, SECONDS(2), SECONDS(2), &harvest)));
	cr_assert(gt(u64, harvest.status[0].files_changed_ms, 0));
}
