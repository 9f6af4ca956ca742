/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of units, followed over a bus from a systemd of the test's own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_manager.h"
#include "sense/units.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

static char numbered[32][UNIT_NAME_SIZE];
static bool is_full;

/* Numbers from 1 in the order of asking; no more when it is full. */
static uint32_t number(const char *name, void *userdata)
{
	uint32_t i = 0;

	(void)userdata;
	if (is_full)
		return 0;
	while (i < 31 && numbered[i][0] && strcmp(numbered[i], name) != 0)
		i++;
	(void)snprintf(numbered[i], sizeof(numbered[i]), "%s", name);
	return i + 1;
}

static int begin(struct fake_manager *fake, struct units **ret)
{
	int r;

	fake_serve(fake);
	r = units_new(fake->client, number, NULL, ret);
	fake_serve_no_more(fake);
	fake->asked[0] = '\0';
	return r;
}

static struct units *follow(struct fake_manager *fake)
{
	struct units *units = NULL;

	cr_assert(eq(int, begin(fake, &units), 0));
	return units;
}

static const struct unit_status *find(struct units *units, const char *name)
{
	size_t n;
	const struct unit_status *status = units_list(units, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(status[i].name, name) == 0)
			return &status[i];
	return NULL;
}

static bool has_flag(struct units *units, const char *name, enum unit_flag flag)
{
	return find(units, name)->flags & flag;
}

static enum unit_active active(struct units *units, const char *name)
{
	const struct unit_status *status = find(units, name);

	cr_assert(ne(ptr, (void *)status, NULL), "%s is not listed", name);
	return status->active;
}

static int count_cgroup(const char *cgroup, uint64_t cgroup_id, void *userdata)
{
	size_t *n = userdata;

	cr_assert(cgroup[0] == '/');
	cr_assert(eq(u64, cgroup_id, 77));
	*n += 1;
	return 0;
}

static void set_down(struct fake_unit *unit, const char *state)
{
	unit->active = state;
	unit->sub = "dead";
	unit->cgroup = "";
	unit->main_pid = 0;
}

Test(units, the_list_at_the_start_has_what_ran_and_not_what_never_did)
{
	CLEANUP(fake_close) struct fake_manager fake;
	size_t n, n_cgroups = 0;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	fake.unit[1] = fake_service("never.service");
	set_down(&fake.unit[1], "inactive");
	fake.unit[1].active_enter_us = 0;
	fake.unit[2] = fake_service("stopped.service");
	set_down(&fake.unit[2], "inactive");
	fake.unit[3] = fake_service("a.mount");
	fake.unit[4] = fake_service("bad\nname.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	cr_assert(units_are_known(units));
	(void)units_list(units, &n);
	cr_assert(eq(sz, n, 2));
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_ACTIVE));
	cr_assert(eq(int, find(units, "a.service")->kind, UNIT_KIND_SERVICE));
	cr_assert(has_flag(units, "stopped.service", UNIT_STOPPED_BY_HAND));
	cr_assert(eq(ptr, (void *)units_find(units, find(units, "a.service")->unit),
		     (void *)find(units, "a.service")));
	cr_assert(eq(ptr, (void *)units_find(units, 4711), NULL));
	cr_assert(eq(int, units_members(units, number("a.service", NULL), count_cgroup, &n_cgroups),
		     0));
	cr_assert(eq(sz, n_cgroups, 1));
}

Test(units, a_host_without_systemd_on_its_bus_is_told)
{
	CLEANUP(fake_close) struct fake_manager fake;
	CLEANUP(units_freep) struct units *units = NULL;

	fake_open(&fake);
	fake.owner_error = SD_BUS_ERROR_SERVICE_UNKNOWN;
	cr_assert(eq(int, begin(&fake, &units), -ENOENT));
	fake.owner_error = SD_BUS_ERROR_ACCESS_DENIED;
	cr_assert(eq(int, begin(&fake, &units), -EACCES));
	fake.owner_error = "org.freedesktop.systemd1.AlreadySubscribed";
	cr_assert(eq(ptr, units, NULL));
}

Test(units, a_change_is_followed_and_what_the_signal_lacks_is_read)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	fake.unit[0].invocation = 2;
	fake.unit[0].main_pid = 200;
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(eq(u32, find(units, "a.service")->main_pid, 200));
	cr_assert(eq(str, fake.asked, "GetAll"));

	fake.asked[0] = '\0';
	fake.unit[0].job = 3; /* the signal has all there is to know of that */
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(has_flag(units, "a.service", UNIT_JOB_PENDING));
	cr_assert(eq(str, fake.asked, ""));
}

