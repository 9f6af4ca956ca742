/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When what grows meets its limit, and when nobody can say so. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/chance.h"
#include "judge/forecast.h"
#include "tests/unit/assertion.h"

/* A service whose memory is what the test makes of each second. */
struct tank {
	struct forecast forecast;
	struct chance chance;
	struct unit_status status;
	uint64_t at_s;
	uint32_t flags;
	double base_mib, leak_mib, tooth_mib, noise_mib; /* the leak: a second; a tooth: in 100 s */
	struct evidence evidence;
};

static struct tank make_tank(void)
{
	struct tank tank = { .status = fixture_status("shop.service", 1), .base_mib = 100 };

	chance_init(&tank.chance, 5, 1);
	tank.status.memory_most_bytes = (uint64_t)(512 * MIB);
	return tank;
}

static void look(struct tank *tank, const struct sample *sample, bool anew)
{
	tank->evidence = (struct evidence) { 0 };
	forecast_take(&tank->forecast, sample, anew);
	forecast_tell(&tank->forecast, sample, &tank->status, &tank->evidence);
}

static void fill(struct tank *tank, unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds; i++) {
		struct sample sample = { .when_ms = SECONDS(++tank->at_s), .flags = tank->flags };
		double tooth = tank->tooth_mib * (double)(tank->at_s % 100) / 100;

		tank->base_mib += tank->leak_mib;
		sample_set(&sample, METRIC_RSS,
			   (tank->base_mib + tooth +
			    tank->noise_mib * (chance_share(&tank->chance) - 0.5)) *
				   MIB);
		look(tank, &sample, false);
	}
}

static bool is_told(const struct tank *tank)
{
	return tank->evidence.have_left & METRIC_BIT(METRIC_RSS);
}

static void assert_left(const struct tank *tank, double share)
{
	const struct evidence *evidence = &tank->evidence;
	double truth = (512 - tank->base_mib) / tank->leak_mib;

	cr_assert(is_told(tank));
	cr_assert(eq(dbl, evidence->limit[METRIC_RSS], 512 * MIB));
	cr_assert(epsilon_eq(dbl, evidence->left_s[METRIC_RSS], truth, share * truth));
	cr_assert(le(dbl, evidence->left_soonest_s[METRIC_RSS], evidence->left_s[METRIC_RSS]));
	cr_assert(le(dbl, evidence->left_s[METRIC_RSS], evidence->left_latest_s[METRIC_RSS]));
}

Test(forecast, a_steady_leak_is_told_when_it_meets_its_limit)
{
	struct tank tank = make_tank();

	tank.leak_mib = 0.2;
	fill(&tank, 300);
	assert_left(&tank, 0.02);
}

Test(forecast, a_leak_under_saw_teeth_and_noise_is_told_nearly_as_well)
{
	struct tank tank = make_tank();

	tank.leak_mib = 0.2;
	tank.tooth_mib = 30;
	tank.noise_mib = 4;
	fill(&tank, 1500);
	assert_left(&tank, 0.3);
}

Test(forecast, a_quick_leak_is_not_drowned_in_the_calm_before_it)
{
	struct tank tank = make_tank();

	tank.noise_mib = 1;
	fill(&tank, 3600);
	cr_assert(not(is_told(&tank)));
	tank.leak_mib = 1.5;
	fill(&tank, 220);
	assert_left(&tank, 0.1);
}

Test(forecast, a_leak_too_slow_for_minutes_is_seen_over_half_an_hour)
{
	struct tank tank = make_tank();

	tank.leak_mib = 0.01;
	tank.noise_mib = 12;
	fill(&tank, 200);
	cr_assert(not(is_told(&tank)));
	fill(&tank, 3400);
	assert_left(&tank, 0.5);
}

Test(forecast, saw_teeth_and_noise_alone_have_no_end)
{
	unsigned int n_told = 0;

	for (uint32_t tooth_mib = 0; tooth_mib <= 60; tooth_mib += 20) {
		struct tank tank = make_tank();

		tank.tooth_mib = tooth_mib;
		tank.noise_mib = 10;
		for (unsigned int i = 0; i < 3600; i++) {
			fill(&tank, 1);
			n_told += is_told(&tank);
		}
	}
	/* A window of three minutes may fall into a tooth, and chance will have its share. */
	cr_assert(le(u32, n_told, 4 * 3600 / 20), "%u", n_told);
}

Test(forecast, a_cache_that_fills_what_the_cgroup_may_have_is_no_forecast)
{
	struct tank tank = make_tank();

	for (unsigned int i = 0; i < 1800; i++) {
		struct sample sample = { .when_ms = SECONDS(++tank.at_s) };

		sample_set(&sample, METRIC_RSS, 100 * MIB);
		sample_set(&sample, METRIC_MEMORY, fmin(100 + 0.3 * i, 512) * MIB);
		look(&tank, &sample, false);
		cr_assert(zero(u64, tank.evidence.have_left));
	}
}

