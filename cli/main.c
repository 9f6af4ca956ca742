/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client: options in, the right command with the right files open, an exit code out. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "record/names.h"

/* Unless --limit says so: what one reads without scrolling for long. */
#define LIMIT_INITIAL 50

static const struct command *const commands[] = {
	&command_status,   &command_history, &command_explain, &command_stats,	  &command_inject,
	&command_evidence, &command_doctor,  &command_enroll,  &command_unenroll, &command_deps,
	&command_backtest, &command_pause,   &command_resume,  &command_heal,	  &command_approve,
	&command_policy,   &command_verify,
};
#define COMMANDS_N (sizeof(commands) / sizeof(commands[0]))

enum option_id {
	OPTION_STATE_DIR = 256,
	OPTION_DB,
	OPTION_SINCE,
	OPTION_LIMIT,
	OPTION_MODE,
	OPTION_VERSION,
	OPTION_ALL,
	OPTION_JSON,
	OPTION_STEPS,
	OPTION_CSV,
	OPTION_TRAIN,
	OPTION_DETECTOR,
	OPTION_SEED,
	OPTION_FORMAT,
	OPTION_UNTIL,
	OPTION_CONFIG,
	OPTION_RULES,
	OPTION_MAP,
	OPTION_FOR,
	OPTION_REASON,
	OPTION_HELP = 'h'
};

/* One row an option: getopt's, who takes it (0: everybody), and what --help says. */
static const struct {
	const char *name;
	int argument, id;
	unsigned int accepts;
	const char *shown, *help;
} options[] = {
	{ "all", no_argument, OPTION_ALL, ACCEPTS_ALL, "--all",
	  "list every unit, with live numbers" },
	{ "since", required_argument, OPTION_SINCE, ACCEPTS_SINCE, "--since WHEN",
	  "nothing older: '2h ago', today, '2026-11-24 14:03'" },
	{ "until", required_argument, OPTION_UNTIL, ACCEPTS_UNTIL, "--until WHEN",
	  "nothing newer, in the same words" },
	{ "limit", required_argument, OPTION_LIMIT, ACCEPTS_LIMIT, "--limit N",
	  "at most N, the newest (50); 0: all" },
	{ "steps", no_argument, OPTION_STEPS, ACCEPTS_STEPS, "--steps",
	  "tell each as a story, step by step" },
	{ "mode", required_argument, OPTION_MODE, ACCEPTS_MODE, "--mode MODE",
	  "enforce, or approve: somebody has to agree each time" },
	{ "for", required_argument, OPTION_FOR, ACCEPTS_FOR, "--for SPAN",
	  "so long: 30min, 2h (1h)" },
	{ "reason", required_argument, OPTION_REASON, ACCEPTS_REASON, "--reason TEXT",
	  "why, for the record" },
	{ "config", required_argument, OPTION_CONFIG, ACCEPTS_CONFIG, "--config FILE",
	  "by this configuration instead of the installed one" },
	{ "rules", required_argument, OPTION_RULES, ACCEPTS_RULES, "--rules DIR",
	  "by the rules of this folder instead of the installed ones" },
	{ "csv", required_argument, OPTION_CSV, ACCEPTS_CSV, "--csv FILE",
	  "the samples to judge, also gzip's" },
	{ "train", required_argument, OPTION_TRAIN, ACCEPTS_TRAIN, "--train FILE",
	  "the samples to learn from (those to judge)" },
	{ "map", required_argument, OPTION_MAP, ACCEPTS_MAP, "--map FILE",
	  "what its columns mean: lines COLUMN = METRIC [* FACTOR]" },
	{ "detector", required_argument, OPTION_DETECTOR, ACCEPTS_DETECTOR, "--detector NAME",
	  "judge (that), or forest, that of the textbooks" },
	{ "seed", required_argument, OPTION_SEED, ACCEPTS_SEED, "--seed N",
	  "for the detector's choices by chance (1)" },
	{ "format", required_argument, OPTION_FORMAT, ACCEPTS_FORMAT, "--format FORMAT",
	  "table for people (that), csv, or json" },
	{ "json", no_argument, OPTION_JSON, ACCEPTS_JSON, "--json",
	  "for programs: see selfhealctl(1)" },
	{ "state-dir", required_argument, OPTION_STATE_DIR, 0, "--state-dir DIR",
	  "the folder of a daemon started with that option" },
	{ "db", required_argument, OPTION_DB, 0, "--db FILE", "read this database, also a copy" },
	{ "help", no_argument, OPTION_HELP, 0, "-h, --help", "this, or that of a command" },
	{ "version", no_argument, OPTION_VERSION, 0, "--version", "the version" },
};
#define OPTIONS_N (sizeof(options) / sizeof(options[0]))

