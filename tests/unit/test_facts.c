/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd's words about a unit mean, alone and in their order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "fake_manager.h"
#include "record/config.h"
#include "record/names.h"
#include "sense/facts.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

static struct facts nothing(void)
{
	return (struct facts) { .name = "a.service" };
}

static int say(struct fake_manager *fake, const struct fake_unit *unit, struct facts *facts,
	       int (*read)(struct facts *facts, sd_bus_message *m))
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	(void)sd_bus_message_new_signal(fake->client, &m, "/a", "a.b", "C");
	(void)fake_append(m, unit);
	cr_assert(ge(int, sd_bus_message_seal(m, 1, 0), 0));
	(void)sd_bus_message_rewind(m, 1);
	return read(facts, m);
}

/* One property alone. */
static int say_one(struct fake_manager *fake, struct facts *facts, const char *key,
		   const char *type, const char *value)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	(void)sd_bus_message_new_signal(fake->client, &m, "/a", "a.b", "C");
	(void)sd_bus_message_open_container(m, 'a', "{sv}");
	(void)sd_bus_message_append(m, "{sv}", key, type, value);
	(void)sd_bus_message_close_container(m);
	cr_assert(ge(int, sd_bus_message_seal(m, 1, 0), 0));
	(void)sd_bus_message_rewind(m, 1);
	return facts_read(facts, m);
}

static struct unit_status status_of(const struct facts *facts)
{
	struct unit_status status = { 0 };

	facts_status(facts, HOURS(1), HOURS(100), &status);
	return status;
}

static bool has_flag(const struct facts *facts, enum unit_flag flag)
{
	return status_of(facts).flags & flag;
}

static void down(struct fake_unit *unit, const char *active)
{
	unit->active = active;
	unit->sub = active[0] == 'f' ? "failed" : "dead";
	unit->main_pid = 0;
}

static bool says_mode(const struct facts *facts)
{
	const struct unit_status status = status_of(facts);

	return terms_say(&status.terms, TERM_MODE);
}

Test(facts, a_whole_answer_becomes_a_status)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();
	struct unit_status status;

	fake_open(&fake);
	unit.alias = "b.service";
	unit.n_restarts = 3;
	cr_assert(eq(int, say(&fake, &unit, &facts, facts_read_whole), 1));
	status = status_of(&facts);
	cr_assert(eq(int, status.active, UNIT_ACTIVE_ACTIVE));
	cr_assert(eq(u32, status.flags, UNIT_LONG_RUNNING));
	cr_assert(eq(u32, status.main_pid, 100));
	cr_assert(eq(u32, status.n_restarts, 3));
	cr_assert(eq(u64, status.cgroup_id, 77));
	cr_assert(eq(str, status.cgroup, "/system.slice/x.service"));
	cr_assert(eq(u64, status.memory_most_bytes, UINT64_C(1) << 29));
	cr_assert(zero(u64, status.threads_most)); /* systemd's infinity */
	cr_assert(eq(u64, status.descriptors_most, 1024));
	cr_assert(eq(str, status.aliases, "b.service"));
	cr_assert(eq(int, status.invocation[15], 1));
	cr_assert(facts_are_worth_a_row(&facts));
}

Test(facts, only_types_that_are_meant_to_stay_up_are_long_running)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	static const struct {
		const char *type;
		bool stays;
	} cases[] = {
		{ "simple", true },	   { "exec", true },	{ "notify", true },
		{ "notify-reload", true }, { "forking", true }, { "dbus", true },
		{ "oneshot", false },	   { "idle", false },	{ "", false },
	};

	fake_open(&fake);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_unit unit = fake_service("a.service");
		struct facts facts = nothing();

		unit.type = cases[i].type;
		(void)say(&fake, &unit, &facts, facts_read_whole);
		cr_assert(eq(int, has_flag(&facts, UNIT_LONG_RUNNING), cases[i].stays), "%s",
			  cases[i].type);
	}
}

Test(facts, words_become_flags)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	static const struct {
		const char *key, *value;
		enum unit_flag flag;
	} cases[] = {
		{ "SubState", "auto-restart", UNIT_AUTO_RESTART },
		{ "Result", "oom-kill", UNIT_OOM_KILLED },
		{ "LoadState", "masked", UNIT_MASKED },
		{ "UnitFileState", "masked-runtime", UNIT_MASKED },
	};

	fake_open(&fake);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = nothing();

		cr_assert(not(has_flag(&facts, cases[i].flag)), "%s", cases[i].key);
		cr_assert(ge(int, say_one(&fake, &facts, cases[i].key, "s", cases[i].value), 0));
		cr_assert(has_flag(&facts, cases[i].flag), "%s", cases[i].key);
		(void)say_one(&fake, &facts, cases[i].key, "s", "else");
		cr_assert(not(has_flag(&facts, cases[i].flag)), "%s", cases[i].key);
	}
}

