/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function a remark. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/checkup.h"
#include "cli/keeper.h"
#include "cli/process.h"
#include "record/config.h"
#include "record/names.h"

#define START "sudo systemctl start selfhealed"
#define LOG   "journalctl -u selfhealed"
#define UNIT  "start it by its unit: " START

/* What several remarks go by. */
struct look {
	const struct checkup_ground *ground;
	struct checkup *checkup;
	int process; /* process_read() of the daemon, if that is what the pid is */
	struct process_rights rights;
};

const char *remark_state_word(enum remark_state state)
{
	static const char *const words[REMARK_STATE_N] = {
		[REMARK_OK] = "ok",
		[REMARK_NOT_OK] = "not-ok",
		[REMARK_UNKNOWN] = "unknown",
	};

	return (size_t)state < REMARK_STATE_N ? words[state] : "unknown";
}

static void remark(struct look *look, const char *name, enum remark_state state, const char *advice,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));
static void remark(struct look *look, const char *name, enum remark_state state, const char *advice,
		   const char *format, ...)
{
	struct remark *next = &look->checkup->remark[look->checkup->n++];
	va_list arguments;

	assert(look->checkup->n <= REMARKS_MAX);
	*next = (struct remark) { .name = name, .state = state };
	(void)snprintf(next->advice, sizeof(next->advice), "%s", advice);
	va_start(arguments, format);
	(void)vsnprintf(next->said, sizeof(next->said), format, arguments);
	va_end(arguments);
}

/* ---- the daemon ----------------------------------------------------------------- */

static bool is_there(const struct look *look)
{
	return look->process >= 0;
}

static bool is_root(const struct look *look)
{
	return is_there(look) && look->rights.uid == 0;
}

static void check_daemon(struct look *look)
{
	const struct view *view = look->ground->view;
	const struct keeper *keeper = &view->keeper;
	uint64_t last_ms = keeper_last_ms(keeper);
	char last[32], ago[32];

	(void)text_moment(last, sizeof(last), last_ms);
	(void)text_ago(ago, sizeof(ago), view->wall_ms > last_ms ? view->wall_ms - last_ms : 0);
	if (keeper_is_running(keeper, view->wall_ms))
		remark(look, "daemon", REMARK_OK, "", "running, pid %" PRIu32 "; newest tick: %s",
		       keeper->pid, ago);
	else if (is_there(look))
		remark(look, "daemon", REMARK_NOT_OK, "its last words: " LOG,
		       "pid %" PRIu32 " is there, but its newest tick is from %s, %s", keeper->pid,
		       last, ago);
	else
		remark(look, "daemon", REMARK_NOT_OK, START "; its last words: " LOG,
		       "not running: its newest tick is from %s, %s", last, ago);
}

static void check_tier(struct look *look)
{
	const struct keeper *keeper = &look->ground->view->keeper;

	if (keeper->speed > 1)
		remark(look, "tier", REMARK_UNKNOWN, "", "only simulated services are watched");
	else if (*keeper->limit)
		remark(look, "tier", REMARK_NOT_OK, "look anew: sudo selfhealed --doctor",
		       "%" PRIu32 ", not higher: %s", keeper->tier, keeper->limit);
	else
		remark(look, "tier", REMARK_OK, "", "%" PRIu32 ", the highest", keeper->tier);
}

static void check_user(struct look *look)
{
	uint32_t uid = look->rights.uid;

	if (!is_there(look))
		remark(look, "user", REMARK_UNKNOWN, "", "there is no process to ask");
	else if (uid == 0)
		remark(look, "user", REMARK_NOT_OK, UNIT,
		       "it runs as root, which is more than it needs");
	else if (uid != look->ground->daemon_uid)
		remark(look, "user", REMARK_NOT_OK, UNIT,
		       "it runs as user %" PRIu32 ", not as " NAME_USER
		       ": it sees less, and may restart nothing",
		       uid);
	else
		remark(look, "user", REMARK_OK, "", "it runs as " NAME_USER);
}

