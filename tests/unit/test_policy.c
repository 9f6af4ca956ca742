/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we dare, and what we do not. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/clock.h"
#include "fixture.h"
#include "judge/untouchable.h"
#include "tests/unit/assertion.h"
#include "tests/unit/fixture_policy.h"

static enum why why_for(const struct unit_status *status, const struct policy_case *circumstance)
{
	struct config config = fixture_config();
	struct verdict verdict = fixture_sick(1000);
	struct policy policy;

	fixture_policy(&config, &policy);
	return policy_decide(&policy, &verdict, status, circumstance).why;
}

Test(policy, after_a_boot_nothing_is_healed_for_a_while_unless_by_order)
{
	struct config config = fixture_config();
	struct verdict verdict = fixture_sick(MINUTES(4));
	struct unit_status status = fixture_status("shop.service", 1);
	struct decision decision;
	struct policy policy;

	config.boot_blackout_ms = MINUTES(5);
	fixture_policy(&config, &policy);
	decision = policy_decide(&policy, &verdict, &status, &fixture_fine);
	cr_assert(eq(int, decision.why, WHY_BOOTING));
	cr_assert(eq(u64, decision.until_ms, MINUTES(5)));
	verdict.flags = SAMPLE_BY_HAND;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	verdict.flags = SAMPLE_SYNTHETIC;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(5)).why, WHY_ALLOWED));
}

Test(policy, mock_is_the_way_unless_told_to_enforce)
{
	struct config config;
	struct policy policy;

	config_defaults(&config);
	config.boot_blackout_ms = 0;
	fixture_policy(&config, &policy);
	cr_assert(eq(int, fixture_sick_at(&policy, 1000).way, WAY_MOCK));
	config.mode = MODE_ENFORCE;
	fixture_policy(&config, &policy);
	cr_assert(eq(int, fixture_sick_at(&policy, 1000).way, WAY_SYSTEMD));
	config.mode = MODE_OBSERVE;
	fixture_policy(&config, &policy);
	cr_assert(eq(int, fixture_sick_at(&policy, 1000).why, WHY_OBSERVING));
}

Test(policy, what_somebody_paused_is_left_alone_until_it_is_resumed)
{
	struct config config = fixture_config();
	struct hold hold = { 0 };
	struct policy policy;

	fixture_policy(&config, &policy);
	policy.hold = &hold;
	(void)hold_unit(&hold, "shop.service", 1, "");
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(1)).why, WHY_PAUSED));
	hold_release_all(&hold);
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(2)).why, WHY_ALLOWED));
	hold_all(&hold, "");
	cr_assert(eq(int, fixture_sick_at(&policy, MINUTES(20)).why, WHY_PAUSED));
}

Test(policy, a_units_own_mode_wins_but_not_over_a_host_that_only_observes)
{
	static const struct {
		enum mode host, own;
		enum why why;
		enum way way;
	} cases[] = {
		{ MODE_MOCK, MODE_ENFORCE, WHY_ALLOWED, WAY_SYSTEMD },
		{ MODE_ENFORCE, MODE_MOCK, WHY_ALLOWED, WAY_MOCK },
		{ MODE_ENFORCE, MODE_OBSERVE, WHY_OBSERVING, WAY_NONE },
		{ MODE_ENFORCE, MODE_APPROVE, WHY_NOT_APPROVED, WAY_NONE },
		{ MODE_OBSERVE, MODE_ENFORCE, WHY_OBSERVING, WAY_NONE },
	};
	struct unit_status status = fixture_status("shop.service", 1);
	struct verdict verdict = fixture_sick(1000);
	struct config config = fixture_config();
	struct policy policy;
	struct decision decision;

	status.terms.says |= 1u << TERM_MODE;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config.mode = cases[i].host;
		status.terms.mode = cases[i].own;
		fixture_policy(&config, &policy);
		decision = policy_decide(&policy, &verdict, &status, &fixture_fine);
		cr_assert(eq(int, decision.why, cases[i].why), "case %zu", i);
		cr_assert(eq(int, decision.way, cases[i].way), "case %zu", i);
	}
}