Test(facts, a_timer_that_triggers_it_is_seen_and_a_socket_is_not_one)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	unit.trigger = "a.socket";
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_TIMER_STARTED)));
	unit.trigger = "a.timer";
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(has_flag(&facts, UNIT_TIMER_STARTED));
	unit.trigger = NULL;
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_TIMER_STARTED)));
}

Test(facts, a_job_is_pending_until_systemd_says_it_is_not)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	unit.job = 12;
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(has_flag(&facts, UNIT_JOB_PENDING));
	unit.job = 0;
	cr_assert(eq(int, say(&fake, &unit, &facts, facts_read), 0), "the state is the same");
	cr_assert(not(has_flag(&facts, UNIT_JOB_PENDING)));
}

Test(facts, what_a_signal_does_not_carry_stays)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(eq(int, say_one(&fake, &facts, "StatusText", "s", "busy"), 0));
	cr_assert(eq(int, say_one(&fake, &facts, "ActiveState", "s", "reloading"), 1));
	cr_assert(eq(int, facts.active, UNIT_ACTIVE_RELOADING));
	cr_assert(eq(u32, facts.main_pid, 100));
	cr_assert(has_flag(&facts, UNIT_LONG_RUNNING));
}

Test(facts, an_unknown_word_or_another_type_is_not_guessed)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct facts facts = nothing();

	fake_open(&fake);
	facts.active = UNIT_ACTIVE_ACTIVE;
	(void)say_one(&fake, &facts, "ActiveState", "s", "maintenance-of-257");
	cr_assert(eq(int, facts.active, UNIT_ACTIVE_UNKNOWN));
	cr_assert(ge(int, say_one(&fake, &facts, "MainPID", "s", "100"), 0));
	cr_assert(eq(u32, facts.main_pid, 0));
}

static void say_files(struct fake_manager *fake, struct facts *facts, const char *fragment,
		      const char *drop_in, const char *second)
{
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	(void)sd_bus_message_new_signal(fake->client, &m, "/a", "a.b", "C");
	(void)sd_bus_message_open_container(m, 'a', "{sv}");
	(void)sd_bus_message_append(m, "{sv}", "FragmentPath", "s", fragment);
	(void)sd_bus_message_append(m, "{sv}", "DropInPaths", "as", 2, drop_in, second);
	(void)sd_bus_message_close_container(m);
	cr_assert(ge(int, sd_bus_message_seal(m, 1, 0), 0));
	(void)sd_bus_message_rewind(m, 1);
	cr_assert(ge(int, facts_read(facts, m), 0));
}

Test(facts, a_units_own_mode_is_that_of_its_last_file_that_says_one)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	CLEANUP(facts_clear) struct facts facts = nothing();
	char own[256], first[256], last[256];

	fake_open(&fake);
	(void)strcpy(own, scratch_write(&scratch, "own", "[X-SelfHeal]\nMode=mock\n"));
	(void)strcpy(first, scratch_write(&scratch, "first", "[X-SelfHeal]\nMode=observe\n"));
	(void)strcpy(last, scratch_write(&scratch, "last", "[Service]\nRestart=no\n"));
	say_files(&fake, &facts, own, first, last);
	cr_assert(says_mode(&facts));
	cr_assert(eq(u32, status_of(&facts).terms.mode, MODE_OBSERVE));
	(void)scratch_write(&scratch, "last", "[X-SelfHeal]\nMode=enforce\n");
	say_files(&fake, &facts, own, first, last);
	cr_assert(eq(u32, status_of(&facts).terms.mode, MODE_ENFORCE));
	(void)scratch_write(&scratch, "last", "[X-SelfHeal]\nMode=\n");
	say_files(&fake, &facts, own, first, last);
	cr_assert(not(says_mode(&facts)), "taken back");
	(void)scratch_write(&scratch, "last", "[X-SelfHeal]\nMode=nforce\n");
	say_files(&fake, &facts, own, first, last);
	cr_assert(has_flag(&facts, UNIT_POLICY_BROKEN));
	(void)scratch_write(&scratch, "first", "");
	(void)scratch_write(&scratch, "last", "");
	say_files(&fake, &facts, own, first, last);
	cr_assert(not(has_flag(&facts, UNIT_POLICY_BROKEN)), "mended");
	cr_assert(eq(u32, status_of(&facts).terms.mode, MODE_MOCK));
}