static void check_capabilities(struct look *look)
{
	uint64_t held = look->rights.capabilities;
	char names[384];

	(void)process_capabilities(names, sizeof(names), held);
	if (!is_there(look))
		remark(look, "capabilities", REMARK_UNKNOWN, "", "there is no process to ask");
	else if (held == 0)
		remark(look, "capabilities", REMARK_OK, "", "it has given up all of them");
	else
		remark(look, "capabilities", REMARK_NOT_OK,
		       is_root(look) ? UNIT : "the reason is in its log: " LOG,
		       is_root(look) ? "as root it has %s" : "it still has %s", names);
}

/* ---- the store ------------------------------------------------------------------- */

static void check_record(struct look *look)
{
	enum store_state state = look->ground->view->keeper.store;

	if (state == STORE_WELL)
		remark(look, "record", REMARK_OK, "", "decisions can be recorded");
	else
		remark(look, "record", REMARK_NOT_OK, "see that its disk has space; " LOG,
		       "%s: what cannot be recorded is not done", store_state_word(state));
}

static void check_database(struct look *look)
{
	const struct checkup_ground *ground = look->ground;
	char is[32], most[32];
	struct stat status;

	if (ground->config_problem[0]) {
		remark(look, "settings", REMARK_NOT_OK,
		       "mend that line, then: sudo systemctl "
		       "reload selfhealed",
		       "%s", ground->config_problem);
		return;
	}
	if (stat(ground->past_path, &status) < 0) {
		remark(look, "database", REMARK_UNKNOWN, "", "%s: %s", ground->past_path,
		       strerror(errno));
		return;
	}
	(void)text_size(is, sizeof(is), (double)status.st_size);
	if (ground->max_size_bytes == 0) {
		remark(look, "database", REMARK_OK, "", "%s", is);
		return;
	}
	(void)text_size(most, sizeof(most), (double)ground->max_size_bytes);
	if ((uint64_t)status.st_size > ground->max_size_bytes)
		remark(look, "database", REMARK_NOT_OK,
		       "sudo systemctl restart selfhealed: MaxSize= counts from its start",
		       "%s, and MaxSize= is %s", is, most);
	else
		remark(look, "database", REMARK_OK, "", "%s of at most %s (MaxSize=)", is, most);
}

/* The present is for root and the group; it names what runs here. */
static void check_access(struct look *look)
{
	struct stat status;
	unsigned int mode;

	if (stat(look->ground->live_path, &status) < 0) {
		remark(look, "access", REMARK_UNKNOWN, "", "%s: %s", look->ground->live_path,
		       strerror(errno));
		return;
	}
	mode = status.st_mode & 07777;
	if (mode == 0640)
		remark(look, "access", REMARK_OK, "",
		       "you may read the present, as its owner and group may (%04o)", mode);
	else
		remark(look, "access", REMARK_NOT_OK,
		       "stop selfhealed, remove it, start selfhealed: it is made anew",
		       "%s has the mode %04o and should have 0640", look->ground->live_path, mode);
}

/* ---- the right to act --------------------------------------------------------------- */

/* A unit that says itself that it is to be healed for real. */
static bool wants_heals(const struct unit_status *status)
{
	return terms_say(&status->terms, TERM_MODE) && !(status->flags & UNIT_SYNTHETIC) &&
	       (status->terms.mode == MODE_ENFORCE || status->terms.mode == MODE_APPROVE);
}

/* The first unit that wants heals and is not enrolled; NULL. */
static const struct unit_status *locked_out(const struct checkup_ground *ground)
{
	for (size_t i = 0; i < ground->view->n_units; i++) {
		const struct unit_status *status = &ground->view->unit[i].status;

		if (wants_heals(status) && !unit_set_has(&ground->enrolled, status->name))
			return status;
	}
	return NULL;
}

