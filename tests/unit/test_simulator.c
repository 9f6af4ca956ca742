/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The invented fleet: the same story for the same seed, and faults that only a restart ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "sense/simulator.h"
#include "tests/unit/assertion.h"

#define WEB    1
#define WORKER 2
#define BEGIN  HOURS(5)

static uint32_t number(const char *name, void *userdata)
{
	(void)userdata;
	return strcmp(name, "sim-web.service") == 0 ? WEB : WORKER;
}

static struct simulator *begin(uint64_t seed)
{
	struct simulator *simulator = NULL;

	cr_assert(eq(int, simulator_new(seed, number, NULL, &simulator), 0));
	return simulator;
}

/* The sample of one unit at that moment. */
static struct sample take(struct simulator *simulator, uint32_t unit, uint64_t when_ms,
			  uint32_t span_ms)
{
	const struct unit_status *status;
	const struct sample *samples;

	simulator_take(simulator, when_ms, when_ms + DAYS(20000), span_ms, &samples, &status);
	cr_assert(eq(u32, status[unit - 1].unit, unit));
	return samples[unit - 1];
}

static const struct unit_status *status_at(struct simulator *simulator, uint32_t unit,
					   uint64_t when_ms)
{
	const struct unit_status *status;
	const struct sample *samples;

	simulator_take(simulator, when_ms, 0, 1000, &samples, &status);
	return &status[unit - 1];
}

/* Mean of a metric over some seconds, a sample each. */
static double mean(struct simulator *simulator, uint32_t unit, enum metric metric, uint64_t from_ms,
		   unsigned int n)
{
	double sum = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct sample sample = take(simulator, unit, from_ms + SECONDS(i), 1000);

		cr_assert(sample_has(&sample, metric), "%s at %u", metric_table[metric].name, i);
		sum += sample.value[metric];
	}
	return sum / n;
}

Test(simulator, same_seed_and_calls_give_the_same_samples)
{
	CLEANUP(simulator_freep) struct simulator *one = begin(7);
	CLEANUP(simulator_freep) struct simulator *two = begin(7);
	CLEANUP(simulator_freep) struct simulator *other = begin(8);
	bool differs = false;

	for (unsigned int i = 0; i < 300; i++) {
		struct sample a = take(one, WORKER, BEGIN + SECONDS(i), 1000);
		struct sample b = take(two, WORKER, BEGIN + SECONDS(i), 1000);
		struct sample c = take(other, WORKER, BEGIN + SECONDS(i), 1000);

		cr_assert(eq(u64, a.have, b.have), "second %u", i);
		for (size_t metric = 0; metric < METRIC_N; metric++)
			cr_assert(eq(dbl, a.value[metric], b.value[metric]), "second %u", i);
		cr_assert(eq(int, memcmp(a.invocation, b.invocation, INVOCATION_SIZE), 0));
		differs = differs || a.value[METRIC_RSS] != c.value[METRIC_RSS];
	}
	cr_assert(differs);
}

Test(simulator, services_are_synthetic_active_and_meant_to_stay_up)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(1);

	for (uint32_t unit = WEB; unit <= WORKER; unit++) {
		const struct unit_status *status = status_at(simulator, unit, BEGIN);
		struct sample sample = take(simulator, unit, BEGIN + SECONDS(1), 1000);

		cr_assert(eq(str, (char *)status->name, (char *)simulator_unit_name(unit - 1)));
		cr_assert(eq(u32, status->flags, UNIT_SYNTHETIC | UNIT_LONG_RUNNING));
		cr_assert(eq(int, status->active, UNIT_ACTIVE_ACTIVE));
		cr_assert(unit_has_invocation(status));
		cr_assert(ne(u64, status->identity, 0));
		cr_assert(eq(u32, sample.flags, SAMPLE_SYNTHETIC));
		cr_assert(eq(u64, sample.wall_ms, sample.when_ms + DAYS(20000)));
		cr_assert(
			eq(int, memcmp(sample.invocation, status->invocation, INVOCATION_SIZE), 0));
		cr_assert(eq(int, __builtin_popcountll(sample.have), 24));
	}
	cr_assert(eq(ptr, (void *)simulator_unit_name(SIMULATOR_UNITS), NULL));
	cr_assert(eq(ptr, (void *)simulator_fault_name(2), NULL));
}

