/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The faults of tests/days: each changes what it says, by as much as it says, and nothing else. */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/days/faults.h"
#include "tests/unit/assertion.h"

#define SEED	  5
#define UNIT	  3
#define HEALTHY_S 3000u

/* A service, and the same one without the fault. */
struct pair {
	struct service *ill, *well;
	const struct sample *ill_sample, *well_sample;
	const struct unit_status *ill_status;
};

static void step(struct pair *pair)
{
	const struct unit_status *status;

	service_step(pair->ill, &pair->ill_sample, &pair->ill_status);
	service_step(pair->well, &pair->well_sample, &status);
}

static struct pair begin(const char *kind)
{
	struct pair pair = { 0 };

	cr_assert(eq(int, service_new(kind_named(kind), SEED, UNIT, &pair.ill), 0));
	cr_assert(eq(int, service_new(kind_named(kind), SEED, UNIT, &pair.well), 0));
	for (unsigned int s = 0; s < HEALTHY_S; s++)
		step(&pair);
	return pair;
}

static void end(struct pair *pair)
{
	(void)service_free(pair->ill);
	(void)service_free(pair->well);
}

static void suffer(struct pair *pair, enum fault fault, unsigned int age_s)
{
	struct trouble trouble;

	fault_after(fault, age_s, &trouble);
	service_suffer(pair->ill, &trouble);
	step(pair);
}

static double excess(const struct pair *pair, enum metric metric)
{
	cr_assert(sample_has(pair->ill_sample, metric), "%s", metric_table[metric].name);
	return pair->ill_sample->value[metric] - pair->well_sample->value[metric];
}

/* The metrics that differ in some second of five minutes of it. */
static uint64_t changed_by(const char *kind, enum fault fault)
{
	struct pair pair = begin(kind);
	uint64_t changed = 0;

	for (unsigned int s = 1; s <= 300; s++) {
		suffer(&pair, fault, s);
		changed |= pair.ill_sample->have ^ pair.well_sample->have;
		for (enum metric i = 0; i < METRIC_N; i++)
			if (pair.ill_sample->value[i] != pair.well_sample->value[i])
				changed |= METRIC_BIT(i);
	}
	end(&pair);
	return changed;
}

#define SAID(metric) METRIC_BIT(METRIC_##metric)
/* Who takes CPU makes the others of the unit wait for it, and their clients; fewer calls are in pressure
 * of I/O alone, since something runs. */
#define OF_CPU                                                                                     \
	(SAID(CPU) | SAID(RUN_DELAY) | SAID(SWITCHES_INVOLUNTARY) | SAID(PSI_CPU_SOME) |           \
	 SAID(PSI_CPU_FULL) | SAID(PSI_IO_FULL) | SAID(THREAD_CPU) | SAID(THREAD_SWITCHES))
#define OF_SLOWNESS                                                                                \
	(SAID(CONNECTIONS) | SAID(DESCRIPTORS) | SAID(DESCRIPTORS_SHARE) | SAID(RSS) |             \
	 SAID(MEMORY) | SAID(THREADS) | SAID(PROCESSES) | SAID(BACKLOG) | SAID(BACKLOG_SHARE) |    \
	 SAID(RTT))

Test(faults, each_changes_only_what_it_says)
{
	static const uint64_t said[FAULT_N] = {
		[FAULT_LEAK_QUICK] = SAID(RSS) | SAID(MEMORY),
		[FAULT_LEAK_SLOW] = SAID(RSS) | SAID(MEMORY),
		[FAULT_LEAK_LIMIT] = SAID(RSS) | SAID(MEMORY),
		[FAULT_SPIN] = OF_CPU | OF_SLOWNESS,
		[FAULT_FD_LEAK] = SAID(DESCRIPTORS) | SAID(DESCRIPTORS_SHARE),
		[FAULT_THREAD_LEAK] = SAID(THREADS),
		[FAULT_LATENCY] = OF_SLOWNESS,
		[FAULT_ERRORS] = SAID(ERROR_LINES) | OF_CPU | OF_SLOWNESS,
	};

	for (size_t kind = 0; kind < KINDS_N; kind++)
		for (enum fault fault = 0; fault < FAULT_N; fault++) {
			if (fault == FAULT_HANG || fault == FAULT_MANY_SMALL)
				continue; /* below */
			cr_expect(
				eq(u64, changed_by(kind_table[kind].name, fault) & ~said[fault], 0),
				"%s in %s", fault_table[fault].name, kind_table[kind].name);
		}
}

Test(faults, a_leak_to_a_limit_finds_it_half_of_the_usual_memory_away)
{
	struct pair pair = begin("database");
	double usual = kind_named("database")->rss_bytes;
	double had = pair.ill_sample->value[METRIC_RSS], limit;

	suffer(&pair, FAULT_LEAK_LIMIT, 1);
	limit = (double)pair.ill_status->memory_most_bytes;
	cr_assert(epsilon_eq(dbl, limit, had + 0.5 * usual, 1));
	suffer(&pair, FAULT_LEAK_LIMIT, 2);
	cr_assert(eq(dbl, (double)pair.ill_status->memory_most_bytes, limit));
	end(&pair);
}