static void check_polkit(struct look *look)
{
	const struct checkup_ground *ground = look->ground;

	if (is_root(look))
		remark(look, "polkit", REMARK_OK, "", "not needed: it runs as root");
	else if (ground->polkit >= 0)
		remark(look, "polkit", REMARK_OK, "", "there, and it reads rules in JavaScript");
	else if (ground->polkit == -ENOPKG)
		remark(look, "polkit", REMARK_NOT_OK,
		       "install polkit 0.106 or newer: without it nothing is healed for real", "%s",
		       ground->polkit_problem);
	else
		remark(look, "polkit", REMARK_UNKNOWN, "", "%s", ground->polkit_problem);
}

static void remark_enrolled(struct look *look)
{
	const struct unit_set *enrolled = &look->ground->enrolled;
	const struct unit_status *locked = locked_out(look->ground);
	bool enforces = strcmp(look->ground->view->keeper.mode, "enforce") == 0;

	if (!look->ground->rights_as_written)
		remark(look, "rights", REMARK_NOT_OK,
		       "enroll or unenroll any service, and it is written anew",
		       NAME_POLKIT_RULES " is not as enroll wrote it");
	else if (locked)
		remark(look, "rights", REMARK_NOT_OK, "selfhealctl enroll SERVICE",
		       "%s wants to be healed (Mode=%s), but polkit's rules do not name it",
		       locked->name, mode_word(locked->terms.mode));
	else if (enrolled->n == 0)
		remark(look, "rights", enforces ? REMARK_NOT_OK : REMARK_OK,
		       "to let one be healed: selfhealctl enroll SERVICE",
		       "no service is enrolled, so none is healed for real");
	else
		remark(look, "rights", REMARK_OK, "",
		       "%zu service%s enrolled (" NAME_POLKIT_RULES ")", enrolled->n,
		       enrolled->n == 1 ? "" : "s");
}

static void check_rights(struct look *look)
{
	int r = look->ground->rights;

	if (is_root(look))
		remark(look, "rights", REMARK_OK, "", "not needed: it runs as root");
	else if (r == -EACCES || r == -EPERM)
		remark(look, "rights", REMARK_UNKNOWN, "ask as root",
		       "only root may look into " NAME_POLKIT_RULES);
	else if (r == -EBADMSG)
		remark(look, "rights", REMARK_NOT_OK, "move it away, then enroll anew",
		       NAME_POLKIT_RULES " was not written by enroll");
	else if (r < 0)
		remark(look, "rights", REMARK_UNKNOWN, "", NAME_POLKIT_RULES ": %s", strerror(-r));
	else
		remark_enrolled(look);
}

/* ---- what can be read ------------------------------------------------------------- */

static void check_journal(struct look *look)
{
	uint32_t group = look->ground->journal_group;

	if (!is_there(look))
		remark(look, "journal", REMARK_UNKNOWN, "", "there is no process to ask");
	else if (group == UINT32_MAX)
		remark(look, "journal", REMARK_UNKNOWN, "",
		       "there is no group systemd-journal here");
	else if (is_root(look) || process_is_in(&look->rights, group))
		remark(look, "journal", REMARK_OK, "", "it may read what units write there");
	else
		remark(look, "journal", REMARK_NOT_OK, UNIT,
		       "it may not read it: it is not in the group systemd-journal");
}

static void check_pressure(struct look *look)
{
	char path[512];

	if (text_format(path, sizeof(path), "%s/pressure/memory", look->ground->proc) >= 0 &&
	    access(path, R_OK) == 0)
		remark(look, "pressure", REMARK_OK, "", "the kernel keeps account of it");
	else
		remark(look, "pressure", REMARK_NOT_OK,
		       "psi=1 on the kernel's command line, in a kernel with CONFIG_PSI",
		       "%s is not there, so no psi_ signal is", path);
}

