/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a command is, and what it gets. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output.h"
#include "store/reader.h"

/* Exit codes that scripts may rely on. */
enum exit_code {
	EXIT_WELL = 0,
	EXIT_SICK = 1, /* something is sick, or a heal failed */
	EXIT_USAGE = 2,
	EXIT_NO_STATE = 3,
	EXIT_REFUSED = 4,
};

/* The options that only some commands take. */
enum accepts {
	ACCEPTS_ALL = 1 << 0,
	ACCEPTS_JSON = 1 << 1,
	ACCEPTS_SINCE = 1 << 2,
	ACCEPTS_LIMIT = 1 << 3,
	ACCEPTS_STEPS = 1 << 4,
	ACCEPTS_MODE = 1 << 5,
	ACCEPTS_CSV = 1 << 6,
	ACCEPTS_TRAIN = 1 << 7,
	ACCEPTS_DETECTOR = 1 << 8,
	ACCEPTS_SEED = 1 << 9,
	ACCEPTS_FORMAT = 1 << 10,
	ACCEPTS_UNTIL = 1 << 11,
	ACCEPTS_CONFIG = 1 << 12,
	ACCEPTS_RULES = 1 << 13,
	ACCEPTS_MAP = 1 << 14,
	ACCEPTS_FOR = 1 << 15,
	ACCEPTS_REASON = 1 << 16,
};

struct context {
	const struct output *output;
	const char *state_dir; /* --state-dir; NULL: installed places */
	const char *db;	       /* --db; NULL */
	bool all;	       /* --all */
	bool json;	       /* --json */
	bool steps;	       /* --steps */
	const char *since;     /* --since; NULL */
	size_t limit;	       /* --limit; 0: all */
	const char *mode;      /* --mode; NULL */
	const char *csv;       /* --csv; NULL, as those that follow */
	const char *train, *detector, *seed, *format;
	const char *until, *config, *rules, *map;
	const char *for_span, *reason; /* --for, --reason */
	struct reader *reader;	       /* open when the command asked for it */
	/* The files it reads then; "": none. */
	const char *past_path, *live_path;
};

struct command {
	const char *name;
	const char *usage; /* after the name */
	const char *summary;
	const char *details;  /* for --help: lines that end with a newline */
	unsigned int accepts; /* enum accepts */
	bool reads;	      /* wants context->reader, unless --csv names what it reads */
	bool glances;	      /* gets context->reader if there is a state to read, else NULL */
	/* argv[0] is the command. Returns an exit code, or a negative errno after it was said. */
	int (*run)(struct context *context, int argc, char **argv);
};

extern const struct command command_status, command_history, command_inject, command_doctor,
	command_enroll, command_unenroll, command_deps, command_backtest, command_explain,
	command_pause, command_resume, command_heal, command_approve, command_stats, command_policy,
	command_verify, command_evidence;

/* Say what is wrong with the arguments and how it would be right; returns EXIT_USAGE. */
int command_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The unit that a person means: as systemctl, a name without a type is a service. -EINVAL: that can
 * be no unit. */
int command_unit_name(const char *text, char *ret, size_t size);
