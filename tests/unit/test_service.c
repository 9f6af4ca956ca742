/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The invented services of tests/days: their days are as their kinds say, and like a sampler's. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/days/luck.h"
#include "tests/days/service.h"
#include "tests/unit/assertion.h"

#define SEED   5
#define UNIT   3
#define HOUR_S 3600u
#define DAY_S  86400u

static struct service *begin(const char *kind, uint64_t seed)
{
	struct service *service = NULL;

	cr_assert(ne(ptr, (void *)kind_named(kind), NULL));
	cr_assert(eq(int, service_new(kind_named(kind), seed, UNIT, &service), 0));
	return service;
}

static const struct sample *next(struct service *service)
{
	const struct unit_status *status;
	const struct sample *sample;

	service_step(service, &sample, &status);
	cr_assert(eq(u64, sample->have != 0, status->active == UNIT_ACTIVE_ACTIVE));
	return sample;
}

/* The mean of what was known of a metric in the next seconds. */
static double mean(struct service *service, enum metric metric, unsigned int seconds)
{
	double sum = 0;
	unsigned int n = 0;

	for (unsigned int i = 0; i < seconds; i++) {
		const struct sample *sample = next(service);

		if (!sample_has(sample, metric))
			continue;
		sum += sample->value[metric];
		n++;
	}
	cr_assert(gt(uint, n, 0));
	return sum / n;
}

Test(service, same_kind_and_seed_give_the_same_days_byte_for_byte)
{
	for (size_t i = 0; i < KINDS_N; i++) {
		CLEANUP(service_freep) struct service *one = begin(kind_table[i].name, SEED);
		CLEANUP(service_freep) struct service *two = begin(kind_table[i].name, SEED);
		const struct unit_status *status[2];
		const struct sample *sample[2];

		for (unsigned int s = 0; s < 2 * HOUR_S; s++) {
			service_step(one, &sample[0], &status[0]);
			service_step(two, &sample[1], &status[1]);
			cr_assert(eq(int, memcmp(sample[0], sample[1], sizeof(*sample[0])), 0));
			cr_assert(eq(int, memcmp(status[0], status[1], sizeof(*status[0])), 0));
		}
	}
}

Test(service, another_seed_gives_another_day)
{
	CLEANUP(service_freep) struct service *one = begin("web", 1);
	CLEANUP(service_freep) struct service *other = begin("web", 2);
	unsigned int n_same = 0;

	for (unsigned int s = 0; s < 100; s++)
		n_same += next(one)->value[METRIC_CPU] == next(other)->value[METRIC_CPU];
	cr_assert(lt(uint, n_same, 5));
}

Test(service, web_has_many_times_more_to_do_by_day_than_by_night)
{
	CLEANUP(service_freep) struct service *service = begin("web", SEED);
	double most = 0, least = INFINITY;

	for (unsigned int hour = 0; hour < 24; hour++) {
		double accepts = mean(service, METRIC_ACCEPTS, HOUR_S);

		most = fmax(most, accepts);
		least = fmin(least, accepts);
	}
	cr_assert(gt(dbl, most, 5 * least));
}

Test(service, worker_is_idle_most_of_the_time_and_busy_for_minutes)
{
	CLEANUP(service_freep) struct service *service = begin("worker", SEED);
	unsigned int n_idle = 0, busy = 0, longest = 0;

	for (unsigned int s = 0; s < 12 * HOUR_S; s++) {
		const struct sample *sample = next(service);
		double cpu = sample_has(sample, METRIC_CPU) ? sample->value[METRIC_CPU] : 0;

		n_idle += cpu < 0.05;
		busy = cpu > 0.3 ? busy + 1 : 0;
		longest = busy > longest ? busy : longest;
	}
	cr_assert(gt(uint, n_idle, 6 * HOUR_S));
	cr_assert(gt(uint, longest, 120));
}

Test(service, database_writes_its_changes_out_every_five_minutes)
{
	CLEANUP(service_freep) struct service *service = begin("database", SEED);

	for (unsigned int window = 0; window < 24; window++) {
		unsigned int n_writing = 0;

		for (unsigned int s = 0; s < 300; s++)
			n_writing += next(service)->value[METRIC_WRITE_BYTES] > 3.5 * 1048576;
		cr_assert(gt(uint, n_writing, 30), "window %u", window);
		cr_assert(lt(uint, n_writing, 240), "window %u", window);
	}
}

Test(service, nearly_idle_daemon_uses_less_than_a_hundredth_of_a_core)
{
	CLEANUP(service_freep) struct service *service = begin("idle", SEED);

	cr_assert(lt(dbl, mean(service, METRIC_CPU, 12 * HOUR_S), 0.01));
}

/* The thing that tells it from serving clients: a thread that does not sleep, and no storage. */
Test(service, web_with_jobs_computes_for_minutes_in_one_thread)
{
	CLEANUP(service_freep) struct service *service = begin("webjobs", SEED);
	unsigned int n_computing = 0;

	for (unsigned int s = 0; s < 12 * HOUR_S; s++) {
		const struct sample *sample = next(service);

		n_computing += sample_has(sample, METRIC_THREAD_CPU) &&
			       sample->value[METRIC_THREAD_CPU] > 0.8 &&
			       sample->value[METRIC_THREAD_SWITCHES] < 20 &&
			       sample->value[METRIC_READ_BYTES] < 1048576;
	}
	cr_assert(gt(uint, n_computing, 600));
}

