/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enroll, unenroll: which services may be healed for real. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/candidate.h"
#include "cli/command.h"
#include "cli/enrolment.h"
#include "cli/host.h"
#include "record/names.h"

/* ---- what both begin and end with --------------------------------------------------- */

static int need_root(const struct command *command)
{
	if (geteuid() == 0)
		return EXIT_WELL;
	log_error("%s: only root may say which services are healed", command->name);
	return EXIT_REFUSED;
}

static int file_failed(const struct enrolment *enrolment, int r)
{
	if (r != -EBADMSG) {
		(void)log_error_errno(r, "%s", enrolment->file);
		return EXIT_REFUSED;
	}
	log_error("%s was not written by selfhealctl, and stays as it is", enrolment->file);
	log_info("move it away, then try again");
	return EXIT_REFUSED;
}

static int open_enrolment(struct enrolment *enrolment)
{
	int r;

	r = enrolment_open(NAME_POLKIT_RULES, NAME_UNIT_DIR, enrolment);
	return r < 0 ? file_failed(enrolment, r) : EXIT_WELL;
}

/* ---- enroll: the list ------------------------------------------------------------------ */

static const struct column list_columns[] = {
	{ .head = "UNIT" },
	{ .head = "MODE" },
	{ .head = "LOCKS", .wraps = true },
};

/* One line of the list, and whether all is well with it. */
struct locks {
	const char *mode; /* that holds; "-": none, as far as is known */
	char sentence[128];
	bool agree;
};

static const char *what_is_wrong(const struct enrolled *enrolled)
{
	if (enrolled->drop_in == DROP_IN_FOREIGN)
		return "somebody else wrote its " NAME_UNIT_DROPIN;
	if (!enrolled->is_allowed)
		return "polkit refuses: enroll it again";
	if (enrolled->drop_in == DROP_IN_NONE)
		return "its " NAME_UNIT_DROPIN " is missing: enroll it again";
	return enrolled->says_mode ? NULL
				   : "its " NAME_UNIT_DROPIN " says no mode: enroll it again";
}

/* Another file of the unit may say otherwise; only systemd knows which files these are. */
static void ask_systemd(sd_bus *bus, const char *unit, const struct enrolled *enrolled,
			struct locks *locks)
{
	struct host_service service;
	bool says_mode;

	if (!bus || host_service(bus, unit, &service) < 0 || strcmp(service.load, "loaded") != 0)
		return;
	says_mode = terms_say(&service.terms, TERM_MODE) && !service.policy_broken;
	if (says_mode && service.terms.mode == enrolled->mode)
		return;
	locks->agree = false;
	locks->mode = says_mode ? mode_word(service.terms.mode) : "-";
	(void)snprintf(locks->sentence, sizeof(locks->sentence),
		       service.policy_broken
			       ? "one of its files cannot be read: see systemctl cat %s"
			       : "not what its " NAME_UNIT_DROPIN " says: see systemctl cat %s",
		       unit);
}

static struct locks look_at_locks(sd_bus *bus, const char *unit, const struct enrolled *enrolled)
{
	const char *wrong = what_is_wrong(enrolled);
	struct locks locks = { .mode = enrolled->says_mode ? mode_word(enrolled->mode) : "-",
			       .agree = !wrong };

	(void)snprintf(locks.sentence, sizeof(locks.sentence), "%s", wrong ?: "agree");
	if (locks.agree)
		ask_systemd(bus, unit, enrolled, &locks);
	return locks;
}

/* Returns how many units have locks that do not agree. */
static int fill_list(struct enrolment *enrolment, const struct unit_set *units, struct table *table)
{
	CLEANUP(sd_bus_close_unrefp) sd_bus *bus = NULL;
	struct enrolled enrolled;
	struct locks locks;
	int n_apart = 0, r;

	(void)host_open(&bus); /* without it, the two files alone are told of */
	for (size_t i = 0; i < units->n; i++) {
		r = enrolment_look(enrolment, units->name[i], &enrolled);
		if (r < 0)
			return r;
		locks = look_at_locks(bus, units->name[i], &enrolled);
		table_add(table, PAINT_NONE, "%s", units->name[i]);
		table_add(table, PAINT_NONE, "%s", locks.mode);
		table_add(table, locks.agree ? PAINT_NONE : PAINT_BAD, "%s", locks.sentence);
		n_apart += !locks.agree;
	}
	return n_apart;
}