Test(faults, leaks_take_as_much_as_they_say)
{
	struct pair pair = begin("database");
	double usual = kind_named("database")->rss_bytes;

	for (unsigned int s = 1; s <= 100; s++)
		suffer(&pair, FAULT_LEAK_SLOW, s);
	/* A tenth, give or take the noise of what is measured. */
	cr_assert(lt(dbl, fabs(excess(&pair, METRIC_RSS) / usual - 0.1), 0.003));
	for (unsigned int s = 1; s <= 100; s++)
		suffer(&pair, FAULT_LEAK_QUICK, s);
	cr_assert(lt(dbl, fabs(excess(&pair, METRIC_RSS) / usual - 5), 0.15));
	for (unsigned int s = 1; s <= 50; s++)
		suffer(&pair, FAULT_THREAD_LEAK, s);
	cr_assert(eq(dbl, excess(&pair, METRIC_THREADS), 50));
	for (unsigned int s = 1; s <= 50; s++)
		suffer(&pair, FAULT_FD_LEAK, s);
	cr_assert(lt(dbl, fabs(excess(&pair, METRIC_DESCRIPTORS) - 100), 6));
	end(&pair);
}

Test(faults, spin_burns_a_core_in_a_thread_that_never_sleeps)
{
	struct pair pair = begin("idle");

	for (unsigned int s = 1; s <= 40; s++)
		suffer(&pair, FAULT_SPIN, s);
	cr_assert(lt(dbl, fabs(excess(&pair, METRIC_CPU) - 1), 0.35));
	cr_assert(gt(dbl, pair.ill_sample->value[METRIC_THREAD_CPU], 0.65));
	cr_assert(eq(dbl, pair.ill_sample->value[METRIC_THREAD_SWITCHES], 0));
	end(&pair);
}

Test(faults, three_times_the_time_to_serve_is_three_times_the_open_connections)
{
	struct pair pair = begin("web");
	double ill = 0, well = 0;

	for (unsigned int s = 1; s <= 600; s++) {
		suffer(&pair, FAULT_LATENCY, s);
		ill += pair.ill_sample->value[METRIC_CONNECTIONS];
		well += pair.well_sample->value[METRIC_CONNECTIONS];
	}
	cr_assert(lt(dbl, fabs(ill / well - 3), 0.3));
	end(&pair);
}

Test(faults, hang_stands_still_while_its_queue_grows_until_it_is_full)
{
	struct pair pair = begin("web");
	double backlog = 0, most = kind_named("web")->backlog_most + 1;

	for (unsigned int s = 1; s <= 60; s++) {
		suffer(&pair, FAULT_HANG, s);
		cr_assert(eq(dbl, pair.ill_sample->value[METRIC_CPU], 0));
		cr_assert(eq(dbl, pair.ill_sample->value[METRIC_SWITCHES_VOLUNTARY], 0));
		cr_assert(eq(dbl, pair.ill_sample->value[METRIC_RUN_DELAY], 0));
		cr_assert(eq(dbl, excess(&pair, METRIC_ACCEPTS), 0)); /* the kernel takes them in */
		if (pair.ill_sample->age_s[METRIC_BACKLOG] == 0 && s > 5) {
			cr_assert(gt(dbl, pair.ill_sample->value[METRIC_BACKLOG],
				     fmin(backlog, most - 1)));
			backlog = pair.ill_sample->value[METRIC_BACKLOG];
		}
	}
	cr_assert(eq(dbl, backlog, most));
	end(&pair);
}

Test(faults, one_request_of_five_is_an_error_line)
{
	struct pair pair = begin("database");
	double errors = 0, accepts = 0;

	for (unsigned int s = 1; s <= 300; s++) {
		suffer(&pair, FAULT_ERRORS, s);
		errors += excess(&pair, METRIC_ERROR_LINES);
		accepts += pair.ill_sample->value[METRIC_ACCEPTS];
	}
	/* of its requests, of which accepts are a known share */
	cr_assert(lt(dbl, fabs(errors / (accepts / kind_named("database")->accepts) - 0.2), 0.01));
	end(&pair);
}

Test(faults, many_small_moves_its_dozen_metrics_and_no_other)
{
	uint64_t said = 0;

	for (size_t i = 0; i < SMALL_N; i++)
		said |= METRIC_BIT(small_metrics[i]);
	for (size_t i = 0; i < KINDS_N; i++)
		cr_assert(eq(u64, changed_by(kind_table[i].name, FAULT_MANY_SMALL) & ~said, 0));
	cr_assert(eq(u64, changed_by("web", FAULT_MANY_SMALL), said));
}

Test(faults, nothing_is_wrong_in_the_control)
{
	cr_assert(eq(u64, changed_by("webjobs", FAULT_CONTROL), 0));
}

Test(faults, slowness_and_errors_show_only_where_there_are_clients_enough)
{
	cr_assert(fault_is_visible(FAULT_LATENCY, kind_named("web")));
	cr_assert(not(fault_is_visible(FAULT_LATENCY, kind_named("worker"))));
	cr_assert(not(fault_is_visible(FAULT_ERRORS, kind_named("idle"))));
	cr_assert(fault_is_visible(FAULT_HANG, kind_named("idle")));
	cr_assert(not(fault_is_visible(FAULT_HANG, kind_named("worker"))));
	cr_assert(fault_is_visible(FAULT_LEAK_SLOW, kind_named("worker")));
}