Test(simulator, health_stays_in_a_realistic_range_and_has_a_rhythm)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(3);

	for (uint32_t unit = WEB; unit <= WORKER; unit++) {
		double least = 1e9, most = 0;

		(void)take(simulator, unit, BEGIN, 1000);
		for (unsigned int i = 1; i < 1200; i++) {
			struct sample sample =
				take(simulator, unit, BEGIN + HOURS(unit) + SECONDS(i), 1000);
			double cpu = sample.value[METRIC_CPU];

			least = cpu < least ? cpu : least;
			most = cpu > most ? cpu : most;
			cr_assert(lt(dbl, sample.value[METRIC_PSI_CPU_SOME], 0.15));
			cr_assert(lt(dbl, sample.value[METRIC_RSS], 220.0 * 1024 * 1024));
			cr_assert(gt(dbl, sample.value[METRIC_RSS], 60.0 * 1024 * 1024));
			cr_assert(eq(dbl, sample.value[METRIC_PROCESSES], 9));
			cr_assert(eq(dbl, sample.value[METRIC_EXITS_FAILED], 0));
		}
		cr_assert(gt(dbl, least, 0.0));
		cr_assert(gt(dbl, most, 3 * least), "unit %u", unit);
		cr_assert(lt(dbl, most, 1.3));
	}
}

Test(simulator, a_past_at_ten_seconds_looks_like_the_present_at_one)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(4);
	double past = 0, past_forks = 0, forks = 0;

	for (unsigned int i = 0; i < 180; i++) {
		struct sample sample = take(simulator, WEB, BEGIN + SECONDS(10 * i), 10000);

		cr_assert(eq(u32, sample.span_ms, i == 0 ? 0 : 10000));
		past += sample.value[METRIC_RSS] / 180;
		past_forks += sample_has(&sample, METRIC_FORKS) ? sample.value[METRIC_FORKS] : 0;
	}
	for (unsigned int i = 0; i < 1800; i++)
		forks += take(simulator, WEB, BEGIN + SECONDS(1800 + i), 1000).value[METRIC_FORKS];
	cr_assert(epsilon_eq(dbl, mean(simulator, WEB, METRIC_RSS, BEGIN + HOURS(1), 600), past,
			     0.02 * past));
	cr_assert(gt(dbl, past_forks, 20.0)); /* 54 in half an hour are to be expected */
	cr_assert(lt(dbl, past_forks, 110.0));
	cr_assert(gt(dbl, forks, 20.0));
	cr_assert(lt(dbl, forks, 110.0));
}

Test(simulator, first_sample_has_levels_only)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(5);
	struct sample sample = take(simulator, WEB, BEGIN, 1000);

	cr_assert(eq(u32, sample.span_ms, 0));
	cr_assert(sample_has(&sample, METRIC_RSS));
	cr_assert(not(sample_has(&sample, METRIC_CPU)));
	cr_assert(not(sample_has(&sample, METRIC_RESTARTS)));
	cr_assert(not(sample_has(&sample, METRIC_SWAP)));
}

Test(simulator, memory_leak_shows_within_ten_seconds_and_ends_at_a_limit)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(6);
	double before = mean(simulator, WEB, METRIC_RSS, BEGIN, 60);
	double account = mean(simulator, WEB, METRIC_MEMORY, BEGIN + SECONDS(60), 30);
	struct sample sample;

	cr_assert(eq(
		int,
		simulator_inject(simulator, "memory-leak", "sim-web.service", BEGIN + SECONDS(100)),
		0));
	sample = take(simulator, WEB, BEGIN + SECONDS(110), 1000);
	cr_assert(gt(dbl, sample.value[METRIC_RSS], 1.25 * before));
	cr_assert(gt(dbl, sample.value[METRIC_MEMORY], 1.15 * account));
	sample = take(simulator, WEB, BEGIN + HOURS(3), 1000);
	cr_assert(gt(dbl, sample.value[METRIC_RSS], 10 * before));
	cr_assert(lt(dbl, sample.value[METRIC_RSS], 20 * before));
	sample = take(simulator, WORKER, BEGIN + HOURS(3) + 1000, 1000);
	cr_assert(lt(dbl, sample.value[METRIC_RSS], 120.0 * 1024 * 1024), "the other is well");
}

Test(simulator, cpu_spike_takes_a_core_and_its_clients_wait)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(6);
	const uint64_t ill = BEGIN + SECONDS(600); /* at the same time of its day */
	double cpu, switches;

	(void)take(simulator, WEB, BEGIN, 1000);
	cpu = mean(simulator, WEB, METRIC_CPU, BEGIN + 1000, 30);
	switches = mean(simulator, WEB, METRIC_SWITCHES_VOLUNTARY, BEGIN + SECONDS(40), 10);

	cr_assert(eq(int, simulator_inject(simulator, "cpu-spike", "sim-web.service", ill), 0));
	cr_assert(
		epsilon_eq(dbl, mean(simulator, WEB, METRIC_CPU, ill + 1000, 30), cpu + 1.0, 0.15));
	cr_assert(lt(dbl, mean(simulator, WEB, METRIC_SWITCHES_VOLUNTARY, ill + SECONDS(40), 10),
		     0.5 * switches));
	cr_assert(epsilon_eq(dbl, mean(simulator, WEB, METRIC_PSI_CPU_SOME, ill + SECONDS(50), 10),
			     0.6, 0.1));
	cr_assert(gt(dbl, mean(simulator, WEB, METRIC_RUN_DELAY, ill + SECONDS(60), 10), 0.6));
}