/* What the command line asks for before any command runs. */
struct request {
	bool help, version;
	unsigned int given; /* enum accepts */
};

static void help_options(const struct output *output, unsigned int accepts, bool own)
{
	for (size_t i = 0; i < OPTIONS_N; i++)
		if ((options[i].accepts != 0) == own && (!own || (options[i].accepts & accepts)))
			output_line(output, PAINT_NONE, "  %-18s%s", options[i].shown,
				    options[i].help);
}

static void help_of(const struct output *output, const struct command *command)
{
	output_line(output, PAINT_NONE, "Usage: selfhealctl [OPTION...] %s %s", command->name,
		    command->usage);
	output_raw(output, "\n");
	output_raw(output, command->details);
	output_raw(output, "\nOptions:\n");
	help_options(output, command->accepts, true);
	help_options(output, 0, false);
}

static void help_general(const struct output *output)
{
	output_raw(output, "Usage: selfhealctl [OPTION...] [COMMAND]\n\n"
			   "What is sick on this host, what is being done about it, and what was "
			   "done.\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS_N; i++) {
		output_line(output, PAINT_STRONG, "  %s %s", commands[i]->name, commands[i]->usage);
		output_line(output, PAINT_NONE, "        %s", commands[i]->summary);
	}
	output_raw(output, "\nOptions, before or after the command:\n");
	help_options(output, UINT_MAX, true);
	help_options(output, 0, false);
	output_raw(output, "\n'selfhealctl COMMAND --help' has the options of a command; "
			   "'man selfhealctl' has all.\n");
}

/* Where the state lies. */
struct state_paths {
	char past[PATH_MAX], live[PATH_MAX];
};

static int find_state(const struct context *context, struct state_paths *ret)
{
	const char *slash = context->db ? strrchr(context->db, '/') : NULL;
	int length = slash ? (int)(slash - context->db + 1) : 0;
	int r;

	if (context->db) {
		r = text_format(ret->past, sizeof(ret->past), "%s", context->db);
		if (r < 0)
			return r;
		ret->live[0] = '\0'; /* a copy by another name has no present beside it */
		if (strcmp(context->db + length, NAME_PAST_DB) != 0)
			return 0;
		return text_format(ret->live, sizeof(ret->live), "%.*s" NAME_LIVE_DB, length,
				   context->db);
	}
	r = text_format(ret->past, sizeof(ret->past), "%s/" NAME_PAST_DB,
			context->state_dir ? context->state_dir : NAME_STATE_DIR);
	if (r < 0)
		return r;
	return text_format(ret->live, sizeof(ret->live), "%s/" NAME_LIVE_DB,
			   context->state_dir ? context->state_dir : NAME_RUNTIME_DIR);
}

static int open_state(struct context *context, struct state_paths *paths)
{
	int r;

	r = find_state(context, paths);
	if (r < 0)
		return log_error_errno(r, "the path is too long");
	context->past_path = paths->past;
	context->live_path = paths->live;
	r = context->db && access(context->db, F_OK) < 0
		    ? -ENOENT
		    : reader_open(paths->past, paths->live[0] ? paths->live : NULL,
				  &context->reader);
	if (r == -ENOENT && context->db) {
		log_error("there is no database %s", context->db);
	} else if (r == -ENOENT) {
		log_error("no state found: neither %s nor %s is there", paths->live, paths->past);
		log_info("start the daemon: systemctl start selfhealed; or, where 'make run' runs "
			 "it, add: --state-dir build/state-%u",
			 (unsigned int)getuid());
	} else if (r < 0) {
		log_error("%s", reader_problem());
	}
	return r;
}

/* For whom the state is beside the point: what cannot be read is not there. */
static void glance_at_state(struct context *context, struct state_paths *paths)
{
	if (find_state(context, paths) >= 0)
		(void)reader_open(paths->past, paths->live[0] ? paths->live : NULL,
				  &context->reader);
}

static int exit_code(int r)
{
	if (r >= 0)
		return r;
	return r == -EACCES || r == -EPERM || r == -EPROTONOSUPPORT ? EXIT_REFUSED : EXIT_NO_STATE;
}

static int run_command(const struct command *command, struct context *context, int argc,
		       char **argv)
{
	struct state_paths paths;
	int r = 0;

	if (command->reads && !context->csv)
		r = open_state(context, &paths);
	else if (command->glances)
		glance_at_state(context, &paths);
	if (r >= 0)
		r = command->run(context, argc, argv);
	if (context->reader && reader_notice(context->reader))
		log_warning("%s", reader_notice(context->reader));
	context->reader = reader_close(context->reader);
	context->past_path = context->live_path = NULL;
	if (fflush(context->output->file) != 0 || ferror(context->output->file)) {
		log_error("cannot write all of the output");
		return EXIT_REFUSED;
	}
	return exit_code(r);
}