/* Below any of the hierarchies that this cgroup may be in. */
static bool has_file(const struct checkup_ground *ground, const char *cgroup, const char *name,
		     const char *v1_name)
{
	const struct {
		const char *below, *name;
	} places[] = { { "", name }, { "/unified", name }, { "/memory", v1_name } };
	char path[1024];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (text_format(path, sizeof(path), "%s%s%s/%s", ground->cgroup, places[i].below,
				cgroup, places[i].name) >= 0 &&
		    access(path, F_OK) == 0)
			return true;
	return false;
}

struct controllers {
	uint32_t n, n_with, n_invented;
};

/* Only where the daemon sees what we see now: its state is fresh, and the cgroup is in our namespace. */
static struct controllers count_controllers(const struct checkup_ground *ground)
{
	const struct view *view = ground->view;
	bool is_fresh = keeper_is_running(&view->keeper, view->wall_ms);
	struct controllers counted = { 0 };

	for (size_t i = 0; i < view->n_units; i++) {
		const struct present *present = &view->unit[i];
		const char *cgroup = present->status.cgroup;
		bool with;

		if (!cgroup[0] || strstr(cgroup, "/../") ||
		    !has_file(ground, cgroup, "cgroup.procs", "cgroup.procs"))
			continue;
		with = has_file(ground, cgroup, "memory.current", "memory.usage_in_bytes");
		counted.n++;
		counted.n_with += with;
		counted.n_invented +=
			is_fresh && !with && sample_has(&present->sample, METRIC_MEMORY);
	}
	return counted;
}

static void check_memory(struct look *look)
{
	const struct controllers counted = count_controllers(look->ground);

	if (counted.n == 0)
		remark(look, "memory", REMARK_UNKNOWN, "",
		       "no watched unit has a cgroup that can be seen from here");
	else if (counted.n_invented > 0)
		remark(look, "memory", REMARK_NOT_OK, "please report it",
		       "%" PRIu32 " units are told to use memory, and have no controller that "
		       "would count it",
		       counted.n_invented);
	else if (counted.n_with == counted.n)
		remark(look, "memory", REMARK_OK, "",
		       "the controller counts it for all %" PRIu32 " units", counted.n);
	else if (counted.n_with == 0)
		remark(look, "memory", REMARK_NOT_OK,
		       "enable the memory controller (cgroup_enable=memory; "
		       "DefaultMemoryAccounting=yes)",
		       "no controller counts it for any of %" PRIu32
		       " units, so `memory` is absent, never 0",
		       counted.n);
	else
		remark(look, "memory", REMARK_NOT_OK, "MemoryAccounting=yes for the others",
		       "the controller counts it for %" PRIu32 " of %" PRIu32
		       " units; of the others `memory` is absent, never 0",
		       counted.n_with, counted.n);
}

/* ---- all of it ------------------------------------------------------------------------ */

/* The pid may be another's by now, or of another namespace. */
static int find_daemon(const struct checkup_ground *ground, struct process_rights *ret)
{
	struct process_rights rights;
	int r;

	r = process_read(ground->proc, ground->view->keeper.pid, &rights);
	if (r < 0)
		return r;
	if (strcmp(rights.name, "selfhealed") != 0)
		return -ESRCH;
	*ret = rights;
	return 0;
}

void checkup_run(const struct checkup_ground *ground, struct checkup *ret)
{
	static void (*const checks[])(struct look *) = {
		check_daemon, check_tier,     check_user,     check_capabilities,
		check_record, check_database, check_access,   check_polkit,
		check_rights, check_journal,  check_pressure, check_memory,
	};
	struct look look = { .ground = ground, .checkup = ret };

	ret->n = 0;
	look.process = find_daemon(ground, &look.rights);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&look);
}

bool checkup_is_well(const struct checkup *checkup)
{
	for (size_t i = 0; i < checkup->n; i++)
		if (checkup->remark[i].state == REMARK_NOT_OK)
			return false;
	return true;
}
