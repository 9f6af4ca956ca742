/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remarked about an installation, and what is only not known. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/checkup.h"
#include "cli/process.h"
#include "record/config.h"
#include "tests/unit/assertion.h"
#include "tests/unit/scratch.h"

#define NOW	   UINT64_C(1795000000000)
#define DAEMON_UID 990
#define JOURNAL	   101
#define PID	   4711
#define CGROUP	   "/system.slice/shop.service"
#define BPF_RIGHTS "c000000000" /* CAP_PERFMON and CAP_BPF */

/* A host where all is well: a fresh daemon with its own user, one unit with every file. */
struct place {
	struct scratch scratch;
	char proc[160], cgroup[160], past[160], live[160];
	struct present unit;
	struct view view;
	struct checkup_ground ground;
};

static void make_folders(struct place *place, const char *path)
{
	char name[256];

	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		const char *end = strchr(slash + 1, '/');
		int length = end ? (int)(end - path) : (int)strlen(path);

		(void)snprintf(name, sizeof(name), "%.*s", length, path);
		(void)mkdir(scratch_path(&place->scratch, name), 0700);
	}
}

/* A status file as the kernel writes it, cut down; of the process itself or of one thread. */
static void write_status(struct place *place, const char *file, const char *name, unsigned int uid,
			 const char *capabilities)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "Name:\t%s\nUmask:\t0027\nUid:\t%u\t%u\t%u\t%u\nGroups:\t%d %d \n"
		       "CapInh:\tffffffffffffffff\nCapEff:\t%s\nCapBnd:\t000001ffffffffff\n",
		       name, uid, uid, uid, uid, JOURNAL, DAEMON_UID, capabilities);
	(void)scratch_write(&place->scratch, file, text);
}

static void begin(struct place *place)
{
	*place = (struct place) { .scratch = scratch_make() };
	make_folders(place, "proc/4711/task/4711");
	make_folders(place, "proc/4711/task/4712");
	make_folders(place, "proc/pressure");
	make_folders(place, "cgroup/system.slice/shop.service");
	write_status(place, "proc/4711/status", "selfhealed", DAEMON_UID, "0000000000000000");
	write_status(place, "proc/4711/task/4711/status", "selfhealed", DAEMON_UID, "0");
	write_status(place, "proc/4711/task/4712/status", "store", DAEMON_UID, "0");
	(void)scratch_write(&place->scratch, "proc/pressure/memory", "");
	(void)scratch_write(&place->scratch, "cgroup" CGROUP "/cgroup.procs", "");
	(void)scratch_write(&place->scratch, "cgroup" CGROUP "/memory.current", "");
	(void)snprintf(place->past, sizeof(place->past), "%s",
		       scratch_write(&place->scratch, "selfheal.db", "0123456789"));
	(void)snprintf(place->live, sizeof(place->live), "%s",
		       scratch_write(&place->scratch, "live.db", ""));
	(void)chmod(place->live, 0640);
	(void)snprintf(place->proc, sizeof(place->proc), "%s",
		       scratch_path(&place->scratch, "proc"));
	(void)snprintf(place->cgroup, sizeof(place->cgroup), "%s",
		       scratch_path(&place->scratch, "cgroup"));
	(void)strcpy(place->unit.status.name, "shop.service");
	(void)strcpy(place->unit.status.cgroup, CGROUP);
	place->view = (struct view) {
		.wall_ms = NOW,
		.has_keeper = true,
		.keeper = { .pid = PID,
			    .started_wall_ms = NOW - MINUTES(9),
			    .at_wall_ms = NOW - 400,
			    .tier = 2,
			    .speed = 1,
			    .mode = "mock" },
		.unit = &place->unit,
		.n_units = 1,
	};
	place->ground = (struct checkup_ground) {
		.view = &place->view,
		.past_path = place->past,
		.live_path = place->live,
		.proc = place->proc,
		.cgroup = place->cgroup,
		.daemon_uid = DAEMON_UID,
		.journal_group = JOURNAL,
		.max_size_bytes = 100,
		.rights_as_written = true,
	};
}

static void end(struct place *place)
{
	unit_set_clear(&place->ground.enrolled);
	scratch_remove(&place->scratch);
}

static struct remark remark_of(struct place *place, const char *name)
{
	struct checkup checkup;

	checkup_run(&place->ground, &checkup);
	for (size_t i = 0; i < checkup.n; i++)
		if (strcmp(checkup.remark[i].name, name) == 0)
			return checkup.remark[i];
	cr_fail("no remark on %s", name);
	return (struct remark) { 0 };
}

static void is_remarked(struct place *place, const char *name, enum remark_state state,
			const char *said)
{
	struct remark remark = remark_of(place, name);

	cr_assert(eq(int, remark.state, state), "%s: %s", name, remark.said);
	cr_assert(ne(ptr, strstr(remark.said, said), NULL), "%s: %s", name, remark.said);
	if (state == REMARK_NOT_OK)
		cr_assert(ne(str, remark.advice, ""), "%s: %s", name, remark.said);
}