Test(policy, a_unit_whose_own_word_cannot_be_read_is_left_alone)
{
	struct unit_status status = fixture_status("shop.service", 1);

	status.flags |= UNIT_POLICY_BROKEN;
	status.terms.says = 1u << TERM_MODE;
	status.terms.mode = MODE_ENFORCE;
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_POLICY_BROKEN));
}

Test(policy, a_simulated_service_never_reaches_systemd)
{
	struct config config = fixture_config();
	struct unit_status status = fixture_status("sim-web.service", 1);
	struct verdict verdict = fixture_sick(1000);
	struct policy policy;

	fixture_policy(&config, &policy);
	verdict.flags = SAMPLE_SYNTHETIC;
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).way,
		     WAY_SIMULATOR));
}

Test(policy, by_hand_heal_on_does_not_bind_and_all_else_does)
{
	struct unit_status status = fixture_status("shop.service", 1);
	struct config config = fixture_config();
	struct verdict verdict = fixture_sick(1000);
	struct hold hold = { .all = true };
	struct policy policy;

	config.heal_on = 0;
	fixture_policy(&config, &policy);
	verdict.flags |= SAMPLE_BY_HAND;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	status.terms.says |= 1u << TERM_MODE;
	status.terms.mode = MODE_APPROVE;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	status.terms.mode = MODE_OBSERVE;
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why,
		     WHY_OBSERVING));
	status = fixture_status("dbus.service", 1);
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why,
		     WHY_UNTOUCHABLE));
	status = fixture_status("shop.service", 1);
	policy.hold = &hold;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_PAUSED));
}

Test(policy, a_class_that_is_not_in_heal_on_is_not_healed)
{
	struct config config = fixture_config();
	struct policy policy;

	config.heal_on = 1u << FAULT_CLASS_CRASH;
	fixture_policy(&config, &policy);
	cr_assert(eq(int, fixture_sick_at(&policy, 1000).why, WHY_NOT_IN_HEAL_ON));
}

Test(policy, without_systemd_nobody_is_restarted)
{
	struct config config = fixture_config();
	struct policy policy;

	fixture_policy(&config, &policy);
	policy.can_act[WAY_SYSTEMD] = false;
	cr_assert(eq(int, fixture_sick_at(&policy, 1000).why, WHY_NO_MANAGER));
}

Test(policy, each_nature_and_state_that_forbids_an_action_is_named)
{
	static const struct {
		const char *what;
		uint32_t flags;
		enum unit_kind kind;
		enum unit_active active;
		enum why why;
	} cases[] = {
		{ "well", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE, WHY_ALLOWED },
		{ "failed", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_FAILED, WHY_ALLOWED },
		{ "transient", UNIT_TRANSIENT, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE,
		  WHY_TRANSIENT },
		{ "timer", UNIT_TIMER_STARTED, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE,
		  WHY_TIMER_STARTED },
		{ "connection", UNIT_PER_CONNECTION, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE,
		  WHY_PER_CONNECTION },
		{ "refuses", UNIT_REFUSES_ORDERS, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE,
		  WHY_REFUSES_ORDERS },
		{ "masked", UNIT_MASKED, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE,
		  WHY_REFUSES_ORDERS },
		{ "names cut", UNIT_NAMES_CUT, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE,
		  WHY_UNTOUCHABLE },
		{ "stopped", UNIT_STOPPED_BY_HAND, UNIT_KIND_SERVICE, UNIT_ACTIVE_FAILED,
		  WHY_STOPPED_BY_HAND },
		{ "inactive", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_INACTIVE, WHY_STOPPED_BY_HAND },
		{ "job", UNIT_JOB_PENDING, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVE, WHY_JOB_PENDING },
		{ "auto-restart", UNIT_AUTO_RESTART, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVATING,
		  WHY_CHANGING_STATE },
		{ "activating", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_ACTIVATING, WHY_CHANGING_STATE },
		{ "reloading", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_RELOADING, WHY_CHANGING_STATE },
		{ "gone", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_GONE, WHY_GONE },
		{ "unknown", 0, UNIT_KIND_SERVICE, UNIT_ACTIVE_UNKNOWN, WHY_NO_MANAGER },
		{ "scope", 0, UNIT_KIND_SCOPE, UNIT_ACTIVE_ACTIVE, WHY_NOT_LONG_RUNNING },
		{ "shared", 0, UNIT_KIND_SHARED, UNIT_ACTIVE_ACTIVE, WHY_TRANSIENT },
		{ "cgroup", 0, UNIT_KIND_CGROUP, UNIT_ACTIVE_UNKNOWN, WHY_NO_MANAGER },
		{ "tree", 0, UNIT_KIND_TREE, UNIT_ACTIVE_UNKNOWN, WHY_NO_MANAGER },
		{ "host", 0, UNIT_KIND_HOST, UNIT_ACTIVE_UNKNOWN, WHY_NO_MANAGER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct unit_status status = fixture_status("shop.service", 1);

		status.kind = cases[i].kind;
		status.active = cases[i].active;
		status.flags |= cases[i].flags;
		cr_assert(eq(int, why_for(&status, &fixture_fine), cases[i].why), "%s",
			  cases[i].what);
	}
}

Test(policy, a_oneshot_is_only_watched)
{
	struct unit_status status = fixture_status("backup.service", 1);

	status.flags = 0;
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_NOT_LONG_RUNNING));
}