Test(forecast, a_limit_by_hand_counts_where_it_is_the_lower_one)
{
	struct tank tank = make_tank();

	tank.status.terms.says = 1u << TERM_LIMITS;
	tank.status.terms.n_limits = 1;
	tank.status.terms.limit[0] = (struct hand_limit) { METRIC_RSS, 300 * MIB };
	tank.leak_mib = 0.2;
	fill(&tank, 300);
	cr_assert(is_told(&tank));
	cr_assert(eq(dbl, tank.evidence.limit[METRIC_RSS], 300 * MIB));
	tank.status.terms.limit[0].most = 600 * MIB;
	fill(&tank, 10);
	cr_assert(eq(dbl, tank.evidence.limit[METRIC_RSS], 512 * MIB));
}

Test(forecast, without_a_limit_nothing_is_told)
{
	struct tank tank = make_tank();

	tank.status.memory_most_bytes = 0;
	tank.leak_mib = 0.2;
	fill(&tank, 300);
	cr_assert(not(is_told(&tank)));
}

Test(forecast, at_its_limit_no_time_is_left)
{
	struct tank tank = make_tank();

	tank.leak_mib = 2;
	fill(&tank, 300);
	cr_assert(is_told(&tank));
	cr_assert(zero(dbl, tank.evidence.left_latest_s[METRIC_RSS]));
}

Test(forecast, a_new_run_a_gap_a_disturbance_and_time_running_backwards_begin_anew)
{
	for (int how = 0; how < 4; how++) {
		struct tank tank = make_tank();
		struct sample sample = { 0 };

		tank.leak_mib = 0.2;
		fill(&tank, 300);
		cr_assert(is_told(&tank));
		sample.when_ms = SECONDS(tank.at_s + (how == 1 ? 62 : 1)) - (how == 3 ? 5000 : 0);
		sample.flags = how == 2 ? SAMPLE_DISTURBED : 0;
		sample_set(&sample, METRIC_RSS, tank.base_mib * MIB);
		look(&tank, &sample, how == 0);
		cr_assert(not(is_told(&tank)), "way %d", how);
	}
}

Test(forecast, a_value_that_is_missing_now_and_then_is_left_out)
{
	struct tank tank = make_tank();

	tank.leak_mib = 0.2;
	for (int i = 0; i < 20; i++) {
		struct sample none = { 0 };

		fill(&tank, 20);
		tank.at_s += 10;
		none.when_ms = SECONDS(tank.at_s);
		look(&tank, &none, false);
		cr_assert(not(is_told(&tank)));
	}
	fill(&tank, 1);
	/* Its leak stood still for a third of the time, which the pace must show. */
	cr_assert(is_told(&tank));
	cr_assert(epsilon_eq(dbl, tank.evidence.left_s[METRIC_RSS],
			     (512 - tank.base_mib) / (0.2 * 20 / 30), 400));
}

/* Descriptors that grow by one a second up to `held`, of so many processes. */
static double descriptors_limit(double processes, double share, uint64_t most)
{
	struct tank tank = make_tank();

	tank.status.descriptors_most = most;
	for (unsigned int i = 0; i < 200; i++) {
		struct sample sample = { .when_ms = SECONDS(++tank.at_s) };

		sample_set(&sample, METRIC_DESCRIPTORS, 301 + i);
		if (processes > 0)
			sample_set(&sample, METRIC_PROCESSES, processes);
		if (share > 0)
			sample_set(&sample, METRIC_DESCRIPTORS_SHARE, share);
		look(&tank, &sample, false);
	}
	if (!(tank.evidence.have_left & METRIC_BIT(METRIC_DESCRIPTORS)))
		return 0;
	return tank.evidence.limit[METRIC_DESCRIPTORS];
}

Test(forecast, the_limit_of_descriptors_is_that_of_the_process_nearest_to_it)
{
	/* 500 of one process that is half full: it has set itself 1000, whatever systemd gave it. */
	cr_assert(epsilon_eq(dbl, descriptors_limit(1, 0.5, 4096), 1000, 1e-6));
	cr_assert(eq(dbl, descriptors_limit(1, 0, 1024), 1024));
	/* Of several, the fullest may still open a quarter of its 1024. */
	cr_assert(epsilon_eq(dbl, descriptors_limit(3, 0.75, 1024), 500 + 256, 1e-6));
	cr_assert(epsilon_eq(dbl, descriptors_limit(3, 0.5, 0), 1000, 1e-6));
	/* Which of them has how many is not known. */
	cr_assert(zero(dbl, descriptors_limit(3, 0, 1024)));
	cr_assert(zero(dbl, descriptors_limit(0, 0, 1024)));
}