Test(facts, a_drop_in_of_ours_makes_no_other_unit_of_it)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	CLEANUP(facts_clear) struct facts facts = nothing();
	char own[256], ours[256];
	uint64_t before;

	fake_open(&fake);
	(void)strcpy(own, scratch_write(&scratch, "own", "[Service]\nRestart=no\n"));
	(void)strcpy(ours, scratch_write(&scratch, NAME_UNIT_DROPIN, "[X-SelfHeal]\nMode=mock\n"));
	say_files(&fake, &facts, own, own, own);
	before = status_of(&facts).identity;
	say_files(&fake, &facts, own, own, ours);
	cr_assert(ne(u64, status_of(&facts).identity, before), "one other drop-in is gone");
	before = status_of(&facts).identity;
	(void)scratch_write(&scratch, NAME_UNIT_DROPIN, "[X-SelfHeal]\nMode=enforce\n");
	say_files(&fake, &facts, own, own, ours);
	cr_assert(eq(u64, status_of(&facts).identity, before));
	cr_assert(eq(u32, status_of(&facts).terms.mode, MODE_ENFORCE));
}

Test(facts, files_that_are_others_when_read_again_changed_then_and_only_then)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	CLEANUP(facts_clear) struct facts facts = nothing();
	char own[256], ours[256];

	fake_open(&fake);
	(void)strcpy(own, scratch_write(&scratch, "own", "[Service]\n"));
	(void)strcpy(ours, scratch_write(&scratch, NAME_UNIT_DROPIN, "[X-SelfHeal]\nMode=mock\n"));
	facts_follow_files(&facts, HOURS(1));
	say_files(&fake, &facts, own, ours, ours);
	facts_follow_files(&facts, HOURS(2));
	cr_assert(zero(u64, status_of(&facts).files_changed_ms), "what it was before is not known");
	(void)scratch_write(&scratch, NAME_UNIT_DROPIN, "[X-SelfHeal]\nMode=enforce\n");
	say_files(&fake, &facts, own, ours, ours);
	facts_follow_files(&facts, HOURS(3));
	cr_assert(zero(u64, status_of(&facts).files_changed_ms), "a drop-in of ours");
	(void)scratch_write(&scratch, "own", "[Service]\nRestart=no\n");
	say_files(&fake, &facts, own, ours, ours);
	facts_follow_files(&facts, HOURS(4));
	facts_follow_files(&facts, HOURS(5));
	cr_assert(eq(u64, status_of(&facts).files_changed_ms, HOURS(4)));
	(void)unlink(own);
	cr_assert(facts_look_at_files(&facts, HOURS(6)));
	cr_assert(not(facts_look_at_files(&facts, HOURS(7))));
	cr_assert(eq(u64, status_of(&facts).files_changed_ms, HOURS(6)));
}

Test(facts, a_unit_whose_files_nobody_told_of_has_none_to_look_at)
{
	struct facts facts = nothing();

	facts_follow_files(&facts, HOURS(1));
	cr_assert(not(facts_look_at_files(&facts, HOURS(1))));
	cr_assert(zero(u64, status_of(&facts).files_changed_ms));
}

Test(facts, a_cgroup_path_that_leads_elsewhere_is_not_taken)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	static const char *const paths[] = { "", "system.slice", "/../x", "/a/../../x" };
	struct facts facts = nothing();
	char longest[UNIT_ALIASES_SIZE + 2];

	fake_open(&fake);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		(void)say_one(&fake, &facts, "ControlGroup", "s", "/good");
		(void)say_one(&fake, &facts, "ControlGroup", "s", paths[i]);
		cr_assert(eq(str, facts.cgroup, ""), "%s", paths[i]);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	(void)say_one(&fake, &facts, "ControlGroup", "s", longest);
	cr_assert(eq(str, facts.cgroup, ""));
}

