/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "options.h"
#include "record/names.h"

#define SPEED_MOST 100u

static const char help[] =
	"Usage: selfhealed [OPTION]...\n"
	"Keep the services of this host well: detect, decide within limits, act, verify.\n"
	"\n"
	"  --config FILE      read this configuration instead of the installed one\n"
	"  --rules DIR        read the rules of this folder instead of the installed ones\n"
	"  --state-dir DIR    keep selfheal.db and live.db there (" NAME_STATE_DIR
	", " NAME_RUNTIME_DIR ")\n"
	"  --simulate         add two simulated services, marked as such everywhere\n"
	"  --inject FAULT:UNIT:AFTER\n"
	"                     make a simulated service ill, AFTER so long (20s, 5min)\n"
	"  --speed N          watch the simulated services only, and run their time N times "
	"faster\n"
	"  --verbose          say more\n"
	"  --doctor           look what can be measured here, as this user; say it and end\n"
	"  --help, --version\n"
	"\n"
	"In mock mode, the default, every step but the last call is done. See selfhealctl(1).\n";

static const char *or_default(const char *value, const char *initial)
{
	return value && *value ? value : initial;
}

static int set_folder(char *folder, size_t size, const char *value)
{
	if (text_format(folder, size, "%s", value) < 0) {
		log_error("the folder's name is too long (at most %zu bytes): %s", size - 1, value);
		return -EINVAL;
	}
	return 0;
}

/* systemd names the folders it made for us in the environment. */
static int default_folders(const char *state_dir, struct options *options)
{
	const char *state = or_default(getenv("STATE_DIRECTORY"), NAME_STATE_DIR);
	const char *runtime = getenv("RUNTIME_DIRECTORY");
	int r;

	r = set_folder(options->state_dir, sizeof(options->state_dir),
		       state_dir ? state_dir : state);
	if (r < 0)
		return r;
	return set_folder(options->live_dir, sizeof(options->live_dir),
			  or_default(runtime, state_dir ? state_dir : NAME_RUNTIME_DIR));
}

static int read_speed(const char *text, struct options *options)
{
	uint64_t speed;

	if (text_parse_u64(text, &speed) < 0 || speed < 1 || speed > SPEED_MOST) {
		log_error("--speed: expected a whole number from 1 to %u, found '%s'", SPEED_MOST,
			  text);
		return -EINVAL;
	}
	options->speed = (uint32_t)speed;
	return 0;
}

static int read_inject(const char *text, struct options *options)
{
	const char *unit = strchr(text, ':'), *after = strrchr(text, ':');

	if (!unit || after == unit ||
	    text_format(options->inject_fault, sizeof(options->inject_fault), "%.*s",
			(int)(unit - text), text) < 0 ||
	    text_format(options->inject_unit, sizeof(options->inject_unit), "%.*s",
			(int)(after - unit - 1), unit + 1) < 0 ||
	    text_parse_span(after + 1, &options->inject_after_ms) < 0) {
		log_error("--inject: expected FAULT:UNIT:AFTER, for instance "
			  "memory-leak:sim-web.service:20s, found '%s'",
			  text);
		return -EINVAL;
	}
	return 0;
}

static int check(const struct options *options)
{
	if (!options->simulate && options->speed != 1) {
		log_error("--speed is for simulated services: give --simulate too");
		return -EINVAL;
	}
	if (!options->simulate && options->inject_fault[0]) {
		log_error("--inject is for simulated services: give --simulate too");
		return -EINVAL;
	}
	return 0;
}

enum option_id {
	OPTION_CONFIG = 256,
	OPTION_RULES,
	OPTION_STATE_DIR,
	OPTION_SIMULATE,
	OPTION_INJECT,
	OPTION_SPEED,
	OPTION_VERBOSE,
	OPTION_DOCTOR,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option known[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "rules", required_argument, NULL, OPTION_RULES },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR },
	{ "simulate", no_argument, NULL, OPTION_SIMULATE },
	{ "inject", required_argument, NULL, OPTION_INJECT },
	{ "speed", required_argument, NULL, OPTION_SPEED },
	{ "verbose", no_argument, NULL, OPTION_VERBOSE },
	{ "doctor", no_argument, NULL, OPTION_DOCTOR },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* One of them, with its argument in optarg; returns as options_read(). */
static int take_option(int option, struct options *options, const char **state_dir)
{
	switch (option) {
	case OPTION_CONFIG:
		options->config = optarg;
		return 0;
	case OPTION_RULES:
		options->rules = optarg;
		return 0;
	case OPTION_STATE_DIR:
		*state_dir = optarg;
		return 0;
	case OPTION_SIMULATE:
		options->simulate = true;
		return 0;
	case OPTION_INJECT:
		return read_inject(optarg, options);
	case OPTION_SPEED:
		return read_speed(optarg, options);
	case OPTION_VERBOSE:
		options->verbose = true;
		return 0;
	case OPTION_DOCTOR:
		options->doctor = true;
		return 0;
	case OPTION_HELP:
		(void)fputs(help, stdout);
		return 1;
	case OPTION_VERSION:
		(void)puts("selfhealed " NAME_VERSION);
		return 1;
	default:
		return -EINVAL; /* getopt has said it */
	}
}

int options_read(int argc, char **argv, struct options *ret)
{
	struct options options = { .speed = 1 };
	const char *state_dir = NULL;
	int option, r = 0;

	while (r == 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		r = take_option(option, &options, &state_dir);
	if (r == 0 && optind < argc) {
		log_error("there is no argument '%s'; see selfhealed --help", argv[optind]);
		r = -EINVAL;
	}
	if (r == 0)
		r = check(&options);
	if (r == 0)
		r = default_folders(state_dir, &options);
	if (r == 0)
		*ret = options;
	return r;
}