Test(simulator, fault_ends_only_by_restart_or_after_its_long_time)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(9);
	const uint64_t late = BEGIN + SIMULATOR_FAULT_MS - SECONDS(20);

	(void)take(simulator, WEB, BEGIN, 1000);
	cr_assert(eq(int, simulator_inject(simulator, "cpu-spike", "sim-web.service", BEGIN), 0));
	cr_assert(
		eq(int, simulator_inject(simulator, "cpu-spike", "sim-worker.service", BEGIN), 0));
	cr_assert(gt(dbl, mean(simulator, WEB, METRIC_PSI_CPU_SOME, late, 5), 0.4));
	cr_assert(eq(int, simulator_restart(simulator, WEB, late + SECONDS(6)), 0));
	(void)take(simulator, WEB, late + SECONDS(9), 1000);
	cr_assert(lt(dbl, mean(simulator, WEB, METRIC_PSI_CPU_SOME, late + SECONDS(10), 5), 0.2));
	cr_assert(
		gt(dbl, mean(simulator, WORKER, METRIC_PSI_CPU_SOME, late + SECONDS(15), 3), 0.4));
	cr_assert(
		lt(dbl, mean(simulator, WORKER, METRIC_PSI_CPU_SOME, late + SECONDS(21), 3), 0.2));
}

Test(simulator, restart_goes_down_and_comes_up_as_another_invocation_with_cold_caches)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(10);
	const uint64_t asked = BEGIN + SECONDS(60);
	uint8_t before[INVOCATION_SIZE];
	struct sample sample;
	double rss = mean(simulator, WEB, METRIC_RSS, BEGIN, 60);

	memcpy(before, status_at(simulator, WEB, asked)->invocation, sizeof(before));
	cr_assert(eq(int, simulator_restart(simulator, WEB, asked), 0));
	cr_assert(eq(int, simulator_restart(simulator, WEB, asked + 1500), -EALREADY));

	cr_assert(
		eq(int, status_at(simulator, WEB, asked + 500)->active, UNIT_ACTIVE_DEACTIVATING));
	cr_assert(
		eq(int, memcmp(status_at(simulator, WEB, asked + 600)->invocation, before, 16), 0));
	sample = take(simulator, WEB, asked + 1500, 1000);
	cr_assert(eq(u64, sample.have, 0));
	cr_assert(ne(int, memcmp(sample.invocation, before, 16), 0));
	cr_assert(eq(int, status_at(simulator, WEB, asked + 1600)->active, UNIT_ACTIVE_ACTIVATING));
	cr_assert(not(simulator_is_up(simulator, WEB, asked + 1999)));
	cr_assert(simulator_is_up(simulator, WEB, asked + 2000));
	cr_assert(simulator_is_up(simulator, WORKER, asked + 1));

	sample = take(simulator, WEB, asked + 2500, 1000);
	cr_assert(eq(u32, sample.span_ms, 0), "a new run begins with levels");
	cr_assert(lt(dbl, sample.value[METRIC_RSS], 0.85 * rss));
	sample = take(simulator, WEB, asked + 3500, 1000);
	cr_assert(gt(dbl, sample.value[METRIC_MAJOR_FAULTS], 20.0));
	sample = take(simulator, WEB, asked + SECONDS(14), 1000);
	cr_assert(lt(dbl, sample.value[METRIC_MAJOR_FAULTS], 2.0));
	cr_assert(
		eq(u64, status_at(simulator, WEB, asked + SECONDS(15))->changed_ms, asked + 2000));
}

Test(simulator, nonsense_is_refused)
{
	CLEANUP(simulator_freep) struct simulator *simulator = begin(1);

	cr_assert(eq(int, simulator_inject(simulator, "cpu-spike", "ssh.service", 1), -ENOENT));
	cr_assert(eq(int, simulator_inject(simulator, "flood", "sim-web.service", 1), -EINVAL));
	cr_assert(eq(int, simulator_inject(simulator, "", "sim-web.service", 1), -EINVAL));
	cr_assert(eq(int, simulator_inject(simulator, "cpu-spike", "sim-web.service", 1), 0));
	cr_assert(eq(int, simulator_inject(simulator, "memory-leak", "sim-web.service", 2),
		     -EALREADY));
	cr_assert(eq(int, simulator_restart(simulator, 99, 1), -ENOENT));
	cr_assert(not(simulator_is_up(simulator, 99, 1)));
}