Test(policy, a_unit_that_was_never_well_is_not_healed)
{
	struct unit_status status = fixture_status("shop.service", 1);
	struct policy_case circumstance = fixture_fine;

	circumstance.was_well = false;
	cr_assert(eq(int, why_for(&status, &circumstance), WHY_NEVER_WELL));
}

Test(policy, without_a_record_there_is_no_action)
{
	struct unit_status status = fixture_status("shop.service", 1);
	struct policy_case circumstance = fixture_fine;

	circumstance.can_record = false;
	cr_assert(eq(int, why_for(&status, &circumstance), WHY_CANNOT_RECORD));
}

Test(policy, one_attempt_at_a_time)
{
	struct unit_status status = fixture_status("shop.service", 1);
	struct policy_case circumstance = fixture_fine;

	circumstance.attempt_running = true;
	cr_assert(eq(int, why_for(&status, &circumstance), WHY_ATTEMPT_RUNNING));
}

Test(policy, the_untouchables_are_refused_by_name)
{
	static const char *const names[] = {
		"systemd-journald.service",
		"systemd-logind.service",
		"systemd-udevd.service",
		"systemd-resolved.service",
		"dbus.service",
		"dbus-broker.service",
		"polkit.service",
		"gdm3.service",
		"sddm.service",
		"NetworkManager.service",
		"ssh.service",
		"sshd@1-10.0.0.1:22.service",
		"docker.service",
		"containerd.service",
		"kubelet.service",
		"lvm2-monitor.service",
		"selfhealed.service",
		"user@1000.service",
		"getty@tty1.service",
		"multipathd.service",
		"pacemaker.service",
		"elogind.service",
		"init.scope",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(untouchable_by_name(names[i]), "%s", names[i]);
	cr_assert(not(untouchable_by_name("nginx.service")));
	cr_assert(not(untouchable_by_name("my-dbus-client.service")));
}

Test(policy, an_untouchable_is_refused_by_its_alias_too)
{
	struct unit_status status = fixture_status("kdm-next.service", 1);

	(void)snprintf(status.aliases, sizeof(status.aliases), "a.service display-manager.service");
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_UNTOUCHABLE));
}

Test(policy, nothing_wanted_is_an_answer)
{
	struct config config = fixture_config();
	struct unit_status status = fixture_status("shop.service", 1);
	struct verdict verdict = fixture_sick(1000);
	struct policy policy;

	fixture_policy(&config, &policy);
	verdict.wants = ACTION_NONE;
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why,
		     WHY_NOTHING_WANTED));
}

Test(policy, what_would_take_an_untouchable_along_is_untouchable)
{
	struct unit_status status = fixture_status("vpn-base.service", 1);

	(void)snprintf(status.dependents, sizeof(status.dependents), "app.service sshd.service");
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_UNTOUCHABLE));
}

Test(policy, what_was_down_before_we_looked_stays_down)
{
	struct unit_status status = fixture_status("shop.service", 1);

	status.active = UNIT_ACTIVE_FAILED;
	status.flags |= UNIT_DOWN_BEFORE;
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_DOWN_BEFORE));
}