Test(checkup, a_place_where_all_is_well_has_nothing_to_mend)
{
	CLEANUP(end) struct place place;
	struct checkup checkup;

	begin(&place);
	checkup_run(&place.ground, &checkup);
	for (size_t i = 0; i < checkup.n; i++)
		cr_assert(eq(int, checkup.remark[i].state, REMARK_OK), "%s: %s",
			  checkup.remark[i].name, checkup.remark[i].said);
	cr_assert(checkup_is_well(&checkup));
	cr_assert(ge(sz, checkup.n, 12));
}

Test(checkup, one_thing_amiss_is_worth_doing_and_what_is_unknown_is_not)
{
	struct checkup checkup = {
		.n = 2, .remark = { { .state = REMARK_OK }, { .state = REMARK_UNKNOWN } }
	};

	cr_assert(checkup_is_well(&checkup));
	checkup.remark[0].state = REMARK_NOT_OK;
	cr_assert(not(checkup_is_well(&checkup)));
}

Test(checkup, a_silent_daemon_and_an_absent_one_are_told_apart)
{
	CLEANUP(end) struct place place;

	begin(&place);
	place.view.keeper.at_wall_ms = NOW - MINUTES(3);
	is_remarked(&place, "daemon", REMARK_NOT_OK, "pid 4711 is there, but");
	write_status(&place, "proc/4711/status", "sshd", 0, "0"); /* the pid is another's by now */
	is_remarked(&place, "daemon", REMARK_NOT_OK, "not running");
	is_remarked(&place, "user", REMARK_UNKNOWN, "no process");
	is_remarked(&place, "capabilities", REMARK_UNKNOWN, "no process");
	is_remarked(&place, "journal", REMARK_UNKNOWN, "no process");
}

Test(checkup, a_lower_tier_is_told_with_its_reason)
{
	CLEANUP(end) struct place place;

	begin(&place);
	place.view.keeper.tier = 0;
	(void)strcpy(place.view.keeper.limit, "no BTF at /sys: needs a kernel with it");
	is_remarked(&place, "tier", REMARK_NOT_OK, "0, not higher: no BTF at /sys");
	place.view.keeper.speed = 20;
	is_remarked(&place, "tier", REMARK_UNKNOWN, "simulated");
}

Test(checkup, a_right_that_any_thread_kept_is_named)
{
	CLEANUP(end) struct place place;

	begin(&place);
	write_status(&place, "proc/4711/task/4712/status", "store", DAEMON_UID, BPF_RIGHTS);
	is_remarked(&place, "capabilities", REMARK_NOT_OK, "CAP_PERFMON, CAP_BPF");
}

Test(checkup, root_needs_no_leave_but_should_not_be_root)
{
	CLEANUP(end) struct place place;

	begin(&place);
	write_status(&place, "proc/4711/status", "selfhealed", 0, "000001ffffffffff");
	place.ground.polkit = -ENOPKG;
	place.ground.rights = -EBADMSG;
	is_remarked(&place, "user", REMARK_NOT_OK, "root");
	is_remarked(&place, "capabilities", REMARK_NOT_OK, "as root it has all");
	is_remarked(&place, "polkit", REMARK_OK, "not needed");
	is_remarked(&place, "rights", REMARK_OK, "not needed");
	write_status(&place, "proc/4711/status", "selfhealed", 1000, "0");
	is_remarked(&place, "user", REMARK_NOT_OK, "user 1000");
}

Test(checkup, a_state_that_cannot_be_written_or_is_too_large_is_told)
{
	CLEANUP(end) struct place place;

	begin(&place);
	is_remarked(&place, "database", REMARK_OK, "of at most 100");
	place.ground.max_size_bytes = 9;
	is_remarked(&place, "database", REMARK_NOT_OK, "MaxSize= is 9");
	place.ground.max_size_bytes = 0; /* that of a daemon that was started by hand */
	is_remarked(&place, "database", REMARK_OK, "10");
	place.ground.past_path = "/none/selfheal.db";
	is_remarked(&place, "database", REMARK_UNKNOWN, "No such file");
	(void)strcpy(place.ground.config_problem, "selfhealed.conf:3: unknown key");
	is_remarked(&place, "settings", REMARK_NOT_OK, "selfhealed.conf:3");
	place.view.keeper.store = STORE_FULL;
	is_remarked(&place, "record", REMARK_NOT_OK, "full");
	(void)chmod(place.live, 0644);
	is_remarked(&place, "access", REMARK_NOT_OK, "0644");
}