static int print_list(const struct output *output, struct enrolment *enrolment)
{
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	CLEANUP(table_freep) struct table *table = NULL;
	int n_apart, r;

	r = enrolment_units(enrolment, &units);
	if (r < 0)
		return file_failed(enrolment, r);
	if (!enrolment->as_written)
		log_warning(NAME_POLKIT_RULES
			    " is not as selfhealctl wrote it: whether it holds is "
			    "not known; the next enroll writes it anew");
	if (units.n == 0) {
		output_line(output, PAINT_NONE, "Nothing is enrolled.");
		return EXIT_WELL;
	}
	r = table_new(list_columns, sizeof(list_columns) / sizeof(list_columns[0]), &table);
	if (r < 0)
		return log_error_errno(r, "cannot print the list");
	n_apart = fill_list(enrolment, &units, table);
	if (n_apart < 0)
		return file_failed(enrolment, n_apart);
	r = output_table(output, table);
	if (r < 0)
		return log_error_errno(r, "cannot print the list");
	return n_apart || !enrolment->as_written ? EXIT_SICK : EXIT_WELL;
}

static int list(const struct context *context)
{
	CLEANUP(enrolment_close) struct enrolment enrolment = { .lock_fd = -1 };
	int r;

	if (context->mode)
		return command_usage(&command_enroll, "--mode wants to know of which unit");
	r = open_enrolment(&enrolment);
	return r != EXIT_WELL ? r : print_list(context->output, &enrolment);
}

/* ---- enroll ------------------------------------------------------------------------------ */

static int check_polkit(sd_bus *bus)
{
	char problem[256];
	int r;

	r = host_polkit(bus, problem, sizeof(problem));
	if (r >= 0)
		return EXIT_WELL;
	log_error("%s: selfhealed cannot be given the right to restart anything, and nothing was "
		  "changed",
		  problem);
	if (r == -ENOPKG)
		log_info("install polkit 0.106 or later: apt install polkitd");
	return EXIT_REFUSED;
}

/* Before anything is changed: is there a file in the way of any of them? */
static int check_drop_ins(struct enrolment *enrolment, const struct unit_set *units)
{
	struct enrolled enrolled;
	int r;

	for (size_t i = 0; i < units->n; i++) {
		r = enrolment_look(enrolment, units->name[i], &enrolled);
		if (r >= 0 && enrolled.drop_in == DROP_IN_FOREIGN)
			r = -EBADMSG;
		if (r < 0)
			return file_failed(enrolment, r);
	}
	return EXIT_WELL;
}

/* polkit's lock last, and only when systemd knows the mode: else the host's would hold. */
static int open_locks(struct enrolment *enrolment, sd_bus *bus, const struct unit_set *units,
		      enum mode mode)
{
	int r;

	for (size_t i = 0; i < units->n; i++) {
		r = enrolment_set_mode(enrolment, units->name[i], mode);
		if (r < 0)
			return file_failed(enrolment, r);
	}
	r = host_reload(bus);
	if (r < 0) {
		(void)log_error_errno(r,
				      "systemd did not read its units again, so polkit was given "
				      "no new right");
		log_info("see what is wrong with: systemctl daemon-reload; then enroll again");
		return EXIT_REFUSED;
	}
	r = enrolment_allow(enrolment, units);
	return r < 0 ? file_failed(enrolment, r) : EXIT_WELL;
}

static void mention_host_mode(void)
{
	struct ini_error error;
	struct config config;

	config_defaults(&config);
	if (config_load_installed(config_vendor_dir(), NAME_CONFIG_DIR, &config, &error) < 0)
		log_warning("%s", error.text);
	else if (config.mode == MODE_OBSERVE)
		log_warning("nothing is healed as long as " NAME_CONFIG_FILE " says Mode=observe, "
			    "which goes before the mode of a unit");
}