Test(units, a_signal_of_another_program_is_not_believed)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	struct fake_unit forged = fake.unit[0];
	set_down(&forged, "failed");
	fake_changed(&fake, &forged, FAKE_OTHER);
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_ACTIVE));
	fake_owner(&fake, "", FAKE_OTHER);
	cr_assert(units_are_known(units));
	set_down(&fake.unit[0], "failed");
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	fake_job_removed(&fake, "/j", "a.service", "done", FAKE_OTHER);
	cr_assert(not(has_flag(units, "a.service", UNIT_STOPPED_BY_HAND)));
	fake_job_removed(&fake, "/j", "a.service", "done", FAKE_OWNER);
	cr_assert(has_flag(units, "a.service", UNIT_STOPPED_BY_HAND));
}

/* Asking for the properties of a unit that is being dropped makes systemd load it again, which is a
 * signal to ask, and so on. */
Test(units, a_unit_that_is_down_is_not_asked_about_and_so_not_loaded_again)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	set_down(&fake.unit[0], "inactive");
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_INACTIVE));
	cr_assert(eq(str, fake.asked, ""));
	fake_unit_signal(&fake, "UnitRemoved", "a.service");
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_GONE));
	fake_unit_signal(&fake, "UnitNew", "a.service");
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_INACTIVE));
	cr_assert(eq(str, fake.asked, "ListUnitsByPatterns"));
}

Test(units, a_new_unit_is_listed_once_it_runs)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	CLEANUP(units_freep) struct units *units = follow(&fake);

	fake.unit[0] = fake_service("late.service");
	set_down(&fake.unit[0], "inactive");
	fake_unit_signal(&fake, "UnitNew", "late.service");
	cr_assert(eq(ptr, (void *)find(units, "late.service"), NULL));
	fake.unit[0] = fake_service("late.service");
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(eq(int, active(units, "late.service"), UNIT_ACTIVE_ACTIVE));

	fake.unit[1] = fake_service("running.service");
	fake_unit_signal(&fake, "UnitNew", "running.service");
	cr_assert(eq(int, active(units, "running.service"), UNIT_ACTIVE_ACTIVE));
	fake_unit_signal(&fake, "UnitNew", "forged\x01.service");
	cr_assert(eq(int, active(units, "running.service"), UNIT_ACTIVE_ACTIVE));
}

Test(units, randomly_named_units_share_a_row_with_all_their_cgroups)
{
	CLEANUP(fake_close) struct fake_manager fake;
	const struct unit_status *status;
	size_t n = 0;

	fake_open(&fake);
	fake.unit[0] = fake_service("run-u1.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	fake.unit[1] = fake_service("run-u2.service");
	fake_unit_signal(&fake, "UnitNew", "run-u2.service");
	status = find(units, "run-*.service");
	cr_assert(ne(ptr, (void *)status, NULL));
	cr_assert(eq(int, status->kind, UNIT_KIND_SHARED));
	cr_assert(not(status->flags & UNIT_LONG_RUNNING));
	cr_assert(eq(str, (char *)status->cgroup, ""));
	(void)units_members(units, status->unit, count_cgroup, &n);
	cr_assert(eq(sz, n, 2));

	fake_unit_signal(&fake, "UnitRemoved", "run-u1.service");
	fake_unit_signal(&fake, "UnitRemoved", "run-u2.service");
	n = 0;
	(void)units_members(units, status->unit, count_cgroup, &n);
	cr_assert(eq(sz, n, 0));
	cr_assert(eq(int, active(units, "run-*.service"), UNIT_ACTIVE_INACTIVE));
}

Test(units, a_unit_that_gets_no_number_is_counted_as_long_as_it_is_there)
{
	CLEANUP(fake_close) struct fake_manager fake;
	size_t n;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	fake.unit[1] = fake_service("run-u1.service");
	is_full = true;
	CLEANUP(units_freep) struct units *units = follow(&fake);

	(void)units_list(units, &n);
	cr_assert(zero(sz, n));
	cr_assert(eq(sz, units_unwatched(units), 2));
	fake_unit_signal(&fake, "UnitRemoved", "run-u1.service");
	cr_assert(eq(sz, units_unwatched(units), 1));
	is_full = false;
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(zero(sz, units_unwatched(units)));
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_ACTIVE));
}

static void list_and_settle(struct fake_manager *fake, struct units *units)
{
	size_t n;

	(void)units_list(units, &n);
	fake_settle(fake);
}

Test(units, those_beyond_what_can_be_followed_are_counted_once_a_minute)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.n_crowd = UNITS_MEMBERS_MAX + 3;
	CLEANUP(units_freep) struct units *units = follow(&fake);

	cr_assert(eq(sz, units_unwatched(units), 3));
	fake_unit_signal(&fake, "UnitNew", "late.service");
	cr_assert(eq(sz, units_unwatched(units), 4));

	fake_unit_signal(&fake, "UnitRemoved", "crowd-1.service");
	fake_unit_signal(&fake, "UnitRemoved", "crowd-2.service");
	fake.n_crowd -= 2;
	fake.asked[0] = '\0';
	list_and_settle(&fake, units);
	cr_assert(eq(str, fake.asked, "ListUnits GetAll GetAll"), "two find room, and only they");
	cr_assert(eq(sz, units_unwatched(units), 1));
	list_and_settle(&fake, units);
	cr_assert(eq(str, fake.asked, "ListUnits GetAll GetAll"), "not again at once");
}