/* Of noise without a memory no detector has anything to fear. */
Test(service, one_second_is_like_the_one_before)
{
	CLEANUP(service_freep) struct service *service = begin("web", SEED);
	double sum = 0, square = 0, product = 0, before = next(service)->value[METRIC_MINOR_FAULTS];
	const unsigned int n = 1200;

	for (unsigned int s = 0; s < n; s++) {
		double now = next(service)->value[METRIC_MINOR_FAULTS];

		sum += now;
		square += now * now;
		product += now * before;
		before = now;
	}
	sum /= n;
	cr_assert(gt(dbl, (product / n - sum * sum) / (square / n - sum * sum), 0.7));
}

Test(service, pressure_is_told_every_other_second)
{
	CLEANUP(service_freep) struct service *service = begin("database", SEED);
	unsigned int n_told[2] = { 0 };

	for (unsigned int s = 0; s < 1000; s++)
		n_told[s % 2] += next(service)->value[METRIC_PSI_IO_SOME] > 0;
	cr_assert(gt(uint, n_told[0] > n_told[1] ? n_told[0] : n_told[1], 490));
	cr_assert(eq(uint, n_told[0] < n_told[1] ? n_told[0] : n_told[1], 0));
}

Test(service, sockets_are_read_every_five_seconds_and_told_with_their_age)
{
	CLEANUP(service_freep) struct service *service = begin("web", SEED);
	double connections = 0;

	for (unsigned int s = 0; s < 100; s++) {
		const struct sample *sample = next(service);

		cr_assert(eq(u8, sample->age_s[METRIC_CONNECTIONS], s % 5));
		cr_assert(eq(u8, sample->age_s[METRIC_THREAD_CPU], s % 10));
		if (s % 5 > 0)
			cr_assert(eq(dbl, sample->value[METRIC_CONNECTIONS], connections));
		connections = sample->value[METRIC_CONNECTIONS];
	}
}

Test(service, who_listens_nowhere_has_no_queue)
{
	CLEANUP(service_freep) struct service *worker = begin("worker", SEED);
	CLEANUP(service_freep) struct service *web = begin("web", SEED);

	cr_assert(not(sample_has(next(worker), METRIC_BACKLOG)));
	cr_assert(sample_has(next(web), METRIC_BACKLOG));
}

Test(service, without_a_connection_no_round_trip_is_told)
{
	CLEANUP(service_freep) struct service *service = begin("idle", SEED);
	unsigned int n_without = 0;

	for (unsigned int s = 0; s < 1000; s++) {
		const struct sample *sample = next(service);

		cr_assert(eq(int, sample_has(sample, METRIC_RTT),
			     sample->value[METRIC_CONNECTIONS] > 0));
		n_without += !sample_has(sample, METRIC_RTT);
	}
	cr_assert(gt(uint, n_without, 0));
}

Test(service, first_sample_of_a_run_has_levels_only)
{
	CLEANUP(service_freep) struct service *service = begin("web", SEED);
	const struct sample *sample = next(service);

	cr_assert(eq(u32, sample->span_ms, 0));
	cr_assert(sample_has(sample, METRIC_RSS));
	for (enum metric metric = 0; metric < METRIC_N; metric++)
		if (!metric_is_of_moment(metric))
			cr_assert(not(sample_has(sample, metric)), "%s", metric_table[metric].name);
	sample = next(service);
	cr_assert(eq(u32, sample->span_ms, 1000));
	cr_assert(sample_has(sample, METRIC_CPU));
}

Test(service, deployment_is_a_short_gap_and_then_a_new_run)
{
	CLEANUP(service_freep) struct service *service = begin("web", SEED);
	uint8_t run[INVOCATION_SIZE];
	const struct unit_status *status;
	const struct sample *sample;
	unsigned int n_down = 0, n_new = 0;

	service_step(service, &sample, &status);
	memcpy(run, status->invocation, sizeof(run));
	for (unsigned int s = 0; s < 14 * DAY_S; s++) {
		bool is_new;

		service_step(service, &sample, &status);
		is_new = memcmp(run, status->invocation, sizeof(run)) != 0;
		memcpy(run, status->invocation, sizeof(run));
		n_new += is_new;
		n_down += status->active != UNIT_ACTIVE_ACTIVE;
		cr_assert(eq(int, memcmp(sample->invocation, run, sizeof(run)), 0));
		if (is_new)
			cr_assert(eq(int, status->active, UNIT_ACTIVE_ACTIVATING));
	}
	cr_assert(gt(uint, n_new, 2));
	cr_assert(eq(uint, n_down, 2 * n_new));
}

Test(service, it_says_what_goes_on)
{
	CLEANUP(service_freep) struct service *service = begin("database", SEED);
	char doings[256];
	unsigned int n_checkpoints = 0;

	for (unsigned int s = 0; s < HOUR_S; s++) {
		(void)next(service);
		n_checkpoints += strstr(service_doings(service, doings, sizeof(doings)),
					"checkpoint") != NULL;
	}
	cr_assert(gt(uint, n_checkpoints, 12 * 100));
	cr_assert(lt(uint, n_checkpoints, HOUR_S));
}

Test(luck, each_call_takes_one_number_whatever_is_asked)
{
	struct luck one = luck_begin(SEED, 0), other = luck_begin(SEED, 0);

	(void)luck_count(&one, 0.01);
	(void)luck_count(&other, 1e6);
	cr_assert(eq(dbl, luck_share(&one), luck_share(&other)));
}

Test(luck, counts_are_as_many_in_the_mean_as_was_said)
{
	static const double means[] = { 0.2, 3, 15, 17, 400 };

	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++) {
		struct luck luck = luck_begin(SEED, i);
		const unsigned int n = 20000;
		double sum = 0;

		for (unsigned int k = 0; k < n; k++)
			sum += luck_count(&luck, means[i]);
		/* four standard errors of Poisson's law */
		cr_assert(lt(dbl, fabs(sum / n - means[i]), 4 * sqrt(means[i] / n)));
	}
}