/* Where the text of an option goes as it is; NULL: nowhere. */
static const char **place_of(int id, struct context *context)
{
	switch (id) {
	case OPTION_SINCE:
		return &context->since;
	case OPTION_MODE:
		return &context->mode;
	case OPTION_CSV:
		return &context->csv;
	case OPTION_TRAIN:
		return &context->train;
	case OPTION_DETECTOR:
		return &context->detector;
	case OPTION_SEED:
		return &context->seed;
	case OPTION_FORMAT:
		return &context->format;
	case OPTION_UNTIL:
		return &context->until;
	case OPTION_CONFIG:
		return &context->config;
	case OPTION_RULES:
		return &context->rules;
	case OPTION_MAP:
		return &context->map;
	case OPTION_FOR:
		return &context->for_span;
	case OPTION_REASON:
		return &context->reason;
	case OPTION_STATE_DIR:
		return &context->state_dir;
	case OPTION_DB:
		return &context->db;
	default:
		return NULL;
	}
}

/* Take one option; negative: it was said what is wrong with it. */
static int take_option(int id, struct context *context, struct request *request)
{
	const char **place = place_of(id, context);
	uint64_t limit;

	if (place)
		*place = optarg;
	switch (place ? 0 : id) {
	case 0:
		break;
	case OPTION_ALL:
		context->all = true;
		break;
	case OPTION_JSON:
		context->json = true;
		break;
	case OPTION_STEPS:
		context->steps = true;
		break;
	case OPTION_LIMIT:
		if (text_parse_u64(optarg, &limit) < 0) {
			log_error("--limit: '%s' is no number", optarg);
			return -EINVAL;
		}
		context->limit = (size_t)limit;
		break;
	case OPTION_HELP:
		request->help = true;
		break;
	case OPTION_VERSION:
		request->version = true;
		break;
	default: /* getopt has said it */
		log_info("try: selfhealctl --help");
		return -EINVAL;
	}
	for (size_t i = 0; i < OPTIONS_N; i++)
		if (options[i].id == id)
			request->given |= options[i].accepts;
	return 0;
}

static int take_options(int argc, char **argv, struct context *context, struct request *request)
{
	struct option table[OPTIONS_N + 1] = { 0 };
	int id, r;

	for (size_t i = 0; i < OPTIONS_N; i++)
		table[i] = (struct option) { options[i].name, options[i].argument, NULL,
					     options[i].id };
	while ((id = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		r = take_option(id, context, request);
		if (r < 0)
			return r;
	}
	if (context->db && context->state_dir) {
		log_error("--db and --state-dir name two different states: give one");
		return -EINVAL;
	}
	return 0;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS_N; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	log_error("there is no command '%s'", name);
	log_info("try: selfhealctl --help");
	return NULL;
}

static int check_options(const struct command *command, const struct request *request)
{
	for (size_t i = 0; i < OPTIONS_N; i++)
		if (options[i].accepts & request->given & ~command->accepts)
			return command_usage(command, "it does not take --%s", options[i].name);
	return EXIT_WELL;
}

/* argv is what is left behind the options: a command and its arguments, or nothing. */
static int dispatch(struct context *context, const struct request *request, int argc, char **argv)
{
	static char status[] = "status";
	char *initial[] = { status, NULL };
	const struct command *command;

	if (request->version) {
		output_line(context->output, PAINT_NONE, "selfhealctl " NAME_VERSION);
		return EXIT_WELL;
	}
	if (request->help && argc == 0) {
		help_general(context->output);
		return EXIT_WELL;
	}
	command = find_command(argc ? argv[0] : status);
	if (!command)
		return EXIT_USAGE;
	if (request->help) {
		help_of(context->output, command);
		return EXIT_WELL;
	}
	if (check_options(command, request) != EXIT_WELL)
		return EXIT_USAGE;
	return run_command(command, context, argc ? argc : 1, argc ? argv : initial);
}

int main(int argc, char **argv)
{
	struct output output;
	struct context context = { .output = &output, .limit = LIMIT_INITIAL };
	struct request request = { 0 };

	(void)setlocale(LC_ALL, "");
	log_open("selfhealctl", 0);
	output_init(&output, stdout);
	if (take_options(argc, argv, &context, &request) < 0)
		return EXIT_USAGE;
	return dispatch(&context, &request, argc - optind, argv + optind);
}