static int enroll(const struct context *context, enum mode mode, int n, char **arguments)
{
	CLEANUP(enrolment_close) struct enrolment enrolment = { .lock_fd = -1 };
	CLEANUP(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	int r;

	r = host_open(&bus);
	if (r < 0)
		return log_error_errno(r, "no system bus, so systemd cannot be asked");
	r = check_polkit(bus);
	if (r == EXIT_WELL)
		r = open_enrolment(&enrolment);
	for (int i = 0; r == EXIT_WELL && i < n; i++)
		r = candidate_add(context->output, bus, arguments[i], &units);
	if (r == EXIT_WELL)
		r = check_drop_ins(&enrolment, &units);
	if (r == EXIT_WELL)
		r = open_locks(&enrolment, bus, &units, mode);
	if (r != EXIT_WELL)
		return r;
	for (size_t i = 0; i < units.n; i++)
		output_line(context->output, PAINT_NONE, "%s: enrolled, Mode=%s", units.name[i],
			    mode_word(mode));
	mention_host_mode();
	return EXIT_WELL;
}

static int enroll_run(struct context *context, int argc, char **argv)
{
	enum mode mode = MODE_ENFORCE;
	int r;

	if (context->mode && (mode_from_word(context->mode, &mode) < 0 ||
			      (mode != MODE_ENFORCE && mode != MODE_APPROVE)))
		return command_usage(&command_enroll, "--mode is enforce or approve, not '%s'",
				     context->mode);
	r = need_root(&command_enroll);
	if (r != EXIT_WELL)
		return r;
	return argc == 1 ? list(context) : enroll(context, mode, argc - 1, argv + 1);
}

/* ---- unenroll ------------------------------------------------------------------------------ */

/* Under the name that was enrolled; by another one too, if systemd is there to tell. */
static int find_enrolled(sd_bus *bus, const struct unit_set *enrolled, const char *argument,
			 struct unit_set *units)
{
	struct host_service service;
	char name[UNIT_NAME_SIZE];

	if (command_unit_name(argument, name, sizeof(name)) < 0)
		return -EINVAL;
	if (unit_set_has(enrolled, name))
		return unit_set_add(units, name);
	if (!bus || host_service(bus, name, &service) < 0 ||
	    !unit_set_has(enrolled, service.status.name))
		return -ENOENT;
	return unit_set_add(units, service.status.name);
}

static int find_matching(const struct unit_set *enrolled, const char *glob, struct unit_set *units)
{
	int r = -ENOENT;

	for (size_t i = 0; i < enrolled->n; i++) {
		if (!candidate_matches(glob, enrolled->name[i]))
			continue;
		r = unit_set_add(units, enrolled->name[i]);
		if (r < 0)
			return r;
	}
	return r;
}

/* One that is not enrolled is what was wanted. */
static int choose(sd_bus *bus, struct enrolment *enrolment, int n, char **arguments,
		  struct unit_set *units)
{
	CLEANUP(unit_set_clear) struct unit_set enrolled = { 0 };
	int r;

	r = enrolment_units(enrolment, &enrolled);
	if (r < 0)
		return file_failed(enrolment, r);
	for (int i = 0; i < n; i++) {
		r = candidate_is_glob(arguments[i])
			    ? find_matching(&enrolled, arguments[i], units)
			    : find_enrolled(bus, &enrolled, arguments[i], units);
		if (r == -EINVAL)
			return command_usage(&command_unenroll, "'%s' is no unit's name",
					     arguments[i]);
		if (r == -ENOENT)
			log_notice("%s is not enrolled", arguments[i]);
		else if (r < 0)
			return log_error_errno(r, "cannot choose %s", arguments[i]);
	}
	return EXIT_WELL;
}

/* polkit's lock first. What is left of the other one then gives no right; so go on with the rest. */
static int shut_locks(struct enrolment *enrolment, const struct unit_set *units)
{
	int code = EXIT_WELL, r;

	r = enrolment_forbid(enrolment, units);
	if (r < 0)
		return file_failed(enrolment, r);
	for (size_t i = 0; i < units->n; i++) {
		r = enrolment_unset_mode(enrolment, units->name[i]);
		if (r < 0)
			code = file_failed(enrolment, r);
	}
	return code;
}

static int unenroll(const struct context *context, int n, char **arguments)
{
	CLEANUP(enrolment_close) struct enrolment enrolment = { .lock_fd = -1 };
	CLEANUP(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	CLEANUP(unit_set_clear) struct unit_set units = { 0 };
	int code, r;

	(void)host_open(&bus); /* a right is taken back also where there is none */
	code = open_enrolment(&enrolment);
	if (code == EXIT_WELL)
		code = choose(bus, &enrolment, n, arguments, &units);
	if (code != EXIT_WELL || units.n == 0)
		return code;
	code = shut_locks(&enrolment, &units);
	r = bus ? host_reload(bus) : -ENOTCONN;
	if (r < 0)
		log_warning("systemd was not told; run: systemctl daemon-reload");
	for (size_t i = 0; i < units.n; i++)
		if (!unit_set_has(&enrolment.allowed, units.name[i]))
			output_line(context->output, PAINT_NONE, "%s: no longer enrolled",
				    units.name[i]);
	return code;
}

static int unenroll_run(struct context *context, int argc, char **argv)
{
	int r;

	if (argc < 2)
		return command_usage(&command_unenroll, "which units?");
	r = need_root(&command_unenroll);
	return r != EXIT_WELL ? r : unenroll(context, argc - 1, argv + 1);
}

const struct command command_enroll = {
	.name = "enroll",
	.usage = "[UNIT|GLOB...]",
	.summary = "allow these services to be healed for real; or list those that are",
	.details =
		"Until a service is enrolled, polkit lets the daemon restart nothing. A GLOB means "
		"the\nservices that there are now, each of which is enrolled by its name. "
		"What must never\nbe restarted by a program is refused.\n\n"
		"  selfhealctl enroll shop.service 'web-*' --mode approve\n",
	.accepts = ACCEPTS_MODE,
	.run = enroll_run,
};

const struct command command_unenroll = {
	.name = "unenroll",
	.usage = "UNIT|GLOB...",
	.summary = "take that back",
	.details =
		"The right ends at once, and so does the unit's own mode: from then on the host's "
		"holds.\n",
	.run = unenroll_run,
};
