/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backtest: what the judge would have said of the stored history, or of samples from a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/backtest.h"
#include "cli/choice.h"
#include "cli/command.h"
#include "cli/csv.h"
#include "cli/progress.h"
#include "cli/replay_report.h"
#include "cli/backtest_settings.h"

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_N };

static const char *const format_word[FORMAT_N] = {
	[FORMAT_TABLE] = "table",
	[FORMAT_CSV] = "csv",
	[FORMAT_JSON] = "json",
};

/* An enum format; negative: it was said what is wrong. */
static int find_format(const struct context *context)
{
	int format = context->json ? FORMAT_JSON : FORMAT_TABLE;

	if (!context->format)
		return format;
	for (format = 0; format < FORMAT_N; format++)
		if (strcmp(context->format, format_word[format]) == 0)
			break;
	if (format == FORMAT_N)
		(void)command_usage(&command_backtest, "--format is table, csv or json, not '%s'",
				    context->format);
	else if (context->json && format != FORMAT_JSON)
		(void)command_usage(&command_backtest, "--json and --format %s cannot both be",
				    context->format);
	else
		return format;
	return -EINVAL;
}

static int take_detector(const struct context *context, struct backtest *backtest)
{
	static const enum detector_kind kinds[] = { DETECTOR_JUDGE, DETECTOR_FOREST };
	const char *word = context->detector;

	backtest->seed = 1;
	if (context->seed && text_parse_u64(context->seed, &backtest->seed) < 0)
		return command_usage(&command_backtest,
				     "--seed is a whole number, which '%s' is not", context->seed);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		backtest->kind = kinds[i];
		if (!word || strcmp(word, backtest_detector_word(kinds[i])) == 0)
			return EXIT_WELL;
	}
	return command_usage(&command_backtest, "--detector is judge or forest, not '%s'", word);
}

/* Both files, with the same columns in the same order; without --train only the one. */
static int load(const struct context *context, struct csv *test, struct csv *train)
{
	struct csv_error error;
	int r;

	r = csv_load(context->csv, CSV_BYTES_MAX, test, &error);
	if (r >= 0 && context->train)
		r = csv_load(context->train, CSV_BYTES_MAX, train, &error);
	if (r >= 0 && context->train)
		r = csv_arrange(test, train, &error);
	if (r < 0)
		log_error("%s", error.text);
	return r;
}

static int print(const struct context *context, const struct backtest *backtest, int format)
{
	int r;

	switch (format) {
	case FORMAT_CSV:
		backtest_csv(context->output, backtest);
		return EXIT_WELL;
	case FORMAT_JSON:
		backtest_json(context->output, backtest);
		return EXIT_WELL;
	default:
		r = backtest_table(context->output, backtest);
		return r < 0 ? log_error_errno(r, "cannot draw a table") : EXIT_WELL;
	}
}

/* What the columns mean, and by which rules they are then judged; a file without a meaning needs none. */
static int take_meaning(const struct context *context, struct backtest *backtest,
			struct meaning *meaning, struct backtest_settings *settings)
{
	struct csv_error error;
	int r;

	if (backtest->kind != DETECTOR_JUDGE)
		return 0;
	r = meaning_find(backtest->test, context->map, meaning, &error);
	if (r < 0) {
		log_error("%s", error.text);
		return r;
	}
	if (meaning->n == 0)
		return 0;
	r = backtest_settings_load(context->config, context->rules, settings);
	if (r < 0)
		return r;
	if (settings->rulebook.n == 0)
		log_warning("there is no rule in %s, so no row can be sick; name a folder with "
			    "--rules",
			    context->rules ? context->rules : "the installed folders");
	backtest->meaning = meaning;
	backtest->config = &settings->config;
	backtest->rulebook = &settings->rulebook;
	return 0;
}

static int run_on_file(struct context *context, int format)
{
	struct backtest_settings settings;
	CLEANUP(csv_clear) struct csv test = { 0 };
	CLEANUP(csv_clear) struct csv train = { 0 };
	CLEANUP(backtest_clear) struct backtest backtest = { 0 };
	struct meaning meaning = { 0 };
	int r;

	if (take_detector(context, &backtest) != EXIT_WELL)
		return EXIT_USAGE;
	r = load(context, &test, &train);
	if (r < 0)
		return r;
	backtest.test = &test;
	backtest.train = context->train ? &train : &test;
	r = take_meaning(context, &backtest, &meaning, &settings);
	if (r < 0)
		return r;
	r = backtest_run(&backtest);
	if (r == -ENODATA)
		log_error("%s: expected more rows to learn from, found %zu", backtest.train->path,
			  backtest.train->n_rows);
	else if (r < 0)
		(void)log_error_errno(r, "cannot judge %s", test.path);
	return r < 0 ? r : print(context, &backtest, format);
}