Test(facts, aliases_that_do_not_fit_or_are_no_names_are_told)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();
	char name[64];

	fake_open(&fake);
	unit.alias = "b\nc.service";
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(has_flag(&facts, UNIT_NAMES_CUT));
	cr_assert(eq(str, facts.aliases, ""));
	unit.alias = NULL;
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_NAMES_CUT)));

	(void)sd_bus_message_new_signal(fake.client, &m, "/a", "a.b", "C");
	(void)sd_bus_message_open_container(m, 'a', "{sv}");
	(void)sd_bus_message_open_container(m, 'e', "sv");
	(void)sd_bus_message_append(m, "s", "Names");
	(void)sd_bus_message_open_container(m, 'v', "as");
	(void)sd_bus_message_open_container(m, 'a', "s");
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "an-alias-of-some-length-%d.service", i);
		(void)sd_bus_message_append(m, "s", name);
	}
	for (int i = 0; i < 4; i++)
		(void)sd_bus_message_close_container(m);
	cr_assert(ge(int, sd_bus_message_seal(m, 1, 0), 0));
	(void)sd_bus_message_rewind(m, 1);
	cr_assert(ge(int, facts_read(&facts, m), 0));
	cr_assert(has_flag(&facts, UNIT_NAMES_CUT));
	cr_assert(lt(sz, strlen(facts.aliases), sizeof(facts.aliases)));
}

Test(facts, a_job_that_is_done_and_leaves_it_down_means_stopped_by_hand)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	static const struct {
		const char *active, *result;
		bool by_hand;
	} cases[] = {
		{ "inactive", "done", true },	   /* systemctl stop */
		{ "failed", "done", true },	   /* a stop that had to kill */
		{ "active", "done", false },	   /* restart, reload */
		{ "failed", "failed", false },	   /* a start that failed */
		{ "inactive", "canceled", false }, /* it was replaced */
	};

	fake_open(&fake);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_unit unit = fake_service("a.service");
		struct facts facts = nothing();

		(void)say(&fake, &unit, &facts, facts_read_whole);
		if (strcmp(cases[i].active, "active") != 0)
			down(&unit, cases[i].active);
		(void)say(&fake, &unit, &facts, facts_read);
		facts_job_ended(&facts, cases[i].result);
		cr_assert(eq(int, has_flag(&facts, UNIT_STOPPED_BY_HAND), cases[i].by_hand),
			  "%s, %s", cases[i].active, cases[i].result);
	}
}

Test(facts, our_own_job_that_found_a_failed_unit_is_no_stop_and_the_next_one_is)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	(void)say(&fake, &unit, &facts, facts_read_whole);
	down(&unit, "failed"); /* while our try-restart was on its way */
	(void)say(&fake, &unit, &facts, facts_read);
	facts_order_begins(&facts, 7);
	facts_job_ended(&facts, "done");
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	facts_job_ended(&facts, "done"); /* an admin's stop of a failed unit */
	cr_assert(has_flag(&facts, UNIT_STOPPED_BY_HAND));

	unit = fake_service("a.service");
	(void)say(&fake, &unit, &facts, facts_read);
	down(&unit, "inactive");
	(void)say(&fake, &unit, &facts, facts_read);
	facts_order_begins(&facts, 7);
	facts_job_ended(&facts, "done"); /* ours never leaves it inactive */
	cr_assert(has_flag(&facts, UNIT_STOPPED_BY_HAND));
}

Test(facts, a_stop_that_was_taken_for_our_own_job_is_one_once_our_order_was_not_done)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	(void)say(&fake, &unit, &facts, facts_read_whole);
	facts_order_begins(&facts, 7);
	down(&unit, "failed"); /* an admin's stop that had to kill */
	(void)say(&fake, &unit, &facts, facts_read);
	facts_job_ended(&facts, "done");
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	facts_order_ended(&facts, 8, false); /* one that was refused before it went out */
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	facts_order_ended(&facts, 7, false); /* ours was refused, canceled, or never ended */
	cr_assert(has_flag(&facts, UNIT_STOPPED_BY_HAND));

	facts = nothing();
	unit = fake_service("a.service");
	(void)say(&fake, &unit, &facts, facts_read_whole);
	facts_order_begins(&facts, 7);
	down(&unit, "failed");
	(void)say(&fake, &unit, &facts, facts_read);
	facts_job_ended(&facts, "done");
	facts_order_ended(&facts, 7,
			  true); /* it was ours: it found a failed unit, and nothing to do */
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	facts_order_begins(&facts, 7);
	facts_order_ended(&facts, 7, false); /* what was passed over before is no reason now */
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
}

Test(facts, an_exit_by_itself_is_not_by_hand_and_a_start_ends_it)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	(void)say(&fake, &unit, &facts, facts_read_whole);
	down(&unit, "inactive");
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	cr_assert(eq(str, facts.cgroup, ""));

	facts_job_ended(&facts, "done");
	cr_assert(has_flag(&facts, UNIT_STOPPED_BY_HAND));
	facts_set_active(&facts, UNIT_ACTIVE_GONE);
	cr_assert(has_flag(&facts, UNIT_STOPPED_BY_HAND));
	unit = fake_service("a.service");
	(void)say(&fake, &unit, &facts, facts_read);
	down(&unit, "failed"); /* started again, and now it failed by itself */
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
}

