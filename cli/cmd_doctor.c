/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor: from where each signal comes, what is missing, and what would give it. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/host.h"
#include "cli/keeper.h"
#include "cli/rights.h"
#include "cli/signals.h"
#include "record/config.h"
#include "record/names.h"

/* ---- what is looked at ---------------------------------------------------------- */

static void find_users(struct checkup_ground *ground)
{
	const struct passwd *user = getpwnam(NAME_USER);
	const struct group *group = getgrnam("systemd-journal");

	ground->daemon_uid = user ? user->pw_uid : UINT32_MAX;
	ground->journal_group = group ? group->gr_gid : UINT32_MAX;
}

static void find_polkit(struct checkup_ground *ground)
{
	CLEANUP(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

	ground->polkit = host_open(&bus);
	if (ground->polkit >= 0)
		ground->polkit =
			host_polkit(bus, ground->polkit_problem, sizeof(ground->polkit_problem));
	else
		(void)text_format(ground->polkit_problem, sizeof(ground->polkit_problem),
				  "it cannot be asked: there is no system bus");
}

/* Those of a daemon that was started by hand are known to it alone. */
static void find_settings(struct checkup_ground *ground, bool by_hand)
{
	struct ini_error error = { "" };
	struct config config;
	int r;

	if (by_hand)
		return;
	config_defaults(&config);
	r = config_load_installed(config_vendor_dir(), NAME_CONFIG_DIR, &config, &error);
	if (r >= 0)
		ground->max_size_bytes = config.max_size_bytes;
	else
		(void)text_format(ground->config_problem, sizeof(ground->config_problem), "%s",
				  error.text);
}

/* The caller clears ground->enrolled. */
static void look_around(const struct context *context, const struct view *view,
			struct checkup_ground *ground)
{
	*ground = (struct checkup_ground) {
		.view = view,
		.past_path = context->past_path,
		.live_path = context->live_path,
		.proc = "/proc",
		.cgroup = "/sys/fs/cgroup",
	};
	find_users(ground);
	find_polkit(ground);
	find_settings(ground, context->state_dir != NULL);
	ground->rights =
		rights_read(NAME_POLKIT_RULES, &ground->enrolled, &ground->rights_as_written);
}

/* ---- what is said ----------------------------------------------------------------- */

static void print_head(const struct view *view)
{
	const struct keeper *keeper = &view->keeper;
	bool is_fresh = keeper_is_running(keeper, view->wall_ms);
	char last[32];

	if (is_fresh)
		output_headline(view->output, *keeper->limit ? PAINT_NOTICE : PAINT_GOOD,
				"signals of %" PRIu32 " units (%s), tier %" PRIu32, keeper->n_units,
				keeper->source, keeper->tier);
	else
		output_headline(view->output, PAINT_BAD,
				"OLD: the healer does not run; signals as they were at %s, tier "
				"%" PRIu32,
				text_moment(last, sizeof(last), keeper_last_ms(keeper)),
				keeper->tier);
	if (*keeper->limit)
		output_field(view->output, "Not higher:", PAINT_NONE, "%s", keeper->limit);
	output_raw(view->output, "\n");
}

static int print_checkup(const struct view *view, const struct checkup *checkup)
{
	static const struct column columns[] = {
		{ .head = "CHECK" },
		{ .head = "STATE" },
		{ .head = "HOW IT IS", .wraps = true },
		{ .head = "WHAT TO DO", .wraps = true },
	};
	static const enum paint paints[REMARK_STATE_N] = {
		[REMARK_OK] = PAINT_GOOD,
		[REMARK_NOT_OK] = PAINT_BAD,
		[REMARK_UNKNOWN] = PAINT_FAINT,
	};
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	r = table_new(columns, sizeof(columns) / sizeof(columns[0]), &table);
	if (r < 0)
		return r;
	for (size_t i = 0; i < checkup->n; i++) {
		const struct remark *remark = &checkup->remark[i];

		table_add(table, PAINT_NONE, "%s", remark->name);
		table_add(table, paints[remark->state], "%s", remark_state_word(remark->state));
		table_add(table, PAINT_NONE, "%s", remark->said);
		table_add(table, PAINT_NONE, "%s", remark->advice);
	}
	output_raw(view->output, "\n");
	return output_table(view->output, table);
}

static void print_json(const struct view *view, const struct signal_found found[METRIC_N],
		       const struct checkup *checkup)
{
	output_raw(view->output, "{\"keeper\":");
	reader_json_keeper(view->output->file, &view->keeper,
			   keeper_time(&view->keeper, view->wall_ms));
	output_raw(view->output, ",\"signals\":[");
	signals_json(view, found);
	output_raw(view->output, "],\"checks\":[");
	for (size_t i = 0; i < checkup->n; i++) {
		const struct remark *remark = &checkup->remark[i];

		output_raw(view->output, i ? ",\n" : "\n");
		reader_json_remark(view->output->file, remark->name,
				   remark_state_word(remark->state), remark->said, remark->advice);
	}
	output_raw(view->output, "]}\n");
}

static int say(const struct context *context, const struct view *view,
	       const struct signal_found found[METRIC_N], const struct checkup *checkup)
{
	int r;

	if (context->json) {
		print_json(view, found, checkup);
		return 0;
	}
	print_head(view);
	r = signals_print(view, found);
	if (r < 0 || checkup->n == 0)
		return r;
	return print_checkup(view, checkup);
}

/* ---- the command ------------------------------------------------------------------ */

static int examine(const struct context *context, const struct view *view)
{
	struct signal_found found[METRIC_N];
	struct checkup_ground ground = { 0 };
	struct checkup checkup = { 0 };
	int r;

	r = signals_read(view, found);
	if (r < 0)
		return log_error_errno(r, "cannot read the signals");
	if (!context->db) { /* that may be of another host */
		look_around(context, view, &ground);
		checkup_run(&ground, &checkup);
		unit_set_clear(&ground.enrolled);
	}
	r = say(context, view, found, &checkup);
	if (r < 0)
		return log_error_errno(r, "cannot show the signals");
	return checkup_is_well(&checkup) ? EXIT_WELL : EXIT_SICK;
}

static int doctor_run(struct context *context, int argc, char **argv)
{
	CLEANUP(view_clear) struct view view = { 0 };
	int r;

	(void)argv;
	if (argc > 1)
		return command_usage(&command_doctor, "it takes no unit");
	r = view_read(context->output, context->reader, &view);
	if (r < 0)
		return log_error_errno(r, "cannot read the present state");
	if (!view.has_keeper) {
		log_error("nothing is known of the present: the healer has not run since the boot");
		log_info("start it: sudo systemctl start selfhealed; or look without it: sudo "
			 "selfhealed --doctor");
		return EXIT_NO_STATE;
	}
	return examine(context, &view);
}

const struct command command_doctor = {
	.name = "doctor",
	.usage = "",
	.summary = "from where each signal comes, why not from a better place, and what to mend",
	.details =
		"First each signal: its source, the tier that has all of it, for how many units "
		"and\nwhether for the host it is known now, and what is missing. Then the checks "
		"of this\ninstallation (not with --db), and what to do. Works without the "
		"daemon, from its\nnewest state.\n\n"
		"Exits with 1 if there is something worth doing.\n",
	.accepts = ACCEPTS_JSON,
	.reads = true,
	.run = doctor_run,
};