/* ---- the stored history --------------------------------------------------------- */

static int take_moment(const char *option, const char *text, uint64_t now_ms, uint64_t *ret_ms)
{
	if (!text || text_parse_moment(text, now_ms, ret_ms) >= 0)
		return EXIT_WELL;
	return command_usage(&command_backtest,
			     "%s: cannot read '%s' (try '2h ago', today, '2026-11-24 14:03')",
			     option, text);
}

static int take_times(const struct context *context, struct replay *replay)
{
	uint64_t now_ms = clock_wall_ms();

	replay->now_ms = now_ms;
	replay->since_ms = 0;
	/* A clock that was set back, or that of a simulation, has stored what is still to come. */
	replay->until_ms = REPLAY_NO_END_MS;
	if (take_moment("--since", context->since, now_ms, &replay->since_ms) != EXIT_WELL ||
	    take_moment("--until", context->until, now_ms, &replay->until_ms) != EXIT_WELL)
		return EXIT_USAGE;
	if (replay->since_ms >= replay->until_ms)
		return command_usage(&command_backtest, "--since is not before --until");
	return EXIT_WELL;
}

static int add_units(struct replay *replay, const struct known_unit *known, size_t n,
		     const bool *chosen)
{
	replay->unit = calloc(n ? n : 1, sizeof(*replay->unit));
	if (!replay->unit)
		return log_error_errno(-ENOMEM, "cannot choose units");
	for (size_t i = 0; i < n; i++) {
		struct replay_unit *unit = &replay->unit[replay->n_units];

		if (!chosen[i])
			continue;
		unit->unit = known[i].unit;
		memcpy(unit->name, known[i].name, sizeof(unit->name));
		replay->n_units++;
	}
	return 0;
}

/* Those that the arguments mean; all without one. */
static int choose_units(const struct context *context, int argc, char **argv, struct replay *replay)
{
	CLEANUP(cleanup_free) struct known_unit *known = NULL;
	CLEANUP(cleanup_free) bool *chosen = NULL;
	const char *nearest;
	size_t n;
	int r;

	r = reader_units(context->reader, &known, &n);
	if (r < 0)
		return log_error_errno(r, "cannot read which units there are");
	chosen = reallocarray(NULL, n + 1, sizeof(*chosen));
	if (!chosen)
		return log_error_errno(-ENOMEM, "cannot choose units");
	memset(chosen, argc == 1, n);
	for (int i = 1; i < argc; i++) {
		if (choice_mark(argv[i], known, n, chosen))
			continue;
		log_error("no unit '%s' is or was watched", argv[i]);
		nearest = choice_nearest(argv[i], known, n);
		if (nearest)
			log_info("did you mean %s?", nearest);
		else
			log_info("those that are: selfhealctl status --all");
		return EXIT_USAGE;
	}
	return add_units(replay, known, n, chosen);
}

static void tell(double share, void *userdata)
{
	progress_tell(userdata, share, clock_boot_ms());
}

static int no_history(const struct replay *replay)
{
	char since[32], until[32];

	log_error("nothing that was measured is stored of %s, %s to %s",
		  replay->n_units == 1 ? replay->unit[0].name : "these units",
		  replay->since_ms ? text_moment(since, sizeof(since), replay->since_ms)
				   : "the beginning",
		  replay->until_ms < REPLAY_NO_END_MS
			  ? text_moment(until, sizeof(until), replay->until_ms)
			  : "the end");
	log_info("what is kept, and for how long: selfhealed(8)");
	return -ENODATA;
}

static int print_replay(const struct context *context, const struct replay *replay, int format)
{
	int r = 0;

	if (format == FORMAT_JSON)
		replay_report_json(context->output, replay);
	else if (format == FORMAT_CSV)
		r = replay_report_csv(context->output, replay);
	else
		r = replay_report_table(context->output, replay);
	return r < 0 ? log_error_errno(r, "cannot print what it came to") : EXIT_WELL;
}