Test(units, a_reload_is_settled_by_reading_the_list_again)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	fake.unit[1] = fake_service("b.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	fake_reloading(&fake, 1);
	fake_unit_signal(&fake, "UnitRemoved", "a.service");
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_ACTIVE), "it only seems so");
	fake.unit[1] = (struct fake_unit) { 0 };
	fake.unit[0].alias = "c.service";
	fake_reloading(&fake, 0);
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_ACTIVE));
	cr_assert(eq(str, (char *)find(units, "a.service")->aliases, "c.service"));
	cr_assert(eq(int, active(units, "b.service"), UNIT_ACTIVE_GONE));
}

Test(units, all_is_unknown_while_the_manager_is_away_and_known_when_it_is_back)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	fake_owner(&fake, "", FAKE_DRIVER);
	cr_assert(not(units_are_known(units)));
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_UNKNOWN));
	fake_owner(&fake, FAKE_OWNER, FAKE_DRIVER);
	cr_assert(units_are_known(units));
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_ACTIVE));
}

Test(units, a_lost_bus_leaves_nothing_known_and_nothing_behind)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	fake.server = sd_bus_close_unref(fake.server);
	fake_settle(&fake);
	cr_assert(not(units_are_known(units)));
	cr_assert(eq(int, active(units, "a.service"), UNIT_ACTIVE_UNKNOWN));
}

Test(units, a_shutdown_that_is_queued_at_the_start_is_known)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.queued = "shutdown.target";
	fake.queued_type = "start";
	CLEANUP(units_freep) struct units *units = follow(&fake);

	cr_assert(units_are_shutting_down(units));
}

Test(units, a_shutdown_is_known_by_its_job_until_that_is_canceled_also_over_a_lost_bus)
{
	CLEANUP(fake_close) struct fake_manager fake;

	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	CLEANUP(units_freep) struct units *units = follow(&fake);

	cr_assert(not(units_are_shutting_down(units)));
	fake_job_new(&fake, "a.service");
	cr_assert(eq(str, fake.asked, ""));
	fake.queued = "shutdown.target";
	fake.queued_type = "stop"; /* what a start of any unit asks for */
	fake_job_new(&fake, "shutdown.target");
	cr_assert(eq(str, fake.asked, "ListJobs"));
	cr_assert(not(units_are_shutting_down(units)));
	fake.queued_type = "start";
	fake_job_new(&fake, "shutdown.target");
	cr_assert(units_are_shutting_down(units));
	fake_job_removed(&fake, "/j", "shutdown.target", "canceled", FAKE_OTHER);
	cr_assert(units_are_shutting_down(units), "another program said so");
	fake_job_removed(&fake, "/j", "shutdown.target", "canceled", FAKE_OWNER);
	cr_assert(not(units_are_shutting_down(units)));

	fake_job_new(&fake, "shutdown.target");
	fake_owner(&fake, "", FAKE_DRIVER);
	cr_assert(units_are_shutting_down(units), "who told us went down first");
	fake.queued = NULL;
	fake_owner(&fake, FAKE_OWNER, FAKE_DRIVER);
	cr_assert(not(units_are_shutting_down(units)));
}

Test(units, a_program_replaced_under_a_running_unit_is_seen_by_looking_and_the_unit_stays_the_same)
{
	CLEANUP(scratch_remove) struct scratch scratch = scratch_make();
	CLEANUP(fake_close) struct fake_manager fake;
	char program[256], fragment[256];
	struct unit_status before;

	(void)strcpy(program, scratch_write(&scratch, "program", "old"));
	(void)strcpy(fragment, scratch_write(&scratch, "unit", "[Service]\n"));
	fake_open(&fake);
	fake.unit[0] = fake_service("a.service");
	fake.unit[0].program = program;
	fake.unit[0].fragment = fragment;
	CLEANUP(units_freep) struct units *units = follow(&fake);

	before = *find(units, "a.service");
	units_look_at_files(units, before.unit);
	cr_assert(zero(u64, find(units, "a.service")->files_changed_ms));
	(void)scratch_write(&scratch, "program", "newer");
	units_look_at_files(units, before.unit);
	cr_assert(gt(u64, find(units, "a.service")->files_changed_ms, 0));
	cr_assert(eq(u64, find(units, "a.service")->identity, before.identity));
	units_look_at_files(units, 4711); /* nobody */

	before = *find(units,
		       "a.service"); /* the next run is of the new program, and no second change */
	fake.unit[0].invocation = 2;
	fake_changed(&fake, &fake.unit[0], FAKE_OWNER);
	cr_assert(ne(u64, find(units, "a.service")->identity, before.identity));
	cr_assert(eq(u64, find(units, "a.service")->files_changed_ms, before.files_changed_ms));
}