Test(checkup, no_leave_is_told_by_what_is_in_the_way)
{
	CLEANUP(end) struct place place;

	begin(&place);
	(void)strcpy(place.ground.polkit_problem, "polkit is not installed");
	place.ground.polkit = -ENOPKG;
	is_remarked(&place, "polkit", REMARK_NOT_OK, "not installed");
	place.ground.polkit = -ETIMEDOUT;
	is_remarked(&place, "polkit", REMARK_UNKNOWN, "");
	is_remarked(&place, "rights", REMARK_OK, "no service is enrolled");
	(void)strcpy(place.view.keeper.mode, "enforce");
	is_remarked(&place, "rights", REMARK_NOT_OK, "no service is enrolled");
	place.ground.rights = -EACCES;
	is_remarked(&place, "rights", REMARK_UNKNOWN, "only root");
	place.ground.rights = -EBADMSG;
	is_remarked(&place, "rights", REMARK_NOT_OK, "not written by enroll");
	place.ground.rights = 0;
	place.ground.rights_as_written = false;
	is_remarked(&place, "rights", REMARK_NOT_OK, "not as enroll wrote it");
}

Test(checkup, a_unit_that_wants_heals_and_is_not_enrolled_is_named)
{
	CLEANUP(end) struct place place;

	begin(&place);
	place.unit.status.terms.says = 1u << TERM_MODE;
	place.unit.status.terms.mode = MODE_OBSERVE;
	is_remarked(&place, "rights", REMARK_OK, "no service");
	place.unit.status.terms.mode = MODE_APPROVE;
	is_remarked(&place, "rights", REMARK_NOT_OK,
		    "shop.service wants to be healed (Mode=approve)");
	cr_assert(zero(int, unit_set_add(&place.ground.enrolled, "shop.service")));
	is_remarked(&place, "rights", REMARK_OK, "1 service enrolled");
}

Test(checkup, what_cannot_be_read_is_told)
{
	CLEANUP(end) struct place place;

	begin(&place);
	place.ground.journal_group = 4;
	is_remarked(&place, "journal", REMARK_NOT_OK, "systemd-journal");
	place.ground.journal_group = UINT32_MAX;
	is_remarked(&place, "journal", REMARK_UNKNOWN, "no group");
	(void)remove(scratch_path(&place.scratch, "proc/pressure/memory"));
	is_remarked(&place, "pressure", REMARK_NOT_OK, "pressure/memory is not there");
}

Test(checkup, memory_without_a_controller_has_to_be_absent)
{
	CLEANUP(end) struct place place;

	begin(&place);
	is_remarked(&place, "memory", REMARK_OK, "all 1 units");
	(void)remove(scratch_path(&place.scratch, "cgroup" CGROUP "/memory.current"));
	is_remarked(&place, "memory", REMARK_NOT_OK, "any of 1 units");
	sample_set(&place.unit.sample, METRIC_MEMORY, 0);
	is_remarked(&place, "memory", REMARK_NOT_OK, "have no controller");
	place.view.keeper.at_wall_ms = NOW - HOURS(1); /* it may have had one then */
	is_remarked(&place, "memory", REMARK_NOT_OK, "any of 1 units");
	make_folders(&place, "cgroup/memory/system.slice/shop.service");
	(void)scratch_write(&place.scratch, "cgroup/memory" CGROUP "/memory.usage_in_bytes", "");
	is_remarked(&place, "memory", REMARK_OK, "all 1 units");
	(void)strcpy(place.unit.status.cgroup, "/other.slice/of-another.namespace");
	is_remarked(&place, "memory", REMARK_UNKNOWN, "seen from here");
}

Test(process, capabilities_have_names)
{
	static const struct {
		uint64_t capabilities;
		const char *words;
	} cases[] = {
		{ 0, "none" },
		{ UINT64_C(0x1ffffffffff), "all" },
		{ UINT64_C(1) << 39 | UINT64_C(1) << 38, "CAP_PERFMON, CAP_BPF" },
		{ UINT64_C(0x1fffeffffff), "40 capabilities" },
		{ UINT64_C(1), "CAP_CHOWN" },
		{ UINT64_C(1) << 21 | UINT64_C(1) << 50, "CAP_SYS_ADMIN, capability 50" },
	};
	char text[128], little[12];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(eq(str, process_capabilities(text, sizeof(text), cases[i].capabilities),
			     (char *)cases[i].words));
	cr_assert(eq(str, process_capabilities(little, sizeof(little), 7), "CAP_CHOWN, "));
}

Test(process, what_is_no_process_is_refused)
{
	CLEANUP(end) struct place place;
	struct process_rights rights;

	begin(&place);
	cr_assert(zero(int, process_read(place.proc, PID, &rights)));
	cr_assert(eq(str, rights.name, "selfhealed"));
	cr_assert(eq(u32, rights.uid, DAEMON_UID));
	cr_assert(process_is_in(&rights, JOURNAL));
	cr_assert(not(process_is_in(&rights, 4)));
	cr_assert(eq(int, process_read(place.proc, 1, &rights), -ENOENT));
	(void)scratch_write(&place.scratch, "proc/4711/status", "nonsense\n");
	cr_assert(eq(int, process_read(place.proc, PID, &rights), -EBADMSG));
}