Test(facts, a_service_that_was_down_and_well_before_us_was_stopped_by_hand)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	down(&unit, "inactive");
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(has_flag(&facts, UNIT_STOPPED_BY_HAND));
	cr_assert(facts_are_worth_a_row(&facts));

	facts = nothing();
	unit.type = "oneshot"; /* a job that is over */
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	cr_assert(not(facts_are_worth_a_row(&facts)));

	facts = nothing();
	down(&unit, "failed");
	unit.type = "simple";
	unit.result = "signal";
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_STOPPED_BY_HAND)));
	cr_assert(facts_are_worth_a_row(&facts));
}

/* As seen on systemd 252: Result= keeps the cause, only NRestarts and the invocation tell. */
Test(facts, a_counted_restart_without_a_new_invocation_is_a_start_limit)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	(void)say(&fake, &unit, &facts, facts_read_whole);
	unit.active = "activating";
	unit.sub = "auto-restart";
	unit.result = "signal";
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(not(has_flag(&facts, UNIT_START_LIMITED)));
	unit.active = "active";
	unit.sub = "running";
	unit.n_restarts = 1;
	unit.invocation = 2;
	(void)say(&fake, &unit, &facts, facts_read);
	down(&unit, "failed");
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(not(has_flag(&facts, UNIT_START_LIMITED)), "failed without a try to restart it");

	unit.n_restarts = 2;
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(has_flag(&facts, UNIT_START_LIMITED));
	facts_set_active(&facts, UNIT_ACTIVE_UNKNOWN); /* the bus was lost, and is back */
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(has_flag(&facts, UNIT_START_LIMITED));

	down(&unit, "inactive"); /* reset-failed */
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(not(has_flag(&facts, UNIT_START_LIMITED)));
}

Test(facts, a_start_limit_is_not_claimed_of_a_unit_that_failed_before_us)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	struct fake_unit unit = fake_service("a.service");
	struct facts facts = nothing();

	fake_open(&fake);
	down(&unit, "failed");
	unit.n_restarts = 5;
	unit.result = "signal";
	(void)say(&fake, &unit, &facts, facts_read_whole);
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_START_LIMITED)));
	facts = nothing();
	unit.invocation = 0; /* systemd forgot which one it was */
	(void)say(&fake, &unit, &facts, facts_read_whole);
	cr_assert(not(has_flag(&facts, UNIT_START_LIMITED)));
	unit.result = "start-limit-hit"; /* said in so many words */
	(void)say(&fake, &unit, &facts, facts_read);
	cr_assert(has_flag(&facts, UNIT_START_LIMITED));
}

Test(facts, the_moment_of_change_is_told_in_boot_time)
{
	static const struct {
		uint64_t wall_us, expected_ms;
	} cases[] = {
		{ 0, 0 },
		{ HOURS(100) * 1000 - 5000000, HOURS(1) - 5000 },
		{ HOURS(101) * 1000, HOURS(1) }, /* the clock was set back: now */
		{ HOURS(90) * 1000, 0 },	 /* before boot: the clock was set forward */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = { .changed_wall_us = cases[i].wall_us };

		cr_assert(eq(u64, status_of(&facts).changed_ms, cases[i].expected_ms), "%zu", i);
	}
}

Test(facts, where_a_slice_allows_less_than_its_unit_that_is_the_limit)
{
	const struct facts facts = { .memory_most_bytes = 500,
				     .effective_memory_most_bytes = 300,
				     .tasks_most = 40,
				     .effective_tasks_most = UINT64_MAX };

	cr_assert(eq(u64, status_of(&facts).memory_most_bytes, 300));
	cr_assert(eq(u64, status_of(&facts).threads_most, 40));
}

Test(facts, a_message_that_is_none_is_an_error)
{
	CLEANUP(fake_close) struct fake_manager fake = { 0 };
	CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct facts facts = nothing();

	fake_open(&fake);
	(void)sd_bus_message_new_signal(fake.client, &m, "/a", "a.b", "C");
	(void)sd_bus_message_append(m, "s", "not a dictionary");
	cr_assert(ge(int, sd_bus_message_seal(m, 1, 0), 0));
	(void)sd_bus_message_rewind(m, 1);
	cr_assert(eq(int, facts_read(&facts, m), -EBADMSG));
}