static int run_on_history(struct context *context, int argc, char **argv, int format)
{
	CLEANUP(replay_clear) struct replay replay = { .tell = tell };
	struct backtest_settings settings;
	struct progress progress;
	int r;

	if (take_times(context, &replay) != EXIT_WELL)
		return EXIT_USAGE;
	r = backtest_settings_load(context->config, context->rules, &settings);
	if (r < 0)
		return r;
	if (settings.rulebook.n == 0) {
		log_error(
			"there is no rule in %s: nothing would ever be called sick; name a folder "
			"with --rules",
			context->rules ? context->rules : "the installed folders");
		return -ENOENT;
	}
	r = choose_units(context, argc, argv, &replay);
	if (r != 0)
		return r;
	replay.config = &settings.config;
	replay.rulebook = &settings.rulebook;
	progress_begin(&progress, "judging the history", clock_boot_ms());
	replay.userdata = &progress;
	r = replay_run(&replay, context->reader);
	progress_end(&progress);
	if (r == -ENODATA)
		return no_history(&replay);
	return r < 0 ? log_error_errno(r, "cannot judge the history")
		     : print_replay(context, &replay, format);
}

/* What goes with one of the two only. */
static int check_given(const struct context *context, int argc, char **argv)
{
	const struct {
		const char *name, *text;
		bool of_file;
	} given[] = {
		{ "--train", context->train, true },  { "--detector", context->detector, true },
		{ "--seed", context->seed, true },    { "--since", context->since, false },
		{ "--until", context->until, false }, { "--map", context->map, true },
	};

	if (context->csv && argc > 1)
		return command_usage(&command_backtest,
				     "--csv judges a file, which has no unit '%s'", argv[1]);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].text && given[i].of_file != (context->csv != NULL))
			return command_usage(&command_backtest, "%s %s", given[i].name,
					     given[i].of_file ? "goes with --csv FILE"
							      : "does not go with --csv");
	return EXIT_WELL;
}

/* The textbook's forest knows no meaning. */
static int check_map(const struct context *context)
{
	if (!context->map || !context->detector ||
	    strcmp(context->detector, backtest_detector_word(DETECTOR_FOREST)) != 0)
		return EXIT_WELL;
	return command_usage(&command_backtest, "--map goes with --detector judge");
}

static int backtest_run_command(struct context *context, int argc, char **argv)
{
	int format;

	if (check_given(context, argc, argv) != EXIT_WELL || check_map(context) != EXIT_WELL)
		return EXIT_USAGE;
	format = find_format(context);
	if (format < 0)
		return EXIT_USAGE;
	return context->csv ? run_on_file(context, format)
			    : run_on_history(context, argc, argv, format);
}

const struct command command_backtest = {
	.name = "backtest",
	.usage = "[UNIT...] [--since WHEN] [--until WHEN] | --csv FILE [--train FILE]",
	.summary =
		"what there would have been to heal in the stored history, or in a file's samples",
	.details =
		"Without --csv: runs what is stored of the units (names or globs; all "
		"without one) through a judge\nthat knows nothing yet, by the installed "
		"settings or others, and tells which incidents and heals\nthere would have "
		"been, beside those that were. Nothing is done to any unit.\n\n"
		"With --csv: learns from the rows of one file and judges those of another, "
		"in their order. A file is\nCSV, plain or gzip's: a header with the names of "
		"at most 64 metrics, then a row a sample; an empty\nfield or nan was not "
		"measured. A first column 'time' or 'timestamp' is told again. Both files "
		"have\nthe same columns, in any order. Without --train it learns from the "
		"rows that it judges. Columns that\nare called as metrics "
		"(selfheal.rule(5)), or have a meaning by --map, are judged by rules too: "
		"then\na row may be sick.\n\n"
		"Exits with 0 if it could judge, with 2 if there is no such unit, with 3 if "
		"there is no history or a\nfile is not as it should be; then nothing is "
		"printed.\n\n"
		"  selfhealctl backtest shop --since '7d ago' --config my.conf\n"
		"  selfhealctl backtest --csv today.csv.gz --train last-week.csv.gz\n"
		"  selfhealctl backtest --csv x.csv --detector forest --format csv >scores.csv\n",
	.accepts = ACCEPTS_CSV | ACCEPTS_TRAIN | ACCEPTS_DETECTOR | ACCEPTS_SEED | ACCEPTS_FORMAT |
		   ACCEPTS_JSON | ACCEPTS_SINCE | ACCEPTS_UNTIL | ACCEPTS_CONFIG | ACCEPTS_RULES |
		   ACCEPTS_MAP,
	.reads = true,
	.run = backtest_run_command,
};