/* ---- terms, surroundings, causes ------------------------------------------------- */

static enum why why_around(struct surroundings around, uint32_t flags)
{
	struct config config = fixture_config();
	struct verdict verdict = fixture_sick(MINUTES(10));
	struct unit_status status = fixture_status("shop.service", 1);
	struct policy policy;

	fixture_policy(&config, &policy);
	policy.around = around;
	verdict.flags = flags;
	return policy_decide(&policy, &verdict, &status, &fixture_fine).why;
}

Test(policy, while_the_host_goes_down_or_packages_are_installed_nothing_is_healed)
{
	const struct surroundings goes_down = { .shutting_down = true };
	const struct surroundings installs = { .installs_packages = true };

	cr_assert(eq(int, why_around(goes_down, 0), WHY_SHUTTING_DOWN));
	cr_assert(eq(int, why_around(installs, 0), WHY_PACKAGES));
	cr_assert(eq(int, why_around(installs, SAMPLE_BY_HAND), WHY_PACKAGES));
	cr_assert(eq(int, why_around(installs, SAMPLE_SYNTHETIC), WHY_ALLOWED));
}

Test(policy, what_was_just_deployed_is_left_to_who_did_that)
{
	struct config config = fixture_config();
	struct verdict verdict = fixture_sick(MINUTES(10));
	struct unit_status status = fixture_status("shop.service", 1);
	struct decision decision;
	struct policy policy;

	fixture_policy(&config, &policy);
	status.files_changed_ms = MINUTES(6);
	decision = policy_decide(&policy, &verdict, &status, &fixture_fine);
	cr_assert(eq(int, decision.why, WHY_CHANGED));
	cr_assert(eq(u64, decision.until_ms, MINUTES(11)));
	status.files_changed_ms = MINUTES(5);
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
}

Test(policy, outside_its_window_a_unit_is_not_restarted_but_may_be_reloaded)
{
	struct config config = fixture_config();
	struct verdict verdict = fixture_sick(MINUTES(10));
	struct unit_status status = fixture_status("shop.service", 1);
	struct policy policy;

	fixture_policy(&config, &policy);
	status.terms.says = 1u << TERM_WINDOW;
	status.terms.n_windows = 1;
	status.terms.window[0] = (struct window) { .days = 1, .from_min = 60, .n_min = 60 };
	policy.around.week_min = 59;
	cr_assert(eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why,
		     WHY_OUTSIDE_WINDOW));
	policy.around.week_min = 60;
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
	policy.around.week_min = 59;
	status.flags |= UNIT_CAN_RELOAD;
	status.terms.says |= 1u << TERM_LADDER;
	status.terms.ladder = (struct ladder) { .n = 1, .rung = { ACTION_RELOAD } };
	cr_assert(
		eq(int, policy_decide(&policy, &verdict, &status, &fixture_fine).why, WHY_ALLOWED));
}

Test(policy, causes_and_storms_hold_a_unit_back)
{
	struct unit_status status = fixture_status("shop.service", 1);
	struct policy_case circumstance = fixture_fine;

	circumstance.upstream = 9;
	cr_assert(eq(int, why_for(&status, &circumstance), WHY_UPSTREAM_SICK));
	circumstance.upstream = 0;
	circumstance.is_storm = true;
	cr_assert(eq(int, why_for(&status, &circumstance), WHY_STORM));
}

Test(policy, a_units_own_classes_and_budget_win_over_the_hosts)
{
	struct unit_status status = fixture_status("shop.service", 1);

	status.terms.says = 1u << TERM_HEAL_ON;
	status.terms.heal_on = 1u << FAULT_CLASS_CRASH;
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_NOT_IN_HEAL_ON));
	status.terms.heal_on = 1u << FAULT_CLASS_MEMORY;
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_ALLOWED));
	status.terms.says |= 1u << TERM_UNIT_BUDGET;
	status.terms.unit_budget = (struct budget) { 0, UINT32_MAX, UINT32_MAX };
	cr_assert(eq(int, why_for(&status, &fixture_fine), WHY_UNIT_BUDGET_SPENT));
}
